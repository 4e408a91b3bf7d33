/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdarg.h>

#include "rules/load.h"

const char *show(struct str name, struct shown *room)
{
        _cleanup_(buf_free) struct buf text = { 0 };
        size_t n = MIN_OF(name.n, (size_t)48), end;

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

static int add(struct loader *l, enum message_kind kind, struct place place, const char *fmt, va_list ap)
{
        /* Before the first pass there is nothing but what lasts. */
        bool passing = kind != MESSAGE_ERROR && l->arena;
        struct messages *messages = passing ? &l->passing : &l->kept;
        struct arena *arena = passing ? l->arena : l->texts;
        _cleanup_(buf_free) struct buf text = { 0 };
        struct message *m;

        if (messages->n >= RULE_MESSAGES_MAX)
                return 0;
        buf_vprintf(&text, fmt, ap);
        if (!buf_ok(&text) || mem_grow(&messages->list, &messages->cap, messages->n + 1, sizeof(*m)) < 0)
                return error_oom(l->err);
        if (kind == MESSAGE_ERROR && is_known(messages, place, text.data))
                return 0;
        m = &messages->list[messages->n];
        *m = (struct message){ kind, place, arena_string(arena, text.data, text.len) };
        if (!m->text)
                return error_oom(l->err);
        messages->n++;
        return 0;
}

int say_error(struct loader *l, struct place place, uint32_t blame, const char *fmt, ...)
{
        va_list ap;
        int r;

        if (blame)
                l->files[blame - 1].left_out = true;
        l->any_left_out = true;
        va_start(ap, fmt);
        r = add(l, MESSAGE_ERROR, place, fmt, ap);
        va_end(ap);
        return r < 0 ? r : -EBADMSG;
}

int say_warning(struct loader *l, struct place place, const char *fmt, ...)
{
        va_list ap;
        int r;

        va_start(ap, fmt);
        r = add(l, MESSAGE_WARNING, place, fmt, ap);
        va_end(ap);
        return r;
}

int say_note(struct loader *l, struct place place, const char *fmt, ...)
{
        va_list ap;
        int r;

        va_start(ap, fmt);
        r = add(l, MESSAGE_NOTE, place, fmt, ap);
        va_end(ap);
        return r;
}
