/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rule language: rule files in, an immutable set of rules out; compiled for a source, matched against its facts. No I/O.
 * Falco's keys mean what they mean there; our own (`applies`, `remediation`, `references`, `controls`) are extra keys, so
 * that files stay loadable elsewhere.
 */
#ifndef TALLYMAN_RULES_RULES_H
#define TALLYMAN_RULES_RULES_H

#include "base/error.h"
#include "base/mem.h"
#include "model/field.h"
#include "rules/ast.h"

#define RULES_ENGINE_VERSION "0.63.0" /* of the language that files may require */

/* ---- loading (rules/load.c, override.c, exceptions.c, expand.c) ---- */

struct rule_file {
        const char *name;
        struct str text;
        bool is_untrusted; /* from others: parsed all the same, its limits are tighter */
        const char *why_unread; /* it could not be read, and is left out; NULL: `text` is what it holds */
        bool is_ours;      /* part of this program: its YAML is parsed in place whatever the options say */
};

enum rule_priority {
        PRIORITY_EMERGENCY, PRIORITY_ALERT, PRIORITY_CRITICAL, PRIORITY_ERROR, PRIORITY_WARNING, PRIORITY_NOTICE,
        PRIORITY_INFORMATIONAL, PRIORITY_DEBUG,
};
const char *rule_priority_name(enum rule_priority priority); /* "Emergency" … */

enum rule_state {
        RULE_READY,          /* loaded, and every field it needs is filled; `reason`, if any, names kinds of events
                              * among those it asks for that nothing emits: of these it sees nothing */
        RULE_NOT_EVALUABLE,  /* loaded, but `reason` names what nothing fills */
        RULE_DISABLED,       /* enabled: false */
        RULE_SKIPPED,        /* its source is unknown, or skip-if-unknown-filter applies; `reason` says which */
};

struct rule {
        struct str name, desc, output, source_name;
        const struct fact_source *source; /* NULL: unknown */
        enum rule_priority priority;
        const struct str *tags;
        uint32_t n_tags;
        const struct ast *condition; /* macros expanded, exceptions applied; NULL: of an unknown source, unreadable */
        const struct ast *applies;   /* NULL: always */
        enum rule_state state;
        struct str reason;
        struct str remediation, owner;
        const struct str *references, *controls;
        uint32_t n_references, n_controls;
        const char *file;
        struct place place;
        uint32_t index; /* in load order */
        bool capture;              /* Falco's: record what follows, for so many milliseconds (0: the default) */
        uint32_t capture_duration;
};

struct rule_message {
        bool is_error; /* its file was left out; else a warning */
        bool is_note;  /* a warning of little weight (an unused list): for who asks for all */
        const char *file; /* "": of no file */
        struct place place;
        const char *text; /* says what was expected, and the nearest name where one was misspelt */
};

struct rule_set;
struct yaml_parser;

struct rules_options {
        const struct fact_source *const *sources; /* ended by NULL */
        bool strict;                              /* an error in one file fails the whole load */
        const struct yaml_parser *yaml;           /* parses files that are not ours; NULL: yaml_parse(), in place */
        /* Asked of each rule of a known source whose fields were all found: what only compiling can tell (types,
         * regular expressions). 0, or -EBADMSG and the place: an error of the file. NULL: no more is asked. */
        int (*check)(const struct fact_source *source, const struct ast *condition, struct place *ret_place,
                     struct error *err);
};

/*
 * Loads files in order. An error in one does not stop the others unless `strict` (-EBADMSG, the first error in `err`, as
 * Falco does): the file is left out as a whole, since half of a file may mean something else than all of it. Where files
 * change each other's rules the blame is the last one's: without it, those before it load. All messages are kept in the
 * set, in the order of files and places. Names and texts are copied; `sources` must last as long as the set.
 */
int rules_load(const struct rule_file *files, size_t n_files, const struct rules_options *options, struct rule_set **ret,
               struct error *err) _must_check_;
struct rule_set *rule_set_free(struct rule_set *set);
DEFINE_FREEP(struct rule_set, rule_set_free)
uint32_t rule_set_count(const struct rule_set *set);
const struct rule *rule_set_get(const struct rule_set *set, uint32_t i);
const struct rule *rule_set_find(const struct rule_set *set, struct str name);
bool rule_set_has_file(const struct rule_set *set, size_t i); /* false: it was left out */
size_t rule_set_messages(const struct rule_set *set, const struct rule_message **ret);

/* ---- compiling and matching (rules/compile*.c, match.c, output.c) ---- */

/* What only compiling can tell of a condition: do operators and values fit the types of fields, can a regular expression be
 * compiled? Macros must have been replaced. 0, or -EBADMSG and the place. */
int rule_condition_check(const struct fact_source *source, const struct ast *condition, struct place *ret_place,
                         struct error *err) _must_check_;

enum truth {
        TRUTH_FALSE,
        TRUTH_TRUE,
        TRUTH_UNKNOWN, /* only in sources of three-valued logic */
};

enum rule_matching {
        MATCHING_FIRST, /* per kind of event in load order, what follows the first match is not tried (Falco's default) */
        MATCHING_ALL,
};

/* Immutable, shared by threads. */
struct rule_program;

/* Compiles the ready rules of one source. Regular expressions are compiled here, in linear-time form. In sources of
 * three-valued logic all rules are tried, whatever `matching` says. `set` and `source` must last as long as the program. A
 * condition that rule_condition_check() would not pass is an error that names the rule; of an output, what names no field is
 * printed as it stands. */
int rule_program_new(const struct rule_set *set, const struct fact_source *source, enum rule_matching matching,
                     struct rule_program **ret, struct error *err) _must_check_;
struct rule_program *rule_program_free(struct rule_program *program);
DEFINE_FREEP(struct rule_program, rule_program_free)
/* Kinds of events that some rule wants: a bit each, (n_events + 63) / 64 words. */
const uint64_t *rule_program_events(const struct rule_program *program);

/* What is known of a rule before any fact. */
struct rule_outlook {
        const uint64_t *kinds; /* of events that it may match, a bit each as above; of a source without kinds one bit */
        bool any_kind;         /* it may match every kind there is: it is tried on all of them, which is slow */
        bool never, always;    /* whatever the fact is */
};
/* NULL: the rule is not in this program. */
const struct rule_outlook *rule_program_outlook(const struct rule_program *program, const struct rule *rule);

/* A thread's own room. */
struct rule_scratch;

int rule_scratch_new(const struct rule_program *program, struct rule_scratch **ret, struct error *err) _must_check_;
struct rule_scratch *rule_scratch_free(struct rule_scratch *scratch);
DEFINE_FREEP(struct rule_scratch, rule_scratch_free)

struct rule_verdict {
        const struct rule *rule;
        enum truth truth;   /* TRUE: it matched; UNKNOWN: could not be decided */
        bool applicable;    /* false: `applies` was false (truth is FALSE) */
};

/* Tries the rules that want this fact. `each` is called for every verdict but (applicable, FALSE), and also for those if
 * `all_verdicts`. No allocation, no lock, no system call. Returns the number of matches. */
unsigned rule_program_match(const struct rule_program *program, struct rule_scratch *scratch, const struct fact *fact,
                            bool all_verdicts, void (*each)(void *ctx, const struct rule_verdict *verdict), void *ctx);

/*
 * Appends the rule's output with its %fields filled from the fact. Absent and unknown are "<NA>". "%proc.name",
 * "%proc.aname[2]", "%toupper(proc.name)", "%10proc.name" (cut or filled to ten characters), "%%" for a percent sign; a "*"
 * at the start (print though a field is absent) is what is always done. May be called inside `each`.
 */
void rule_output(const struct rule_program *program, struct rule_scratch *scratch, const struct rule *rule,
                 const struct fact *fact, struct buf *out);
/* The same values one by one, in the order of the output: `name` as it was written after the "%". */
void rule_output_fields(const struct rule_program *program, struct rule_scratch *scratch, const struct rule *rule,
                        const struct fact *fact, void (*each)(void *ctx, struct str name, const struct value *value),
                        void *ctx);

#endif
