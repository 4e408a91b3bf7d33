/* SPDX-License-Identifier: Apache-2.0 */

#include <stddef.h>
#include <stdio.h>
#include <time.h>

#include "inspect/facts.h"
#include "model/limits.h"

#define DAY (24 * 60 * 60)

static const struct image *image_of(const struct fact *fact)
{
        return ((const struct image_fact *)fact->data)->image;
}

static struct value absent(void)
{
        return (struct value){ .state = VALUE_ABSENT };
}

static struct value unknown(void)
{
        return (struct value){ .state = VALUE_UNKNOWN };
}

static struct value text_or_absent(const char *text)
{
        return text && *text ? value_of_string(str_from(text)) : absent();
}

struct value value_of_texts(const char *const *texts, uint32_t n, struct value_scratch *scratch)
{
        struct value *items = value_scratch_alloc(scratch, (size_t)n * sizeof(*items));

        if (!items && n)
                return unknown();
        for (uint32_t i = 0; i < n; i++)
                items[i] = value_of_string(str_from(texts[i]));
        return value_of_list(VALUE_STRING, items, n);
}

/* A root directory has no settings; those of an image may be unreadable. True if they can be read. */
static bool has_settings(const struct image *image, struct value *ret)
{
        if (image->settings.known)
                return true;
        *ret = digest_is_set(&image->image_id) || image->n_layers ? unknown() : absent();
        return false;
}

/* ---- what it is ---- */

GETTER(get_id)
{
        const struct image *image = image_of(fact);
        char *text = value_scratch_alloc(scratch, DIGEST_TEXT_MAX);

        *ret = !digest_is_set(&image->image_id) ? absent() :
               text ? value_of_string(str_from(digest_text(&image->image_id, text))) : unknown();
}

GETTER(get_kind)
{
        *ret = text_or_absent(image_of(fact)->kind);
}

GETTER(get_reference)
{
        *ret = text_or_absent(image_of(fact)->reference);
}

GETTER(get_tags)
{
        const struct image *image = image_of(fact);

        *ret = value_of_texts((const char *const *)image->repo_tags, (uint32_t)image->n_repo_tags, scratch);
}

GETTER(get_os)
{
        *ret = text_or_absent(image_of(fact)->platform.os);
}

GETTER(get_architecture)
{
        *ret = text_or_absent(image_of(fact)->platform.architecture);
}

GETTER(get_layers)
{
        *ret = value_of_number((int64_t)image_of(fact)->n_layers);
}

GETTER(get_size)
{
        const struct image *image = image_of(fact);
        int64_t size = 0;

        for (size_t i = 0; i < image->n_layers; i++)
                size += (int64_t)MIN_OF(image->layers[i].size, (uint64_t)INT64_MAX / LIMIT_LAYERS);
        *ret = value_of_number(size);
}

/* ---- when ---- */

static bool parse_days(const char *text, int64_t *ret)
{
        struct tm tm = { 0 };
        int year, month, day;

        if (!text || sscanf(text, "%4d-%2d-%2d", &year, &month, &day) != 3 || month < 1 || month > 12 || day < 1 || day > 31)
                return false;
        tm.tm_year = year - 1900;
        tm.tm_mon = month - 1;
        tm.tm_mday = day;
        *ret = (int64_t)timegm(&tm) / DAY;
        return true;
}

GETTER(get_created)
{
        const struct image *image = image_of(fact);

        if (has_settings(image, ret))
                *ret = text_or_absent(image->created);
}

/* Reproducible builds write the epoch, or year 1: that is no age. */
GETTER(get_age_days)
{
        const struct image_fact *f = fact->data;
        int64_t created;

        if (!has_settings(f->image, ret))
                return;
        if (parse_days(f->image->created, &created) && created > 365)
                *ret = value_of_number(f->now / DAY - created);
        else
                *ret = absent();
}

/* ---- the distribution ---- */

static void get_of_distribution(const struct fact *fact, size_t offset, struct value *ret)
{
        const struct image_fact *f = fact->data;
        struct str text = STR_NULL;

        if (f->distribution)
                text = *(const struct str *)((const char *)f->distribution + offset);
        *ret = text.n ? value_of_string(text) : absent();
}

GETTER(get_distribution)
{
        get_of_distribution(fact, offsetof(struct distribution, id), ret);
}

GETTER(get_distribution_version)
{
        get_of_distribution(fact, offsetof(struct distribution, version_id), ret);
}

GETTER(get_end_of_life)
{
        get_of_distribution(fact, offsetof(struct distribution, end_of_life), ret);
}

GETTER(get_end_of_life_days)
{
        const struct image_fact *f = fact->data;
        char text[16];
        int64_t end;

        *ret = absent();
        if (!f->distribution || f->distribution->end_of_life.n >= sizeof(text))
                return;
        snprintf(text, sizeof(text), "%.*s", STR_ARG(f->distribution->end_of_life));
        if (parse_days(text, &end))
                *ret = value_of_number(end - f->now / DAY);
}

/* ---- how a container of it is started ---- */

GETTER(get_user)
{
        const struct image *image = image_of(fact);

        if (has_settings(image, ret))
                *ret = text_or_absent(image->user);
}

/* "", "0", "root", each with a group behind a colon or without. */
GETTER(get_runs_as_root)
{
        const struct image *image = image_of(fact);
        struct str group = str_from(image->user), user = str_cut(&group, ':');

        if (has_settings(image, ret))
                *ret = value_of_bool(user.n == 0 || str_equals(user, "0") || str_equals(user, "root"));
}

GETTER(get_entrypoint)
{
        const struct image *image = image_of(fact);

        if (has_settings(image, ret))
                *ret = value_of_texts(image->settings.entrypoint, image->settings.n_entrypoint, scratch);
}

GETTER(get_command)
{
        const struct image *image = image_of(fact);

        if (has_settings(image, ret))
                *ret = value_of_texts(image->settings.command, image->settings.n_command, scratch);
}

GETTER(get_environment)
{
        const struct image *image = image_of(fact);

        if (has_settings(image, ret))
                *ret = value_of_texts(image->settings.environment, image->settings.n_environment, scratch);
}

/* Names of variables that have a value: one that is set to nothing gives nothing away. */
GETTER(get_environment_names)
{
        const struct image *image = image_of(fact);
        struct value *items;
        uint32_t n = 0;

        if (!has_settings(image, ret))
                return;
        items = value_scratch_alloc(scratch, (size_t)image->settings.n_environment * sizeof(*items));
        if (!items && image->settings.n_environment) {
                *ret = unknown();
                return;
        }
        for (uint32_t i = 0; i < image->settings.n_environment; i++) {
                struct str value = str_from(image->settings.environment[i]), name = str_cut(&value, '=');

                if (value.n)
                        items[n++] = value_of_string(name);
        }
        *ret = value_of_list(VALUE_STRING, items, n);
}

GETTER(get_ports)
{
        const struct image *image = image_of(fact);

        if (has_settings(image, ret))
                *ret = value_of_texts(image->settings.ports, image->settings.n_ports, scratch);
}

GETTER(get_volumes)
{
        const struct image *image = image_of(fact);

        if (has_settings(image, ret))
                *ret = value_of_texts(image->settings.volumes, image->settings.n_volumes, scratch);
}

GETTER(get_history)
{
        const struct image *image = image_of(fact);

        if (has_settings(image, ret))
                *ret = value_of_texts(image->settings.history, image->settings.n_history, scratch);
}

GETTER(get_label)
{
        const struct image *image = image_of(fact);

        if (!has_settings(image, ret))
                return;
        *ret = absent();
        for (uint32_t i = 0; i < image->settings.n_labels; i++)
                if (str_equals(argument->key, image->settings.labels[i].name))
                        *ret = value_of_string(str_from(image->settings.labels[i].value));
}

GETTER(get_working_directory)
{
        const struct image *image = image_of(fact);

        if (has_settings(image, ret))
                *ret = text_or_absent(image->settings.working_directory);
}

GETTER(get_has_health_check)
{
        const struct image *image = image_of(fact);

        if (has_settings(image, ret))
                *ret = value_of_bool(image->settings.has_health_check);
}

GETTER(get_json)
{
        const struct image *image = image_of(fact);

        if (has_settings(image, ret))
                *ret = json_tree_get(&image->settings.document, argument->key, scratch);
}

#define CONFIG "image configuration"

static const struct field fields[] = {
        { .name = "image.age_days", .type = VALUE_NUMBER, .get = get_age_days, .origin = CONFIG,
          .doc = "Days since the image was built; absent where the build hides it." },
        { .name = "image.architecture", .type = VALUE_STRING, .get = get_architecture, .origin = CONFIG,
          .doc = "The architecture it is for, as Go names it: amd64, arm64." },
        { .name = "image.command", .type = VALUE_STRING, .is_list = true, .get = get_command, .origin = CONFIG,
          .doc = "The words of the default command (CMD)." },
        { .name = "image.created", .type = VALUE_STRING, .get = get_created, .origin = CONFIG,
          .doc = "When it was built, as written." },
        { .name = "image.distribution", .type = VALUE_STRING, .get = get_distribution, .origin = "os-release",
          .doc = "The distribution's ID: debian, alpine." },
        { .name = "image.distribution.end_of_life", .type = VALUE_STRING, .get = get_end_of_life, .origin = "table of releases",
          .doc = "The last day with security support that is free for all, YYYY-MM-DD." },
        { .name = "image.distribution.end_of_life_days", .type = VALUE_NUMBER, .get = get_end_of_life_days,
          .origin = "table of releases", .doc = "Days until then; negative once it has passed." },
        { .name = "image.distribution.version", .type = VALUE_STRING, .get = get_distribution_version, .origin = "os-release",
          .doc = "The distribution's VERSION_ID." },
        { .name = "image.entrypoint", .type = VALUE_STRING, .is_list = true, .get = get_entrypoint, .origin = CONFIG,
          .doc = "The words of the entry point." },
        { .name = "image.env", .type = VALUE_STRING, .is_list = true, .several = SEVERAL_ANY, .get = get_environment,
          .origin = CONFIG, .doc = "The environment, each NAME=VALUE; an operator holds if it does for any." },
        { .name = "image.env_names", .type = VALUE_STRING, .is_list = true, .several = SEVERAL_ANY,
          .get = get_environment_names, .origin = CONFIG,
          .doc = "Names of the variables that have a value; an operator holds if it does for any." },
        { .name = "image.has_health_check", .type = VALUE_BOOL, .get = get_has_health_check, .origin = CONFIG,
          .doc = "Whether a health check is set." },
        { .name = "image.history", .type = VALUE_STRING, .is_list = true, .several = SEVERAL_ANY, .get = get_history,
          .origin = CONFIG, .doc = "The commands that made it; an operator holds if it does for any." },
        { .name = "image.id", .type = VALUE_STRING, .get = get_id, .origin = CONFIG,
          .doc = "The digest of its configuration, which is its identity." },
        { .name = "image.kind", .type = VALUE_STRING, .get = get_kind, .origin = "target",
          .doc = "How it is stored: oci-dir, oci-archive, docker-archive, dir." },
        { .name = "image.label", .type = VALUE_STRING, .argument = ARGUMENT_KEY, .argument_required = true,
          .get = get_label, .origin = CONFIG, .doc = "A label by its name." },
        { .name = "image.layers", .type = VALUE_NUMBER, .get = get_layers, .origin = "manifest", .doc = "How many layers it has." },
        { .name = "image.os", .type = VALUE_STRING, .get = get_os, .origin = CONFIG, .doc = "The operating system it is for." },
        { .name = "image.ports", .type = VALUE_STRING, .is_list = true, .several = SEVERAL_ANY, .get = get_ports,
          .origin = CONFIG, .doc = "Exposed ports, as 80/tcp; an operator holds if it does for any." },
        { .name = "image.reference", .type = VALUE_STRING, .get = get_reference, .origin = "target",
          .doc = "The target, as it can be typed again." },
        { .name = "image.runs_as_root", .type = VALUE_BOOL, .get = get_runs_as_root, .origin = CONFIG,
          .doc = "Whether its processes start as root, by the user it names or by naming none." },
        { .name = "image.size", .type = VALUE_NUMBER, .get = get_size, .origin = "manifest",
          .doc = "Bytes of all layers as stored." },
        { .name = "image.tags", .type = VALUE_STRING, .is_list = true, .several = SEVERAL_ANY, .get = get_tags,
          .origin = "where it is stored", .doc = "Names and tags; an operator holds if it does for any." },
        { .name = "image.user", .type = VALUE_STRING, .get = get_user, .origin = CONFIG,
          .doc = "The user its processes start as, as written; absent where none is named." },
        { .name = "image.volumes", .type = VALUE_STRING, .is_list = true, .several = SEVERAL_ANY, .get = get_volumes,
          .origin = CONFIG, .doc = "Paths that become volumes; an operator holds if it does for any." },
        { .name = "image.working_directory", .type = VALUE_PATH, .get = get_working_directory, .origin = CONFIG,
          .doc = "The directory its processes start in." },
        { .name = JSON_TREE_FIELD, .type = VALUE_STRING, .argument = ARGUMENT_POINTER, .argument_required = true, .get = get_json,
          .origin = CONFIG, .doc = JSON_TREE_FIELD_DOC },
};

const struct fact_source image_source = {
        .name = "image",
        .doc = "One fact for each image that is scanned.",
        .logic = LOGIC_THREE_VALUED,
        .fields = fields,
        .n_fields = ELEMENTS_OF(fields),
};
