/* SPDX-License-Identifier: Apache-2.0 */
/* Transformers: what they make of values that are there. Their room is the scratch's: where it ends, strings are cut. */
#include "rules/program.h"

/* ---- one string ---- */

static struct str mapped(struct value_scratch *room, struct str s, bool upper)
{
        struct value_text text = value_text_begin(room);
        struct str copy;

        value_text_add(&text, s);
        copy = value_text_end(&text);
        for (size_t i = 0; i < copy.n; i++) {
                char *c = (char *)copy.p + i;

                if (upper ? *c >= 'a' && *c <= 'z' : *c >= 'A' && *c <= 'Z')
                        *c ^= 0x20;
        }
        return copy;
}

static struct str basename_of(struct str s)
{
        const char *slash = s.n ? memrchr(s.p, '/', s.n) : NULL;

        return slash ? (struct str){ slash + 1, s.n - (size_t)(slash + 1 - s.p) } : s;
}

static int base64_digit(char c)
{
        if (c >= 'A' && c <= 'Z')
                return c - 'A';
        if (c >= 'a' && c <= 'z')
                return c - 'a' + 26;
        if (c >= '0' && c <= '9')
                return c - '0' + 52;
        return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* With or without padding. False: it is no base64. */
static bool decoded(struct value_scratch *room, struct str s, struct str *ret)
{
        struct value_text text = value_text_begin(room);
        uint32_t bits = 0;
        unsigned n_bits = 0;

        for (unsigned padding = 0; padding < 2 && s.n % 4 == 0 && s.n && s.p[s.n - 1] == '='; padding++)
                s.n--;
        if (s.n % 4 == 1)
                return false;
        for (size_t i = 0; i < s.n; i++) {
                int digit = base64_digit(s.p[i]);
                char byte;

                if (digit < 0)
                        return false;
                bits = bits << 6 | (uint32_t)digit;
                n_bits += 6;
                if (n_bits < 8)
                        continue;
                n_bits -= 8;
                byte = (char)(bits >> n_bits);
                value_text_add(&text, (struct str){ &byte, 1 });
        }
        *ret = value_text_end(&text);
        return true;
}

static bool transform_string(const struct slot *slot, struct value_scratch *room, struct value *value)
{
        switch (slot->transform) {
        case TRANSFORM_TOLOWER:
        case TRANSFORM_TOUPPER:
                value->string = mapped(room, value->string, slot->transform == TRANSFORM_TOUPPER);
                return true;
        case TRANSFORM_BASENAME:
                value->string = basename_of(value->string);
                return true;
        default:
                return decoded(room, value->string, &value->string);
        }
}

/* Item by item. */
static void transform_each(const struct slot *slot, struct value_scratch *room, const struct value *input, struct value *ret)
{
        struct value *items;
        uint32_t n = input->is_list ? input->list.n : 0;

        *ret = *input;
        if (!input->is_list) {
                if (!transform_string(slot, room, ret))
                        *ret = value_absent();
                return;
        }
        items = value_scratch_alloc(room, MAX_OF(n, 1u) * sizeof(*items));
        for (uint32_t i = 0; items && i < n; i++) {
                items[i] = input->list.items[i];
                if (!transform_string(slot, room, &items[i]))
                        items = NULL;
        }
        *ret = items ? value_of_list(slot->type, items, n) : value_absent();
}

/* ---- several values ---- */

static void add_value(struct value_text *text, const struct value *value)
{
        if (value_type_is_number(value->type))
                value_text_add_number(text, value->number);
        else if (value_type_is_address(value->type))
                value_text_add_address(text, &value->address);
        else if (value->type == VALUE_BOOL)
                value_text_add(text, value->boolean ? STR_LIT("true") : STR_LIT("false"));
        else
                value_text_add(text, value->string);
}

static struct value joined(struct value_scratch *room, struct str between, const struct value *list)
{
        struct value_text text = value_text_begin(room);

        for (uint32_t i = 0; i < list->list.n; i++) {
                if (i)
                        value_text_add(&text, between);
                add_value(&text, &list->list.items[i]);
        }
        return value_of_string(value_text_end(&text));
}

static struct value concatenated(const struct slot *slot, struct rule_scratch *s)
{
        struct value_text text = value_text_begin(&s->values); /* all inputs were read before */

        for (uint32_t i = 0; i < slot->n_inputs; i++)
                value_text_add(&text, slot_read(s, slot->inputs[i])->string);
        return value_of_string(value_text_end(&text));
}

static void make_list(const struct slot *slot, struct rule_scratch *s, struct value *ret)
{
        struct value *items = value_scratch_alloc(&s->values, MAX_OF(slot->n_inputs, 1u) * sizeof(*items));

        for (uint32_t i = 0; items && i < slot->n_inputs; i++)
                items[i] = *slot_read(s, slot->inputs[i]);
        *ret = items ? value_of_list(slot->type, items, slot->n_inputs) : value_absent();
}

/* ---- getopt ---- */

struct options {
        bool known[256], takes_argument[256];
};

struct getopt {
        const struct value *words;
        uint32_t n_words, at; /* the word that is read */
        struct options options;
        unsigned char wanted; /* 0: all */
        struct value *results;
        uint32_t n, room;
};

static void read_options(struct options *options, struct str text)
{
        for (size_t i = 0; i < text.n; i++) {
                unsigned char c = (unsigned char)text.p[i];

                if (c == ':')
                        continue;
                options->known[c] = true;
                options->takes_argument[c] = i + 1 < text.n && text.p[i + 1] == ':';
        }
}

static void add_result(struct getopt *g, struct str s)
{
        if (g->wanted)
                g->n = 0; /* the last one counts */
        if (g->n < g->room)
                g->results[g->n++] = value_of_string(s);
}

/* What stands behind an option in its word, or the next word; false: nothing does. */
static bool argument_of(struct getopt *g, struct str word, size_t option, struct str *ret)
{
        if (option + 1 < word.n) {
                *ret = (struct str){ word.p + option + 1, word.n - option - 1 };
                return true;
        }
        if (g->at + 1 >= g->n_words)
                return false;
        *ret = g->words[++g->at].string;
        return true;
}

/* "-abcVALUE" */
static void read_word(struct getopt *g, struct str word)
{
        for (size_t i = 1; i < word.n; i++) {
                unsigned char c = (unsigned char)word.p[i];
                bool is_wanted = !g->wanted || c == g->wanted;
                struct str name = { word.p + i, 1 }, argument;

                if (!g->options.known[c]) {
                        if (!g->wanted)
                                add_result(g, STR_LIT("?"));
                        continue;
                }
                if (!g->options.takes_argument[c]) {
                        if (is_wanted)
                                add_result(g, name);
                        continue;
                }
                if (!argument_of(g, word, i, &argument)) {
                        if (is_wanted)
                                add_result(g, STR_LIT(""));
                } else if (is_wanted) {
                        if (!g->wanted)
                                add_result(g, name);
                        add_result(g, argument);
                }
                return;
        }
}

/* A string is taken for words with blanks between them. */
static const struct value *words_of(struct value_scratch *room, const struct value *input, uint32_t *ret_n)
{
        struct str rest = input->string;
        struct value *words;
        uint32_t n = 0, count = 1;

        if (input->is_list) {
                *ret_n = input->list.n;
                return input->list.items;
        }
        for (size_t i = 0; i < rest.n; i++)
                count += rest.p[i] == ' ';
        words = value_scratch_alloc(room, count * sizeof(*words));
        while (words && rest.n) {
                struct str word = str_cut(&rest, ' ');

                if (word.n)
                        words[n++] = value_of_string(word);
        }
        *ret_n = n;
        return words;
}

/* Short options as getopt(3) reads them, to the first word that is none; of those with an argument that follows. */
static void apply_getopt(const struct slot *slot, struct rule_scratch *s, struct value *ret)
{
        const struct value *input = slot_read(s, slot->inputs[0]);
        struct getopt g = { .wanted = (unsigned char)slot->option };
        size_t letters = 0;

        *ret = value_absent();
        g.words = words_of(&s->values, input, &g.n_words);
        if (!g.words && g.n_words)
                return;
        for (uint32_t i = 0; i < g.n_words; i++)
                letters += g.words[i].string.n;
        g.room = (uint32_t)MIN_OF(2 * letters + 2, (size_t)(SCRATCH_VALUES / sizeof(*g.results)));
        g.results = value_scratch_alloc(&s->values, g.room * sizeof(*g.results));
        if (!g.results)
                return;
        read_options(&g.options, slot_read(s, slot->inputs[1])->string);
        for (; g.at < g.n_words; g.at++) {
                struct str word = g.words[g.at].string;

                if (word.n > 2 && word.p[0] == '-' && word.p[1] == '-')
                        continue; /* a long option */
                if (word.n < 2 || word.p[0] != '-' || word.p[1] == '-')
                        break;
                read_word(&g, word);
        }
        if (!g.wanted)
                *ret = value_of_list(VALUE_STRING, g.results, g.n);
        else if (g.n)
                *ret = g.results[0];
}

/* ---- the door ---- */

static bool inputs_are_there(const struct slot *slot, struct rule_scratch *s, struct value *ret)
{
        bool there = true;

        for (uint32_t i = 0; i < slot->n_inputs; i++) {
                const struct value *input = slot_read(s, slot->inputs[i]);

                if (input->state == VALUE_PRESENT)
                        continue;
                if (there || input->state == VALUE_UNKNOWN)
                        *ret = (struct value){ .state = input->state };
                there = false;
        }
        return there;
}

void transform_apply(const struct slot *slot, struct rule_scratch *s, struct value *ret)
{
        const struct value *first;

        if (!inputs_are_there(slot, s, ret))
                return;
        if (slot->kind == SLOT_LIST) {
                make_list(slot, s, ret);
                return;
        }
        first = slot_read(s, slot->inputs[0]);
        switch (slot->transform) {
        case TRANSFORM_LEN:
                *ret = value_of_number(first->is_list ? (int64_t)first->list.n : (int64_t)first->string.n);
                return;
        case TRANSFORM_JOIN:
                *ret = joined(&s->values, first->string, slot_read(s, slot->inputs[1]));
                return;
        case TRANSFORM_CONCAT:
                *ret = concatenated(slot, s);
                return;
        case TRANSFORM_GETOPT:
                apply_getopt(slot, s, ret);
                return;
        default:
                transform_each(slot, &s->values, first, ret);
                return;
        }
}
