/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ruby. An installed gem has specifications/NAME-VERSION.gemspec, which RubyGems writes always alike: a line
 * `# stub: NAME VERSION PLATFORM PATHS`, then Ruby such as `s.licenses = ["MIT".freeze]`. Gemfile.lock (Bundler) names gems in
 * the sections GEM and GIT, under `specs:`, each indented by four.
 */
#include <errno.h>

#include "base/hijack.h"
#include "inventory/detectors.h"
#include "inventory/language.h"
#include "model/path.h"

#define LINE_MAX_BYTES (1u << 20)

/* The next text in quotes of either kind; STR_NULL if there is none. */
static struct str next_quoted(struct str *rest)
{
        for (size_t i = 0; i < rest->n; i++) {
                char quote = rest->p[i];

                if (quote != '"' && quote != '\'')
                        continue;
                *rest = (struct str){ rest->p + i + 1, rest->n - i - 1 };
                return rest->n && memchr(rest->p, quote, rest->n) ? str_cut(rest, quote) : STR_NULL;
        }
        *rest = STR_NULL;
        return STR_NULL;
}

static void take_first(struct buf *out, struct str value)
{
        if (out->len == 0)
                buf_add_str(out, value);
}

/* "s.name = \"rake\".freeze", with any name for s. */
static void take_attribute(struct language_entry *e, struct str line)
{
        struct str value = line, name = str_trim(str_cut(&value, '=')), text;

        if (!value.p)
                return;
        if (str_ends(name, ".name"))
                take_first(&e->name, next_quoted(&value));
        else if (str_ends(name, ".version"))
                take_first(&e->version, next_quoted(&value));
        else if (str_ends(name, ".license") || str_ends(name, ".licenses"))
                while ((text = next_quoted(&value)).p)
                        language_entry_license(e, text);
}

static void take_stub(struct language_entry *e, struct str line)
{
        struct str rest = line, name = str_cut(&rest, ' '), version = rest.p ? str_cut(&rest, ' ') : STR_NULL;

        if (version.n == 0)
                return;
        take_first(&e->name, name);
        take_first(&e->version, version);
}

static int read_attributes(struct language_entry *e, struct content *content, struct error *err)
{
        static const char stub[] = "# stub: ";
        _cleanup_(content_lines_done) struct content_lines lines = { 0 };
        struct str line;
        int r;

        content_lines_init(&lines, content, LINE_MAX_BYTES);
        while ((r = content_lines_next(&lines, &line, err)) > 0) {
                if (str_starts(line, stub))
                        take_stub(e, (struct str){ line.p + sizeof(stub) - 1, line.n - sizeof(stub) + 1 });
                else
                        take_attribute(e, line);
        }
        return r;
}

static int read_gemspec(const struct detector_file *file, struct record_sink *sink, struct error *err)
{
        struct language l = { .sink = sink, .type = "gem", .evidence = PACKAGE_INSTALLED };
        struct language_entry e = { 0 };
        int r = read_attributes(&e, file->content, err);

        HIJACK_POINT("gemspec");
        if (r == 0 && (e.name.len == 0 || e.version.len == 0))
                record_problem(sink, "it has no %s that can be read: the gem was left out", e.name.len ? "version" : "name");
        else if (r == 0)
                r = language_emit(&l, &e, err);
        language_entry_done(&e);
        language_done(&l);
        return r;
}

/* Those that RubyGems wrote; a gem's own source has one too, which is a program. */
static bool wants_gemspec(struct str path)
{
        struct str a = language_component(path, 1), b = language_component(path, 2);

        return str_equals(a, "specifications") || (str_equals(a, "default") && str_equals(b, "specifications"));
}

static const struct pattern gemspec_patterns[] = { { PATTERN_SUFFIX, ".gemspec", NULL } };

const struct detector gemspec_detector = {
        .name = "gemspec",
        .version = 1,
        .patterns = gemspec_patterns,
        .n_patterns = ELEMENTS_OF(gemspec_patterns),
        .wants = wants_gemspec,
        .max_size = MANIFEST_MAX,
        .read = read_gemspec,
};

/* ---- Gemfile.lock ---- */

struct gemfile {
        struct language language;
        bool in_section, in_specs;
};

/* "    name (1.2.3-x86_64-linux)": a hyphen begins the platform, since versions have none. */
static int take_spec(struct gemfile *g, struct str line, struct error *err)
{
        struct str rest = str_trim(line), name = str_trim(str_cut(&rest, '(')), version;

        if (!rest.p)
                return 0;
        HIJACK_POINT("gemfile-lock");
        version = str_cut(&rest, ')');
        version = str_cut(&version, '-');
        return language_pair(&g->language, name, version, false, err);
}

static int take_line(struct gemfile *g, struct str line, struct error *err)
{
        size_t indent = 0;

        while (indent < line.n && line.p[indent] == ' ')
                indent++;
        if (indent == line.n)
                return 0;
        if (indent == 0) {
                g->in_section = str_equals(line, "GEM") || str_equals(line, "GIT"); /* PATH is the project itself */
                g->in_specs = false;
        } else if (indent == 2) {
                g->in_specs = g->in_section && str_equals(str_trim(line), "specs:");
        } else if (indent == 4 && g->in_specs) {
                return take_spec(g, line, err);
        }
        return 0;
}

static int read_gemfile(const struct detector_file *file, struct record_sink *sink, struct error *err)
{
        struct gemfile g = { .language = { .sink = sink, .type = "gem", .evidence = PACKAGE_DECLARED } };
        _cleanup_(content_lines_done) struct content_lines lines = { 0 };
        struct str line;
        int r;

        content_lines_init(&lines, file->content, LINE_MAX_BYTES);
        while ((r = content_lines_next(&lines, &line, err)) > 0) {
                r = take_line(&g, line, err);
                if (r < 0)
                        break;
        }
        language_done(&g.language);
        return r;
}

static const struct pattern gemfile_patterns[] = {
        { PATTERN_NAME, "Gemfile.lock", NULL },
        { PATTERN_NAME, "gems.locked", NULL },
};

const struct detector gemfile_lock_detector = {
        .name = "gemfile-lock",
        .version = 1,
        .patterns = gemfile_patterns,
        .n_patterns = ELEMENTS_OF(gemfile_patterns),
        .wants = language_wants_lockfile,
        .max_size = LOCKFILE_MAX,
        .read = read_gemfile,
};
