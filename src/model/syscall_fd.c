/* SPDX-License-Identifier: Apache-2.0 */
/* fd.* of source "syscall". */
#include <sys/sysmacros.h>

#include "model/syscall_private.h"

static bool knows(const struct syscall_fd *fd, enum syscall_fd_member member)
{
        return fd->known >> member & 1;
}

/* ---- ends of a connection: recorded as client and server, or known as local and remote and who serves ---- */

static bool read_end(const struct syscall_fd *fd, enum syscall_fd_member own, enum syscall_fd_member if_server,
                     enum syscall_fd_member if_client, enum value_type type, struct value *ret)
{
        if (member_read(fd, fd_members, own, type, ret))
                return true;
        return knows(fd, FD_is_server) && member_read(fd, fd_members, fd->is_server ? if_server : if_client, type, ret);
}

static bool get_end(const struct syscall_fd *fd, unsigned what, enum value_type type, struct value *ret)
{
        switch (what) {
        case WHAT_CLIENT_IP:
                return read_end(fd, FD_client_ip, FD_remote_ip, FD_local_ip, type, ret);
        case WHAT_SERVER_IP:
                return read_end(fd, FD_server_ip, FD_local_ip, FD_remote_ip, type, ret);
        case WHAT_LOCAL_IP:
                return read_end(fd, FD_local_ip, FD_server_ip, FD_client_ip, type, ret);
        case WHAT_REMOTE_IP:
                return read_end(fd, FD_remote_ip, FD_client_ip, FD_server_ip, type, ret);
        case WHAT_CLIENT_PORT:
                return read_end(fd, FD_client_port, FD_remote_port, FD_local_port, type, ret);
        case WHAT_SERVER_PORT:
                return read_end(fd, FD_server_port, FD_local_port, FD_remote_port, type, ret);
        case WHAT_LOCAL_PORT:
                return read_end(fd, FD_local_port, FD_server_port, FD_client_port, type, ret);
        default:
                return read_end(fd, FD_remote_port, FD_client_port, FD_server_port, type, ret);
        }
}

/* Both ends, whichever of them is known. */
static void get_both(const struct syscall_fd *fd, unsigned what, enum value_type type, struct value_scratch *scratch,
                     struct value *ret)
{
        bool ips = what == WHAT_BOTH_IPS;
        struct value *items = value_scratch_alloc(scratch, 2 * sizeof(*items));
        uint32_t n = 0;

        if (!items)
                return;
        n += get_end(fd, ips ? WHAT_CLIENT_IP : WHAT_CLIENT_PORT, type, &items[n]);
        n += get_end(fd, ips ? WHAT_SERVER_IP : WHAT_SERVER_PORT, type, &items[n]);
        if (n == 0) {
                n += get_end(fd, ips ? WHAT_LOCAL_IP : WHAT_LOCAL_PORT, type, &items[n]);
                n += get_end(fd, ips ? WHAT_REMOTE_IP : WHAT_REMOTE_PORT, type, &items[n]);
        }
        if (n)
                *ret = value_of_list(type, items, n);
}

static const struct str_list *names_of(const struct syscall_fd *fd, unsigned what)
{
        const struct {
                enum syscall_fd_member member;
                const struct str_list *list;
        } own[] = {
                [WHAT_CLIENT_NAMES - WHAT_CLIENT_NAMES] = { FD_client_names, &fd->client_names },
                [WHAT_SERVER_NAMES - WHAT_CLIENT_NAMES] = { FD_server_names, &fd->server_names },
                [WHAT_LOCAL_NAMES - WHAT_CLIENT_NAMES] = { FD_local_names, &fd->local_names },
                [WHAT_REMOTE_NAMES - WHAT_CLIENT_NAMES] = { FD_remote_names, &fd->remote_names },
        };
        /* What it is where this process serves; the other of its pair where it does not. */
        static const unsigned if_server[] = { WHAT_REMOTE_NAMES, WHAT_LOCAL_NAMES, WHAT_SERVER_NAMES, WHAT_CLIENT_NAMES };
        unsigned i = what - WHAT_CLIENT_NAMES, other;

        if (knows(fd, own[i].member))
                return own[i].list;
        if (!knows(fd, FD_is_server))
                return NULL;
        other = (if_server[i] - WHAT_CLIENT_NAMES) ^ !fd->is_server;
        return knows(fd, own[other].member) ? own[other].list : NULL;
}

static void get_names(const struct syscall_fd *fd, unsigned what, struct value_scratch *scratch, struct value *ret)
{
        const struct str_list *list = names_of(fd, what);
        struct value *items = list && list->n ? value_scratch_alloc(scratch, list->n * sizeof(*items)) : NULL;

        if (!items)
                return;
        for (uint32_t i = 0; i < list->n; i++)
                items[i] = value_of_string(list->items[i]);
        *ret = value_of_list(VALUE_STRING, items, list->n);
}

static void get_proto(const struct syscall_fd *fd, unsigned what, struct value_scratch *scratch, struct value *ret)
{
        struct value port;
        struct value_text text;

        if (!get_end(fd, what - WHAT_CLIENT_PROTO + WHAT_CLIENT_PORT, VALUE_NUMBER, &port))
                return;
        text = value_text_begin(scratch);
        value_text_add_number(&text, port.number);
        *ret = value_of_string(value_text_end(&text));
}

/* ---- what it is ---- */

static bool get_type(const struct syscall_fd *fd, struct value *ret)
{
        struct value ip;

        if (member_read(fd, fd_members, FD_type, VALUE_STRING, ret))
                return true;
        if (!get_end(fd, WHAT_REMOTE_IP, VALUE_ADDRESS, &ip) && !get_end(fd, WHAT_SERVER_IP, VALUE_ADDRESS, &ip) &&
            !get_end(fd, WHAT_LOCAL_IP, VALUE_ADDRESS, &ip) && !get_end(fd, WHAT_CLIENT_IP, VALUE_ADDRESS, &ip))
                return false;
        *ret = value_of_string(ip.address.v6 ? STR_LIT("ipv6") : STR_LIT("ipv4"));
        return true;
}

static bool event_opens_file(const struct syscall_event *event)
{
        struct str kind = str_from(syscall_source.events[event->kind].name);

        return str_equals(kind, "open") || str_equals(kind, "openat") || str_equals(kind, "openat2") ||
               str_equals(kind, "creat") || str_equals(kind, "open_by_handle_at");
}

/* A file that could not be opened is still a file, though there is no descriptor to tell. */
static void get_type_char(const struct syscall_event *event, const struct syscall_fd *fd, struct value *ret)
{
        static const struct {
                const char *type, *letter;
        } letters[] = {
                { "file", "f" },    { "directory", "d" }, { "ipv4", "4" },      { "ipv6", "6" },  { "unix", "u" },
                { "pipe", "p" },    { "event", "e" },     { "signalfd", "s" },  { "bpf", "b" },   { "eventpoll", "l" },
                { "inotify", "i" }, { "timerfd", "t" },   { "netlink", "n" },   { "memfd", "m" }, { "userfaultfd", "u" },
                { "pidfd", "P" },   { "io_uring", "r" },
        };
        struct value type;

        if (!get_type(fd, &type)) {
                if (event_opens_file(event))
                        *ret = value_of_string(STR_LIT("f"));
                return;
        }
        *ret = value_of_string(STR_LIT("o"));
        for (size_t i = 0; i < ELEMENTS_OF(letters); i++)
                if (str_equals(type.string, letters[i].type))
                        *ret = value_of_string(str_from(letters[i].letter));
}

static void get_family(const struct syscall_fd *fd, struct value *ret)
{
        struct value type;

        if (!get_type(fd, &type))
                return;
        if (str_starts(type.string, "ipv"))
                *ret = value_of_string(STR_LIT("ip"));
        else if (str_equals(type.string, "unix"))
                *ret = value_of_string(STR_LIT("unix"));
}

/* ---- names ---- */

static bool add_end(struct value_text *text, const struct syscall_fd *fd, unsigned ip, unsigned port)
{
        struct value value;

        if (!get_end(fd, ip, VALUE_ADDRESS, &value))
                return false;
        value_text_add_address(text, &value.address);
        if (get_end(fd, port, VALUE_NUMBER, &value)) {
                value_text_add(text, STR_LIT(":"));
                value_text_add_number(text, value.number);
        }
        return true;
}

/* "10.0.0.1:4711->192.0.2.7:443", client first, or the local end where it is not known who serves. */
static void get_connection(const struct syscall_fd *fd, struct value_scratch *scratch, struct value *ret)
{
        struct value ip;
        bool roles = get_end(fd, WHAT_CLIENT_IP, VALUE_ADDRESS, &ip) || get_end(fd, WHAT_SERVER_IP, VALUE_ADDRESS, &ip);
        unsigned first = roles ? WHAT_CLIENT_IP : WHAT_LOCAL_IP, second = roles ? WHAT_SERVER_IP : WHAT_REMOTE_IP;
        bool both = get_end(fd, first, VALUE_ADDRESS, &ip) && get_end(fd, second, VALUE_ADDRESS, &ip), some;
        struct value_text text = value_text_begin(scratch);

        some = add_end(&text, fd, first, first - WHAT_CLIENT_IP + WHAT_CLIENT_PORT);
        if (both)
                value_text_add(&text, STR_LIT("->"));
        some |= add_end(&text, fd, second, second - WHAT_CLIENT_IP + WHAT_CLIENT_PORT);
        if (some)
                *ret = value_of_string(value_text_end(&text));
}

static void get_name(const struct syscall_event *event, const struct syscall_fd *fd, struct value_scratch *scratch,
                     struct value *ret)
{
        if (member_read(fd, fd_members, FD_name, VALUE_STRING, ret))
                return;
        get_connection(fd, scratch, ret);
        if (ret->state != VALUE_PRESENT && event_opens_file(event))
                syscall_get_path(event, WHAT_ABSOLUTE_PATH, &(struct field_argument){ .index = -1 }, scratch, ret);
}

static void get_name_raw(const struct syscall_event *event, const struct syscall_fd *fd, struct value *ret)
{
        struct str name;

        if (member_read(fd, fd_members, FD_name_raw, VALUE_STRING, ret))
                return;
        if (event_opens_file(event) && syscall_arg(event, "name", &name))
                *ret = value_of_string(name);
        else
                member_read(fd, fd_members, FD_name, VALUE_STRING, ret);
}

bool syscall_fd_path(const struct syscall_event *event, struct str *ret)
{
        struct value type;

        if (!event->fd || !knows(event->fd, FD_name) || event->fd->name.n == 0 || event->fd->name.p[0] != '/')
                return false;
        if (get_type(event->fd, &type) && !str_equals(type.string, "file") && !str_equals(type.string, "directory"))
                return false;
        *ret = event->fd->name;
        return true;
}

/* Of a directory its own name; of a file what stands before the last "/". */
static void get_directory(const struct syscall_event *event, struct value *ret)
{
        struct str path;
        struct value type;
        size_t slash;

        if (!syscall_fd_path(event, &path))
                return;
        slash = path.n - 1;
        if (!get_type(event->fd, &type) || !str_equals(type.string, "directory")) {
                while (path.p[slash] != '/')
                        slash--;
                if (slash != path.n - 1 || slash == 0)
                        path.n = slash ? slash : 1;
        }
        *ret = value_of_string(path);
}

static void get_file_name(const struct syscall_event *event, struct value *ret)
{
        struct str path;
        struct value type;
        size_t slash;

        if (!syscall_fd_path(event, &path) || (get_type(event->fd, &type) && !str_equals(type.string, "file")))
                return;
        slash = path.n - 1;
        while (path.p[slash] != '/')
                slash--;
        if (slash < path.n - 1)
                path = (struct str){ path.p + slash + 1, path.n - slash - 1 };
        *ret = value_of_string(path);
}

static void get_in_container(const struct syscall_event *event, unsigned what, struct value_scratch *scratch,
                             struct value *ret)
{
        struct value name = value_absent();
        struct value_text text;

        if (what == WHAT_IN_CONTAINER_NAME)
                get_name(event, event->fd, scratch, &name);
        else
                get_directory(event, &name);
        if (name.state != VALUE_PRESENT)
                return;
        text = value_text_begin(scratch);
        value_text_add(&text, event->container ? event->container->id : STR_LIT("host"));
        value_text_add(&text, STR_LIT(":"));
        value_text_add(&text, name.string);
        *ret = value_of_string(value_text_end(&text));
}

static void get_uid(const struct syscall_event *event, struct value_scratch *scratch, struct value *ret)
{
        struct value_text text;

        if (!event->process || !(event->process->known >> PROCESS_tid & 1) || !knows(event->fd, FD_num))
                return;
        text = value_text_begin(scratch);
        value_text_add_number(&text, event->process->tid);
        value_text_add_number(&text, event->fd->num);
        *ret = value_of_string(value_text_end(&text));
}

static void get_put_together(const struct syscall_event *event, const struct field *field, struct value_scratch *scratch,
                             struct value *ret)
{
        const struct syscall_fd *fd = event->fd;

        switch ((enum fd_what)field->id) {
        case WHAT_TYPE:
                get_type(fd, ret);
                return;
        case WHAT_TYPE_CHAR:
                get_type_char(event, fd, ret);
                return;
        case WHAT_NAME:
                get_name(event, fd, scratch, ret);
                return;
        case WHAT_NAME_RAW:
                get_name_raw(event, fd, ret);
                return;
        case WHAT_DIRECTORY:
                get_directory(event, ret);
                return;
        case WHAT_FILE_NAME:
                get_file_name(event, ret);
                return;
        case WHAT_BOTH_IPS:
        case WHAT_BOTH_PORTS:
                get_both(fd, field->id, field->type, scratch, ret);
                return;
        case WHAT_FAMILY:
                get_family(fd, ret);
                return;
        case WHAT_DEV_MAJOR:
        case WHAT_DEV_MINOR:
                if (knows(fd, FD_dev))
                        *ret = value_of_number(field->id == WHAT_DEV_MAJOR ? major((dev_t)fd->dev) : minor((dev_t)fd->dev));
                return;
        case WHAT_FD_UID:
                get_uid(event, scratch, ret);
                return;
        default:
                get_in_container(event, field->id, scratch, ret);
                return;
        }
}

SYSCALL_GETTER(syscall_get_fd)
{
        const struct syscall_event *event = fact->data;
        static const struct syscall_fd nothing;

        *ret = value_absent();
        if (event->n_given && syscall_given(event, field, argument, ret))
                return;
        if (!event->fd) {
                if (field->id == WHAT_TYPE_CHAR)
                        get_type_char(event, &nothing, ret);
                else if (field->id == WHAT_NAME)
                        get_name(event, &nothing, scratch, ret);
                else if (field->id == WHAT_NAME_RAW)
                        get_name_raw(event, &nothing, ret);
                return;
        }
        if (field->id < FD_MEMBERS)
                member_read(event->fd, fd_members, field->id, field->type, ret);
        else if (field->id >= WHAT_CLIENT_IP && field->id <= WHAT_REMOTE_PORT)
                get_end(event->fd, field->id, field->type, ret);
        else if (field->id >= WHAT_CLIENT_NAMES && field->id <= WHAT_REMOTE_NAMES)
                get_names(event->fd, field->id, scratch, ret);
        else if (field->id >= WHAT_CLIENT_PROTO && field->id <= WHAT_REMOTE_PROTO)
                get_proto(event->fd, field->id, scratch, ret);
        else
                get_put_together(event, field, scratch, ret);
}
