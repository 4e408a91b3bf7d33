/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "rules/load.h"

struct rule_set {
        struct arena *texts;  /* what files say */
        struct arena *arena;  /* what was made of it */
        struct rule **rules;
        uint32_t n_rules;
        struct names names;   /* of rules */
        struct rule_message *messages;
        size_t n_messages;
        bool *has_file;
        size_t n_files;
};

/* ---- one rule ---- */

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
                .last_file = d->last_file, .lenient = d->lenient,
        };
        applies->values[KEY_CONDITION] = d->values[KEY_APPLIES];
        d->applies = applies;
        return parse_definition(l, applies);
}

static int skip_unknown_source(struct loader *l, struct definition *d)
{
        _cleanup_(buf_free) struct buf reason = { 0 };
        struct did_you_mean room;
        struct nearest nearest = nearest_to(d->rule->source_name);
        char *text;

        for (size_t i = 0; l->options->sources && l->options->sources[i]; i++)
                nearest_offer(&nearest, l->options->sources[i]->name);
        buf_printf(&reason, "the source '%s' is not known", SHOW(d->rule->source_name));
        text = buf_ok(&reason) ? arena_string(l->arena, reason.data, reason.len) : NULL;
        if (!text)
                return error_oom(l->err);
        d->rule->state = RULE_SKIPPED;
        d->rule->reason = (struct str){ text, reason.len };
        d->lenient = true;
        return say_warning(l, d->place, "rule '%s' is skipped: %s%s", SHOW(d->name), text, did_you_mean(&nearest, &room));
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

static int load_rule(struct loader *l, struct definition *d, uint32_t index)
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

/* ---- a pass ---- */

static void end_pass(struct loader *l)
{
        l->arena = arena_free(l->arena);
        for (unsigned kind = 0; kind < ITEM_KINDS; kind++) {
                names_done(&l->names[kind]);
                l->n_definitions[kind] = 0;
        }
        l->passing.n = 0;
        l->next_index = 0;
        l->n_list_items = l->n_nodes = l->n_compared = 0;
        l->any_left_out = false;
}

static int load_macros(struct loader *l)
{
        int r = 0;

        for (size_t i = 0; i < l->n_definitions[ITEM_MACRO] && !is_fatal(r); i++)
                r = parse_definition(l, l->definitions[ITEM_MACRO][i]);
        for (size_t i = 0; i < l->n_definitions[ITEM_MACRO] && !is_fatal(r); i++)
                r = expand_definition(l, l->definitions[ITEM_MACRO][i]);
        return is_fatal(r) ? r : 0;
}

static int note_unused(struct loader *l)
{
        int r = 0;

        for (unsigned kind = ITEM_LIST; kind <= ITEM_MACRO; kind++)
                for (size_t i = 0; i < l->n_definitions[kind] && r == 0; i++)
                        if (!l->definitions[kind][i]->used)
                                r = say_note(l, l->definitions[kind][i]->place, "%s '%s' is used nowhere", item_kind_names[kind],
                                             SHOW(l->definitions[kind][i]->name));
        return r;
}

/* All of it with the files that are not left out. More of them may be, afterwards: then the pass was in vain. */
static int run_pass(struct loader *l)
{
        int r = 0;

        l->arena = arena_new();
        if (!l->arena)
                return error_oom(l->err);
        for (uint32_t file = 1; file <= l->n_files && r == 0 && !l->any_left_out; file++)
                if (!l->files[file - 1].left_out)
                        r = collect_file(l, file);
        if (r < 0 || l->any_left_out)
                return r;
        r = flatten_lists(l);
        if (r == 0)
                r = load_macros(l);
        for (size_t i = 0; i < l->n_definitions[ITEM_RULE] && !is_fatal(r); i++)
                r = load_rule(l, l->definitions[ITEM_RULE][i], (uint32_t)i);
        if (is_fatal(r) || l->any_left_out)
                return is_fatal(r) ? r : 0;
        r = find_shadowed(l);
        return r < 0 ? r : note_unused(l);
}

/* ---- the set ---- */

static int compare_messages(const void *a, const void *b)
{
        const struct message *x = a, *y = b;

        if (x->place.file != y->place.file)
                return x->place.file < y->place.file ? -1 : 1;
        if (x->place.line != y->place.line)
                return x->place.line < y->place.line ? -1 : 1;
        if (x->place.column != y->place.column)
                return x->place.column < y->place.column ? -1 : 1;
        if (x->kind != y->kind)
                return x->kind < y->kind ? -1 : 1;
        return strcmp(x->text, y->text);
}

static int hand_over_messages(struct loader *l, struct rule_set *set)
{
        struct messages *all = &l->kept;

        if (mem_grow(&all->list, &all->cap, all->n + l->passing.n, sizeof(*all->list)) < 0)
                return error_oom(l->err);
        if (l->passing.n)
                memcpy(all->list + all->n, l->passing.list, l->passing.n * sizeof(*all->list));
        all->n += l->passing.n;
        if (all->n)
                qsort(all->list, all->n, sizeof(*all->list), compare_messages);
        set->messages = arena_alloc(l->arena, all->n * sizeof(*set->messages));
        if (!set->messages)
                return error_oom(l->err);
        set->n_messages = all->n;
        for (size_t i = 0; i < all->n; i++) {
                const struct message *m = &all->list[i];

                set->messages[i] = (struct rule_message){
                        .is_error = m->kind == MESSAGE_ERROR, .is_note = m->kind == MESSAGE_NOTE, .place = m->place,
                        .file = m->place.file ? l->files[m->place.file - 1].in->name : "", .text = m->text,
                };
        }
        return 0;
}

static int hand_over(struct loader *l, struct rule_set *set)
{
        size_t n = l->n_definitions[ITEM_RULE];

        set->rules = arena_alloc(l->arena, n * sizeof(*set->rules));
        set->has_file = arena_alloc(l->arena, l->n_files * sizeof(*set->has_file));
        if (!set->rules || !set->has_file)
                return error_oom(l->err);
        for (size_t i = 0; i < n; i++) {
                set->rules[i] = l->definitions[ITEM_RULE][i]->rule;
                if (names_put(&set->names, &set->rules[i]->name) < 0)
                        return error_oom(l->err);
        }
        set->n_rules = (uint32_t)n;
        set->n_files = l->n_files;
        for (size_t i = 0; i < l->n_files; i++)
                set->has_file[i] = !l->files[i].left_out;
        return hand_over_messages(l, set);
}

/* ---- the whole load ---- */

static void loader_done(struct loader *l)
{
        end_pass(l);
        for (size_t i = 0; i < l->n_files; i++)
                free(l->files[i].items);
        for (unsigned kind = 0; kind < ITEM_KINDS; kind++)
                free(l->definitions[kind]);
        free(l->files);
        free(l->kept.list);
        free(l->passing.list);
        arena_free(l->texts);
}

static int fail_strictly(const struct loader *l)
{
        const struct message *first = NULL;
        size_t n = 0;

        for (size_t i = 0; i < l->kept.n; i++) {
                if (l->kept.list[i].kind != MESSAGE_ERROR)
                        continue;
                if (!first || compare_messages(&l->kept.list[i], first) < 0)
                        first = &l->kept.list[i];
                n++;
        }
        if (!first)
                return 0;
        error_say(l->err, -EBADMSG, "%s:%u:%u: %s", first->place.file ? l->files[first->place.file - 1].in->name : "",
                  first->place.line, first->place.column, first->text);
        if (n > 1 && l->err) {
                char message[ERROR_MESSAGE_MAX];

                memcpy(message, l->err->message, sizeof(message));
                error_say(l->err, -EBADMSG, "%s (and %zu more)", message, n - 1);
        }
        return -EBADMSG;
}

static int load(struct loader *l)
{
        int r = 0;

        for (uint32_t file = 1; file <= l->n_files && r == 0; file++)
                r = read_file(l, file);
        while (r == 0) {
                end_pass(l);
                r = run_pass(l);
                if (!l->any_left_out)
                        break;
        }
        return r < 0 || !l->options->strict ? r : fail_strictly(l);
}

static int open_files(struct loader *l, const struct rule_file *files, size_t n)
{
        if (n > RULE_FILES_MAX)
                return error_say(l->err, -E2BIG, "%zu rule files, more than the %d that are read", n, RULE_FILES_MAX);
        l->texts = arena_new();
        l->files = calloc(n ? n : 1, sizeof(*l->files));
        if (!l->texts || !l->files)
                return error_oom(l->err);
        l->n_files = n;
        for (size_t i = 0; i < n; i++) {
                struct rule_file *copy = arena_copy(l->texts, &files[i], sizeof(files[i]));

                if (!copy || !(copy->name = arena_string(l->texts, files[i].name, strlen(files[i].name))))
                        return error_oom(l->err);
                l->files[i].in = copy;
        }
        return 0;
}

int rules_load(const struct rule_file *files, size_t n_files, const struct rules_options *options, struct rule_set **ret,
               struct error *err)
{
        _cleanup_(loader_done) struct loader l = { .options = options, .err = err };
        _cleanup_(rule_set_freep) struct rule_set *set = calloc(1, sizeof(*set));
        int r;

        if (!set)
                return error_oom(err);
        r = open_files(&l, files, n_files);
        if (r == 0)
                r = load(&l);
        if (r == 0)
                r = hand_over(&l, set);
        if (r < 0)
                return r;
        set->texts = TAKE_PTR(l.texts);
        set->arena = TAKE_PTR(l.arena);
        *ret = TAKE_PTR(set);
        return 0;
}

struct rule_set *rule_set_free(struct rule_set *set)
{
        if (!set)
                return NULL;
        names_done(&set->names);
        arena_free(set->arena);
        arena_free(set->texts);
        free(set);
        return NULL;
}

uint32_t rule_set_count(const struct rule_set *set)
{
        return set->n_rules;
}

const struct rule *rule_set_get(const struct rule_set *set, uint32_t i)
{
        return i < set->n_rules ? set->rules[i] : NULL;
}

const struct rule *rule_set_find(const struct rule_set *set, struct str name)
{
        return names_find(&set->names, name);
}

bool rule_set_has_file(const struct rule_set *set, size_t i)
{
        return i < set->n_files && set->has_file[i];
}

size_t rule_set_messages(const struct rule_set *set, const struct rule_message **ret)
{
        *ret = set->messages;
        return set->n_messages;
}
