/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the loader. Files are read into items, one an entry (read*.c); then, as often as a file turns out to have to
 * be left out, a pass goes over the items of those that remain: definitions are collected (collect.c), lists and macros
 * put in (lists.c, exceptions.c, expand.c), fields and events looked at (check.c, events.c, shadow.c).
 */
#ifndef TALLYMAN_RULES_LOAD_H
#define TALLYMAN_RULES_LOAD_H

#include "base/names.h"
#include "base/nearest.h"
#include "base/yaml.h"
#include "rules/limits.h"
#include "rules/rules.h"
#include "rules/text.h"

/* ---- what stands in files ---- */

enum item_key {
        KEY_ITEMS, /* of a list */
        KEY_CONDITION,
        KEY_OUTPUT,
        KEY_DESC,
        KEY_PRIORITY,
        KEY_SOURCE,
        KEY_ENABLED,
        KEY_TAGS,
        KEY_EXCEPTIONS,
        KEY_CAPTURE,
        KEY_CAPTURE_DURATION,
        KEY_WARN_EVTTYPES,
        KEY_SKIP_UNKNOWN,
        KEY_APPLIES,
        KEY_REMEDIATION,
        KEY_REFERENCES,
        KEY_CONTROLS,
        KEY_OWNER,
        ITEM_KEYS,
};
#define KEY_BIT(key) (1u << (key))

enum item_kind {
        ITEM_LIST,
        ITEM_MACRO,
        ITEM_RULE,
        ITEM_KINDS,
};
extern const char *const item_kind_names[ITEM_KINDS]; /* "list" … */

/* YAML nodes that say one thing together: what was appended follows what it was appended to. */
struct part {
        const struct yaml_node *node;
        uint32_t file;
        struct part *next;
};
struct parts {
        struct part *first, *last;
};

struct exception {
        struct str name;
        struct place place;
        const struct yaml_node *fields, *comps; /* NULL: not given */
        struct parts values;                    /* sequences */
        struct exception *next;
};

/* The files, from the first to the last, that together made something what it is. Of one that turns out to be wrong the
 * last is to blame, since without it those before it load. Where there are several, others that were blamed may be
 * right without it. */
struct blame {
        uint32_t first, last; /* 0: none */
};

static inline struct blame blame_file(uint32_t file)
{
        return (struct blame){ file, file };
}
static inline struct blame blame_join(struct blame a, struct blame b)
{
        if (!a.first || !b.first)
                return a.first ? a : b;
        return (struct blame){ MIN_OF(a.first, b.first), MAX_OF(a.last, b.last) };
}

/* How an item changes what was before it. */
enum item_mode {
        MODE_DEFINE,
        MODE_CHANGE, /* the keys in `append` and `replace` */
};

struct item {
        enum item_kind kind;
        enum item_mode mode;
        struct str name;
        struct place place;
        const struct yaml_node *values[ITEM_KEYS]; /* NULL: not given */
        uint32_t append, replace;                  /* bits of keys */
        struct exception *exceptions;
};

/* A list, macro or rule, as the files read so far made it. */
struct definition {
        struct str name; /* first: see base/names.h */
        enum item_kind kind;
        struct place place;
        uint32_t index;      /* of its first definition, among all items */
        uint32_t visibility; /* of its last change: macros and lists before it may be named in it */
        struct blame files;  /* that made its items, or its condition with its exceptions */
        struct parts values[ITEM_KEYS];
        struct exception *exceptions;
        bool used;

        /* LIST: with the lists in it */
        struct str *items;
        size_t n_items;
        enum { DEFINITION_NEW, DEFINITION_OPEN, DEFINITION_DONE, DEFINITION_FAILED } state;

        /* MACRO and RULE */
        const struct ast *tree;     /* as written, lists and exceptions put in; NULL: it could not be read */
        const struct ast *expanded; /* macros put in too */
        uint32_t height, nodes;     /* of `expanded` */
        struct blame macro_files;   /* that made the macros in it */

        /* RULE */
        struct definition *applies; /* a condition of its own, as of a rule of the same name; NULL: none */
        bool lenient;               /* its source is unknown: what is wrong with its condition is no error */
        const struct fact_source *source;
        bool enabled, warn_evttypes, skip_unknown;
        struct rule *rule;
};

/* ---- the loader ---- */

enum message_kind {
        MESSAGE_ERROR,
        MESSAGE_WARNING,
        MESSAGE_NOTE,
};

struct message {
        enum message_kind kind;
        uint32_t suspect; /* an ERROR that is one only if this is the file to be left out; 0: it is one */
        struct place place;
        const char *text;
};

int messages_compare(const void *a, const void *b); /* for qsort(): files, places, kinds */

struct messages {
        struct message *list; /* heap */
        size_t n, cap;
};

struct loaded_file {
        const struct rule_file *in;
        struct item *items; /* heap */
        size_t n_items, cap_items;
        bool left_out;
};

struct loader {
        const struct rules_options *options;
        struct loaded_file *files;
        size_t n_files;
        struct arena *texts;    /* lasts: what files say, errors */
        struct messages kept;   /* errors, and what reading files had to say */

        /* Of one pass: */
        struct arena *arena;    /* of the last pass: lasts */
        struct messages passing;
        struct definition **definitions[ITEM_KINDS]; /* heap; in load order */
        size_t n_definitions[ITEM_KINDS], cap_definitions[ITEM_KINDS];
        struct names names[ITEM_KINDS];
        uint32_t next_index;
        size_t n_list_items, n_text_bytes, n_tree_nodes, n_nodes, n_compared; /* see limits.h */
        struct blame list_files; /* that made the lists that were looked up */
        bool any_left_out;
        uint32_t suspect; /* the first of the files that were blamed together with others; 0: none */

        struct error *err; /* of what ends the whole load: memory, limits */
};

/* Messages. Reading files: kept. In a pass: warnings and notes are forgotten with it, errors are kept.
 * An error leaves out the last file of `blame` and returns -EBADMSG; out of memory is -ENOMEM. */
int say_error(struct loader *l, struct place place, struct blame blame, const char *fmt, ...) _printf_(4, 5);
/* At the end of a pass: leaves out the file that is suspected, unless others were left out for sure. */
int leave_out_suspect(struct loader *l);
int say_warning(struct loader *l, struct place place, const char *fmt, ...) _printf_(3, 4); /* 0 or -ENOMEM */
int say_note(struct loader *l, struct place place, const char *fmt, ...) _printf_(3, 4);
/* ", did you mean '…'?" or nothing. Static storage of the caller's, so that it fits into a message. */
struct did_you_mean {
        char text[200];
};
const char *did_you_mean(const struct nearest *nearest, struct did_you_mean *room);
/* True if `n` more names may be compared with one that is wrong (RULE_NAMES_COMPARED_MAX), which then counts. */
bool may_compare(struct loader *l, size_t n);
/* A name for a message: quoted for terminals, cut where it is endless. */
struct shown {
        char text[160];
};
const char *show(struct str name, struct shown *room);
#define SHOW(name) show((name), &(struct shown){ "" })

/* Errors of a file that it is right to go on after (the file is left out) are -EBADMSG; others end the load. */
static inline bool is_fatal(int r)
{
        return r < 0 && r != -EBADMSG;
}

static inline struct place place_of(const struct yaml_node *node, uint32_t file)
{
        return (struct place){ node->mark.line, node->mark.column, file };
}

/* read.c, read_item.c, read_exceptions.c */
int read_file(struct loader *l, uint32_t file);
int read_item(struct loader *l, uint32_t file, enum item_kind kind, const struct yaml_node *mapping);
int read_exceptions(struct loader *l, uint32_t file, bool changing, const struct yaml_node *node,
                    struct exception **ret);
bool read_bool(const struct yaml_node *node, bool *ret);           /* quoted or not, as Falco reads it */
bool read_priority(const struct yaml_node *node, enum rule_priority *ret);
bool read_u32(const struct yaml_node *node, uint32_t *ret);
int part_add(struct arena *arena, struct parts *parts, const struct yaml_node *node, uint32_t file); /* 0 or -ENOMEM */

/* rule.c: all of a rule. 0, -EBADMSG (said), or fatal. */
int load_rule(struct loader *l, struct definition *d, uint32_t index);

/* rule_set.c: takes over what the loader has in its arenas. */
struct rule_set *rule_set_new(void); /* NULL: out of memory */
int rule_set_fill(struct rule_set *set, struct loader *l);

/* collect.c: all that is fatal, else 0. */
int collect_file(struct loader *l, uint32_t file);
struct definition *definition_find(const struct loader *l, enum item_kind kind, struct str name);
void offer_definitions(struct loader *l, enum item_kind kind, struct nearest *nearest);

/* lists.c */
int flatten_lists(struct loader *l);
struct list_lookup list_lookup_of(struct loader *l);

/* exceptions.c */
int check_exception(struct loader *l, const struct exception *e, uint32_t file); /* fields and comps */
int check_exception_values(struct loader *l, const struct exception *e, struct blame blame);
void exceptions_add(struct text_builder *b, const struct exception *e);

/* expand.c: parses the condition of a macro or rule; puts macros in. 0, -EBADMSG (said), or fatal. */
int parse_definition(struct loader *l, struct definition *d);
int expand_definition(struct loader *l, struct definition *d);

/* check.c: fields, for a rule of a known source whose conditions are expanded. -ENOENT: a field is unknown, and the
 * rule is to be skipped for it (its reason says so). */
int check_rule(struct loader *l, struct definition *d);

/* events.c, shadow.c: what it is sure that a rule never does. They set states and reasons, and warn. */
int check_events(struct loader *l, struct definition *d);
int find_shadowed(struct loader *l);

#endif
