/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLYMAN_VULN_UPDATE_PRIVATE_H
#define TALLYMAN_VULN_UPDATE_PRIVATE_H

#include "vuln/db_build.h"
#include "vuln/feed.h"
#include "vuln/publisher.h"
#include "vuln/update.h"

/* A record that is known to be published: its identifier's hash, and when it was changed. */
struct listed {
        uint64_t hash, time;
};

struct listed_set {
        struct listed *items; /* sorted by hash */
        size_t n, cap;
};
int listed_add(struct listed_set *set, uint64_t hash, uint64_t time, struct error *err) _must_check_;
void listed_sort(struct listed_set *set);
const struct listed *listed_find(const struct listed_set *set, uint64_t hash);

/* What is to be done for one directory. */
struct plan {
        uint32_t directory;      /* in the new database */
        struct update_part *part;
        bool has_list;
        struct listed_set list;  /* as published */
        struct listed_set old;   /* as in the database at hand */
        char **changed;          /* identifiers; only where they are few */
        size_t n_changed, cap_changed;
        size_t changes;          /* all of them */
};

struct update {
        const struct update_options *options;
        struct update_report *report;
        int state, folder, downloads, lock;
        char *path;
        struct publisher *publisher;
        struct db *old; /* NULL: there is none */
        struct db_build *build;
        struct arena *arena; /* texts of the new contents */
        struct plan *plans;
        size_t n_plans;
        uint32_t new_of_old[DB_DIRECTORIES_MAX]; /* directories; UINT32_MAX: none */
        struct plan *plan_of[DB_DIRECTORIES_MAX]; /* by the new directory; NULL: it stays as it is */
};

void update_tell(struct update *u, const char *fmt, ...) _printf_(2, 3);
int update_plan(struct update *u, struct error *err) _must_check_;
void plan_done(struct plan *plan);
/* Old records that stay, then those that are new. */
int update_records(struct update *u, struct error *err) _must_check_;
int update_lists(struct update *u, struct error *err) _must_check_;

#endif
