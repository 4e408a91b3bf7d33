/* SPDX-License-Identifier: Apache-2.0 */
/* One rule out of what the files said of it: texts, source, conditions, state. */
#include <errno.h>

#include "rules/load.h"

static const struct fact_source *find_source(const struct loader *l, struct str name)
{
        for (size_t i = 0; l->options->sources && l->options->sources[i]; i++)
                if (str_equals(name, l->options->sources[i]->name))
                        return l->options->sources[i];
        return NULL;
}

/* What was appended follows after a blank. */
static int join_texts(struct loader *l, const struct parts *parts, struct str *ret)
{
        _cleanup_(buf_free) struct buf text = { 0 };
        char *copy;

        if (!parts->first)
                return 0;
        for (const struct part *part = parts->first; part; part = part->next) {
                if (part != parts->first)
                        buf_putc(&text, ' ');
                buf_add_str(&text, str_trim(part->node->text));
        }
        copy = buf_ok(&text) ? arena_string(l->arena, text.data, text.len) : NULL;
        if (!copy)
                return error_oom(l->err);
        *ret = (struct str){ copy, text.len };
        return 0;
}

static bool has_word(const struct str *words, uint32_t n, struct str word)
{
        for (uint32_t i = 0; i < n; i++)
                if (str_equal(words[i], word))
                        return true;
        return false;
}

#define WORDS_UNIQUE_MAX 1000 /* beyond this many nobody looks for twins */

static int join_words(struct loader *l, const struct parts *parts, const struct str **ret, uint32_t *ret_n)
{
        struct str *words;
        size_t n = 0;

        for (const struct part *part = parts->first; part; part = part->next)
                n += part->node->n;
        words = arena_alloc(l->arena, n * sizeof(*words));
        if (!words)
                return error_oom(l->err);
        n = 0;
        for (const struct part *part = parts->first; part; part = part->next) {
                for (size_t i = 0; i < part->node->n; i++) {
                        struct str word = part->node->items[i]->text;

                        if (n > WORDS_UNIQUE_MAX || !has_word(words, (uint32_t)n, word))
                                words[n++] = word;
                }
        }
        *ret = words;
        *ret_n = (uint32_t)n;
        return 0;
}

static bool bool_of(const struct definition *d, enum item_key key, bool usual)
{
        bool value = usual;

        if (d->values[key].last)
                read_bool(d->values[key].last->node, &value);
        return value;
}

static int fill_texts(struct loader *l, struct definition *d, struct rule *rule)
{
        int r = join_texts(l, &d->values[KEY_DESC], &rule->desc);

        if (r == 0)
                r = join_texts(l, &d->values[KEY_OUTPUT], &rule->output);
        if (r == 0)
                r = join_texts(l, &d->values[KEY_REMEDIATION], &rule->remediation);
        if (r == 0)
                r = join_texts(l, &d->values[KEY_OWNER], &rule->owner);
        if (r == 0)
                r = join_words(l, &d->values[KEY_TAGS], &rule->tags, &rule->n_tags);
        if (r == 0)
                r = join_words(l, &d->values[KEY_REFERENCES], &rule->references, &rule->n_references);
        if (r == 0)
                r = join_words(l, &d->values[KEY_CONTROLS], &rule->controls, &rule->n_controls);
        return r;
}

static int new_rule(struct loader *l, struct definition *d, uint32_t index)
{
        const struct part *source = d->values[KEY_SOURCE].first;
        struct rule *rule = arena_alloc(l->arena, sizeof(*rule));

        if (!rule)
                return error_oom(l->err);
        d->rule = rule;
        d->enabled = bool_of(d, KEY_ENABLED, true);
        d->warn_evttypes = bool_of(d, KEY_WARN_EVTTYPES, true);
        d->skip_unknown = bool_of(d, KEY_SKIP_UNKNOWN, false);
        rule->name = d->name;
        rule->source_name = source ? source->node->text : STR_LIT("syscall");
        rule->source = d->source = find_source(l, rule->source_name);
        rule->file = l->files[d->place.file - 1].in->name;
        rule->place = d->place;
        rule->index = index;
        rule->state = d->enabled ? RULE_READY : RULE_DISABLED;
        rule->capture = bool_of(d, KEY_CAPTURE, false);
        if (d->values[KEY_CAPTURE_DURATION].last)
                read_u32(d->values[KEY_CAPTURE_DURATION].last->node, &rule->capture_duration);
        if (d->values[KEY_PRIORITY].last)
                read_priority(d->values[KEY_PRIORITY].last->node, &rule->priority);
        return fill_texts(l, d, rule);
}

/* `applies` is a condition of its own, with the same lists and macros. */
static int parse_applies(struct loader *l, struct definition *d)
{
        struct definition *applies;

        if (!d->values[KEY_APPLIES].first)
                return 0;
        applies = arena_alloc(l->arena, sizeof(*applies));
        if (!applies)
                return error_oom(l->err);
        *applies = (struct definition){
                .name = d->name, .kind = ITEM_RULE, .place = d->place, .visibility = d->visibility,
                .files = d->files, .lenient = d->lenient,
        };
        applies->values[KEY_CONDITION] = d->values[KEY_APPLIES];
        d->applies = applies;
        return parse_definition(l, applies);
}

static int skip_unknown_source(struct loader *l, struct definition *d)
{
        _cleanup_(buf_free) struct buf reason = { 0 };
        char *text;

        buf_printf(&reason, "the source '%s' is not known", SHOW(d->rule->source_name));
        text = buf_ok(&reason) ? arena_string(l->arena, reason.data, reason.len) : NULL;
        if (!text)
                return error_oom(l->err);
        d->rule->state = RULE_SKIPPED;
        d->rule->reason = (struct str){ text, reason.len };
        d->lenient = true;
        return 0;
}

static int load_condition(struct loader *l, struct definition *d)
{
        int r = parse_definition(l, d);

        if (!is_fatal(r)) {
                int also = parse_applies(l, d);

                r = is_fatal(also) || r == 0 ? also : r;
        }
        if (r == 0)
                r = expand_definition(l, d);
        if (r == 0 && d->applies)
                r = expand_definition(l, d->applies);
        if (r < 0)
                return r;
        d->rule->condition = d->expanded;
        d->rule->applies = d->applies ? d->applies->expanded : NULL;
        return 0;
}

int load_rule(struct loader *l, struct definition *d, uint32_t index)
{
        int r = new_rule(l, d, index);

        if (r == 0 && !d->source)
                r = skip_unknown_source(l, d);
        if (r == 0)
                r = load_condition(l, d);
        if (r < 0 || !d->source)
                return is_fatal(r) ? r : 0;
        r = check_rule(l, d);
        if (r == -ENOENT) {
                d->rule->state = RULE_SKIPPED;
                return 0;
        }
        return r < 0 ? r : check_events(l, d);
}
