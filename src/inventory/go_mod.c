/* SPDX-License-Identifier: Apache-2.0 */
/* go.mod (go.dev/ref/mod): what `require` names, after `replace`. */
#include <errno.h>

#include "base/hijack.h"
#include "inventory/detectors.h"
#include "inventory/language.h"

#define GO_MOD_MAX (64u << 20)
#define REPLACES_MAX 10000u

struct replace {
        struct str path, version, by_path, by_version; /* version: empty for all */
};

struct go_mod {
        struct language language;
        struct str text;
        struct replace *replaces;
        size_t n_replaces, replaces_cap;
};

/* The next word of a line; a comment ends it. Words may stand in double or back quotes. */
static struct str next_word(struct str *rest)
{
        struct str s = str_trim(*rest), word = s;
        size_t n = 0;

        if (s.n == 0 || str_starts(s, "//")) {
                *rest = STR_NULL;
                return STR_NULL;
        }
        if (s.p[0] == '"' || s.p[0] == '`') {
                struct str after = { s.p + 1, s.n - 1 };

                word = str_cut(&after, s.p[0]);
                *rest = after;
                return word;
        }
        while (n < s.n && s.p[n] != ' ' && s.p[n] != '\t')
                n++;
        *rest = (struct str){ s.p + n, s.n - n };
        word.n = n;
        return word;
}

static int take_replace(struct go_mod *g, struct str line, struct error *err)
{
        struct replace p = { .path = next_word(&line) };
        struct str word = next_word(&line);

        if (word.n && !str_equals(word, "=>")) {
                p.version = word;
                word = next_word(&line);
        }
        if (!str_equals(word, "=>") || g->n_replaces == REPLACES_MAX)
                return 0;
        p.by_path = next_word(&line);
        p.by_version = next_word(&line);
        if (mem_grow(&g->replaces, &g->replaces_cap, g->n_replaces + 1, sizeof(p)) < 0)
                return error_oom(err);
        g->replaces[g->n_replaces++] = p;
        return 0;
}

static int compare_replaces(const void *pa, const void *pb)
{
        const struct replace *a = pa, *b = pb;
        int r = str_compare(a->path, b->path);

        return r ? r : str_compare(a->version, b->version);
}

static const struct replace *find_replace(const struct go_mod *g, struct str path, struct str version)
{
        struct replace exact = { .path = path, .version = version }, any = { .path = path };
        const struct replace *found = mem_find(&exact, g->replaces, g->n_replaces, sizeof(exact), compare_replaces);

        return found ? found : mem_find(&any, g->replaces, g->n_replaces, sizeof(any), compare_replaces);
}

static int take_require(struct go_mod *g, struct str line, struct error *err)
{
        struct str path = next_word(&line), version = next_word(&line);
        const struct replace *by;

        if (path.n == 0 || version.n == 0)
                return 0;
        HIJACK_POINT("go-mod");
        by = find_replace(g, path, version);
        if (by && by->by_version.n) /* else a folder stands for it */
                return language_pair(&g->language, by->by_path, by->by_version, false, err);
        return language_pair(&g->language, path, version, false, err);
}

/* All lines of blocks of a directive, and its one-line forms. */
static int each_line(struct go_mod *g, const char *directive, int (*take)(struct go_mod *g, struct str line, struct error *err),
                     struct error *err)
{
        struct str text = g->text;
        bool inside = false, open = false;
        int r = 0;

        while (r == 0 && text.n) {
                struct str line = str_trim(str_cut(&text, '\n')), rest = line, word = next_word(&rest);
                bool is_wanted = str_equals(word, directive);

                if (open) {
                        open = !str_starts(word, ")");
                        if (open && inside && word.n)
                                r = take(g, line, err);
                } else if (str_starts(str_trim(rest), "(")) {
                        open = true;
                        inside = is_wanted;
                } else if (is_wanted) {
                        r = take(g, rest, err);
                }
        }
        return r;
}

static int read_go_mod(const struct detector_file *file, struct record_sink *sink, struct error *err)
{
        struct go_mod g = { .language = { .sink = sink, .type = "golang", .evidence = PACKAGE_DECLARED } };
        _cleanup_(buf_free) struct buf text = { 0 };
        int r = content_slurp(file->content, GO_MOD_MAX, &text, err);

        g.text = buf_str(&text);
        if (r == 0)
                r = each_line(&g, "replace", take_replace, err);
        mem_sort(g.replaces, g.n_replaces, sizeof(*g.replaces), compare_replaces);
        if (r == 0)
                r = each_line(&g, "require", take_require, err);
        free(g.replaces);
        language_done(&g.language);
        return r;
}

static const struct pattern patterns[] = { { PATTERN_NAME, "go.mod", NULL } };

const struct detector go_mod_detector = {
        .name = "go-mod",
        .version = 1,
        .patterns = patterns,
        .n_patterns = ELEMENTS_OF(patterns),
        .wants = language_wants_lockfile,
        .max_size = GO_MOD_MAX,
        .read = read_go_mod,
};
