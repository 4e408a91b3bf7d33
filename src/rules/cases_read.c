/* SPDX-License-Identifier: Apache-2.0 */
/* A file of cases, from YAML. */
#include <errno.h>

#include "base/hijack.h"
#include "base/nearest.h"
#include "base/yaml_read.h"
#include "rules/cases.h"
#include "rules/limits.h"

struct reader {
        struct rule_cases *cases;
        const struct fact_source *const *sources;
        struct error *err;
};

#define SAY(r, node, ...) yaml_say((r)->cases->file, (node), (r)->err, __VA_ARGS__)

static int check_keys(struct reader *r, const struct yaml_node *node, const char *what, const char *const *keys, size_t n)
{
        return yaml_check_keys(r->cases->file, node, what, keys, n, r->err);
}

static int read_text(struct reader *r, const struct yaml_node *node, const char *what, struct str *ret)
{
        return yaml_read_text(r->cases->file, node, what, ret, r->err);
}

static int read_texts(struct reader *r, const struct yaml_node *node, const char *what, size_t max, struct str **ret, uint32_t *ret_n)
{
        return yaml_read_texts(r->cases->file, node, what, max, r->cases->arena, ret, ret_n, r->err);
}

static int read_verdict(struct reader *r, const struct yaml_node *node, struct case_expectation *e)
{
        static const char *const names[] = { [CASE_FAIL] = "fail", [CASE_UNDETERMINED] = "undetermined",
                                             [CASE_NOT_APPLICABLE] = "not-applicable" };

        for (size_t i = 0; i < ELEMENTS_OF(names); i++)
                if (node->kind == YAML_SCALAR && str_equals(node->text, names[i])) {
                        e->verdict = (int)i;
                        return 0;
                }
        return SAY(r, node, "a verdict is 'fail', 'undetermined' or 'not-applicable'");
}

static int read_expectation(struct reader *r, const struct yaml_node *node, struct case_expectation *e)
{
        static const char *const keys[] = { "rule", "verdict", "output" };
        const struct yaml_node *rule = node, *verdict = NULL, *output = NULL;
        int code;

        e->mark = node->mark;
        if (node->kind == YAML_MAPPING) {
                code = check_keys(r, node, "an expected finding", keys, ELEMENTS_OF(keys));
                if (code < 0)
                        return code;
                rule = yaml_get(node, "rule");
                verdict = yaml_get(node, "verdict");
                output = yaml_get(node, "output");
                if (!rule)
                        return SAY(r, node, "'rule' is missing: the name of the rule that should say something");
        }
        code = read_text(r, rule, "a rule's name", &e->rule);
        if (code == 0 && verdict)
                code = read_verdict(r, verdict, e);
        if (code == 0 && output)
                code = read_text(r, output, "'output'", &e->output);
        return code;
}

static int read_expected(struct reader *r, const struct yaml_node *node, struct rule_case *it)
{
        size_t n = node->kind == YAML_SEQUENCE ? node->n : 1;
        int code = 0;

        if (n > CASE_EXPECTED_MAX)
                return SAY(r, node, "more than %d expected findings", CASE_EXPECTED_MAX);
        it->expected = arena_alloc(r->cases->arena, (n + 1) * sizeof(*it->expected));
        if (!it->expected)
                return error_oom(r->err);
        for (size_t i = 0; code == 0 && i < n; i++)
                code = read_expectation(r, node->kind == YAML_SEQUENCE ? node->items[i] : node, &it->expected[i]);
        it->n_expected = (uint32_t)n;
        return code;
}

static int read_facts(struct reader *r, const struct yaml_node *node, struct rule_case *it)
{
        size_t n = node->kind == YAML_SEQUENCE ? node->n : 1;

        if (n == 0 || n > CASE_FACTS_MAX)
                return SAY(r, node, "from one to %d facts are expected", CASE_FACTS_MAX);
        it->facts = arena_alloc(r->cases->arena, n * sizeof(*it->facts));
        if (!it->facts)
                return error_oom(r->err);
        for (size_t i = 0; i < n; i++) {
                it->facts[i] = node->kind == YAML_SEQUENCE ? node->items[i] : node;
                if (it->facts[i]->kind != YAML_MAPPING)
                        return SAY(r, it->facts[i], "a fact is expected to be a mapping of fields to values, as 'proc.name: bash'");
        }
        it->n_facts = (uint32_t)n;
        return 0;
}

static int read_source(struct reader *r, const struct yaml_node *node, struct rule_case *it)
{
        struct nearest nearest = nearest_to(node ? node->text : STR_LIT("syscall"));

        for (const struct fact_source *const *s = r->sources; *s; s++) {
                nearest_offer(&nearest, (*s)->name);
                if (node ? node->kind == YAML_SCALAR && str_equals(node->text, (*s)->name) : !it->source)
                        it->source = node || strcmp((*s)->name, "syscall") == 0 ? *s : NULL;
        }
        if (!it->source)
                return SAY(r, node, "there is no source '%.*s'%s%s%s", STR_SHOWN(node->text), nearest.name ? ", did you mean '" : "",
                           nearest.name ? nearest.name : "", nearest.name ? "'?" : "");
        return 0;
}

static int read_case(struct reader *r, const struct yaml_node *node, struct rule_case *it)
{
        static const char *const keys[] = { "name", "source", "fact", "facts", "recording", "expect", "allow" };
        const struct yaml_node *name, *facts, *fact, *recording, *expect, *allow;
        int code;

        code = check_keys(r, node, "a case", keys, ELEMENTS_OF(keys));
        if (code < 0)
                return code;
        it->mark = node->mark;
        name = yaml_get(node, "name");
        fact = yaml_get(node, "fact");
        facts = yaml_get(node, "facts");
        recording = yaml_get(node, "recording");
        expect = yaml_get(node, "expect");
        allow = yaml_get(node, "allow");
        if (!name || !expect || !!fact + !!facts + !!recording != 1)
                return SAY(r, node, "%s", !name ? "'name' is missing" : !expect ?
                           "'expect' is missing: rules that should say something, [] for none" :
                           "either 'fact', 'facts' or 'recording' is expected");
        code = read_text(r, name, "'name'", &it->name);
        if (code == 0)
                code = read_source(r, yaml_get(node, "source"), it);
        if (code == 0 && recording)
                code = read_text(r, recording, "'recording'", &it->recording);
        else if (code == 0)
                code = read_facts(r, fact ? fact : facts, it);
        if (code == 0)
                code = read_expected(r, expect, it);
        if (code == 0 && allow)
                code = read_texts(r, allow, "'allow'", CASE_EXPECTED_MAX, &it->allowed, &it->n_allowed);
        return code;
}

static int read_root(struct reader *r, const struct yaml_node *root)
{
        static const char *const keys[] = { "rules", "stock", "cases" };
        const struct yaml_node *rules, *cases, *stock;
        int code;

        code = check_keys(r, root, "a file of cases", keys, ELEMENTS_OF(keys));
        if (code < 0)
                return code;
        rules = yaml_get(root, "rules");
        stock = yaml_get(root, "stock");
        cases = yaml_get(root, "cases");
        if (stock && yaml_bool(stock, &r->cases->stock, r->err) < 0)
                return SAY(r, stock, "'stock' is expected to be true or false");
        if (rules)
                code = read_texts(r, rules, "'rules'", RULE_FILES_MAX, &r->cases->rule_files, &r->cases->n_rule_files);
        if (code < 0)
                return code;
        if (!cases || cases->kind != YAML_SEQUENCE || cases->n == 0 || cases->n > CASES_MAX)
                return SAY(r, cases ? cases : root, "'cases' is expected to be a sequence of one to %d cases", CASES_MAX);
        r->cases->items = arena_alloc(r->cases->arena, cases->n * sizeof(*r->cases->items));
        if (!r->cases->items)
                return error_oom(r->err);
        for (size_t i = 0; code == 0 && i < cases->n; i++)
                code = read_case(r, cases->items[i], &r->cases->items[i]);
        r->cases->n = (uint32_t)cases->n;
        return code;
}

int rule_cases_parse(const char *file, struct str text, const struct fact_source *const *sources,
                     const struct yaml_parser *yaml, struct rule_cases **ret, struct error *err)
{
        static const struct yaml_limits limits = { .bytes = RULE_FILE_BYTES_MAX, .depth = RULE_FILE_DEPTH_MAX,
                                                   .nodes = RULE_FILE_NODES_MAX };
        _cleanup_(rule_cases_freep) struct rule_cases *cases = calloc(1, sizeof(*cases));
        struct reader r = { .cases = cases, .sources = sources, .err = err };
        const struct yaml_node *root;
        int code;

        if (!cases || !(cases->arena = arena_new()))
                return error_oom(err);
        cases->file = file;
        code = yaml_read_document(file, text, &limits, yaml, cases->arena, &root, err);
        if (code < 0)
                return code;
        HIJACK_POINT("rule-cases");
        code = read_root(&r, root);
        if (code < 0)
                return code;
        *ret = TAKE_PTR(cases);
        return 0;
}

struct rule_cases *rule_cases_free(struct rule_cases *cases)
{
        if (cases) {
                arena_free(cases->arena);
                free(cases);
        }
        return NULL;
}
