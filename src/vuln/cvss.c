/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "vuln/cvss_private.h"

const char *cvss_version_name(enum cvss_version version)
{
        static const char *const names[] = { [CVSS_2] = "2.0", [CVSS_3_0] = "3.0", [CVSS_3_1] = "3.1", [CVSS_4_0] = "4.0" };

        return names[version];
}

/* Words of more than one letter ("POC", "ND", "Clear") are none that a score here is computed from: any will do. */
static bool value_is_known(const struct cvss_metric *metric, struct str value)
{
        if (!metric->values)
                return value.n > 0 && value.n <= 6;
        return value.n == 1 && strchr(metric->values, *value.p) && *value.p;
}

bool cvss_read(struct str vector, const struct cvss_metric *metrics, size_t n, char *ret)
{
        memset(ret, 'X', n);
        while (vector.n) {
                struct str value = str_cut(&vector, '/'), name = str_cut(&value, ':');
                size_t i = 0;

                while (i < n && !str_equals(name, metrics[i].name))
                        i++;
                if (i == n || ret[i] != 'X' || !value_is_known(&metrics[i], value))
                        return false;
                ret[i] = metrics[i].values ? *value.p : '*';
        }
        for (size_t i = 0; i < n; i++)
                if (metrics[i].mandatory && ret[i] == 'X')
                        return false;
        return true;
}

/* ---- version 2 (https://www.first.org/cvss/v2/guide, section 3.2.1) ---- */

static double pick(char value, const char *values, const double *weights)
{
        const char *at = strchr(values, value);

        return at ? weights[at - values] : 0;
}

static bool score_2(struct str vector, double *ret)
{
        static const struct cvss_metric metrics[] = {
                { "AV", "LAN", true }, { "AC", "HML", true }, { "Au", "MSN", true }, { "C", "NPC", true }, { "I", "NPC", true }, { "A", "NPC", true },
                { "E" }, { "RL" }, { "RC" }, { "CDP" }, { "TD" }, { "CR" }, { "IR" }, { "AR" },
        };
        static const double av[] = { 0.395, 0.646, 1.0 }, ac[] = { 0.35, 0.61, 0.71 }, au[] = { 0.45, 0.56, 0.704 }, cia[] = { 0, 0.275, 0.66 };
        char v[CVSS_METRICS_MAX];
        double impact, exploitability;

        if (!cvss_read(vector, metrics, ELEMENTS_OF(metrics), v))
                return false;
        impact = 10.41 * (1 - (1 - pick(v[3], "NPC", cia)) * (1 - pick(v[4], "NPC", cia)) * (1 - pick(v[5], "NPC", cia)));
        exploitability = 20 * pick(v[0], "LAN", av) * pick(v[1], "HML", ac) * pick(v[2], "MSN", au);
        *ret = (0.6 * impact + 0.4 * exploitability - 1.5) * (impact > 0 ? 1.176 : 0);
        *ret = round(*ret * 10) / 10;
        *ret = *ret < 0 ? 0 : *ret;
        return true;
}

/* ---- version 3 (https://www.first.org/cvss/v3.1/specification-document, section 7 and appendix A) ---- */

/* 3.1 rounds as if numbers had five decimals, so that machines agree; 3.0 just up. */
static double round_up(double score, enum cvss_version version)
{
        long n = lround(score * 100000);

        if (version == CVSS_3_0)
                return ceil(score * 10) / 10;
        return n % 10000 == 0 ? (double)n / 100000 : (double)(n / 10000 + 1) / 10;
}

static bool score_3(struct str vector, enum cvss_version version, double *ret)
{
        static const struct cvss_metric metrics[] = {
                { "AV", "NALP", true }, { "AC", "LH", true }, { "PR", "NLH", true }, { "UI", "NR", true }, { "S", "UC", true },
                { "C", "HLN", true },   { "I", "HLN", true }, { "A", "HLN", true },
                { "E", "XHFPU" },  { "RL", "XUWTO" }, { "RC", "XCRU" },   { "CR", "XHML" }, { "IR", "XHML" }, { "AR", "XHML" },
                { "MAV", "XNALP" }, { "MAC", "XLH" }, { "MPR", "XNLH" },  { "MUI", "XNR" }, { "MS", "XUC" },  { "MC", "XHLN" },
                { "MI", "XHLN" },  { "MA", "XHLN" },
        };
        static const double av[] = { 0.85, 0.62, 0.55, 0.2 }, ac[] = { 0.77, 0.44 }, pr[] = { 0.85, 0.62, 0.27 }, pr_changed[] = { 0.85, 0.68, 0.5 },
                            ui[] = { 0.85, 0.62 }, cia[] = { 0.56, 0.22, 0 };
        char v[CVSS_METRICS_MAX];
        double iss, impact, exploitability;
        bool changed;

        if (!cvss_read(vector, metrics, ELEMENTS_OF(metrics), v))
                return false;
        changed = v[4] == 'C';
        iss = 1 - (1 - pick(v[5], "HLN", cia)) * (1 - pick(v[6], "HLN", cia)) * (1 - pick(v[7], "HLN", cia));
        impact = changed ? 7.52 * (iss - 0.029) - 3.25 * pow(iss - 0.02, 15) : 6.42 * iss;
        exploitability = 8.22 * pick(v[0], "NALP", av) * pick(v[1], "LH", ac) * pick(v[2], "NLH", changed ? pr_changed : pr) * pick(v[3], "NR", ui);
        if (impact <= 0)
                *ret = 0;
        else
                *ret = round_up(fmin((changed ? 1.08 : 1) * (impact + exploitability), 10), version);
        return true;
}

/* ---- any ---- */

static bool take_prefix(struct str *vector, const char *prefix)
{
        size_t n = strlen(prefix);

        if (!str_starts(*vector, prefix))
                return false;
        *vector = (struct str){ vector->p + n, vector->n - n };
        return true;
}

bool cvss_parse(struct str vector, struct cvss *ret)
{
        bool good;

        vector = str_trim(vector);
        if (take_prefix(&vector, "CVSS:4.0/")) {
                ret->version = CVSS_4_0;
                good = cvss4_score(vector, &ret->score);
        } else if (take_prefix(&vector, "CVSS:3.1/")) {
                ret->version = CVSS_3_1;
                good = score_3(vector, CVSS_3_1, &ret->score);
        } else if (take_prefix(&vector, "CVSS:3.0/")) {
                ret->version = CVSS_3_0;
                good = score_3(vector, CVSS_3_0, &ret->score);
        } else {
                if (vector.n > 2 && *vector.p == '(' && vector.p[vector.n - 1] == ')')
                        vector = (struct str){ vector.p + 1, vector.n - 2 };
                ret->version = CVSS_2;
                good = score_2(vector, &ret->score);
        }
        return good;
}
