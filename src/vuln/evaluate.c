/* SPDX-License-Identifier: Apache-2.0 */
#include "vuln/evaluate.h"

struct walk {
        const struct version_order *order;
        struct str version;
        bool state, has_limit, below_limit;
        struct str decided;         /* version of the event that decides so far */
        bool has_decided;
        enum event_kind_osv kind;
        struct str introduced, next_fixed, next_last, next_introduced, had_fix;
};

static bool is_beginning(const struct vuln_event *event)
{
        return event->kind == EVENT_INTRODUCED && str_equals(event->version, "0");
}

/* An event that the version has reached: the last of them decides; of those at one version the one that stands last. */
static void reach(struct walk *w, const struct vuln_event *event)
{
        struct str at = is_beginning(event) ? STR_NULL : event->version;

        if (w->has_decided && w->decided.n && (!at.n || version_compare(w->order, at, w->decided) < 0))
                return;
        w->has_decided = true;
        w->decided = at;
        w->kind = event->kind;
        w->state = event->kind == EVENT_INTRODUCED;
        if (event->kind == EVENT_INTRODUCED)
                w->introduced = event->version;
        if (event->kind == EVENT_FIXED)
                w->had_fix = event->version;
}

static void keep_lowest(struct walk *w, struct str *lowest, struct str version)
{
        if (!lowest->n || version_compare(w->order, version, *lowest) < 0)
                *lowest = version;
}

static void take_event(struct walk *w, const struct vuln_event *event)
{
        int above = is_beginning(event) ? 1 : version_compare(w->order, w->version, event->version);

        switch (event->kind) {
        case EVENT_INTRODUCED:
                if (above >= 0)
                        reach(w, event);
                else
                        keep_lowest(w, &w->next_introduced, event->version);
                break;
        case EVENT_FIXED:
                if (above >= 0)
                        reach(w, event);
                else
                        keep_lowest(w, &w->next_fixed, event->version);
                break;
        case EVENT_LAST_AFFECTED:
                if (above > 0)
                        reach(w, event);
                else
                        keep_lowest(w, &w->next_last, event->version);
                break;
        case EVENT_LIMIT:
                w->has_limit = true;
                w->below_limit = w->below_limit || str_equals(event->version, "*") || above < 0;
                break;
        }
}

static void take_range(struct record_reader *reader, enum range_type type, uint32_t n, const struct version_order *order,
                       struct str version, struct evaluation *ret)
{
        /* Bitnami calls its ranges SEMVER, but its versions carry a revision; Go's are the same in either order. */
        bool semver = type == RANGE_SEMVER && order->id != VERSION_BITNAMI && order->id != VERSION_GO && order->id != VERSION_NUGET;
        struct walk w = { .order = semver ? version_order(VERSION_SEMVER) : order, .version = version };
        struct vuln_event event;

        while (n-- && record_next_event(reader, &event))
                take_event(&w, &event);
        if (w.order->id == VERSION_NONE)
                return; /* nobody can say */
        if (!w.state || (w.has_limit && !w.below_limit)) {
                if (w.had_fix.n && w.kind == EVENT_FIXED)
                        ret->had_fix = w.had_fix;
                if (w.next_introduced.n)
                        ret->before = w.next_introduced;
                return;
        }
        if (ret->affected && ret->fixed.n && !w.next_fixed.n)
                return; /* a range that names the fix says more */
        ret->affected = true;
        ret->by_list = false;
        ret->introduced = w.introduced;
        ret->fixed = w.next_fixed;
        ret->last_affected = w.next_fixed.n ? STR_NULL : w.next_last;
        ret->order = w.order;
}

/* Where there are ranges, the list only repeats what they say; where there are none, it may write a version otherwise. */
static bool is_listed(struct vuln_list list, const struct version_order *order, struct str version, bool alone)
{
        bool parses = alone && version_parses(order, version);

        for (uint32_t i = 0; i < list.n; i++) {
                struct str listed = record_get_text(&list.reader);

                if (str_equal(listed, version) || (parses && version_parses(order, listed) && version_compare(order, listed, version) == 0))
                        return true;
        }
        return false;
}

void evaluate_affected(const struct vuln_affected *affected, const struct version_order *order, struct str version,
                       struct evaluation *ret)
{
        struct record_reader reader = affected->ranges.reader;

        *ret = (struct evaluation){ .order = order };
        for (uint32_t i = 0; i < affected->ranges.n; i++) {
                enum range_type type;
                uint32_t n;

                if (!record_next_range(&reader, &type, &n))
                        return;
                take_range(&reader, type, n, order, version, ret);
        }
        if (!ret->affected && is_listed(affected->versions, order, version, affected->ranges.n == 0)) {
                ret->affected = ret->by_list = true;
                ret->had_fix = ret->before = STR_NULL;
        }
}
