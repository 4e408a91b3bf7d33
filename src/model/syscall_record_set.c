/* SPDX-License-Identifier: Apache-2.0 */
/* Where the value of a recorded field goes: to the member that others are made from, or to the field as a whole. */
#include <errno.h>
#include <string.h>

#include "model/syscall_record.h"

#define LIST_ITEMS_MAX 1024 /* of arguments by their number */
#define ERRNO_MAX 4095

/* ---- processes ---- */

/* The process (0), its parent (1) …, made where it was not there. */
static int need_process(struct syscall_record *record, int64_t n, struct syscall_process **ret, struct error *err)
{
        if (n >= SYSCALL_ANCESTORS_MAX)
                return error_say(err, -E2BIG, "more than %u ancestors", SYSCALL_ANCESTORS_MAX - 1);
        for (int64_t i = 0; i <= n; i++) {
                if (record->processes[i])
                        continue;
                record->processes[i] = arena_alloc(record->arena, sizeof(*record->processes[i]));
                if (!record->processes[i])
                        return error_oom(err);
                if (i)
                        record->processes[i - 1]->parent = record->processes[i];
        }
        record->event.process = record->processes[0];
        *ret = record->processes[n];
        return 0;
}

/* The distance of the process that a field speaks of, -1: it is not one that can be told from it. */
static int64_t distance_of(enum process_whose whose, unsigned what, const struct field_argument *argument)
{
        if (whose == WHOSE_SELF)
                return 0;
        if (whose == WHOSE_PARENT)
                return 1;
        return whose == WHOSE_ANCESTOR && (argument->kind == ARGUMENT_INDEX || what == WHAT_ENV) ? argument->index : -1;
}

static int set_item(struct syscall_record *record, struct syscall_process *p, int64_t index, struct str text,
                    struct error *err)
{
        struct str items[LIST_ITEMS_MAX] = { 0 };
        size_t n = p->known >> PROCESS_args & 1 ? p->args.n : 0;

        if (index >= LIST_ITEMS_MAX || n > LIST_ITEMS_MAX)
                return error_say(err, -E2BIG, "more than %u arguments", LIST_ITEMS_MAX);
        for (size_t i = 0; i < n; i++)
                items[i] = p->args.items[i];
        items[index] = text;
        return member_write_list(record, p, process_members, PROCESS_args, items, MAX_OF(n, (size_t)index + 1), err);
}

static int set_variable(struct syscall_record *record, struct syscall_process *p, struct str name, struct str value,
                        struct error *err)
{
        size_t n = p->known >> PROCESS_env & 1 ? p->env.n : 0;
        struct str *items = arena_alloc(record->arena, (n + 1) * sizeof(*items));
        char *pair = arena_alloc(record->arena, name.n + value.n + 2);

        if (!items || !pair)
                return error_oom(err);
        if (n)
                memcpy(items, p->env.items, n * sizeof(*items));
        memcpy(pair, name.p, name.n);
        pair[name.n] = '=';
        if (value.n)
                memcpy(pair + name.n + 1, value.p, value.n);
        items[n] = (struct str){ pair, name.n + value.n + 1 };
        return member_write_list(record, p, process_members, PROCESS_env, items, n + 1, err);
}

static int set_words(struct syscall_record *record, struct syscall_process *p, unsigned what, struct str text,
                     struct error *err)
{
        struct str *items;
        size_t n;
        int r = record_split(record, text, &items, &n, err);

        if (r < 0)
                return r;
        return member_write_list(record, p, process_members, what == WHAT_ARGS ? PROCESS_args : PROCESS_env, items, n, err);
}

/* Members by the field that shows them with something added. */
static int process_member_of(unsigned what)
{
        switch (what) {
        case WHAT_USER_NAME:
                return PROCESS_user_name;
        case WHAT_HOME:
                return PROCESS_home;
        case WHAT_USER_SHELL:
                return PROCESS_shell;
        case WHAT_LOGIN_NAME:
                return PROCESS_login_name;
        case WHAT_GROUP_NAME:
                return PROCESS_group_name;
        case WHAT_LOGINUID:
                return PROCESS_loginuid;
        default:
                return what < PROCESS_MEMBERS ? (int)what : -1;
        }
}

static int set_process(struct syscall_record *record, const struct field *field, const struct field_argument *argument,
                       struct str text, struct error *err)
{
        enum process_whose whose = field->id >> 8;
        unsigned what = field->id & 0xff;
        int64_t distance = distance_of(whose, what, argument);
        int member = process_member_of(what), r;
        struct syscall_process *p;

        r = need_process(record, MAX_OF(distance, (int64_t)0), &p, err);
        if (r < 0)
                return r;
        if (distance < 0)
                return record_give(record, field, argument, text, err);
        if (member >= 0)
                return member_write(record, p, process_members, (unsigned)member, text, err);
        if (what == WHAT_ARGS && whose == WHOSE_SELF && argument->index >= 0)
                return set_item(record, p, argument->index, text, err);
        if (what == WHAT_ENV && whose == WHOSE_SELF && argument->kind == ARGUMENT_KEY)
                return set_variable(record, p, argument->key, text, err);
        if (what == WHAT_ARGS || what == WHAT_ENV) {
                r = set_words(record, p, what, text, err);
                if (r < 0)
                        return r;
        }
        return record_give(record, field, argument, text, err);
}

/* ---- descriptors ---- */

static int fd_member_of(unsigned what)
{
        static const uint8_t members[] = {
                [WHAT_TYPE - FD_MEMBERS] = FD_type,
                [WHAT_NAME - FD_MEMBERS] = FD_name,
                [WHAT_NAME_RAW - FD_MEMBERS] = FD_name_raw,
                [WHAT_CLIENT_IP - FD_MEMBERS] = FD_client_ip,
                [WHAT_SERVER_IP - FD_MEMBERS] = FD_server_ip,
                [WHAT_LOCAL_IP - FD_MEMBERS] = FD_local_ip,
                [WHAT_REMOTE_IP - FD_MEMBERS] = FD_remote_ip,
                [WHAT_CLIENT_PORT - FD_MEMBERS] = FD_client_port,
                [WHAT_SERVER_PORT - FD_MEMBERS] = FD_server_port,
                [WHAT_LOCAL_PORT - FD_MEMBERS] = FD_local_port,
                [WHAT_REMOTE_PORT - FD_MEMBERS] = FD_remote_port,
                [WHAT_CLIENT_NAMES - FD_MEMBERS] = FD_client_names,
                [WHAT_SERVER_NAMES - FD_MEMBERS] = FD_server_names,
                [WHAT_LOCAL_NAMES - FD_MEMBERS] = FD_local_names,
                [WHAT_REMOTE_NAMES - FD_MEMBERS] = FD_remote_names,
        };

        if (what < FD_MEMBERS)
                return (int)what;
        what -= FD_MEMBERS;
        return what < ELEMENTS_OF(members) && members[what] ? members[what] : -1; /* none stands for the first, fd.num */
}

static int set_type_by_letter(struct syscall_record *record, struct str letter, struct error *err)
{
        static const char *const types[] = { "file", "directory", "unix", "pipe", "memfd", "netlink" };
        struct str type = STR_NULL;

        if (record->fd.known >> FD_type & 1 || letter.n != 1)
                return 0;
        if (letter.p[0] == '4' || letter.p[0] == '6')
                type = letter.p[0] == '4' ? STR_LIT("ipv4") : STR_LIT("ipv6");
        for (size_t i = 0; i < ELEMENTS_OF(types); i++)
                if (types[i][0] == letter.p[0])
                        type = str_from(types[i]);
        return type.n ? member_write(record, &record->fd, fd_members, FD_type, type, err) : 0;
}

static int set_fd(struct syscall_record *record, const struct field *field, const struct field_argument *argument,
                  struct str text, struct error *err)
{
        int member = fd_member_of(field->id), r;
        struct str *items;
        size_t n;

        record->event.fd = &record->fd;
        if (member < 0) {
                r = field->id == WHAT_TYPE_CHAR ? set_type_by_letter(record, text, err) : 0;
                return r < 0 ? r : record_give(record, field, argument, text, err);
        }
        if (fd_members[member].type != MEMBER_LIST)
                return member_write(record, &record->fd, fd_members, (unsigned)member, text, err);
        r = record_split(record, text, &items, &n, err);
        if (r < 0)
                return r;
        return member_write_list(record, &record->fd, fd_members, (unsigned)member, items, n, err);
}

/* ---- containers ---- */

static int add_pair(struct syscall_record *record, struct syscall_pair **pairs, size_t *cap, uint32_t *n, struct str name,
                    struct str value, struct error *err)
{
        struct syscall_pair *pair = NULL;
        int r;

        for (uint32_t i = 0; i < *n; i++)
                if (str_equal((*pairs)[i].name, name))
                        pair = &(*pairs)[i];
        if (!pair) {
                if (mem_grow(pairs, cap, *n + 1, sizeof(**pairs)) < 0)
                        return error_oom(err);
                pair = &(*pairs)[(*n)++];
        }
        r = record_copy(record, name, &pair->name, err);
        return r < 0 ? r : record_copy(record, value, &pair->value, err);
}

static int set_label(struct syscall_record *record, bool of_pod, struct str name, struct str value, struct error *err)
{
        struct syscall_container *c = &record->container;
        int r;

        if (of_pod)
                r = add_pair(record, &record->pod_labels, &record->cap_pod_labels, &c->n_pod_labels, name, value, err);
        else
                r = add_pair(record, &record->labels, &record->cap_labels, &c->n_labels, name, value, err);
        c->labels = record->labels;
        c->pod_labels = record->pod_labels;
        return r;
}

/* "name:value,…" */
static int set_labels(struct syscall_record *record, bool of_pod, struct str text, struct error *err)
{
        int r = 0;

        while (text.n && r == 0) {
                struct str value = str_cut(&text, ','), name = str_cut(&value, ':');

                r = set_label(record, of_pod, name, value, err);
        }
        return r;
}

/* "source:destination:mode:writable:propagation,…" */
static int set_mounts(struct syscall_record *record, struct str text, struct error *err)
{
        struct syscall_container *c = &record->container;
        struct syscall_mount *mount;
        int r = record_copy(record, text, &text, err);

        if (r < 0)
                return r;
        c->n_mounts = 0;
        c->knows_mounts = true;
        while (text.n) {
                struct str rest = str_cut(&text, ',');

                if (mem_grow(&record->mounts, &record->cap_mounts, c->n_mounts + 1, sizeof(*record->mounts)) < 0)
                        return error_oom(err);
                mount = &record->mounts[c->n_mounts++];
                mount->source = str_trim(str_cut(&rest, ':'));
                mount->destination = str_cut(&rest, ':');
                mount->mode = str_cut(&rest, ':');
                mount->writable = str_equals(str_cut(&rest, ':'), "true");
                mount->propagation = rest;
        }
        c->mounts = record->mounts;
        return 0;
}

static int set_container(struct syscall_record *record, const struct field *field, const struct field_argument *argument,
                         struct str text, struct error *err)
{
        struct syscall_container *c = &record->container;
        unsigned what = field->id;

        if ((what == WHAT_ID || what == WHAT_CONTAINER_NAME) && str_equals(text, "host"))
                return 0;
        record->event.container = c;
        switch (what) {
        case WHAT_ID:
                return member_write(record, c, container_members, CONTAINER_id, text, err);
        case WHAT_CONTAINER_NAME:
                return member_write(record, c, container_members, CONTAINER_name, text, err);
        case WHAT_CONTAINER_START:
                return member_write(record, c, container_members, CONTAINER_start, text, err);
        case WHAT_SANDBOX_ID:
                return member_write(record, c, container_members, CONTAINER_pod_sandbox_id, text, err);
        case WHAT_LABEL:
        case WHAT_POD_LABEL:
                return set_label(record, what == WHAT_POD_LABEL, argument->key, text, err);
        case WHAT_LABELS:
        case WHAT_POD_LABELS:
                return set_labels(record, what == WHAT_POD_LABELS, text, err);
        case WHAT_MOUNTS:
                return set_mounts(record, text, err);
        default:
                if (what < CONTAINER_MEMBERS)
                        return member_write(record, c, container_members, what, text, err);
                return record_give(record, field, argument, text, err);
        }
}

/* ---- the event itself ---- */

static int set_kind(struct syscall_record *record, struct str text, struct error *err)
{
        int kind = fact_source_event(&syscall_source, text);
        const char *nearest = kind < 0 ? fact_source_event_nearest(&syscall_source, text) : NULL;

        if (kind < 0 && nearest)
                return error_say(err, -EINVAL, "there is no event '%.*s', did you mean '%s'?", STR_ARG(text), nearest);
        if (kind < 0)
                return error_say(err, -EINVAL, "there is no event '%.*s'", STR_ARG(text));
        record->event.kind = (uint32_t)kind;
        return 0;
}

/* The result follows from its name where it is not given itself. */
static int set_result_by_name(struct syscall_record *record, struct str text, struct error *err)
{
        if (record->event.known >> EVENT_result & 1)
                return 0;
        if (str_equals(text, "SUCCESS"))
                return member_write(record, &record->event, event_members, EVENT_result, STR_LIT("0"), err);
        for (int code = 1; code <= ERRNO_MAX; code++) {
                const char *name = strerrorname_np(code);

                if (name && str_equals(text, name)) {
                        record->event.result = -code;
                        record->event.known |= UINT64_C(1) << EVENT_result;
                        return 0;
                }
        }
        return error_say(err, -EINVAL, "'%.*s' is neither SUCCESS nor the name of an error", STR_ARG(text));
}

static int set_arg(struct syscall_record *record, const struct field_argument *argument, struct str text, struct error *err)
{
        struct syscall_event *event = &record->event;
        int r;

        if (argument->index >= 0 && argument->index < event->n_args)
                return record_copy(record, text, &record->args[argument->index].value, err);
        r = add_pair(record, &record->args, &record->cap_args, &event->n_args, argument->key, text, err);
        event->args = record->args;
        return r;
}

static int set_event(struct syscall_record *record, const struct field *field, const struct field_argument *argument,
                     struct str text, struct error *err)
{
        int r;

        if (field->constant && !str_equals(text, field->constant))
                return error_say(err, -EINVAL, "it is always '%s'", field->constant);
        if (field->id < EVENT_MEMBERS)
                return member_write(record, &record->event, event_members, field->id, text, err);
        switch ((enum event_what)field->id) {
        case WHAT_KIND:
                return set_kind(record, text, err);
        case WHAT_EVENT_NUM:
                return member_write(record, &record->event, event_members, EVENT_num, text, err);
        case WHAT_ARG:
                return set_arg(record, argument, text, err);
        case WHAT_RES:
                r = set_result_by_name(record, text, err);
                return r < 0 ? r : record_give(record, field, argument, text, err);
        default:
                return record_give(record, field, argument, text, err);
        }
}

int record_set_field(struct syscall_record *record, const struct field *field, const struct field_argument *argument,
                     struct str text, struct error *err)
{
        if (field->get == syscall_get_event)
                return set_event(record, field, argument, text, err);
        if (field->get == syscall_get_process)
                return set_process(record, field, argument, text, err);
        if (field->get == syscall_get_fd)
                return set_fd(record, field, argument, text, err);
        if (field->get == syscall_get_container)
                return set_container(record, field, argument, text, err);
        return record_give(record, field, argument, text, err);
}

int record_set_list(struct syscall_record *record, const struct field *field, const struct field_argument *argument,
                    const struct str *items, size_t n, struct error *err)
{
        unsigned what = field->id & 0xff;
        bool is_process = field->get == syscall_get_process, is_fd = field->get == syscall_get_fd;
        int member = is_fd ? fd_member_of(field->id) : -1, r;
        struct syscall_process *p;

        if (is_fd && member >= 0 && fd_members[member].type == MEMBER_LIST) {
                record->event.fd = &record->fd;
                return member_write_list(record, &record->fd, fd_members, (unsigned)member, items, n, err);
        }
        if (is_process && (what == WHAT_ARGS || what == WHAT_ENV) && distance_of(field->id >> 8, what, argument) >= 0 &&
            (argument->kind == ARGUMENT_NONE || field->id >> 8 == WHOSE_ANCESTOR)) {
                r = need_process(record, distance_of(field->id >> 8, what, argument), &p, err);
                if (r < 0)
                        return r;
                return member_write_list(record, p, process_members, what == WHAT_ARGS ? PROCESS_args : PROCESS_env, items,
                                         n, err);
        }
        if (!field->is_list && !(field->several && argument->kind == ARGUMENT_NONE))
                return error_say(err, -EINVAL, "it is one value, not a list");
        return record_give_list(record, field, argument, items, n, err);
}
