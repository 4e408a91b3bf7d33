/* SPDX-License-Identifier: Apache-2.0 */
/* os-release(5): assignments as a shell reads them, without expansions. */
#include <errno.h>

#include "base/hijack.h"
#include "inventory/detectors.h"
#include "inventory/inventory.h"

#define OS_RELEASE_MAX (64u << 10)

enum variable {
        VARIABLE_ID,
        VARIABLE_ID_LIKE,
        VARIABLE_NAME,
        VARIABLE_PRETTY_NAME,
        VARIABLE_VERSION_ID,
        VARIABLE_VERSION_CODENAME,
        VARIABLE_UBUNTU_CODENAME,
        VARIABLES,
};

struct os_release {
        struct buf values[VARIABLES];
        struct buf other; /* of a variable that nobody asks for */
        bool any;
        bool open_quote;
};

static void os_release_done(struct os_release *o)
{
        for (size_t i = 0; i < VARIABLES; i++)
                buf_free(&o->values[i]);
        buf_free(&o->other);
}

static bool os_release_ok(const struct os_release *o)
{
        bool ok = buf_ok(&o->other);

        for (size_t i = 0; i < VARIABLES; i++)
                ok = ok && buf_ok(&o->values[i]);
        return ok;
}

/* ---- words as in sh(1) ---- */

static char take(struct str *rest)
{
        rest->n--;
        return *rest->p++;
}

static bool is_blank(char c)
{
        return c == ' ' || c == '\t' || c == '\r';
}

static bool is_name_char(char c, bool first)
{
        return c == '_' || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (!first && c >= '0' && c <= '9');
}

static void skip_line(struct str *rest)
{
        str_cut(rest, '\n');
}

/* In double quotes a backslash stays unless it protects one of these. */
static bool is_protected(char c)
{
        return c == '"' || c == '\\' || c == '$' || c == '`' || c == '\n';
}

/* What follows an opening quote up to the closing one, newlines too. False where there is none: takes the line. */
static bool take_quoted(struct str *rest, char quote, struct buf *value)
{
        struct str all = *rest, line;
        size_t start = value->len;

        while (rest->n) {
                char c = take(rest);

                if (c == quote)
                        return true;
                if (c == '\\' && quote == '"' && rest->n && is_protected(rest->p[0])) {
                        c = take(rest);
                        if (c == '\n')
                                continue;
                }
                buf_putc(value, c);
        }
        value->len = start;
        line = str_cut(&all, '\n');
        buf_add_str(value, str_trim(line));
        *rest = all;
        return false;
}

/* Reads to the end of the line. Blanks inside are kept though a shell would end the word there: files written by hand
 * have them. Blanks at both ends and comments go. */
static void take_value(struct str *rest, struct os_release *o, struct buf *value)
{
        size_t end = 0; /* behind the last character that is no bare blank */
        char c, before = '=';

        buf_clear(value);
        for (; rest->n && (c = take(rest)) != '\n'; before = c) {
                if (c == '#' && is_blank(before)) {
                        skip_line(rest);
                        break;
                }
                if (is_blank(c)) {
                        if (end)
                                buf_putc(value, c);
                        continue;
                }
                if (c == '"' || c == '\'') {
                        bool closed = take_quoted(rest, c, value);

                        end = value->len;
                        if (closed)
                                continue;
                        o->open_quote = true;
                        break;
                }
                if (c == '\\' && rest->n) {
                        c = take(rest);
                        if (c == '\n')
                                continue;
                }
                buf_putc(value, c);
                end = value->len;
        }
        value->len = end;
}

static struct buf *variable_of(struct os_release *o, struct str name)
{
        static const char *const names[VARIABLES] = {
                "ID", "ID_LIKE", "NAME", "PRETTY_NAME", "VERSION_ID", "VERSION_CODENAME", "UBUNTU_CODENAME",
        };

        for (size_t i = 0; i < VARIABLES; i++)
                if (str_equals(name, names[i])) {
                        o->any = true;
                        return &o->values[i];
                }
        return &o->other;
}

static void parse(struct os_release *o, struct str rest)
{
        while (rest.n) {
                struct str name;

                while (rest.n && is_blank(rest.p[0]))
                        take(&rest);
                name = (struct str){ rest.p, 0 };
                while (rest.n && is_name_char(rest.p[0], name.n == 0)) {
                        take(&rest);
                        name.n++;
                }
                if (name.n == 0 || rest.n == 0 || rest.p[0] != '=') {
                        skip_line(&rest); /* a comment, an empty line, or no assignment */
                        continue;
                }
                take(&rest);
                take_value(&rest, o, variable_of(o, name)); /* the last assignment counts */
        }
}

/* ---- what it says ---- */

static struct str value_of(const struct os_release *o, enum variable variable)
{
        return buf_str(&o->values[variable]);
}

static struct str either(struct str a, struct str b)
{
        return a.n ? a : b;
}

/* CentOS Stream shares its ID and version with CentOS Linux, but not its dates. */
static struct str id_in_table(const struct os_release *o)
{
        struct str id = value_of(o, VARIABLE_ID);

        return str_equals(id, "centos") && str_equals(value_of(o, VARIABLE_NAME), "CentOS Stream") ?
                       STR_LIT("centos-stream") : id;
}

static int emit(const struct os_release *o, struct record_sink *sink, struct error *err)
{
        struct str id = id_in_table(o), version = value_of(o, VARIABLE_VERSION_ID);
        struct distribution d = {
                .id = either(value_of(o, VARIABLE_ID), STR_LIT("linux")), /* the default that os-release(5) gives */
                .id_like = value_of(o, VARIABLE_ID_LIKE),
                .name = either(value_of(o, VARIABLE_PRETTY_NAME), value_of(o, VARIABLE_NAME)),
                .version_id = version,
                .codename = either(value_of(o, VARIABLE_VERSION_CODENAME), value_of(o, VARIABLE_UBUNTU_CODENAME)),
                .end_of_life = str_from(distribution_end_of_life(id, version)),
        };

        d.codename = either(d.codename, str_from(distribution_codename(id, version)));
        return record_distribution(sink, &d, err);
}

static int read_os_release(const struct detector_file *file, struct record_sink *sink, struct error *err)
{
        _cleanup_(os_release_done) struct os_release o = { 0 };
        _cleanup_(buf_free) struct buf text = { 0 };
        int r;

        r = content_slurp(file->content, OS_RELEASE_MAX, &text, err);
        if (r < 0)
                return r;
        HIJACK_POINT("os-release");
        parse(&o, buf_str(&text));
        if (!os_release_ok(&o))
                return error_oom(err);
        if (o.open_quote)
                record_problem(sink, "a quote is not closed: its value was taken to end with the line");
        if (!o.any) {
                if (text.len)
                        record_problem(sink, "it names no distribution");
                return 0;
        }
        return emit(&o, sink, err);
}

static const struct pattern patterns[] = {
        { PATTERN_PATH, "etc/os-release", NULL },
        { PATTERN_PATH, "usr/lib/os-release", NULL },
};

const struct detector os_release_detector = {
        .name = "os-release",
        .version = 1,
        .patterns = patterns,
        .n_patterns = ELEMENTS_OF(patterns),
        .max_size = OS_RELEASE_MAX,
        .read = read_os_release,
};
