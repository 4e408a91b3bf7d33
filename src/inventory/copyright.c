/* SPDX-License-Identifier: Apache-2.0 */
/* The licences of a Debian package: its copyright file in the machine-readable format 1.0 ("DEP-5"), else the common
 * licences that its text refers to (Debian policy 12.5). */
#include <errno.h>
#include <strings.h>

#include "base/hijack.h"
#include "inventory/detectors.h"

#define LINE_MAX_BYTES (1u << 20)
#define COPYRIGHT_MAX (16u << 20) /* the largest in Debian have some megabytes */
#define LICENSES_MAX 256u
#define LICENSE_NAME_MAX 512u /* longer ones are text where a name should be */

struct names {
        struct str items[LICENSES_MAX];
        size_t n;
        bool more;
};

struct copyright {
        struct arena *arena;
        struct names licenses;   /* of fields License */
        struct names references; /* to /usr/share/common-licenses */
        bool in_first;           /* stanza */
        bool any;
        bool machine_readable;
};

static int add_name(struct copyright *c, struct names *names, struct str name, struct error *err)
{
        const char *copy;

        for (size_t i = 0; i < names->n; i++)
                if (str_equal(names->items[i], name))
                        return 0;
        if (names->n == LICENSES_MAX) {
                names->more = true;
                return 0;
        }
        copy = arena_string(c->arena, name.p, name.n);
        if (!copy)
                return error_oom(err);
        names->items[names->n++] = (struct str){ copy, name.n };
        return 0;
}

static bool is_reference_char(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
               c == '+' || c == '_';
}

/* "/usr/share/common-licenses/GPL-2." at the end of a sentence names GPL-2. */
static int take_references(struct copyright *c, struct str line, struct error *err)
{
        static const char folder[] = "/common-licenses/";
        const char *at;
        int r;

        while (line.n && (at = memmem(line.p, line.n, folder, sizeof(folder) - 1))) {
                struct str name = { at + sizeof(folder) - 1, 0 };

                line.n -= (size_t)(name.p - line.p);
                line.p = name.p;
                while (name.n < line.n && is_reference_char(name.p[name.n]))
                        name.n++;
                while (name.n && (name.p[name.n - 1] == '.' || name.p[name.n - 1] == '-'))
                        name.n--;
                if (name.n == 0 || name.n > LICENSE_NAME_MAX)
                        continue;
                r = add_name(c, &c->references, name, err);
                if (r < 0)
                        return r;
        }
        return 0;
}

static bool is_field(struct str name, const char *field)
{
        name = str_trim(name);
        return name.n == strlen(field) && strncasecmp(name.p, field, name.n) == 0;
}

static int take_field(struct copyright *c, struct str line, struct error *err)
{
        struct str value = line, name = str_cut(&value, ':');

        if (!value.p)
                return 0;
        /* The header is the first stanza, and it names the format; drafts called that Format-Specification. */
        if (c->in_first && (is_field(name, "Format") || is_field(name, "Format-Specification")))
                c->machine_readable = true;
        if (!is_field(name, "License"))
                return 0;
        value = str_trim(value);
        return value.n && value.n <= LICENSE_NAME_MAX ? add_name(c, &c->licenses, value, err) : 0;
}

static int take_line(struct copyright *c, struct str line, struct error *err)
{
        static const char byte_order_mark[] = "\xef\xbb\xbf";
        int r;

        if (!c->any && str_starts(line, byte_order_mark))
                line = (struct str){ line.p + 3, line.n - 3 };
        if (str_trim(line).n == 0) {
                c->in_first &= !c->any;
                return 0;
        }
        c->any = true;
        if (line.p[0] != ' ' && line.p[0] != '\t') {
                r = take_field(c, line, err);
                if (r < 0)
                        return r;
        }
        return take_references(c, line, err);
}

static int read_all(struct copyright *c, const struct detector_file *file, struct record_sink *sink, struct error *err)
{
        _cleanup_(content_lines_done) struct content_lines lines = { 0 };
        const struct names *names;
        struct str line;
        int r;

        content_lines_init(&lines, file->content, LINE_MAX_BYTES);
        while ((r = content_lines_next(&lines, &line, err)) > 0) {
                r = take_line(c, line, err);
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return r;
        HIJACK_POINT("copyright");
        names = c->machine_readable && c->licenses.n ? &c->licenses : &c->references;
        if (names->more)
                record_problem(sink, "it names more than %u licences, the others were left out", LICENSES_MAX);
        return names->n ? record_licenses(sink, names->items, names->n, err) : 0;
}

static int read_copyright(const struct detector_file *file, struct record_sink *sink, struct error *err)
{
        _cleanup_(arena_freep) struct arena *arena = arena_new();
        struct copyright c = { .arena = arena, .in_first = true };

        return arena ? read_all(&c, file, sink, err) : error_oom(err);
}

static const struct pattern patterns[] = {
        { PATTERN_EACH_BELOW, "usr/share/doc", "copyright" },
};

const struct detector copyright_detector = {
        .name = "copyright",
        .version = 1,
        .patterns = patterns,
        .n_patterns = ELEMENTS_OF(patterns),
        .max_size = COPYRIGHT_MAX,
        .read = read_copyright,
};
