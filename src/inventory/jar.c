/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Java archives, and those inside them. Each META-INF/maven/…/pom.properties names a package that is in the archive; where
 * none of them is the archive's own, its manifest and its file's name say what it is. Archives in archives are read in
 * place where they are stored, else inflated, depth first, so that no more than one a level is held.
 */
#include <errno.h>

#include "base/hijack.h"
#include "inventory/detectors.h"
#include "inventory/jar.h"
#include "inventory/language.h"
#include "inventory/zip.h"
#include "model/path.h"

#define JAR_MAX (4ull << 30)
#define DEPTH_MAX 8u              /* archives inside one another */
#define ENTRIES_MAX 5000000u      /* of all archives of a file */
#define HELD_MAX (256ull << 20)   /* bytes of inflated archives that are held at one time */
#define INFLATED_MAX (4ull << 30) /* bytes of all that is inflated of a file, one after the other */
#define MANIFEST_BYTES (4u << 20)
#define PROPERTIES_BYTES (64u << 10)

struct jars {
        struct language language;
        uint64_t entries, held, inflated;
        unsigned depth;
        bool full; /* a limit was reached, and told */
};

/* One archive. */
struct jar {
        struct jars *all;
        struct zip zip;
        struct str file_name; /* its own */
        struct jar_manifest manifest;
        struct buf only_version; /* as the one pom.properties says */
        size_t n_properties;
        bool has_own;
};

static int read_archive(struct jars *all, struct content *content, struct str path, struct error *err);

static void jar_done(struct jar *jar)
{
        zip_done(&jar->zip);
        jar_manifest_done(&jar->manifest);
        buf_free(&jar->only_version);
}

/* What is wrong inside an archive does not end the reading of the rest. */
static int tell(struct jars *all, struct str name, const struct error *why)
{
        if (why->code == -ENOMEM)
                return -ENOMEM;
        record_problem(all->language.sink, "%.*s inside it: %s", STR_SHOWN(name), why->message);
        return 0;
}

static int full(struct jars *all, const char *what)
{
        if (!all->full)
                record_problem(all->language.sink, "%s: the rest was left out", what);
        all->full = true;
        return 0;
}

/* ---- an archive in an archive ---- */

struct window {
        struct content *content;
        uint64_t start;
};

static int read_window(struct content *c, uint64_t offset, void *buf, size_t n, struct error *err)
{
        struct window *w = c->ctx;

        return content_read(w->content, w->start + offset, buf, n, err);
}

static int read_inflated(struct jar *jar, const struct zip_entry *entry, struct str name, struct error *err)
{
        _cleanup_(buf_free) struct buf bytes = { 0 };
        struct jars *all = jar->all;
        struct content content;
        struct error why = ERROR_INIT;
        uint64_t room = MIN_OF(HELD_MAX - all->held, INFLATED_MAX - all->inflated);
        int r = zip_read(&jar->zip, entry, (size_t)room, &bytes, &why);

        if (r == -E2BIG)
                return full(all, "archives inside it inflate to too much");
        if (r < 0)
                return tell(all, name, &why);
        all->held += bytes.len;
        all->inflated += bytes.len;
        content_from_memory(&content, bytes.data, bytes.len);
        r = read_archive(all, &content, name, err);
        all->held -= bytes.len;
        return r;
}

static int read_nested(struct jar *jar, const struct zip_entry *entry, struct error *err)
{
        _cleanup_(buf_free) struct buf name = { 0 };
        struct window window = { .content = jar->zip.content };
        struct content content = { .size = entry->packed, .read = read_window, .ctx = &window };
        struct error why = ERROR_INIT;
        int r;

        if (jar->all->depth == DEPTH_MAX)
                return full(jar->all, "archives are nested too deep in it");
        buf_add_str(&name, entry->name);
        if (!buf_ok(&name))
                return error_oom(err);
        r = zip_stored_at(&jar->zip, entry, &window.start, &why);
        if (r < 0)
                return tell(jar->all, buf_str(&name), &why);
        return r > 0 ? read_archive(jar->all, &content, buf_str(&name), err) : read_inflated(jar, entry, buf_str(&name), err);
}

/* ---- what it says of itself ---- */

static int emit(struct jars *all, struct str group, struct str artifact, struct str version, struct str license,
                struct error *err)
{
        _cleanup_(language_entry_done) struct language_entry e = { 0 };

        if (group.n) {
                buf_add_str(&e.name, group);
                buf_putc(&e.name, ':');
        }
        buf_add_str(&e.name, artifact);
        buf_add_str(&e.version, version);
        language_entry_license(&e, license);
        return language_emit(&all->language, &e, err);
}

/* A small entry; many may name the same bytes. 1, or 0: it can not be read, which was told. */
static int read_small(struct jar *jar, const struct zip_entry *entry, size_t max, struct buf *out)
{
        struct error why = ERROR_INIT;
        size_t room = (size_t)MIN_OF((uint64_t)max, INFLATED_MAX - jar->all->inflated);
        int r = zip_read(&jar->zip, entry, room, out, &why);

        jar->all->inflated += MIN_OF((uint64_t)out->len, (uint64_t)room);
        if (r == -E2BIG && room < max)
                return full(jar->all, "files inside it inflate to too much");
        return r < 0 ? tell(jar->all, entry->name, &why) : 1;
}

static int take_properties(struct jar *jar, const struct zip_entry *entry, struct error *err)
{
        _cleanup_(jar_properties_done) struct jar_properties p = { 0 };
        _cleanup_(buf_free) struct buf text = { 0 };
        struct str artifact, version;
        int r = read_small(jar, entry, PROPERTIES_BYTES, &text);

        if (r <= 0)
                return r;
        r = jar_read_properties(buf_str(&text), &p, err);
        if (r < 0)
                return r;
        if (p.group.len == 0 || p.artifact.len == 0 || p.version.len == 0)
                return 0;
        jar_split_name(jar->file_name, &artifact, &version);
        if (jar->n_properties++ == 0)
                buf_add_str(&jar->only_version, buf_str(&p.version));
        jar->has_own |= str_equal(buf_str(&p.artifact), artifact);
        return emit(jar->all, buf_str(&p.group), buf_str(&p.artifact), buf_str(&p.version), STR_NULL, err);
}

static int take_manifest(struct jar *jar, const struct zip_entry *entry, struct error *err)
{
        _cleanup_(buf_free) struct buf text = { 0 };
        int r = read_small(jar, entry, MANIFEST_BYTES, &text);

        return r <= 0 ? r : jar_read_manifest(buf_str(&text), &jar->manifest, err);
}

/* Where one package alone is in it, it is that package, under a name of its own. */
static int emit_own(struct jar *jar, struct error *err)
{
        const struct jar_manifest *m = &jar->manifest;
        struct str artifact, version, said = jar_manifest_version(m), license = buf_str(&m->license);

        license = str_cut(&license, ';'); /* parameters follow: a link, a description */
        jar_split_name(jar->file_name, &artifact, &version);
        if (jar->has_own || (jar->n_properties == 1 && (version.n == 0 || str_equal(version, buf_str(&jar->only_version)))))
                return 0;
        if (version.n == 0)
                version = said;
        return version.n == 0 ? 0 : emit(jar->all, jar_manifest_group(m, artifact), artifact, version, license, err);
}

/* ---- the walk ---- */

static int take_entry(struct jar *jar, const struct zip_entry *entry, struct error *err)
{
        struct str name = entry->name;

        if (str_equals(name, "META-INF/MANIFEST.MF"))
                return take_manifest(jar, entry, err);
        if (str_starts(name, "META-INF/maven/") && str_ends(name, "/pom.properties"))
                return take_properties(jar, entry, err);
        return jar_is_archive(name) ? read_nested(jar, entry, err) : 0;
}

static int walk(struct jar *jar, struct error *err)
{
        struct error why = ERROR_INIT;
        struct zip_entry entry;
        int r;

        while ((r = zip_next(&jar->zip, &entry, &why)) > 0) {
                if (jar->all->entries++ >= ENTRIES_MAX)
                        return full(jar->all, "archives inside it have too many entries");
                HIJACK_POINT("jar");
                r = take_entry(jar, &entry, err);
                if (r < 0)
                        return r;
        }
        return r < 0 ? tell(jar->all, jar->file_name, &why) : 0;
}

/* `path` is that of the file, or of the entry in the archive above. */
static int read_archive(struct jars *all, struct content *content, struct str path, struct error *err)
{
        _cleanup_(jar_done) struct jar jar = { .all = all, .file_name = path_name(path) };
        struct error why = ERROR_INIT;
        int r = zip_open(&jar.zip, content, &why);

        if (r < 0) {
                if (all->depth)
                        return tell(all, jar.file_name, &why);
                if (err)
                        *err = why;
                return r;
        }
        all->depth++;
        r = walk(&jar, err);
        if (r == 0)
                r = emit_own(&jar, err);
        all->depth--;
        return r;
}

static int read_jar(const struct detector_file *file, struct record_sink *sink, struct error *err)
{
        struct jars all = { .language = { .sink = sink, .type = "maven", .evidence = PACKAGE_INSTALLED } };
        int r = read_archive(&all, file->content, file->entry->path, err);

        language_done(&all.language);
        return r == -ENOMEM ? error_oom(err) : r;
}

static const struct pattern patterns[] = {
        { PATTERN_SUFFIX, ".jar", NULL }, { PATTERN_SUFFIX, ".war", NULL }, { PATTERN_SUFFIX, ".ear", NULL },
        { PATTERN_SUFFIX, ".sar", NULL }, { PATTERN_SUFFIX, ".par", NULL }, { PATTERN_SUFFIX, ".jpi", NULL },
        { PATTERN_SUFFIX, ".hpi", NULL }, { PATTERN_SUFFIX, ".lpkg", NULL },
};

const struct detector jar_detector = {
        .name = "jar",
        .version = 1,
        .patterns = patterns,
        .n_patterns = ELEMENTS_OF(patterns),
        .max_size = JAR_MAX,
        .read = read_jar,
};
