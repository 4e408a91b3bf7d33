/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside a rule program. Fields become slots (read at most once a fact), comparisons become checks (made at most once a
 * fact), conditions become steps: a check and where to go on, whether it holds or not. What several rules have in common is
 * one check too, which runs steps of its own.
 *
 * Unknown values: "not" is pushed down to the checks when steps are made, so that a condition is monotone in what its steps
 * ask. It is true if it is with every unknown taken as "does not hold", false if it is with every unknown taken as "holds",
 * and else unknown: which is what Kleene's tables say, without a third way out of each step.
 */
#ifndef TALLYMAN_RULES_PROGRAM_H
#define TALLYMAN_RULES_PROGRAM_H

#include "base/mem.h"
#include "base/pattern.h"
#include "model/field.h"
#include "rules/dictionary.h"
#include "rules/paths.h"
#include "rules/rules.h"

#define NONE UINT32_MAX

#define PROGRAM_STEPS_MAX (1u << 24)
#define SCRATCH_VALUES (512u << 10) /* bytes for what getters and transformers put together of one fact */

/* ---- slots: what is read ---- */

enum slot_kind {
        SLOT_FIELD,
        SLOT_CONSTANT,
        SLOT_TRANSFORM, /* of its inputs */
        SLOT_LIST,      /* its inputs as a list */
};

struct slot {
        enum slot_kind kind;
        enum value_type type;
        bool is_list;
        enum field_several several; /* NONE unless a field without its argument */
        const struct field *field;
        struct field_argument argument;
        struct value constant;
        enum rule_transformer transform;
        const uint32_t *inputs;
        uint32_t n_inputs;
        char option; /* of getopt: the one that is asked for, 0: all */
        struct dictionary *dictionary; /* the constants that it is compared with; NULL: none */
};

/* ---- checks: what is asked of them ---- */

struct constant {
        struct value value;
        struct network network;          /* of checks on networks */
        struct pattern_program *pattern; /* of regex */
        uint32_t id;                     /* in the slot's dictionary */
};

enum check_kind {
        CHECK_EXISTS,
        CHECK_COMPARE,
        CHECK_EVENT,     /* a bit for each kind of event */
        CHECK_CONDITION, /* steps of its own */
};

/* How a comparison with constants is made. */
enum check_way {
        WAY_EACH,     /* one constant after the other */
        WAY_ID,       /* the number of the value in the slot's dictionary is that of the constant */
        WAY_IDS,      /* … is among these, sorted */
        WAY_ID_BITS,  /* … has its bit here */
        WAY_NUMBERS,  /* binary search */
        WAY_PATHS,    /* pmatch */
        WAY_SLOT,     /* not with constants: val(field) */
};

struct check {
        enum check_kind kind;
        enum check_way way;
        enum rule_operator op;
        enum rule_modifier modifier;
        enum value_type type; /* of what is compared; STRING, NUMBER and ADDRESS stand for their classes */
        bool negated;         /* WAY_ID*, WAY_NUMBERS: it holds where the value is not among them */
        bool all;             /* of several values all must hold, else any */
        uint32_t left, right; /* slots; `right` NONE unless WAY_SLOT */
        const struct constant *constants;
        uint32_t n;
        union {
                const uint64_t *bits;      /* WAY_ID_BITS, CHECK_EVENT */
                const uint32_t *ids;
                const int64_t *numbers;
                const struct path_tree *paths;
                uint32_t steps;            /* CHECK_CONDITION: where they begin */
        };
};

/* ---- steps: how conditions are gone through ---- */

enum { STEP_TRUE, STEP_FALSE, STEP_FIRST }; /* the ends have no step of their own */

struct step {
        uint32_t check;
        bool negated; /* go to `then` if the check does not hold */
        uint32_t then, otherwise;
};

/* ---- rules ---- */

struct output_piece {
        struct str text; /* as it is, where `slot` is NONE */
        uint32_t slot;
        uint32_t width;  /* cut or filled to so many characters, 0: as it is */
        struct str name; /* of what is shown: "proc.aname[2]" */
};

struct compiled_rule {
        const struct rule *rule;
        uint32_t condition, applies; /* steps; `applies` STEP_TRUE: always */
        const struct output_piece *output;
        uint32_t n_output;
        struct rule_outlook outlook;
};

struct rule_program {
        struct arena *arena;
        const struct fact_source *source;
        enum rule_matching matching;
        struct slot *slots;
        struct check *checks;
        struct step *steps; /* from STEP_FIRST on */
        struct compiled_rule *rules;
        uint32_t n_slots, n_checks, n_steps, n_rules;
        uint32_t n_kinds;       /* of events; 1 where the source has none */
        uint32_t *by_kind;      /* rules that want it, in load order: those of kind k from starts[k] to starts[k + 1] */
        uint32_t *starts;
        uint64_t *wanted;       /* kinds that some rule wants */
        uint32_t *by_index;     /* from rule->index to `rules`, NONE: not of this program */
        uint32_t n_by_index;
        struct pattern_program **patterns;
        uint32_t n_patterns;
};

/* ---- a thread's room ---- */

struct slot_cache {
        uint32_t generation, id_generation; /* valid where they are the scratch's */
        uint32_t id;                        /* in the dictionary, NONE: no constant */
        struct value value;
};

struct rule_scratch {
        const struct rule_program *program;
        const struct fact *fact; /* while it is looked at */
        uint32_t generation;
        struct slot_cache *slots;
        uint32_t *checks; /* generation << 2 | truth */
        struct value_scratch values;
        struct pattern_scratch *patterns;
};

/* Of rules that come from no set; no two with the same index. */
int rule_program_of(const struct rule *const *rules, uint32_t n, const struct fact_source *source,
                    enum rule_matching matching, struct rule_program **ret, struct error *err) _must_check_;

/* NULL: it is not of this program. */
static inline const struct compiled_rule *program_rule(const struct rule_program *p, const struct rule *rule)
{
        uint32_t i = rule->index < p->n_by_index ? p->by_index[rule->index] : NONE;

        return i != NONE && p->rules[i].rule == rule ? &p->rules[i] : NULL;
}

/* match.c */
const struct value *slot_read(struct rule_scratch *s, uint32_t slot);
void scratch_begin(struct rule_scratch *s, const struct fact *fact);

/* transform.c: what a transformer makes of values. Absent or unknown inputs give the same. */
void transform_apply(const struct slot *slot, struct rule_scratch *s, struct value *ret);

/* operators.c: does it hold for one value that is there, or for two of them? */
bool operator_holds(const struct check *check, const struct value *value, uint32_t slot_id, struct rule_scratch *s);
bool operator_holds_between(const struct check *check, const struct value *left, const struct value *right);
/* One constant; the modifier does not count. */
bool constant_holds(const struct check *check, const struct constant *constant, const struct value *value,
                    struct pattern_scratch *patterns);
/* Binary search; may be asked while a program is compiled. */
bool constants_hold(const struct check *check, const struct value *value, struct pattern_scratch *patterns);

#endif
