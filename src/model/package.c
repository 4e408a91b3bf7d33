/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "model/package.h"

const char *package_evidence_name(enum package_evidence evidence)
{
        return evidence == PACKAGE_DECLARED ? "declared" : "installed";
}

bool package_is_of_distribution(const struct package *package)
{
        return str_equals(package->type, "deb") || str_equals(package->type, "apk") || str_equals(package->type, "rpm");
}

/* All strings of a package, in the order of the encoding. */
#define PACKAGE_STRINGS(p) \
        { &(p)->name, &(p)->version, &(p)->type, &(p)->arch, &(p)->source_name, &(p)->source_version, &(p)->vendor, \
          &(p)->module, &(p)->key }

void package_encode(const struct package *package, struct buf *out)
{
        struct package p = *package;
        struct str *const strings[] = PACKAGE_STRINGS(&p);

        for (size_t i = 0; i < ELEMENTS_OF(strings); i++)
                wire_put_str(out, *strings[i]);
        wire_put_u8(out, (uint8_t)p.evidence);
        wire_put_u8(out, p.development);
        wire_put_u32(out, p.n_licenses);
        for (uint32_t i = 0; i < p.n_licenses; i++)
                wire_put_str(out, p.licenses[i]);
}

/* As ECMA-427 has it (5.6.2), in lower case. */
static bool type_is_valid(struct str type)
{
        for (size_t i = 0; i < type.n; i++) {
                char c = type.p[i];

                if (!(c >= 'a' && c <= 'z') && (i == 0 || (!(c >= '0' && c <= '9') && c != '.' && c != '-')))
                        return false;
        }
        return type.n > 0;
}

int package_decode(struct wire_reader *r, struct arena *arena, struct package *ret)
{
        struct package p = { 0 };
        struct str *const strings[] = PACKAGE_STRINGS(&p);
        struct str *licenses;
        uint8_t evidence, development;

        for (size_t i = 0; i < ELEMENTS_OF(strings); i++)
                *strings[i] = wire_get_str(r);
        evidence = wire_get_u8(r);
        p.evidence = evidence ? PACKAGE_DECLARED : PACKAGE_INSTALLED;
        development = wire_get_u8(r);
        p.development = development != 0;
        p.n_licenses = wire_get_count(r, 4);
        licenses = arena_alloc(arena, ((size_t)p.n_licenses + 1) * sizeof(*licenses));
        if (!licenses)
                return -ENOMEM;
        for (uint32_t i = 0; i < p.n_licenses; i++)
                licenses[i] = wire_get_str(r);
        p.licenses = licenses;
        if (!wire_end(r) || evidence > PACKAGE_DECLARED || development > 1 || p.name.n == 0 || !type_is_valid(p.type))
                return -EBADMSG;
        *ret = p;
        return 0;
}

void distribution_encode(const struct distribution *d, struct buf *out)
{
        wire_put_str(out, d->id);
        wire_put_str(out, d->id_like);
        wire_put_str(out, d->name);
        wire_put_str(out, d->version_id);
        wire_put_str(out, d->codename);
        wire_put_str(out, d->end_of_life);
}

int distribution_decode(struct wire_reader *r, struct distribution *ret)
{
        struct distribution d = { 0 };

        d.id = wire_get_str(r);
        d.id_like = wire_get_str(r);
        d.name = wire_get_str(r);
        d.version_id = wire_get_str(r);
        d.codename = wire_get_str(r);
        d.end_of_life = wire_get_str(r);
        if (!wire_end(r))
                return -EBADMSG;
        *ret = d;
        return 0;
}
