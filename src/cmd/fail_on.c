/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "base/nearest.h"
#include "cmd/fail_on.h"

static int read_term(struct str term, struct fail_on *f, struct error *err)
{
        static const char *const words[] = { "low", "medium", "high", "critical", "fixable", "kev" };
        static const enum severity severities[] = { SEVERITY_LOW, SEVERITY_MEDIUM, SEVERITY_HIGH, SEVERITY_CRITICAL };
        struct nearest nearest = nearest_to(term);

        for (size_t i = 0; i < ELEMENTS_OF(words); i++) {
                nearest_offer(&nearest, words[i]);
                if (!str_equals(term, words[i]))
                        continue;
                if (i < ELEMENTS_OF(severities) && f->has_severity)
                        return error_say(err, -EINVAL, "--fail-on: more than one severity; for one or the other repeat the option");
                if (i < ELEMENTS_OF(severities)) {
                        f->has_severity = true;
                        f->severity = severities[i];
                }
                f->fixable |= i == 4;
                f->kev |= i == 5;
                return 0;
        }
        return error_say(err, -EINVAL, "--fail-on: '%.*s': expected low, medium, high or critical, fixable, kev, or several with commas between "
                         "them%s%s%s", STR_SHOWN(term), nearest.name ? "; did you mean '" : "", nearest.name ? nearest.name : "",
                         nearest.name ? "'?" : "");
}

int fail_on_read(const struct arguments *args, struct fail_on **ret, size_t *ret_n, struct error *err)
{
        _cleanup_free_ struct fail_on *items = calloc(args->n_options + 1, sizeof(*items));
        size_t n = 0;

        if (!items)
                return error_oom(err);
        for (size_t i = 0; i < args->n_options; i++) {
                struct str rest;

                if (strcmp(args->options[i].spec->name, "fail-on") != 0)
                        continue;
                rest = str_from(args->options[i].value);
                do {
                        int r = read_term(str_trim(str_cut(&rest, ',')), &items[n], err);

                        if (r < 0)
                                return r;
                } while (rest.p);
                n++;
        }
        *ret = TAKE_PTR(items);
        *ret_n = n;
        return 0;
}

static const struct value *field_of(const struct finding *f, const char *name)
{
        for (uint32_t i = 0; i < f->n_fields; i++)
                if (strcmp(f->fields[i].name, name) == 0)
                        return &f->fields[i].value;
        return NULL;
}

static bool meets(const struct finding *f, const struct fail_on *terms)
{
        const struct value *fixed = terms->fixable ? field_of(f, "vuln.fixed") : NULL, *kev = terms->kev ? field_of(f, "vuln.kev") : NULL;

        if (terms->has_severity && f->severity < terms->severity)
                return false;
        if (terms->fixable && (!fixed || fixed->state != VALUE_PRESENT))
                return false;
        return !terms->kev || (kev && kev->state == VALUE_PRESENT && kev->boolean);
}

static bool meets_any(const struct finding *f, const struct fail_on *items, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (meets(f, &items[i]))
                        return true;
        return false;
}

size_t fail_on_reached(const struct fail_on *items, size_t n, const struct finding_list *findings)
{
        size_t reached = 0;

        for (size_t i = 0; i < findings->n; i++)
                reached += finding_counts(&findings->items[i]) && meets_any(&findings->items[i], items, n);
        return reached;
}
