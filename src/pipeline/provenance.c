/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "pipeline/container_layers.h"
#include "pipeline/provenance.h"
#include "pipeline/scan.h"

#define VIEW_VERSION "view 1"
#define PLACES 1024 /* containers whose image was looked up; a power of two */
#define COPIES 1024 /* files of containers' own layers that were compared; a power of two */

enum image_state {
        IMAGE_WAITING,
        IMAGE_SCANNING,
        IMAGE_KNOWN,
        IMAGE_FAILED,
        IMAGE_GONE, /* its container ended before it was read: tried again with another one */
};

struct seen_image {
        struct cache_key key; /* empty: free */
        enum image_state state;
        const struct container *container; /* of which it is read; a reference, until it was */
        uint64_t cgroup;                   /* of that container */
        struct image_view *view;           /* of IMAGE_KNOWN */
        uint64_t asked;                    /* when it was queued, by their number */
        uint64_t used;
        char name[128];                    /* in messages */
};

struct place {
        const struct container *container; /* a reference; NULL: free */
        struct seen_image *image;               /* NULL: it has none */
};

/* A program that was copied up, as it was compared: what is executed again and again is compared once. */
struct copy {
        uint64_t cgroup, ino, path; /* `path`: a hash */
        int64_t ctime, mtime;
        uint32_t dev;
        bool is_same;
        bool used;
};

struct provenance {
        struct provenance_options options;
        uint64_t generation; /* of what is known: what could not be told before is tried again when it changes */
        uint64_t clock;      /* of uses */
        struct seen_image images[PROVENANCE_IMAGES_MAX];
        struct place places[PLACES];
        struct copy copies[COPIES];
        bool told_full;
        int64_t second; /* in which … */
        uint64_t hashed; /* … so many bytes were hashed */
};

/* ---- which image ---- */

#define KNOWS(c, member) ((c)->facts.known >> CONTAINER_##member & 1)

/* An image id is the engine's word: that of another user's engine names nothing but his own directories. */
static int key_of(const struct container *c, const struct source_directories *d, struct arena *arena, struct cache_key *ret)
{
        struct str *parts = arena_alloc(arena, (d->n + 4) * sizeof(*parts));
        size_t n = 0;

        if (!parts)
                return -ENOMEM;
        parts[n++] = STR_LIT(VIEW_VERSION);
        parts[n++] = str_from(scan_version());
        if (c->uid == 0 && KNOWS(c, image_id) && c->facts.image_id.n) {
                parts[n++] = STR_LIT("image");
                parts[n++] = c->facts.image_id;
                *ret = cache_key_of(parts, n);
                return 0;
        }
        parts[n++] = STR_LIT("directories");
        for (size_t i = 0; i < d->n; i++) /* their names are made up by chance, once */
                parts[n++] = str_from(d->paths[i]);
        *ret = cache_key_of(parts, n);
        return 0;
}

static void image_drop(struct provenance *p, struct seen_image *image)
{
        for (size_t i = 0; i < PLACES; i++)
                if (p->places[i].image == image) {
                        container_unref(p->places[i].container);
                        p->places[i] = (struct place){ 0 };
                }
        container_unref(image->container);
        image_view_free(image->view);
        *image = (struct seen_image){ 0 };
}

static bool is_settled(const struct seen_image *image)
{
        return image->state == IMAGE_KNOWN || image->state == IMAGE_FAILED || image->state == IMAGE_GONE;
}

/* A place for another image: a free one, or that of the one not used for longest. NULL: all wait to be scanned. */
static struct seen_image *image_room(struct provenance *p)
{
        struct seen_image *oldest = NULL;

        for (size_t i = 0; i < PROVENANCE_IMAGES_MAX; i++) {
                struct seen_image *image = &p->images[i];

                if (!*image->key.text)
                        return image;
                if (is_settled(image) && (!oldest || image->used < oldest->used))
                        oldest = image;
        }
        if (oldest)
                image_drop(p, oldest);
        return oldest;
}

static struct seen_image *image_find(struct provenance *p, const struct cache_key *key)
{
        for (size_t i = 0; i < PROVENANCE_IMAGES_MAX; i++)
                if (strcmp(p->images[i].key.text, key->text) == 0)
                        return &p->images[i];
        return NULL;
}

static bool take_remembered(struct provenance *p, struct seen_image *image)
{
        struct error err = ERROR_INIT;
        struct image_scan found;
        int r = image_scanner_find(p->options.scanner, &image->key, &found, &err);

        if (r <= 0)
                return false; /* what is wrong shows when it is asked to scan */
        if (image_view_open(found.index, found.owners, found.whole, &image->view, &err) == 0)
                return true;
        log_warning("what is remembered of image '%s' is damaged: %s", image->name, err.message);
        return false;
}

static void name_image(struct seen_image *image, const struct container *c)
{
        struct str name = KNOWS(c, image) ? c->facts.image : KNOWS(c, image_id) ? c->facts.image_id : c->facts.full_id;

        snprintf(image->name, sizeof(image->name), "%.*s", STR_ARG(name));
}

static void image_queue(struct provenance *p, struct seen_image *image, const struct container *c)
{
        image->state = IMAGE_WAITING;
        image->asked = ++p->clock;
        image->container = container_ref(c);
        image->cgroup = c->cgroup_id;
}

static struct seen_image *image_add(struct provenance *p, const struct container *c, const struct cache_key *key)
{
        struct seen_image *image = image_room(p);

        if (!image) {
                if (!p->told_full)
                        log_warning("more than %d images wait to be scanned: of others it is not known where programs come from",
                                    PROVENANCE_IMAGES_MAX);
                p->told_full = true;
                return NULL;
        }
        image->key = *key;
        name_image(image, c);
        if (!p->options.scanner) {
                image->state = IMAGE_FAILED;
        } else if (take_remembered(p, image)) {
                image->state = IMAGE_KNOWN;
                log_info("image '%s' is known from an earlier scan", image->name);
        } else {
                image_queue(p, image, c);
                log_info("image '%s' was not seen before: it is scanned in the background, and until then it is not known where its "
                         "programs come from", image->name);
        }
        return image;
}

static struct seen_image *image_of(struct provenance *p, const struct container *c)
{
        _cleanup_(arena_freep) struct arena *arena = NULL;
        struct place *place = &p->places[(c->cgroup_id ^ c->cgroup_id >> 10) % PLACES];
        struct source_directories directories;
        struct error ignored = ERROR_INIT;
        struct seen_image *image = NULL;
        struct cache_key key;

        if (place->container == c) /* containers never change, and this one can not be freed */
                return place->image;
        arena = arena_new();
        if (arena && container_layers(c, false, arena, &directories, &ignored) == 0 && key_of(c, &directories, arena, &key) == 0) {
                image = image_find(p, &key);
                if (!image)
                        image = image_add(p, c, &key);
                else if (image->state == IMAGE_GONE && image->cgroup != c->cgroup_id && p->options.scanner)
                        image_queue(p, image, c);
        }
        if (!image && p->told_full)
                return NULL; /* there may be room later */
        container_unref(place->container);
        *place = (struct place){ container_ref(c), image };
        return image;
}

void provenance_container(struct provenance *p, const struct container *c)
{
        image_of(p, c);
}

/* ---- the background ---- */

static void settle(struct provenance *p, struct seen_image *image, enum image_state state)
{
        image->state = state;
        image->container = container_unref(image->container);
        p->generation++;
}

static void tell_end(const struct seen_image *image, const struct image_scan *scan, const char *why)
{
        if (scan->code == 0)
                log_info("image '%s' was scanned%s", image->name, scan->whole ? "" : ", though not all of it could be read");
        else if (scan->code == -ENOENT)
                log_info("image '%s' was not scanned, which is tried again with its next container: %s", image->name, why);
        else
                log_warning("image '%s' could not be scanned, and it is not known where its programs come from: %s", image->name, why);
}

static void take_scan(struct provenance *p, struct image_scan *scan)
{
        struct seen_image *image = image_find(p, &scan->key);
        struct error err = ERROR_INIT;

        if (!image || is_settled(image)) { /* one that somebody else asked for, before this process */
                fd_close(scan->index);
                fd_close(scan->owners);
                return;
        }
        if (scan->code == -EBUSY) { /* with such a one */
                image->state = IMAGE_WAITING;
                return;
        }
        if (scan->code == 0)
                scan->code = image_view_open(scan->index, scan->owners, scan->whole, &image->view, &err);
        else
                error_say(&err, scan->code, "%s", scan->message);
        tell_end(image, scan, err.message);
        settle(p, image, scan->code == 0 ? IMAGE_KNOWN : scan->code == -ENOENT ? IMAGE_GONE : IMAGE_FAILED);
}

/* There is no scanner any more: what waits waits for nothing. */
static void give_up(struct provenance *p, const struct error *why)
{
        log_error("images are no longer scanned: %s", why->message);
        p->options.scanner = NULL;
        for (size_t i = 0; i < PROVENANCE_IMAGES_MAX; i++)
                if (*p->images[i].key.text && !is_settled(&p->images[i]))
                        settle(p, &p->images[i], IMAGE_FAILED);
}

/* The one that waits longest; NULL: none, or one is being scanned. */
static struct seen_image *next_image(struct provenance *p)
{
        struct seen_image *next = NULL;

        for (size_t i = 0; i < PROVENANCE_IMAGES_MAX; i++) {
                struct seen_image *image = &p->images[i];

                if (!*image->key.text || is_settled(image))
                        continue;
                if (image->state == IMAGE_SCANNING)
                        return NULL;
                if (!next || image->asked < next->asked)
                        next = image;
        }
        return next;
}

static int hand_over(struct provenance *p, struct seen_image *image, struct error *err)
{
        _cleanup_(arena_freep) struct arena *arena = arena_new();
        struct source_directories directories;
        int r = arena ? container_layers(image->container, false, arena, &directories, err) : error_oom(err);

        return r < 0 ? r : image_scanner_ask(p->options.scanner, &image->key, &directories,
                                                 image->container->init_pid, err);
}

void provenance_step(struct provenance *p)
{
        struct error err = ERROR_INIT;
        struct image_scan scan;
        struct seen_image *next;
        int r;

        if (!p->options.scanner)
                return;
        r = image_scanner_take(p->options.scanner, &scan, &err);
        if (r > 0)
                take_scan(p, &scan);
        next = r < 0 ? NULL : next_image(p);
        if (next) {
                r = hand_over(p, next, &err);
                if (r == 0)
                        next->state = IMAGE_SCANNING;
        }
        if (r == -EPIPE) {
                give_up(p, &err);
        } else if (next && r < 0) {
                log_warning("image '%s' can not be scanned: %s", next->name, err.message);
                settle(p, next, IMAGE_FAILED);
        }
}

/* ---- events ---- */

static uint64_t hash_budget(struct provenance *p)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        if (now.tv_sec != p->second)
                p->hashed = 0;
        p->second = now.tv_sec;
        return MIN_OF(PROVENANCE_HASH_BYTES, PROVENANCE_HASH_SECOND - MIN_OF(p->hashed, PROVENANCE_HASH_SECOND));
}

static struct copy copy_of(const struct container *c, const struct sensor_file *file, struct str path)
{
        struct copy copy = { .cgroup = c->cgroup_id, .ino = file->ino, .path = 0xcbf29ce484222325ull, .ctime = file->ctime,
                             .mtime = file->mtime, .dev = file->dev, .used = true };

        for (size_t i = 0; i < path.n; i++)
                copy.path = (copy.path ^ (unsigned char)path.p[i]) * 0x100000001b3ull;
        return copy;
}

static struct copy *copy_slot(struct provenance *p, const struct copy *copy)
{
        uint64_t h = (copy->path ^ copy->ino * 0x9e3779b97f4a7c15ull ^ copy->cgroup << 20);

        return &p->copies[(h ^ h >> 32) % COPIES];
}

static bool is_that_copy(const struct copy *a, const struct copy *b)
{
        return a->used && a->cgroup == b->cgroup && a->ino == b->ino && a->path == b->path && a->ctime == b->ctime &&
               a->mtime == b->mtime && a->dev == b->dev;
}

static int judge(struct provenance *p, const struct container *c, const struct decoded *d, struct decoder *decoder)
{
        const struct syscall_process *process = d->event.process;
        struct program_request request = {
                .container = c, .file = d->program, .access = &p->options.access, .hash_max = hash_budget(p),
                .executed = d->program_time,
                .path = process->known >> PROCESS_exepath & 1 ? process->exepath : STR_NULL,
        };
        struct seen_image *image = image_of(p, c);
        struct decoder_program said;
        struct copy copy, *slot;
        char layer[12];
        uint64_t hashed;
        bool done;

        if (image && image->state == IMAGE_KNOWN) {
                image->used = ++p->clock;
                request.view = image->view;
        }
        copy = copy_of(c, d->program, request.path);
        slot = copy_slot(p, &copy);
        request.compared = is_that_copy(slot, &copy) ? slot->is_same ? COMPARED_SAME : COMPARED_OTHER : COMPARED_NOT;
        done = program_judge(&request, &said, layer, &hashed);
        copy.is_same = str_equals(said.state, "metadata");
        if (copy.is_same || str_equals(said.state, "modified"))
                *slot = copy;
        p->hashed += hashed;
        return decoder_set_program(decoder, &said, done ? DECODER_PROGRAM_SETTLED : p->generation);
}

int provenance_event(struct provenance *p, const struct container *c, const struct decoded *d, struct decoder *decoder)
{
        static const struct decoder_program nothing;

        if (d->program_tag == DECODER_PROGRAM_SETTLED || d->program_tag == p->generation || !d->event.process)
                return 0;
        if (!c || !d->program)
                return decoder_set_program(decoder, &nothing, p->generation);
        return judge(p, c, d, decoder);
}

/* ---- */

int provenance_new(const struct provenance_options *options, struct provenance **ret, struct error *err)
{
        _cleanup_(provenance_freep) struct provenance *p = calloc(1, sizeof(*p));

        if (!p)
                return error_oom(err);
        p->options = *options;
        p->generation = 1;
        *ret = TAKE_PTR(p);
        return 0;
}

struct provenance *provenance_free(struct provenance *p)
{
        if (!p)
                return NULL;
        for (size_t i = 0; i < PROVENANCE_IMAGES_MAX; i++)
                if (*p->images[i].key.text)
                        image_drop(p, &p->images[i]);
        for (size_t i = 0; i < PLACES; i++)
                container_unref(p->places[i].container);
        free(p);
        return NULL;
}
