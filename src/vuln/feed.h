/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading what publishers offer, in workers: archives of OSV records and single ones, the list of known exploited
 * vulnerabilities (CISA KEV, JSON) and EPSS scores (CSV, plain or gzip). One that can not be read is told, with the reason,
 * and the rest is read.
 */
#ifndef TALLYMAN_VULN_FEED_H
#define TALLYMAN_VULN_FEED_H

#include "base/worker.h"
#include "vuln/db_format.h"

#define FEED_ARCHIVE "osv-archive"
#define FEED_KEV "kev"
#define FEED_EPSS "epss"

#define FEED_KEV_MAX (64u << 20)      /* bytes of JSON */
#define FEED_EPSS_MAX (1ull << 30)    /* bytes, inflated */

struct feed_sink {
        /* `name` is what the record is published as, without ".json"; `bytes` the encoded record, or what is wrong with it. */
        int (*record)(void *ctx, struct str name, bool good, struct str bytes, struct error *err);
        int (*entry)(void *ctx, struct db_entry entry, struct error *err);
        /* The version or day that the list has for itself. */
        int (*label)(void *ctx, struct str text, struct error *err);
        /* Of a list: "line 12", what is wrong there. */
        int (*bad)(void *ctx, struct str where, struct str what, struct error *err);
        void *ctx;
};

/* Reads a whole file by one of the jobs above. -EBADMSG: the file as such is damaged; what came before went to the sink. */
int feed_file(const char *job, int fd, const struct feed_sink *sink, struct error *err) _must_check_;

/* Single records, one after the other. */
struct feed;

int feed_open(struct feed **ret, struct error *err) _must_check_;
int feed_record(struct feed *feed, struct str name, struct str json, const struct feed_sink *sink, struct error *err) _must_check_;
int feed_close(struct feed *feed, struct error *err) _must_check_; /* all was well until the end */
struct feed *feed_free(struct feed *feed);
DEFINE_FREEP(struct feed, feed_free)

extern const struct worker_job feed_archive_job, feed_records_job, feed_kev_job, feed_epss_job;

/* ---- what the workers do, for tests ---- */

#define FEED_FRAME_RECORDS 1 /* many: u8 good, name, bytes */
#define FEED_FRAME_ENTRIES 2 /* many: u64, u32, u32 */
#define FEED_FRAME_LABEL 3
#define FEED_FRAME_BAD 4     /* where, what */

struct feed_output {
        int (*frame)(void *ctx, uint32_t type, struct str payload, struct error *err);
        void *ctx;
        struct buf batch;
        uint32_t batch_type;
};

int feed_read_archive(int fd, struct feed_output *out, struct error *err) _must_check_;
int feed_read_record(struct str name, struct str json, struct feed_output *out, struct error *err) _must_check_;
int feed_read_kev(int fd, struct feed_output *out, struct error *err) _must_check_;
int feed_read_epss(int fd, struct feed_output *out, struct error *err) _must_check_;
int feed_flush(struct feed_output *out, struct error *err) _must_check_;

/* What came from a worker is checked: -EPROTO nonsense. */
int feed_take_frame(const struct worker_frame *frame, const struct feed_sink *sink, struct error *err) _must_check_;

#endif
