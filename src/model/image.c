/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/str.h"
#include "model/image.h"

struct image *image_new(void)
{
        struct image *image = calloc(1, sizeof(*image));

        if (image && !(image->arena = arena_new())) {
                free(image);
                return NULL;
        }
        return image;
}

struct image *image_free(struct image *image)
{
        if (image) {
                arena_free(image->arena);
                free(image);
        }
        return NULL;
}

int platform_parse(struct arena *arena, const char *text, struct platform *ret, struct error *err)
{
        struct str rest = str_from(text), os = str_cut(&rest, '/'), arch = str_cut(&rest, '/');
        struct platform p = { 0 };

        if (os.n == 0 || arch.n == 0 || (rest.p && (rest.n == 0 || memchr(rest.p, '/', rest.n))))
                return error_say(err, -EINVAL, "'%s' is not a platform (expected OS/ARCHITECTURE[/VARIANT], such as "
                                 "linux/arm64)", text);
        p.os = arena_string(arena, os.p, os.n);
        p.architecture = arena_string(arena, arch.p, arch.n);
        p.variant = rest.n ? arena_string(arena, rest.p, rest.n) : NULL;
        if (!p.os || !p.architecture || (rest.n && !p.variant))
                return error_oom(err);
        *ret = p;
        return 0;
}

static bool same(const char *a, const char *b)
{
        return a && b && strcmp(a, b) == 0;
}

bool platform_matches(const struct platform *have, const struct platform *want)
{
        return same(have->os, want->os) && same(have->architecture, want->architecture) &&
               (!have->variant || !want->variant || same(have->variant, want->variant));
}

int platform_host(struct arena *arena, struct platform *ret, struct error *err)
{
        static const struct {
                const char *machine, *platform;
        } names[] = {
                { "x86_64", "linux/amd64" }, { "aarch64", "linux/arm64" }, { "armv7l", "linux/arm/v7" },
                { "armv6l", "linux/arm/v6" }, { "i686", "linux/386" }, { "i386", "linux/386" },
                { "ppc64le", "linux/ppc64le" }, { "s390x", "linux/s390x" }, { "riscv64", "linux/riscv64" },
        };
        struct utsname name;

        if (uname(&name) < 0)
                return error_set(err, -errno, "ask for this machine's architecture");
        for (size_t i = 0; i < ELEMENTS_OF(names); i++)
                if (strcmp(name.machine, names[i].machine) == 0)
                        return platform_parse(arena, names[i].platform, ret, err);
        return error_say(err, -ENOTSUP, "this machine's architecture '%s' has no name here: give --platform", name.machine);
}
