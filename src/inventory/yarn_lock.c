/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yarn.lock. Version 1: an entry's line names what was asked for, `"@a/b@^1.0.0", c@x:`, and lines below it, indented, say
 * `version "1.2.3"`. Later versions ("berry") write YAML of the same outline, with `version: 1.2.3` and
 * `resolution: "@a/b@npm:1.2.3"`.
 */
#include <errno.h>

#include "base/hijack.h"
#include "inventory/detectors.h"
#include "inventory/language.h"

#define LINE_MAX_BYTES (1u << 20)

struct yarn {
        struct language language;
        struct language_entry entry;
        bool any;
};

static struct str unquoted(struct str s)
{
        s = str_trim(s);
        if (s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"')
                return (struct str){ s.p + 1, s.n - 2 };
        return s;
}

/* "@a/b@npm:^1.0" is "@a/b", then "npm:^1.0". */
static struct str cut_at(struct str *rest)
{
        struct str name = *rest;

        for (size_t i = 1; i < rest->n; i++) {
                if (rest->p[i] != '@')
                        continue;
                name.n = i;
                *rest = (struct str){ rest->p + i + 1, rest->n - i - 1 };
                return name;
        }
        *rest = STR_NULL;
        return name;
}

/* What is no release of the registry: the project's own parts, and links. */
static bool is_elsewhere(struct str range)
{
        static const char *const prefixes[] = { "workspace:", "link:", "portal:", "file:" };

        for (size_t i = 0; i < ELEMENTS_OF(prefixes); i++)
                if (str_starts(range, prefixes[i]))
                        return true;
        return false;
}

static void set_name(struct yarn *y, struct str descriptor)
{
        struct str range = descriptor, name = cut_at(&range);

        if (str_starts(range, "npm:")) { /* an alias: the package's own name comes after it */
                struct str inner = { range.p + 4, range.n - 4 }, own = cut_at(&inner);

                if (inner.p)
                        name = own;
        }
        buf_clear(&y->entry.name);
        buf_add_str(&y->entry.name, name);
        y->entry.skip = is_elsewhere(range);
}

static int finish(struct yarn *y, struct error *err)
{
        int r = 0;

        if (y->any && y->entry.version.len) {
                HIJACK_POINT("yarn-lock");
                r = language_emit(&y->language, &y->entry, err);
        }
        language_entry_clear(&y->entry);
        y->any = false;
        return r;
}

/* Of `"a@^1 || ^2", b@^3:`, where any may stand in quotes, or all of them in one pair. */
static struct str first_descriptor(struct str line)
{
        struct str rest = line;

        if (str_starts(line, "\"")) {
                rest = (struct str){ line.p + 1, line.n - 1 };
                line = str_cut(&rest, '"');
                return str_cut(&line, ',');
        }
        line.n -= line.p[line.n - 1] == ':';
        return str_cut(&line, ',');
}

static int take_line(void *ctx, struct str line, struct error *err)
{
        struct yarn *y = ctx;
        bool indented = line.n && line.p[0] == ' ';
        bool deeper = line.n > 2 && line.p[0] == ' ' && line.p[2] == ' ';
        struct str text = str_trim(line), value = text, key;
        int r;

        if (text.n == 0 || text.p[0] == '#' || deeper)
                return 0;
        if (!indented) {
                r = finish(y, err);
                if (r < 0)
                        return r;
                key = first_descriptor(text);
                y->any = !str_equals(key, "__metadata");
                set_name(y, key);
                return 0;
        }
        key = str_cut(&value, ' ');
        if (key.n && key.p[key.n - 1] == ':')
                key.n--;
        if (str_equals(key, "version")) {
                buf_clear(&y->entry.version);
                buf_add_str(&y->entry.version, unquoted(value));
        } else if (str_equals(key, "resolution")) {
                set_name(y, unquoted(value));
        }
        return 0;
}

static int read_lock(const struct detector_file *file, struct record_sink *sink, struct error *err)
{
        struct yarn y = { .language = { .sink = sink, .type = "npm", .evidence = PACKAGE_DECLARED } };
        int r = language_lines(file->content, LINE_MAX_BYTES, take_line, &y, err);

        if (r == 0)
                r = finish(&y, err);
        language_entry_done(&y.entry);
        language_done(&y.language);
        return r;
}

static const struct pattern patterns[] = { { PATTERN_NAME, "yarn.lock", NULL } };

const struct detector yarn_lock_detector = {
        .name = "yarn-lock",
        .version = 1,
        .patterns = patterns,
        .n_patterns = ELEMENTS_OF(patterns),
        .wants = language_wants_lockfile,
        .max_size = LOCKFILE_MAX,
        .read = read_lock,
};
