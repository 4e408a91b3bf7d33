/* SPDX-License-Identifier: Apache-2.0 */
#include "inspect/facts.h"

static const struct package *package_of(const struct fact *fact)
{
        return ((const struct package_fact *)fact->data)->package;
}

static struct value text_or_absent(struct str text)
{
        return text.n ? value_of_string(text) : (struct value){ .state = VALUE_ABSENT };
}

GETTER(get_architecture)
{
        *ret = text_or_absent(package_of(fact)->arch);
}

GETTER(get_development)
{
        *ret = value_of_bool(package_of(fact)->development);
}

GETTER(get_evidence)
{
        *ret = value_of_string(str_from(package_evidence_name(package_of(fact)->evidence)));
}

GETTER(get_layer)
{
        *ret = value_of_number(((const struct package_fact *)fact->data)->layer);
}

GETTER(get_licenses)
{
        const struct package *p = package_of(fact);
        struct value *items = value_scratch_alloc(scratch, (size_t)p->n_licenses * sizeof(*items));

        if (!items && p->n_licenses) {
                *ret = (struct value){ .state = VALUE_UNKNOWN };
                return;
        }
        for (uint32_t i = 0; i < p->n_licenses; i++)
                items[i] = value_of_string(p->licenses[i]);
        *ret = value_of_list(VALUE_STRING, items, p->n_licenses);
}

GETTER(get_name)
{
        *ret = text_or_absent(package_of(fact)->name);
}

GETTER(get_owned_by)
{
        *ret = text_or_absent(((const struct package_fact *)fact->data)->owned_by);
}

GETTER(get_path)
{
        *ret = text_or_absent(((const struct package_fact *)fact->data)->path);
}

GETTER(get_purl)
{
        *ret = text_or_absent(((const struct package_fact *)fact->data)->purl);
}

GETTER(get_source)
{
        *ret = text_or_absent(package_of(fact)->source_name);
}

GETTER(get_source_version)
{
        *ret = text_or_absent(package_of(fact)->source_version);
}

GETTER(get_type)
{
        *ret = text_or_absent(package_of(fact)->type);
}

GETTER(get_vendor)
{
        *ret = text_or_absent(package_of(fact)->vendor);
}

GETTER(get_version)
{
        *ret = text_or_absent(package_of(fact)->version);
}

#define DATABASE "package database"

static const struct field fields[] = {
        { .name = "package.architecture", .type = VALUE_STRING, .get = get_architecture, .origin = DATABASE,
          .doc = "The architecture it was built for, as its database names it." },
        { .name = "package.development", .type = VALUE_BOOL, .get = get_development, .origin = DATABASE,
          .doc = "True where only developers need it." },
        { .name = "package.evidence", .type = VALUE_STRING, .get = get_evidence, .origin = DATABASE,
          .doc = "installed where it is there, declared where a lockfile names it." },
        { .name = "package.layer", .type = VALUE_NUMBER, .get = get_layer, .origin = "layers",
          .doc = "The layer that brought it, counted from 0." },
        { .name = "package.licenses", .type = VALUE_STRING, .is_list = true, .several = SEVERAL_ANY, .get = get_licenses,
          .origin = DATABASE, .doc = "Its licences as written; an operator holds if it does for any." },
        { .name = "package.name", .type = VALUE_STRING, .get = get_name, .origin = DATABASE, .doc = "Its name." },
        { .name = "package.owned_by", .type = VALUE_STRING, .get = get_owned_by, .origin = DATABASE,
          .doc = "The package URL of the distribution's package that ships it." },
        { .name = "package.path", .type = VALUE_PATH, .get = get_path, .origin = DATABASE,
          .doc = "The file that names it, without the leading slash." },
        { .name = "package.purl", .type = VALUE_STRING, .get = get_purl, .origin = DATABASE, .doc = "Its package URL." },
        { .name = "package.source", .type = VALUE_STRING, .get = get_source, .origin = DATABASE,
          .doc = "The source package that it was built from." },
        { .name = "package.source_version", .type = VALUE_STRING, .get = get_source_version, .origin = DATABASE,
          .doc = "The version of that source package." },
        { .name = "package.type", .type = VALUE_STRING, .get = get_type, .origin = DATABASE,
          .doc = "Its type as in a package URL: deb, apk, rpm, npm, pypi, golang, cargo, maven, gem, composer, nuget." },
        { .name = "package.vendor", .type = VALUE_STRING, .get = get_vendor, .origin = DATABASE,
          .doc = "Its maintainer or vendor." },
        { .name = "package.version", .type = VALUE_STRING, .get = get_version, .origin = DATABASE, .doc = "Its version." },
};

const struct fact_source package_source = {
        .name = "package",
        .doc = "One fact for each package of an image.",
        .logic = LOGIC_THREE_VALUED,
        .fields = fields,
        .n_fields = ELEMENTS_OF(fields),
};
