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

static int read_text(struct reader *r, const struct yaml_node *node, const char *what, struct str *ret)
{
        struct str text;
        int code = yaml_read_text(r->policy->file, node, what, &text, r->err);

        if (code < 0)
                return code;
        if (text.n == 0 || memchr(text.p, 0, text.n))
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
        return read_text(r, member, key, ret);
}

/* ---- where ---- */

/* Paths in findings have no slash before them. */
static struct str without_slash(struct str path)
{
        while (path.n && path.p[0] == '/') {
                path.p++;
                path.n--;
        }
        return path;
}

static int read_where_member(struct reader *r, const struct yaml_node *node, const char *key, struct policy_where *where)
{
        struct { const char *key; struct str *text; } const members[] = {
                { "id", &where->id }, { "rule", &where->rule }, { "source", &where->source }, { "path", &where->path },
                { "package", &where->package }, { "image", &where->image }, { "key", &where->key }, { "layer", &where->layer },
        };
        int code = 0;

        for (size_t i = 0; code == 0 && i < ELEMENTS_OF(members); i++)
                if (strcmp(members[i].key, key) == 0)
                        code = read_text(r, node, key, members[i].text);
        where->path = without_slash(where->path);
        return code;
}

static const char *const where_keys[] = { "source", "path", "package", "image", "key", "layer" };

/* Keys of `node` that say where. */
static int read_where(struct reader *r, const struct yaml_node *node, const char *const *keys, size_t n, struct policy_where *where)
{
        int code = 0;

        for (size_t i = 0; code == 0 && i < n; i++)
                if (yaml_get(node, keys[i]))
                        code = read_where_member(r, yaml_get(node, keys[i]), keys[i], where);
        return code;
}

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
                code = read_text(r, severity, "severity", &text);
                if (code == 0 && severity_parse(text.p, &gate->severity, &why) < 0)
                        code = SAY(r, severity, "%s", why.message);
                gate->has_severity = true;
        }
        return code < 0 ? code : read_where(r, node, keys + 1, ELEMENTS_OF(keys) - 1, &gate->where);
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
        code = read_text(r, node, "expires", &e->expires);
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
        code = read_where(r, node, keys, 2, &e->where);
        where = yaml_get(node, "where");
        if (code == 0 && where)
                code = yaml_check_keys(r->policy->file, where, "'where'", where_keys, ELEMENTS_OF(where_keys), r->err);
        if (code == 0 && where)
                code = read_where(r, where, where_keys, ELEMENTS_OF(where_keys), &e->where);
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
        return code < 0 ? code : read_where(r, node, keys + 1, ELEMENTS_OF(keys) - 1, &o->where);
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
        struct yaml_node **documents;
        struct yaml_mark where = { 0 };
        size_t n;
        int code;

        if (!arena || !policy || !(policy->arena = arena_new()) ||
            !(policy->file = arena_string(policy->arena, file, strlen(file))))
                return error_oom(err);
        code = yaml_parse_with(yaml, text, &limits, arena, &documents, &n, &where, err);
        if (code < 0)
                return error_wrap(err, "%s:%u:%u", file, where.line, where.column);
        HIJACK_POINT("policy");
        if (n != 1)
                return error_say(err, -EBADMSG, "%s: one document is expected, there are %zu", file, n);
        code = read_root(&r, documents[0]);
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
