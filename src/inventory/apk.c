/* SPDX-License-Identifier: Apache-2.0 */
/* apk's database of installed packages: paragraphs of lines "LETTER:VALUE", a package's files among them (Alpine wiki,
 * "Apk spec"). */
#include <errno.h>

#include "base/hijack.h"
#include "inventory/detectors.h"
#include "inventory/owned.h"
#include "model/path.h"

#define LINE_MAX_BYTES (1u << 20) /* D: and p: lines grow with what a package needs and provides */
#define DATABASE_MAX (1ull << 30)
#define ALL_PATHS_MAX (256u << 20) /* bytes of the paths of all packages: a short line can stand for a long one */

enum field {
        FIELD_NAME,
        FIELD_VERSION,
        FIELD_ARCHITECTURE,
        FIELD_ORIGIN,
        FIELD_LICENSE,
        FIELD_MAINTAINER,
        FIELDS,
};

static const char letters[FIELDS] = { 'P', 'V', 'A', 'o', 'L', 'm' };

struct paragraph {
        struct buf values[FIELDS];
        bool seen[FIELDS];
        bool any;      /* not between paragraphs */
        char repeated; /* the letter of a field that is there twice, else 0 */
        struct buf directory;
        struct owned_paths files;
        size_t left_out;     /* files */
        uint64_t path_bytes; /* of all paragraphs so far */
};

static void paragraph_clear(struct paragraph *p)
{
        for (size_t i = 0; i < FIELDS; i++) {
                buf_clear(&p->values[i]);
                p->seen[i] = false;
        }
        p->any = false;
        p->repeated = 0;
        buf_clear(&p->directory);
        owned_paths_clear(&p->files);
        p->left_out = 0;
}

static void paragraph_done(struct paragraph *p)
{
        for (size_t i = 0; i < FIELDS; i++)
                buf_free(&p->values[i]);
        buf_free(&p->directory);
        owned_paths_done(&p->files);
}

static struct str value_of(const struct paragraph *p, enum field field)
{
        return buf_str(&p->values[field]);
}

/* The first counts where a field is there twice: files may have been emitted under that name already. */
static void take_field(struct paragraph *p, char letter, struct str value)
{
        const char *at = memchr(letters, letter, sizeof(letters));
        size_t i = at ? (size_t)(at - letters) : FIELDS;

        if (i == FIELDS)
                return;
        if (p->seen[i]) {
                p->repeated = letter;
                return;
        }
        p->seen[i] = true;
        buf_add_str(&p->values[i], value);
}

/* Files need a package to belong to. */
static int emit_files(struct paragraph *p, struct record_sink *sink, struct error *err)
{
        struct str key = value_of(p, FIELD_NAME);

        if (p->files.n && key.n == 0) {
                record_problem(sink, "%zu files of a package without name were left out", p->files.n);
                owned_paths_clear(&p->files);
        }
        return owned_paths_emit(&p->files, key, sink, err);
}

static int take_file(struct paragraph *p, struct str name, struct record_sink *sink, struct error *err)
{
        size_t length = p->directory.len + 1 + name.n;
        int r;

        if (!buf_ok(&p->directory))
                return error_oom(err);
        if (length > PATH_LENGTH_MAX || length > ALL_PATHS_MAX - p->path_bytes) {
                p->left_out++;
                return 0;
        }
        p->path_bytes += length;
        r = owned_paths_add(&p->files, buf_str(&p->directory), name, err);
        if (r < 0)
                return r;
        return owned_paths_full(&p->files) ? emit_files(p, sink, err) : 0;
}

static int take_line(struct paragraph *p, struct str line, struct record_sink *sink, struct error *err)
{
        struct str value = { line.p + 2, line.n - 2 };

        p->any = true;
        if (line.p[0] == 'F') {
                buf_clear(&p->directory);
                buf_add_str(&p->directory, value);
                return 0;
        }
        if (line.p[0] == 'R')
                return take_file(p, value, sink, err);
        take_field(p, line.p[0], value);
        return 0;
}

static int emit_paragraph(struct paragraph *p, struct record_sink *sink, struct error *err)
{
        struct str license = value_of(p, FIELD_LICENSE);
        struct package package = {
                .name = value_of(p, FIELD_NAME), .version = value_of(p, FIELD_VERSION), .type = STR_LIT("apk"),
                .arch = value_of(p, FIELD_ARCHITECTURE), .source_name = value_of(p, FIELD_ORIGIN),
                .source_version = value_of(p, FIELD_VERSION), .vendor = value_of(p, FIELD_MAINTAINER),
                .key = value_of(p, FIELD_NAME), .licenses = &license, .n_licenses = license.n > 0,
        };
        int r;

        if (!p->any)
                return 0;
        HIJACK_POINT("apk");
        for (size_t i = 0; i < FIELDS; i++)
                if (!buf_ok(&p->values[i]))
                        return error_oom(err);
        if (package.name.n == 0 || package.version.n == 0) {
                record_problem(sink, "a package without %s was left out%s%.*s", package.name.n ? "version" : "name",
                               package.name.n ? ": " : "", STR_SHOWN(package.name));
                return 0;
        }
        if (p->repeated)
                record_problem(sink, "package %.*s has more than one line %c:, of which the first counts",
                               STR_SHOWN(package.name), p->repeated);
        if (p->left_out)
                record_problem(sink, "%zu files of %.*s were left out: their paths are too long, or those of all "
                               "packages take more than %u MiB", p->left_out, STR_SHOWN(package.name),
                               ALL_PATHS_MAX >> 20);
        if (package.source_name.n == 0)
                package.source_name = package.name;
        r = record_package(sink, &package, err);
        return r < 0 ? r : emit_files(p, sink, err);
}

/* Lines of another form, told once a file. */
struct odd_lines {
        size_t n, first, at;
};

static bool is_odd(struct odd_lines *odd, struct str line)
{
        odd->at++;
        if (line.n == 0 || (line.n >= 2 && line.p[1] == ':'))
                return false;
        if (odd->n++ == 0)
                odd->first = odd->at;
        return true;
}

static int read_paragraphs(struct content_lines *lines, struct paragraph *p, struct odd_lines *odd,
                           struct record_sink *sink, struct error *err)
{
        struct str line;
        int r;

        while ((r = content_lines_next(lines, &line, err)) > 0) {
                if (is_odd(odd, line))
                        continue;
                r = line.n ? take_line(p, line, sink, err) : emit_paragraph(p, sink, err);
                if (r < 0)
                        return r;
                if (line.n == 0)
                        paragraph_clear(p);
        }
        return r < 0 ? r : emit_paragraph(p, sink, err);
}

static int read_installed(const struct detector_file *file, struct record_sink *sink, struct error *err)
{
        _cleanup_(content_lines_done) struct content_lines lines = { 0 };
        _cleanup_(paragraph_done) struct paragraph paragraph = { 0 };
        struct odd_lines odd = { 0 };
        int r;

        content_lines_init(&lines, file->content, LINE_MAX_BYTES);
        r = read_paragraphs(&lines, &paragraph, &odd, sink, err);
        if (odd.n)
                record_problem(sink, "%zu lines not of the form LETTER:VALUE were left out, first line %zu", odd.n,
                               odd.first);
        return r;
}

static const struct pattern patterns[] = {
        { PATTERN_PATH, "lib/apk/db/installed", NULL },
        { PATTERN_PATH, "usr/lib/apk/db/installed", NULL }, /* where /lib is a link to usr/lib */
};

const struct detector apk_detector = {
        .name = "apk",
        .version = 2,
        .patterns = patterns,
        .n_patterns = ELEMENTS_OF(patterns),
        .max_size = DATABASE_MAX,
        .read = read_installed,
};
