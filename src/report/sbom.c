/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "report/sbom.h"

/* ---- the time ---- */

/* A number of so many digits at `at`; -1 if it is none. */
static int number_at(struct str s, size_t at, size_t digits)
{
        int value = 0;

        if (at + digits > s.n)
                return -1;
        for (size_t i = at; i < at + digits; i++) {
                if (s.p[i] < '0' || s.p[i] > '9')
                        return -1;
                value = value * 10 + (s.p[i] - '0');
        }
        return value;
}

/* RFC 3339, section 5.6, to whole seconds. */
static bool parse_time(struct str s, time_t *ret)
{
        static const struct {
                size_t at, digits;
                int min, max;
        } parts[] = { { 0, 4, 1, 9999 }, { 5, 2, 1, 12 }, { 8, 2, 1, 31 }, { 11, 2, 0, 23 }, { 14, 2, 0, 59 }, { 17, 2, 0, 60 } };
        int values[ELEMENTS_OF(parts)], hours = 0, minutes = 0, sign = 1;
        struct tm tm = { 0 };
        size_t at = 19;

        for (size_t i = 0; i < ELEMENTS_OF(parts); i++) {
                values[i] = number_at(s, parts[i].at, parts[i].digits);
                if (values[i] < parts[i].min || values[i] > parts[i].max)
                        return false;
        }
        if (at < s.n && s.p[at] == '.')
                for (at++; at < s.n && s.p[at] >= '0' && s.p[at] <= '9'; at++)
                        ;
        if (at < s.n && (s.p[at] == '+' || s.p[at] == '-')) {
                sign = s.p[at] == '+' ? 1 : -1;
                hours = number_at(s, at + 1, 2);
                minutes = number_at(s, at + 4, 2);
        } else if (at >= s.n || (s.p[at] != 'Z' && s.p[at] != 'z')) {
                return false;
        }
        if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
                return false;
        tm = (struct tm){ .tm_year = values[0] - 1900, .tm_mon = values[1] - 1, .tm_mday = values[2], .tm_hour = values[3],
                          .tm_min = values[4], .tm_sec = values[5] };
        *ret = timegm(&tm) - sign * (hours * 3600 + minutes * 60);
        return true;
}

/* The one that was asked for, else the image's own, else the beginning of time: never that of the scan. */
static void take_time(struct sbom *sbom, const struct scan_result *result, const struct report_options *options)
{
        time_t when = 0;
        struct tm tm;

        if (options->has_time)
                when = (time_t)options->time;
        else if (result->image->created)
                parse_time(str_from(result->image->created), &when);
        if (!gmtime_r(&when, &tm) || tm.tm_year < 0 - 1899 || tm.tm_year > 9999 - 1900 ||
            strftime(sbom->created, sizeof(sbom->created), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
                strcpy(sbom->created, "1970-01-01T00:00:00Z");
}

/* ---- writing ---- */

static int hash_piece(void *ctx, const char *data, size_t n, struct error *err)
{
        hash_update(ctx, data, n);
        return 0;
}

static int output_piece(void *ctx, const char *data, size_t n, struct error *err)
{
        return output_write(ctx, data, n, err);
}

static int write_once(const struct sbom *sbom, int (*put)(struct json_writer *w, const struct sbom *sbom, struct error *err),
                      int (*piece)(void *ctx, const char *data, size_t n, struct error *err), void *ctx, struct error *err)
{
        _cleanup_(json_writer_freep) struct json_writer *w = NULL;
        int r = json_writer_new(piece, ctx, 2, &w, err);

        if (r == 0)
                r = put(w, sbom, err);
        return r < 0 ? r : json_writer_finish(w, err);
}

/* A UUID of version 8 (RFC 9562, section 5.8): of the SHA-256 of the document without it. */
static void uuid_of(const struct digest *digest, char ret[static SBOM_UUID_MAX])
{
        uint8_t b[16];

        memcpy(b, digest->bytes, sizeof(b));
        b[6] = (uint8_t)((b[6] & 0x0f) | 0x80);
        b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
        snprintf(ret, SBOM_UUID_MAX, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2], b[3],
                 b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}

static const char *name_of(const struct sbom *sbom, const struct report_options *options)
{
        const char *reference = sbom->result->image->reference;

        if (options->name)
                return options->name;
        return sbom->id[0] ? sbom->id : reference ? reference : "unknown";
}

int sbom_write(const struct scan_result *result, const struct report_options *options,
               int (*put)(struct json_writer *w, const struct sbom *sbom, struct error *err), struct output *out,
               struct error *err)
{
        _cleanup_(hash_freep) struct hash *hash = NULL;
        struct sbom sbom = { .result = result };
        struct digest digest;
        int r = hash_new(DIGEST_SHA256, &hash, err);

        if (r < 0)
                return r;
        digest_text(&result->image->image_id, sbom.id);
        sbom.name = name_of(&sbom, options);
        take_time(&sbom, result, options);
        r = write_once(&sbom, put, hash_piece, hash, err);
        if (r < 0)
                return r;
        hash_finish(hash, &digest);
        uuid_of(&digest, sbom.uuid);
        return write_once(&sbom, put, output_piece, out, err);
}

/* ---- packages ---- */

void sbom_package_ref(const struct scan_package *package, char ret[static SBOM_REF_MAX])
{
        const struct package *p = &package->package;
        const struct str parts[] = { p->type, p->name, p->version, p->arch, package->path };
        _cleanup_(buf_free) struct buf all = { 0 };
        uint8_t sha256[SHA256_SIZE];

        for (size_t i = 0; i < ELEMENTS_OF(parts); i++) {
                buf_printf(&all, "%zu:", parts[i].n);
                buf_add_str(&all, parts[i]);
        }
        hash_sha256(all.data, all.len, sha256);
        hex_encode(sha256, (SBOM_REF_MAX - 1) / 2, ret);
}

const char *sbom_package_layer(const struct scan_result *result, const struct scan_package *package,
                               char text[static DIGEST_TEXT_MAX])
{
        static const struct digest none = { 0 };
        bool known = package->layer < result->image->n_layers;

        return digest_text(known ? &result->image->layers[package->layer].diff_id : &none, text);
}

void sbom_package_facts(const struct scan_result *result, const struct scan_package *package,
                        void (*each)(void *ctx, const char *name, struct str value), void *ctx)
{
        const struct package *p = &package->package;
        char layer[DIGEST_TEXT_MAX];
        const struct {
                const char *name;
                struct str value;
        } facts[] = {
                { "architecture", p->arch },
                { "evidence", str_from(package_evidence_name(p->evidence)) },
                { "development", p->development ? STR_LIT("true") : STR_NULL },
                { "layer", str_from(sbom_package_layer(result, package, layer)) },
                { "module", p->module },
                { "owned_by", package->owned_by },
                { "source_name", p->source_name },
                { "source_version", p->source_version },
                { "type", p->type },
                { "vendor", p->vendor },
        };

        for (size_t i = 0; i < ELEMENTS_OF(facts); i++)
                if (facts[i].value.n)
                        each(ctx, facts[i].name, facts[i].value);
}

/* ---- licences ---- */

/* Those of the SPDX list that packages have most, sorted. Others are told as names, which every reader takes. */
static const char *const known_licenses[] = {
        "0BSD", "AFL-2.1", "AGPL-3.0-only", "AGPL-3.0-or-later", "Apache-1.1", "Apache-2.0", "Artistic-1.0", "Artistic-2.0",
        "BSD-1-Clause", "BSD-2-Clause", "BSD-2-Clause-Patent", "BSD-3-Clause", "BSD-4-Clause", "BSL-1.0", "BlueOak-1.0.0",
        "CC-BY-3.0", "CC-BY-4.0", "CC-BY-SA-4.0", "CC0-1.0", "CDDL-1.0", "CDDL-1.1", "CPL-1.0", "EPL-1.0", "EPL-2.0", "EUPL-1.2",
        "FTL", "GFDL-1.3-only", "GFDL-1.3-or-later", "GPL-1.0-or-later", "GPL-2.0-only", "GPL-2.0-or-later", "GPL-3.0-only",
        "GPL-3.0-or-later", "HPND", "ICU", "IJG", "ISC", "LGPL-2.0-only", "LGPL-2.0-or-later", "LGPL-2.1-only", "LGPL-2.1-or-later",
        "LGPL-3.0-only", "LGPL-3.0-or-later", "Libpng", "MIT", "MIT-0", "MPL-1.1", "MPL-2.0", "MS-PL", "NCSA", "OFL-1.1", "OLDAP-2.8",
        "OpenSSL", "PHP-3.01", "PSF-2.0", "PostgreSQL", "Python-2.0", "Ruby", "SMLNJ", "Sleepycat", "UPL-1.0", "Unicode-3.0",
        "Unicode-DFS-2016", "Unlicense", "Vim", "W3C", "WTFPL", "X11", "ZPL-2.1", "Zlib", "bzip2-1.0.6", "curl", "libpng-2.0",
};

static int compare_texts(const void *a, const void *b)
{
        return str_compare(*(const struct str *)a, str_from(*(const char *const *)b));
}

static bool is_known(struct str name)
{
        return bsearch(&name, known_licenses, ELEMENTS_OF(known_licenses), sizeof(*known_licenses), compare_texts) != NULL;
}

/* The next word of an expression: a name, or a parenthesis. */
static struct str next_word(struct str *rest)
{
        struct str s = str_trim(*rest), word = { s.p, 0 };

        while (word.n < s.n && s.p[word.n] != ' ' && s.p[word.n] != '(' && s.p[word.n] != ')')
                word.n++;
        if (word.n == 0 && s.n)
                word.n = 1;
        *rest = (struct str){ s.p + word.n, s.n - word.n };
        return word;
}

/* Names and operators take turns; parentheses are of equal number and never empty. */
bool sbom_is_expression(struct str license)
{
        bool name_wanted = true;
        size_t open = 0;

        while (str_trim(license).n) {
                struct str word = next_word(&license);

                if (str_equals(word, "(")) {
                        open++;
                        if (!name_wanted)
                                return false;
                } else if (str_equals(word, ")")) {
                        if (open-- == 0 || name_wanted)
                                return false;
                } else if (name_wanted ? !is_known(word) : !str_equals(word, "AND") && !str_equals(word, "OR")) {
                        return false;
                } else {
                        name_wanted = !name_wanted;
                }
        }
        return open == 0 && !name_wanted;
}
