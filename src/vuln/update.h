/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making the database: from a publisher in the layout of the public OSV bucket, and the lists KEV and EPSS. The first time an
 * ecosystem is read whole, later only what its list says has changed; the rest is taken from the database at hand. The new
 * one is written beside it and takes its place in one step: readers never wait, and an update that is killed or fails leaves the
 * old one. One update at a time.
 */
#ifndef TALLYMAN_VULN_UPDATE_H
#define TALLYMAN_VULN_UPDATE_H

#include "model/problem.h"
#include "vuln/db.h"

struct update_options {
        const char *from;              /* a URL or a directory; NULL: the public bucket */
        const char *kev, *epss;        /* URL or file; NULL: as below */
        const char *const *ecosystems; /* only these; the others stay as they are */
        size_t n_ecosystems;           /* 0: all that the publisher has and whose versions we can compare */
        void (*tell)(void *ctx, const char *what); /* what is being done; may be NULL */
        void *ctx;
};
/* KEV and EPSS without an option: from their public addresses where `from` is NULL; else from the files
 * kev/known_exploited_vulnerabilities.json and epss/epss_scores-current.csv.gz of the publisher, if it has them. */

enum update_how { UPDATE_UNCHANGED, UPDATE_CHANGES, UPDATE_WHOLE };

struct update_part {
        char name[72];
        enum update_how how;
        uint32_t records;        /* there are now */
        uint32_t read, removed;  /* records that were read, that are no more */
        uint32_t bad;            /* of those read */
};

struct update_report {
        struct update_part parts[DB_DIRECTORIES_MAX];
        size_t n_parts;
        bool kev, epss;              /* were read */
        struct problem_list problems; /* records and lines that could not be read */
        uint64_t records, bytes;     /* of the new database */
};

int db_update(const struct update_options *options, struct update_report *ret, struct error *err) _must_check_;
void update_report_done(struct update_report *report); /* also the _cleanup_ form */

/* A database that another machine exported takes the place of ours, once all of it was checked. */
int db_import(int fd, struct error *err) _must_check_;

#endif
