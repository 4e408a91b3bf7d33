/* SPDX-License-Identifier: Apache-2.0 */
#include "vuln/db_format.h"

#define NAME_MAX_BYTES 1024 /* of a package; what is longer counts by its beginning */

enum folding { FOLD_NOT, FOLD_CASE, FOLD_PEP503 };

static enum folding folding_of(struct str base)
{
        if (str_equals(base, "PyPI"))
                return FOLD_PEP503;
        return str_equals(base, "NuGet") || str_equals(base, "Packagist") || str_equals(base, "Bitnami") ? FOLD_CASE : FOLD_NOT;
}

static size_t fold(enum folding how, struct str name, char out[static NAME_MAX_BYTES])
{
        size_t n = 0;

        for (size_t i = 0; i < name.n && n < NAME_MAX_BYTES; i++) {
                char c = name.p[i];

                if (how != FOLD_NOT && c >= 'A' && c <= 'Z')
                        c = (char)(c - 'A' + 'a');
                if (how == FOLD_PEP503 && (c == '_' || c == '.'))
                        c = '-';
                if (how != FOLD_PEP503 || c != '-' || n == 0 || out[n - 1] != '-')
                        out[n++] = c;
        }
        return n;
}

static uint64_t hash_of(const char *data, size_t n)
{
        uint8_t digest[SHA256_SIZE];
        uint64_t v;

        hash_sha256(data, n, digest);
        memcpy(&v, digest, sizeof(v));
        return le64toh(v);
}

uint64_t db_hash_package(struct str ecosystem, struct str name)
{
        struct str base = str_cut(&ecosystem, ':');
        char text[NAME_MAX_BYTES + 66];
        size_t n = MIN_OF(base.n, (size_t)64);

        memcpy(text, base.n ? base.p : "", n);
        text[n++] = ':';
        n += fold(folding_of(base), name, text + n);
        return hash_of(text, n);
}

bool db_same_package(struct str ecosystem, struct str a, struct str b)
{
        enum folding how = folding_of(str_cut(&ecosystem, ':'));
        char x[NAME_MAX_BYTES], y[NAME_MAX_BYTES];
        size_t n;

        if (how == FOLD_NOT)
                return str_equal(a, b);
        n = fold(how, a, x);
        return n == fold(how, b, y) && memcmp(x, y, n) == 0;
}

uint64_t db_hash_id(struct str id)
{
        return hash_of(id.n ? id.p : "", id.n);
}

uint64_t db_cve(struct str id)
{
        struct str year;
        uint64_t y, n;

        if (!str_starts(id, "CVE-"))
                return 0;
        id = (struct str){ id.p + 4, id.n - 4 };
        year = str_cut(&id, '-');
        if (str_to_u64(year, 10, &y) < 0 || str_to_u64(id, 10, &n) < 0 || y < 1990 || y > 9999 || n > UINT32_MAX)
                return 0;
        return y << 32 | n;
}
