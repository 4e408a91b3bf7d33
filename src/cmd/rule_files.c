/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

#include "base/file.h"
#include "cmd/rule_files.h"
#include "cmd/signing.h"
#include "rules/limits.h"
#include "trust/bundle.h"

void rule_pile_done(struct rule_pile *p)
{
        arena_free(p->arena);
        free(p->files);
        trust_keys_done(&p->keys);
        *p = (struct rule_pile){ 0 };
}

int rule_pile_add(struct rule_pile *p, const char *name, struct str text, struct error *err)
{
        if (p->n == RULE_FILES_MAX)
                return error_say(err, -E2BIG, "more than %d rule files", RULE_FILES_MAX);
        if (mem_grow(&p->files, &p->cap, p->n + 1, sizeof(*p->files)) < 0)
                return error_oom(err);
        p->files[p->n++] = (struct rule_file){ .name = name, .text = text };
        return 0;
}

static int add_copy(struct rule_pile *p, struct str name, struct str text, struct error *err)
{
        char *name_copy, *text_copy;

        if (!p->arena && !(p->arena = arena_new()))
                return error_oom(err);
        name_copy = arena_string(p->arena, name.p, name.n);
        text_copy = arena_string(p->arena, text.p, text.n);
        return name_copy && text_copy ? rule_pile_add(p, name_copy, (struct str){ text_copy, text.n }, err)
                                      : error_oom(err);
}

static int open_bundle(struct rule_pile *p, const char *path, struct str text, struct bundle **ret, struct error *err)
{
        int r = 0;

        if (!p->args)
                return error_say(err, -EINVAL, "'%s' is signed already: name the files that it was made of", path);
        if (!p->has_keys)
                r = trusted_open(p->args, &p->keys, err);
        if (r < 0)
                return r;
        p->has_keys = true;
        r = bundle_open(text, BUNDLE_KIND_RULES, &p->keys, ret, err);
        return r < 0 ? untrusted(r, path, err) : 0;
}

static int add_bundle(struct rule_pile *p, const char *path, struct str text, struct error *err)
{
        _cleanup_(bundle_freep) struct bundle *bundle = NULL;
        _cleanup_(buf_free) struct buf name = { 0 };
        int r = open_bundle(p, path, text, &bundle, err);

        for (size_t i = 0; r == 0 && i < bundle->n_files; i++) {
                buf_clear(&name);
                buf_printf(&name, "%s:", path);
                buf_add_str(&name, bundle->files[i].name);
                r = buf_ok(&name) ? add_copy(p, buf_str(&name), bundle->files[i].text, err) : error_oom(err);
        }
        return r;
}

static int add_file(struct rule_pile *p, const char *path, struct error *err)
{
        _cleanup_(buf_free) struct buf text = { 0 };
        int r = file_read_whole(path, DSSE_ENVELOPE_MAX, &text, err);

        if (r < 0)
                return r;
        if (str_ends(str_from(path), RULE_BUNDLE_SUFFIX) || dsse_is_likely(buf_str(&text)))
                return add_bundle(p, path, buf_str(&text), err);
        if (p->args && arguments_has(p->args, "trust"))
                return error_say(err, -ENOKEY,
                                 "'%s' is not signed, and with --trust only what is signed is used: sign it with 'tallyman "
                                 "rules bundle', or leave --trust out and put the keys that you trust into "
                                 "/etc/tallyman/keys or ~/.config/tallyman/keys",
                                 path);
        if (text.len > RULE_FILE_BYTES_MAX)
                return error_say(err, -E2BIG, "'%s': it is larger than %u bytes", path, RULE_FILE_BYTES_MAX);
        return add_copy(p, str_from(path), buf_str(&text), err);
}

/* A file that can not be read is left out like one with an error; whom nobody is known to have signed is refused. */
static int add_or_leave_out(struct rule_pile *p, const char *path, struct error *err)
{
        struct error why = ERROR_INIT;
        int r = add_file(p, path, &why);

        if (r == 0)
                return 0;
        if (str_ends(str_from(path), RULE_BUNDLE_SUFFIX) || (p->args && arguments_has(p->args, "trust")) ||
            (r != -E2BIG && r != -EACCES && r != -EISDIR && r != -EIO)) {
                if (err)
                        *err = why;
                return r;
        }
        r = add_copy(p, str_from(path), STR_NULL, err);
        if (r < 0)
                return r;
        p->files[p->n - 1].why_unread = arena_string(p->arena, why.message, strlen(why.message));
        return p->files[p->n - 1].why_unread ? 0 : error_oom(err);
}

static int is_rule_file(const struct dirent *entry)
{
        struct str name = str_from(entry->d_name);

        return name.p[0] != '.' &&
               (str_ends(name, ".yaml") || str_ends(name, ".yml") || str_ends(name, RULE_BUNDLE_SUFFIX));
}

static int add_folder(struct rule_pile *p, const char *path, struct error *err)
{
        struct dirent **entries = NULL;
        int n = scandir(path, &entries, is_rule_file, file_by_bytes), r = 0;

        if (n < 0)
                return error_set(err, -errno, "open the folder '%s'", path);
        if (n == 0)
                r = error_say(err, -ENOENT, "'%s' holds no rule file (*.yaml, *.yml, *" RULE_BUNDLE_SUFFIX ")", path);
        for (int i = 0; i < n; i++) {
                _cleanup_(buf_free) struct buf full = { 0 };

                buf_printf(&full, "%s/%s", path, entries[i]->d_name);
                if (r == 0)
                        r = buf_ok(&full) ? add_or_leave_out(p, full.data, err) : error_oom(err);
                free(entries[i]);
        }
        free(entries);
        return r;
}

int rule_pile_add_path(struct rule_pile *p, const char *path, struct error *err)
{
        struct stat st;

        if (stat(path, &st) < 0)
                return error_set(err, -errno, "open '%s'", path);
        return S_ISDIR(st.st_mode) ? add_folder(p, path, err) : add_or_leave_out(p, path, err);
}
