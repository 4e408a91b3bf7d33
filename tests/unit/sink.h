/* SPDX-License-Identifier: Apache-2.0 */
/* A record sink that remembers, for tests of detectors. */
#ifndef TALLYMAN_TESTS_SINK_H
#define TALLYMAN_TESTS_SINK_H

#include "model/detector.h"

#define SINK_MAX 4096

struct sink_record {
        enum record_kind kind;
        struct str payload;
};

struct sink {
        struct arena *arena;
        struct sink_record records[SINK_MAX];
        size_t n, n_problems;
        char problem[512]; /* the last one */
};

static inline int sink_emit(void *ctx, enum record_kind kind, struct str payload, struct error *err)
{
        struct sink *s = ctx;

        if (s->n < SINK_MAX)
                s->records[s->n++] = (struct sink_record){
                        kind, { arena_string(s->arena, payload.p, payload.n), payload.n } };
        return 0;
}

static inline void sink_problem(void *ctx, const char *what)
{
        struct sink *s = ctx;

        s->n_problems++;
        snprintf(s->problem, sizeof(s->problem), "%s", what);
}

static inline void sink_done(struct sink *s)
{
        arena_free(s->arena);
}

/* Runs `detector` on `text` as the file `path`. */
static inline int sink_run(struct sink *s, const struct detector *detector, const char *path, struct str text,
                           struct error *err)
{
        struct file_entry entry = { .path = str_from(path), .type = FILE_REGULAR, .size = text.n };
        struct record_sink sink = { sink_emit, sink_problem, s };
        struct content content;
        struct detector_file file = { &entry, &content };

        s->arena = arena_new();
        content_from_memory(&content, text.p, text.n);
        return detector->read(&file, &sink, err);
}

static inline struct package sink_package(struct sink *s, size_t i)
{
        struct wire_reader r = wire_reader(s->records[i].payload.p, s->records[i].payload.n);
        struct package p = { 0 };

        if (i >= s->n || s->records[i].kind != RECORD_PACKAGE || package_decode(&r, s->arena, &p) < 0)
                return (struct package){ 0 };
        return p;
}

#endif
