/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "oci/select.h"

#define LISTED_MAX 20 /* names in a message */

static bool same(const char *a, const char *b)
{
        return a && b && strcmp(a, b) == 0;
}

/* Attestations and the like stand in an index as images for a platform that does not exist. */
static bool is_image(const struct descriptor *d)
{
        return !same(d->platform.os, "unknown") || !same(d->platform.architecture, "unknown");
}

/* How well a name fits what was typed: 2 it is the same, 1 where people leave out "docker.io/", "docker.io/library/" and
 * ":latest", 0 not. */
static int name_score(const char *have, const char *tag)
{
        static const char *const implied[] = { "", "docker.io/", "docker.io/library/" };
        size_t n = strlen(tag);

        if (same(have, tag))
                return 2;
        for (size_t i = 0; have && i < ELEMENTS_OF(implied); i++) {
                size_t skip = strlen(implied[i]);

                if (strncmp(have, implied[i], skip) == 0 && strncmp(have + skip, tag, n) == 0 &&
                    (!have[skip + n] || strcmp(have + skip + n, ":latest") == 0))
                        return 1;
        }
        return 0;
}

static int tag_score(const struct descriptor *d, const char *tag)
{
        char digest[DIGEST_TEXT_MAX];

        if (same(digest_text(&d->digest, digest), tag))
                return 2;
        return MAX_OF(name_score(d->ref_name, tag), name_score(d->image_name, tag));
}

/* ", " between names, each once, at most LISTED_MAX. */
struct list {
        struct buf text;
        struct buf names; /* as they are, each with its terminating NUL */
        unsigned n;
};

static void list_done(struct list *list)
{
        buf_free(&list->text);
        buf_free(&list->names);
}

static void list_add(struct list *list, const char *name)
{
        for (size_t at = 0; at < list->names.len; at += strlen(list->names.data + at) + 1)
                if (strcmp(list->names.data + at, name) == 0)
                        return;
        if (list->n > LISTED_MAX)
                return;
        buf_puts(&list->text, list->n ? ", " : "");
        if (list->n++ == LISTED_MAX) {
                buf_puts(&list->text, "…");
                return;
        }
        buf_add_quoted(&list->text, str_from(name));
        buf_add(&list->names, name, strlen(name) + 1);
}

static const char *list_text(const struct list *list)
{
        return list->text.len ? list->text.data : "none";
}

static void list_platform(struct list *list, const struct platform *p)
{
        _cleanup_(buf_free) struct buf text = { 0 };

        if (!p->os)
                return;
        buf_printf(&text, "%s/%s%s%s", p->os, p->architecture ? p->architecture : "?", p->variant ? "/" : "",
                   p->variant ? p->variant : "");
        if (buf_ok(&text))
                list_add(list, text.data);
}

static const char *name_of(const struct descriptor *d)
{
        return d->ref_name ? d->ref_name : d->image_name;
}

/* ---- an index ---- */

static void list_images(const struct document *index, struct list *list)
{
        char digest[DIGEST_TEXT_MAX];

        for (uint32_t i = 0; i < index->n_entries; i++) {
                const char *name = name_of(&index->entries[i]);

                if (is_image(&index->entries[i]))
                        list_add(list, name ? name : digest_text(&index->entries[i].digest, digest));
        }
}

static int no_such_tag(const struct document *index, const char *tag, struct error *err)
{
        _cleanup_(list_done) struct list list = { 0 };

        list_images(index, &list);
        return error_say(err, -ENOENT, "no image '%s' in it; there are: %s", tag, list_text(&list));
}

static int no_such_platform(const struct document *index, const struct selection *wanted, struct error *err)
{
        _cleanup_(list_done) struct list list = { 0 }, asked = { 0 };

        for (uint32_t i = 0; i < index->n_entries; i++)
                if (is_image(&index->entries[i]))
                        list_platform(&list, &index->entries[i].platform);
        list_platform(&asked, &wanted->platform);
        return error_say(err, wanted->platform_asked ? -ENOENT : -EINVAL, "no image for %s%s; choose with --platform: %s",
                         list_text(&asked), wanted->platform_asked ? "" : " (this machine's platform)", list_text(&list));
}

/* What is looked at: images, and where a tag was asked for those that it fits best. */
static bool fits(const struct descriptor *d, const char *tag, int least)
{
        return is_image(d) && (!tag || tag_score(d, tag) >= least);
}

static int several(const struct document *index, const char *tag, int least, struct error *err)
{
        _cleanup_(list_done) struct list list = { 0 };
        char digest[DIGEST_TEXT_MAX];

        if (!tag) {
                list_images(index, &list);
                return error_say(err, -EINVAL, "several images are in it; name one after a colon: %s", list_text(&list));
        }
        for (uint32_t i = 0; i < index->n_entries; i++)
                if (fits(&index->entries[i], tag, least))
                        list_add(&list, digest_text(&index->entries[i].digest, digest));
        return error_say(err, -EINVAL, "several images in it are called '%s'; name one by its digest, after an @: %s", tag,
                         list_text(&list));
}

/* How well a descriptor's platform fits: 3 the same, 2 where only one names a variant, 1 where it names none, 0 not. */
static int platform_score(const struct descriptor *d, const struct selection *wanted)
{
        const struct platform *p = &d->platform;

        if (!p->os || !p->architecture)
                return 1;
        if (!platform_matches(p, &wanted->platform))
                return 0;
        return !p->variant == !wanted->platform.variant ? 3 : 2;
}

struct choice {
        const struct descriptor *first, *best; /* of those that fit; with the best platform, the first of these */
        int score;
        bool others;      /* another image fits */
        bool other_names; /* one that has another name */
        bool equals;      /* one for a platform that is as good as the best */
};

static void consider(struct choice *c, const struct descriptor *d, int score)
{
        if (!c->first)
                c->first = d;
        if (!digest_equal(&c->first->digest, &d->digest)) {
                c->others = true;
                c->other_names |= name_of(d) && name_of(c->first) && !same(name_of(d), name_of(c->first));
        }
        if (score > c->score) {
                c->best = d;
                c->score = score;
                c->equals = false;
        } else if (score && score == c->score && !digest_equal(&c->best->digest, &d->digest)) {
                c->equals = true;
        }
}

int select_manifest(const struct document *index, const struct selection *wanted, bool by_tag,
                    const struct descriptor **ret, struct error *err)
{
        const char *tag = by_tag ? wanted->tag : NULL;
        struct choice c = { 0 };
        int least = tag ? 1 : 0;

        for (uint32_t i = 0; tag && i < index->n_entries; i++)
                if (is_image(&index->entries[i]))
                        least = MAX_OF(least, tag_score(&index->entries[i], tag));
        for (uint32_t i = 0; i < index->n_entries; i++)
                if (fits(&index->entries[i], tag, least))
                        consider(&c, &index->entries[i], platform_score(&index->entries[i], wanted));
        if (!c.first)
                return tag ? no_such_tag(index, tag, err) : error_say(err, -ENOENT, "no image is in it");
        if (by_tag && (c.equals || (!tag && !wanted->platform_asked && c.other_names)))
                return several(index, tag, least, err);
        if (!c.best && (c.others || wanted->platform_asked))
                return no_such_platform(index, wanted, err);
        *ret = c.best ? c.best : c.first;
        return 0;
}

/* ---- docker save's manifest.json ---- */

bool select_digest_of_name(const char *name, struct digest *ret)
{
        _cleanup_(buf_free) struct buf text = { 0 };
        struct str s = str_from(name);

        if (str_starts(s, "blobs/")) {
                buf_puts(&text, name + strlen("blobs/"));
                if (text.len > 6 && text.data[6] == '/')
                        text.data[6] = ':';
        } else if (str_ends(s, ".json")) {
                buf_printf(&text, "sha256:%.*s", (int)(s.n - strlen(".json")), name);
        }
        return buf_ok(&text) && digest_parse(buf_str(&text), ret, NULL) == 0;
}

/* What an image without a tag is called: the digest of its configuration, where its name tells. */
static const char *docker_digest(const struct docker_image *image, char text[static DIGEST_TEXT_MAX])
{
        struct digest digest;

        return select_digest_of_name(image->config, &digest) ? digest_text(&digest, text) : image->config;
}

static int docker_score(const struct docker_image *image, const char *tag)
{
        char digest[DIGEST_TEXT_MAX];
        int score = same(docker_digest(image, digest), tag) ? 2 : 0;

        for (uint32_t i = 0; i < image->n_tags; i++)
                score = MAX_OF(score, name_score(image->tags[i], tag));
        return score;
}

static int several_docker(const struct document *document, const char *tag, int least, struct error *err)
{
        _cleanup_(list_done) struct list list = { 0 };
        char digest[DIGEST_TEXT_MAX];

        for (uint32_t i = 0; i < document->n_images; i++) {
                const struct docker_image *image = &document->images[i];

                if (!least)
                        list_add(&list, image->n_tags ? image->tags[0] : docker_digest(image, digest));
                else if (docker_score(image, tag) >= least)
                        list_add(&list, docker_digest(image, digest));
        }
        if (!tag)
                return error_say(err, -EINVAL, "several images are in it; name one after a colon: %s", list_text(&list));
        if (!least)
                return error_say(err, -ENOENT, "no image '%s' in it; there are: %s", tag, list_text(&list));
        return error_say(err, -EINVAL, "several images in it are called '%s'; name one by its digest, after an @: %s", tag,
                         list_text(&list));
}

int select_docker(const struct document *document, const char *tag, const struct docker_image **ret, struct error *err)
{
        const struct docker_image *found = NULL;
        bool others = false;
        int least = 0;

        for (uint32_t i = 0; i < document->n_images; i++) {
                const struct docker_image *image = &document->images[i];
                int score = tag ? docker_score(image, tag) : 0;

                if (tag && score == 0)
                        continue;
                if (!found || score > least) {
                        found = image;
                        others = false;
                } else if (score == least && !same(found->config, image->config)) {
                        others = true;
                }
                least = MAX_OF(least, score);
        }
        if (document->n_images == 0)
                return error_say(err, -ENOENT, "no image is in it");
        if (!found || others)
                return several_docker(document, tag, least, err);
        *ret = found;
        return 0;
}
