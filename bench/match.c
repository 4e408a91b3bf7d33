/* SPDX-License-Identifier: Apache-2.0 */
/* match DATABASE [PACKAGES]: opening a database of vulnerabilities, then holding packages against it and weighing what is found.
 * The packages have names and versions of the database itself, so that each is a hit or nearly. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "vuln/match.h"
#include "vuln/weigh.h"

static double now(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static const char *type_of(struct str ecosystem)
{
        static const char *const types[] = { "npm", "pypi", "golang", "cargo", "maven", "gem", "composer", "nuget", "bitnami" };

        if (str_starts(ecosystem, "Debian:11"))
                return "deb";
        for (size_t i = 0; i < ELEMENTS_OF(types); i++)
                if (str_equals(ecosystem, match_ecosystem_of_type(str_from(types[i]))))
                        return types[i];
        return NULL;
}

static struct str some_version(const struct vuln_affected *a)
{
        struct record_reader reader = a->ranges.reader;
        struct vuln_event event = { 0 };
        enum range_type type;
        uint32_t n;

        if (a->ranges.n && record_next_range(&reader, &type, &n))
                while (n-- && record_next_event(&reader, &event))
                        ;
        return event.version.n ? event.version : STR_LIT("1");
}

/* Every so many of the names, spread over all ecosystems. */
static size_t pick(const struct db *db, struct package *packages, size_t most)
{
        size_t n = 0, entries = db_entries(db, DB_PACKAGES), names = 0;
        uint64_t last = 0;

        for (size_t i = 0; i < entries && n < most; i++) {
                struct db_entry entry;
                struct db_record place;
                struct record_reader reader;
                struct vuln_affected a;
                const char *type;

                if (!db_entry(db, DB_PACKAGES, i, &entry) || entry.key == last)
                        continue;
                last = entry.key;
                if (names++ % 3 || !db_record_at(db, entry.a, &place))
                        continue;
                reader = record_reader((struct str){ place.bytes.p + entry.b, place.bytes.n - entry.b });
                type = record_next_affected(&reader, &a) ? type_of(a.ecosystem) : NULL;
                if (type)
                        packages[n++] = (struct package){ .name = a.name, .version = some_version(&a), .type = str_from(type), .source_name = a.name };
        }
        return n;
}

int main(int argc, char **argv)
{
        const struct distribution debian = { .id = STR_LIT("debian"), .version_id = STR_LIT("11") };
        size_t most = argc > 2 ? (size_t)atol(argv[2]) : 1000, n, issues = 0;
        struct package *packages = calloc(most, sizeof(*packages));
        struct arena *arena = arena_new();
        struct match_distribution matched;
        struct error err = ERROR_INIT;
        struct rusage usage;
        struct db *db;
        double start, opened, begun;

        if (argc < 2 || !packages || !arena || hash_init(&err) < 0)
                return 2;
        start = now();
        if (db_open_file(open(argv[1], O_RDONLY | O_CLOEXEC), &db, &err) < 0) {
                fprintf(stderr, "%s\n", err.message);
                return 2;
        }
        opened = now() - start;
        n = pick(db, packages, most);
        db_free(db);
        start = now();
        if (db_open_file(open(argv[1], O_RDONLY | O_CLOEXEC), &db, &err) < 0)
                return 2;
        opened = MAX_OF(opened, now() - start);
        begun = now();
        match_distribution(db, &debian, &matched);
        for (size_t i = 0; i < n; i++) {
                struct match_found found;
                struct weighed weighed;

                if (match_package(db, &matched, &debian, &packages[i], arena, &found, &err) < 0)
                        return 2;
                for (uint32_t k = 0; k < found.n_issues; k++, issues++)
                        if (weigh_issue(db, &packages[i], &found.issues[k], arena, &weighed, &err) < 0)
                                return 2;
        }
        begun = now() - begun;
        getrusage(RUSAGE_SELF, &usage);
        printf("{\"open-ms\": %.2f, \"packages\": %zu, \"issues\": %zu, \"match-ms\": %.2f, \"peak-mb\": %.1f}\n", opened, n, issues, begun,
               (double)usage.ru_maxrss / 1024);
        return 0;
}
