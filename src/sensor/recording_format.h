/* SPDX-License-Identifier: Apache-2.0 */
/* Private to the room: frames of a recording (sensor/recording.h has the format). */
#ifndef TALLYMAN_SENSOR_RECORDING_FORMAT_H
#define TALLYMAN_SENSOR_RECORDING_FORMAT_H

#include "base/hash.h"
#include "base/wire.h"
#include "sensor/recording.h"

#define RECORDING_MAGIC "TALLYEVT"
#define RECORDING_VERSION 1
#define RECORDING_ORDER 0x01020304u
#define RECORDING_HOSTNAME_MAX 255
#define RECORDING_EVENT 0 /* type of frames that hold an event */
#define RECORDING_FRAME_HEAD 16
#define RECORDING_FRAME_TAIL 8
#define RECORDING_EVENT_MAX (sizeof(struct sensor_header) + SENSOR_DATA_MAX + SENSOR_TEXT_MAX)

struct recording_reader {
        int fd; /* borrowed */
        uint64_t at;           /* bytes of the file that were taken, whole frames only */
        char *room;            /* aligned for events */
        size_t used, cap;      /* of `room`: bytes that were read; */
        size_t taken;          /* of these taken */
        bool ended, cut;
        struct str hostname;
        char hostname_text[RECORDING_HOSTNAME_MAX + 1];
};
struct recording_frame {
        uint32_t type;
        int64_t clock;
        struct str payload; /* aligned to 8; borrowed until the next call */
};

/* Reads the header. */
int recording_reader_init(struct recording_reader *reader, int fd, struct error *err) _must_check_;
/* 1: a frame; 0: the end, or a frame that was cut short there (reader->cut); -EBADMSG: damaged. */
int recording_reader_next(struct recording_reader *reader, struct recording_frame *ret, struct error *err) _must_check_;
void recording_reader_done(struct recording_reader *reader);

#endif
