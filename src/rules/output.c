/* SPDX-License-Identifier: Apache-2.0 */
/* What a rule says when it matches: cut into pieces once, filled from each fact. */
#include <errno.h>

#include "rules/output.h"

/* ---- compiling ---- */

struct pieces {
        struct output_piece *list; /* heap */
        size_t n, cap;
};

static int add_piece(struct compiler *c, struct pieces *pieces, struct output_piece piece)
{
        if (piece.slot == NONE && piece.text.n == 0)
                return 0;
        if (mem_grow(&pieces->list, &pieces->cap, pieces->n + 1, sizeof(*pieces->list)) < 0)
                return error_oom(c->err);
        pieces->list[pieces->n++] = piece;
        return 0;
}

static int add_text(struct compiler *c, struct pieces *pieces, struct str text, size_t start, size_t end)
{
        return add_piece(c, pieces, (struct output_piece){ .text = { text.p + start, end - start }, .slot = NONE });
}

static bool is_name_char(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
               c == '-';
}

/* The end of what stands in brackets that open at `at`, quotes heeded; 0: they never close. */
static size_t bracket_end(struct str text, size_t at)
{
        unsigned depth = 0;
        char quote = 0;

        for (; at < text.n; at++) {
                char c = text.p[at];

                if (quote && c == '\\' && at + 1 < text.n)
                        at++;
                else if (quote)
                        quote = c == quote ? 0 : quote;
                else if (c == '"' || c == '\'')
                        quote = c;
                else if (c == '(' || c == '[')
                        depth++;
                else if ((c == ')' || c == ']') && --depth == 0)
                        return at + 1;
        }
        return 0;
}

/* The operand that `text` is as a whole; 1, 0 it is none, or -ENOMEM. What is wrong with it is nobody's business. */
static int parse_whole(struct compiler *c, struct str text, uint32_t *ret)
{
        _cleanup_(buf_free) struct buf condition = { 0 };
        struct error *err = c->err, ignored = ERROR_INIT;
        struct place place;
        struct ast *ast = NULL;
        int r;

        buf_add_str(&condition, text);
        buf_puts(&condition, " exists");
        if (!buf_ok(&condition))
                return error_oom(err);
        r = condition_parse(buf_str(&condition), (struct place){ 0 }, NULL, c->scratch, &ast, &place, &ignored);
        c->err = &ignored;
        if (r == 0 && ast->kind == AST_CHECK && ast->op == OP_EXISTS)
                r = compile_slot(c, &ast->left, ret);
        else if (r == 0)
                r = -EBADMSG;
        c->err = err;
        if (r == -ENOMEM)
                return error_oom(err);
        return r == 0;
}

/* The longest part of a name that is a field's: text may follow without a blank. */
static int parse_name(struct compiler *c, struct str name, uint32_t *ret, size_t *ret_n)
{
        struct operand o = { .kind = OPERAND_FIELD };
        struct error *err = c->err, ignored = ERROR_INIT;
        struct str suffix;
        int r = -EBADMSG;

        c->err = &ignored;
        for (; name.n && r < 0 && r != -ENOMEM; name.n -= r < 0) {
                if (name.p[name.n - 1] == '.' || !field_find(c->source, name, &suffix))
                        continue;
                o.name = name;
                r = compile_slot(c, &o, ret);
        }
        c->err = err;
        *ret_n = name.n;
        if (r == -ENOMEM)
                return error_oom(err);
        return r == 0;
}

/* What stands behind a "%": how long it is, or 0 if that is nothing to be filled in. */
static int parse_token(struct compiler *c, struct str text, uint32_t *ret, size_t *ret_n)
{
        size_t n = 0, end;
        int r;

        while (n < text.n && is_name_char(text.p[n]))
                n++;
        *ret_n = 0;
        if (n == 0)
                return 0;
        end = n < text.n && (text.p[n] == '(' || text.p[n] == '[') ? bracket_end(text, n) : 0;
        if (end && text.p[n] == '(' && end < text.n && text.p[end] == '[') {
                size_t behind = bracket_end(text, end); /* getopt(…)[x] */

                r = behind ? parse_whole(c, (struct str){ text.p, behind }, ret) : 0;
                if (r != 0) {
                        *ret_n = behind;
                        return r < 0 ? r : 0;
                }
        }
        if (end) {
                r = parse_whole(c, (struct str){ text.p, end }, ret);
                if (r != 0) {
                        *ret_n = end;
                        return r < 0 ? r : 0;
                }
        }
        r = parse_name(c, (struct str){ text.p, n }, ret, ret_n);
        return r < 0 ? r : 0;
}

/* "%" and what belongs to it, at the start of `rest`. Gives how much was taken, 0: it is a percent sign. */
static int take_value(struct compiler *c, struct pieces *pieces, struct str rest, size_t *ret_taken)
{
        struct output_piece piece = { .slot = NONE };
        size_t digits = 1, n;
        int r;

        while (digits < rest.n && rest.p[digits] >= '0' && rest.p[digits] <= '9') {
                piece.width = MIN_OF(piece.width * 10 + (uint32_t)(rest.p[digits] - '0'), (uint32_t)OUTPUT_WIDTH_MAX);
                digits++;
        }
        r = parse_token(c, (struct str){ rest.p + digits, rest.n - digits }, &piece.slot, &n);
        *ret_taken = n ? digits + n : 0;
        if (r < 0 || n == 0)
                return r;
        piece.name = (struct str){ rest.p + digits, n };
        return add_piece(c, pieces, piece);
}

static int cut_output(struct compiler *c, struct pieces *pieces, struct str text)
{
        size_t start = 0, at = 0, taken;
        int r = 0;

        while (at < text.n && r == 0) {
                struct str rest = { text.p + at, text.n - at };

                if (rest.p[0] != '%') {
                        at++;
                        continue;
                }
                if (str_starts(rest, "%%")) {
                        r = add_text(c, pieces, text, start, at + 1);
                        start = at += 2;
                        continue;
                }
                r = add_text(c, pieces, text, start, at);
                start = at;
                if (r == 0)
                        r = take_value(c, pieces, rest, &taken);
                if (r == 0 && taken)
                        start = at += taken;
                else
                        at++;
        }
        return r < 0 ? r : add_text(c, pieces, text, start, text.n);
}

int compile_output(struct compiler *c, struct compiled_rule *rule)
{
        struct pieces pieces = { 0 };
        struct str text = rule->rule->output;
        int r;

        if (text.n && text.p[0] == '*')
                text = (struct str){ text.p + 1, text.n - 1 };
        r = cut_output(c, &pieces, text);
        if (r == 0 && pieces.n) {
                rule->output = arena_copy(c->p->arena, pieces.list, pieces.n * sizeof(*pieces.list));
                rule->n_output = (uint32_t)pieces.n;
                r = rule->output ? 0 : error_oom(c->err);
        }
        free(pieces.list);
        return r;
}

/* ---- filling ---- */

static void add_value(const struct slot *slot, const struct value *value, struct buf *out)
{
        if (value->state != VALUE_PRESENT || !slot->several) {
                value_print(value, out);
                return;
        }
        for (uint32_t i = 0; i < value->list.n; i++) {
                if (i)
                        buf_putc(out, ' ');
                value_print(&value->list.items[i], out);
        }
}

/* Cuts what was added from `start` on to so many characters, or fills it with blanks. */
static void fit(struct buf *out, size_t start, uint32_t width)
{
        struct str rest = STR_NULL;
        uint32_t n = 0;

        if (out->len > start)
                rest = (struct str){ out->data + start, out->len - start };
        for (; rest.n && n < width; n++) {
                size_t step = MAX_OF(utf8_char_length(rest), (size_t)1);

                rest = (struct str){ rest.p + step, rest.n - step };
        }
        if (rest.n) {
                out->len -= rest.n;
                out->data[out->len] = 0;
        }
        for (; n < width; n++)
                buf_putc(out, ' ');
}

/* Inside a match of this very fact what was read is still there. */
static bool begin(struct rule_scratch *s, const struct fact *fact)
{
        if (s->fact == fact)
                return false;
        scratch_begin(s, fact);
        return true;
}

void rule_output(const struct rule_program *program, struct rule_scratch *scratch, const struct rule *rule,
                 const struct fact *fact, struct buf *out)
{
        const struct compiled_rule *compiled = program_rule(program, rule);
        bool own = compiled && begin(scratch, fact);

        for (uint32_t i = 0; compiled && i < compiled->n_output; i++) {
                const struct output_piece *piece = &compiled->output[i];
                size_t start = out->len;

                if (piece->slot == NONE) {
                        buf_add_str(out, piece->text);
                        continue;
                }
                add_value(&program->slots[piece->slot], slot_read(scratch, piece->slot), out);
                if (piece->width && buf_ok(out))
                        fit(out, start, piece->width);
        }
        if (own)
                scratch->fact = NULL;
}

void rule_output_fields(const struct rule_program *program, struct rule_scratch *scratch, const struct rule *rule,
                        const struct fact *fact, void (*each)(void *ctx, struct str name, const struct value *value),
                        void *ctx)
{
        const struct compiled_rule *compiled = program_rule(program, rule);
        bool own = compiled && begin(scratch, fact);

        for (uint32_t i = 0; compiled && i < compiled->n_output; i++)
                if (compiled->output[i].slot != NONE)
                        each(ctx, compiled->output[i].name, slot_read(scratch, compiled->output[i].slot));
        if (own)
                scratch->fact = NULL;
}
