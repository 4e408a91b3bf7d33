/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A worker that answers texts: one after the other is sent to it in pieces, with a question, and an answer comes back in
 * pieces, or why there is none. What an answer means is its decoder's to know, which trusts it no more than this does.
 */
#ifndef TALLYMAN_BASE_WORKER_TEXT_H
#define TALLYMAN_BASE_WORKER_TEXT_H

#include "base/worker.h"

/* ---- in the worker ---- */

/* The whole of a job: `answer` appends to `out`, or fails (-EBADMSG, -ENOTSUP, -E2BIG, -ENOMEM; others the parent takes for
 * nonsense), and is called again for the next text. `question` and `text` are borrowed for the call. */
int text_worker_serve(struct worker_io *io,
                      int (*answer)(struct str question, struct str text, struct buf *out, struct error *err),
                      struct error *err) _must_check_;

/* ---- in the parent ---- */

struct text_worker; /* not to be used by two threads at once */

/* `job` serves as above; `what` it parses ("documents") is told in errors and must last. The memory in `limits` is set. */
int text_worker_new(const struct worker_job *job, const char *what, const struct worker_limits *limits,
                    struct text_worker **ret, struct error *err) _must_check_;
struct text_worker *text_worker_free(struct text_worker *texts);
DEFINE_FREEP(struct text_worker, text_worker_free)

/* Appends the answer, of at most `max` bytes. -EBADMSG, -ENOTSUP, -E2BIG: what the worker said of the text, or that it takes
 * more than a worker may use; then the next can be asked unless it has ended. -EPROTO it died or spoke nonsense: it has
 * ended. Others as worker_send(). */
int text_worker_ask(struct text_worker *texts, struct str question, struct str text, size_t max, struct buf *answer,
                    struct error *err) _must_check_;
/* It was refused a system call; text_worker_end() tells which. */
bool text_worker_was_refused(const struct text_worker *texts);
/* Nothing can be asked any more. */
bool text_worker_has_ended(const struct text_worker *texts);
/* Ends it and tells how it ended. Negative if it went wrong only now. */
int text_worker_end(struct text_worker *texts, struct worker_end *ret, struct error *err) _must_check_;
/* Ends it at once, when an answer made no sense. */
void text_worker_stop(struct text_worker *texts);

/* ---- what passes between them ---- */

#define TEXT_FRAME_PIECE 1  /* of the text, or of the answer */
#define TEXT_FRAME_END 2    /* the question; or of the answer: nothing */
#define TEXT_FRAME_FAILED 3 /* u32: -errno, then the message */

/* In the parent: a frame of an answer. 1 once it is whole, 0 more comes, -EPROTO nonsense, or what the worker said; -ENOMEM
 * if that was it, which is no matter of the parent's memory. */
int text_worker_take_frame(const struct worker_frame *frame, const char *what, size_t max, struct buf *answer,
                           struct error *err) _must_check_;

#endif
