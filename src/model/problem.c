/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/problem.h"

/* A copy of `text`, a whole character less where it is too long. */
static char *cut(const char *text)
{
        static const char mark[] = "…";
        size_t n = strnlen(text, PROBLEM_TEXT_MAX + 1), end = PROBLEM_TEXT_MAX - (sizeof(mark) - 1);
        char *copy;

        if (n <= PROBLEM_TEXT_MAX)
                return strndup(text, n);
        while (end && ((unsigned char)text[end] & 0xc0) == 0x80)
                end--;
        copy = malloc(end + sizeof(mark));
        if (copy) {
                memcpy(copy, text, end);
                memcpy(copy + end, mark, sizeof(mark));
        }
        return copy;
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
        *p = (struct problem){ .kind = kind, .where = cut(where), .what = cut(what) };
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
