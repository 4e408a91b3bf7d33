/* SPDX-License-Identifier: Apache-2.0 */
/* dpkg's database: stanzas as in deb-control(5) and dpkg-query(1), and the lists of files beside it. */
#include <errno.h>
#include <strings.h>

#include "base/hijack.h"
#include "inventory/detectors.h"
#include "model/path.h"

#define LINE_MAX_BYTES (1u << 20)
#define DATABASE_MAX (1ull << 30)
#define LIST_PATHS_MAX (1u << 24)

/* The fields of a stanza that matter. Values are kept, since lines are borrowed. */
enum field {
        FIELD_PACKAGE,
        FIELD_VERSION,
        FIELD_ARCHITECTURE,
        FIELD_SOURCE,
        FIELD_STATUS,
        FIELD_MAINTAINER,
        FIELD_MULTI_ARCH,
        FIELDS,
};

struct stanza {
        struct buf values[FIELDS];
        bool any;
};

static void stanza_clear(struct stanza *s)
{
        for (size_t i = 0; i < FIELDS; i++)
                buf_clear(&s->values[i]);
        s->any = false;
}

static void stanza_done(struct stanza *s)
{
        for (size_t i = 0; i < FIELDS; i++)
                buf_free(&s->values[i]);
}

static bool same_name(struct str a, const char *b)
{
        return a.n == strlen(b) && strncasecmp(a.p, b, a.n) == 0;
}

static void take_line(struct stanza *s, struct str line)
{
        static const char *const names[FIELDS] = {
                "Package", "Version", "Architecture", "Source", "Status", "Maintainer", "Multi-Arch",
        };
        struct str value = line, name = str_cut(&value, ':');

        s->any = true;
        if (line.p[0] == ' ' || line.p[0] == '\t' || !value.p)
                return; /* a continuation: none of ours has one */
        for (size_t i = 0; i < FIELDS; i++)
                if (same_name(name, names[i])) {
                        buf_clear(&s->values[i]);
                        buf_add_str(&s->values[i], str_trim(value));
                        return;
                }
}

static struct str value_of(const struct stanza *s, enum field field)
{
        return buf_str(&s->values[field]);
}

/* "want flag status": installed is what the third word says. */
static bool is_installed(const struct stanza *s, bool status_needed)
{
        struct str rest = value_of(s, FIELD_STATUS), word = STR_NULL;

        if (rest.n == 0)
                return !status_needed;
        for (int i = 0; i < 3 && rest.p; i++)
                word = str_cut(&rest, ' ');
        return str_equals(word, "installed") && !rest.p;
}

/* "name (version)", or the name alone. */
static void split_source(struct str source, struct str *name, struct str *version)
{
        struct str rest = source, head = str_cut(&rest, '(');

        if (source.n == 0)
                return;
        *name = str_trim(head);
        if (rest.p)
                *version = str_trim(str_cut(&rest, ')'));
}

static int emit_stanza(const struct stanza *s, bool status_needed, struct record_sink *sink, struct error *err)
{
        _cleanup_(buf_free) struct buf key = { 0 };
        struct package p = {
                .name = value_of(s, FIELD_PACKAGE), .version = value_of(s, FIELD_VERSION), .type = STR_LIT("deb"),
                .arch = value_of(s, FIELD_ARCHITECTURE), .vendor = value_of(s, FIELD_MAINTAINER),
        };

        if (!s->any || !is_installed(s, status_needed))
                return 0;
        HIJACK_POINT("dpkg-status");
        if (p.name.n == 0 || p.version.n == 0) {
                record_problem(sink, "a stanza without %s was left out%s%.*s", p.name.n ? "Version" : "Package",
                               p.name.n ? ": " : "", STR_ARG(p.name));
                return 0;
        }
        p.source_name = p.name;
        p.source_version = p.version;
        split_source(value_of(s, FIELD_SOURCE), &p.source_name, &p.source_version);
        buf_add_str(&key, p.name);
        if (str_equals(value_of(s, FIELD_MULTI_ARCH), "same"))
                buf_printf(&key, ":%.*s", STR_ARG(p.arch));
        if (!buf_ok(&key))
                return error_oom(err);
        p.key = buf_str(&key);
        return record_package(sink, &p, err);
}

static int read_status(const struct detector_file *file, struct record_sink *sink, struct error *err)
{
        _cleanup_(content_lines_done) struct content_lines lines = { 0 };
        _cleanup_(stanza_done) struct stanza stanza = { 0 };
        bool status_needed = str_equals(path_name(file->entry->path), "status");
        struct str line;
        int r;

        if (!status_needed && str_ends(file->entry->path, ".md5sums"))
                return 0;
        content_lines_init(&lines, file->content, LINE_MAX_BYTES);
        while ((r = content_lines_next(&lines, &line, err)) > 0) {
                if (line.n) {
                        take_line(&stanza, line);
                        continue;
                }
                r = emit_stanza(&stanza, status_needed, sink, err);
                if (r < 0)
                        return r;
                stanza_clear(&stanza);
        }
        return r < 0 ? r : emit_stanza(&stanza, status_needed, sink, err);
}

static const struct pattern status_patterns[] = {
        { PATTERN_PATH, "var/lib/dpkg/status", NULL },
        { PATTERN_DIRECTORY, "var/lib/dpkg/status.d", NULL }, /* distroless: a file a package */
};

const struct detector dpkg_status_detector = {
        .name = "dpkg",
        .version = 1,
        .patterns = status_patterns,
        .n_patterns = ELEMENTS_OF(status_patterns),
        .max_size = DATABASE_MAX,
        .read = read_status,
};

/* ---- which files a package owns: NAME[:ARCH].list, or NAME.md5sums where there are only those ---- */

static struct str without_suffix(struct str name, const char *suffix)
{
        name.n -= strlen(suffix);
        return name;
}

/* "md5  path" gives the path; an empty one for a line of another form. */
static struct str path_of_sum(struct str line)
{
        return line.n > 34 && line.p[32] == ' ' ? (struct str){ line.p + 34, line.n - 34 } : STR_NULL;
}

static int read_owned(const struct detector_file *file, struct record_sink *sink, struct error *err)
{
        _cleanup_(buf_free) struct buf text = { 0 };
        _cleanup_free_ struct str *paths = NULL;
        struct str name = path_name(file->entry->path), rest;
        bool sums = str_ends(name, ".md5sums");
        size_t n = 0, cap = 0;
        int r;

        r = content_slurp(file->content, file->content->size, &text, err);
        if (r < 0)
                return r;
        HIJACK_POINT("dpkg-files");
        for (rest = buf_str(&text); rest.n;) {
                struct str path = str_trim(str_cut(&rest, '\n'));

                path = sums ? path_of_sum(path) : path;
                if (path.n == 0 || n == LIST_PATHS_MAX)
                        continue;
                if (mem_grow(&paths, &cap, n + 1, sizeof(*paths)) < 0)
                        return error_oom(err);
                paths[n++] = path;
        }
        return record_owned(sink, without_suffix(name, sums ? ".md5sums" : ".list"), paths, n, err);
}

static const struct pattern owned_patterns[] = {
        { PATTERN_DIRECTORY, "var/lib/dpkg/info", ".list" },
        { PATTERN_DIRECTORY, "var/lib/dpkg/status.d", ".md5sums" },
};

const struct detector dpkg_owned_detector = {
        .name = "dpkg-files",
        .version = 1,
        .patterns = owned_patterns,
        .n_patterns = ELEMENTS_OF(owned_patterns),
        .max_size = 64ull << 20,
        .read = read_owned,
};
