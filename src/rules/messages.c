/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdarg.h>

#include "rules/load.h"

const char *show(struct str name, struct shown *room)
{
        _cleanup_(buf_free) struct buf text = { 0 };
        size_t n = MIN_OF(name.n, (size_t)100), end;

        while (n < name.n && n && (name.p[n] & 0xc0) == 0x80)
                n--; /* no character is cut in two */
        buf_add_quoted(&text, (struct str){ name.p, n });
        end = MIN_OF(text.len, sizeof(room->text) - 4);
        memcpy(room->text, text.len ? text.data : "", end);
        strcpy(room->text + end, n < name.n || end < text.len ? "..." : "");
        return room->text;
}

const char *did_you_mean(const struct nearest *nearest, struct did_you_mean *room)
{
        struct shown shown;

        room->text[0] = 0;
        if (!nearest->name)
                return room->text;
        strcpy(room->text, "; did you mean '");
        strncat(room->text, show(str_from(nearest->name), &shown), sizeof(room->text) - 20);
        strcat(room->text, "'?");
        return room->text;
}

bool may_compare(struct loader *l, size_t n)
{
        if (n > RULE_NAMES_COMPARED_MAX - l->n_compared)
                return false;
        l->n_compared += n;
        return true;
}

static bool is_known(const struct messages *messages, struct place place, const char *text)
{
        for (size_t i = 0; i < messages->n; i++) {
                const struct message *m = &messages->list[i];

                if (m->place.line == place.line && m->place.column == place.column && m->place.file == place.file &&
                    strcmp(m->text, text) == 0)
                        return true;
        }
        return false;
}

/* `blame`: the file that is left out for an error. */
static int add(struct loader *l, enum message_kind kind, uint32_t suspect, uint32_t blame, struct place place,
               const char *fmt, va_list ap)
{
        /* Before the first pass there is nothing but what lasts. */
        bool passing = (kind != MESSAGE_ERROR || suspect) && l->arena;
        struct messages *messages = passing ? &l->passing : &l->kept;
        struct arena *arena = passing ? l->arena : l->texts;
        _cleanup_(buf_free) struct buf text = { 0 };
        struct message *m;

        if (messages->n >= RULE_MESSAGES_MAX)
                return 0;
        buf_vprintf(&text, fmt, ap);
        if (blame != place.file)
                buf_printf(&text, " ('%s' is left out for it)", SHOW(str_from(l->files[blame - 1].in->name)));
        if (!buf_ok(&text) || mem_grow(&messages->list, &messages->cap, messages->n + 1, sizeof(*m)) < 0)
                return error_oom(l->err);
        if (kind == MESSAGE_ERROR && is_known(messages, place, text.data))
                return 0;
        m = &messages->list[messages->n];
        *m = (struct message){ kind, suspect, place, arena_string(arena, text.data, text.len) };
        if (!m->text)
                return error_oom(l->err);
        messages->n++;
        return 0;
}

int say_error(struct loader *l, struct place place, struct blame blame, const char *fmt, ...)
{
        bool sure = blame.first == blame.last;
        va_list ap;
        int r;

        if (sure) {
                l->files[blame.last - 1].left_out = true;
                l->any_left_out = true;
        } else if (!l->suspect || blame.last < l->suspect) {
                l->suspect = blame.last;
        }
        va_start(ap, fmt);
        r = add(l, MESSAGE_ERROR, sure ? 0 : blame.last, blame.last, place, fmt, ap);
        va_end(ap);
        return r < 0 ? r : -EBADMSG;
}

int say_warning(struct loader *l, struct place place, const char *fmt, ...)
{
        va_list ap;
        int r;

        va_start(ap, fmt);
        r = add(l, MESSAGE_WARNING, 0, place.file, place, fmt, ap);
        va_end(ap);
        return r;
}

int say_note(struct loader *l, struct place place, const char *fmt, ...)
{
        va_list ap;
        int r;

        va_start(ap, fmt);
        r = add(l, MESSAGE_NOTE, 0, place.file, place, fmt, ap);
        va_end(ap);
        return r;
}

/* What was said of it becomes an error for good. */
static int keep(struct loader *l, const struct message *m)
{
        struct message *copy;

        if (l->kept.n >= RULE_MESSAGES_MAX || is_known(&l->kept, m->place, m->text))
                return 0;
        if (mem_grow(&l->kept.list, &l->kept.cap, l->kept.n + 1, sizeof(*copy)) < 0)
                return error_oom(l->err);
        copy = &l->kept.list[l->kept.n];
        *copy = (struct message){ MESSAGE_ERROR, 0, m->place, arena_string(l->texts, m->text, strlen(m->text)) };
        if (!copy->text)
                return error_oom(l->err);
        l->kept.n++;
        return 0;
}

int leave_out_suspect(struct loader *l)
{
        int r = 0;

        if (l->any_left_out)
                return 0;
        l->any_left_out = true;
        l->files[l->suspect - 1].left_out = true;
        for (size_t i = 0; i < l->passing.n && r == 0; i++)
                if (l->passing.list[i].suspect == l->suspect)
                        r = keep(l, &l->passing.list[i]);
        return r;
}
