/* SPDX-License-Identifier: Apache-2.0 */
/* Private to the room: what the decoder makes of one raw event. */
#ifndef TALLYMAN_SENSOR_EVENT_H
#define TALLYMAN_SENSOR_EVENT_H

#include "model/syscall_event.h"
#include "sensor/process_table.h"
#include "sensor/users.h"

#define EVENT_ARGS_MAX 16
#define EVENT_ROOM 131072 /* bytes of text of one event */

struct event_maker {
        struct value_scratch scratch; /* emptied for each event */
        struct syscall_pair args[EVENT_ARGS_MAX];
        uint32_t n_args;
        struct syscall_fd fd;
        bool kernel_path;
        struct users *users; /* NULL: names are not looked up */
        const struct sensor_raw *raw;
        const struct process *process;
};

/* maker->fd from FILE, PATH, SOCKET and SOCKADDR. False: the event has no descriptor. */
bool event_make_fd(struct event_maker *maker);
/* maker->args as the kind has them; after event_make_fd(). */
void event_make_args(struct event_maker *maker);

/* "f" … of what event_make_fd() found out, as fd.typechar has it. */
const char *event_type_letter(const struct syscall_fd *fd);
/* "192.0.2.7:443" or a path, of SOCKADDR; {NULL, 0}: there is none. */
struct str event_address_text(struct event_maker *maker);
/* Ends of the connection, or the name of a file, as fd.name will have it. */
struct str event_fd_name(struct event_maker *maker);
/* A path that the program wrote, made absolute with the directory it starts from, without "." and "..". */
struct str event_absolute(struct event_maker *maker, struct str name, struct str directory);

#endif
