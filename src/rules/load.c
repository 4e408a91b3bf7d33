/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "rules/load.h"

/* ---- sources that nobody has ---- */

struct unknown_source {
        struct str name; /* first: see base/names.h */
        const struct definition *first;
        uint32_t n_rules;
};

static int say_unknown_source(struct loader *l, const struct unknown_source *source)
{
        struct nearest nearest = nearest_to(source->name);
        struct did_you_mean room;

        for (size_t i = 0; l->options->sources && l->options->sources[i]; i++)
                nearest_offer(&nearest, l->options->sources[i]->name);
        if (source->n_rules == 1)
                return say_warning(l, source->first->place, "rule '%s' is skipped: the source '%s' is not known%s",
                                   SHOW(source->first->name), SHOW(source->name), did_you_mean(&nearest, &room));
        return say_warning(l, source->first->place,
                           "%u rules are skipped, from '%s' on: the source '%s' is not known%s", source->n_rules,
                           SHOW(source->first->name), SHOW(source->name), did_you_mean(&nearest, &room));
}

/* Once a source, however many rules it has. */
static int say_unknown_sources(struct loader *l)
{
        _cleanup_(names_done) struct names names = { 0 };
        size_t n = l->n_definitions[ITEM_RULE], n_sources = 0;
        struct unknown_source *sources = arena_alloc(l->arena, n * sizeof(*sources)), *source;
        int r = 0;

        if (!sources)
                return error_oom(l->err);
        for (size_t i = 0; i < n; i++) {
                const struct definition *d = l->definitions[ITEM_RULE][i];

                if (d->source)
                        continue;
                source = names_find(&names, d->rule->source_name);
                if (!source) {
                        source = &sources[n_sources++];
                        *source = (struct unknown_source){ d->rule->source_name, d, 0 };
                        if (names_put(&names, &source->name) < 0)
                                return error_oom(l->err);
                }
                source->n_rules++;
        }
        for (size_t i = 0; i < n_sources && r == 0; i++)
                r = say_unknown_source(l, &sources[i]);
        return r;
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
        l->n_list_items = l->n_text_bytes = l->n_tree_nodes = l->n_nodes = l->n_compared = 0;
        l->any_left_out = false;
        l->suspect = 0;
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
                                r = say_note(l, l->definitions[kind][i]->place, "%s '%s' is used nowhere",
                                             item_kind_names[kind], SHOW(l->definitions[kind][i]->name));
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
        if (!is_fatal(r) && (l->any_left_out || l->suspect))
                return leave_out_suspect(l);
        if (is_fatal(r))
                return r;
        r = find_shadowed(l);
        if (r == 0)
                r = say_unknown_sources(l);
        return r < 0 ? r : note_unused(l);
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
                if (!first || messages_compare(&l->kept.list[i], first) < 0)
                        first = &l->kept.list[i];
                n++;
        }
        if (!first)
                return 0;
        error_say(l->err, -EBADMSG, "%s", first->text);
        if (first->place.line)
                error_wrap(l->err, "%s:%u:%u", first->place.file ? l->files[first->place.file - 1].in->name : "",
                           first->place.line, first->place.column);
        else if (first->place.file)
                error_wrap(l->err, "%s", l->files[first->place.file - 1].in->name);
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

int rules_load(const struct rule_file *files, size_t n_files, const struct rules_options *options,
               struct rule_set **ret, struct error *err)
{
        _cleanup_(loader_done) struct loader l = { .options = options, .err = err };
        _cleanup_(rule_set_freep) struct rule_set *set = rule_set_new();
        int r;

        if (!set)
                return error_oom(err);
        r = open_files(&l, files, n_files);
        if (r == 0)
                r = load(&l);
        if (r == 0)
                r = rule_set_fill(set, &l);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(set);
        return 0;
}
