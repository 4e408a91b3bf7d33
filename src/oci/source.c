/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "oci/load.h"
#include "oci/source.h"

enum kind {
        KIND_UNKNOWN,
        KIND_OCI_DIR,
        KIND_OCI_ARCHIVE,
        KIND_DOCKER_ARCHIVE,
        KIND_DIR,
        KIND_OVERLAY,
};

static const char *const kind_names[] = {
        [KIND_OCI_DIR] = "oci-dir", [KIND_OCI_ARCHIVE] = "oci-archive", [KIND_DOCKER_ARCHIVE] = "docker-archive",
        [KIND_DIR] = "dir", [KIND_OVERLAY] = "overlay",
};

struct source {
        struct image *image;
        struct members *members; /* NULL of directories */
        struct layer_file_name *layers;
        int *roots;
        size_t n_roots;
        enum layer_marks marks;
};

struct source *source_free(struct source *source)
{
        if (source) {
                members_free(source->members);
                for (size_t i = 0; i < source->n_roots; i++)
                        fd_close(source->roots[i]);
                free(source->roots);
                image_free(source->image);
                free(source);
        }
        return NULL;
}

struct image *source_image(struct source *source)
{
        return source->image;
}

size_t source_n_layers(const struct source *source)
{
        return source->n_roots ? source->n_roots : source->image->n_layers;
}

bool source_is_tree(const struct source *source)
{
        return source && source->n_roots > 0;
}

enum layer_marks source_marks(const struct source *source)
{
        return source->marks;
}

int source_root(const struct source *source, size_t i)
{
        return i < source->n_roots ? source->roots[i] : -EBADF;
}

int source_layer(struct source *source, size_t i, struct blob *ret, struct error *err)
{
        const struct layer_file_name *layer = &source->layers[i];
        struct blob blob;
        int r = members_find(source->members, layer->name, &blob, err);

        if (r == -ENOENT && layer->foreign)
                return error_say(err, r, "its blob is not here: the manifest says to fetch it from elsewhere");
        if (r < 0)
                return r;
        if (layer->size != UINT64_MAX && blob.size != layer->size) {
                fd_close(blob.fd);
                return error_say(err, -ERANGE, "'%s' holds %llu bytes, expected %llu", layer->name,
                                 (unsigned long long)blob.size, (unsigned long long)layer->size);
        }
        *ret = blob;
        return 0;
}

/* ---- the target's text ---- */

struct target {
        enum kind kind;
        char *path;
        const char *tag; /* inside `path`'s memory, or NULL */
        char separator;  /* what stood before it: ':' or '@' */
};

static void target_done(struct target *t)
{
        free(t->path);
}

static bool exists(const char *path)
{
        struct stat st;

        return stat(path, &st) == 0;
}

/* A path may hold colons: the longest one that is there counts, what follows it is the tag. */
static int split_tag(struct target *t, struct error *err)
{
        size_t end = strlen(t->path);

        if (exists(t->path))
                return 0;
        while (end-- > 1) {
                char c = t->path[end];

                if (c != ':' && c != '@')
                        continue;
                t->path[end] = 0;
                if (exists(t->path)) {
                        t->tag = t->path + end + 1;
                        t->separator = c;
                        return *t->tag ? 0 : error_say(err, -EINVAL, "'%s': a tag is expected after the last '%c'", t->path, c);
                }
                t->path[end] = c;
        }
        if (access(t->path, F_OK) < 0 && errno != ENOENT && errno != ENOTDIR)
                return error_set(err, -errno, "open '%s'", t->path);
        return error_say(err, -ENOENT, "'%s': no such file or directory (a target is oci-dir:DIR[:TAG], oci-archive:FILE[:TAG], "
                         "docker-archive:FILE[:TAG], dir:PATH, overlay:LOWEST[:NEXT...] or a path)", t->path);
}

static int parse_target(const char *text, struct target *ret, struct error *err)
{
        const char *rest = text;

        for (size_t i = KIND_OCI_DIR; i < ELEMENTS_OF(kind_names); i++) {
                size_t n = strlen(kind_names[i]);

                if (strncmp(text, kind_names[i], n) == 0 && text[n] == ':') {
                        ret->kind = (enum kind)i;
                        rest = text + n + 1;
                        break;
                }
        }
        if (!*rest)
                return error_say(err, -EINVAL, "'%s': a path is expected", text);
        ret->path = strdup(rest);
        if (!ret->path)
                return error_oom(err);
        if (ret->kind == KIND_OVERLAY)
                return 0;
        if (ret->kind != KIND_DIR)
                return split_tag(ret, err);
        return exists(rest) ? 0 : error_set(err, -errno, "open '%s'", rest);
}

/* ---- by content ---- */

static bool has_any(int dir, const char *const *names)
{
        for (; *names; names++)
                if (faccessat(dir, *names, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
                        return true;
        return false;
}

static int recognise_directory(struct target *t, int dir, struct error *err)
{
        static const char *const layout[] = { "oci-layout", "index.json", NULL };
        static const char *const root[] = { "etc", "usr", "bin", "lib", "opt", "app", "home", "var", NULL };

        if (has_any(dir, layout))
                t->kind = KIND_OCI_DIR;
        else if (has_any(dir, root))
                t->kind = KIND_DIR;
        else
                return error_say(err, -EINVAL, "'%s' looks neither like an OCI layout (there is no oci-layout) nor like a root file "
                                 "system (there is no /etc, /usr …); dir:%s reads it as one all the same", t->path, t->path);
        return 0;
}

static int recognise_archive(struct target *t, struct members *members, struct error *err)
{
        if (members_have(members, "manifest.json"))
                t->kind = KIND_DOCKER_ARCHIVE;
        else if (members_have(members, "index.json"))
                t->kind = KIND_OCI_ARCHIVE;
        else if (members_have(members, "repositories"))
                return error_say(err, -ENOTSUP, "'%s' was written by docker save before 1.10, without a manifest.json: load it into "
                                 "a current engine and save it again", t->path);
        else
                return error_say(err, -EINVAL, "'%s' is a tar archive, but not of an image: it has no index.json and no "
                                 "manifest.json", t->path);
        return 0;
}

/* ---- opening ---- */

/* Takes `fd`. */
static int add_root(struct source *s, int fd, struct error *err)
{
        int *roots = realloc(s->roots, (s->n_roots + 1) * sizeof(*roots));

        if (!roots) {
                close(fd);
                return error_oom(err);
        }
        s->roots = roots;
        roots[s->n_roots++] = fd;
        return 0;
}

static int open_directory(struct source *s, struct target *t, struct error *err)
{
        _cleanup_close_ int dir = open(t->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int r = 0;

        if (dir < 0)
                return error_set(err, -errno, "open '%s'", t->path);
        if (t->kind == KIND_UNKNOWN)
                r = recognise_directory(t, dir, err);
        if (r < 0)
                return r;
        if (t->kind == KIND_DIR && t->tag)
                return error_say(err, -ENOENT, "'%s:%s': no such file or directory", t->path, t->tag);
        if (t->kind == KIND_DIR)
                r = add_root(s, TAKE_FD(dir), err);
        else
                r = members_open_directory(TAKE_FD(dir), &s->members, err);
        return r;
}

static int open_archive(struct source *s, struct target *t, const struct source_options *options,
                        struct problem_list *problems, struct error *err)
{
        int file = open(t->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), r;
        struct stat st;

        if (file < 0)
                return error_set(err, -errno, "open '%s'", t->path);
        if (fstat(file, &st) < 0 || !S_ISREG(st.st_mode)) {
                close(file);
                return error_say(err, -EINVAL, "'%s' is neither a file nor a directory", t->path);
        }
        r = members_open_archive(file, options->limits, problems, &s->members, err);
        if (r < 0)
                return error_wrap(err, "'%s' can not be read as an image", t->path);
        return t->kind == KIND_UNKNOWN ? recognise_archive(t, s->members, err) : 0;
}

static int open_target(struct source *s, struct target *t, const struct source_options *options,
                       struct problem_list *problems, struct error *err)
{
        bool wants_directory = t->kind == KIND_OCI_DIR || t->kind == KIND_DIR;
        struct stat st;

        if (stat(t->path, &st) < 0)
                return error_set(err, -errno, "open '%s'", t->path);
        if (t->kind != KIND_UNKNOWN && wants_directory != (bool)S_ISDIR(st.st_mode))
                return error_say(err, -EINVAL, "'%s' is %s, but %s: wants %s", t->path,
                                 wants_directory ? "not a directory" : "a directory", kind_names[t->kind],
                                 wants_directory ? "one" : "an archive");
        return S_ISDIR(st.st_mode) ? open_directory(s, t, err) : open_archive(s, t, options, problems, err);
}

static int read_selection(struct loader *l, const struct target *t, const struct source_options *options, struct error *err)
{
        l->selection.platform_asked = options->platform != NULL;
        if (t->tag) {
                l->selection.tag = arena_string(l->image->arena, t->tag, strlen(t->tag));
                if (!l->selection.tag)
                        return error_oom(err);
        }
        if (options->platform)
                return platform_parse(l->image->arena, options->platform, &l->selection.platform, err);
        return platform_host(l->image->arena, &l->selection.platform, err);
}

/* Ends the worker that parsed the documents; what is wrong with its end is a problem. */
static void end_reader(struct document_reader *reader, struct problem_list *problems)
{
        struct error why = ERROR_INIT;
        struct worker_end end;
        int r = document_reader_end(reader, &end, &why);

        if (*end.refused)
                problem_add(problems, PROBLEM_ATTACK, "documents", "their worker was refused the system calls: %s", end.refused);
        if (r < 0 && r != -ECANCELED)
                problem_add(problems, r == -EPROTO ? PROBLEM_ATTACK : PROBLEM_GAP, "documents", "%s", why.message);
        document_reader_free(reader);
}

static int load(struct source *s, const struct target *t, const struct source_options *options,
                struct problem_list *problems, struct error *err)
{
        struct loader l = { .members = s->members, .image = s->image, .problems = problems };
        int r = read_selection(&l, t, options, err);

        if (r < 0)
                return r;
        if (!s->members)
                return options->platform ? error_say(err, -EINVAL, "--platform: a root directory has no platforms to choose from") : 0;
        r = document_reader_new(options->limits, &l.reader, err);
        if (r < 0)
                return r;
        r = t->kind == KIND_DOCKER_ARCHIVE ? load_docker(&l, err) : load_oci(&l, err);
        end_reader(l.reader, problems);
        s->layers = l.layers;
        return r < 0 ? error_wrap(err, "'%s'", t->path) : 0;
}

static bool is_attacked(const struct problem_list *problems)
{
        for (size_t i = 0; i < problems->n; i++)
                if (problems->items[i].kind == PROBLEM_ATTACK)
                        return true;
        return false;
}

/* Where a worker went wrong on the way to the layers, that is a finding about the image and no failure of ours. */
static int without_layers(struct source *s, int code, struct problem_list *problems, const struct error *why)
{
        if (code != -EPROTO && (code == -ECANCELED || code == -ENOMEM || !is_attacked(problems)))
                return code;
        problem_add(problems, code == -EPROTO ? PROBLEM_ATTACK : PROBLEM_GAP, "image", "its layers are not known: %s", why->message);
        s->image->n_layers = 0;
        s->image->image_id = (struct digest){ 0 };
        return 0;
}

static int name_image(struct image *image, const struct target *t, struct error *err)
{
        _cleanup_(buf_free) struct buf reference = { 0 };

        buf_puts(&reference, t->path);
        if (t->tag)
                buf_printf(&reference, "%c%s", t->separator, t->tag);
        if (!buf_ok(&reference))
                return error_oom(err);
        image->kind = kind_names[t->kind];
        image->reference = arena_string(image->arena, reference.data, reference.len);
        return image->reference ? 0 : error_oom(err);
}

static struct source *source_new(void)
{
        struct source *s = calloc(1, sizeof(*s));

        if (s && !(s->image = image_new()))
                return source_free(s);
        return s;
}

/* ---- directories over one another ---- */

int source_open_directories(const struct source_directories *directories, struct source **ret, struct error *err)
{
        _cleanup_(source_freep) struct source *s = source_new();
        struct image *image;

        if (!s)
                return error_oom(err);
        if (directories->n == 0 || directories->n > LIMIT_LAYERS)
                return error_say(err, -EINVAL, "%zu directories of layers, expected 1 to %d", directories->n, LIMIT_LAYERS);
        for (size_t i = 0; i < directories->n; i++) {
                int fd = open(directories->paths[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC), r;

                if (fd < 0)
                        return error_set(err, -errno, "open the layer '%s'", directories->paths[i]);
                r = add_root(s, fd, err);
                if (r < 0)
                        return r;
        }
        image = s->image;
        image->kind = directories->kind;
        image->reference = arena_string(image->arena, directories->reference, strlen(directories->reference));
        image->layers = arena_alloc(image->arena, directories->n * sizeof(*image->layers));
        if (!image->reference || !image->layers)
                return error_oom(err);
        image->n_layers = directories->n;
        s->marks = directories->marks;
        *ret = TAKE_PTR(s);
        return 0;
}

/* "LOWEST:NEXT:…" */
static int open_overlay(const struct target *t, const struct source_options *options, struct source **ret, struct error *err)
{
        _cleanup_free_ const char **paths = NULL;
        _cleanup_free_ char *text = strdup(t->path);
        struct source_directories directories = { .kind = kind_names[KIND_OVERLAY], .reference = t->path,
                                                  .marks = geteuid() ? LAYER_MARKS_USER : LAYER_MARKS_TRUSTED };
        size_t cap = 0;

        if (!text)
                return error_oom(err);
        if (options->platform)
                return error_say(err, -EINVAL, "--platform: directories have no platforms to choose from");
        for (char *rest = text, *path; (path = strsep(&rest, ":"));) {
                if (!*path)
                        return error_say(err, -EINVAL, "'%s': a path is expected before and after each ':'", t->path);
                if (mem_grow(&paths, &cap, directories.n + 1, sizeof(*paths)) < 0)
                        return error_oom(err);
                paths[directories.n++] = path;
        }
        directories.paths = paths;
        return source_open_directories(&directories, ret, err);
}

int source_open(const char *target, const struct source_options *options, struct problem_list *problems,
                struct source **ret, struct error *err)
{
        _cleanup_(source_freep) struct source *s = source_new();
        _cleanup_(target_done) struct target t = { 0 };
        struct error why = ERROR_INIT;
        int r;

        if (!s)
                return error_oom(err);
        r = parse_target(target, &t, &why);
        if (r == 0 && t.kind == KIND_OVERLAY)
                return open_overlay(&t, options, ret, err);
        if (r == 0)
                r = open_target(s, &t, options, problems, &why);
        if (r == 0)
                r = load(s, &t, options, problems, &why);
        if (r < 0)
                r = without_layers(s, r, problems, &why);
        if (r < 0)
                return error_say(err, r, "%s", why.message);
        r = name_image(s->image, &t, err);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(s);
        return 0;
}
