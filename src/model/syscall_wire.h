/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Syscall events in the encoding of our own files and processes. Members go by their names in a schema that stands first, so that
 * what one version wrote another reads: members that it does not know are passed over, those that were not there are unknown.
 */
#ifndef TALLYMAN_MODEL_SYSCALL_WIRE_H
#define TALLYMAN_MODEL_SYSCALL_WIRE_H

#include "base/wire.h"
#include "model/syscall_event.h"

#define SYSCALL_WIRE_ITEMS_MAX 65536 /* of a list; of arguments, mounts, labels */
#define SYSCALL_WIRE_NAME_MAX 64

enum syscall_part { PART_PROCESS, PART_FD, PART_CONTAINER, PART_EVENT, SYSCALL_PARTS };

/* How members were numbered by who wrote them. */
struct syscall_schema {
        struct {
                uint8_t n;
                uint8_t index[64]; /* here; SYSCALL_SCHEMA_UNKNOWN: passed over */
                uint8_t type[64];
        } parts[SYSCALL_PARTS];
};
#define SYSCALL_SCHEMA_UNKNOWN 255

void syscall_wire_put_schema(struct buf *out);
/* Makes the reader bad if it is none. */
void syscall_wire_get_schema(struct wire_reader *r, struct syscall_schema *ret);

/* Members and lists of one struct, without what it points to: a process's parent, an event's process, container and kind. */
void syscall_wire_put_process(const struct syscall_process *process, struct buf *out);
void syscall_wire_put_container(const struct syscall_container *container, struct buf *out);
/* With its fd, and its arguments. */
void syscall_wire_put_event(const struct syscall_event *event, struct buf *out);

/* The reverse. Texts are borrowed from the reader's input, lists are in `arena`. What is nonsense makes the reader bad. 0 or
 * -ENOMEM. */
int syscall_wire_get_process(struct wire_reader *r, const struct syscall_schema *schema, struct arena *arena,
                             struct syscall_process *ret) _must_check_;
int syscall_wire_get_container(struct wire_reader *r, const struct syscall_schema *schema, struct arena *arena,
                               struct syscall_container *ret) _must_check_;
int syscall_wire_get_event(struct wire_reader *r, const struct syscall_schema *schema, struct arena *arena,
                           struct syscall_event *ret) _must_check_;

#endif
