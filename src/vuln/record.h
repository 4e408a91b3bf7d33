/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A record about one vulnerability, as OSV publishes it (https://ossf.github.io/osv-schema), reduced to what matching and
 * explaining need, in the compact form in which workers send it and the database keeps it. Whoever reads one trusts
 * nothing in it: everything is bounds-checked where it is read.
 *
 * Encoding: numbers are LEB128 of at most 64 bits, a text is its length and its bytes, a list is its count and its items.
 *   record    = u8 flags, id, modified, published, summary, list aliases, list upstream, list related, list severity,
 *               list reference, list affected
 *   affected  = size of what follows, ecosystem, name, module, note, u8 flags, list severity, list range, list version,
 *               list binary
 *   range     = u8 type, list event      event    = u8 kind, version
 *   severity  = u8 kind, source, text    binary   = name, version
 * Times are seconds since 1970.
 */
#ifndef TALLYMAN_VULN_RECORD_H
#define TALLYMAN_VULN_RECORD_H

#include "base/str.h"

/* An encoded record must fit into one frame of a worker. */
#define RECORD_BYTES_MAX (900u << 10)
#define RECORD_SUMMARY_MAX 200 /* bytes; longer ones are cut */
#define RECORD_REFERENCES_MAX 4
#define RECORD_LIST_MAX 65536  /* items of any list */

enum record_flag {
        RECORD_WITHDRAWN = 1,
        RECORD_LEFT_OUT = 2, /* not about security */
        RECORD_BAD = 4,      /* it could not be read: nothing but the identifier is known */
        RECORD_ODD_VERSION = 8,
        RECORD_ODD_RANGE = 16,
        RECORD_NO_RANGE = 32,
};
#define RECORD_NOT_MATCHED (RECORD_WITHDRAWN | RECORD_LEFT_OUT | RECORD_BAD)

enum affected_flag {
        AFFECTED_UNIMPORTANT = 1, /* the distribution calls it a non-issue here */
        AFFECTED_NO_FIX = 2,      /* will not be fixed: "won't fix", "ignored", "end of life" */
        AFFECTED_GUARDED = 4,     /* which versions are affected is told in words only, nothing can be compared */
};

enum severity_kind {
        SEVERITY_CVSS_V2 = 1,
        SEVERITY_CVSS_V3,
        SEVERITY_CVSS_V4,
        SEVERITY_WORD, /* "medium", as the source says it */
};

enum range_type { RANGE_SEMVER = 1, RANGE_ECOSYSTEM };
enum event_kind_osv { EVENT_INTRODUCED = 1, EVENT_FIXED, EVENT_LAST_AFFECTED, EVENT_LIMIT };

/* ---- reading: all borrowed from the encoded bytes ---- */

struct record_reader {
        const uint8_t *p, *end;
        bool bad; /* the first read beyond the end: from then on everything is zero or empty */
};

struct record_reader record_reader(struct str bytes);
uint64_t record_get_number(struct record_reader *r);
uint8_t record_get_u8(struct record_reader *r);
struct str record_get_text(struct record_reader *r);
/* A count of items of at least `min` bytes each; bad if they can not be in what is left. */
uint32_t record_get_count(struct record_reader *r, size_t min);

/* A list: its count, and a reader that stands at its first item. */
struct vuln_list {
        uint32_t n;
        struct record_reader reader;
};

struct vuln_record {
        uint8_t flags;
        struct str id;
        uint64_t modified, published;
        struct str summary;
        struct vuln_list aliases, upstream, related; /* of texts */
        struct vuln_list severities, references, affected;
};

struct vuln_severity {
        enum severity_kind kind;
        struct str source, text;
};

struct vuln_event {
        enum event_kind_osv kind;
        struct str version;
};

struct vuln_affected {
        struct str ecosystem, name; /* the ecosystem with its suffix */
        struct str module;          /* "nodejs:18" where only a module stream is meant */
        struct str note;            /* what the source says of a fix, or of the versions */
        uint8_t flags;
        struct vuln_list severities, ranges, versions, binaries;
};

/* Everything in it is read once; false: it is damaged. */
bool record_decode(struct str bytes, struct vuln_record *ret);
/* The same without a look at who is affected, which is most of a record: that is read, and checked, by who walks it. */
bool record_decode_head(struct str bytes, struct vuln_record *ret);
/* The parts that stand at `reader`; they leave it behind what they read. False: damaged. */
bool record_next_severity(struct record_reader *reader, struct vuln_severity *ret);
bool record_next_affected(struct record_reader *reader, struct vuln_affected *ret);
/* Gives the type, leaves the count of events in `ret_n` and `reader` at the first. */
bool record_next_range(struct record_reader *reader, enum range_type *ret, uint32_t *ret_n);
bool record_next_event(struct record_reader *reader, struct vuln_event *ret);

/* ---- writing ---- */

void record_put_number(struct buf *out, uint64_t v);
void record_put_text(struct buf *out, struct str s); /* cut at 64 KiB */
/* A whole record that says nothing but that there is one of this identifier. */
void record_put_stub(struct buf *out, struct str id, uint8_t flags);

#endif
