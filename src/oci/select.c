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

/* "docker.io/library/name" is "name" to people, and "name" is "name:latest". */
static bool is_name(const char *have, const char *tag)
{
        static const char *const implied[] = { "", "docker.io/", "docker.io/library/" };
        size_t n = strlen(tag);

        for (size_t i = 0; have && i < ELEMENTS_OF(implied); i++) {
                size_t skip = strlen(implied[i]);

                if (strncmp(have, implied[i], skip) != 0 || strncmp(have + skip, tag, n) != 0)
                        continue;
                if (!have[skip + n] || strcmp(have + skip + n, ":latest") == 0)
                        return true;
        }
        return false;
}

static bool has_tag(const struct descriptor *d, const char *tag)
{
        char digest[DIGEST_TEXT_MAX];

        return is_name(d->ref_name, tag) || is_name(d->image_name, tag) || same(digest_text(&d->digest, digest), tag);
}

/* ", " between names, each once, at most LISTED_MAX. */
struct list {
        struct buf text;
        unsigned n;
};

static void list_add(struct list *list, struct str name)
{
        _cleanup_(buf_free) struct buf quoted = { 0 };

        buf_add_quoted(&quoted, name);
        if (list->n > LISTED_MAX || (list->text.data && quoted.data && strstr(list->text.data, quoted.data)))
                return;
        buf_puts(&list->text, list->n ? ", " : "");
        if (list->n++ == LISTED_MAX)
                buf_puts(&list->text, "…");
        else
                buf_add_str(&list->text, buf_str(&quoted));
}

static const char *list_text(const struct list *list)
{
        return list->text.len ? list->text.data : "none";
}

static void add_platform(const struct platform *p, struct list *list)
{
        _cleanup_(buf_free) struct buf text = { 0 };

        if (!p->os)
                return;
        buf_printf(&text, "%s/%s%s%s", p->os, p->architecture ? p->architecture : "?", p->variant ? "/" : "",
                   p->variant ? p->variant : "");
        list_add(list, buf_str(&text));
}

static void list_tags(const struct document *index, struct list *list)
{
        char digest[DIGEST_TEXT_MAX];

        for (uint32_t i = 0; i < index->n_entries; i++) {
                const struct descriptor *d = &index->entries[i];
                const char *name = d->ref_name ? d->ref_name : d->image_name;

                if (is_image(d))
                        list_add(list, str_from(name ? name : digest_text(&d->digest, digest)));
        }
}

static int no_such_tag(const struct document *index, const char *tag, struct error *err)
{
        struct list list = { 0 };
        int r;

        list_tags(index, &list);
        r = error_say(err, -ENOENT, "no image '%s' in it; there are: %s", tag, list_text(&list));
        buf_free(&list.text);
        return r;
}

static int no_such_platform(const struct document *index, const struct selection *wanted, struct error *err)
{
        struct list list = { 0 }, asked = { 0 };
        int r;

        for (uint32_t i = 0; i < index->n_entries; i++)
                if (is_image(&index->entries[i]))
                        add_platform(&index->entries[i].platform, &list);
        add_platform(&wanted->platform, &asked);
        r = error_say(err, wanted->platform_asked ? -ENOENT : -EINVAL, "no image for %s%s; choose with --platform: %s",
                      list_text(&asked), wanted->platform_asked ? "" : " (this machine's platform)", list_text(&list));
        buf_free(&list.text);
        buf_free(&asked.text);
        return r;
}

static int several(const struct document *index, struct error *err)
{
        struct list list = { 0 };
        int r;

        list_tags(index, &list);
        r = error_say(err, -EINVAL, "several images are in it; name one after a colon: %s", list_text(&list));
        buf_free(&list.text);
        return r;
}

static bool fits(const struct descriptor *d, const struct selection *wanted, bool by_tag)
{
        return is_image(d) && (!by_tag || !wanted->tag || has_tag(d, wanted->tag));
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

int select_manifest(const struct document *index, const struct selection *wanted, bool by_tag,
                    const struct descriptor **ret, struct error *err)
{
        const struct descriptor *best = NULL, *only = NULL;
        unsigned n = 0, n_best = 0;
        int score = 0;

        for (uint32_t i = 0; i < index->n_entries; i++) {
                const struct descriptor *d = &index->entries[i];
                int s;

                if (!fits(d, wanted, by_tag) || (only && digest_equal(&only->digest, &d->digest)))
                        continue;
                only = d;
                n++;
                s = platform_score(d, wanted);
                if (s > score || !best) {
                        best = s ? d : best;
                        score = s;
                        n_best = s ? 1 : 0;
                } else if (s && s == score && !digest_equal(&best->digest, &d->digest)) {
                        n_best++;
                }
        }
        if (n == 0)
                return by_tag && wanted->tag ? no_such_tag(index, wanted->tag, err) :
                                               error_say(err, -ENOENT, "no image is in it");
        if (n_best > 1 && by_tag && !wanted->tag)
                return several(index, err);
        if (!best && (n > 1 || wanted->platform_asked))
                return no_such_platform(index, wanted, err);
        *ret = best ? best : only;
        return 0;
}

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

static bool docker_has_tag(const struct docker_image *image, const char *tag)
{
        char digest[DIGEST_TEXT_MAX];

        for (uint32_t i = 0; i < image->n_tags; i++)
                if (is_name(image->tags[i], tag))
                        return true;
        return same(docker_digest(image, digest), tag);
}

int select_docker(const struct document *document, const char *tag, const struct docker_image **ret, struct error *err)
{
        const struct docker_image *found = NULL;
        char digest[DIGEST_TEXT_MAX];
        struct list list = { 0 };
        unsigned n = 0;
        int r = 0;

        for (uint32_t i = 0; i < document->n_images; i++) {
                const struct docker_image *image = &document->images[i];

                list_add(&list, str_from(image->n_tags ? image->tags[0] : docker_digest(image, digest)));
                if (tag && !docker_has_tag(image, tag))
                        continue;
                found = found ? found : image;
                n++;
        }
        if (n == 0)
                r = tag ? error_say(err, -ENOENT, "no image '%s' in it; there are: %s", tag, list_text(&list)) :
                          error_say(err, -ENOENT, "no image is in it");
        else if (n > 1 && !tag)
                r = error_say(err, -EINVAL, "several images are in it; name one after a colon: %s", list_text(&list));
        buf_free(&list.text);
        if (r == 0)
                *ret = found;
        return r;
}
