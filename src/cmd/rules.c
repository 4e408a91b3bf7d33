/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/file.h"
#include "cmd/rules.h"
#include "pipeline/judge.h"
#include "pipeline/stock_rules.h"

#define RULE_FILE_MAX (16u << 20)
#define RULE_FILES_MAX 10000

/* Files read so far. */
struct pile {
        struct arena *arena;
        struct rule_file *files;
        size_t n, cap;
};

static void pile_done(struct pile *p)
{
        arena_free(p->arena);
        free(p->files);
}

static int add_text(struct pile *p, const char *name, struct str text, struct error *err)
{
        if (p->n == RULE_FILES_MAX)
                return error_say(err, -E2BIG, "more than %d rule files", RULE_FILES_MAX);
        if (mem_grow(&p->files, &p->cap, p->n + 1, sizeof(*p->files)) < 0)
                return error_oom(err);
        p->files[p->n++] = (struct rule_file){ .name = name, .text = text };
        return 0;
}

static int add_file(struct pile *p, const char *path, struct error *err)
{
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        _cleanup_(buf_free) struct buf text = { 0 };
        char *name, *copy;
        int r;

        if (fd < 0)
                return error_set(err, -errno, "open '%s'", path);
        r = file_slurp(fd, RULE_FILE_MAX, &text, err);
        if (r < 0)
                return error_wrap(err, "'%s'", path);
        name = arena_string(p->arena, path, strlen(path));
        copy = arena_string(p->arena, text.data, text.len);
        return name && copy ? add_text(p, name, (struct str){ copy, text.len }, err) : error_oom(err);
}

static int is_rule_file(const struct dirent *entry)
{
        struct str name = str_from(entry->d_name);

        return name.p[0] != '.' && (str_ends(name, ".yaml") || str_ends(name, ".yml"));
}

static int add_folder(struct pile *p, const char *path, struct error *err)
{
        struct dirent **entries = NULL;
        int n = scandir(path, &entries, is_rule_file, alphasort), r = 0;

        if (n < 0)
                return error_set(err, -errno, "open the folder '%s'", path);
        if (n == 0)
                r = error_say(err, -ENOENT, "'%s' holds no rule file (*.yaml, *.yml)", path);
        for (int i = 0; i < n; i++) {
                _cleanup_(buf_free) struct buf full = { 0 };

                buf_printf(&full, "%s/%s", path, entries[i]->d_name);
                if (r == 0)
                        r = buf_ok(&full) ? add_file(p, full.data, err) : error_oom(err);
                free(entries[i]);
        }
        free(entries);
        return r;
}

static int add_path(struct pile *p, const char *path, struct error *err)
{
        struct stat st;

        if (stat(path, &st) < 0)
                return error_set(err, -errno, "open '%s'", path);
        return S_ISDIR(st.st_mode) ? add_folder(p, path, err) : add_file(p, path, err);
}

int rules_open(const struct rules_request *request, struct rule_set **ret, struct error *err)
{
        const struct rules_options options = { .sources = request->sources ? request->sources : judge_sources,
                                               .strict = request->strict, .check = rule_condition_check };
        _cleanup_(pile_done) struct pile pile = { .arena = arena_new() };
        int r = pile.arena ? 0 : error_oom(err);

        for (size_t i = 0; r == 0 && request->stock && i < n_stock_rule_files; i++)
                r = add_text(&pile, stock_rule_files[i].name, stock_rule_files[i].text, err);
        for (size_t i = 0; r == 0 && i < request->n; i++)
                r = add_path(&pile, request->paths[i], err);
        return r < 0 ? r : rules_load(pile.files, pile.n, &options, ret, err);
}

size_t rules_print_messages(const struct rule_set *set, bool notes, struct buf *out)
{
        const struct rule_message *messages;
        size_t n = rule_set_messages(set, &messages), errors = 0;

        for (size_t i = 0; i < n; i++) {
                const struct rule_message *m = &messages[i];

                errors += m->is_error;
                if (m->is_note && !notes)
                        continue;
                if (*m->file) {
                        buf_add_quoted(out, str_from(m->file));
                        buf_putc(out, ':');
                }
                if (m->place.line)
                        buf_printf(out, "%u:%u:", m->place.line, m->place.column);
                buf_printf(out, "%s%s: ", out->len && out->data[out->len - 1] == ':' ? " " : "",
                           m->is_error ? "error" : m->is_note ? "note" : "warning");
                buf_add_quoted(out, str_from(m->text));
                buf_putc(out, '\n');
        }
        return errors;
}

const char *rules_state_name(enum rule_state state)
{
        static const char *const names[] = {
                [RULE_READY] = "ready", [RULE_NOT_EVALUABLE] = "not evaluable", [RULE_DISABLED] = "disabled",
                [RULE_SKIPPED] = "skipped",
        };

        return names[state];
}
