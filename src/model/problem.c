/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/problem.h"

#define CUT_MARK "…"

/* A copy of at most PROBLEM_TEXT_MAX bytes, cut between characters and marked where it was. */
static char *text_of(const char *text)
{
        size_t n = strlen(text);
        char *copy;

        if (n <= PROBLEM_TEXT_MAX)
                return strdup(text);
        for (n = PROBLEM_TEXT_MAX - strlen(CUT_MARK); n && (text[n] & 0xc0) == 0x80; n--)
                ;
        return asprintf(&copy, "%.*s" CUT_MARK, (int)n, text) < 0 ? NULL : copy;
}

void problem_add(struct problem_list *list, enum problem_kind kind, const char *where, const char *fmt, ...)
{
        char what[PROBLEM_TEXT_MAX + 2] = ""; /* one more than is kept tells that it was cut */
        struct problem *p;
        va_list ap;

        if (list->n == PROBLEMS_PER_LIST) {
                list->more++;
                list->more_gaps |= kind != PROBLEM_NOTE;
                return;
        }
        if (mem_grow(&list->items, &list->cap, list->n + 1, sizeof(*list->items)) < 0) {
                list->failed = true;
                return;
        }
        va_start(ap, fmt);
        if (vsnprintf(what, sizeof(what), fmt, ap) < 0)
                strcpy(what, "a text that is too long to be shown");
        va_end(ap);
        p = &list->items[list->n];
        *p = (struct problem){ .kind = kind, .where = text_of(where), .what = text_of(what) };
        if (!p->where || !p->what) {
                free(p->where);
                free(p->what);
                list->failed = true;
                return;
        }
        list->n++;
}

bool problem_list_complete(const struct problem_list *list)
{
        if (list->more_gaps || list->failed)
                return false;
        for (size_t i = 0; i < list->n; i++)
                if (list->items[i].kind != PROBLEM_NOTE)
                        return false;
        return true;
}

void problem_list_done(struct problem_list *list)
{
        for (size_t i = 0; i < list->n; i++) {
                free(list->items[i].where);
                free(list->items[i].what);
        }
        free(list->items);
        *list = (struct problem_list){ 0 };
}
