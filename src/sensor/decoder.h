/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Raw events → the facts that rules read. A decoder keeps the table of processes, fed by the events themselves, so that
 * it needs no /proc. Arguments are as Falco's rule language has them: flags by name, modes in octal, paths absolute.
 */
#ifndef TALLYMAN_SENSOR_DECODER_H
#define TALLYMAN_SENSOR_DECODER_H

#include "model/syscall_event.h"
#include "sensor/sensor.h"

struct decoder;

struct decoder_options {
        uint32_t processes_max;  /* in the table, living and dead; 0: DECODER_PROCESSES_DEFAULT */
        size_t memory_max;       /* bytes of their texts; 0: DECODER_MEMORY_DEFAULT */
        struct str hostname;     /* evt.hostname; empty: it is not known */
        bool no_names;           /* do not look up user and group names on this machine (replays) */
};
#define DECODER_PROCESSES_DEFAULT 32768u
#define DECODER_MEMORY_DEFAULT ((size_t)16 << 20)

int decoder_new(const struct decoder_options *options, struct decoder **ret, struct error *err) _must_check_;
struct decoder *decoder_free(struct decoder *decoder);
DEFINE_FREEP(struct decoder, decoder_free)

/* Valid until the next call with the same decoder. */
struct decoded {
        struct syscall_event event; /* all but `container`, which the caller fills from `cgroup` */
        enum sensor_kind kind;
        uint64_t cgroup;            /* of who acts; of cgroup_mkdir and cgroup_rmdir the one that is made or removed */
        struct str cgroup_path;     /* where the table knows it, else {NULL, 0} */
        bool outside;               /* told for the table only: no rule asked for it */
        bool kernel_path;           /* paths are the kernel's; else they were read from the program's memory */
        bool lost_before;           /* events of this processor were lost before this one */
        const struct sensor_file *program; /* the file that the process runs, NULL: not known */
        int64_t program_time;       /* when it was executed, or earlier; nanoseconds since the epoch, 0: not known */
        uint64_t program_tag;       /* as last set for what it runs, 0: never */
};

/* 1: `ret` is filled. 0: it was for the table only (procinfo, clone of a thread …). Cgroup events are 1 with
 * event.kind == UINT32_MAX. A malformed one is -EBADMSG and changes nothing. */
int decoder_take(struct decoder *decoder, const struct sensor_raw *raw, struct decoded *ret, struct error *err) _must_check_;

/* What somebody else knows of the file that a process runs (members file_* of its facts). Empty text: not known. */
struct decoder_program {
        struct str state, path, layer, package;
};
#define DECODER_PROGRAM_SETTLED UINT64_MAX

/* Sets it for the process of the last event, and for the children that it forked, until they execute another. Text is copied, and
 * stays once it was set. `tag` is whatever the caller wants to see in decoded.program_tag; it is DECODER_PROGRAM_SETTLED also
 * where nothing can be set. 0 or -ENOMEM. */
int decoder_set_program(struct decoder *decoder, const struct decoder_program *program, uint64_t tag) _must_check_;

struct decoder_counters {
        uint32_t processes;
        size_t memory;
        uint64_t evicted;   /* processes that lived but had to make room */
        uint64_t unknown;   /* events of processes that were not in the table */
        uint64_t lost;      /* events, by gaps in their numbers */
};
void decoder_counters(const struct decoder *decoder, struct decoder_counters *ret);

/* The process of that id now, NULL: not in the table. Valid until the next decoder_take(). */
const struct syscall_process *decoder_process(struct decoder *decoder, uint32_t pid);

#endif
