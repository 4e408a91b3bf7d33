/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CVSS 4.0 (https://www.first.org/cvss/v4.0/specification-document, sections 7 and 8.2): a vector falls into one of 270
 * classes by six equivalences (EQ1 to EQ6); each class has a score, that of its worst vectors. From it goes the mean, over the
 * equivalences that have a class below, of how far the vector is from the worst on the way to that class.
 */
#include <math.h>

#include "vuln/cvss_private.h"

enum {
        AV, AC, AT, PR, UI, VC, VI, VA, SC, SI, SA, E, CR, IR, AR,
        MAV, MAC, MAT, MPR, MUI, MVC, MVI, MVA, MSC, MSI, MSA, METRICS,
};

static const struct cvss_metric metrics[] = {
        [AV] = { "AV", "NALP", true }, [AC] = { "AC", "LH", true },    [AT] = { "AT", "NP", true },    [PR] = { "PR", "NLH", true },
        [UI] = { "UI", "NPA", true },  [VC] = { "VC", "HLN", true },   [VI] = { "VI", "HLN", true },   [VA] = { "VA", "HLN", true },
        [SC] = { "SC", "HLN", true },  [SI] = { "SI", "HLN", true },   [SA] = { "SA", "HLN", true },   [E] = { "E", "XAPU" },
        [CR] = { "CR", "XHML" },       [IR] = { "IR", "XHML" },        [AR] = { "AR", "XHML" },        [MAV] = { "MAV", "XNALP" },
        [MAC] = { "MAC", "XLH" },      [MAT] = { "MAT", "XNP" },       [MPR] = { "MPR", "XNLH" },      [MUI] = { "MUI", "XNPA" },
        [MVC] = { "MVC", "XHLN" },     [MVI] = { "MVI", "XHLN" },      [MVA] = { "MVA", "XHLN" },      [MSC] = { "MSC", "XHLN" },
        [MSI] = { "MSI", "XSHLN" },    [MSA] = { "MSA", "XSHLN" },
        /* Supplemental: no part of the score. */
        { "S" }, { "AU" }, { "R" }, { "V" }, { "RE" }, { "U" },
};

/* Tenths, by EQ1 and EQ2 (rows), EQ3 with EQ6 (00, 01, 10, 11, 21), then EQ4 and EQ5. */
static const uint8_t scores[6][5][9] = {
        { /* 00 */ { 100, 98, 95, 100, 93, 91, 93, 89, 81 }, { 99, 95, 92, 96, 87, 81, 90, 80, 68 }, { 98, 95, 90, 93, 89, 81, 88, 78, 69 },
          { 95, 92, 84, 92, 81, 65, 80, 70, 48 }, { 92, 82, 72, 79, 69, 50, 69, 55, 27 }, },
        { /* 01 */ { 99, 95, 92, 95, 90, 84, 92, 82, 72 }, { 97, 92, 85, 91, 83, 71, 81, 71, 53 }, { 95, 92, 85, 92, 80, 70, 84, 71, 50 },
          { 93, 85, 73, 82, 72, 59, 70, 52, 30 }, { 86, 75, 52, 71, 52, 29, 63, 29, 17 }, },
        { /* 10 */ { 98, 94, 91, 94, 86, 77, 87, 74, 63 }, { 95, 87, 81, 89, 74, 64, 75, 63, 49 }, { 94, 88, 76, 86, 74, 59, 72, 57, 52 },
          { 89, 77, 67, 76, 58, 50, 57, 52, 25 }, { 83, 70, 54, 65, 58, 26, 53, 21, 13 }, },
        { /* 11 */ { 95, 88, 76, 90, 75, 61, 77, 68, 52 }, { 90, 76, 70, 77, 62, 53, 66, 59, 30 }, { 89, 76, 62, 74, 57, 47, 61, 57, 24 },
          { 78, 67, 58, 59, 57, 23, 52, 29, 16 }, { 71, 59, 30, 58, 26, 15, 23, 13, 6 }, },
        { /* 20 */ { 93, 86, 75, 86, 74, 56, 70, 52, 40 }, { 87, 72, 58, 74, 61, 34, 54, 40, 22 }, { 85, 74, 62, 72, 55, 46, 53, 34, 19 },
          { 75, 55, 51, 57, 41, 19, 36, 19, 8 }, { 64, 51, 20, 47, 21, 11, 24, 9, 4 }, },
        { /* 21 */ { 88, 73, 60, 73, 59, 41, 54, 45, 20 }, { 75, 53, 50, 55, 40, 20, 43, 22, 11 }, { 75, 58, 40, 61, 48, 20, 46, 17, 8 },
          { 55, 45, 21, 51, 18, 9, 18, 7, 2 }, { 53, 24, 14, 24, 12, 5, 10, 3, 1 }, },
};

/* How bad a value is, 0 the worst; steps of a tenth in the specification. */
static int level(int metric, char value)
{
        static const char *const orders[] = {
                [AV] = "NALP", [AC] = "LH", [AT] = "NP", [PR] = "NLH", [UI] = "NPA", [VC] = "HLN", [VI] = "HLN", [VA] = "HLN",
                [SC] = "SHLN", [SI] = "SHLN", [SA] = "SHLN", [CR] = "HML", [IR] = "HML", [AR] = "HML",
        };
        const char *at = strchr(orders[metric], value);

        return at ? (int)(at - orders[metric]) : 0;
}

/* ---- classes ---- */

struct class {
        int eq[7]; /* 1 to 6 */
};

/* In tenths; negative: there is no such class. */
static int score_of(const struct class *c)
{
        static const int pairs[3][2] = { { 0, 1 }, { 2, 3 }, { -1, 4 } };

        if (c->eq[1] > 2 || c->eq[2] > 1 || c->eq[3] > 2 || c->eq[4] > 2 || c->eq[5] > 2 || c->eq[6] > 1 || pairs[c->eq[3]][c->eq[6]] < 0)
                return -1;
        return scores[2 * c->eq[1] + c->eq[2]][pairs[c->eq[3]][c->eq[6]]][3 * c->eq[4] + c->eq[5]];
}

static struct class class_of(const char v[static METRICS])
{
        bool n[] = { v[AV] == 'N', v[PR] == 'N', v[UI] == 'N' };
        struct class c = { 0 };

        c.eq[1] = n[0] && n[1] && n[2] ? 0 : (n[0] || n[1] || n[2]) && v[AV] != 'P' ? 1 : 2;
        c.eq[2] = v[AC] == 'L' && v[AT] == 'N' ? 0 : 1;
        c.eq[3] = v[VC] == 'H' && v[VI] == 'H' ? 0 : v[VC] == 'H' || v[VI] == 'H' || v[VA] == 'H' ? 1 : 2;
        c.eq[4] = v[SI] == 'S' || v[SA] == 'S' ? 0 : v[SC] == 'H' || v[SI] == 'H' || v[SA] == 'H' ? 1 : 2;
        c.eq[5] = v[E] == 'A' ? 0 : v[E] == 'P' ? 1 : 2;
        c.eq[6] = (v[CR] == 'H' && v[VC] == 'H') || (v[IR] == 'H' && v[VI] == 'H') || (v[AR] == 'H' && v[VA] == 'H') ? 0 : 1;
        return c;
}

/* ---- distances ---- */

#define WORST_MAX 5

/* The worst vectors of a class, by equivalence (Table 24 to 28), as values of these metrics. */
struct worst {
        int metrics[6], n;
        const char *values[3][WORST_MAX]; /* by the level of the equivalence */
        int depth[3];
};

static const struct worst worst_1 = { { AV, PR, UI }, 3, { { "NNN" }, { "ANN", "NLN", "NNP" }, { "PNN", "ALP" } }, { 1, 4, 5 } };
static const struct worst worst_2 = { { AC, AT }, 2, { { "LN" }, { "HN", "LP" } }, { 1, 2 } };
static const struct worst worst_4 = { { SC, SI, SA }, 3, { { "HSS" }, { "HHH" }, { "LLL" } }, { 6, 5, 4 } };
static const struct worst worst_36[] = { /* by EQ6; its levels are EQ3's */
        { { VC, VI, VA, CR, IR, AR }, 6, { { "HHHHHH" }, { "LHHHHH", "HLHHHH" } }, { 7, 8 } },
        { { VC, VI, VA, CR, IR, AR }, 6, { { "HHLMMH", "HHHMMM" }, { "LHLHMH", "LHHHMM", "HLHMHM", "HLLMHH", "LLHHHM" }, { "LLLHHH" } },
          { 6, 8, 10 } },
};

/* Steps from the first of the worst vectors that is nowhere better than this one. */
static int distance(const struct worst *worst, int eq, const char v[static METRICS])
{
        for (int i = 0; i < WORST_MAX && worst->values[eq][i]; i++) {
                int sum = 0, k = 0;

                for (; k < worst->n; k++) {
                        int steps = level(worst->metrics[k], v[worst->metrics[k]]) - level(worst->metrics[k], worst->values[eq][i][k]);

                        if (steps < 0)
                                break;
                        sum += steps;
                }
                if (k == worst->n)
                        return sum;
        }
        return 0;
}

struct mean {
        double sum;
        int n;
};

/* `below`: the score of the class below, in tenths. */
static void add(struct mean *mean, int score, int below, int steps, int depth)
{
        if (below < 0)
                return;
        mean->sum += (score - below) / 10.0 * steps / depth;
        mean->n++;
}

static int score_below(struct class c, int eq)
{
        c.eq[eq]++;
        return score_of(&c);
}

/* EQ3 and EQ6 go together; from 00 there are two ways down, of which the higher counts. */
static int score_below_36(struct class c)
{
        int by_3 = score_below(c, 3), by_6 = score_below(c, 6);

        if (c.eq[3] == 0 && c.eq[6] == 0)
                return by_3 > by_6 ? by_3 : by_6;
        return c.eq[6] == 0 ? by_6 : by_3;
}

/* A modified metric stands for the original; what is not defined is the worst. */
static void settle(char v[static METRICS])
{
        for (int i = MAV; i <= MSA; i++)
                if (v[i] != 'X')
                        v[i - MAV] = v[i];
        v[E] = v[E] == 'X' ? 'A' : v[E];
        for (int i = CR; i <= AR; i++)
                v[i] = v[i] == 'X' ? 'H' : v[i];
}

bool cvss4_score(struct str vector, double *ret)
{
        char v[CVSS_METRICS_MAX];
        struct mean mean = { 0 };
        struct class c;
        int score;

        if (!cvss_read(vector, metrics, ELEMENTS_OF(metrics), v))
                return false;
        settle(v);
        *ret = 0;
        if (v[VC] == 'N' && v[VI] == 'N' && v[VA] == 'N' && v[SC] == 'N' && v[SI] == 'N' && v[SA] == 'N')
                return true;
        c = class_of(v);
        score = score_of(&c);
        if (score < 0)
                return false;
        add(&mean, score, score_below(c, 1), distance(&worst_1, c.eq[1], v), worst_1.depth[c.eq[1]]);
        add(&mean, score, score_below(c, 2), distance(&worst_2, c.eq[2], v), worst_2.depth[c.eq[2]]);
        add(&mean, score, score_below_36(c), distance(&worst_36[c.eq[6]], c.eq[3], v), worst_36[c.eq[6]].depth[c.eq[3]]);
        add(&mean, score, score_below(c, 4), distance(&worst_4, c.eq[4], v), worst_4.depth[c.eq[4]]);
        add(&mean, score, score_below(c, 5), 0, 1);
        *ret = round((score / 10.0 - (mean.n ? mean.sum / mean.n : 0) + 1e-6) * 10) / 10;
        *ret = *ret < 0 ? 0 : *ret > 10 ? 10 : *ret;
        return true;
}
