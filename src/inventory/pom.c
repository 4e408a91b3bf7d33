/* SPDX-License-Identifier: Apache-2.0 */
/* pom.xml (maven.apache.org/pom.html): dependencies whose version is written in this very file, directly or as one of its
 * properties. What a parent or an imported file says is not known here. */
#include <errno.h>

#include "base/hijack.h"
#include "base/xml.h"
#include "inventory/detectors.h"
#include "inventory/language.h"
#include "model/path.h"

#define POM_MAX (64u << 20)
#define DEPENDENCIES_MAX 100000u
#define PROPERTIES_MAX 2000u
#define LOOK_UPS_MAX 100000u /* properties may name others, many times each */
#define NESTED_MAX 8 /* properties that name properties */
#define EXPANDED_MAX 1024u

struct property {
        struct str name, value;
};

struct dependency {
        struct str group, artifact, version;
        bool test;
};

struct pom {
        struct arena *arena;
        struct buf path; /* of the open elements: "project/dependencies/dependency" */
        struct property *properties;
        size_t n_properties, properties_cap;
        struct dependency *dependencies;
        size_t n_dependencies, dependencies_cap;
        struct dependency at; /* the one being read */
        unsigned look_ups;
        bool more;
};

static int begin(void *ctx, struct str name, struct error *err)
{
        struct pom *p = ctx;

        if (p->path.len)
                buf_putc(&p->path, '/');
        buf_add_str(&p->path, name);
        return buf_ok(&p->path) ? 0 : error_oom(err);
}

static int keep(struct pom *p, struct str text, struct str *ret, struct error *err)
{
        const char *copy = arena_string(p->arena, text.p, text.n);

        if (!copy)
                return error_oom(err);
        *ret = (struct str){ copy, text.n };
        return 0;
}

static int add_property(struct pom *p, struct str name, struct str value, struct error *err)
{
        struct property property;
        int r = keep(p, name, &property.name, err);

        if (r == 0)
                r = keep(p, value, &property.value, err);
        if (r < 0)
                return r;
        if (p->n_properties == PROPERTIES_MAX)
                return 0;
        if (mem_grow(&p->properties, &p->properties_cap, p->n_properties + 1, sizeof(property)) < 0)
                return error_oom(err);
        p->properties[p->n_properties++] = property;
        return 0;
}

static int add_dependency(struct pom *p, struct error *err)
{
        struct dependency d = p->at;

        p->at = (struct dependency){ 0 };
        if (p->n_dependencies == DEPENDENCIES_MAX) {
                p->more = true;
                return 0;
        }
        if (mem_grow(&p->dependencies, &p->dependencies_cap, p->n_dependencies + 1, sizeof(d)) < 0)
                return error_oom(err);
        p->dependencies[p->n_dependencies++] = d;
        return 0;
}

/* Of the project itself, else of its parent. */
static int take_project(struct pom *p, struct str path, struct str text, struct error *err)
{
        static const char *const known[] = { "groupId", "version" };

        for (size_t i = 0; i < ELEMENTS_OF(known); i++) {
                _cleanup_(buf_free) struct buf own = { 0 }, of_parent = { 0 }, name = { 0 };
                bool is_own, is_of_parent;

                buf_printf(&own, "project/%s", known[i]);
                buf_printf(&of_parent, "project/parent/%s", known[i]);
                if (!buf_ok(&own) || !buf_ok(&of_parent))
                        return error_oom(err);
                is_own = str_equal(path, buf_str(&own));
                is_of_parent = str_equal(path, buf_str(&of_parent));
                if (!is_own && !is_of_parent)
                        continue;
                buf_printf(&name, is_own ? "project.%s" : "project.parent.%s", known[i]);
                return buf_ok(&name) ? add_property(p, buf_str(&name), text, err) : error_oom(err);
        }
        return 0;
}

static int end(void *ctx, struct str name, struct str text, struct error *err)
{
        static const char properties[] = "project/properties/", dependency[] = "project/dependencies/dependency";
        struct pom *p = ctx;
        struct str path = buf_str(&p->path), parent = path_parent(path);
        int r;

        if (str_starts(path, properties) && path.n == sizeof(properties) - 1 + name.n)
                r = add_property(p, name, text, err);
        else if (str_equals(path, dependency))
                r = add_dependency(p, err);
        else if (!str_equals(parent, dependency))
                r = take_project(p, path, text, err);
        else if (str_equals(name, "groupId"))
                r = keep(p, text, &p->at.group, err);
        else if (str_equals(name, "artifactId"))
                r = keep(p, text, &p->at.artifact, err);
        else if (str_equals(name, "version"))
                r = keep(p, text, &p->at.version, err);
        else {
                p->at.test |= str_equals(name, "scope") && str_equals(text, "test");
                r = 0;
        }
        p->path.len = parent.p ? parent.n : 0;
        return r;
}

static struct str find_property(const struct pom *p, struct str name)
{
        for (size_t i = p->n_properties; i-- > 0;)
                if (str_equal(p->properties[i].name, name))
                        return p->properties[i].value;
        return STR_NULL;
}

/* "pom.version" and "version" were written for "project.version" once; what a project does not say, its parent does. */
static struct str look_up(const struct pom *p, struct str name)
{
        struct str value;

        if (str_equals(name, "pom.version") || str_equals(name, "version"))
                name = STR_LIT("project.version");
        if (str_equals(name, "pom.groupId") || str_equals(name, "groupId"))
                name = STR_LIT("project.groupId");
        value = find_property(p, name);
        if (!value.p && str_equals(name, "project.version"))
                return find_property(p, STR_LIT("project.parent.version"));
        if (!value.p && str_equals(name, "project.groupId"))
                return find_property(p, STR_LIT("project.parent.groupId"));
        return value;
}

/* Puts properties in. False: one of them is not known here. */
static bool expand(struct pom *p, struct str text, unsigned depth, struct buf *out)
{
        while (text.n) {
                struct str head = text, name, value;
                const char *at = memmem(text.p, text.n, "${", 2);

                if (!at || out->len > EXPANDED_MAX) {
                        buf_add_str(out, text);
                        return !at;
                }
                head.n = (size_t)(at - text.p);
                buf_add_str(out, head);
                text = (struct str){ at + 2, text.n - head.n - 2 };
                name = str_cut(&text, '}');
                value = look_up(p, name);
                if (!value.p || depth == NESTED_MAX || p->look_ups++ >= LOOK_UPS_MAX || !expand(p, value, depth + 1, out))
                        return false;
        }
        return out->len <= EXPANDED_MAX;
}

/* A version that is one: no range, no word. */
static bool is_exact(struct str version)
{
        return version.n && version.p[0] >= '0' && version.p[0] <= '9' && !memchr(version.p, ',', version.n);
}

static int emit(struct pom *p, struct language *l, const struct dependency *d, struct error *err)
{
        _cleanup_(buf_free) struct buf name = { 0 }, version = { 0 };

        HIJACK_POINT("pom");
        if (!expand(p, d->group, 0, &name))
                return 0;
        buf_putc(&name, ':');
        if (!expand(p, d->artifact, 0, &name) || !expand(p, d->version, 0, &version))
                return 0;
        if (!buf_ok(&name) || !buf_ok(&version))
                return error_oom(err);
        if (d->group.n == 0 || d->artifact.n == 0 || !is_exact(buf_str(&version)))
                return 0;
        return language_pair(l, buf_str(&name), buf_str(&version), d->test, err);
}

static int read_pom(const struct detector_file *file, struct record_sink *sink, struct error *err)
{
        struct language l = { .sink = sink, .type = "maven", .evidence = PACKAGE_DECLARED };
        struct content_stream stream = { file->content, 0 };
        struct pom p = { .arena = arena_new() };
        const struct xml_handler handler = { begin, end, &p };
        int r = p.arena ? xml_read(content_source(&stream), &handler, err) : error_oom(err);

        for (size_t i = 0; r == 0 && i < p.n_dependencies; i++)
                r = emit(&p, &l, &p.dependencies[i], err);
        if (p.look_ups >= LOOK_UPS_MAX)
                record_problem(sink, "its properties name one another too often: dependencies were left out");
        if (p.more)
                record_problem(sink, "more than %u dependencies: the rest was left out", DEPENDENCIES_MAX);
        free(p.properties);
        free(p.dependencies);
        buf_free(&p.path);
        arena_free(p.arena);
        language_done(&l);
        return r;
}

static const struct pattern patterns[] = { { PATTERN_NAME, "pom.xml", NULL } };

const struct detector pom_detector = {
        .name = "pom",
        .version = 1,
        .patterns = patterns,
        .n_patterns = ELEMENTS_OF(patterns),
        .wants = language_wants_lockfile,
        .max_size = POM_MAX,
        .read = read_pom,
};
