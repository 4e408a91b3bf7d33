/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "inventory/inventory.h"
#include "model/path.h"
#include "pipeline/inventory_join.h"
#include "pipeline/owners.h"

#define RECORDS_MAX 1000000 /* packages of all layers, as many licences, as many lists of files: each is held in memory */

/* A package of one layer's database, visible or not: older ones tell which layer first had a version. */
struct found {
        struct package package;
        struct str path;
        uint32_t layer;
        uint32_t sequence;
        uint32_t order; /* as read, to be stable */
};

/* A database that a layer has. */
struct place {
        struct str path;
        uint32_t layer;
};

struct licenses {
        struct str path; /* of the copyright file */
        uint32_t layer, sequence;
        struct record_list list;
};

struct join {
        struct scan_result *result;
        struct image_index *index;
        uint32_t layer;
        struct found *found;
        size_t n_found, found_cap;
        struct place *places; /* sorted, each once */
        size_t n_places;
        struct owners owners;
        struct licenses *licenses;
        size_t n_licenses, licenses_cap;
        /* Whether the file of the record before was visible: records of one file come one after the other. */
        struct str last_path;
        uint32_t last_sequence, last_layer;
        bool last_visible, has_last;
        bool is_full; /* that was told */
};

static void join_done(struct join *j)
{
        free(j->found);
        free(j->places);
        owners_done(&j->owners);
        free(j->licenses);
}

/* 1 if the file that a record came from is the one that the image shows. */
static int is_visible(struct join *j, const struct layer_record *record, struct error *err)
{
        struct file_entry entry;
        int r;

        if (j->has_last && j->last_layer == j->layer && j->last_sequence == record->sequence &&
            str_equal(j->last_path, record->path))
                return j->last_visible;
        r = image_index_find(j->index, record->path, &entry, NULL, err);
        if (r < 0)
                return r;
        j->has_last = true;
        j->last_layer = j->layer;
        j->last_sequence = record->sequence;
        j->last_path = record->path;
        j->last_visible = r > 0 && entry.layer == j->layer && entry.sequence == record->sequence;
        return j->last_visible;
}

/* True if one more of `n` is too many. */
static bool is_full(struct join *j, size_t n)
{
        if (n < RECORDS_MAX)
                return false;
        if (!j->is_full)
                problem_add(&j->result->problems, PROBLEM_GAP, "image", "more than %d packages in all layers, or what belongs to "
                            "them: the rest was left out", RECORDS_MAX);
        j->is_full = true;
        return true;
}

static int take_package(struct join *j, const struct layer_record *record, struct error *err)
{
        struct wire_reader r = wire_reader(record->payload.p, record->payload.n);
        struct found *f;

        if (is_full(j, j->n_found))
                return 0;
        if (mem_grow(&j->found, &j->found_cap, j->n_found + 1, sizeof(*j->found)) < 0)
                return error_oom(err);
        f = &j->found[j->n_found];
        *f = (struct found){ .path = record->path, .layer = j->layer, .sequence = record->sequence,
                             .order = (uint32_t)j->n_found };
        if (package_decode(&r, j->result->arena, &f->package) < 0)
                return error_say(err, -EBADMSG, "a package record of layer %u is damaged", j->layer);
        j->n_found++;
        return 0;
}

static int take_licenses(struct join *j, const struct layer_record *record, struct error *err)
{
        struct licenses *l;

        if (is_full(j, j->n_licenses))
                return 0;
        if (mem_grow(&j->licenses, &j->licenses_cap, j->n_licenses + 1, sizeof(*j->licenses)) < 0)
                return error_oom(err);
        l = &j->licenses[j->n_licenses];
        *l = (struct licenses){ .path = record->path, .layer = j->layer, .sequence = record->sequence };
        if (record_licenses_decode(record->payload, &l->list) < 0)
                return error_say(err, -EBADMSG, "a licence record of layer %u is damaged", j->layer);
        j->n_licenses++;
        return 0;
}

static struct str keep(struct join *j, struct str s)
{
        char *copy = arena_string(j->result->arena, s.p, s.n);

        return copy ? (struct str){ copy, s.n } : STR_NULL;
}

/* os-release is read in two places, of which one is a link as a rule; etc/ goes before usr/lib/ (os-release(5)). */
static int take_distribution(struct join *j, const struct layer_record *record, struct error *err)
{
        struct wire_reader r = wire_reader(record->payload.p, record->payload.n);
        struct distribution d;

        if (j->result->has_distribution && !str_starts(record->path, "etc/"))
                return 0;
        if (distribution_decode(&r, &d) < 0)
                return error_say(err, -EBADMSG, "the os-release record of layer %u is damaged", j->layer);
        j->result->has_distribution = true;
        j->result->distribution = (struct distribution){
                .id = keep(j, d.id), .id_like = keep(j, d.id_like), .name = keep(j, d.name),
                .version_id = keep(j, d.version_id), .codename = keep(j, d.codename),
                .end_of_life = keep(j, d.end_of_life),
        };
        return 0;
}

static int take_record(void *ctx, const struct layer_record *record, struct error *err)
{
        struct join *j = ctx;
        int r;

        if (record->kind == RECORD_PACKAGE)
                return take_package(j, record, err);
        r = is_visible(j, record, err);
        if (r <= 0)
                return r;
        switch (record->kind) {
        case RECORD_OWNED:
                return is_full(j, j->owners.n) ? 0 : owners_take(&j->owners, record->payload, err);
        case RECORD_LICENSES:
                return take_licenses(j, record, err);
        case RECORD_DISTRIBUTION:
                return take_distribution(j, record, err);
        default:
                return 0;
        }
}

/* ---- which layer brought a package ---- */

static int compare_identity(const struct found *a, const struct found *b)
{
        int r = path_compare(a->path, b->path);

        r = r ? r : str_compare(a->package.name, b->package.name);
        r = r ? r : str_compare(a->package.arch, b->package.arch);
        return r ? r : str_compare(a->package.version, b->package.version);
}

static int compare_found(const void *pa, const void *pb)
{
        const struct found *a = pa, *b = pb;
        int r = compare_identity(a, b);

        if (r)
                return r;
        if (a->layer != b->layer)
                return a->layer < b->layer ? -1 : 1;
        return (a->order > b->order) - (a->order < b->order);
}

static int compare_places(const void *pa, const void *pb)
{
        const struct place *a = pa, *b = pb;
        int r = path_compare(a->path, b->path);

        return r ? r : (a->layer > b->layer) - (a->layer < b->layer);
}

/* The layers in which each database is present, so that a package that was removed and came back is dated by its return. */
static int collect_places(struct join *j, struct error *err)
{
        size_t n = 0;

        j->places = calloc(j->n_found ? j->n_found : 1, sizeof(*j->places));
        if (!j->places)
                return error_oom(err);
        for (size_t i = 0; i < j->n_found; i++)
                j->places[i] = (struct place){ j->found[i].path, j->found[i].layer };
        mem_sort(j->places, j->n_found, sizeof(*j->places), compare_places);
        for (size_t i = 0; i < j->n_found; i++)
                if (n == 0 || compare_places(&j->places[n - 1], &j->places[i]) != 0)
                        j->places[n++] = j->places[i];
        j->n_places = n;
        return 0;
}

/* True if a layer strictly between two has the database `path`. */
static bool present_between(const struct join *j, struct str path, uint32_t low, uint32_t high)
{
        struct place wanted = { path, low };
        size_t from = 0, to = j->n_places;

        while (from < to) {
                size_t middle = from + (to - from) / 2;

                if (compare_places(&j->places[middle], &wanted) <= 0)
                        from = middle + 1;
                else
                        to = middle;
        }
        return from < j->n_places && path_compare(j->places[from].path, path) == 0 && j->places[from].layer < high;
}

/* Among sorted [from, at], all one package: the lowest layer since which every version of its database had it. */
static uint32_t layer_of(const struct join *j, size_t from, size_t at)
{
        uint32_t layer = j->found[at].layer;

        for (size_t i = at; i-- > from;) {
                if (present_between(j, j->found[at].path, j->found[i].layer, layer))
                        break;
                layer = j->found[i].layer;
        }
        return layer;
}

static int add_package(struct join *j, const struct found *f, uint32_t layer, struct error *err)
{
        struct scan_result *result = j->result;
        _cleanup_(buf_free) struct buf purl = { 0 };
        struct scan_package *p = &result->packages[result->n_packages];
        struct package *q = &p->package;
        struct str *licenses;

        package_url(&f->package, result->has_distribution ? &result->distribution : NULL, &purl);
        if (!buf_ok(&purl))
                return error_oom(err);
        *p = (struct scan_package){ .package = f->package, .layer = layer };
        p->purl = keep(j, buf_str(&purl));
        p->path = keep(j, f->path);
        q->name = keep(j, q->name);
        q->version = keep(j, q->version);
        q->type = keep(j, q->type);
        q->arch = keep(j, q->arch);
        q->source_name = keep(j, q->source_name);
        q->source_version = keep(j, q->source_version);
        q->vendor = keep(j, q->vendor);
        q->module = keep(j, q->module);
        q->key = keep(j, q->key);
        licenses = arena_alloc(result->arena, (q->n_licenses + 1) * sizeof(*licenses));
        if (!licenses || !p->purl.p || !p->path.p)
                return error_oom(err);
        for (uint32_t i = 0; i < q->n_licenses; i++)
                licenses[i] = keep(j, q->licenses[i]);
        q->licenses = licenses;
        result->n_packages++;
        return 0;
}

static int collect_packages(struct join *j, struct error *err)
{
        struct scan_result *result = j->result;
        size_t from = 0;
        int r = collect_places(j, err);

        if (r < 0)
                return r;
        mem_sort(j->found, j->n_found, sizeof(*j->found), compare_found);
        result->packages = calloc(j->n_found ? j->n_found : 1, sizeof(*result->packages));
        if (!result->packages)
                return error_oom(err);
        for (size_t i = 0; i < j->n_found; i++) {
                const struct found *f = &j->found[i];
                struct layer_record record = { .path = f->path, .sequence = f->sequence };

                if (i > 0 && compare_identity(&j->found[i - 1], f) != 0)
                        from = i;
                if (i + 1 < j->n_found && compare_identity(f, f + 1) == 0)
                        continue; /* the last of a group is from the highest layer */
                j->layer = f->layer;
                r = is_visible(j, &record, err);
                if (r > 0)
                        r = add_package(j, f, layer_of(j, from, i), err);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int compare_packages(const void *pa, const void *pb)
{
        const struct scan_package *a = pa, *b = pb;
        int r = str_compare(a->package.type, b->package.type);

        r = r ? r : str_compare(a->package.name, b->package.name);
        r = r ? r : str_compare(a->package.version, b->package.version);
        r = r ? r : str_compare(a->package.arch, b->package.arch);
        return r ? r : path_compare(a->path, b->path);
}

/* ---- licences from documentation ---- */

static const struct licenses *find_licenses(const struct join *j, const struct file_entry *entry)
{
        size_t low = 0, high = j->n_licenses;

        while (low < high) {
                size_t middle = low + (high - low) / 2;
                int r = path_compare(j->licenses[middle].path, entry->path);

                if (r == 0)
                        return &j->licenses[middle];
                if (r < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return NULL;
}

static int compare_licenses(const void *pa, const void *pb)
{
        const struct licenses *a = pa, *b = pb;

        return path_compare(a->path, b->path);
}

static int give_licenses(struct join *j, struct scan_package *p, struct error *err)
{
        _cleanup_(buf_free) struct buf path = { 0 };
        const struct licenses *found;
        struct record_list list;
        struct file_entry entry;
        struct str *licenses;
        int r;

        if (p->package.n_licenses || !str_equals(p->package.type, "deb"))
                return 0;
        buf_printf(&path, "usr/share/doc/%.*s/copyright", STR_ARG(p->package.name));
        if (!buf_ok(&path))
                return error_oom(err);
        r = image_index_resolve(j->index, buf_str(&path), &entry, NULL, err);
        if (r <= 0)
                return r;
        found = find_licenses(j, &entry);
        if (!found)
                return 0;
        list = found->list;
        licenses = arena_alloc(j->result->arena, ((size_t)list.n + 1) * sizeof(*licenses));
        if (!licenses)
                return error_oom(err);
        p->package.n_licenses = list.n;
        for (uint32_t i = 0; i < p->package.n_licenses; i++)
                licenses[i] = keep(j, record_list_next(&list));
        p->package.licenses = licenses;
        return 0;
}

int inventory_join(struct scan_result *result, struct layer_file *const *layers, size_t n_layers,
                   const struct scan_options *options,
                   struct error *err)
{
        _cleanup_(join_done) struct join j = { .result = result, .index = result->index };
        int r;

        for (size_t i = 0; i < n_layers; i++) {
                j.layer = (uint32_t)i;
                r = layers[i] ? layer_file_records(layers[i], take_record, &j, err) : 0;
                if (r < 0)
                        return r;
        }
        r = collect_packages(&j, err);
        if (r < 0)
                return r;
        mem_sort(result->packages, result->n_packages, sizeof(*result->packages), compare_packages);
        mem_sort(j.licenses, j.n_licenses, sizeof(*j.licenses), compare_licenses);
        for (size_t i = 0; i < result->n_packages; i++) {
                r = give_licenses(&j, &result->packages[i], err);
                if (r < 0)
                        return r;
        }
        return owners_assign(&j.owners, options->owners, options->limits.seconds, result, err);
}
