/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <hs/hs.h>
#include <limits.h>

#include "base/pattern.h"
#include "base/pattern_private.h"

#define FLAGS (HS_FLAG_UTF8 | HS_FLAG_ALLOWEMPTY | HS_FLAG_SINGLEMATCH)

struct pattern_program {
        hs_database_t *database;
};

struct pattern_scratch {
        hs_scratch_t *scratch;
        char *text; /* a copy that is UTF-8 */
};

/* ---- compiling ---- */

/* Hyperscan says in words only whether it does not know a construct or cannot read it. */
static int describe(hs_compile_error_t *from, struct str expression, struct error *err)
{
        const char *message = from ? from->message : "out of memory";
        static const char *const unsupported[] = { "supported", "too large", "too big", "too complex" };
        int code = from ? -EBADMSG : -ENOMEM;

        for (size_t i = 0; i < ELEMENTS_OF(unsupported) && from; i++)
                if (strstr(message, unsupported[i]))
                        code = -ENOTSUP;
        code = error_say(err, code, "regular expression '%.*s': %s", STR_ARG(expression), message);
        if (from)
                hs_free_compile_error(from);
        return code;
}

/* Alone first: what stands between brackets of ours must not close them. */
static int check(const char *expression, struct str text, struct error *err)
{
        hs_compile_error_t *why = NULL;
        hs_expr_info_t *info = NULL;

        if (hs_expression_info(expression, FLAGS, &info, &why) != HS_SUCCESS)
                return describe(why, text, err);
        free(info);
        return 0;
}

int pattern_compile(struct str expression, struct pattern_program **ret, struct error *err)
{
        _cleanup_(pattern_freep) struct pattern_program *program = calloc(1, sizeof(*program));
        _cleanup_(buf_free) struct buf whole = { 0 };
        hs_compile_error_t *why = NULL;
        int r;

        if (expression.n > PATTERN_LENGTH_MAX)
                return error_say(err, -E2BIG, "a regular expression is longer than %u bytes", PATTERN_LENGTH_MAX);
        if (pattern_is_too_large(expression))
                return error_say(err, -E2BIG, "regular expression '%.*s' is too large once its repeats are written out",
                                 STR_ARG(expression));
        if (!utf8_valid(expression) || (expression.n && memchr(expression.p, 0, expression.n)))
                return error_say(err, -EBADMSG, "a regular expression must be UTF-8 without NUL");
        buf_printf(&whole, "%.*s", STR_ARG(expression));
        if (!program || !buf_ok(&whole))
                return error_oom(err);
        if (hs_valid_platform() != HS_SUCCESS)
                return error_say(err, -ENOTSUP, "this processor lacks what regular expressions need (SSSE3)");
        r = check(whole.data, expression, err);
        if (r < 0)
                return r;
        buf_clear(&whole);
        buf_printf(&whole, "\\A(?:%.*s)\\z", STR_ARG(expression));
        if (!buf_ok(&whole))
                return error_oom(err);
        if (hs_compile(whole.data, FLAGS, HS_MODE_BLOCK, NULL, &program->database, &why) != HS_SUCCESS)
                return describe(why, expression, err);
        *ret = TAKE_PTR(program);
        return 0;
}

struct pattern_program *pattern_free(struct pattern_program *program)
{
        if (program)
                hs_free_database(program->database);
        free(program);
        return NULL;
}

/* ---- matching ---- */

int pattern_scratch_new(struct pattern_scratch **ret, struct error *err)
{
        _cleanup_(pattern_scratch_freep) struct pattern_scratch *scratch = calloc(1, sizeof(*scratch));

        if (!scratch)
                return error_oom(err);
        scratch->text = malloc(PATTERN_TEXT_MAX);
        if (!scratch->text)
                return error_oom(err);
        *ret = TAKE_PTR(scratch);
        return 0;
}

int pattern_scratch_add(struct pattern_scratch *scratch, const struct pattern_program *program, struct error *err)
{
        if (hs_alloc_scratch(program->database, &scratch->scratch) != HS_SUCCESS)
                return error_oom(err);
        return 0;
}

struct pattern_scratch *pattern_scratch_free(struct pattern_scratch *scratch)
{
        if (!scratch)
                return NULL;
        hs_free_scratch(scratch->scratch);
        free(scratch->text);
        free(scratch);
        return NULL;
}

/* Hyperscan must not see what is not UTF-8: each byte that belongs to no character becomes U+FFFD. */
static bool make_valid(struct pattern_scratch *scratch, struct str *text)
{
        static const char replacement[] = "\xef\xbf\xbd";
        struct str rest = *text;
        size_t used = 0;

        while (rest.n) {
                size_t n = utf8_char_length(rest), out = n ? n : sizeof(replacement) - 1;

                if (out > PATTERN_TEXT_MAX - used)
                        return false;
                memcpy(scratch->text + used, n ? rest.p : replacement, out);
                used += out;
                n = n ? n : 1;
                rest = (struct str){ rest.p + n, rest.n - n };
        }
        *text = (struct str){ scratch->text, used };
        return true;
}

static int found(unsigned int id, unsigned long long from, unsigned long long to, unsigned int flags, void *ctx)
{
        *(bool *)ctx = true;
        return 1; /* enough */
}

bool pattern_matches(const struct pattern_program *program, struct pattern_scratch *scratch, struct str text)
{
        bool matches = false;

        if (text.n > UINT_MAX || (!utf8_valid(text) && !make_valid(scratch, &text)))
                return false;
        hs_scan(program->database, text.n ? text.p : "", (unsigned)text.n, 0, scratch->scratch, found, &matches);
        return matches;
}
