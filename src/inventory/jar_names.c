/* SPDX-License-Identifier: Apache-2.0 */
#include <strings.h>

#include "inventory/jar.h"

bool jar_is_archive(struct str name)
{
        static const char *const ends[] = { ".jar", ".war", ".ear", ".sar", ".rar", ".par", ".jpi", ".hpi", ".lpkg" };

        for (size_t i = 0; i < ELEMENTS_OF(ends); i++) {
                size_t n = strlen(ends[i]);

                if (name.n > n && strncasecmp(name.p + name.n - n, ends[i], n) == 0)
                        return true;
        }
        return false;
}

void jar_split_name(struct str file_name, struct str *ret_artifact, struct str *ret_version)
{
        struct str s = file_name;

        s.n -= jar_is_archive(s) ? (size_t)(s.p + s.n - (const char *)memrchr(s.p, '.', s.n)) : 0;
        *ret_artifact = s;
        *ret_version = STR_NULL;
        for (size_t i = 1; i + 1 < s.n; i++) {
                if (s.p[i] != '-' || s.p[i + 1] < '0' || s.p[i + 1] > '9')
                        continue;
                ret_artifact->n = i;
                *ret_version = (struct str){ s.p + i + 1, s.n - i - 1 };
                return;
        }
}

/* ---- the manifest ---- */

static bool is_field(struct str name, const char *field)
{
        return name.n == strlen(field) && strncasecmp(name.p, field, name.n) == 0;
}

static struct buf *value_of(struct jar_manifest *m, struct str name)
{
        return is_field(name, "Implementation-Version")   ? &m->implementation_version :
               is_field(name, "Specification-Version")    ? &m->specification_version :
               is_field(name, "Bundle-Version")           ? &m->bundle_version :
               is_field(name, "Implementation-Vendor-Id") ? &m->vendor_id :
               is_field(name, "Bundle-SymbolicName")      ? &m->symbolic_name :
               is_field(name, "Bundle-License")           ? &m->license :
                                                            NULL;
}

int jar_read_manifest(struct str text, struct jar_manifest *m, struct error *err)
{
        struct buf *current = NULL;
        bool ok = true;

        while (text.n) {
                struct str line = str_cut(&text, '\n'), value, name;

                if (line.n && line.p[line.n - 1] == '\r')
                        line.n--;
                if (line.n == 0)
                        break; /* sections of single files follow */
                if (line.p[0] == ' ') { /* goes on with the line before */
                        if (current)
                                buf_add(current, line.p + 1, line.n - 1);
                        continue;
                }
                value = line;
                name = str_cut(&value, ':');
                current = value_of(m, name);
                if (current) {
                        buf_clear(current);
                        buf_add_str(current, str_trim(value));
                }
        }
        ok = buf_ok(&m->implementation_version) && buf_ok(&m->specification_version) && buf_ok(&m->bundle_version) &&
             buf_ok(&m->vendor_id) && buf_ok(&m->symbolic_name) && buf_ok(&m->license);
        return ok ? 0 : error_oom(err);
}

void jar_manifest_done(struct jar_manifest *m)
{
        buf_free(&m->implementation_version);
        buf_free(&m->specification_version);
        buf_free(&m->bundle_version);
        buf_free(&m->vendor_id);
        buf_free(&m->symbolic_name);
        buf_free(&m->license);
}

/* A version is one word that begins with a digit; programs write other things too ("${project.version}", "1.0 build 3"). */
static struct str plain_version(const struct buf *value)
{
        struct str rest = buf_str(value), word = str_trim(str_cut(&rest, ' '));

        return word.n && word.p[0] >= '0' && word.p[0] <= '9' ? word : STR_NULL;
}

struct str jar_manifest_version(const struct jar_manifest *m)
{
        struct str version = plain_version(&m->implementation_version);

        if (version.n == 0)
                version = plain_version(&m->bundle_version);
        return version.n ? version : plain_version(&m->specification_version);
}

/* A group is a name of a domain, turned round. */
static bool is_group(struct str s)
{
        return s.n && memchr(s.p, '.', s.n) && !memchr(s.p, ' ', s.n) && !memchr(s.p, '/', s.n) && !memchr(s.p, ':', s.n);
}

struct str jar_manifest_group(const struct jar_manifest *m, struct str artifact)
{
        struct str vendor = buf_str(&m->vendor_id), name = buf_str(&m->symbolic_name);

        if (is_group(vendor))
                return vendor;
        name = str_trim(str_cut(&name, ';'));
        /* "org.example.thing" is the group of the artifact thing. */
        if (name.n > artifact.n + 1 && name.p[name.n - artifact.n - 1] == '.' &&
            memcmp(name.p + name.n - artifact.n, artifact.p, artifact.n) == 0)
                name.n -= artifact.n + 1;
        else
                return STR_NULL;
        return is_group(name) ? name : STR_NULL;
}

/* ---- pom.properties ---- */

int jar_read_properties(struct str text, struct jar_properties *p, struct error *err)
{
        while (text.n) {
                struct str value = str_trim(str_cut(&text, '\n')), key;
                struct buf *out;

                if (value.n == 0 || value.p[0] == '#' || value.p[0] == '!')
                        continue;
                key = str_trim(str_cut(&value, memchr(value.p, '=', value.n) ? '=' : ':'));
                out = str_equals(key, "groupId")    ? &p->group :
                      str_equals(key, "artifactId") ? &p->artifact :
                      str_equals(key, "version")    ? &p->version :
                                                      NULL;
                if (!out)
                        continue;
                buf_clear(out);
                buf_add_str(out, str_trim(value));
        }
        return buf_ok(&p->group) && buf_ok(&p->artifact) && buf_ok(&p->version) ? 0 : error_oom(err);
}

void jar_properties_done(struct jar_properties *p)
{
        buf_free(&p->group);
        buf_free(&p->artifact);
        buf_free(&p->version);
}
