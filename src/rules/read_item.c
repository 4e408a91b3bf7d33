/* SPDX-License-Identifier: Apache-2.0 */
/* One list, macro or rule of a file: which keys it may have, of which types, and how it changes an earlier one. */
#include <errno.h>
#include <strings.h>

#include "rules/load.h"

enum key_type {
        TYPE_TEXT,
        TYPE_TEXT_OR_NOTHING,
        TYPE_BOOL,
        TYPE_NUMBER,
        TYPE_PRIORITY,
        TYPE_TEXTS,
        TYPE_EXCEPTIONS,
};

#define IN(kind) (1u << (kind))
#define ALL_KINDS (IN(ITEM_LIST) | IN(ITEM_MACRO) | IN(ITEM_RULE))

static const struct key {
        const char *name;
        enum key_type type;
        unsigned kinds;
        bool append, replace; /* what `override` may do with it */
} keys[ITEM_KEYS] = {
        [KEY_ITEMS] = { "items", TYPE_TEXTS, IN(ITEM_LIST), true, true },
        [KEY_CONDITION] = { "condition", TYPE_TEXT, IN(ITEM_MACRO) | IN(ITEM_RULE), true, true },
        [KEY_OUTPUT] = { "output", TYPE_TEXT, IN(ITEM_RULE), true, true },
        [KEY_DESC] = { "desc", TYPE_TEXT, IN(ITEM_RULE), true, true },
        [KEY_PRIORITY] = { "priority", TYPE_PRIORITY, IN(ITEM_RULE), false, true },
        [KEY_SOURCE] = { "source", TYPE_TEXT_OR_NOTHING, IN(ITEM_RULE), false, false },
        [KEY_ENABLED] = { "enabled", TYPE_BOOL, IN(ITEM_RULE), false, true },
        [KEY_TAGS] = { "tags", TYPE_TEXTS, IN(ITEM_RULE), true, true },
        [KEY_EXCEPTIONS] = { "exceptions", TYPE_EXCEPTIONS, IN(ITEM_RULE), true, true },
        [KEY_CAPTURE] = { "capture", TYPE_BOOL, IN(ITEM_RULE), false, true },
        [KEY_CAPTURE_DURATION] = { "capture_duration", TYPE_NUMBER, IN(ITEM_RULE), false, true },
        [KEY_WARN_EVTTYPES] = { "warn_evttypes", TYPE_BOOL, IN(ITEM_RULE), false, true },
        [KEY_SKIP_UNKNOWN] = { "skip-if-unknown-filter", TYPE_BOOL, IN(ITEM_RULE), false, true },
        [KEY_APPLIES] = { "applies", TYPE_TEXT, IN(ITEM_RULE), false, true },
        [KEY_REMEDIATION] = { "remediation", TYPE_TEXT, IN(ITEM_RULE), true, true },
        [KEY_REFERENCES] = { "references", TYPE_TEXTS, IN(ITEM_RULE), true, true },
        [KEY_CONTROLS] = { "controls", TYPE_TEXTS, IN(ITEM_RULE), true, true },
        [KEY_OWNER] = { "owner", TYPE_TEXT, IN(ITEM_RULE), false, true },
};

/* What a list, macro or rule can not do without. */
static const uint32_t required[ITEM_KINDS] = {
        [ITEM_LIST] = KEY_BIT(KEY_ITEMS),
        [ITEM_MACRO] = KEY_BIT(KEY_CONDITION),
        [ITEM_RULE] = KEY_BIT(KEY_CONDITION) | KEY_BIT(KEY_OUTPUT) | KEY_BIT(KEY_DESC) | KEY_BIT(KEY_PRIORITY),
};
/* What `append: true` appends. */
#define APPENDED (KEY_BIT(KEY_ITEMS) | KEY_BIT(KEY_CONDITION) | KEY_BIT(KEY_EXCEPTIONS))

struct reading {
        struct loader *l;
        uint32_t file;
        struct item item;
        struct shown name;
};

static int wrong(struct reading *r, const struct yaml_node *node, const char *key, const char *what)
{
        return say_error(r->l, place_of(node, r->file), blame_file(r->file), "%s '%s': %s: %s",
                         item_kind_names[r->item.kind], r->name.text, key, what);
}

/* ---- values ---- */

bool read_bool(const struct yaml_node *node, bool *ret)
{
        struct yaml_node plain = *node;

        plain.plain = node->kind == YAML_SCALAR;
        return yaml_bool(&plain, ret, NULL) == 0;
}

bool read_priority(const struct yaml_node *node, enum rule_priority *ret)
{
        for (unsigned p = PRIORITY_EMERGENCY; p <= PRIORITY_DEBUG; p++) {
                const char *name = rule_priority_name(p);
                bool is_info =
                        p == PRIORITY_INFORMATIONAL && node->text.n == 4 && strncasecmp(node->text.p, name, 4) == 0;

                if (is_info || (node->text.n == strlen(name) && strncasecmp(node->text.p, name, node->text.n) == 0)) {
                        *ret = p;
                        return true;
                }
        }
        return false;
}

bool read_u32(const struct yaml_node *node, uint32_t *ret)
{
        uint64_t value;

        if (node->kind != YAML_SCALAR || str_to_u64(node->text, 10, &value) < 0 || value > UINT32_MAX)
                return false;
        *ret = (uint32_t)value;
        return true;
}

static bool is_text(const struct yaml_node *node)
{
        return node->kind == YAML_SCALAR && !yaml_is_null(node) && str_trim(node->text).n > 0;
}

static int check_texts(struct reading *r, const char *key, const struct yaml_node *node)
{
        if (node->kind != YAML_SEQUENCE)
                return wrong(r, node, key, "a sequence is expected");
        for (size_t i = 0; i < node->n; i++)
                if (node->items[i]->kind != YAML_SCALAR || yaml_is_null(node->items[i]))
                        return wrong(r, node->items[i], key, "a word is expected here");
        return 0;
}

/* "Warning" may be what was meant by "Warn". */
static int wrong_priority(struct reading *r, const struct yaml_node *node)
{
        struct did_you_mean room;
        struct nearest nearest = nearest_to(node->text);

        for (unsigned p = PRIORITY_EMERGENCY; p <= PRIORITY_DEBUG; p++)
                nearest_offer(&nearest, rule_priority_name(p));
        return say_error(
                r->l, place_of(node, r->file), blame_file(r->file),
                "rule '%s': '%s' is no priority (Emergency, Alert, Critical, Error, Warning, Notice, Informational, "
                "Debug)%s",
                r->name.text, SHOW(node->text), did_you_mean(&nearest, &room));
}

static int check_value(struct reading *r, enum item_key key, const struct yaml_node *node)
{
        const char *name = keys[key].name;
        enum rule_priority priority;
        uint32_t number;
        bool b;

        switch (keys[key].type) {
        case TYPE_TEXT:
                return is_text(node) ? 0 : wrong(r, node, name, "a text is expected");
        case TYPE_TEXT_OR_NOTHING:
                return node->kind == YAML_SCALAR ? 0 : wrong(r, node, name, "a text is expected");
        case TYPE_BOOL:
                return read_bool(node, &b) ? 0 : wrong(r, node, name, "true or false is expected");
        case TYPE_NUMBER:
                return read_u32(node, &number) ? 0 : wrong(r, node, name, "a whole number is expected");
        case TYPE_PRIORITY:
                if (!is_text(node))
                        return wrong(r, node, name, "a text is expected");
                return read_priority(node, &priority) ? 0 : wrong_priority(r, node);
        case TYPE_TEXTS:
                return check_texts(r, name, node);
        case TYPE_EXCEPTIONS:
                return 0; /* read_exceptions() looks at them */
        }
        return 0;
}

/* ---- keys ---- */

static int unknown_key(struct reading *r, const struct yaml_node *key)
{
        static const char *const others[] = { "append", "override" };
        struct nearest nearest = nearest_to(key->text);
        struct did_you_mean room;

        if (may_compare(r->l, ITEM_KEYS + ELEMENTS_OF(others))) {
                for (size_t i = 0; i < ITEM_KEYS; i++)
                        if (keys[i].kinds & IN(r->item.kind))
                                nearest_offer(&nearest, keys[i].name);
                for (size_t i = 0; i < ELEMENTS_OF(others); i++)
                        nearest_offer(&nearest, others[i]);
        }
        return say_warning(r->l, place_of(key, r->file), "%s '%s': the key '%s' is not known and not looked at%s",
                           item_kind_names[r->item.kind], r->name.text,
                           key->kind == YAML_SCALAR ? SHOW(key->text) : "(none)", did_you_mean(&nearest, &room));
}

static int find_key(enum item_kind kind, struct str name)
{
        for (int i = 0; i < ITEM_KEYS; i++)
                if ((keys[i].kinds & IN(kind)) && str_equals(name, keys[i].name))
                        return i;
        return -ENOENT;
}

static bool is_frame_key(const struct reading *r, const struct yaml_node *key)
{
        return str_equals(key->text, item_kind_names[r->item.kind]) || str_equals(key->text, "append") ||
               str_equals(key->text, "override");
}

static int read_keys(struct reading *r, const struct yaml_node *mapping)
{
        int result = 0, code, key;

        for (size_t i = 0; i < mapping->n; i++) {
                const struct yaml_node *name = mapping->pairs[i].key, *value = mapping->pairs[i].value;

                key = name->kind == YAML_SCALAR ? find_key(r->item.kind, name->text) : -ENOENT;
                if (key >= 0) {
                        code = check_value(r, key, value);
                        if (keys[key].type != TYPE_TEXT_OR_NOTHING || !yaml_is_null(value))
                                r->item.values[key] = value;
                } else if (name->kind == YAML_SCALAR && is_frame_key(r, name)) {
                        continue;
                } else {
                        code = unknown_key(r, name);
                }
                if (is_fatal(code))
                        return code;
                result = result ? result : code;
        }
        return result;
}

static uint32_t given(const struct item *item)
{
        uint32_t bits = 0;

        for (unsigned i = 0; i < ITEM_KEYS; i++)
                bits |= item->values[i] ? KEY_BIT(i) : 0;
        return bits;
}

/* ---- how an item changes an earlier one ---- */

static int read_override(struct reading *r, const struct yaml_node *name, const struct yaml_node *value)
{
        int key = name->kind == YAML_SCALAR ? find_key(r->item.kind, name->text) : -ENOENT;
        bool append = value->kind == YAML_SCALAR && str_equals(value->text, "append");
        bool replace = value->kind == YAML_SCALAR && str_equals(value->text, "replace");

        if (key < 0 || (!keys[key].append && !keys[key].replace))
                return say_error(r->l, place_of(name, r->file), blame_file(r->file),
                                 "%s '%s': override: '%s' can not be changed", item_kind_names[r->item.kind],
                                 r->name.text, SHOW(name->text));
        if (!append && !replace)
                return say_error(r->l, place_of(value, r->file), blame_file(r->file),
                                 "%s '%s': override: %s: %sreplace is expected", item_kind_names[r->item.kind],
                                 r->name.text, keys[key].name, keys[key].append ? "append or " : "");
        if (append && !keys[key].append)
                return wrong(r, value, keys[key].name, "this can not be appended to, only replaced");
        if (!r->item.values[key])
                return say_error(r->l, place_of(name, r->file), blame_file(r->file),
                                 "%s '%s': override: %s: there is no such key here", item_kind_names[r->item.kind],
                                 r->name.text, keys[key].name);
        *(append ? &r->item.append : &r->item.replace) |= KEY_BIT(key);
        return 0;
}

/* Every key that could be changed must say how. */
static int check_override(struct reading *r)
{
        uint32_t missing = given(&r->item) & ~(r->item.append | r->item.replace);
        int result = 0;

        for (unsigned i = 0; i < ITEM_KEYS && !is_fatal(result); i++)
                if ((missing & KEY_BIT(i)) && keys[i].replace)
                        result = say_error(r->l, place_of(r->item.values[i], r->file), blame_file(r->file),
                                           "%s '%s': %s: 'override' does not say whether to append or to replace this",
                                           item_kind_names[r->item.kind], r->name.text, keys[i].name);
        return result;
}

static int read_overrides(struct reading *r, const struct yaml_node *override)
{
        int result = 0, code;

        if (override->kind != YAML_MAPPING)
                return wrong(r, override, "override", "a mapping is expected");
        r->item.mode = MODE_CHANGE;
        for (size_t i = 0; i < override->n; i++) {
                code = read_override(r, override->pairs[i].key, override->pairs[i].value);
                if (is_fatal(code))
                        return code;
                result = result ? result : code;
        }
        return result < 0 ? result : check_override(r);
}

/* `append: true`, as it was before `override`. */
static int read_append(struct reading *r, const struct yaml_node *append)
{
        uint32_t more = given(&r->item) & ~(APPENDED | KEY_BIT(KEY_SOURCE));
        int code;

        r->item.mode = MODE_CHANGE;
        r->item.append = given(&r->item) & APPENDED;
        code = say_warning(r->l, place_of(append, r->file),
                           "%s '%s': 'append' is deprecated; 'override' says which keys to append",
                           item_kind_names[r->item.kind], r->name.text);
        for (unsigned i = 0; i < ITEM_KEYS && code == 0; i++)
                if (more & KEY_BIT(i))
                        code = say_warning(r->l, place_of(r->item.values[i], r->file),
                                           "%s '%s': %s: 'append' does not change this; 'override' can",
                                           item_kind_names[r->item.kind], r->name.text, keys[i].name);
        if (code == 0 && r->item.append == 0)
                return wrong(r, append, "append", "there is nothing to append");
        return code;
}

/* A rule that has nothing but `enabled` switches an earlier one. */
static int read_switch(struct reading *r)
{
        r->item.mode = MODE_CHANGE;
        r->item.replace = KEY_BIT(KEY_ENABLED);
        return say_warning(r->l, r->item.place,
                           "rule '%s': 'enabled' alone is deprecated; add 'override: {enabled: replace}'",
                           r->name.text);
}

static int check_required(struct reading *r)
{
        uint32_t missing = required[r->item.kind] & ~given(&r->item);

        if (r->item.kind == ITEM_RULE && missing == required[ITEM_RULE] && r->item.values[KEY_ENABLED])
                return read_switch(r);
        for (unsigned i = 0; i < ITEM_KEYS; i++)
                if (missing & KEY_BIT(i))
                        return say_error(r->l, r->item.place, blame_file(r->file), "%s '%s' has no '%s'",
                                         item_kind_names[r->item.kind], r->name.text, keys[i].name);
        return 0;
}

static int read_mode(struct reading *r, const struct yaml_node *mapping)
{
        const struct yaml_node *append = yaml_get(mapping, "append"), *override = yaml_get(mapping, "override");
        bool appends = false;

        if (append && !read_bool(append, &appends))
                return wrong(r, append, "append", "true or false is expected");
        if (appends && override)
                return wrong(r, append, "append", "this and 'override' can not be used together");
        if (override)
                return read_overrides(r, override);
        return appends ? read_append(r, append) : check_required(r);
}

/* ---- items ---- */

static bool is_macro_name(struct str name)
{
        for (size_t i = 0; i < name.n; i++) {
                char c = name.p[i];
                bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

                if (!letter && (i == 0 || (c != '_' && (c < '0' || c > '9'))))
                        return false;
        }
        return !str_equals(name, "and") && !str_equals(name, "or") && !str_equals(name, "not");
}

static bool is_list_name(struct str name)
{
        for (size_t i = 0; i < name.n; i++)
                if (!name.p[i] || strchr("()\"'=, \t\n\v\f\r", name.p[i]))
                        return false;
        return true;
}

static int read_name(struct reading *r, const struct yaml_node *name)
{
        if (!is_text(name))
                return say_error(r->l, place_of(name, r->file), blame_file(r->file), "%s: a name is expected",
                                 item_kind_names[r->item.kind]);
        r->item.name = name->text;
        show(r->item.name, &r->name);
        if (r->item.kind == ITEM_MACRO && !is_macro_name(r->item.name))
                return say_warning(r->l, place_of(name, r->file),
                                   "macro '%s': no condition can use a macro of this name "
                                   "(a letter, then letters, digits and _)",
                                   r->name.text);
        if (r->item.kind == ITEM_LIST && !is_list_name(r->item.name))
                return say_warning(r->l, place_of(name, r->file), "list '%s': no condition can use a list of this name "
                                   "(it holds blanks, quotes or one of \"(),=\")", r->name.text);
        return 0;
}

/* An error that ends the load goes before others, an earlier one before a later one. */
static int worse(int a, int b)
{
        return is_fatal(a) || (a < 0 && !is_fatal(b)) ? a : b;
}

static int read_body(struct reading *r, const struct yaml_node *mapping)
{
        const struct yaml_node *exceptions;
        bool changing;
        int result;

        result = read_keys(r, mapping);
        if (!is_fatal(result))
                result = worse(result, read_mode(r, mapping));
        exceptions = r->item.values[KEY_EXCEPTIONS];
        if (is_fatal(result) || !exceptions)
                return result;
        changing = r->item.mode == MODE_CHANGE && !(r->item.replace & KEY_BIT(KEY_EXCEPTIONS));
        return worse(result, read_exceptions(r->l, r->file, changing, exceptions, &r->item.exceptions));
}

int read_item(struct loader *l, uint32_t file, enum item_kind kind, const struct yaml_node *mapping)
{
        struct reading r = { .l = l, .file = file, .item = { .kind = kind, .place = place_of(mapping, file) } };
        struct loaded_file *into = &l->files[file - 1];
        int code;

        code = read_name(&r, yaml_get(mapping, item_kind_names[kind]));
        if (code == 0)
                code = read_body(&r, mapping);
        if (code < 0)
                return code;
        if (mem_grow(&into->items, &into->cap_items, into->n_items + 1, sizeof(*into->items)) < 0)
                return error_oom(l->err);
        into->items[into->n_items++] = r.item;
        return 0;
}
