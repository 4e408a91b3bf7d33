/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events that last: what `watch --record` writes and `replay` reads, and the segments that the daemon keeps. Whole as it is
 * written: of a file that was cut off, all that stands before the cut can be read.
 *
 *   header: magic "TALLYLOG", u32 version, str host name, u64 time (nanoseconds since the epoch), the schema, u32 CRC-32C
 *   frames: u32 size of the payload, u8 type, payload, u32 CRC-32C of all before
 *
 * Processes, containers and kinds of events are written once, with a number, before the events that name it; a RESET forgets
 * all numbers, so that neither side's memory grows with the file.
 */
#ifndef TALLYMAN_STORE_EVENT_LOG_H
#define TALLYMAN_STORE_EVENT_LOG_H

#include "model/syscall_event.h"

#define EVENT_LOG_VERSION 1u
#define EVENT_LOG_FRAME_MAX (4u << 20)  /* bytes of a payload; an event beyond it is left out and counted */
#define EVENT_LOG_RESET_BYTES (16u << 20) /* written between one RESET and the next */
#define EVENT_LOG_NUMBERS_MAX 65536     /* of each sort, between RESETs */
#define EVENT_LOG_HOST_MAX 256

/* ---- writing ---- */

struct event_log_writer;

/* Writes the header. `fd` stays the caller's; `name` is for messages. */
int event_log_writer_new(int fd, const char *name, const char *hostname, struct event_log_writer **ret, struct error *err)
        _must_check_;
/* Goes on with a recording whose writer died: the same, without a header. `size` is that of the file. */
int event_log_writer_resume(int fd, const char *name, uint64_t size, struct event_log_writer **ret, struct error *err) _must_check_;
struct event_log_writer *event_log_writer_free(struct event_log_writer *writer); /* without a flush */
DEFINE_FREEP(struct event_log_writer, event_log_writer_free)
/* Adds an event with its process, all ancestors and its container. What is buffered is written now and then, and by flush. */
int event_log_write(struct event_log_writer *writer, const struct syscall_event *event, struct error *err) _must_check_;
int event_log_flush(struct event_log_writer *writer, struct error *err) _must_check_;
uint64_t event_log_size(const struct event_log_writer *writer); /* bytes so far, buffered ones included */
uint64_t event_log_left_out(const struct event_log_writer *writer); /* events that were too large */

/* ---- reading ---- */

struct event_log_reader;

/* `fd` (from its position) stays the caller's. -EBADMSG: it is no log of events; -ENOTSUP: of a later version. */
int event_log_reader_new(int fd, const char *name, struct event_log_reader **ret, struct error *err) _must_check_;
struct event_log_reader *event_log_reader_free(struct event_log_reader *reader);
DEFINE_FREEP(struct event_log_reader, event_log_reader_free)
const char *event_log_hostname(const struct event_log_reader *reader);
/* 1: an event, borrowed until the next call; 0: there are no more; -EBADMSG: what follows is damaged, with the offset. A last
 * frame that was not finished is no damage: event_log_was_cut(). */
int event_log_read(struct event_log_reader *reader, const struct syscall_event **ret, struct error *err) _must_check_;
bool event_log_was_cut(const struct event_log_reader *reader);

#endif
