/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX 2.3 in JSON (spdx.github.io/spdx-spec/v2.3). What it has no member for stands in an annotation of the package, as an
 * object in JSON. */
#include <stdio.h>

#include "report/json_parts.h"
#include "report/sbom.h"

#define TOOL "Tool: tallyman-" TALLYMAN_VERSION
#define IMAGE_ID "SPDXRef-Image"
#define DISTRIBUTION_ID "SPDXRef-Distribution"
#define ID_MAX (sizeof("SPDXRef-Package-") + SBOM_REF_MAX)
#define LICENSE_REF_MAX 64

static const char *package_id(const struct scan_package *p, char ret[static ID_MAX])
{
        char ref[SBOM_REF_MAX];

        sbom_package_ref(p, ref);
        snprintf(ret, ID_MAX, "SPDXRef-Package-%s", ref);
        return ret;
}

/* ---- licences ---- */

/* A licence that is in no list is told by a reference, and its text elsewhere (clause 10). */
static const char *license_ref(struct str license, char ret[static LICENSE_REF_MAX])
{
        char hex[2 * SHA256_SIZE + 1];
        uint8_t sha256[SHA256_SIZE];

        hash_sha256(license.n ? license.p : "", license.n, sha256);
        hex_encode(sha256, SHA256_SIZE, hex);
        snprintf(ret, LICENSE_REF_MAX, "LicenseRef-%.32s", hex);
        return ret;
}

static void put_declared(struct json_writer *w, const struct package *p)
{
        _cleanup_(buf_free) struct buf all = { 0 };
        char ref[LICENSE_REF_MAX];

        for (uint32_t i = 0; i < p->n_licenses; i++) {
                buf_puts(&all, i ? " AND " : "");
                if (!sbom_is_expression(p->licenses[i]))
                        buf_puts(&all, license_ref(p->licenses[i], ref));
                else
                        buf_printf(&all, p->n_licenses > 1 ? "(%.*s)" : "%.*s", STR_ARG(p->licenses[i]));
        }
        json_put_str(w, "licenseDeclared", buf_ok(&all) && all.len ? buf_str(&all) : STR_LIT("NOASSERTION"));
}

static int compare_strs(const void *pa, const void *pb)
{
        const struct str *a = pa, *b = pb;

        return str_compare(*a, *b);
}

static size_t count_licenses(const struct scan_result *result)
{
        size_t n = 0;

        for (size_t i = 0; i < result->n_packages; i++)
                n += result->packages[i].package.n_licenses;
        return n;
}

/* Each text once, in order. */
static int put_texts(struct json_writer *w, const struct scan_result *result, struct error *err)
{
        _cleanup_free_ struct str *texts = calloc(count_licenses(result) + 1, sizeof(*texts));
        char ref[LICENSE_REF_MAX];
        size_t n = 0;

        if (!texts)
                return error_oom(err);
        for (size_t i = 0; i < result->n_packages; i++)
                for (uint32_t l = 0; l < result->packages[i].package.n_licenses; l++)
                        if (!sbom_is_expression(result->packages[i].package.licenses[l]))
                                texts[n++] = result->packages[i].package.licenses[l];
        mem_sort(texts, n, sizeof(*texts), compare_strs);
        json_put_begin(w, "hasExtractedLicensingInfos", true);
        for (size_t i = 0; i < n; i++) {
                if (i && str_equal(texts[i - 1], texts[i]))
                        continue;
                json_write_object_begin(w);
                json_put_text(w, "licenseId", license_ref(texts[i], ref));
                json_put_str(w, "name", texts[i]);
                json_put_str(w, "extractedText", texts[i]);
                json_write_object_end(w);
        }
        json_write_array_end(w);
        return 0;
}

/* ---- packages ---- */

static int keep(void *ctx, const char *data, size_t n, struct error *err)
{
        buf_add(ctx, data, n);
        return 0;
}

static void put_fact(void *ctx, const char *name, struct str value)
{
        json_put_str(ctx, name, value);
}

static int put_annotation(struct json_writer *w, const struct sbom *sbom, const struct scan_package *sp, struct error *err)
{
        _cleanup_(json_writer_freep) struct json_writer *inner = NULL;
        _cleanup_(buf_free) struct buf facts = { 0 };
        int r = json_writer_new(keep, &facts, 0, &inner, err);

        if (r < 0)
                return r;
        json_write_object_begin(inner);
        json_put_path(inner, "path", sp->path);
        sbom_package_facts(sbom->result, sp, put_fact, inner);
        json_write_object_end(inner);
        r = json_writer_finish(inner, err);
        if (r < 0)
                return r;
        if (!buf_ok(&facts))
                return error_oom(err);
        json_put_begin(w, "annotations", true);
        json_write_object_begin(w);
        json_put_text(w, "annotationDate", sbom->created);
        json_put_text(w, "annotationType", "OTHER");
        json_put_text(w, "annotator", TOOL);
        json_put_str(w, "comment", str_trim(buf_str(&facts)));
        json_write_object_end(w);
        json_write_array_end(w);
        return 0;
}

/* What every package must have. */
static void put_common(struct json_writer *w, const char *id, struct str name, struct str version, const char *purpose)
{
        json_put_text(w, "SPDXID", id);
        json_put_str(w, "name", name.n ? name : STR_LIT("NOASSERTION"));
        if (version.n)
                json_put_str(w, "versionInfo", version);
        json_put_text(w, "downloadLocation", "NOASSERTION");
        json_put_bool(w, "filesAnalyzed", false);
        json_put_text(w, "licenseConcluded", "NOASSERTION");
        json_put_text(w, "copyrightText", "NOASSERTION");
        json_put_text(w, "primaryPackagePurpose", purpose);
}

static void put_url(struct json_writer *w, struct str purl)
{
        json_put_begin(w, "externalRefs", true);
        json_write_object_begin(w);
        json_put_text(w, "referenceCategory", "PACKAGE-MANAGER");
        json_put_text(w, "referenceType", "purl");
        json_put_str(w, "referenceLocator", purl);
        json_write_object_end(w);
        json_write_array_end(w);
}

static int put_package(struct json_writer *w, const struct sbom *sbom, const struct scan_package *sp, struct error *err)
{
        const struct package *p = &sp->package;
        _cleanup_(buf_free) struct buf supplier = { 0 };
        char id[ID_MAX];
        int r;

        json_write_object_begin(w);
        put_common(w, package_id(sp, id), p->name, p->version, "LIBRARY");
        if (p->vendor.n) {
                buf_printf(&supplier, "Organization: %.*s", STR_ARG(p->vendor));
                json_put_str(w, "supplier", buf_ok(&supplier) ? buf_str(&supplier) : STR_LIT("NOASSERTION"));
        }
        put_declared(w, p);
        put_url(w, sp->purl);
        r = put_annotation(w, sbom, sp, err);
        json_write_object_end(w);
        return r;
}

static int put_packages(struct json_writer *w, const struct sbom *sbom, struct error *err)
{
        const struct scan_result *result = sbom->result;
        const struct distribution *d = &result->distribution;
        int r = 0;

        json_put_begin(w, "packages", true);
        json_write_object_begin(w);
        put_common(w, IMAGE_ID, str_from(sbom->name), str_from(sbom->id), sbom->id[0] ? "CONTAINER" : "APPLICATION");
        json_put_text(w, "licenseDeclared", "NOASSERTION");
        json_write_object_end(w);
        if (result->has_distribution && d->id.n) {
                json_write_object_begin(w);
                put_common(w, DISTRIBUTION_ID, d->id, d->version_id, "OPERATING_SYSTEM");
                json_put_text(w, "licenseDeclared", "NOASSERTION");
                if (d->name.n)
                        json_put_str(w, "summary", d->name);
                json_write_object_end(w);
        }
        for (size_t i = 0; r == 0 && i < result->n_packages; i++)
                r = put_package(w, sbom, &result->packages[i], err);
        json_write_array_end(w);
        return r;
}

static void put_relationship(struct json_writer *w, const char *from, const char *type, const char *to)
{
        json_write_object_begin(w);
        json_put_text(w, "spdxElementId", from);
        json_put_text(w, "relationshipType", type);
        json_put_text(w, "relatedSpdxElement", to);
        json_write_object_end(w);
}

/* What is declared only is not contained. */
static void put_relationships(struct json_writer *w, const struct scan_result *result)
{
        json_put_begin(w, "relationships", true);
        put_relationship(w, "SPDXRef-DOCUMENT", "DESCRIBES", IMAGE_ID);
        if (result->has_distribution && result->distribution.id.n)
                put_relationship(w, IMAGE_ID, "CONTAINS", DISTRIBUTION_ID);
        for (size_t i = 0; i < result->n_packages; i++) {
                const struct package *p = &result->packages[i].package;
                char id[ID_MAX];

                package_id(&result->packages[i], id);
                if (p->development)
                        put_relationship(w, id, "DEV_DEPENDENCY_OF", IMAGE_ID);
                else
                        put_relationship(w, IMAGE_ID, p->evidence == PACKAGE_INSTALLED ? "CONTAINS" : "DEPENDS_ON", id);
        }
        json_write_array_end(w);
}

static int put_document(struct json_writer *w, const struct sbom *sbom, struct error *err)
{
        char namespace[sizeof("https://spdx.org/spdxdocs/tallyman-") + SBOM_UUID_MAX];
        int r;

        snprintf(namespace, sizeof(namespace), "https://spdx.org/spdxdocs/tallyman-%s", sbom->uuid);
        json_write_object_begin(w);
        json_put_text(w, "spdxVersion", "SPDX-2.3");
        json_put_text(w, "dataLicense", "CC0-1.0");
        json_put_text(w, "SPDXID", "SPDXRef-DOCUMENT");
        json_put_text(w, "name", sbom->name);
        json_put_text(w, "documentNamespace", namespace);
        if (!sbom->result->complete)
                json_put_text(w, "comment", "The scan was incomplete: packages may be missing.");
        json_put_begin(w, "creationInfo", false);
        json_put_text(w, "created", sbom->created);
        json_put_begin(w, "creators", true);
        json_write_text(w, TOOL);
        json_write_array_end(w);
        json_write_object_end(w);
        r = put_packages(w, sbom, err);
        if (r == 0)
                r = put_texts(w, sbom->result, err);
        put_relationships(w, sbom->result);
        json_write_object_end(w);
        return r;
}

int report_scan_spdx(const struct scan_result *result, const struct report_options *options, struct output *out,
                     struct error *err)
{
        return sbom_write(result, options, put_document, out, err);
}
