/* SPDX-License-Identifier: Apache-2.0 */
/* "tallyman/scan/v1": docs/output.md describes each member. Unknown is null, never absent. */
#include <stdio.h>
#include <string.h>

#include "base/interrupt.h"
#include "base/json.h"
#include "report/json_parts.h"
#include "report/report.h"

#define RELEASE_EVERY 65536

static int flush(void *ctx, const char *data, size_t n, struct error *err)
{
        return output_write(ctx, data, n, err);
}

/* An empty string is an unknown one. */
static void put_str(struct json_writer *w, const char *key, struct str value)
{
        json_put_known(w, key, value.n > 0, value);
}

static void put_digest(struct json_writer *w, const char *key, const struct digest *digest)
{
        char text[DIGEST_TEXT_MAX];

        put_str(w, key, str_from(digest_text(digest, text)));
}

/* A layer's name: its digest, its diffID where the blob has none, null for a root directory. */
static void put_layer(struct json_writer *w, const struct image *image, uint32_t layer)
{
        static const struct digest none = { 0 };
        const struct digest *digest = &none;

        if (layer < image->n_layers)
                digest = digest_is_set(&image->layers[layer].digest) ? &image->layers[layer].digest
                                                                     : &image->layers[layer].diff_id;
        put_digest(w, "layer", digest);
}

static void put_checks(struct json_writer *w, const struct scan_result *result)
{
        json_put_begin(w, "checks", true);
        for (size_t i = 0; i < result->n_checks; i++) {
                json_write_object_begin(w);
                json_put_text(w, "kind", result->checks[i].kind);
                json_put_text(w, "state", check_state_name(result->checks[i].state));
                json_put_text(w, "why", result->checks[i].why);
                json_write_object_end(w);
        }
        json_write_array_end(w);
}

static void put_distribution(struct json_writer *w, const struct scan_result *result)
{
        const struct distribution *d = &result->distribution;

        if (!result->has_distribution) {
                json_put_null(w, "distribution");
                return;
        }
        json_put_begin(w, "distribution", false);
        put_str(w, "id", d->id);
        put_str(w, "name", d->name);
        put_str(w, "version", d->version_id);
        put_str(w, "codename", d->codename);
        put_str(w, "end_of_life", d->end_of_life);
        put_str(w, "like", d->id_like);
        json_write_object_end(w);
}

static void put_platform(struct json_writer *w, const struct platform *p)
{
        _cleanup_(buf_free) struct buf text = { 0 };

        if (p->os && p->architecture)
                buf_printf(&text, "%s/%s%s%s", p->os, p->architecture, p->variant ? "/" : "", p->variant ? p->variant : "");
        put_str(w, "platform", buf_str(&text));
}

static void put_target(struct json_writer *w, const struct scan_result *result)
{
        const struct image *image = result->image;

        json_put_begin(w, "target", false);
        json_put_text(w, "kind", image->kind);
        json_put_text(w, "reference", image->reference);
        put_digest(w, "image_id", &image->image_id);
        put_digest(w, "manifest_digest", &image->manifest_digest);
        put_digest(w, "index_digest", &image->index_digest);
        json_put_begin(w, "repo_digests", true);
        for (size_t i = 0; i < image->n_repo_digests; i++)
                json_write_text(w, image->repo_digests[i]);
        json_write_array_end(w);
        put_distribution(w, result);
        put_platform(w, &image->platform);
        json_put_begin(w, "layers", true);
        for (size_t i = 0; i < image->n_layers; i++) {
                json_write_object_begin(w);
                put_digest(w, "digest", &image->layers[i].digest);
                put_digest(w, "diff_id", &image->layers[i].diff_id);
                json_put_u64(w, "size", image->layers[i].size);
                json_put_text(w, "created_by", image->layers[i].created_by);
                json_write_object_end(w);
        }
        json_write_array_end(w);
        json_write_object_end(w);
}

static void put_packages(struct json_writer *w, const struct scan_result *result)
{
        json_put_begin(w, "packages", true);
        for (size_t i = 0; i < result->n_packages; i++) {
                const struct scan_package *sp = &result->packages[i];
                const struct package *p = &sp->package;

                json_write_object_begin(w);
                put_str(w, "name", p->name);
                put_str(w, "version", p->version);
                put_str(w, "type", p->type);
                put_str(w, "purl", sp->purl);
                put_str(w, "arch", p->arch);
                json_put_begin(w, "source", false);
                put_str(w, "name", p->source_name);
                put_str(w, "version", p->source_version);
                json_write_object_end(w);
                json_put_begin(w, "licenses", true);
                for (uint32_t l = 0; l < p->n_licenses; l++)
                        json_write_string(w, p->licenses[l]);
                json_write_array_end(w);
                put_layer(w, result->image, sp->layer);
                json_put_path(w, "path", sp->path);
                json_put_text(w, "evidence", package_evidence_name(p->evidence));
                json_put_bool(w, "development", p->development);
                put_str(w, "owned_by", sp->owned_by);
                json_write_object_end(w);
        }
        json_write_array_end(w);
}

static void put_problems(struct json_writer *w, const struct problem_list *problems)
{
        json_put_begin(w, "problems", true);
        for (size_t i = 0; i < problems->n; i++) {
                json_write_object_begin(w);
                json_put_text(w, "where", problems->items[i].where);
                json_put_text(w, "what", problems->items[i].what);
                json_write_object_end(w);
        }
        json_write_array_end(w);
}

static void put_counts_by_type(struct json_writer *w, const struct scan_result *result)
{
        _cleanup_(buf_free) struct buf key = { 0 };

        json_put_begin(w, "packages_by_type", false);
        for (size_t i = 0, n; i < result->n_packages; i += n) { /* they are sorted by type */
                struct str type = result->packages[i].package.type;

                for (n = 1; i + n < result->n_packages && str_equal(type, result->packages[i + n].package.type); n++)
                        ;
                buf_clear(&key);
                buf_add_utf8(&key, type);
                json_put_u64(w, buf_ok(&key) && key.len ? key.data : "unknown", n);
        }
        json_write_object_end(w);
}

static void put_summary(struct json_writer *w, const struct scan_result *result)
{
        json_put_begin(w, "summary", false);
        json_put_u64(w, "packages", result->n_packages);
        put_counts_by_type(w, result);
        json_put_u64(w, "files", result->index ? image_index_count(result->index) : 0);
        json_put_u64(w, "layers", result->image->n_layers);
        json_put_begin(w, "findings_by_severity", false);
        for (int s = SEVERITY_CRITICAL; s >= SEVERITY_UNKNOWN; s--) {
                uint64_t n = 0;

                for (size_t i = 0; i < result->findings.n; i++)
                        n += (int)result->findings.items[i].severity == s;
                json_put_u64(w, severity_name((enum severity)s), n);
        }
        json_write_object_end(w);
        json_put_u64(w, "findings_excepted", finding_list_excepted(&result->findings));
        json_put_u64(w, "problems", result->problems.n + result->problems.more);
        json_write_object_end(w);
}

static void put_file(struct json_writer *w, const struct scan_result *result, uint64_t i, const struct file_entry *f)
{
        uint32_t owner = result->owners ? result->owners[i] : 0;
        char mode[8], hex[2 * SHA256_SIZE + 1];

        snprintf(mode, sizeof(mode), "%04o", f->mode & 07777);
        json_write_object_begin(w);
        json_put_path(w, "path", f->path);
        json_put_text(w, "type", file_type_name(f->type));
        json_put_text(w, "mode", mode);
        json_put_u64(w, "uid", f->uid);
        json_put_u64(w, "gid", f->gid);
        json_put_u64(w, "size", f->size);
        if (f->has_sha256)
                hex_encode(f->sha256, SHA256_SIZE, hex);
        json_put_text(w, "sha256", f->has_sha256 ? hex : NULL);
        put_layer(w, result->image, f->layer);
        put_str(w, "target", f->target);
        put_str(w, "package", owner > 0 && owner <= result->n_packages ? result->packages[owner - 1].purl : STR_NULL);
        json_write_object_end(w);
}

static int put_files(struct json_writer *w, const struct scan_result *result, struct error *err)
{
        uint64_t n = result->index ? image_index_count(result->index) : 0;

        json_put_begin(w, "files", true);
        for (uint64_t i = 0; i < n; i++) {
                struct file_entry entry;
                int r = image_index_get(result->index, i, &entry, err);

                if (r < 0)
                        return r;
                put_file(w, result, i, &entry);
                if (i % RELEASE_EVERY != RELEASE_EVERY - 1)
                        continue;
                image_index_release(result->index);
                r = interrupt_check(err);
                if (r < 0)
                        return r;
        }
        json_write_array_end(w);
        return 0;
}

int report_scan_json(const struct scan_result *result, const struct report_options *options, struct output *out,
                     struct error *err)
{
        _cleanup_(json_writer_freep) struct json_writer *w = NULL;
        int r = json_writer_new(flush, out, 2, &w, err);

        if (r < 0)
                return r;
        json_write_object_begin(w);
        json_put_text(w, "schema", "tallyman/scan/v1");
        json_put_bool(w, "complete", result->complete);
        put_checks(w, result);
        put_target(w, result);
        put_packages(w, result);
        json_put_text(w, "policy", result->policy);
        json_put_begin(w, "findings", true);
        for (size_t i = 0; i < result->findings.n; i++)
                json_put_finding(w, &result->findings.items[i]);
        json_write_array_end(w);
        put_problems(w, &result->problems);
        put_summary(w, result);
        if (options->files) {
                r = put_files(w, result, err);
                if (r < 0)
                        return r;
        }
        json_write_object_end(w);
        return json_writer_finish(w, err);
}
