/* SPDX-License-Identifier: Apache-2.0 */
/* Between the two halves of the making of a recorded event. */
#ifndef TALLYMAN_MODEL_SYSCALL_RECORD_H
#define TALLYMAN_MODEL_SYSCALL_RECORD_H

#include "model/syscall_private.h"

struct syscall_record {
        struct arena *arena;
        struct syscall_event event;
        struct syscall_fd fd;
        struct syscall_container container;
        struct syscall_process *processes[SYSCALL_ANCESTORS_MAX]; /* the process, its parent …, each when it is needed */
        struct syscall_pair *args, *labels, *pod_labels;
        struct syscall_mount *mounts;
        struct syscall_given *given;
        size_t cap_args, cap_labels, cap_pod_labels, cap_mounts, cap_given;
        unsigned n_set;
};

int record_copy(struct syscall_record *record, struct str text, struct str *ret, struct error *err) _must_check_;
int record_parse(struct syscall_record *record, enum value_type type, struct str text, struct value *ret,
                 struct error *err) _must_check_;
int record_split(struct syscall_record *record, struct str text, struct str **ret, size_t *ret_n,
                 struct error *err) _must_check_;
int member_write(struct syscall_record *record, void *base, const struct member *members, unsigned i, struct str text,
                 struct error *err) _must_check_;
int member_write_list(struct syscall_record *record, void *base, const struct member *members, unsigned i,
                      const struct str *items, size_t n, struct error *err) _must_check_;
/* Keeps a value for a field as a whole. */
int record_give(struct syscall_record *record, const struct field *field, const struct field_argument *argument,
                struct str text, struct error *err) _must_check_;
int record_give_list(struct syscall_record *record, const struct field *field, const struct field_argument *argument,
                     const struct str *items, size_t n, struct error *err) _must_check_;

/* Finds the member that a field stands for; what stands for none is kept as a whole (syscall_record_set.c). */
int record_set_field(struct syscall_record *record, const struct field *field, const struct field_argument *argument,
                     struct str text, struct error *err) _must_check_;
int record_set_list(struct syscall_record *record, const struct field *field, const struct field_argument *argument,
                    const struct str *items, size_t n, struct error *err) _must_check_;

#endif
