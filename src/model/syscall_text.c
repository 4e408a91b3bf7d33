/* SPDX-License-Identifier: Apache-2.0 */
/* Times and paths of source "syscall" as text. */
#include "model/syscall_private.h"

/* ---- times, in UTC ---- */

struct moment {
        int64_t year;
        unsigned month, day, hour, minute, second, nanosecond;
};

/* Days since 1970 as a date of the Gregorian calendar: years are counted from March, in eras of 400. */
static struct moment moment_of(int64_t nanoseconds)
{
        int64_t seconds = nanoseconds / 1000000000, rest = nanoseconds % 1000000000, days, era;
        uint64_t of_era, year_of_era, of_year, month;
        struct moment m;

        if (rest < 0) {
                rest += 1000000000;
                seconds--;
        }
        days = seconds / 86400 - (seconds % 86400 < 0);
        seconds -= days * 86400;
        days += 719468;
        era = (days >= 0 ? days : days - 146096) / 146097;
        of_era = (uint64_t)(days - era * 146097);
        year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
        of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        month = (5 * of_year + 2) / 153;
        m.day = (unsigned)(of_year - (153 * month + 2) / 5 + 1);
        m.month = (unsigned)(month < 10 ? month + 3 : month - 9);
        m.year = (int64_t)year_of_era + era * 400 + (m.month <= 2);
        m.hour = (unsigned)(seconds / 3600);
        m.minute = (unsigned)(seconds / 60 % 60);
        m.second = (unsigned)(seconds % 60);
        m.nanosecond = (unsigned)rest;
        return m;
}

static void add_padded(struct value_text *text, uint64_t n, unsigned width)
{
        char digits[20];

        for (unsigned i = width; i-- > 0; n /= 10)
                digits[i] = (char)('0' + n % 10);
        value_text_add(text, (struct str){ digits, width });
}

static void add_date(struct value_text *text, const struct moment *m, struct str end)
{
        add_padded(text, (uint64_t)m->year, 4);
        value_text_add(text, STR_LIT("-"));
        add_padded(text, m->month, 2);
        value_text_add(text, STR_LIT("-"));
        add_padded(text, m->day, 2);
        value_text_add(text, end);
}

void syscall_get_time(const struct syscall_event *event, enum event_what what, struct value_scratch *scratch,
                      struct value *ret)
{
        struct moment m = moment_of(event->time);
        struct value_text text;

        if (!(event->known >> EVENT_time & 1))
                return;
        text = value_text_begin(scratch);
        if (what == WHAT_TIME_ISO)
                add_date(&text, &m, STR_LIT("T"));
        else if (what == WHAT_DATETIME || what == WHAT_DATETIME_S)
                add_date(&text, &m, STR_LIT(" "));
        add_padded(&text, m.hour, 2);
        value_text_add(&text, STR_LIT(":"));
        add_padded(&text, m.minute, 2);
        value_text_add(&text, STR_LIT(":"));
        add_padded(&text, m.second, 2);
        if (what != WHAT_TIME_S && what != WHAT_DATETIME_S) {
                value_text_add(&text, STR_LIT("."));
                add_padded(&text, m.nanosecond, 9);
        }
        if (what == WHAT_TIME_ISO)
                value_text_add(&text, STR_LIT("+0000"));
        *ret = value_of_string(value_text_end(&text));
}

/* ---- paths among the arguments ---- */

/* Which arguments of an event name a file, and which the directory that a relative one starts from. */
struct path_argument {
        const char *name, *at;
};
static const struct path_arguments {
        const char *kind;
        struct path_argument path, source, target;
        bool by_fd; /* its descriptor is that file */
} path_arguments[] = {
        { "chmod", .path = { "filename" } },
        { "chown", .path = { "path" } },
        { "creat", .path = { "name" }, .by_fd = true },
        { "fchmod", .by_fd = true },
        { "fchmodat", .path = { "filename", "dirfd" } },
        { "fchown", .by_fd = true },
        { "fchownat", .path = { "pathname", "dirfd" } },
        { "lchown", .path = { "path" } },
        { "link", .source = { "newpath" }, .target = { "oldpath" } },
        { "linkat", .source = { "newpath", "newdir" }, .target = { "oldpath", "olddir" } },
        { "mkdir", .path = { "path" } },
        { "mkdirat", .path = { "path", "dirfd" } },
        { "mknod", .path = { "path" } },
        { "mknodat", .path = { "path", "dirfd" } },
        { "mount", .source = { "dev" }, .target = { "dir" } },
        { "newfstatat", .path = { "path", "dirfd" } },
        { "open", .path = { "name" }, .by_fd = true },
        { "open_by_handle_at", .path = { "path" }, .by_fd = true },
        { "openat", .path = { "name", "dirfd" }, .by_fd = true },
        { "openat2", .path = { "name", "dirfd" }, .by_fd = true },
        { "quotactl", .path = { "special" } },
        { "rename", .source = { "oldpath" }, .target = { "newpath" } },
        { "renameat", .source = { "oldpath", "olddirfd" }, .target = { "newpath", "newdirfd" } },
        { "renameat2", .source = { "oldpath", "olddirfd" }, .target = { "newpath", "newdirfd" } },
        { "rmdir", .path = { "path" } },
        { "symlink", .source = { "linkpath" }, .target = { "target" } },
        { "symlinkat", .source = { "linkpath", "linkdirfd" }, .target = { "target" } },
        { "umount", .path = { "name" } },
        { "umount2", .path = { "name" } },
        { "unlink", .path = { "path" } },
        { "unlinkat", .path = { "name", "dirfd" } },
};

static const struct path_arguments *arguments_of(const struct syscall_event *event)
{
        const char *kind = syscall_source.events[event->kind].name;

        for (size_t i = 0; i < ELEMENTS_OF(path_arguments); i++)
                if (strcmp(path_arguments[i].kind, kind) == 0)
                        return &path_arguments[i];
        return NULL;
}

/* Where a relative path starts. An open directory is written as its path, perhaps behind what it is: "5(<d>/srv)". */
static bool directory_of(const struct syscall_event *event, const char *at, struct str *ret)
{
        struct value cwd;
        struct str dir;

        if (at && syscall_arg(event, at, &dir) && !str_starts(dir, "AT_FDCWD") && !str_equals(dir, "-100")) {
                while (dir.n && dir.p[0] != '/')
                        dir = (struct str){ dir.p + 1, dir.n - 1 };
                if (dir.n && dir.p[dir.n - 1] == ')')
                        dir.n--;
                *ret = dir;
                return dir.n;
        }
        if (!event->process || !member_read(event->process, process_members, PROCESS_cwd, VALUE_PATH, &cwd))
                return false;
        *ret = cwd.string;
        return true;
}

static void resolve(const struct syscall_event *event, struct str path, const char *at, struct value_scratch *scratch,
                    struct value *ret)
{
        struct str dir = STR_NULL;
        bool relative = path.n == 0 || path.p[0] != '/';
        struct value_text text;

        if (relative && !directory_of(event, at, &dir))
                return;
        text = value_text_begin(scratch);
        value_text_add_path(&text, dir);
        value_text_add_path(&text, path);
        if (value_text_end(&text).n == 0)
                value_text_add(&text, STR_LIT("/"));
        *ret = value_of_string(value_text_end(&text));
        ret->type = VALUE_PATH;
}

static bool succeeded(const struct syscall_event *event)
{
        if (event->known >> EVENT_result & 1)
                return event->result >= 0;
        return !event->fd || !(event->fd->known >> FD_num & 1) || event->fd->num >= 0;
}

/* evt.abspath is the first path; evt.abspath.src and .dst are those of a link or a renaming. */
static struct path_argument argument_of(const struct path_arguments *a, enum event_what what, struct str key)
{
        switch (what) {
        case WHAT_PATH:
        case WHAT_PATH_RAW:
                return a->path;
        case WHAT_PATH_SOURCE:
        case WHAT_PATH_SOURCE_RAW:
                return a->source;
        case WHAT_PATH_TARGET:
        case WHAT_PATH_TARGET_RAW:
                return a->target;
        default:
                if (str_equals(key, "dst"))
                        return a->target;
                return str_equals(key, "src") || !a->path.name ? a->source : a->path;
        }
}

void syscall_get_path(const struct syscall_event *event, enum event_what what, const struct field_argument *argument,
                      struct value_scratch *scratch, struct value *ret)
{
        const struct path_arguments *a = arguments_of(event);
        struct path_argument named;
        struct str path;

        if (!a || (what != WHAT_ABSOLUTE_PATH && !succeeded(event)))
                return;
        if (what == WHAT_PATH && a->by_fd && syscall_fd_path(event, &path)) {
                *ret = value_of_string(path);
                return;
        }
        named = argument_of(a, what, argument->key);
        if (!named.name || !syscall_arg(event, named.name, &path))
                return;
        if (what == WHAT_PATH_RAW || what == WHAT_PATH_SOURCE_RAW || what == WHAT_PATH_TARGET_RAW)
                *ret = value_of_string(path);
        else
                resolve(event, path, named.at, scratch, ret);
}
