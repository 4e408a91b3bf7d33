/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "model/syscall_private.h"
#include "model/syscall_wire.h"

#define NAME_OF(t, name) #name,
static const char *const process_names[] = { SYSCALL_PROCESS_MEMBERS(NAME_OF) };
static const char *const fd_names[] = { SYSCALL_FD_MEMBERS(NAME_OF) };
static const char *const container_names[] = { SYSCALL_CONTAINER_MEMBERS(NAME_OF) };
static const char *const event_names[] = { SYSCALL_EVENT_MEMBERS(NAME_OF) };

static const struct part {
        const char *const *names;
        const struct member *members;
        uint8_t n;
} parts[SYSCALL_PARTS] = {
        [PART_PROCESS] = { process_names, process_members, PROCESS_MEMBERS },
        [PART_FD] = { fd_names, fd_members, FD_MEMBERS },
        [PART_CONTAINER] = { container_names, container_members, CONTAINER_MEMBERS },
        [PART_EVENT] = { event_names, event_members, EVENT_MEMBERS },
};

/* ---- the schema ---- */

void syscall_wire_put_schema(struct buf *out)
{
        for (size_t p = 0; p < SYSCALL_PARTS; p++) {
                wire_put_u8(out, parts[p].n);
                for (uint8_t i = 0; i < parts[p].n; i++) {
                        wire_put_str(out, str_from(parts[p].names[i]));
                        wire_put_u8(out, parts[p].members[i].type);
                }
        }
}

static uint8_t find_member(const struct part *part, struct str name, uint8_t type)
{
        for (uint8_t i = 0; i < part->n; i++)
                if (str_equals(name, part->names[i]))
                        return part->members[i].type == type ? i : SYSCALL_SCHEMA_UNKNOWN;
        return SYSCALL_SCHEMA_UNKNOWN;
}

void syscall_wire_get_schema(struct wire_reader *r, struct syscall_schema *ret)
{
        *ret = (struct syscall_schema){ 0 };
        for (size_t p = 0; p < SYSCALL_PARTS; p++) {
                ret->parts[p].n = wire_get_u8(r);
                r->bad |= ret->parts[p].n > 64;
                for (uint8_t i = 0; !r->bad && i < ret->parts[p].n; i++) {
                        struct str name = wire_get_str(r);
                        uint8_t type = wire_get_u8(r);

                        r->bad |= name.n > SYSCALL_WIRE_NAME_MAX || type > MEMBER_ADDRESS;
                        ret->parts[p].type[i] = type;
                        ret->parts[p].index[i] = find_member(&parts[p], name, type);
                }
        }
}

/* ---- putting ---- */

static void put_member(const void *at, enum member_type type, struct buf *out)
{
        const struct str_list *list = at;
        const struct address *address = at;

        switch (type) {
        case MEMBER_NUMBER:
                wire_put_u64(out, (uint64_t)*(const int64_t *)at);
                break;
        case MEMBER_STRING:
                wire_put_str(out, *(const struct str *)at);
                break;
        case MEMBER_BOOL:
                wire_put_u8(out, *(const bool *)at);
                break;
        case MEMBER_LIST:
                wire_put_u32(out, MIN_OF(list->n, (uint32_t)SYSCALL_WIRE_ITEMS_MAX));
                for (uint32_t i = 0; i < list->n && i < SYSCALL_WIRE_ITEMS_MAX; i++)
                        wire_put_str(out, list->items[i]);
                break;
        case MEMBER_ADDRESS:
                wire_put_u8(out, address->v6);
                wire_put_bytes(out, address->bytes, sizeof(address->bytes));
                break;
        }
}

static void put_members(const void *base, enum syscall_part which, struct buf *out)
{
        const struct part *part = &parts[which];
        uint64_t known = *(const uint64_t *)base;

        wire_put_u64(out, known);
        for (uint8_t i = 0; i < part->n; i++)
                if (known >> i & 1)
                        put_member((const uint8_t *)base + part->members[i].offset, (enum member_type)part->members[i].type, out);
}

static void put_pairs(const struct syscall_pair *pairs, uint32_t n, struct buf *out)
{
        n = MIN_OF(n, (uint32_t)SYSCALL_WIRE_ITEMS_MAX);
        wire_put_u32(out, n);
        for (uint32_t i = 0; i < n; i++) {
                wire_put_str(out, pairs[i].name);
                wire_put_str(out, pairs[i].value);
        }
}

void syscall_wire_put_process(const struct syscall_process *process, struct buf *out)
{
        put_members(process, PART_PROCESS, out);
}

void syscall_wire_put_container(const struct syscall_container *c, struct buf *out)
{
        uint32_t n = MIN_OF(c->n_mounts, (uint32_t)SYSCALL_WIRE_ITEMS_MAX);

        put_members(c, PART_CONTAINER, out);
        wire_put_u8(out, c->knows_mounts);
        wire_put_u32(out, n);
        for (uint32_t i = 0; i < n; i++) {
                const struct syscall_mount *m = &c->mounts[i];

                wire_put_str(out, m->source);
                wire_put_str(out, m->destination);
                wire_put_str(out, m->mode);
                wire_put_str(out, m->propagation);
                wire_put_u8(out, m->writable);
        }
        put_pairs(c->labels, c->n_labels, out);
        put_pairs(c->pod_labels, c->n_pod_labels, out);
}

void syscall_wire_put_event(const struct syscall_event *event, struct buf *out)
{
        put_members(event, PART_EVENT, out);
        put_pairs(event->args, event->n_args, out);
        wire_put_u8(out, event->fd != NULL);
        if (event->fd)
                put_members(event->fd, PART_FD, out);
}

/* ---- getting ---- */

static void *get_array(struct wire_reader *r, size_t min_size, size_t size, struct arena *arena, uint32_t *ret_n, int *code)
{
        uint32_t n = wire_get_count(r, min_size);
        void *p;

        r->bad |= n > SYSCALL_WIRE_ITEMS_MAX;
        *ret_n = 0;
        if (r->bad || n == 0)
                return NULL;
        p = arena_alloc(arena, n * size);
        if (!p)
                *code = -ENOMEM;
        else
                *ret_n = n;
        return p;
}

static void get_list(struct wire_reader *r, struct arena *arena, struct str_list *ret, int *code)
{
        struct str_list list = { 0 };
        struct str *items = get_array(r, 4, sizeof(*items), arena, &list.n, code);

        for (uint32_t i = 0; i < list.n; i++)
                items[i] = wire_get_str(r);
        list.items = items;
        *ret = list;
}

/* Into `at`, which may be a place to throw it away. */
static void get_member(struct wire_reader *r, enum member_type type, struct arena *arena, void *at, int *code)
{
        struct address *address = at;
        uint8_t byte;

        switch (type) {
        case MEMBER_NUMBER:
                *(int64_t *)at = (int64_t)wire_get_u64(r);
                break;
        case MEMBER_STRING:
                *(struct str *)at = wire_get_str(r);
                break;
        case MEMBER_BOOL:
                byte = wire_get_u8(r);
                r->bad |= byte > 1;
                *(bool *)at = byte == 1;
                break;
        case MEMBER_LIST:
                get_list(r, arena, at, code);
                break;
        case MEMBER_ADDRESS:
                byte = wire_get_u8(r);
                r->bad |= byte > 1;
                address->v6 = byte == 1;
                wire_get_bytes(r, address->bytes, sizeof(address->bytes));
                break;
        }
}

static void get_members(struct wire_reader *r, const struct syscall_schema *schema, enum syscall_part which,
                        struct arena *arena, void *base, int *code)
{
        uint64_t theirs = wire_get_u64(r), *known = base;
        union {
                int64_t number;
                struct str string;
                struct str_list list;
                struct address address;
        } nowhere;

        r->bad |= schema->parts[which].n < 64 && theirs >> schema->parts[which].n;
        for (uint8_t i = 0; !r->bad && i < schema->parts[which].n; i++) {
                uint8_t mine = schema->parts[which].index[i];
                bool skip = mine == SYSCALL_SCHEMA_UNKNOWN;

                if (!(theirs >> i & 1))
                        continue;
                get_member(r, (enum member_type)schema->parts[which].type[i], arena,
                           skip ? (void *)&nowhere : (uint8_t *)base + parts[which].members[mine].offset, code);
                if (!skip && !r->bad)
                        *known |= UINT64_C(1) << mine;
        }
}

static const struct syscall_pair *get_pairs(struct wire_reader *r, struct arena *arena, uint32_t *ret_n, int *code)
{
        struct syscall_pair *pairs = get_array(r, 8, sizeof(*pairs), arena, ret_n, code);

        for (uint32_t i = 0; i < *ret_n; i++) {
                pairs[i].name = wire_get_str(r);
                pairs[i].value = wire_get_str(r);
        }
        return pairs;
}

int syscall_wire_get_process(struct wire_reader *r, const struct syscall_schema *schema, struct arena *arena,
                             struct syscall_process *ret)
{
        int code = 0;

        *ret = (struct syscall_process){ 0 };
        get_members(r, schema, PART_PROCESS, arena, ret, &code);
        return code;
}

int syscall_wire_get_container(struct wire_reader *r, const struct syscall_schema *schema, struct arena *arena,
                               struct syscall_container *ret)
{
        struct syscall_mount *mounts;
        int code = 0;

        *ret = (struct syscall_container){ 0 };
        get_members(r, schema, PART_CONTAINER, arena, ret, &code);
        ret->knows_mounts = wire_get_u8(r) == 1;
        mounts = get_array(r, 17, sizeof(*mounts), arena, &ret->n_mounts, &code);
        for (uint32_t i = 0; i < ret->n_mounts; i++) {
                mounts[i].source = wire_get_str(r);
                mounts[i].destination = wire_get_str(r);
                mounts[i].mode = wire_get_str(r);
                mounts[i].propagation = wire_get_str(r);
                mounts[i].writable = wire_get_u8(r) == 1;
        }
        ret->mounts = mounts;
        ret->labels = get_pairs(r, arena, &ret->n_labels, &code);
        ret->pod_labels = get_pairs(r, arena, &ret->n_pod_labels, &code);
        return code;
}

int syscall_wire_get_event(struct wire_reader *r, const struct syscall_schema *schema, struct arena *arena,
                           struct syscall_event *ret)
{
        struct syscall_fd *fd;
        int code = 0;

        *ret = (struct syscall_event){ 0 };
        get_members(r, schema, PART_EVENT, arena, ret, &code);
        ret->args = get_pairs(r, arena, &ret->n_args, &code);
        if (wire_get_u8(r) != 1 || r->bad)
                return code;
        fd = arena_alloc(arena, sizeof(*fd));
        if (!fd)
                return -ENOMEM;
        get_members(r, schema, PART_FD, arena, fd, &code);
        ret->fd = fd;
        return code;
}
