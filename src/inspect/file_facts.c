/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <sys/stat.h>

#include "inspect/facts.h"
#include "model/path.h"

static const struct file_entry *entry_of(const struct fact *fact)
{
        return ((const struct file_fact *)fact->data)->entry;
}

/* Absolute, as a process inside the image would name it. */
static struct value absolute(struct str path, struct value_scratch *scratch)
{
        struct value_text text = value_text_begin(scratch);
        struct value value;

        value_text_add(&text, STR_LIT("/"));
        value_text_add(&text, path);
        value = value_of_string(value_text_end(&text));
        value.type = VALUE_PATH;
        return value;
}

GETTER(get_directory)
{
        *ret = absolute(path_parent(entry_of(fact)->path), scratch);
}

GETTER(get_gid)
{
        *ret = value_of_number(entry_of(fact)->gid);
}

GETTER(get_has_capability)
{
        *ret = value_of_bool(entry_of(fact)->capability.n > 0);
}

/* For fields that ask for bits of the mode; a symbolic link's own mode means nothing. */
GETTER(get_mode_bits)
{
        const struct file_entry *e = entry_of(fact);

        *ret = value_of_bool(e->type != FILE_SYMLINK && (e->mode & field->id));
}

GETTER(get_layer)
{
        *ret = value_of_number(entry_of(fact)->layer);
}

GETTER(get_mode)
{
        char *text = value_scratch_alloc(scratch, 8);

        if (text)
                *ret = value_of_string((struct str){ text, (size_t)snprintf(text, 8, "%04o", entry_of(fact)->mode & 07777) });
        else
                *ret = (struct value){ .state = VALUE_UNKNOWN };
}

GETTER(get_name)
{
        *ret = value_of_string(path_name(entry_of(fact)->path));
}

GETTER(get_package)
{
        const struct file_fact *f = fact->data;

        if (!f->owner_known)
                *ret = (struct value){ .state = VALUE_UNKNOWN };
        else
                *ret = f->package.n ? value_of_string(f->package) : (struct value){ .state = VALUE_ABSENT };
}

GETTER(get_path)
{
        *ret = absolute(entry_of(fact)->path, scratch);
}

GETTER(get_sha256)
{
        const struct file_entry *e = entry_of(fact);
        char *text;

        if (!e->has_sha256) {
                *ret = (struct value){ .state = e->type == FILE_REGULAR ? VALUE_UNKNOWN : VALUE_ABSENT };
                return;
        }
        text = value_scratch_alloc(scratch, 2 * SHA256_SIZE + 1);
        if (!text) {
                *ret = (struct value){ .state = VALUE_UNKNOWN };
                return;
        }
        hex_encode(e->sha256, SHA256_SIZE, text);
        *ret = value_of_string((struct str){ text, 2 * SHA256_SIZE });
}

GETTER(get_size)
{
        *ret = value_of_number((int64_t)entry_of(fact)->size);
}

GETTER(get_target)
{
        const struct file_entry *e = entry_of(fact);

        *ret = e->target.n ? value_of_string(e->target) : (struct value){ .state = VALUE_ABSENT };
}

GETTER(get_type)
{
        *ret = value_of_string(str_from(file_type_name(entry_of(fact)->type)));
}

GETTER(get_uid)
{
        *ret = value_of_number(entry_of(fact)->uid);
}

#define INDEX "merged file index"

static const struct field fields[] = {
        { .name = "file.directory", .type = VALUE_PATH, .get = get_directory, .origin = INDEX, .doc = "The directory it is in." },
        { .name = "file.gid", .type = VALUE_NUMBER, .get = get_gid, .origin = INDEX, .doc = "Its group." },
        { .name = "file.has_capability", .type = VALUE_BOOL, .get = get_has_capability, .origin = INDEX,
          .doc = "Whether it gives capabilities to whoever runs it." },
        { .name = "file.is_executable", .type = VALUE_BOOL, .get = get_mode_bits, .id = 0111, .origin = INDEX,
          .doc = "Whether anybody may execute it." },
        { .name = "file.is_setgid", .type = VALUE_BOOL, .get = get_mode_bits, .id = S_ISGID, .origin = INDEX,
          .doc = "Whether it has the set-group-ID bit." },
        { .name = "file.is_setuid", .type = VALUE_BOOL, .get = get_mode_bits, .id = S_ISUID, .origin = INDEX,
          .doc = "Whether it has the set-user-ID bit." },
        { .name = "file.is_sticky", .type = VALUE_BOOL, .get = get_mode_bits, .id = S_ISVTX, .origin = INDEX,
          .doc = "Whether it has the sticky bit." },
        { .name = "file.is_world_writable", .type = VALUE_BOOL, .get = get_mode_bits, .id = 0002, .origin = INDEX,
          .doc = "Whether everybody may write to it." },
        { .name = "file.layer", .type = VALUE_NUMBER, .get = get_layer, .origin = INDEX,
          .doc = "The layer it came from, counted from 0." },
        { .name = "file.mode", .type = VALUE_STRING, .get = get_mode, .origin = INDEX,
          .doc = "Its permissions as four or five octal digits." },
        { .name = "file.name", .type = VALUE_STRING, .get = get_name, .origin = INDEX, .doc = "The last part of its path." },
        { .name = "file.package", .type = VALUE_STRING, .get = get_package, .origin = "package database",
          .doc = "The package URL of the package that owns it." },
        { .name = "file.path", .type = VALUE_PATH, .get = get_path, .origin = INDEX, .doc = "Its path from the root." },
        { .name = "file.sha256", .type = VALUE_STRING, .get = get_sha256, .origin = INDEX,
          .doc = "The SHA-256 of its content, 64 hexadecimal digits." },
        { .name = "file.size", .type = VALUE_NUMBER, .get = get_size, .origin = INDEX, .doc = "Its bytes." },
        { .name = "file.target", .type = VALUE_STRING, .get = get_target, .origin = INDEX,
          .doc = "Where a symbolic link leads, as written." },
        { .name = "file.type", .type = VALUE_STRING, .get = get_type, .origin = INDEX,
          .doc = "file, directory, symlink, character, block, fifo or socket." },
        { .name = "file.uid", .type = VALUE_NUMBER, .get = get_uid, .origin = INDEX, .doc = "Its owner." },
};

const struct fact_source file_source = {
        .name = "file",
        .doc = "One fact for each file of an image, as a container of it would see it.",
        .logic = LOGIC_THREE_VALUED,
        .fields = fields,
        .n_fields = ELEMENTS_OF(fields),
};
