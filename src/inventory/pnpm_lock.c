/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pnpm-lock.yaml. Its section `packages` has a key a package, indented by two: `/@a/b/1.2.3_peer` up to version 5,
 * `/@a/b@1.2.3(peer)` in version 6, `'@a/b@1.2.3'` since version 9; below it `dev: true`, and `name` and `version` where the
 * key does not say them. The program writes it always alike, so it is read line by line, however large it is.
 */
#include <errno.h>

#include "base/hijack.h"
#include "inventory/detectors.h"
#include "inventory/language.h"

#define LINE_MAX_BYTES (1u << 20)

struct pnpm {
        struct language language;
        struct language_entry entry;
        bool in_packages, any;
        bool slashes; /* up to version 5: a slash stands before the version */
};

static struct str unquoted(struct str s)
{
        s = str_trim(s);
        if (s.n >= 2 && (s.p[0] == '\'' || s.p[0] == '"') && s.p[s.n - 1] == s.p[0])
                return (struct str){ s.p + 1, s.n - 2 };
        return s;
}

static struct str before(struct str s, char c)
{
        return str_cut(&s, c);
}

/* The last one that is not the first character, 0 if there is none. */
static size_t last_of(struct str s, char c)
{
        for (size_t i = s.n; i-- > 1;)
                if (s.p[i] == c)
                        return i;
        return 0;
}

static bool is_digit(char c)
{
        return c >= '0' && c <= '9';
}

/* What a key says; a place (`file:…`, `github.com/…`) says neither name nor version. */
static void take_key(struct pnpm *p, struct str key)
{
        struct language_entry *e = &p->entry;
        size_t at;

        key = unquoted(key);
        if (str_starts(key, "/"))
                key = (struct str){ key.p + 1, key.n - 1 };
        key = before(key, '(');
        at = last_of(key, p->slashes ? '/' : '@');
        if (!at || at + 1 >= key.n || !is_digit(key.p[at + 1]))
                return;
        buf_add(&e->name, key.p, at);
        buf_add_str(&e->version, before((struct str){ key.p + at + 1, key.n - at - 1 }, '_'));
}

static int finish(struct pnpm *p, struct error *err)
{
        int r = 0;

        if (p->any && p->entry.name.len && p->entry.version.len) {
                HIJACK_POINT("pnpm-lock");
                r = language_emit(&p->language, &p->entry, err);
        }
        language_entry_clear(&p->entry);
        p->any = false;
        return r;
}

static void take_field(struct pnpm *p, struct str text)
{
        struct str value = text, key = str_cut(&value, ':');

        value = unquoted(value);
        if (str_equals(key, "dev"))
                p->entry.development = str_equals(value, "true");
        if (str_equals(key, "name")) {
                buf_clear(&p->entry.name);
                buf_add_str(&p->entry.name, value);
        }
        if (str_equals(key, "version")) {
                buf_clear(&p->entry.version);
                buf_add_str(&p->entry.version, value);
        }
}

static void take_top(struct pnpm *p, struct str text)
{
        struct str value = text, key = str_cut(&value, ':');

        p->in_packages = str_equals(text, "packages:");
        value = unquoted(value);
        if (str_equals(key, "lockfileVersion"))
                p->slashes = value.n && value.p[0] < '6' && (value.n == 1 || value.p[1] == '.');
}

static int take_line(void *ctx, struct str line, struct error *err)
{
        struct pnpm *p = ctx;
        struct str text = str_trim(line);
        size_t indent = 0;
        int r = 0;

        while (indent < line.n && line.p[indent] == ' ')
                indent++;
        if (text.n == 0 || text.p[0] == '#')
                return 0;
        if (indent <= 2)
                r = finish(p, err);
        if (indent == 0)
                take_top(p, text);
        if (!p->in_packages || r < 0)
                return r;
        if (indent == 2 && text.p[text.n - 1] == ':') {
                p->any = true;
                take_key(p, (struct str){ text.p, text.n - 1 });
        } else if (indent == 4) {
                take_field(p, text);
        }
        return 0;
}

static int read_lock(const struct detector_file *file, struct record_sink *sink, struct error *err)
{
        struct pnpm p = { .language = { .sink = sink, .type = "npm", .evidence = PACKAGE_DECLARED } };
        int r = language_lines(file->content, LINE_MAX_BYTES, take_line, &p, err);

        if (r == 0)
                r = finish(&p, err);
        language_entry_done(&p.entry);
        language_done(&p.language);
        return r;
}

static const struct pattern patterns[] = { { PATTERN_NAME, "pnpm-lock.yaml", NULL } };

const struct detector pnpm_lock_detector = {
        .name = "pnpm-lock",
        .version = 1,
        .patterns = patterns,
        .n_patterns = ELEMENTS_OF(patterns),
        .wants = language_wants_lockfile,
        .max_size = LOCKFILE_MAX,
        .read = read_lock,
};
