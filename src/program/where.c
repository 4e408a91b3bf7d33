/* SPDX-License-Identifier: Apache-2.0 */
#include "base/glob.h"
#include "program/lookup.h"

const char *policy_member_name(enum policy_member member)
{
        static const char *const names[POLICY_MEMBERS] = {
                [POLICY_ID] = "id",     [POLICY_RULE] = "rule",       [POLICY_SOURCE] = "source",
                [POLICY_PATH] = "path", [POLICY_PACKAGE] = "package", [POLICY_IMAGE] = "image",
                [POLICY_KEY] = "key",   [POLICY_LAYER] = "layer",
        };

        return names[member];
}

const char *policy_member_of(const struct finding *f, enum policy_member member)
{
        switch (member) {
        case POLICY_ID:
                return f->id;
        case POLICY_RULE:
                return f->rule;
        case POLICY_SOURCE:
                return f->source;
        case POLICY_PATH:
                return f->path && f->path[0] == '/' ? f->path + 1 : f->path;
        case POLICY_PACKAGE:
                return f->package;
        case POLICY_IMAGE:
                return f->subject_name;
        case POLICY_KEY:
                return f->key;
        default:
                return f->layer;
        }
}

/* A name with brackets in it can be written as it is. */
static bool any_fits(const struct policy_patterns *patterns, enum policy_member member, const char *text)
{
        struct str s = str_from(text);

        for (uint32_t i = 0; text && i < patterns->n; i++)
                if (str_equal(patterns->items[i], s) || (member != POLICY_ID && glob_match(patterns->items[i], s, false)))
                        return true;
        return false;
}

bool policy_where_fits(const struct policy_where *where, const struct finding *f)
{
        for (unsigned m = 0; m < POLICY_MEMBERS; m++)
                if (where->on[m].n && !any_fits(&where->on[m], m, policy_member_of(f, m)))
                        return false;
        return true;
}

void policy_where_print(const struct policy_where *where, struct buf *out)
{
        const char *before = "";

        for (unsigned m = 0; m < POLICY_MEMBERS; m++) {
                const struct policy_patterns *patterns = &where->on[m];

                if (!patterns->n)
                        continue;
                buf_printf(out, "%s%s %s", before, policy_member_name(m), m == POLICY_PATH ? "/" : "");
                for (uint32_t i = 0; i < patterns->n; i++) {
                        buf_puts(out, i == 0 ? "" : m == POLICY_PATH ? " or /" : " or ");
                        buf_add_str(out, patterns->items[i]);
                }
                before = ", ";
        }
}
