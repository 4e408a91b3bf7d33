/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "model/detector.h"
#include "model/path.h"

#define TABLE_SIZE 512 /* a power of two, several times the patterns there can be */
#define PATTERNS_MAX (TABLE_SIZE / 2)

/* A pattern that a hash look-up finds: by whole path, by directory, or by name. */
struct slot {
        const struct pattern *pattern;
        unsigned detector;
};

struct listed {
        const struct pattern *pattern;
        unsigned detector;
};

struct detector_set {
        const struct detector *detectors[64];
        unsigned n;
        struct slot table[TABLE_SIZE];
        unsigned n_table;
        struct listed *listed;
        size_t n_listed, listed_cap;
        struct buf version;
};

static uint32_t pattern_hash(enum pattern_kind kind, struct str text)
{
        uint32_t h = 2166136261u ^ (uint32_t)kind;

        for (size_t i = 0; i < text.n; i++)
                h = (h ^ (uint8_t)text.p[i]) * 16777619u;
        return h ^ (h >> 15);
}

static int add_pattern(struct detector_set *set, const struct pattern *pattern, unsigned detector, struct error *err)
{
        if (pattern->kind == PATTERN_SUFFIX || pattern->kind == PATTERN_EACH_BELOW || pattern->kind == PATTERN_HEAD) {
                if (mem_grow(&set->listed, &set->listed_cap, set->n_listed + 1, sizeof(*set->listed)) < 0)
                        return error_oom(err);
                set->listed[set->n_listed++] = (struct listed){ pattern, detector };
                return 0;
        }
        if (set->n_table == PATTERNS_MAX)
                return error_say(err, -E2BIG, "more than %d patterns of detectors", PATTERNS_MAX);
        for (uint32_t at = pattern_hash(pattern->kind, str_from(pattern->text));; at++) {
                struct slot *slot = &set->table[at % TABLE_SIZE];

                if (slot->pattern)
                        continue;
                *slot = (struct slot){ pattern, detector };
                set->n_table++;
                return 0;
        }
}

int detector_set_new(const struct detector *const *detectors, size_t n, struct detector_set **ret, struct error *err)
{
        _cleanup_(detector_set_freep) struct detector_set *set = calloc(1, sizeof(*set));

        if (!set)
                return error_oom(err);
        if (n > 64)
                return error_say(err, -E2BIG, "more than 64 detectors");
        for (size_t i = 0; i < n; i++) {
                set->detectors[set->n++] = detectors[i];
                buf_printf(&set->version, "%s%s=%u", i ? "," : "", detectors[i]->name, detectors[i]->version);
                for (uint32_t p = 0; p < detectors[i]->n_patterns; p++) {
                        int r = add_pattern(set, &detectors[i]->patterns[p], (unsigned)i, err);

                        if (r < 0)
                                return r;
                }
        }
        if (!buf_ok(&set->version))
                return error_oom(err);
        *ret = TAKE_PTR(set);
        return 0;
}

struct detector_set *detector_set_free(struct detector_set *set)
{
        if (set) {
                free(set->listed);
                buf_free(&set->version);
                free(set);
        }
        return NULL;
}

static uint64_t look_up(const struct detector_set *set, enum pattern_kind kind, struct str text, struct str name)
{
        uint64_t found = 0;

        for (uint32_t at = pattern_hash(kind, text);; at++) {
                const struct slot *slot = &set->table[at % TABLE_SIZE];

                if (!slot->pattern)
                        return found;
                if (slot->pattern->kind == kind && str_equals(text, slot->pattern->text) &&
                    (!slot->pattern->suffix || str_ends(name, slot->pattern->suffix)))
                        found |= 1ull << slot->detector;
        }
}

static bool matches_listed(const struct pattern *pattern, struct str path, struct str name)
{
        struct str parent;

        if (pattern->kind == PATTERN_HEAD)
                return false;
        if (pattern->kind == PATTERN_SUFFIX)
                return str_ends(name, pattern->text);
        parent = path_parent(path);
        return str_equals(name, pattern->suffix) && parent.n && str_equals(path_parent(parent), pattern->text);
}

static uint64_t second_look(const struct detector_set *set, struct str path, uint64_t found)
{
        for (uint64_t left = found; left; left &= left - 1) {
                const struct detector *detector = set->detectors[__builtin_ctzll(left)];

                if (detector->wants && !detector->wants(path))
                        found &= ~(left & -left);
        }
        return found;
}

uint64_t detector_set_match(const struct detector_set *set, struct str path)
{
        struct str name = path_name(path);
        uint64_t found = look_up(set, PATTERN_PATH, path, name) |
                         look_up(set, PATTERN_DIRECTORY, path_parent(path), name) |
                         look_up(set, PATTERN_NAME, name, name);

        for (size_t i = 0; i < set->n_listed; i++)
                if (matches_listed(set->listed[i].pattern, path, name))
                        found |= 1ull << set->listed[i].detector;
        return found ? second_look(set, path, found) : 0;
}

uint64_t detector_set_match_head(const struct detector_set *set, const void *head, size_t n)
{
        uint64_t found = 0;

        for (size_t i = 0; i < set->n_listed; i++)
                if (set->listed[i].pattern->kind == PATTERN_HEAD && n >= DETECTOR_HEAD &&
                    memcmp(head, set->listed[i].pattern->text, DETECTOR_HEAD) == 0)
                        found |= 1ull << set->listed[i].detector;
        return found;
}

const struct detector *detector_set_get(const struct detector_set *set, unsigned index)
{
        return set->detectors[index];
}

unsigned detector_set_count(const struct detector_set *set)
{
        return set->n;
}

const char *detector_set_version(const struct detector_set *set)
{
        return set->version.data ? set->version.data : "";
}
