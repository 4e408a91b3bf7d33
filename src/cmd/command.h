/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one table of commands and options. The parser, `--help`, the man pages and the shells' completions are all made
 * from it; tests hold them together.
 */
#ifndef TALLYMAN_CMD_COMMAND_H
#define TALLYMAN_CMD_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"

/* The exit status of every command; the first that applies. */
enum exit_status {
        EXIT_STATUS_DONE = 0,
        EXIT_STATUS_FINDINGS = 1,   /* at or above --fail-on, or a gate of the policy is reached */
        EXIT_STATUS_FAILED = 2,     /* could not do what was asked */
        EXIT_STATUS_INCOMPLETE = 3, /* done, but something could not be read */
};

/* Where in the life cycle of a container a command is used. */
enum command_group {
        GROUP_INITIATION,
        GROUP_DESIGN,
        GROUP_IMPLEMENTATION,
        GROUP_OPERATION,
        GROUP_GENERAL,
        GROUP_MAX,
};

const char *command_group_title(enum command_group group);

#define NEEDS_WORKERS (1u << 0) /* scan_init() before anything else */

struct option_spec {
        const char *name;           /* long, without dashes; NULL ends a list */
        char short_name;            /* 0: none */
        const char *placeholder;    /* NULL: takes no value */
        const char *help;           /* whole sentences */
        const char *const *choices; /* the values there are, ended by NULL; NULL: any */
        bool repeatable;            /* each counts; else the last one does */
};

struct help_item {
        const char *term; /* NULL ends a list */
        const char *text;
};

struct operand_spec {
        const char *name; /* NULL: the command takes none */
        const char *help;
        const char *const *choices;
        unsigned min, max;
};

struct arguments;

struct command {
        const char *name; /* one or two words;  */
        enum command_group group;
        const char *summary;     /* one line, no full stop */
        const char *synopsis;    /* what follows the name */
        const char *description; /* paragraphs, an empty line between them */
        const char *terms_title; /* of `terms`; NULL: there are none */
        const struct help_item *terms;
        const struct option_spec *options; /* may be NULL */
        struct operand_spec operand;
        const struct help_item *examples; /* command line, what it does; may be NULL */
        unsigned needs;
        /* An exit status, or a negative errno with a message (then the status is 2). */
        int (*run)(const struct arguments *args, struct error *err);
};

extern const struct command *const commands[]; /* ended by NULL */
#define FOR_EACH_COMMAND(c) for (const struct command *const *c##_at = commands, *c = *c##_at; c; c = *++c##_at)
extern const struct option_spec global_options[];
extern const struct help_item exit_statuses[];

/* NULL: there is none of this name. */
const struct command *command_find(const char *name);

/* ---- options.c ---- */

struct option_value {
        const struct option_spec *spec;
        const char *value; /* NULL where none is taken */
};

/* Strings are borrowed from argv. */
struct arguments {
        const struct command *command; /* NULL: none was named */
        const char *topic;             /* "cache" of "tallyman cache --help"; else NULL */
        struct option_value *options;
        size_t n_options, cap_options;
        const char **operands;
        size_t n_operands, cap_operands;
};

/* -EINVAL with one clear line. What was parsed up to there stays in `args` (so that --log-format counts at once). */
int arguments_parse(int argc, char *const *argv, struct arguments *args, struct error *err) _must_check_;
void arguments_done(struct arguments *args); /* also the _cleanup_ form */
bool arguments_has(const struct arguments *args, const char *option);
/* The values of one that may be repeated, in order: `*at` starts at 0. NULL: no more. */
const char *arguments_next(const struct arguments *args, const char *option, size_t *at);
const char *arguments_get(const struct arguments *args, const char *option); /* the last value, NULL if not given */

/* "512", "64K": whole numbers with K, M, G or T (powers of 1024). -EINVAL. */
int parse_size(const char *text, uint64_t *ret, struct error *err) _must_check_;
/* "90s", "12h", "30d", "2w" in seconds. -EINVAL. */
int parse_age(const char *text, uint64_t *ret, struct error *err) _must_check_;

/* ---- help.c, man.c, completion.c: texts made from the table ---- */

void help_overview(unsigned width, struct buf *out);
void help_command(const struct command *command, unsigned width, struct buf *out);
/* Commands whose first word is `topic`. */
void help_topic(const char *topic, unsigned width, struct buf *out);
/* The page of one command; of the program itself with NULL. */
void man_page(const struct command *command, struct buf *out);
int completion_script(const char *shell, struct buf *out, struct error *err) _must_check_;

/* ---- commands ---- */

extern const struct command command_scan, command_sbom, command_policy_check, command_rules_bundle, command_rules_check,
        command_rules_explain, command_rules_fields, command_rules_list, command_rules_test, command_watch,
        command_key_generate, command_key_show, command_key_sign, command_key_verify, command_replay,
        command_events, command_containers, command_cache_prune, command_db_update, command_db_status,
        command_db_show, command_db_export, command_db_import, command_db_compare, command_version,
        command_help, command_completion;

/* Everything in `text` to standard output. */
int print_text(const struct buf *text, struct error *err) _must_check_;
unsigned help_width(void);

#endif
