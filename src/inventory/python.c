/* SPDX-License-Identifier: Apache-2.0 */
/* Installed Python packages: the core metadata (packaging.python.org, "Core metadata specifications") in METADATA of a
 * *.dist-info folder, in PKG-INFO of an *.egg-info folder or of an unpacked egg, or in a file *.egg-info. */
#include <errno.h>
#include <strings.h>

#include "base/hijack.h"
#include "inventory/detectors.h"
#include "inventory/language.h"
#include "model/path.h"

#define LINE_MAX_BYTES (1u << 20)

struct metadata {
        struct language_entry entry;
        bool expression; /* License-Expression says it all */
};

static bool is_field(struct str name, const char *field)
{
        return name.n == strlen(field) && strncasecmp(name.p, field, name.n) == 0;
}

/* "License :: OSI Approved :: MIT License" names it last; "OSI Approved" itself is no licence. */
static struct str classifier_license(struct str value)
{
        static const char mark[] = "License :: ";
        struct str last = value;

        if (!str_starts(value, mark))
                return STR_NULL;
        for (size_t i = 0; i + 4 <= value.n; i++)
                if (memcmp(value.p + i, " :: ", 4) == 0)
                        last = (struct str){ value.p + i + 4, value.n - i - 4 };
        return str_equals(last, "OSI Approved") ? STR_NULL : last;
}

static void take_first(struct buf *out, struct str value)
{
        if (out->len == 0)
                buf_add_str(out, value);
}

static void take_field(struct metadata *m, struct str name, struct str value)
{
        struct language_entry *e = &m->entry;

        if (is_field(name, "Name"))
                take_first(&e->name, value);
        else if (is_field(name, "Version"))
                take_first(&e->version, value);
        else if (is_field(name, "License-Expression")) {
                m->expression = true;
                buf_clear(&e->licenses);
                e->n_licenses = 0;
                language_entry_license(e, value);
        } else if (is_field(name, "License") && !m->expression && !str_equals(value, "UNKNOWN"))
                language_entry_license(e, value);
        else if (is_field(name, "Classifier") && !m->expression)
                language_entry_license(e, classifier_license(value));
}

/* The description follows the first empty line. */
static int read_fields(struct metadata *m, struct content *content, struct error *err)
{
        _cleanup_(content_lines_done) struct content_lines lines = { 0 };
        struct str line;
        int r;

        content_lines_init(&lines, content, LINE_MAX_BYTES);
        while ((r = content_lines_next(&lines, &line, err)) > 0 && line.n) {
                struct str value = line, name = str_cut(&value, ':');

                if (line.p[0] != ' ' && line.p[0] != '\t' && value.p)
                        take_field(m, name, str_trim(value));
        }
        return MIN_OF(r, 0);
}

static int read_metadata(const struct detector_file *file, struct record_sink *sink, struct error *err)
{
        struct metadata m = { 0 };
        struct language l = { .sink = sink, .type = "pypi", .evidence = PACKAGE_INSTALLED };
        int r = read_fields(&m, file->content, err);

        HIJACK_POINT("python");
        if (r == 0 && (m.entry.name.len == 0 || m.entry.version.len == 0))
                record_problem(sink, "it has no field %s: the package was left out", m.entry.name.len ? "Version" : "Name");
        else if (r == 0)
                r = language_emit(&l, &m.entry, err);
        language_entry_done(&m.entry);
        language_done(&l);
        return r;
}

static bool wants_metadata(struct str path)
{
        struct str name = path_name(path), folder = language_component(path, 1);

        if (str_equals(name, "METADATA"))
                return str_ends(folder, ".dist-info");
        return !str_equals(name, "PKG-INFO") || str_ends(folder, ".egg-info") || str_equals(folder, "EGG-INFO");
}

static const struct pattern patterns[] = {
        { PATTERN_NAME, "METADATA", NULL },
        { PATTERN_NAME, "PKG-INFO", NULL },
        { PATTERN_SUFFIX, ".egg-info", NULL },
};

const struct detector python_detector = {
        .name = "python",
        .version = 1,
        .patterns = patterns,
        .n_patterns = ELEMENTS_OF(patterns),
        .wants = wants_metadata,
        .max_size = MANIFEST_MAX,
        .read = read_metadata,
};
