/* SPDX-License-Identifier: Apache-2.0 */
/* A rule file: a sequence of entries, of which each has one key that says what it is. */
#include <errno.h>

#include "base/hijack.h"
#include "rules/load.h"

const char *const item_kind_names[ITEM_KINDS] = { "list", "macro", "rule" };

struct version {
        uint32_t parts[3];
};

/* The beginning "1.2.3"; what follows it (a suffix) does not count. */
static bool read_version(struct str text, struct version *ret)
{
        for (size_t i = 0; i < 3; i++) {
                uint64_t value = 0;
                size_t n = 0;

                while (n < text.n && text.p[n] >= '0' && text.p[n] <= '9')
                        n++;
                if (str_to_u64((struct str){ text.p, n }, 10, &value) < 0 || value > UINT32_MAX)
                        return false;
                ret->parts[i] = (uint32_t)value;
                text.p += n;
                text.n -= n;
                if (i == 2)
                        return true;
                if (text.n == 0 || text.p[0] != '.')
                        return false;
                text.p++;
                text.n--;
        }
        return true;
}

/* A number N is version 0.N.0. */
static bool read_engine_version(struct str text, struct version *ret)
{
        uint64_t number;

        if (str_to_u64(text, 10, &number) < 0 || number > UINT32_MAX)
                return read_version(text, ret);
        *ret = (struct version){ { 0, (uint32_t)number, 0 } };
        return true;
}

static bool is_compatible(const struct version *ours, const struct version *wanted)
{
        if (ours->parts[0] != wanted->parts[0])
                return false;
        if (ours->parts[1] != wanted->parts[1])
                return ours->parts[1] > wanted->parts[1];
        return ours->parts[2] >= wanted->parts[2];
}

static int read_required_engine(struct loader *l, uint32_t file, const struct yaml_node *node)
{
        struct version wanted, ours = { { 0 } };

        read_version(STR_LIT(RULES_ENGINE_VERSION), &ours);
        if (node->kind != YAML_SCALAR || !read_engine_version(node->text, &wanted))
                return say_error(l, place_of(node, file), blame_file(file),
                                 "required_engine_version: a number or a version such as 0.57.0 is expected");
        if (!is_compatible(&ours, &wanted))
                return say_error(l, place_of(node, file), blame_file(file),
                                 "this file needs version %u.%u.%u of the rule language; this is %s", wanted.parts[0],
                                 wanted.parts[1], wanted.parts[2], RULES_ENGINE_VERSION);
        return 0;
}

static bool is_requirement(const struct yaml_node *node)
{
        const struct yaml_node *name = yaml_get(node, "name"), *version = yaml_get(node, "version");
        struct version v;

        return name && name->kind == YAML_SCALAR && name->text.n && version && version->kind == YAML_SCALAR &&
               read_version(version->text, &v);
}

/* We have no plugins: whether a rule can be judged is decided by its fields. */
static int read_required_plugins(struct loader *l, uint32_t file, const struct yaml_node *node)
{
        if (node->kind != YAML_SEQUENCE)
                return say_error(l, place_of(node, file), blame_file(file),
                                 "required_plugin_versions: a sequence is expected");
        for (size_t i = 0; i < node->n; i++) {
                const struct yaml_node *plugin = node->items[i], *others = yaml_get(plugin, "alternatives");
                bool good = is_requirement(plugin) && (!others || others->kind == YAML_SEQUENCE);

                for (size_t j = 0; good && others && j < others->n; j++)
                        good = is_requirement(others->items[j]);
                if (!good)
                        return say_error(l, place_of(plugin, file), blame_file(file),
                                         "required_plugin_versions: 'name' and 'version' (such as 0.4.0) are expected");
        }
        return say_note(l, place_of(node, file),
                        "required_plugin_versions is not looked at: here fields decide what can be judged");
}

static int only_this_key(struct loader *l, uint32_t file, const struct yaml_node *entry, const char *key)
{
        for (size_t i = 0; i < entry->n; i++) {
                const struct yaml_node *k = entry->pairs[i].key;

                if (k->kind == YAML_SCALAR && str_equals(k->text, key))
                        continue;
                if (say_warning(l, place_of(k, file), "the key '%s' means nothing beside %s", SHOW(k->text), key) < 0)
                        return -ENOMEM;
        }
        return 0;
}

static int unknown_entry(struct loader *l, uint32_t file, const struct yaml_node *entry)
{
        const struct yaml_node *key = entry->n ? entry->pairs[0].key : NULL;
        struct nearest nearest = nearest_to(key ? key->text : STR_NULL);
        struct did_you_mean room;

        for (unsigned kind = 0; kind < ITEM_KINDS; kind++)
                nearest_offer(&nearest, item_kind_names[kind]);
        return say_warning(l, place_of(entry, file),
                           "an entry without a key 'rule', 'macro' or 'list' is not looked at%s",
                           did_you_mean(&nearest, &room));
}

static int read_entry(struct loader *l, uint32_t file, const struct yaml_node *entry)
{
        const struct yaml_node *node;
        int r;

        if (yaml_is_null(entry))
                return 0;
        if (entry->kind != YAML_MAPPING)
                return say_error(l, place_of(entry, file), blame_file(file),
                                 "an entry with a key 'rule', 'macro' or 'list' is expected");
        node = yaml_get(entry, "required_engine_version");
        if (node) {
                r = read_required_engine(l, file, node);
                return r < 0 ? r : only_this_key(l, file, entry, "required_engine_version");
        }
        node = yaml_get(entry, "required_plugin_versions");
        if (node) {
                r = read_required_plugins(l, file, node);
                return r < 0 ? r : only_this_key(l, file, entry, "required_plugin_versions");
        }
        for (unsigned kind = 0; kind < ITEM_KINDS; kind++)
                if (yaml_get(entry, item_kind_names[kind]))
                        return read_item(l, file, kind, entry);
        return unknown_entry(l, file, entry);
}

static int read_document(struct loader *l, uint32_t file, const struct yaml_node *document)
{
        int r;

        if (yaml_is_null(document))
                return 0;
        if (document->kind != YAML_SEQUENCE)
                return say_error(l, place_of(document, file), blame_file(file),
                                 "a sequence of rules, macros and lists is expected");
        for (size_t i = 0; i < document->n; i++) {
                r = read_entry(l, file, document->items[i]);
                if (is_fatal(r))
                        return r;
        }
        return 0;
}

int read_file(struct loader *l, uint32_t file)
{
        const struct rule_file *in = l->files[file - 1].in;
        const struct yaml_limits limits = {
                .bytes = in->is_untrusted ? RULE_UNTRUSTED_BYTES_MAX : RULE_FILE_BYTES_MAX,
                .depth = RULE_FILE_DEPTH_MAX,
                .nodes = in->is_untrusted ? RULE_UNTRUSTED_NODES_MAX : RULE_FILE_NODES_MAX,
        };
        struct yaml_node **documents;
        struct yaml_mark where = { 0 };
        struct error err = ERROR_INIT;
        size_t n;
        int r;

        if (in->why_unread) {
                r = say_error(l, (struct place){ .file = file }, blame_file(file), "%s", in->why_unread);
                return is_fatal(r) ? r : 0;
        }
        r = yaml_parse_with(in->is_ours ? NULL : l->options->yaml, in->text, &limits, l->texts, &documents, &n, &where, &err);
        if (r < 0 && !yaml_blames_text(r))
                return error_say(l->err, r, "%s", err.message);
        if (r < 0) {
                r = say_error(l, (struct place){ where.line, where.column, file }, blame_file(file), "%s", err.message);
                return is_fatal(r) ? r : 0;
        }
        HIJACK_POINT("rules");
        for (size_t i = 0; i < n; i++) {
                r = read_document(l, file, documents[i]);
                if (is_fatal(r))
                        return r;
        }
        return 0;
}
