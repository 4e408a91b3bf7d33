/* SPDX-License-Identifier: Apache-2.0 */
/* dpkg's database: stanzas as in deb-control(5) and dpkg-query(1), and the lists of files beside it. */
#include <errno.h>
#include <strings.h>

#include "base/hijack.h"
#include "inventory/detectors.h"
#include "inventory/owned.h"
#include "model/path.h"

#define STATUS_PATH "var/lib/dpkg/status"
#define LINE_MAX_BYTES (1u << 20)
#define DATABASE_MAX (1ull << 30)
#define LIST_MAX (64ull << 20)

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

static const char *const field_names[FIELDS] = {
        "Package", "Version", "Architecture", "Source", "Status", "Maintainer", "Multi-Arch",
};

struct stanza {
        struct buf values[FIELDS];
        bool seen[FIELDS];
        bool any;
        const char *repeated; /* a field that is there twice */
};

static void stanza_clear(struct stanza *s)
{
        for (size_t i = 0; i < FIELDS; i++) {
                buf_clear(&s->values[i]);
                s->seen[i] = false;
        }
        s->any = false;
        s->repeated = NULL;
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

/* dpkg refuses a database in which a field is there twice. Here the first counts. */
static void take_line(struct stanza *s, struct str line)
{
        struct str value = line, name = str_trim(str_cut(&value, ':'));

        s->any = true;
        if (line.p[0] == ' ' || line.p[0] == '\t' || !value.p)
                return; /* a continuation: none of ours has one */
        for (size_t i = 0; i < FIELDS; i++) {
                if (!same_name(name, field_names[i]))
                        continue;
                if (s->seen[i]) {
                        s->repeated = field_names[i];
                        return;
                }
                s->seen[i] = true;
                buf_add_str(&s->values[i], str_trim(value));
                return;
        }
}

static struct str value_of(const struct stanza *s, enum field field)
{
        return buf_str(&s->values[field]);
}

/* "want flag status": the third word says how far dpkg came. In all of these states the package's files are there. */
static bool is_installed(const struct stanza *s, bool status_needed)
{
        static const char *const states[] = {
                "installed", "triggers-pending", "triggers-awaited", "half-configured", "unpacked",
        };
        struct str rest = value_of(s, FIELD_STATUS), word = STR_NULL;

        if (rest.n == 0)
                return !status_needed;
        for (int i = 0; i < 3 && rest.p; i++)
                word = str_cut(&rest, ' ');
        for (size_t i = 0; i < ELEMENTS_OF(states) && !rest.p; i++)
                if (str_equals(word, states[i]))
                        return true;
        return false;
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

/* What dpkg names the list of files by (`info/NAME[:ARCH].list`); in status.d it is named as the file itself is. */
static void key_of(const struct package *p, bool multi_arch_same, struct str file_name, struct buf *key)
{
        buf_add_str(key, file_name.n ? file_name : p->name);
        if (multi_arch_same && file_name.n == 0) {
                buf_putc(key, ':');
                buf_add_str(key, p->arch);
        }
}

/* `file_name` is that of a file in status.d, empty for the one database. */
static int emit_stanza(const struct stanza *s, struct str file_name, struct record_sink *sink, struct error *err)
{
        _cleanup_(buf_free) struct buf key = { 0 };
        struct package p = {
                .name = value_of(s, FIELD_PACKAGE), .version = value_of(s, FIELD_VERSION), .type = STR_LIT("deb"),
                .arch = value_of(s, FIELD_ARCHITECTURE), .vendor = value_of(s, FIELD_MAINTAINER),
        };

        for (size_t i = 0; i < FIELDS; i++)
                if (!buf_ok(&s->values[i]))
                        return error_oom(err);
        if (s->repeated) /* told first: it may be the status, and decide whether the package counts at all */
                record_problem(sink, "package %.*s has more than one field %s, of which the first counts",
                               STR_SHOWN(p.name), s->repeated);
        if (!s->any || !is_installed(s, file_name.n == 0))
                return 0;
        HIJACK_POINT("dpkg-status");
        if (p.name.n == 0 || p.version.n == 0) {
                record_problem(sink, "a stanza without %s was left out%s%.*s", p.name.n ? "Version" : "Package",
                               p.name.n ? ": " : "", STR_SHOWN(p.name));
                return 0;
        }
        p.source_name = p.name;
        p.source_version = p.version;
        split_source(value_of(s, FIELD_SOURCE), &p.source_name, &p.source_version);
        key_of(&p, str_equals(value_of(s, FIELD_MULTI_ARCH), "same"), file_name, &key);
        if (!buf_ok(&key))
                return error_oom(err);
        p.key = buf_str(&key);
        return record_package(sink, &p, err);
}

static int read_status(const struct detector_file *file, struct record_sink *sink, struct error *err)
{
        _cleanup_(content_lines_done) struct content_lines lines = { 0 };
        _cleanup_(stanza_done) struct stanza stanza = { 0 };
        struct str name = path_name(file->entry->path), line;
        int r;

        if (str_equals(file->entry->path, STATUS_PATH))
                name = STR_NULL;
        else if (str_ends(name, ".md5sums"))
                return 0;
        content_lines_init(&lines, file->content, LINE_MAX_BYTES);
        while ((r = content_lines_next(&lines, &line, err)) > 0) {
                if (str_trim(line).n) {
                        take_line(&stanza, line);
                        continue;
                }
                r = emit_stanza(&stanza, name, sink, err);
                if (r < 0)
                        return r;
                stanza_clear(&stanza);
        }
        return r < 0 ? r : emit_stanza(&stanza, name, sink, err);
}

static const struct pattern status_patterns[] = {
        { PATTERN_PATH, STATUS_PATH, NULL },
        { PATTERN_DIRECTORY, "var/lib/dpkg/status.d", NULL }, /* distroless: a file a package */
};

const struct detector dpkg_status_detector = {
        .name = "dpkg",
        .version = 2,
        .patterns = status_patterns,
        .n_patterns = ELEMENTS_OF(status_patterns),
        .max_size = DATABASE_MAX,
        .read = read_status,
};

/* ---- which files a package owns ----
 *
 * info/NAME[:ARCH].list has all of them. The .md5sums beside it have no more than some of the same paths and are not
 * read: dpkg can not work without the lists. In status.d there are only NAME.md5sums. */

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
        _cleanup_(content_lines_done) struct content_lines lines = { 0 };
        _cleanup_(owned_paths_done) struct owned_paths paths = { 0 };
        struct str name = path_name(file->entry->path), line, key;
        bool sums = str_ends(name, ".md5sums");
        int r;

        key = without_suffix(name, sums ? ".md5sums" : ".list");
        content_lines_init(&lines, file->content, LINE_MAX_BYTES);
        while ((r = content_lines_next(&lines, &line, err)) > 0) {
                line = sums ? path_of_sum(line) : line;
                if (line.n == 0)
                        continue;
                r = owned_paths_add(&paths, STR_NULL, line, err);
                if (r < 0)
                        return r;
                if (owned_paths_full(&paths))
                        r = owned_paths_emit(&paths, key, sink, err);
                if (r < 0)
                        return r;
        }
        HIJACK_POINT("dpkg-files");
        return r < 0 ? r : owned_paths_emit(&paths, key, sink, err);
}

static const struct pattern owned_patterns[] = {
        { PATTERN_DIRECTORY, "var/lib/dpkg/info", ".list" },
        { PATTERN_DIRECTORY, "var/lib/dpkg/status.d", ".md5sums" },
};

const struct detector dpkg_owned_detector = {
        .name = "dpkg-files",
        .version = 2,
        .patterns = owned_patterns,
        .n_patterns = ELEMENTS_OF(owned_patterns),
        .max_size = LIST_MAX,
        .read = read_owned,
};
