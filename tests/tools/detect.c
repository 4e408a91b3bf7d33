/* SPDX-License-Identifier: Apache-2.0 */
/* detect FILE PATH: runs the detectors that want a file at PATH of an image on FILE, and prints what they emit as JSON, a
 * line a record. Exit status 0, or 2 if a detector failed (after a line {"record": "error", …}). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/sql.h"
#include "inventory/detectors.h"

static const struct detector *const detectors[] = {
        &dpkg_status_detector, &dpkg_owned_detector, &rpm_detector, &rpm_wal_detector, &rpm_manifest_detector,
};

static int to_stdout(void *ctx, const char *data, size_t n, struct error *err)
{
        return file_write(STDOUT_FILENO, data, n, err);
}

static struct json_writer *line_begin(const char *record)
{
        struct json_writer *w = NULL;
        struct error err = ERROR_INIT;

        if (json_writer_new(to_stdout, NULL, 0, &w, &err) < 0)
                exit(2);
        json_write_object_begin(w);
        json_write_key(w, "record");
        json_write_text(w, record);
        return w;
}

static int line_end(struct json_writer *w, struct error *err)
{
        int r;

        json_write_object_end(w);
        r = json_writer_finish(w, err);
        json_writer_free(w);
        return r;
}

static void member(struct json_writer *w, const char *key, struct str value)
{
        json_write_key(w, key);
        json_write_string(w, value);
}

static void print_problem(void *ctx, const char *what)
{
        struct json_writer *w = line_begin(ctx);

        member(w, "what", str_from(what));
        if (line_end(w, NULL) < 0)
                exit(2);
}

static int print_package(struct str payload, struct error *err)
{
        _cleanup_(arena_freep) struct arena *arena = arena_new();
        struct wire_reader r = wire_reader(payload.p, payload.n);
        struct json_writer *w;
        struct package p;

        if (!arena || package_decode(&r, arena, &p) < 0)
                return error_say(err, -EBADMSG, "a package that can not be decoded");
        w = line_begin("package");
        member(w, "name", p.name);
        member(w, "version", p.version);
        member(w, "type", p.type);
        member(w, "arch", p.arch);
        member(w, "source_name", p.source_name);
        member(w, "source_version", p.source_version);
        member(w, "vendor", p.vendor);
        member(w, "module", p.module);
        member(w, "key", p.key);
        json_write_key(w, "licenses");
        json_write_array_begin(w);
        for (uint32_t i = 0; i < p.n_licenses; i++)
                json_write_string(w, p.licenses[i]);
        json_write_array_end(w);
        return line_end(w, err);
}

static int print_list(const char *record, struct str key, struct record_list list, struct error *err)
{
        struct json_writer *w = line_begin(record);

        member(w, "key", key);
        json_write_key(w, "items");
        json_write_array_begin(w);
        for (uint32_t n = list.n; n > 0; n--)
                json_write_string(w, record_list_next(&list));
        json_write_array_end(w);
        return line_end(w, err);
}

static int print_record(void *ctx, enum record_kind kind, struct str payload, struct error *err)
{
        struct record_list list = { 0 };
        struct str key = STR_NULL;

        if (kind == RECORD_PACKAGE)
                return print_package(payload, err);
        if (kind == RECORD_OWNED ? record_owned_decode(payload, &key, &list) < 0
                                 : kind != RECORD_LICENSES || record_licenses_decode(payload, &list) < 0)
                return error_say(err, -EBADMSG, "a record of kind %d that is not printed", kind);
        return print_list(kind == RECORD_OWNED ? "owned" : "licenses", key, list, err);
}

static int run(const char *file_name, const char *path, struct error *err)
{
        _cleanup_(detector_set_freep) struct detector_set *set = NULL;
        _cleanup_close_ int fd = open(file_name, O_RDONLY | O_CLOEXEC);
        struct record_sink sink = { print_record, print_problem, (void *)"problem" };
        struct content content;
        struct file_entry entry = { .path = str_from(path), .type = FILE_REGULAR };
        struct detector_file file = { &entry, &content };
        struct stat st;
        int r = sql_init(err);

        if (r == 0 && (fd < 0 || fstat(fd, &st) < 0))
                r = error_set(err, -errno, "open '%s'", file_name);
        if (r == 0)
                r = detector_set_new(detectors, ELEMENTS_OF(detectors), &set, err);
        if (r < 0)
                return r;
        entry.size = (uint64_t)st.st_size;
        content_from_fd(&content, fd, 0, entry.size);
        for (unsigned i = 0; i < detector_set_count(set) && r == 0; i++)
                if (detector_set_match(set, entry.path) & (1ull << i))
                        r = detector_set_get(set, i)->read(&file, &sink, err);
        return r;
}

int main(int argc, char **argv)
{
        struct error err = ERROR_INIT;

        if (argc != 3) {
                fprintf(stderr, "usage: detect FILE PATH-IN-IMAGE\n");
                return 2;
        }
        if (run(argv[1], argv[2], &err) == 0)
                return 0;
        print_problem((void *)"error", err.message);
        return 2;
}
