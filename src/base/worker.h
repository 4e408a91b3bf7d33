/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Workers: what is untrusted is parsed in a process that can reach nothing (design.md, "Process model"). A zygote,
 * forked first thing in main, forks one worker a job. The worker keeps only the descriptors handed to it, sets its
 * limits, gives up all capabilities, then takes on Landlock (nothing of the file system, no TCP, no signals out) and a
 * seccomp allow-list without open, connect, exec, fork, ptrace or kill; then it runs the job. Without seccomp it runs no
 * job. Standard input, output and error lead nowhere, and the environment is wiped from its memory.
 * A call that is not on the list is not made: the worker notes which it was, the call returns EPERM, and the parent
 * learns of it through worker_wait(). A worker that runs an attacker's code can keep its notes to itself, but not make the
 * call. Its messages are untrusted: what no honest worker sends is -EPROTO. This module knows no parser.
 */
#ifndef TALLYMAN_BASE_WORKER_H
#define TALLYMAN_BASE_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"

#define WORKER_FDS_MAX 8
#define WORKER_FRAME_MAX (1u << 20) /* bytes of payload in one frame */
#define WORKER_ARGUMENT_MAX 65536

/* ---- in the worker ---- */

struct worker_io {
        const void *argument; /* as given to worker_spawn() */
        size_t argument_size;
        const int *fds; /* as given to worker_spawn(), same order */
        size_t n_fds;
        int channel; /* to the parent; use the functions below */
};

/* One frame in each direction at a time; both block. Receive: 1 a frame, 0 the parent will send no more.
 * `ret_fd` may be NULL where no descriptor is expected (one that comes is closed); else it is -EBADF or owned. */
struct worker_frame {
        uint32_t type; /* the job's own numbering; 0 and the top bit are reserved */
        struct str payload; /* borrowed until the next receive */
};
int worker_io_send(struct worker_io *io, uint32_t type, struct str payload, struct error *err) _must_check_;
int worker_io_receive(struct worker_io *io, struct worker_frame *ret, int *ret_fd, struct error *err) _must_check_;

/* A job. What it returns (and its error message) is what worker_wait() gives. */
struct worker_job {
        const char *name;
        int (*run)(struct worker_io *io, struct error *err);
};

/* ---- in the parent: what waits for a worker ends with -ECANCELED when the user interrupts, with -EPROTO when the worker
 * does nothing for a minute, with -ETIMEDOUT when it was waited for ten times as long as it may compute ---- */

#define WORKER_CPU_DEFAULT 600

struct worker_limits {
        uint64_t memory;  /* bytes of data segment (RLIMIT_DATA; not set under a sanitizer); 0: 512 MiB */
        uint64_t file;    /* bytes of any file written (RLIMIT_FSIZE); 0: none may be written */
        uint64_t cpu;     /* seconds of CPU; 0: WORKER_CPU_DEFAULT */
};

/* Forks the zygote. Call it first thing in main(), before threads and before any file is opened, after hash_init() and
 * setlocale(). `jobs` lives for ever. The zygote ends, with all workers, when this process does. */
int worker_init(const struct worker_job *jobs, size_t n_jobs, struct error *err) _must_check_;
/* Ends the zygote and every worker; a later worker_spawn() fails. For orderly ends and tests. */
void worker_shutdown(void);

/* In a process that was forked from one which had called worker_init(): its zygote stays its own, and this one may start another. */
void worker_forget(void);

struct worker; /* not to be used by two threads at once; different ones may be */

int worker_spawn(const char *job, struct str argument, const int *fds, size_t n_fds,
                 const struct worker_limits *limits, struct worker **ret, struct error *err) _must_check_;
/* For worker_poll(): readable when a frame (or the end) is there, writable when worker_send() would not block long. */
int worker_channel(const struct worker *worker);
/* Waits a while for `events` on `fd` (the channel, or another that the worker works on). Returns 0 whether they came or
 * not: try again and see. */
int worker_poll(struct worker *worker, int fd, short events, struct error *err) _must_check_;
/* `fd` is passed along if not negative (and stays the caller's). -EPIPE: the worker takes no more; worker_wait() tells
 * why. */
int worker_send(struct worker *worker, uint32_t type, struct str payload, int fd, struct error *err) _must_check_;
/* No more frames from this side. */
void worker_send_end(struct worker *worker);
/* 1 a frame (payload borrowed until the next receive), 0 the worker will send no more. Descriptors that come are closed. */
int worker_receive(struct worker *worker, struct worker_frame *ret, struct error *err) _must_check_;
void worker_kill(struct worker *worker);
/* It was refused a system call, though it goes on; how it ended tells which. */
bool worker_was_refused(const struct worker *worker);

/* How it ended. */
struct worker_end {
        int code;                  /* what the job returned; -EPROTO if it died or spoke nonsense; -E2BIG: out of CPU time */
        int signal;                /* that killed it, 0 if none */
        char refused[128];         /* system calls that were refused, by name, comma-separated; "" if none */
};
/* Waits for the end, when all frames that it may send were received. Returns 0 if the job returned 0; else a negative errno with the job's own message, or for a
 * death one like "the worker 'layer' was killed by SIGSEGV". `ret` (may be NULL) is filled in both cases. Afterwards no
 * process holds the descriptors that the worker was given, so that what it wrote no longer changes. */
int worker_wait(struct worker *worker, struct worker_end *ret, struct error *err) _must_check_;
/* Kills it and tells how it ended: the way out when it spoke nonsense or its work is no longer wanted. */
void worker_stop(struct worker *worker, struct worker_end *ret);
struct worker *worker_free(struct worker *worker); /* kills and reaps one that still runs */
DEFINE_FREEP(struct worker, worker_free)

/* What confines workers here. */
struct worker_features {
        bool seccomp;
        const char *missing;  /* what this kernel lacks, without which no worker runs its job: a sentence, or NULL */
        int landlock_abi;     /* 0: this kernel has no Landlock, seccomp alone confines */
        const char *weakness; /* what Landlock does not do here and seccomp does alone: a sentence, or NULL */
};
void worker_features(struct worker_features *ret);

#endif
