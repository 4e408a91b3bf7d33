/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>

#include "vuln/facts.h"

#define GETTER(name)                                                                                             \
        static void name(const struct field *field, const struct fact *fact, const struct field_argument *argument, \
                         struct value_scratch *scratch, struct value *ret)

#define RECORDS "OSV records about the package"

static const struct vulnerability_fact *of(const struct fact *fact)
{
        return fact->data;
}

static struct value text_or_absent(struct str text)
{
        return text.n ? value_of_string(text) : value_absent();
}

static struct value list_of(const struct str *items, uint32_t n, struct value_scratch *scratch)
{
        struct value *values = value_scratch_alloc(scratch, (size_t)n * sizeof(*values));

        if (!values && n)
                return (struct value){ .state = VALUE_UNKNOWN };
        for (uint32_t i = 0; i < n; i++)
                values[i] = value_of_string(items[i]);
        return value_of_list(VALUE_STRING, values, n);
}

/* A decimal as people write it: conditions of rules know whole numbers only, for them there are the fields in whole parts. */
static struct value decimal(double number, int places, struct value_scratch *scratch)
{
        struct value_text text = value_text_begin(scratch);
        char digits[32];

        if (number < 0)
                return value_absent();
        snprintf(digits, sizeof(digits), "%.*f", places, number);
        value_text_add(&text, str_from(digits));
        return value_of_string(value_text_end(&text));
}

GETTER(get_package_name)
{
        *ret = text_or_absent(of(fact)->package->name);
}

GETTER(get_package_path)
{
        *ret = text_or_absent(of(fact)->path);
}

GETTER(get_package_purl)
{
        *ret = text_or_absent(of(fact)->purl);
}

GETTER(get_package_layer)
{
        *ret = value_of_number(of(fact)->layer);
}

GETTER(get_package_source)
{
        *ret = text_or_absent(of(fact)->package->source_name);
}

GETTER(get_package_type)
{
        *ret = text_or_absent(of(fact)->package->type);
}

GETTER(get_package_version)
{
        *ret = text_or_absent(of(fact)->package->version);
}

/* Its identifiers but the one that it is known by. */
GETTER(get_aliases)
{
        const struct match_issue *issue = of(fact)->issue;
        struct value *values = value_scratch_alloc(scratch, (size_t)issue->n_ids * sizeof(*values));
        uint32_t n = 0;

        if (!values) {
                *ret = (struct value){ .state = VALUE_UNKNOWN };
                return;
        }
        for (uint32_t i = 0; i < issue->n_ids; i++)
                if (!str_equal(issue->ids[i], issue->id))
                        values[n++] = value_of_string(issue->ids[i]);
        *ret = value_of_list(VALUE_STRING, values, n);
}

GETTER(get_cvss)
{
        *ret = decimal(of(fact)->weighed->cvss, 1, scratch);
}

GETTER(get_cvss_tenths)
{
        double score = of(fact)->weighed->cvss;

        *ret = score < 0 ? value_absent() : value_of_number(lround(score * 10));
}

GETTER(get_ecosystem)
{
        *ret = text_or_absent(str_from(of(fact)->ecosystem));
}

GETTER(get_epss)
{
        *ret = decimal(of(fact)->weighed->exploited.epss, 5, scratch);
}

GETTER(get_epss_permille)
{
        double score = of(fact)->weighed->exploited.epss;

        *ret = score < 0 ? value_absent() : value_of_number(lround(score * 1000));
}

GETTER(get_fix)
{
        *ret = value_of_string(str_from(fix_state_name(of(fact)->weighed->fix)));
}

GETTER(get_fixed)
{
        *ret = text_or_absent(of(fact)->weighed->fixed);
}

GETTER(get_id)
{
        *ret = value_of_string(of(fact)->issue->id);
}

GETTER(get_ids)
{
        *ret = list_of(of(fact)->issue->ids, of(fact)->issue->n_ids, scratch);
}

GETTER(get_kev)
{
        *ret = value_of_bool(of(fact)->weighed->exploited.known_exploited);
}

GETTER(get_rank)
{
        *ret = value_of_number(of(fact)->weighed->rank);
}

GETTER(get_ransomware)
{
        *ret = value_of_bool(of(fact)->weighed->exploited.ransomware);
}

GETTER(get_severity)
{
        *ret = value_of_string(str_from(severity_name(of(fact)->weighed->severity)));
}

GETTER(get_title)
{
        *ret = text_or_absent(of(fact)->weighed->title);
}

static const struct field fields[] = {
        { .name = "package.layer", .type = VALUE_NUMBER, .get = get_package_layer, .origin = "package database",
          .doc = "The number of the layer that brought the package, from 0." },
        { .name = "package.name", .type = VALUE_STRING, .get = get_package_name, .origin = "package database", .doc = "The package's name." },
        { .name = "package.path", .type = VALUE_PATH, .get = get_package_path, .origin = "package database",
          .doc = "The file that names the package." },
        { .name = "package.purl", .type = VALUE_STRING, .get = get_package_purl, .origin = "package database", .doc = "Its package URL." },
        { .name = "package.source", .type = VALUE_STRING, .get = get_package_source, .origin = "package database",
          .doc = "The name of its source package." },
        { .name = "package.type", .type = VALUE_STRING, .get = get_package_type, .origin = "package database",
          .doc = "Its type, as in a package URL: deb, npm, pypi." },
        { .name = "package.version", .type = VALUE_STRING, .get = get_package_version, .origin = "package database",
          .doc = "The version that is there." },
        { .name = "vuln.aliases", .type = VALUE_STRING, .is_list = true, .get = get_aliases, .origin = RECORDS,
          .doc = "The other identifiers of the same issue." },
        { .name = "vuln.cvss", .type = VALUE_STRING, .get = get_cvss, .origin = "CVSS vectors",
          .doc = "The CVSS score, of the newest CVSS version that a vector is known in, as text: 9.8." },
        { .name = "vuln.cvss_tenths", .type = VALUE_NUMBER, .get = get_cvss_tenths, .origin = "CVSS vectors",
          .doc = "The same in tenths, to be compared: 98." },
        { .name = "vuln.ecosystem", .type = VALUE_STRING, .get = get_ecosystem, .origin = RECORDS,
          .doc = "Whose data it is from: Debian:12, npm." },
        { .name = "vuln.epss", .type = VALUE_STRING, .get = get_epss, .origin = "FIRST EPSS",
          .doc = "The probability that it is exploited within 30 days, as text: 0.94321." },
        { .name = "vuln.epss_permille", .type = VALUE_NUMBER, .get = get_epss_permille, .origin = "FIRST EPSS",
          .doc = "The same in thousandths, to be compared: 943." },
        { .name = "vuln.fix", .type = VALUE_STRING, .get = get_fix, .origin = RECORDS,
          .doc = "Whether there is a fix: fixed, not-fixed, wont-fix or unknown." },
        { .name = "vuln.fixed", .type = VALUE_STRING, .get = get_fixed, .origin = RECORDS, .doc = "The version that fixes it, if there is one." },
        { .name = "vuln.id", .type = VALUE_STRING, .get = get_id, .origin = RECORDS,
          .doc = "The identifier that it is best known by: a CVE if it has one." },
        { .name = "vuln.ids", .type = VALUE_STRING, .is_list = true, .get = get_ids, .origin = RECORDS, .doc = "All its identifiers." },
        { .name = "vuln.kev", .type = VALUE_BOOL, .get = get_kev, .origin = "CISA KEV", .doc = "True if it is known to be exploited." },
        { .name = "vuln.rank", .type = VALUE_NUMBER, .get = get_rank, .origin = "computed from all of these",
          .doc = "How soon to look at it, from 1 to 100." },
        { .name = "vuln.ransomware", .type = VALUE_BOOL, .get = get_ransomware, .origin = "CISA KEV",
          .doc = "True if it is known to be used in ransomware campaigns." },
        { .name = "vuln.severity", .type = VALUE_STRING, .get = get_severity, .origin = RECORDS,
          .doc = "How severe it is: the distribution's word, else by its score." },
        { .name = "vuln.title", .type = VALUE_STRING, .get = get_title, .origin = RECORDS, .doc = "What it is, in one line." },
};

const struct fact_source vulnerability_source = {
        .name = "vulnerability",
        .doc = "One fact for each known vulnerability of each package of an image.",
        .logic = LOGIC_THREE_VALUED,
        .fields = fields,
        .n_fields = ELEMENTS_OF(fields),
};
