/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "base/hijack.h"
#include "base/yaml_read.h"
#include "program/program.h"

#define DAY (24 * 60 * 60)
#define DATE_LENGTH 10

struct reader {
        struct policy *policy;
        struct error *err;
};

#define SAY(r, node, ...) yaml_say((r)->policy->file, (node), (r)->err, __VA_ARGS__)

static int keep_text(struct reader *r, const struct yaml_node *node, const char *what, struct str *ret)
{
        struct str text;
        int code = yaml_read_text(r->policy->file, node, what, &text, r->err);

        if (code < 0)
                return code;
        if (str_trim(text).n == 0 || yaml_is_null(node) || memchr(text.p, 0, text.n))
                return SAY(r, node, "%s is expected to say something", what);
        *ret = (struct str){ arena_string(r->policy->arena, text.p, text.n), text.n };
        return ret->p ? 0 : error_oom(r->err);
}

/* A member that must be there. */
static int read_required(struct reader *r, const struct yaml_node *node, const char *key, const char *why, struct str *ret)
{
        const struct yaml_node *member = yaml_get(node, key);

        if (!member)
                return SAY(r, node, "'%s' is missing: %s", key, why);
        return keep_text(r, member, key, ret);
}

/* ---- where ---- */

#define ID_LENGTH 16 /* see model/finding.h */

/* One that no finding can have would except nothing, and nobody would know why. */
static int check_id(struct reader *r, const struct yaml_node *node, struct str id)
{
        size_t n = 0;

        while (n < id.n && memchr("0123456789abcdef", id.p[n], 16))
                n++;
        if (n == id.n && n == ID_LENGTH)
                return 0;
        return SAY(r, node, "'%.*s' is no finding's id (%d of the digits 0-9 and a-f, as reports show it)", STR_SHOWN(id), ID_LENGTH);
}

static int read_pattern(struct reader *r, const struct yaml_node *node, enum policy_member member, struct str *ret)
{
        int code = keep_text(r, node, policy_member_name(member), ret);

        if (code == 0 && member == POLICY_ID)
                code = check_id(r, node, *ret);
        while (code == 0 && member == POLICY_PATH && ret->n && ret->p[0] == '/') /* paths in findings have no slash before them */
                *ret = (struct str){ ret->p + 1, ret->n - 1 };
        return code;
}

/* One pattern, or a sequence of them. */
static int read_patterns(struct reader *r, const struct yaml_node *node, enum policy_member member, struct policy_patterns *ret)
{
        size_t n = node->kind == YAML_SEQUENCE ? node->n : 1;
        struct str *items;
        int code = 0;

        if (n == 0 || n > POLICY_PATTERNS_MAX)
                return SAY(r, node, "%s is expected to have between 1 and %d entries", policy_member_name(member), POLICY_PATTERNS_MAX);
        items = arena_alloc(r->policy->arena, n * sizeof(*items));
        if (!items)
                return error_oom(r->err);
        for (size_t i = 0; code == 0 && i < n; i++)
                code = read_pattern(r, node->kind == YAML_SEQUENCE ? node->items[i] : node, member, &items[i]);
        *ret = (struct policy_patterns){ items, (uint32_t)n };
        return code;
}

/* The members of a mapping, from `first` on, that say where. */
static int read_where(struct reader *r, const struct yaml_node *node, enum policy_member first, enum policy_member last,
                      struct policy_where *where)
{
        int code = 0;

        for (unsigned m = first; code == 0 && m <= last; m++) {
                const struct yaml_node *member = yaml_get(node, policy_member_name(m));

                if (member)
                        code = read_patterns(r, member, m, &where->on[m]);
        }
        return code;
}

static const char *const where_keys[] = { "source", "path", "package", "image", "key", "layer" };

/* ---- gates ---- */

static int read_gate(struct reader *r, const struct yaml_node *node, void *item)
{
        static const char *const keys[] = { "severity", "rule", "source", "path", "package", "image", "key", "layer" };
        struct policy_gate *gate = item;
        const struct yaml_node *severity;
        struct error why = ERROR_INIT;
        struct str text;
        int code = yaml_check_keys(r->policy->file, node, "a gate", keys, ELEMENTS_OF(keys), r->err);

        if (code < 0)
                return code;
        if (node->n == 0)
                return SAY(r, node, "a gate is expected to say what fails: 'severity', 'rule' …");
        gate->line = node->mark.line;
        severity = yaml_get(node, "severity");
        if (severity) {
                code = keep_text(r, severity, "severity", &text);
                if (code == 0 && severity_parse(text.p, &gate->severity, &why) < 0)
                        code = SAY(r, severity, "%s", why.message);
                gate->has_severity = true;
        }
        return code < 0 ? code : read_where(r, node, POLICY_RULE, POLICY_LAYER, &gate->where);
}

/* ---- exceptions ---- */

static int read_expires(struct reader *r, const struct yaml_node *node, struct policy_exception *e)
{
        struct tm tm = { 0 }, again;
        char text[DATE_LENGTH + 1];
        time_t seconds;
        int code;

        e->last_day = INT64_MAX;
        if (!node)
                return 0;
        code = keep_text(r, node, "expires", &e->expires);
        if (code < 0)
                return code;
        if (str_equals(e->expires, "never")) {
                e->expires = STR_NULL;
                return 0;
        }
        if (e->expires.n != DATE_LENGTH || sscanf(e->expires.p, "%4d-%2d-%2d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday) != 3)
                return SAY(r, node, "'%.*s' is no day (expected YYYY-MM-DD)", STR_SHOWN(e->expires));
        tm.tm_year -= 1900;
        tm.tm_mon -= 1;
        seconds = timegm(&tm);
        gmtime_r(&seconds, &again);
        strftime(text, sizeof(text), "%Y-%m-%d", &again);
        if (!str_equals(e->expires, text))
                return SAY(r, node, "there is no day '%.*s'", STR_SHOWN(e->expires));
        e->last_day = (int64_t)seconds / DAY;
        return 0;
}

static int read_exception(struct reader *r, const struct yaml_node *node, void *item)
{
        static const char *const keys[] = { "id", "rule", "where", "reason", "owner", "expires" };
        struct policy_exception *e = item;
        const struct yaml_node *where;
        int code = yaml_check_keys(r->policy->file, node, "an exception", keys, ELEMENTS_OF(keys), r->err);

        if (code < 0)
                return code;
        e->line = node->mark.line;
        if (!yaml_get(node, "id") && !yaml_get(node, "rule"))
                return SAY(r, node, "an exception is expected to name a finding's 'id', or a 'rule'");
        if (!yaml_get(node, "expires"))
                return SAY(r, node, "'expires' is missing: the last day that this holds, YYYY-MM-DD, or never");
        code = read_where(r, node, POLICY_ID, POLICY_RULE, &e->where);
        where = yaml_get(node, "where");
        if (code == 0 && where)
                code = yaml_check_keys(r->policy->file, where, "'where'", where_keys, ELEMENTS_OF(where_keys), r->err);
        if (code == 0 && where)
                code = read_where(r, where, POLICY_SOURCE, POLICY_LAYER, &e->where);
        if (code == 0)
                code = read_required(r, node, "reason", "why the finding may stay", &e->reason);
        if (code == 0)
                code = read_required(r, node, "owner", "who answers for it", &e->owner);
        return code < 0 ? code : read_expires(r, yaml_get(node, "expires"), e);
}

/* ---- owners ---- */

static int read_owner(struct reader *r, const struct yaml_node *node, void *item)
{
        static const char *const keys[] = { "owner", "rule", "source", "path", "package", "image", "key", "layer" };
        struct policy_owner *o = item;
        int code = yaml_check_keys(r->policy->file, node, "an owner", keys, ELEMENTS_OF(keys), r->err);

        if (code < 0)
                return code;
        o->line = node->mark.line;
        code = read_required(r, node, "owner", "who answers for what this entry names", &o->owner);
        return code < 0 ? code : read_where(r, node, POLICY_RULE, POLICY_LAYER, &o->where);
}

/* ---- */

static int read_items(struct reader *r, const struct yaml_node *node, const char *what, size_t size,
                      int (*read)(struct reader *r, const struct yaml_node *node, void *item), void *ret, uint32_t *ret_n)
{
        char *items;
        int code = 0;

        if (!node || yaml_is_null(node))
                return 0;
        if (node->kind != YAML_SEQUENCE || node->n > POLICY_ITEMS_MAX)
                return SAY(r, node, "'%s' is expected to be a sequence of at most %d entries", what, POLICY_ITEMS_MAX);
        items = arena_alloc(r->policy->arena, (node->n + 1) * size);
        if (!items)
                return error_oom(r->err);
        for (size_t i = 0; code == 0 && i < node->n; i++)
                code = read(r, node->items[i], items + i * size);
        *(void **)ret = items;
        *ret_n = (uint32_t)node->n;
        return code;
}

static int read_root(struct reader *r, const struct yaml_node *root)
{
        static const char *const keys[] = { "version", "gates", "exceptions", "owners" };
        const struct yaml_node *version;
        struct policy *p = r->policy;
        int code = yaml_check_keys(p->file, root, "the policy", keys, ELEMENTS_OF(keys), r->err);

        if (code < 0)
                return code;
        version = yaml_get(root, "version");
        if (!version || version->kind != YAML_SCALAR || !str_equals(version->text, "1"))
                return SAY(r, version ? version : root, "'version: 1' is expected: what the file's keys mean");
        code = read_items(r, yaml_get(root, "gates"), "gates", sizeof(*p->gates), read_gate, &p->gates, &p->n_gates);
        if (code == 0)
                code = read_items(r, yaml_get(root, "exceptions"), "exceptions", sizeof(*p->exceptions), read_exception,
                                  &p->exceptions, &p->n_exceptions);
        if (code == 0)
                code = read_items(r, yaml_get(root, "owners"), "owners", sizeof(*p->owners), read_owner, &p->owners, &p->n_owners);
        return code;
}

int policy_parse(const char *file, struct str text, const struct yaml_parser *yaml, struct policy **ret, struct error *err)
{
        static const struct yaml_limits limits = { .bytes = POLICY_BYTES_MAX, .depth = 16, .nodes = 2000000 };
        _cleanup_(policy_freep) struct policy *policy = calloc(1, sizeof(*policy));
        _cleanup_(arena_freep) struct arena *arena = arena_new();
        struct reader r = { .policy = policy, .err = err };
        const struct yaml_node *root;
        int code;

        if (!arena || !policy || !(policy->arena = arena_new()) ||
            !(policy->file = arena_string(policy->arena, file, strlen(file))))
                return error_oom(err);
        code = yaml_read_document(file, text, &limits, yaml, arena, &root, err);
        if (code < 0)
                return code;
        HIJACK_POINT("policy");
        code = read_root(&r, root);
        if (code < 0)
                return code;
        *ret = TAKE_PTR(policy);
        return 0;
}

struct policy *policy_free(struct policy *policy)
{
        if (policy) {
                arena_free(policy->arena);
                free(policy);
        }
        return NULL;
}
