/* SPDX-License-Identifier: Apache-2.0 */
/* requirements.txt (pip's "Requirements File Format", PEP 508): only what is pinned to one version with == or ===. */
#include <errno.h>

#include "base/hijack.h"
#include "inventory/detectors.h"
#include "inventory/language.h"

#define LINE_MAX_BYTES (1u << 20)
#define REQUIREMENTS_MAX (256ull << 20)

static bool is_name_char(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

/* A comment begins with '#' at the start or after a blank. */
static struct str without_comment(struct str line)
{
        for (size_t i = 0; i < line.n; i++)
                if (line.p[i] == '#' && (i == 0 || line.p[i - 1] == ' ' || line.p[i - 1] == '\t'))
                        return (struct str){ line.p, i };
        return line;
}

static struct str skip(struct str s, size_t n)
{
        return (struct str){ s.p + n, s.n - n };
}

/* "name[extra] == 1.2 ; marker --hash=…": true with its two parts. */
static bool is_pinned(struct str line, struct str *ret_name, struct str *ret_version)
{
        struct str rest = str_trim(without_comment(line)), name = { rest.p, 0 }, version;
        size_t equals = 0;

        while (name.n < rest.n && is_name_char(rest.p[name.n]))
                name.n++;
        rest = str_trim(skip(rest, name.n));
        if (str_starts(rest, "[")) {
                str_cut(&rest, ']');
                rest = str_trim(rest);
        }
        if (str_starts(rest, "("))
                rest = str_trim(skip(rest, 1));
        while (equals < rest.n && rest.p[equals] == '=')
                equals++;
        if (name.n == 0 || (equals != 2 && equals != 3))
                return false;
        rest = str_trim(skip(rest, equals));
        version = (struct str){ rest.p, 0 };
        while (version.n < rest.n && (is_name_char(rest.p[version.n]) || rest.p[version.n] == '+' || rest.p[version.n] == '!'))
                version.n++;
        rest = str_trim(skip(rest, version.n));
        if (rest.n && rest.p[0] != ';' && rest.p[0] != ')' && rest.p[0] != '\\' && !str_starts(rest, "--"))
                return false; /* "==1.*", "==1.0,!=2", or something else */
        *ret_name = name;
        *ret_version = version;
        return version.n > 0;
}

static int read_lines(struct language *l, struct content *content, struct error *err)
{
        _cleanup_(content_lines_done) struct content_lines lines = { 0 };
        struct str line, name, version;
        bool continued = false;
        int r;

        content_lines_init(&lines, content, LINE_MAX_BYTES);
        while ((r = content_lines_next(&lines, &line, err)) > 0) {
                bool is_start = !continued;

                continued = line.n && line.p[line.n - 1] == '\\';
                if (!is_start || !is_pinned(line, &name, &version))
                        continue;
                HIJACK_POINT("requirements");
                r = language_pair(l, name, version, false, err);
                if (r < 0)
                        return r;
        }
        return r;
}

static int read_requirements(const struct detector_file *file, struct record_sink *sink, struct error *err)
{
        struct language l = { .sink = sink, .type = "pypi", .evidence = PACKAGE_DECLARED };
        int r = read_lines(&l, file->content, err);

        language_done(&l);
        return r;
}

static const struct pattern patterns[] = { { PATTERN_SUFFIX, "requirements.txt", NULL } };

const struct detector requirements_detector = {
        .name = "requirements",
        .version = 1,
        .patterns = patterns,
        .n_patterns = ELEMENTS_OF(patterns),
        .wants = language_wants_lockfile,
        .max_size = REQUIREMENTS_MAX,
        .read = read_requirements,
};
