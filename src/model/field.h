/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Facts, and the named, typed, documented ways to read them. One table a source: the rule compiler, `tallyman rules fields`,
 * the documentation and the output formats all read it (design.md, "One way through the house").
 */
#ifndef TALLYMAN_MODEL_FIELD_H
#define TALLYMAN_MODEL_FIELD_H

#include "base/error.h"
#include "model/value.h"

struct fact {
        const struct fact_source *source;
        uint32_t event;   /* index into source->events, 0 where the source has none */
        const void *data; /* what the source's getters read */
};

enum field_argument_kind {
        ARGUMENT_NONE = 0,
        ARGUMENT_INDEX, /* proc.aname[2] */
        ARGUMENT_KEY,   /* container.mount.dest[/etc], evt.arg.flags (text after the last dot) */
        ARGUMENT_POINTER, /* jevt.value[/a/b]: a JSON pointer, RFC 6901 */
};

/* Parsed once, when a rule is compiled. */
struct field_argument {
        enum field_argument_kind kind; /* NONE: none was given */
        int64_t index;
        struct str key;
};

struct field {
        const char *name;
        enum value_type type;
        bool is_list;
        enum field_argument_kind argument; /* what may stand in [] */
        bool argument_required;
        bool by_suffix;       /* the argument may also be written as a last component: evt.arg.flags = evt.arg[flags] */
        const char *doc;      /* one sentence */
        const char *origin;   /* where its value comes from, for the documentation */
        /* NULL: the language knows this field, but nothing fills it yet; a rule that needs it is not evaluable. */
        void (*get)(const struct fact *fact, const struct field_argument *argument, struct value_scratch *scratch,
                    struct value *ret);
        uint16_t id;          /* the source's own, for getters that serve several fields */
};

struct event_kind {
        const char *name; /* "execve" */
        bool filled;      /* something emits it */
};

/* Logic of a source. */
enum source_logic {
        LOGIC_NULL_IS_FALSE, /* Falco's: absent and unknown are false for every operator */
        LOGIC_THREE_VALUED,  /* unknown stays unknown: "could not look" never ends as a pass */
};

struct fact_source {
        const char *name;  /* "syscall" */
        const char *doc;
        enum source_logic logic;
        const struct field *fields; /* sorted by name */
        uint32_t n_fields;
        const struct event_kind *events; /* NULL: facts of this source have no kinds */
        uint32_t n_events;
        const char *event_field; /* the field that names the kind: "evt.type"; NULL without kinds */
};

/* By name ("proc.aname", "evt.arg.flags"); NULL there is none. `ret_suffix` is set where the name ends with the argument of a
 * field that allows it (by_suffix), else empty. */
const struct field *field_find(const struct fact_source *source, struct str name, struct str *ret_suffix);
/* The nearest name there is, for a message; NULL: none is near. */
const char *field_nearest(const struct fact_source *source, struct str name);

#endif
