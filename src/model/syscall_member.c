/* SPDX-License-Identifier: Apache-2.0 */
/* Members of a syscall event by number. */
#include <stddef.h>

#include "model/syscall_private.h"

#define PROCESS_ROW(t, name) [PROCESS_##name] = { offsetof(struct syscall_process, name), MEMBER_##t },
const struct member process_members[] = { SYSCALL_PROCESS_MEMBERS(PROCESS_ROW) };
#define FD_ROW(t, name) [FD_##name] = { offsetof(struct syscall_fd, name), MEMBER_##t },
const struct member fd_members[] = { SYSCALL_FD_MEMBERS(FD_ROW) };
#define CONTAINER_ROW(t, name) [CONTAINER_##name] = { offsetof(struct syscall_container, name), MEMBER_##t },
const struct member container_members[] = { SYSCALL_CONTAINER_MEMBERS(CONTAINER_ROW) };
#define EVENT_ROW(t, name) [EVENT_##name] = { offsetof(struct syscall_event, name), MEMBER_##t },
const struct member event_members[] = { SYSCALL_EVENT_MEMBERS(EVENT_ROW) };

_Static_assert(PROCESS_MEMBERS <= 64 && FD_MEMBERS <= 64 && CONTAINER_MEMBERS <= 64 && EVENT_MEMBERS <= 64,
               "`known` has a bit for each member");

bool member_read(const void *base, const struct member *members, unsigned i, enum value_type type, struct value *ret)
{
        const uint8_t *at = (const uint8_t *)base + members[i].offset;

        *ret = value_absent();
        if (!(*(const uint64_t *)base >> i & 1))
                return false;
        ret->state = VALUE_PRESENT;
        ret->type = (uint8_t)type;
        switch ((enum member_type)members[i].type) {
        case MEMBER_NUMBER:
                ret->number = *(const int64_t *)at;
                break;
        case MEMBER_BOOL:
                ret->boolean = *(const bool *)at;
                break;
        case MEMBER_STRING:
                ret->string = *(const struct str *)at;
                break;
        case MEMBER_ADDRESS:
                ret->address = *(const struct address *)at;
                break;
        case MEMBER_LIST: /* read by those who put it together */
                *ret = value_absent();
                return false;
        }
        return true;
}

static bool argument_equal(const struct field_argument *a, const struct field_argument *b)
{
        return a->kind == b->kind && (a->kind == ARGUMENT_INDEX ? a->index == b->index : str_equal(a->key, b->key));
}

bool syscall_given(const struct syscall_event *event, const struct field *field, const struct field_argument *argument,
                   struct value *ret)
{
        for (uint32_t i = 0; i < event->n_given; i++)
                if (event->given[i].field == field && argument_equal(&event->given[i].argument, argument)) {
                        *ret = event->given[i].value;
                        return true;
                }
        return false;
}

SYSCALL_GETTER(syscall_get_given)
{
        if (!syscall_given(fact->data, field, argument, ret))
                *ret = value_absent();
}

bool syscall_arg(const struct syscall_event *event, const char *name, struct str *ret)
{
        for (uint32_t i = 0; i < event->n_args; i++)
                if (str_equals(event->args[i].name, name)) {
                        *ret = event->args[i].value;
                        return true;
                }
        return false;
}
