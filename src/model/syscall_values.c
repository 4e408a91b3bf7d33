/* SPDX-License-Identifier: Apache-2.0 */
/* evt.* of source "syscall". */
#include <errno.h>
#include <string.h>

#include "model/syscall_private.h"

static bool knows(const struct syscall_event *event, enum syscall_event_member member)
{
        return event->known >> member & 1;
}

/* ---- result ---- */

static void get_res(const struct syscall_event *event, struct value_scratch *scratch, struct value *ret)
{
        const char *name;
        struct value_text text;

        if (!knows(event, EVENT_result))
                return;
        if (event->result >= 0) {
                *ret = value_of_string(STR_LIT("SUCCESS"));
                return;
        }
        name = event->result >= -4095 ? strerrorname_np((int)-event->result) : NULL;
        if (name) {
                *ret = value_of_string(str_from(name));
                return;
        }
        text = value_text_begin(scratch);
        value_text_add_number(&text, event->result);
        *ret = value_of_string(value_text_end(&text));
}

/* ---- arguments ---- */

static void get_arg(const struct syscall_event *event, const struct field_argument *argument, struct value *ret)
{
        if (argument->index >= 0) {
                if (argument->index < event->n_args)
                        *ret = value_of_string(event->args[argument->index].value);
                return;
        }
        for (uint32_t i = 0; i < event->n_args; i++)
                if (str_equal(event->args[i].name, argument->key)) {
                        *ret = value_of_string(event->args[i].value);
                        return;
                }
}

/* An argument's number; one that starts with 0 is octal, as modes are written. */
static void get_raw_arg(const struct syscall_event *event, const struct field_argument *argument, struct value *ret)
{
        struct value text = value_absent();
        int64_t n;
        uint64_t octal;

        get_arg(event, argument, &text);
        if (text.state != VALUE_PRESENT)
                return;
        if (text.string.n > 1 && text.string.p[0] == '0' && str_to_u64(text.string, 8, &octal) == 0)
                *ret = value_of_number((int64_t)octal);
        else if (value_parse_number(text.string, &n) == 0)
                *ret = value_of_number(n);
}

static void get_all_args(const struct syscall_event *event, struct value_scratch *scratch, struct value *ret)
{
        struct value_text text = value_text_begin(scratch);

        for (uint32_t i = 0; i < event->n_args; i++) {
                if (i)
                        value_text_add(&text, STR_LIT(" "));
                value_text_add(&text, event->args[i].name);
                value_text_add(&text, STR_LIT("="));
                value_text_add(&text, event->args[i].value);
        }
        *ret = value_of_string(value_text_end(&text));
}

/* ---- opening: false for every other kind of event ---- */

static bool has_flag(struct str flags, const char *flag)
{
        while (flags.n) {
                if (str_equals(str_trim(str_cut(&flags, '|')), flag))
                        return true;
        }
        return false;
}

/* "0755", "S_IXUSR|…". */
static bool mode_has_exec(struct str mode)
{
        uint64_t bits;

        if (str_to_u64(mode, 8, &bits) == 0)
                return bits & 0111;
        return has_flag(mode, "S_IXUSR") || has_flag(mode, "S_IXGRP") || has_flag(mode, "S_IXOTH");
}

static void get_open(const struct syscall_event *event, unsigned what, struct value *ret)
{
        struct str kind = str_from(syscall_source.events[event->kind].name), flags, mode;
        bool by_handle = str_equals(kind, "open_by_handle_at"), creates;
        bool opens = by_handle || str_equals(kind, "open") || str_equals(kind, "openat") || str_equals(kind, "openat2");

        *ret = value_of_bool(false);
        if (what == WHAT_OPEN_EXEC && str_equals(kind, "creat") && syscall_arg(event, "mode", &mode))
                ret->boolean = mode_has_exec(mode);
        if (!opens)
                return;
        if (!syscall_arg(event, "flags", &flags)) {
                *ret = value_absent();
                return;
        }
        creates = has_flag(flags, "O_CREAT") || has_flag(flags, "O_TMPFILE");
        if (what == WHAT_OPEN_READ)
                ret->boolean = has_flag(flags, "O_RDONLY") || has_flag(flags, "O_RDWR");
        else if (what == WHAT_OPEN_WRITE)
                ret->boolean = has_flag(flags, "O_WRONLY") || has_flag(flags, "O_RDWR");
        else if (what == WHAT_OPEN_EXEC)
                ret->boolean = creates && !by_handle && syscall_arg(event, "mode", &mode) && mode_has_exec(mode);
        else
                ret->boolean = has_flag(flags, "O_F_CREATED") || has_flag(flags, "FMODE_CREATED") ||
                               (has_flag(flags, "O_TMPFILE") && knows(event, EVENT_result) && event->result >= 0);
}

static void get_part(const struct syscall_event *event, unsigned what, struct value *ret)
{
        bool is_delta = what == WHAT_DELTA_S || what == WHAT_DELTA_NS;
        bool seconds = what == WHAT_DELTA_S || what == WHAT_RAW_TIME_S;
        int64_t n = is_delta ? event->delta : event->time;

        if (!knows(event, is_delta ? EVENT_delta : EVENT_time))
                return;
        *ret = value_of_number(seconds ? n / 1000000000 : n % 1000000000);
        ret->type = VALUE_TIME;
}

static void get_put_together(const struct syscall_event *event, unsigned what, const struct field_argument *argument,
                             struct value_scratch *scratch, struct value *ret)
{
        switch ((enum event_what)what) {
        case WHAT_KIND:
                *ret = value_of_string(str_from(syscall_source.events[event->kind].name));
                return;
        case WHAT_EVENT_NUM:
                *ret = value_of_number(knows(event, EVENT_num) && event->num > 0 ? event->num : 1);
                return;
        case WHAT_SOURCE:
                *ret = value_of_string(str_from(syscall_source.name));
                return;
        case WHAT_DIR:
                *ret = value_of_string(STR_LIT("<"));
                return;
        case WHAT_COUNT:
                *ret = value_of_number(1);
                return;
        case WHAT_RES:
                get_res(event, scratch, ret);
                return;
        case WHAT_FAILED:
                if (knows(event, EVENT_result))
                        *ret = value_of_bool(event->result < 0);
                return;
        case WHAT_ARG:
                get_arg(event, argument, ret);
                return;
        case WHAT_RAW_ARG:
                get_raw_arg(event, argument, ret);
                return;
        case WHAT_ALL_ARGS:
                get_all_args(event, scratch, ret);
                return;
        case WHAT_OPEN_READ:
        case WHAT_OPEN_WRITE:
        case WHAT_OPEN_EXEC:
        case WHAT_OPEN_CREATE:
                get_open(event, what, ret);
                return;
        case WHAT_TIME:
        case WHAT_TIME_S:
        case WHAT_TIME_ISO:
        case WHAT_DATETIME:
        case WHAT_DATETIME_S:
                syscall_get_time(event, what, scratch, ret);
                return;
        case WHAT_RAW_TIME_S:
        case WHAT_RAW_TIME_NS:
        case WHAT_DELTA_S:
        case WHAT_DELTA_NS:
                get_part(event, what, ret);
                return;
        default:
                syscall_get_path(event, what, argument, scratch, ret);
                return;
        }
}

SYSCALL_GETTER(syscall_get_event)
{
        const struct syscall_event *event = fact->data;

        *ret = value_absent();
        if (event->n_given && syscall_given(event, field, argument, ret))
                return;
        if (field->id < EVENT_MEMBERS)
                member_read(event, event_members, field->id, field->type, ret);
        else
                get_put_together(event, field->id, argument, scratch, ret);
}
