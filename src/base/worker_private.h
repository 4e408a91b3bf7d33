/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to base/: what the three parts of a worker's life share. worker_channel.c carries frames, worker_zygote.c is the
 * process that forks workers and the workers themselves, worker.c is the parent's side.
 * A worker may run code of an attacker's: the parent takes nothing that comes over a channel for true.
 */
#ifndef TALLYMAN_BASE_WORKER_PRIVATE_H
#define TALLYMAN_BASE_WORKER_PRIVATE_H

#include <sys/types.h>
#include <sys/uio.h>

#include "base/channel.h"
#include "base/sandbox.h"
#include "base/worker.h"

#define FRAME_END 0x80000000u /* the job's result: i32 code, message */
#define FIXED_FDS 3           /* channel, note, status: they go before the caller's */
#define FIRST_FD SANDBOX_CHANNEL /* where a worker's descriptors begin: channel, note, the caller's */

/* ---- worker_channel.c ---- */

/* `worker` NULL: this is the worker, which blocks; else the parent, which waits with worker_poll(). */
int frame_send(int channel, struct worker *worker, uint32_t type, struct str payload, int fd, struct error *err);
/* 1 a frame, 0 no more (also where the other process ended in the middle of one), -EPROTO no frame of ours. A descriptor
 * that comes goes to `fd`, or is closed where that is NULL. */
int frame_receive(int channel, struct worker *worker, struct buf *buf, struct worker_frame *ret, int *fd, struct error *err);

/* ---- worker_zygote.c ---- */

enum request_kind {
        REQUEST_SPAWN = 1,
        REQUEST_KILL,
};

/* To the zygote, with the argument behind it. It answers on the status pipe: a u32 pid, then, once it has reaped the
 * worker and so nobody holds its descriptors any more, a u32 wait status. */
struct request {
        uint32_t kind, job;
        uint64_t id;
        struct worker_limits limits;
        uint32_t argument_size;
};

/* Forks it. Its pid, or -errno. */
pid_t zygote_start(const struct worker_job *jobs, size_t n_jobs, int *ret_sock, struct error *err);

#endif
