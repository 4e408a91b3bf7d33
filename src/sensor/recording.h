/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recordings of raw events: append-only files that `watch --record` writes and `replay` reads.
 *
 *   file   = header, frame*
 *   header = magic (8 bytes), u32 version, u32 SENSOR_ABI_VERSION, u32 byte order mark, u32 length of the machine's
 *            name and the name, u32 CRC-32C of all before
 *   frame  = u32 size of the payload, u32 type, i64 clock, payload, zeroes up to a multiple of 8, u32 CRC-32C of all
 *            before in this frame, u32 0
 *
 * A frame of type 0 holds one event; other types are notes that the reader hands on unread. Integers are little-endian
 * in the file's own structure; events are in the byte order of the machine that wrote them, and one of another order is
 * refused. A file that ends within a frame (a crash, a full disk) is read up to there and said to be cut.
 */
#ifndef TALLYMAN_SENSOR_RECORDING_H
#define TALLYMAN_SENSOR_RECORDING_H

#include "sensor/sensor.h"

#define RECORDING_NOTE_MAX (1u << 20) /* bytes of one note */

struct recorder;

/* Starts a recording in `fd`, which is at its end and stays the caller's. Empty: the header is written; else it must be
 * a recording of this version, and frames are added after its last whole one. */
int recorder_new(int fd, struct str hostname, struct recorder **ret, struct error *err) _must_check_;
/* Adds a frame to what waits; it is written once there is enough of it, or by recorder_flush(). */
int recorder_event(struct recorder *recorder, const struct sensor_raw *raw, struct error *err) _must_check_;
int recorder_note(struct recorder *recorder, uint32_t type, struct str payload, struct error *err) _must_check_; /* type 0 is events */
int recorder_flush(struct recorder *recorder, struct error *err) _must_check_;
uint64_t recorder_size(const struct recorder *recorder); /* bytes of the file, with what waits */
struct recorder *recorder_free(struct recorder *recorder); /* does not flush */
DEFINE_FREEP(struct recorder, recorder_free)

/* Reads a recording from `fd` (any kind of file; owned from then on, also on error). -EBADMSG: it is none, or damaged where a
 * poll came to; the events before were handed out. */
int recording_open(int fd, struct sensor_source **ret, struct error *err) _must_check_;
/* True, once the end was reached, if the file ends within a frame. */
bool recording_was_cut(const struct sensor_source *recording);
struct str recording_hostname(const struct sensor_source *recording);

#endif
