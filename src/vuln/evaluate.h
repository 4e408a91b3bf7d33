/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is a version affected? (https://ossf.github.io/osv-schema, "Evaluation".) It is if a list names it or if a range holds it. In
 * a range the last event at or below the version decides; "introduced: 0" is below everything. No I/O, no allocation.
 */
#ifndef TALLYMAN_VULN_EVALUATE_H
#define TALLYMAN_VULN_EVALUATE_H

#include "vuln/record.h"
#include "vuln/version.h"

struct evaluation {
        bool affected;
        bool by_list;             /* a list of versions names it; else the range: */
        struct str introduced;    /* the beginning that holds it */
        struct str fixed;         /* the first version above that is fixed, empty: none is told */
        struct str last_affected; /* where the range ends so */
        const struct version_order *order; /* in which versions were compared */
        /* Of one that is not affected, what was nearest: the fix that it has, or the beginning that it is before. */
        struct str had_fix, before;
};

/* `order`: of the ecosystem. */
void evaluate_affected(const struct vuln_affected *affected, const struct version_order *order, struct str version,
                       struct evaluation *ret);

#endif
