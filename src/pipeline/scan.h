/* SPDX-License-Identifier: Apache-2.0 */
/* The scan: the one place that joins an image's layers, files, packages and findings. */
#ifndef TALLYMAN_PIPELINE_SCAN_H
#define TALLYMAN_PIPELINE_SCAN_H

#include <stdbool.h>

#include "base/error.h"
#include "base/worker.h"
#include "model/finding.h"
#include "model/image.h"
#include "model/limits.h"
#include "model/package.h"
#include "model/problem.h"
#include "oci/image_index.h"

struct db;
struct rule_set;
struct source_directories;
struct vulnerability_fact;

enum check_state {
        CHECK_DONE,
        CHECK_NO_DATA,
        CHECK_STALE,
        CHECK_UNSUPPORTED,
        CHECK_NOT_ASKED,
};

const char *check_state_name(enum check_state state); /* "done", "no-data", "stale", "unsupported", "not-asked" */

struct scan_check {
        const char *kind; /* "integrity", "distribution", "packages", "vulnerabilities" … */
        enum check_state state;
        const char *why; /* NULL where there is nothing to add */
};

#define SCAN_CHECKS_MAX 16

/* A package as the image has it. */
struct scan_package {
        struct package package;
        struct str purl;
        struct str path;     /* the evidence: canonical path of the database or file */
        uint32_t layer;      /* the layer that brought this version of it */
        struct str owned_by; /* purl of the distribution's package that ships `path`; empty if none */
};

struct scan_options {
        const char *target; /* see oci/source.h; or container:NAME, of one that runs (engine/engine.h) */
        const struct source_directories *directories; /* not NULL: these instead of `target` */
        bool inventory_only; /* no rules and no verdicts */
        const int *index_output; /* not NULL: an empty file, read and write, that the merged view is written to; it is not kept else */
        const char *platform; /* NULL: this machine's */
        bool use_cache;
        bool owners; /* fill scan_result.owners */
        struct scan_limits limits;
        uint64_t max_db_age; /* seconds; older data make the check of vulnerabilities stale; 0: any age will do */
        const struct rule_set *rules; /* loaded with judge_sources; NULL: the stock rules */
};

/* All owned by the result. */
struct scan_result {
        struct source *source;
        struct image *image; /* borrowed from source */
        struct arena *arena;
        bool complete;
        struct scan_check checks[SCAN_CHECKS_MAX];
        size_t n_checks;
        bool has_distribution;
        struct distribution distribution;
        struct scan_package *packages; /* sorted by type, name, version, arch, path */
        size_t n_packages;
        struct image_index *index;
        uint32_t *owners; /* if asked for: package index + 1 for each file of `index`, 0 for none */
        struct db *db; /* NULL: there is none */
        const struct vulnerability_fact *vulnerabilities;
        size_t n_vulnerabilities;
        enum check_state vulnerability_check; /* how far they are known … */
        const char *vulnerability_why;        /* … NULL: there is nothing to add */
        struct finding_list findings;
        const char *policy; /* the file whose decisions stand in the findings; NULL: none */
        struct problem_list problems;
};

/* Negative only where the request could not be carried out at all (exit status 2). */
int scan_run(const struct scan_options *options, struct scan_result **ret, struct error *err) _must_check_;
struct scan_result *scan_result_free(struct scan_result *result);
DEFINE_FREEP(struct scan_result, scan_result_free)

/* Every worker job and detector a scan needs; call before anything else in main(). */
int scan_init(struct error *err) _must_check_;
/* The same in a process that was forked from one which had called it: starts workers of its own. */
int scan_init_forked(struct error *err) _must_check_;
/* Part of the key of whatever is kept of what a scan found. */
const char *scan_version(void);

#endif
