/* SPDX-License-Identifier: Apache-2.0 */
/* CycloneDX 1.6 in JSON (ECMA-424; cyclonedx.org/docs/1.6/json). What it has no member for is a property "tallyman:…". */
#include "report/json_parts.h"
#include "report/sbom.h"

#define IMAGE_REF "image"
#define DISTRIBUTION_REF "distribution"

static void put_property(struct json_writer *w, const char *name, struct str value)
{
        json_write_object_begin(w);
        json_put_text(w, "name", name);
        json_put_str(w, "value", value);
        json_write_object_end(w);
}

static void put_fact(void *ctx, const char *name, struct str value)
{
        _cleanup_(buf_free) struct buf full = { 0 };

        buf_printf(&full, "tallyman:package:%s", name);
        put_property(ctx, buf_ok(&full) ? full.data : "tallyman:package", value);
}

/* Of one licence alone that is in the SPDX list. */
static bool is_name(struct str license)
{
        return sbom_is_expression(license) && !memchr(license.p, ' ', license.n) && license.p[0] != '(';
}

/* One expression stands alone; else each is an ID or a name. */
static void put_licenses(struct json_writer *w, const struct package *p)
{
        if (p->n_licenses == 0)
                return;
        json_put_begin(w, "licenses", true);
        if (p->n_licenses == 1 && sbom_is_expression(p->licenses[0]) && !is_name(p->licenses[0])) {
                json_write_object_begin(w);
                json_put_str(w, "expression", p->licenses[0]);
                json_write_object_end(w);
        } else {
                for (uint32_t i = 0; i < p->n_licenses; i++) {
                        json_write_object_begin(w);
                        json_put_begin(w, "license", false);
                        json_put_str(w, is_name(p->licenses[i]) ? "id" : "name", p->licenses[i]);
                        json_write_object_end(w);
                        json_write_object_end(w);
                }
        }
        json_write_array_end(w);
}

/* Where the file that names it is. */
static void put_occurrence(struct json_writer *w, struct str path)
{
        json_put_begin(w, "evidence", false);
        json_put_begin(w, "occurrences", true);
        json_write_object_begin(w);
        json_put_path(w, "location", path);
        json_write_object_end(w);
        json_write_array_end(w);
        json_write_object_end(w);
}

static void put_package(struct json_writer *w, const struct sbom *sbom, const struct scan_package *sp)
{
        const struct package *p = &sp->package;
        bool needed = p->evidence == PACKAGE_INSTALLED && !p->development;
        char ref[SBOM_REF_MAX];

        sbom_package_ref(sp, ref);
        json_write_object_begin(w);
        json_put_text(w, "type", "library");
        json_put_text(w, "bom-ref", ref);
        if (p->vendor.n)
                json_put_str(w, "publisher", p->vendor);
        json_put_str(w, "name", p->name);
        if (p->version.n)
                json_put_str(w, "version", p->version);
        json_put_text(w, "scope", needed ? "required" : "optional");
        put_licenses(w, p);
        json_put_str(w, "purl", sp->purl);
        put_occurrence(w, sp->path);
        json_put_begin(w, "properties", true);
        sbom_package_facts(sbom->result, sp, put_fact, w);
        json_write_array_end(w);
        json_write_object_end(w);
}

static void put_distribution(struct json_writer *w, const struct scan_result *result)
{
        const struct distribution *d = &result->distribution;
        const struct {
                const char *name;
                struct str value;
        } facts[] = {
                { "tallyman:distribution:codename", d->codename },
                { "tallyman:distribution:end_of_life", d->end_of_life },
                { "tallyman:distribution:id", d->id },
                { "tallyman:distribution:like", d->id_like },
                { "tallyman:distribution:version", d->version_id },
        };

        if (!result->has_distribution || d->id.n == 0)
                return;
        json_write_object_begin(w);
        json_put_text(w, "type", "operating-system");
        json_put_text(w, "bom-ref", DISTRIBUTION_REF);
        json_put_str(w, "name", d->id);
        if (d->version_id.n)
                json_put_str(w, "version", d->version_id);
        if (d->name.n)
                json_put_str(w, "description", d->name);
        json_put_begin(w, "properties", true);
        for (size_t i = 0; i < ELEMENTS_OF(facts); i++)
                if (facts[i].value.n)
                        put_property(w, facts[i].name, facts[i].value);
        json_write_array_end(w);
        json_write_object_end(w);
}

static void put_tool(struct json_writer *w)
{
        json_put_begin(w, "tools", false);
        json_put_begin(w, "components", true);
        json_write_object_begin(w);
        json_put_text(w, "type", "application");
        json_put_text(w, "name", "tallyman");
        json_put_text(w, "version", TALLYMAN_VERSION);
        json_write_object_end(w);
        json_write_array_end(w);
        json_write_object_end(w);
}

static void put_subject(struct json_writer *w, const struct sbom *sbom)
{
        const struct image *image = sbom->result->image;
        char text[DIGEST_TEXT_MAX];

        json_put_begin(w, "component", false);
        json_put_text(w, "type", sbom->id[0] ? "container" : "application");
        json_put_text(w, "bom-ref", IMAGE_REF);
        json_put_text(w, "name", sbom->name);
        if (sbom->id[0])
                json_put_text(w, "version", sbom->id);
        json_put_begin(w, "properties", true);
        for (size_t i = 0; sbom->id[0] && i < image->n_layers; i++)
                put_property(w, "tallyman:image:layer", str_from(digest_text(&image->layers[i].diff_id, text)));
        if (image->platform.os && image->platform.architecture) {
                put_property(w, "tallyman:image:os", str_from(image->platform.os));
                put_property(w, "tallyman:image:architecture", str_from(image->platform.architecture));
        }
        json_write_array_end(w);
        json_write_object_end(w);
}

/* Whether anything may be missing. */
static void put_composition(struct json_writer *w, const struct scan_result *result)
{
        json_put_begin(w, "compositions", true);
        json_write_object_begin(w);
        json_put_text(w, "aggregate", result->complete ? "unknown" : "incomplete");
        json_put_begin(w, "assemblies", true);
        json_write_text(w, IMAGE_REF);
        json_write_array_end(w);
        json_write_object_end(w);
        json_write_array_end(w);
}

static int put_document(struct json_writer *w, const struct sbom *sbom, struct error *err)
{
        const struct scan_result *result = sbom->result;

        json_write_object_begin(w);
        json_put_text(w, "$schema", "http://cyclonedx.org/schema/bom-1.6.schema.json");
        json_put_text(w, "bomFormat", "CycloneDX");
        json_put_text(w, "specVersion", "1.6");
        if (sbom->uuid[0]) {
                char urn[sizeof("urn:uuid:") + SBOM_UUID_MAX] = "urn:uuid:";

                memcpy(urn + strlen(urn), sbom->uuid, SBOM_UUID_MAX);
                json_put_text(w, "serialNumber", urn);
        }
        json_put_u64(w, "version", 1);
        json_put_begin(w, "metadata", false);
        json_put_text(w, "timestamp", sbom->created);
        put_tool(w);
        put_subject(w, sbom);
        json_write_object_end(w);
        json_put_begin(w, "components", true);
        put_distribution(w, result);
        for (size_t i = 0; i < result->n_packages; i++)
                put_package(w, sbom, &result->packages[i]);
        json_write_array_end(w);
        put_composition(w, result);
        json_write_object_end(w);
        return 0;
}

int report_scan_cyclonedx(const struct scan_result *result, const struct report_options *options, struct output *out,
                          struct error *err)
{
        return sbom_write(result, options, put_document, out, err);
}
