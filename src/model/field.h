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
        int64_t index;                 /* INDEX; of a KEY that is a number (container.mount[0]) that number, else -1 */
        struct str key;                /* KEY, POINTER; borrowed */
};

/* How a field that gives several values when it is read without argument is compared. Operators on any other list see
 * the list itself (in: all of it, intersects: some of it). */
enum field_several {
        SEVERAL_NONE = 0,
        SEVERAL_ANY,    /* true if the operator holds for any of them: proc.aname */
        SEVERAL_EITHER, /* likewise, but "!=" only if it holds for all: fd.ip, which is both ends */
};

struct field {
        const char *name;
        enum value_type type;
        bool is_list;
        enum field_argument_kind argument; /* what may stand in [] */
        bool argument_required;
        bool by_suffix;       /* the argument may also be written as a last component: evt.arg.flags = evt.arg[flags] */
        enum field_several several;
        bool names_event;     /* it is the name of the kind of event: known when a rule is compiled, kind by kind */
        const char *constant; /* it always has this value: what is asked of it is decided when a rule is compiled */
        bool from_one;        /* a number that is always there and counts from 1: likewise where that decides it */
        const char *doc;      /* one sentence */
        const char *origin;   /* where its value comes from, for the documentation */
        /* Gives a value of `type`, or of the same class (strings and paths; numbers and times; addresses and networks).
         * NULL: the language knows this field, but nothing fills it yet; a rule that needs it is not evaluable. */
        void (*get)(const struct field *field, const struct fact *fact, const struct field_argument *argument,
                    struct value_scratch *scratch, struct value *ret);
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
        const struct event_kind *events; /* sorted by name; NULL: facts of this source have no kinds */
        uint32_t n_events;
        const char *event_field; /* the field that names the kind: "evt.type"; NULL without kinds */
};

/* By name ("proc.aname", "evt.arg.flags"); NULL there is none. `ret_suffix` is set where the name ends with the argument of a
 * field that allows it (by_suffix), else empty. */
const struct field *field_find(const struct fact_source *source, struct str name, struct str *ret_suffix);
/* The nearest name there is, for a message; NULL: none is near. */
const char *field_nearest(const struct fact_source *source, struct str name);

/* Parses what stands in [] (`given`), or that nothing does, as this field takes it. -EINVAL says what it would take. */
int field_argument_parse(const struct field *field, struct str text, bool given, struct field_argument *ret,
                         struct error *err) _must_check_;
/* All of it: "proc.aname[2]", "evt.arg.flags". -ENOENT names the nearest field, -EINVAL as above. `ret_argument` borrows
 * from `text`. */
int field_resolve(const struct fact_source *source, struct str text, const struct field **ret,
                  struct field_argument *ret_argument, struct error *err) _must_check_;

/* The index of a kind of event, -1: there is none of that name. */
int fact_source_event(const struct fact_source *source, struct str name);
/* The nearest kind there is, NULL: none is near. */
const char *fact_source_event_nearest(const struct fact_source *source, struct str name);

#endif
