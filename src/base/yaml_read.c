/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/nearest.h"
#include "base/yaml_read.h"

int yaml_say(const char *file, const struct yaml_node *node, struct error *err, const char *fmt, ...)
{
        _cleanup_(buf_free) struct buf text = { 0 };
        va_list ap;

        va_start(ap, fmt);
        buf_vprintf(&text, fmt, ap);
        va_end(ap);
        if (!buf_ok(&text))
                return error_oom(err);
        return error_say(err, -EBADMSG, "%s:%u:%u: %s", file, node->mark.line, node->mark.column, text.data);
}

int yaml_read_document(const char *file, struct str text, const struct yaml_limits *limits, const struct yaml_parser *yaml,
                       struct arena *arena, const struct yaml_node **ret, struct error *err)
{
        struct yaml_node **documents;
        struct yaml_mark where = { 0 };
        size_t n;
        int r = yaml_parse_with(yaml, text, limits, arena, &documents, &n, &where, err);

        if (r < 0)
                return where.line ? error_wrap(err, "%s:%u:%u", file, where.line, where.column) : error_wrap(err, "%s", file);
        if (n != 1)
                return error_say(err, -EBADMSG, "%s: one document is expected, there are %zu", file, n);
        *ret = documents[0];
        return 0;
}

static bool is_among(struct str name, const char *const *keys, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (str_equals(name, keys[i]))
                        return true;
        return false;
}

int yaml_check_keys(const char *file, const struct yaml_node *node, const char *what, const char *const *keys, size_t n,
                    struct error *err)
{
        if (node->kind != YAML_MAPPING)
                return yaml_say(file, node, err, "%s is expected to be a mapping, with the keys that it has", what);
        for (size_t i = 0; i < node->n; i++) {
                const struct yaml_node *key = node->pairs[i].key;
                struct nearest nearest = nearest_to(key->text);

                if (key->kind == YAML_SCALAR && is_among(key->text, keys, n))
                        continue;
                for (size_t k = 0; k < n; k++)
                        nearest_offer(&nearest, keys[k]);
                return yaml_say(file, key, err, "%s has no key '%.*s'%s%s%s", what, STR_SHOWN(key->text),
                                nearest.name ? ", did you mean '" : "", nearest.name ? nearest.name : "", nearest.name ? "'?" : "");
        }
        return 0;
}

int yaml_read_text(const char *file, const struct yaml_node *node, const char *what, struct str *ret, struct error *err)
{
        if (node->kind != YAML_SCALAR)
                return yaml_say(file, node, err, "%s is expected to be a text", what);
        *ret = node->text;
        return 0;
}

int yaml_read_texts(const char *file, const struct yaml_node *node, const char *what, size_t max, struct arena *arena,
                    struct str **ret, uint32_t *ret_n, struct error *err)
{
        bool several = node->kind == YAML_SEQUENCE;
        size_t n = several ? node->n : 1;
        struct str *texts = arena_alloc(arena, (n + 1) * sizeof(*texts));
        int r = texts ? 0 : error_oom(err);

        if (r == 0 && n > max)
                r = yaml_say(file, node, err, "%s: more than %zu", what, max);
        for (size_t i = 0; r == 0 && i < n; i++)
                r = yaml_read_text(file, several ? node->items[i] : node, what, &texts[i], err);
        if (r < 0)
                return r;
        *ret = texts;
        *ret_n = (uint32_t)n;
        return 0;
}
