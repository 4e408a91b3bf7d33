/* SPDX-License-Identifier: Apache-2.0 */
/* proc.*, thread.*, user.* and group.* of source "syscall". */
#include "model/syscall_private.h"

typedef const struct syscall_process *process_ptr;

static bool knows(const struct syscall_process *p, enum syscall_process_member member)
{
        return p->known >> member & 1;
}

/* ---- which process ---- */

/* The eldest in an unbroken row of ancestors that have the same number there. */
static process_ptr eldest(process_ptr p, enum syscall_process_member member)
{
        const struct member *m = &process_members[member];
        int64_t number = *(const int64_t *)((const uint8_t *)p + m->offset);

        if (!knows(p, member))
                return NULL;
        for (unsigned depth = 0; p->parent && depth < SYSCALL_ANCESTORS_MAX; depth++) {
                if (!knows(p->parent, member) || *(const int64_t *)((const uint8_t *)p->parent + m->offset) != number)
                        break;
                p = p->parent;
        }
        return p;
}

static process_ptr ancestor(process_ptr p, int64_t n)
{
        for (; p && n > 0; n--)
                p = p->parent;
        return p;
}

static process_ptr whose_process(process_ptr p, enum process_whose whose, const struct field_argument *argument)
{
        switch (whose) {
        case WHOSE_SELF:
                return p;
        case WHOSE_PARENT:
                return p->parent;
        case WHOSE_ANCESTOR:
                return ancestor(p, argument->index);
        case WHOSE_SESSION:
                return eldest(p, PROCESS_sid);
        case WHOSE_GROUP:
                return eldest(p, PROCESS_pgid);
        case WHOSE_VGROUP:
                return eldest(p, PROCESS_vpgid);
        }
        return NULL;
}

/* ---- what is put together ---- */

static void add_joined(struct value_text *text, const struct str_list *list, bool blank_first)
{
        for (uint32_t i = 0; i < list->n; i++) {
                if (i || blank_first)
                        value_text_add(text, STR_LIT(" "));
                value_text_add(text, list->items[i]);
        }
}

static struct value joined(struct value_scratch *scratch, const struct str *first, const struct str_list *list)
{
        struct value_text text = value_text_begin(scratch);

        if (first)
                value_text_add(&text, *first);
        add_joined(&text, list, first);
        return value_of_string(value_text_end(&text));
}

/* A program's arguments may be unknown where its name is known. */
static void get_line(process_ptr p, enum process_what what, struct value_scratch *scratch, struct value *ret)
{
        const struct str *first = what == WHAT_EXELINE ? &p->exe : &p->name;
        static const struct str_list none;

        if (knows(p, what == WHAT_EXELINE ? PROCESS_exe : PROCESS_name))
                *ret = joined(scratch, first, knows(p, PROCESS_args) ? &p->args : &none);
}

static void get_args(process_ptr p, enum process_what what, const struct field_argument *argument,
                     struct value_scratch *scratch, struct value *ret)
{
        int64_t length = 0;

        if (!knows(p, PROCESS_args))
                return;
        for (uint32_t i = 0; i < p->args.n; i++)
                length += (int64_t)p->args.items[i].n;
        if (what == WHAT_N_ARGS)
                *ret = value_of_number(p->args.n);
        else if (what == WHAT_ARGS_LENGTH)
                *ret = value_of_number(length);
        else if (argument->kind == ARGUMENT_NONE)
                *ret = joined(scratch, NULL, &p->args);
        else if (argument->index >= 0)
                *ret = value_of_string(argument->index < p->args.n ? p->args.items[argument->index] : STR_NULL);
}

static bool find_variable(process_ptr p, struct str name, struct value *ret)
{
        for (uint32_t i = 0; knows(p, PROCESS_env) && i < p->env.n; i++) {
                struct str rest = p->env.items[i], key = str_cut(&rest, '=');

                if (rest.p && str_equal(key, name)) {
                        *ret = value_of_string(rest);
                        return true;
                }
        }
        return false;
}

/* proc.env[NAME]; proc.aenv[NAME] is that of the nearest ancestor that has it, proc.aenv[2] all of the second's. */
static void get_env(process_ptr p, enum process_whose whose, const struct field_argument *argument,
                    struct value_scratch *scratch, struct value *ret)
{
        bool by_name = argument->kind == ARGUMENT_KEY && (argument->index < 0 || whose != WHOSE_ANCESTOR);

        if (by_name && whose == WHOSE_ANCESTOR) {
                p = p->parent;
                for (unsigned depth = 0; p && depth < SYSCALL_ANCESTORS_MAX; depth++, p = p->parent)
                        if (find_variable(p, argument->key, ret))
                                return;
                return;
        }
        if (by_name) {
                find_variable(p, argument->key, ret);
                return;
        }
        if (whose == WHOSE_ANCESTOR && argument->kind == ARGUMENT_KEY)
                p = ancestor(p, argument->index);
        if (p && knows(p, PROCESS_env))
                *ret = joined(scratch, NULL, &p->env);
}

static void get_difference(bool known, int64_t later, int64_t earlier, struct value *ret)
{
        int64_t difference;

        if (!known || __builtin_sub_overflow(later, earlier, &difference))
                return;
        *ret = value_of_number(difference);
        ret->type = VALUE_TIME;
}

static void get_times(const struct syscall_event *event, process_ptr p, enum process_what what, struct value *ret)
{
        bool ctime = knows(p, PROCESS_exe_ctime);

        if (what == WHAT_DURATION)
                get_difference(event->known >> EVENT_time & 1 && knows(p, PROCESS_start), event->time, p->start, ret);
        else if (what == WHAT_CTIME_TO_START)
                get_difference(ctime && knows(p, PROCESS_start), p->start, p->exe_ctime, ret);
        else
                get_difference(ctime && knows(p, PROCESS_pidns_start), p->exe_ctime, p->pidns_start, ret);
}

static void get_leader(process_ptr p, enum process_what what, struct value *ret)
{
        if (what == WHAT_IS_MAIN && knows(p, PROCESS_pid) && knows(p, PROCESS_tid))
                *ret = value_of_bool(p->pid == p->tid);
        else if (what == WHAT_SESSION_LEADER && knows(p, PROCESS_sid) && knows(p, PROCESS_vpid))
                *ret = value_of_bool(p->sid == p->vpid);
        else if (what == WHAT_GROUP_LEADER && knows(p, PROCESS_pgid) && knows(p, PROCESS_pid))
                *ret = value_of_bool(p->pgid == p->pid);
        else if (what == WHAT_VGROUP_LEADER && knows(p, PROCESS_vpgid) && knows(p, PROCESS_vpid))
                *ret = value_of_bool(p->vpgid == p->vpid);
}

/* The pid of the eldest ancestor whose name ends in "sh". */
static void get_login_shell(process_ptr p, struct value *ret)
{
        for (unsigned depth = 0; p && depth < SYSCALL_ANCESTORS_MAX; depth++, p = p->parent)
                if (knows(p, PROCESS_name) && str_ends(p->name, "sh") && knows(p, PROCESS_pid))
                        *ret = value_of_number(p->pid);
}

/* A number without a name: root's is known, of others the name is "<NA>", so that `user.name != root` holds. */
static void get_named(process_ptr p, enum syscall_process_member name, enum syscall_process_member number,
                      const char *root, struct value *ret)
{
        struct value n;

        if (member_read(p, process_members, name, VALUE_STRING, ret) ||
            !member_read(p, process_members, number, VALUE_NUMBER, &n))
                return;
        *ret = value_of_string(n.number == 0 && root ? str_from(root) : STR_LIT("<NA>"));
}

static void get_user(process_ptr p, enum process_what what, struct value *ret)
{
        switch (what) {
        case WHAT_USER_NAME:
                get_named(p, PROCESS_user_name, PROCESS_uid, "root", ret);
                return;
        case WHAT_HOME:
                get_named(p, PROCESS_home, PROCESS_uid, "/root", ret);
                return;
        case WHAT_USER_SHELL:
                get_named(p, PROCESS_shell, PROCESS_uid, NULL, ret);
                return;
        case WHAT_LOGIN_NAME:
                get_named(p, PROCESS_login_name, PROCESS_loginuid, "root", ret);
                return;
        case WHAT_GROUP_NAME:
                get_named(p, PROCESS_group_name, PROCESS_gid, "root", ret);
                return;
        default: /* the kernel's "not set" is all ones */
                *ret = value_of_number(knows(p, PROCESS_loginuid) && p->loginuid != UINT32_MAX ? p->loginuid : -1);
                return;
        }
}

static void get_capabilities(process_ptr p, enum process_what what, struct value_scratch *scratch, struct value *ret)
{
        static const char *const names[] = {
                "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP",
                "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER",
                "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE",
                "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP",
                "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF",
                "CHECKPOINT_RESTORE",
        };
        enum syscall_process_member member = what == WHAT_CAP_PERMITTED   ? PROCESS_cap_permitted
                                             : what == WHAT_CAP_EFFECTIVE ? PROCESS_cap_effective
                                                                          : PROCESS_cap_inheritable;
        struct value_text text;
        struct value mask;
        bool some = false;

        if (!member_read(p, process_members, member, VALUE_NUMBER, &mask))
                return;
        text = value_text_begin(scratch);
        for (unsigned i = 0; i < ELEMENTS_OF(names); i++)
                if ((uint64_t)mask.number >> i & 1) {
                        value_text_add(&text, some ? STR_LIT(" CAP_") : STR_LIT("CAP_"));
                        value_text_add(&text, str_from(names[i]));
                        some = true;
                }
        *ret = value_of_string(value_text_end(&text));
}

static void get_name_tid(process_ptr p, struct value_scratch *scratch, struct value *ret)
{
        struct value_text text;

        if (!knows(p, PROCESS_name) || !knows(p, PROCESS_tid))
                return;
        text = value_text_begin(scratch);
        value_text_add(&text, p->name);
        value_text_add_number(&text, p->tid);
        *ret = value_of_string(value_text_end(&text));
}

static void get_of_process(const struct field *field, const struct syscall_event *event, process_ptr p, unsigned what,
                           const struct field_argument *argument, struct value_scratch *scratch, struct value *ret)
{
        *ret = value_absent();
        if (what < PROCESS_MEMBERS) {
                member_read(p, process_members, what, field->type, ret);
                return;
        }
        switch ((enum process_what)what) {
        case WHAT_ARGS:
        case WHAT_N_ARGS:
        case WHAT_ARGS_LENGTH:
                get_args(p, what, argument, scratch, ret);
                return;
        case WHAT_CMDLINE:
        case WHAT_EXELINE:
                get_line(p, what, scratch, ret);
                return;
        case WHAT_DURATION:
        case WHAT_CTIME_TO_START:
        case WHAT_CTIME_TO_PIDNS:
                get_times(event, p, what, ret);
                return;
        case WHAT_SESSION_LEADER:
        case WHAT_GROUP_LEADER:
        case WHAT_VGROUP_LEADER:
        case WHAT_IS_MAIN:
                get_leader(p, what, ret);
                return;
        case WHAT_LOGIN_SHELL:
                get_login_shell(p, ret);
                return;
        case WHAT_NAME_TID:
                get_name_tid(p, scratch, ret);
                return;
        case WHAT_CAP_PERMITTED:
        case WHAT_CAP_INHERITABLE:
        case WHAT_CAP_EFFECTIVE:
                get_capabilities(p, what, scratch, ret);
                return;
        default:
                get_user(p, what, ret);
                return;
        }
}

/* What every ancestor has there, the parent first; those of which it is not known are left out. */
static void get_of_all(const struct field *field, const struct syscall_event *event, unsigned what,
                       struct value_scratch *scratch, struct value *ret)
{
        static const struct field_argument none = { .index = -1 };
        struct value *items = value_scratch_alloc(scratch, SYSCALL_ANCESTORS_MAX * sizeof(*items));
        process_ptr p = event->process->parent;
        uint32_t n = 0;

        *ret = value_absent();
        for (unsigned depth = 0; items && p && depth < SYSCALL_ANCESTORS_MAX; depth++, p = p->parent) {
                get_of_process(field, event, p, what, &none, scratch, &items[n]);
                n += items[n].state == VALUE_PRESENT;
        }
        if (n)
                *ret = value_of_list(field->type, items, n);
}

SYSCALL_GETTER(syscall_get_process)
{
        const struct syscall_event *event = fact->data;
        enum process_whose whose = field->id >> 8;
        unsigned what = field->id & 0xff;
        process_ptr p;

        *ret = value_absent();
        if ((event->n_given && syscall_given(event, field, argument, ret)) || !event->process)
                return;
        if (what == WHAT_ENV) {
                get_env(event->process, whose, argument, scratch, ret);
                return;
        }
        if (whose == WHOSE_ANCESTOR && argument->kind == ARGUMENT_NONE) {
                get_of_all(field, event, what, scratch, ret);
                return;
        }
        p = whose_process(event->process, whose, argument);
        if (p)
                get_of_process(field, event, p, what, argument, scratch, ret);
}
