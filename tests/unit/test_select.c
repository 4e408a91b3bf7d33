/* SPDX-License-Identifier: Apache-2.0 */
/* Which of several images is meant. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "oci/select.h"

#define HOST { (char *)"linux", (char *)"amd64", NULL }
#define ARM(v) { (char *)"linux", (char *)"arm", (char *)(v) }
#define OTHER { (char *)"linux", (char *)"s390x", NULL }
#define UNKNOWN { (char *)"unknown", (char *)"unknown", NULL }
#define NOT_SAID { NULL, NULL, NULL }
#define NONE (-1)

struct given {
        unsigned digest; /* its first byte */
        struct platform platform;
        const char *ref_name, *image_name;
};

static struct digest digest_of(unsigned byte)
{
        return (struct digest){ .algorithm = DIGEST_SHA256, .bytes = { (uint8_t)byte } };
}

/* The position of what was picked, or NONE with the error. */
static int pick(const struct given *given, size_t n, const struct selection *wanted, bool by_tag, struct error *err)
{
        struct descriptor entries[16] = { 0 };
        struct document index = { .kind = DOCUMENT_INDEX, .entries = entries, .n_entries = (uint32_t)n };
        const struct descriptor *found = NULL;

        for (size_t i = 0; i < n; i++)
                entries[i] = (struct descriptor){ .digest = digest_of(given[i].digest), .platform = given[i].platform,
                                                  .ref_name = given[i].ref_name, .image_name = given[i].image_name };
        *err = (struct error)ERROR_INIT;
        if (select_manifest(&index, wanted, by_tag, &found, err) < 0) {
                assert_null(found);
                assert_true(err->code == -ENOENT || err->code == -EINVAL);
                assert_true(*err->message);
                return NONE;
        }
        return (int)(found - entries);
}

#define PICK(wanted, by_tag, err, ...) pick((const struct given[]){ __VA_ARGS__ }, \
        sizeof((const struct given[]){ __VA_ARGS__ }) / sizeof(struct given), wanted, by_tag, err)

static struct selection any = { .platform = HOST };
static struct selection asked = { .platform = HOST, .platform_asked = true };

static struct selection tagged(const char *tag)
{
        return (struct selection){ .tag = tag, .platform = HOST };
}

static void test_the_only_one(void **state)
{
        struct error err;

        assert_int_equal(PICK(&any, true, &err, { 1, NOT_SAID, NULL, NULL }), 0);
        assert_int_equal(PICK(&any, true, &err, { 1, OTHER, "a", NULL }), 0);
        assert_int_equal(PICK(&any, true, &err, { 9, UNKNOWN, NULL, NULL }, { 1, OTHER, NULL, NULL }), 1);
        assert_int_equal(PICK(&asked, true, &err, { 1, NOT_SAID, NULL, NULL }), 0);
        assert_int_equal(PICK(&asked, true, &err, { 1, OTHER, NULL, NULL }), NONE);
        assert_int_equal(err.code, -ENOENT);
        assert_non_null(strstr(err.message, "no image for linux/amd64; choose with --platform: linux/s390x"));
}

static void test_none(void **state)
{
        struct selection a = tagged("a");
        struct error err;

        assert_int_equal(pick(NULL, 0, &any, true, &err), NONE);
        assert_int_equal(err.code, -ENOENT);
        assert_int_equal(PICK(&any, true, &err, { 9, UNKNOWN, "a", NULL }), NONE);
        assert_int_equal(PICK(&a, true, &err, { 9, UNKNOWN, "a", NULL }), NONE);
        assert_string_equal(err.message, "no image 'a' in it; there are: none");
}

static void test_platforms(void **state)
{
        struct selection v7 = { .platform = ARM("v7"), .platform_asked = true };
        struct selection arm = { .platform = ARM(NULL), .platform_asked = true };
        struct error err;

        assert_int_equal(PICK(&any, false, &err, { 1, OTHER, NULL, NULL }, { 2, HOST, NULL, NULL }), 1);
        assert_int_equal(PICK(&v7, false, &err, { 1, ARM("v6"), NULL, NULL }, { 2, ARM("v7"), NULL, NULL }), 1);
        assert_int_equal(PICK(&v7, false, &err, { 1, ARM(NULL), NULL, NULL }, { 2, ARM("v7"), NULL, NULL }), 1);
        assert_int_equal(PICK(&arm, false, &err, { 1, ARM("v6"), NULL, NULL }, { 2, ARM(NULL), NULL, NULL }), 1);
        assert_int_equal(PICK(&arm, false, &err, { 1, ARM("v6"), NULL, NULL }, { 2, ARM("v7"), NULL, NULL }), 0);
        assert_int_equal(PICK(&v7, false, &err, { 1, NOT_SAID, NULL, NULL }, { 2, ARM("v7"), NULL, NULL }), 1);
        assert_int_equal(PICK(&v7, false, &err, { 1, NOT_SAID, NULL, NULL }, { 2, ARM("v6"), NULL, NULL }), 0);
        assert_int_equal(PICK(&any, false, &err, { 1, OTHER, NULL, NULL }, { 2, ARM("v7"), NULL, NULL }), NONE);
        assert_int_equal(err.code, -EINVAL);
        assert_non_null(strstr(err.message, "this machine's platform"));
        assert_non_null(strstr(err.message, "linux/s390x, linux/arm/v7"));
        /* Images for one platform differ in what is not looked at (os.version …): the first, as the engines do. */
        assert_int_equal(PICK(&any, false, &err, { 1, HOST, NULL, NULL }, { 2, HOST, NULL, NULL }), 0);
}

static void test_tags(void **state)
{
        struct selection one = tagged("1"), two = tagged("2"), no = tagged("3");
        struct error err;

        assert_int_equal(PICK(&one, true, &err, { 1, HOST, "1", NULL }, { 2, HOST, "2", NULL }), 0);
        assert_int_equal(PICK(&two, true, &err, { 1, HOST, "1", NULL }, { 2, HOST, "2", NULL }), 1);
        assert_int_equal(PICK(&two, true, &err, { 1, HOST, "1", NULL }, { 2, OTHER, "2", NULL }), 1);
        assert_int_equal(PICK(&two, true, &err, { 1, HOST, "1", "x:1" }, { 2, HOST, NULL, "2" }), 1);
        assert_int_equal(PICK(&no, true, &err, { 1, HOST, "1", NULL }, { 2, HOST, NULL, "n" }, { 3, HOST, NULL, NULL }), NONE);
        assert_int_equal(err.code, -ENOENT);
        assert_non_null(strstr(err.message, "there are: 1, n, sha256:0300"));
        /* In an index below tags mean nothing. */
        assert_int_equal(PICK(&no, false, &err, { 1, HOST, "1", NULL }, { 2, OTHER, "2", NULL }), 0);
}

static void test_digest_is_a_tag(void **state)
{
        char text[DIGEST_TEXT_MAX];
        struct digest digest = digest_of(2);
        struct selection wanted = tagged(digest_text(&digest, text));
        struct error err;

        assert_int_equal(PICK(&wanted, true, &err, { 1, HOST, "a", NULL }, { 2, HOST, "a", NULL }), 1);
        assert_int_equal(PICK(&wanted, true, &err, { 1, HOST, "a", NULL }, { 2, OTHER, NULL, NULL }), 1);
        wanted.platform_asked = true;
        assert_int_equal(PICK(&wanted, true, &err, { 1, HOST, "a", NULL }, { 2, OTHER, NULL, NULL }), NONE);
}

static void test_short_names(void **state)
{
        struct selection a = tagged("a"), xy = tagged("x/y:2");
        struct error err;

        assert_int_equal(PICK(&a, true, &err, { 1, HOST, "b", NULL }, { 2, HOST, "a:latest", NULL }), 1);
        assert_int_equal(PICK(&a, true, &err, { 1, HOST, "b", NULL }, { 2, HOST, NULL, "docker.io/library/a:latest" }), 1);
        assert_int_equal(PICK(&xy, true, &err, { 1, HOST, "y:2", NULL }, { 2, HOST, NULL, "docker.io/x/y:2" }), 1);
        assert_int_equal(PICK(&a, true, &err, { 1, HOST, "a:latest", NULL }, { 2, HOST, "a", NULL }), 1);
        assert_int_equal(PICK(&a, true, &err, { 1, HOST, "ab", NULL }, { 2, HOST, "a:late", NULL }), NONE);
        assert_int_equal(PICK(&a, true, &err, { 1, HOST, "other.io/library/a", NULL }), NONE);
}

static void test_several(void **state)
{
        struct selection a = tagged("a");
        struct error err;

        assert_int_equal(PICK(&any, true, &err, { 1, HOST, "a", NULL }, { 2, HOST, "b", NULL }), NONE);
        assert_int_equal(err.code, -EINVAL);
        assert_string_equal(err.message, "several images are in it; name one after a colon: a, b");
        /* Of different names none is meant more than another, whatever this machine is … */
        assert_int_equal(PICK(&any, true, &err, { 1, HOST, "a", NULL }, { 2, OTHER, "b", NULL }), NONE);
        /* … but one name, or none, is one image for several platforms. */
        assert_int_equal(PICK(&asked, true, &err, { 1, OTHER, "a", NULL }, { 2, HOST, "b", NULL }), 1);
        assert_int_equal(PICK(&any, true, &err, { 1, OTHER, "a", NULL }, { 2, HOST, "a", NULL }), 1);
        assert_int_equal(PICK(&any, true, &err, { 1, OTHER, NULL, NULL }, { 2, HOST, NULL, NULL }), 1);
        /* Two names of one image. */
        assert_int_equal(PICK(&any, true, &err, { 1, HOST, "a", NULL }, { 1, HOST, "b", NULL }), 0);
        /* Two images of one name: neither may be taken for the other. */
        assert_int_equal(PICK(&a, true, &err, { 1, HOST, "a", NULL }, { 2, HOST, "a", NULL }), NONE);
        assert_non_null(strstr(err.message, "several images in it are called 'a'; name one by its digest"));
        assert_non_null(strstr(err.message, "sha256:01"));
        assert_non_null(strstr(err.message, ", sha256:02"));
        assert_int_equal(PICK(&a, true, &err, { 1, HOST, "a", NULL }, { 2, OTHER, "a", NULL }, { 3, HOST, "b", NULL }), 0);
}

static void test_lists(void **state)
{
        struct descriptor entries[30];
        struct document index = { .entries = entries, .n_entries = ELEMENTS_OF(entries) };
        const struct descriptor *found = NULL;
        char names[ELEMENTS_OF(entries)][8];
        struct error err = ERROR_INIT;

        for (unsigned i = 0; i < ELEMENTS_OF(entries); i++) {
                snprintf(names[i], sizeof(names[i]), "n%u", i);
                entries[i] = (struct descriptor){ .digest = digest_of(i), .ref_name = names[i] };
        }
        /* A name that is part of another is a name of its own; a repeated one is not. */
        entries[1].ref_name = "\033[31mn0";
        entries[0].ref_name = "n";
        entries[2].ref_name = "n";
        assert_int_equal(select_manifest(&index, &any, true, &found, &err), -EINVAL);
        assert_non_null(strstr(err.message, ": n, \\x1b[31mn0, n3, n4,"));
        assert_non_null(strstr(err.message, ", n20, …"));
        assert_null(strstr(err.message, "n21"));
}

/* ---- docker save's manifest.json ---- */

#define HEX "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define HEX2 "ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static const char *of_docker(struct docker_image *images, uint32_t n, const char *tag, struct error *err)
{
        struct document document = { .kind = DOCUMENT_DOCKER, .images = images, .n_images = n };
        const struct docker_image *found = NULL;

        *err = (struct error)ERROR_INIT;
        if (select_docker(&document, tag, &found, err) < 0) {
                assert_true(err->code == -ENOENT || err->code == -EINVAL);
                return NULL;
        }
        return found->config;
}

static void test_docker(void **state)
{
        const char *tags1[] = { "a:1", "b:latest" }, *tags2[] = { "docker.io/library/c:latest" };
        struct docker_image images[] = { { .config = HEX ".json", .tags = tags1, .n_tags = 2 },
                                         { .config = "blobs/sha256/" HEX2, .tags = tags2, .n_tags = 1 },
                                         { .config = "nameless" } };
        struct error err;

        assert_null(of_docker(images, 0, NULL, &err));
        assert_string_equal(of_docker(images, 1, NULL, &err), images[0].config);
        assert_null(of_docker(images, 3, NULL, &err));
        assert_string_equal(err.message, "several images are in it; name one after a colon: a:1, docker.io/library/c:latest, nameless");
        assert_string_equal(of_docker(images, 3, "a:1", &err), images[0].config);
        assert_string_equal(of_docker(images, 3, "b", &err), images[0].config);
        assert_string_equal(of_docker(images, 3, "c", &err), images[1].config);
        assert_string_equal(of_docker(images, 3, "sha256:" HEX, &err), images[0].config);
        assert_string_equal(of_docker(images, 3, "sha256:" HEX2, &err), images[1].config);
        assert_string_equal(of_docker(images, 3, "nameless", &err), images[2].config);
        assert_null(of_docker(images, 3, "a", &err));
        assert_int_equal(err.code, -ENOENT);
        assert_non_null(strstr(err.message, "no image 'a' in it; there are: a:1, "));
}

static void test_docker_with_one_tag_twice(void **state)
{
        const char *tags[] = { "a:latest" }, *exact[] = { "a" };
        struct docker_image images[] = { { .config = HEX ".json", .tags = tags, .n_tags = 1 },
                                         { .config = HEX2 ".json", .tags = tags, .n_tags = 1 } };
        struct error err;

        assert_null(of_docker(images, 2, "a:latest", &err));
        assert_int_equal(err.code, -EINVAL);
        assert_non_null(strstr(err.message, "called 'a:latest'; name one by its digest, after an @: sha256:" HEX ", sha256:" HEX2));
        images[1].tags = exact;
        assert_string_equal(of_docker(images, 2, "a", &err), images[1].config);
        images[1] = images[0];
        assert_string_equal(of_docker(images, 2, "a", &err), images[0].config);
}

static void test_digest_of_name(void **state)
{
        static const char *const wrong[] = { "", ".json", "x.json", "blobs", "blobs/", "blobs/sha256", "blobs/sha256/", HEX,
                                             "blobs/sha256/" HEX "0", "blobs/md5/" HEX, HEX ".JSON", "sha256:" HEX };
        struct digest digest;

        assert_true(select_digest_of_name("blobs/sha256/" HEX, &digest));
        assert_int_equal(digest.bytes[1], 0x11);
        assert_true(select_digest_of_name(HEX2 ".json", &digest));
        assert_int_equal(digest.bytes[0], 0xff);
        assert_true(select_digest_of_name("blobs/sha512/" HEX HEX, &digest));
        assert_int_equal(digest.algorithm, DIGEST_SHA512);
        for (size_t i = 0; i < ELEMENTS_OF(wrong); i++)
                assert_false(select_digest_of_name(wrong[i], &digest));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_only_one),
                cmocka_unit_test(test_none),
                cmocka_unit_test(test_platforms),
                cmocka_unit_test(test_tags),
                cmocka_unit_test(test_digest_is_a_tag),
                cmocka_unit_test(test_short_names),
                cmocka_unit_test(test_several),
                cmocka_unit_test(test_lists),
                cmocka_unit_test(test_docker),
                cmocka_unit_test(test_docker_with_one_tag_twice),
                cmocka_unit_test(test_digest_of_name),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
