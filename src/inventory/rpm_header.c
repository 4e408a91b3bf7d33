/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>

#include "base/hijack.h"
#include "inventory/rpm.h"
#include "inventory/rpm_header.h"
#include "model/path.h"

#define INTRO_SIZE 8
#define ENTRY_SIZE 16

enum rpm_type {
        TYPE_CHAR = 1,
        TYPE_INT8 = 2,
        TYPE_INT32 = 4,
        TYPE_STRING = 6,
        TYPE_STRING_ARRAY = 8,
        TYPE_I18N_STRING = 9,
};

enum {
        STATE_NORMAL = 0,
        STATE_NET_SHARED = 3,
};

static const uint32_t tags[RPM_FIELDS] = {
        [RPM_NAME] = 1000,
        [RPM_VERSION] = 1001,
        [RPM_RELEASE] = 1002,
        [RPM_EPOCH] = 1003,
        [RPM_VENDOR] = 1011,
        [RPM_LICENSE] = 1014,
        [RPM_ARCH] = 1022,
        [RPM_OLD_FILE_NAMES] = 1027,
        [RPM_FILE_STATES] = 1029,
        [RPM_SOURCE_RPM] = 1044,
        [RPM_DIR_INDEXES] = 1116,
        [RPM_BASE_NAMES] = 1117,
        [RPM_DIR_NAMES] = 1118,
        [RPM_MODULE] = 5096,
};

static struct rpm_entry *field_of_tag(struct rpm_header *h, uint32_t tag)
{
        for (size_t i = 0; i < RPM_FIELDS; i++)
                if (tags[i] == tag)
                        return &h->fields[i];
        return NULL;
}

int rpm_header_parse(struct str blob, struct rpm_header *ret, struct error *err)
{
        const uint8_t *p = (const uint8_t *)blob.p;
        struct rpm_header h = { 0 };
        uint32_t entries;

        if (blob.n < INTRO_SIZE)
                return error_say(err, -EBADMSG, "a header of %zu bytes", blob.n);
        entries = rpm_be32(p);
        h.size = rpm_be32(p + 4);
        if (entries == 0 || entries > RPM_ENTRIES_MAX)
                return error_say(err, -EBADMSG, "a header of %" PRIu32 " entries", entries);
        if (INTRO_SIZE + (uint64_t)entries * ENTRY_SIZE + h.size > blob.n)
                return error_say(err, -EBADMSG, "%" PRIu32 " entries and %" PRIu32 " bytes of data are not in a header of %zu "
                                 "bytes", entries, h.size, blob.n);
        h.data = p + INTRO_SIZE + (size_t)entries * ENTRY_SIZE;
        HIJACK_POINT("rpm-header");
        for (uint32_t i = 0; i < entries; i++) {
                const uint8_t *e = p + INTRO_SIZE + (size_t)i * ENTRY_SIZE;
                struct rpm_entry *field = field_of_tag(&h, rpm_be32(e));

                if (!field)
                        continue;
                /* The last one counts: what rpm added at installation follows what the package brought. */
                *field = (struct rpm_entry){ rpm_be32(e + 4), rpm_be32(e + 8), rpm_be32(e + 12) };
                if (field->type == 0 || field->count == 0 || field->offset >= h.size)
                        return error_say(err, -EBADMSG, "the entry of tag %" PRIu32 " points outside the header", rpm_be32(e));
        }
        *ret = h;
        return 0;
}

/* ---- single values ---- */

/* Strings that follow one another, each ended by a NUL byte. */
struct strings {
        const char *p, *end;
};

static int strings_of(const struct rpm_header *h, enum rpm_field field, struct strings *ret, struct error *err)
{
        const struct rpm_entry *e = &h->fields[field];

        if (e->type != TYPE_STRING && e->type != TYPE_STRING_ARRAY && e->type != TYPE_I18N_STRING)
                return error_say(err, -EBADMSG, "tag %" PRIu32 " has type %" PRIu32 " where a string belongs", tags[field],
                                 e->type);
        *ret = (struct strings){ (const char *)h->data + e->offset, (const char *)h->data + h->size };
        return 0;
}

static int next_string(struct strings *s, struct str *ret, struct error *err)
{
        const char *nul = s->p < s->end ? memchr(s->p, 0, (size_t)(s->end - s->p)) : NULL;

        if (!nul)
                return error_say(err, -EBADMSG, "a string runs beyond the header");
        *ret = (struct str){ s->p, (size_t)(nul - s->p) };
        s->p = nul + 1;
        return 0;
}

/* Empty if there is none. */
static int get_string(const struct rpm_header *h, enum rpm_field field, struct str *ret, struct error *err)
{
        struct strings s;
        int r;

        *ret = STR_NULL;
        if (!h->fields[field].type)
                return 0;
        r = strings_of(h, field, &s, err);
        return r < 0 ? r : next_string(&s, ret, err);
}

/* The bytes of `count` numbers of `size` bytes each. */
static int get_array(const struct rpm_header *h, enum rpm_field field, size_t size, const uint8_t **ret, struct error *err)
{
        const struct rpm_entry *e = &h->fields[field];

        if (size == 4 ? e->type != TYPE_INT32 : e->type != TYPE_CHAR && e->type != TYPE_INT8)
                return error_say(err, -EBADMSG, "tag %" PRIu32 " has type %" PRIu32 " where numbers of %zu bytes belong",
                                 tags[field], e->type, size);
        if ((uint64_t)e->count * size > h->size - e->offset)
                return error_say(err, -EBADMSG, "the %" PRIu32 " values of tag %" PRIu32 " run beyond the header", e->count,
                                 tags[field]);
        *ret = h->data + e->offset;
        return 0;
}

struct str rpm_header_name(const struct rpm_header *header)
{
        struct str name;

        return get_string(header, RPM_NAME, &name, NULL) < 0 ? STR_NULL : name;
}

bool rpm_header_is_key(const struct rpm_header *header)
{
        return str_equals(rpm_header_name(header), "gpg-pubkey") && !header->fields[RPM_BASE_NAMES].type &&
               !header->fields[RPM_OLD_FILE_NAMES].type;
}

/* ---- the package ---- */

bool rpm_split_source(struct str file_name, struct str *ret_name, struct str *ret_version)
{
        static const char *const suffixes[] = { ".src.rpm", ".nosrc.rpm" };
        struct str s = file_name;
        size_t dashes = 0, at;

        for (size_t i = 0; i < ELEMENTS_OF(suffixes); i++)
                if (str_ends(file_name, suffixes[i]))
                        s.n = file_name.n - strlen(suffixes[i]);
        if (s.n == file_name.n)
                return false;
        for (at = s.n; at > 0 && dashes < 2; at--)
                dashes += s.p[at - 1] == '-';
        if (dashes < 2 || at == 0 || s.p[at + 1] == '-' || s.p[s.n - 1] == '-')
                return false;
        *ret_name = (struct str){ s.p, at };
        *ret_version = (struct str){ s.p + at + 1, s.n - at - 1 };
        return true;
}

static int put_version(const struct rpm_header *h, struct str version, struct str release, struct buf *out,
                       struct error *err)
{
        const uint8_t *epoch;
        int r;

        if (h->fields[RPM_EPOCH].type) {
                r = get_array(h, RPM_EPOCH, 4, &epoch, err);
                if (r < 0)
                        return r;
                buf_printf(out, "%" PRIu32 ":", rpm_be32(epoch));
        }
        buf_add_str(out, version);
        buf_putc(out, '-');
        buf_add_str(out, release);
        return 0;
}

/* Version and key both are cut from "NAME-VERSION.ARCH". */
static int put_identity(const struct rpm_header *h, struct str version, struct str release, struct buf *text,
                        struct package *p, struct error *err)
{
        size_t start, end;
        int r;

        buf_clear(text);
        buf_add_str(text, p->name);
        buf_putc(text, '-');
        start = text->len;
        r = put_version(h, version, release, text, err);
        if (r < 0)
                return r;
        end = text->len;
        if (p->arch.n) {
                buf_putc(text, '.');
                buf_add_str(text, p->arch);
        }
        if (!buf_ok(text))
                return error_oom(err);
        p->key = buf_str(text);
        p->version = (struct str){ text->data + start, end - start };
        return 0;
}

int rpm_header_package(const struct rpm_header *h, struct buf *text, struct str *license, struct package *ret,
                       struct error *err)
{
        struct package p = { .type = STR_LIT("rpm"), .licenses = license };
        struct str version, release, source;
        const struct {
                enum rpm_field field;
                struct str *value;
                bool needed;
        } wanted[] = {
                { RPM_NAME, &p.name, true }, { RPM_VERSION, &version, true }, { RPM_RELEASE, &release, true },
                { RPM_ARCH, &p.arch, false }, { RPM_VENDOR, &p.vendor, false }, { RPM_LICENSE, license, false },
                { RPM_MODULE, &p.module, false }, { RPM_SOURCE_RPM, &source, false },
        };
        int r;

        for (size_t i = 0; i < ELEMENTS_OF(wanted); i++) {
                r = get_string(h, wanted[i].field, wanted[i].value, err);
                if (r < 0)
                        return r;
                if (wanted[i].needed && wanted[i].value->n == 0)
                        return error_say(err, -EBADMSG, "it has no %s", (const char *const[]){ "name", "version",
                                         "release" }[i]);
        }
        r = put_identity(h, version, release, text, &p, err);
        if (r < 0)
                return r;
        p.n_licenses = license->n > 0;
        p.source_name = p.name;
        p.source_version = p.version;
        rpm_split_source(source, &p.source_name, &p.source_version);
        *ret = p;
        return 0;
}

/* ---- its files ---- */

static bool is_in_place(const uint8_t *states, uint32_t i)
{
        return !states || states[i] == STATE_NORMAL || states[i] == STATE_NET_SHARED;
}

/* NULL if the header tells no states. */
static int get_states(const struct rpm_header *h, uint32_t files, const uint8_t **ret, struct error *err)
{
        *ret = NULL;
        if (!h->fields[RPM_FILE_STATES].type)
                return 0;
        if (h->fields[RPM_FILE_STATES].count != files)
                return error_say(err, -EBADMSG, "%" PRIu32 " states of %" PRIu32 " files", h->fields[RPM_FILE_STATES].count,
                                 files);
        return get_array(h, RPM_FILE_STATES, 1, ret, err);
}

static int check_count(uint32_t n, struct error *err)
{
        return n > RPM_FILES_MAX ? error_say(err, -E2BIG, "%" PRIu32 " files, more than the %u of one package that are read",
                                             n, RPM_FILES_MAX) : 0;
}

static int new_paths(uint32_t n, struct rpm_paths *paths, struct error *err)
{
        int r = check_count(n, err);

        if (r < 0)
                return r;
        paths->paths = calloc(n, sizeof(*paths->paths));
        return paths->paths ? 0 : error_oom(err);
}

/* Whole paths, as before rpm 4. */
static int get_old_paths(const struct rpm_header *h, struct rpm_paths *paths, struct error *err)
{
        uint32_t n = h->fields[RPM_OLD_FILE_NAMES].count;
        const uint8_t *states;
        struct strings names;
        struct str name;
        int r = strings_of(h, RPM_OLD_FILE_NAMES, &names, err);

        if (r == 0)
                r = get_states(h, n, &states, err);
        if (r == 0)
                r = new_paths(n, paths, err);
        for (uint32_t i = 0; r == 0 && i < n; i++) {
                r = next_string(&names, &name, err);
                if (r == 0 && is_in_place(states, i))
                        paths->paths[paths->n++] = name;
        }
        return r;
}

/* Three arrays: file i is in directory dirs[indexes[i]] and is called names[i]. */
struct triplet {
        const uint8_t *indexes, *states;
        struct strings names;
        uint32_t n;
        struct str *dirs;
        uint32_t n_dirs;
};

static void triplet_done(struct triplet *t)
{
        free(t->dirs);
}

static int get_dirs(const struct rpm_header *h, struct triplet *t, struct error *err)
{
        struct strings names;
        int r;

        t->n_dirs = h->fields[RPM_DIR_NAMES].count;
        r = strings_of(h, RPM_DIR_NAMES, &names, err);
        if (r == 0)
                r = check_count(t->n_dirs, err);
        if (r < 0)
                return r;
        t->dirs = calloc(t->n_dirs, sizeof(*t->dirs));
        if (!t->dirs)
                return error_oom(err);
        for (uint32_t i = 0; r == 0 && i < t->n_dirs; i++)
                r = next_string(&names, &t->dirs[i], err);
        return r;
}

static int get_triplet(const struct rpm_header *h, struct triplet *t, struct error *err)
{
        int r;

        t->n = h->fields[RPM_BASE_NAMES].count;
        if (h->fields[RPM_DIR_INDEXES].count != t->n)
                return error_say(err, -EBADMSG, "%" PRIu32 " names of files but %" PRIu32 " directories of files", t->n,
                                 h->fields[RPM_DIR_INDEXES].count);
        r = strings_of(h, RPM_BASE_NAMES, &t->names, err);
        if (r == 0)
                r = get_array(h, RPM_DIR_INDEXES, 4, &t->indexes, err);
        if (r == 0)
                r = get_states(h, t->n, &t->states, err);
        return r < 0 ? r : get_dirs(h, t, err);
}

/* Directory and name of file i, in order. */
static int next_file(struct triplet *t, uint32_t i, struct str *dir, struct str *name, struct error *err)
{
        uint32_t at = rpm_be32(t->indexes + (size_t)i * 4);

        if (at >= t->n_dirs)
                return error_say(err, -EBADMSG, "a file in directory %" PRIu32 " of %" PRIu32, at, t->n_dirs);
        *dir = t->dirs[at];
        return next_string(&t->names, name, err);
}

/* Adds up before anything is joined: a few bytes a file can stand for very long paths. */
static int measure(struct triplet t, uint64_t max, uint64_t *ret, struct error *err)
{
        uint64_t total = 0;

        for (uint32_t i = 0; i < t.n; i++) {
                struct str dir, name;
                int r = next_file(&t, i, &dir, &name, err);

                if (r < 0)
                        return r;
                if (dir.n + name.n > PATH_LENGTH_MAX)
                        return error_say(err, -E2BIG, "a path of %zu bytes", dir.n + name.n);
                total += dir.n + name.n;
                if (total > max)
                        return error_say(err, -E2BIG, "its paths take more than %" PRIu64 " bytes", max);
        }
        *ret = total;
        return 0;
}

static int get_paths(const struct rpm_header *h, uint64_t max, struct rpm_paths *paths, struct error *err)
{
        _cleanup_(triplet_done) struct triplet t = { 0 };
        uint64_t total = 0;
        int r = get_triplet(h, &t, err);

        if (r == 0)
                r = new_paths(t.n, paths, err);
        if (r == 0)
                r = measure(t, max, &total, err);
        if (r < 0)
                return r;
        if (!buf_reserve(&paths->text, total))
                return error_oom(err);
        for (uint32_t i = 0; i < t.n; i++) {
                size_t start = paths->text.len;
                struct str dir, name;

                r = next_file(&t, i, &dir, &name, err);
                if (r < 0)
                        return r;
                if (!is_in_place(t.states, i))
                        continue;
                buf_add_str(&paths->text, dir); /* within what was reserved: it does not move */
                buf_add_str(&paths->text, name);
                paths->paths[paths->n++] = (struct str){ paths->text.data + start, paths->text.len - start };
        }
        return 0;
}

int rpm_header_paths(const struct rpm_header *h, uint64_t max, struct rpm_paths *ret, struct error *err)
{
        _cleanup_(rpm_paths_done) struct rpm_paths paths = { 0 };
        int r = 0;

        if (h->fields[RPM_BASE_NAMES].type)
                r = get_paths(h, MIN_OF(max, (uint64_t)RPM_PATHS_MAX), &paths, err);
        else if (h->fields[RPM_OLD_FILE_NAMES].type)
                r = get_old_paths(h, &paths, err);
        if (r < 0)
                return r;
        *ret = paths;
        paths = (struct rpm_paths){ 0 };
        return 0;
}

void rpm_paths_done(struct rpm_paths *paths)
{
        free(paths->paths);
        buf_free(&paths->text);
        *paths = (struct rpm_paths){ 0 };
}
