/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "sensor/users.h"

#define FILE_BYTES_MAX (8u << 20)
#define FIELDS 7 /* of a line of passwd(5); group(5) has fewer */

struct entry {
        uint32_t id;
        struct user user;
};

struct base {
        const char *path;
        struct timespec changed;
        struct buf text;
        struct entry *entries; /* sorted by id */
        size_t n, cap;
};

struct users {
        struct base passwd, group;
        int64_t looked;
};

static int compare(const void *a, const void *b)
{
        uint32_t x = ((const struct entry *)a)->id, y = ((const struct entry *)b)->id;

        return x < y ? -1 : x > y;
}

static void parse(struct base *base)
{
        struct str text = buf_str(&base->text);

        while (text.n) {
                struct str line = str_cut(&text, '\n'), fields[FIELDS] = { 0 };
                uint64_t id;

                for (int i = 0; i < FIELDS && line.p; i++)
                        fields[i] = str_cut(&line, ':');
                if (fields[0].n == 0 || str_to_u64(fields[2], 10, &id) < 0 || id > UINT32_MAX)
                        continue;
                if (mem_grow(&base->entries, &base->cap, base->n + 1, sizeof(*base->entries)) < 0)
                        return;
                base->entries[base->n++] = (struct entry){ (uint32_t)id, { fields[0], fields[5], fields[6] } };
        }
        mem_sort(base->entries, base->n, sizeof(*base->entries), compare);
}

/* A file that can not be read knows nobody. */
static void refresh(struct base *base)
{
        _cleanup_close_ int fd = open(base->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        struct stat st;

        if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
            (st.st_ctim.tv_sec == base->changed.tv_sec && st.st_ctim.tv_nsec == base->changed.tv_nsec))
                return;
        base->changed = st.st_ctim;
        base->n = 0;
        buf_free(&base->text);
        if (file_slurp(fd, FILE_BYTES_MAX, &base->text, NULL) == 0)
                parse(base);
}

int users_new(struct users **ret, struct error *err)
{
        struct users *users = calloc(1, sizeof(*users));

        if (!users)
                return error_oom(err);
        users->passwd.path = "/etc/passwd";
        users->group.path = "/etc/group";
        refresh(&users->passwd);
        refresh(&users->group);
        *ret = users;
        return 0;
}

void users_refresh(struct users *users, int64_t now)
{
        if (now == users->looked)
                return;
        users->looked = now;
        refresh(&users->passwd);
        refresh(&users->group);
}

static const struct user *find(const struct base *base, uint32_t id)
{
        const struct entry key = { .id = id }, *entry = mem_find(&key, base->entries, base->n, sizeof(key), compare);

        return entry ? &entry->user : NULL;
}

const struct user *users_find(struct users *users, uint32_t uid)
{
        return find(&users->passwd, uid);
}

struct str users_group(struct users *users, uint32_t gid)
{
        const struct user *group = find(&users->group, gid);

        return group ? group->name : STR_NULL;
}

struct users *users_free(struct users *users)
{
        if (!users)
                return NULL;
        buf_free(&users->passwd.text);
        buf_free(&users->group.text);
        free(users->passwd.entries);
        free(users->group.entries);
        free(users);
        return NULL;
}
