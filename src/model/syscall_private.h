/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of source "syscall": members by number, and the getters that its table names. */
#ifndef TALLYMAN_MODEL_SYSCALL_PRIVATE_H
#define TALLYMAN_MODEL_SYSCALL_PRIVATE_H

#include "model/syscall_event.h"

enum member_type { MEMBER_NUMBER, MEMBER_STRING, MEMBER_BOOL, MEMBER_LIST, MEMBER_ADDRESS };

#define SYSCALL_KINDS 513
extern const struct event_kind syscall_kinds[];

struct member {
        uint16_t offset;
        uint8_t type; /* enum member_type */
};
extern const struct member process_members[], fd_members[], container_members[], event_members[];

/* Reads member `i` of a struct whose first member is `known`. False: it is not known, `ret` is absent. */
bool member_read(const void *base, const struct member *members, unsigned i, enum value_type type, struct value *ret);
/* Its name, for who writes it. */
static inline void *member_at(void *base, const struct member *member)
{
        return (uint8_t *)base + member->offset;
}

/* Which process a field speaks of. */
enum process_whose {
        WHOSE_SELF,
        WHOSE_PARENT,
        WHOSE_ANCESTOR,     /* the argument says which, 0 is the process itself; without: all of them */
        WHOSE_SESSION,      /* the eldest in a row of ancestors with the same session id */
        WHOSE_GROUP,
        WHOSE_VGROUP,
};
/* What of it: a member, or put together from members. */
enum process_what {
        WHAT_ARGS = PROCESS_MEMBERS,
        WHAT_N_ARGS,
        WHAT_ARGS_LENGTH,
        WHAT_CMDLINE,
        WHAT_EXELINE,
        WHAT_ENV,
        WHAT_DURATION,
        WHAT_SESSION_LEADER,
        WHAT_GROUP_LEADER,
        WHAT_VGROUP_LEADER,
        WHAT_CTIME_TO_START,
        WHAT_CTIME_TO_PIDNS,
        WHAT_LOGIN_SHELL,
        WHAT_IS_MAIN,
        WHAT_NAME_TID,
        WHAT_USER_NAME,
        WHAT_HOME,
        WHAT_USER_SHELL,
        WHAT_LOGIN_NAME,
        WHAT_GROUP_NAME,
        WHAT_LOGINUID,
        WHAT_CAP_PERMITTED,
        WHAT_CAP_INHERITABLE,
        WHAT_CAP_EFFECTIVE,
};
#define PROCESS_ID(whose, what) ((whose) << 8 | (what))

enum fd_what {
        WHAT_TYPE = FD_MEMBERS,
        WHAT_TYPE_CHAR,
        WHAT_NAME,
        WHAT_NAME_RAW,
        WHAT_DIRECTORY,
        WHAT_FILE_NAME,
        WHAT_BOTH_IPS,
        WHAT_BOTH_PORTS,
        WHAT_CLIENT_IP,
        WHAT_SERVER_IP,
        WHAT_LOCAL_IP,
        WHAT_REMOTE_IP,
        WHAT_CLIENT_PORT,
        WHAT_SERVER_PORT,
        WHAT_LOCAL_PORT,
        WHAT_REMOTE_PORT,
        WHAT_CLIENT_NAMES,
        WHAT_SERVER_NAMES,
        WHAT_LOCAL_NAMES,
        WHAT_REMOTE_NAMES,
        WHAT_CLIENT_PROTO,
        WHAT_SERVER_PROTO,
        WHAT_LOCAL_PROTO,
        WHAT_REMOTE_PROTO,
        WHAT_FAMILY,
        WHAT_DEV_MAJOR,
        WHAT_DEV_MINOR,
        WHAT_FD_UID,
        WHAT_IN_CONTAINER_NAME,
        WHAT_IN_CONTAINER_DIRECTORY,
};

enum container_what {
        WHAT_ID = CONTAINER_MEMBERS,
        WHAT_CONTAINER_NAME,
        WHAT_CONTAINER_START,
        WHAT_CONTAINER_DURATION,
        WHAT_MOUNTS,
        WHAT_MOUNT,
        WHAT_MOUNT_SOURCE,
        WHAT_MOUNT_DESTINATION,
        WHAT_MOUNT_MODE,
        WHAT_MOUNT_WRITABLE,
        WHAT_MOUNT_PROPAGATION,
        WHAT_LABEL,
        WHAT_LABELS,
        WHAT_POD_LABEL,
        WHAT_POD_LABELS,
        WHAT_SANDBOX_ID,
};

enum event_what {
        WHAT_KIND = EVENT_MEMBERS,
        WHAT_EVENT_NUM,
        WHAT_SOURCE,
        WHAT_DIR,
        WHAT_RES,
        WHAT_FAILED,
        WHAT_ARG,
        WHAT_RAW_ARG,
        WHAT_ALL_ARGS,
        WHAT_OPEN_READ,
        WHAT_OPEN_WRITE,
        WHAT_OPEN_EXEC,
        WHAT_OPEN_CREATE,
        WHAT_TIME,
        WHAT_TIME_S,
        WHAT_TIME_ISO,
        WHAT_DATETIME,
        WHAT_DATETIME_S,
        WHAT_RAW_TIME_S,
        WHAT_RAW_TIME_NS,
        WHAT_DELTA_S,
        WHAT_DELTA_NS,
        WHAT_COUNT,
        WHAT_PATH,
        WHAT_PATH_RAW,
        WHAT_PATH_SOURCE,
        WHAT_PATH_SOURCE_RAW,
        WHAT_PATH_TARGET,
        WHAT_PATH_TARGET_RAW,
        WHAT_ABSOLUTE_PATH,
};

/* True if a record gave this field as a whole. */
bool syscall_given(const struct syscall_event *event, const struct field *field, const struct field_argument *argument,
                   struct value *ret);

#define SYSCALL_GETTER(name)                                                                                       \
        void name(const struct field *field, const struct fact *fact, const struct field_argument *argument,      \
                  struct value_scratch *scratch, struct value *ret)
SYSCALL_GETTER(syscall_get_given);     /* nothing but what a record gave */
SYSCALL_GETTER(syscall_get_event);     /* enum event_what, or a member */
SYSCALL_GETTER(syscall_get_process);   /* PROCESS_ID */
SYSCALL_GETTER(syscall_get_fd);
SYSCALL_GETTER(syscall_get_container);

/* The text of an argument of the event, by name. */
bool syscall_arg(const struct syscall_event *event, const char *name, struct str *ret);
/* fs.path.* and evt.abspath: `what` is WHAT_PATH … */
void syscall_get_path(const struct syscall_event *event, enum event_what what, const struct field_argument *argument,
                      struct value_scratch *scratch, struct value *ret);
/* Times as text, in UTC. */
void syscall_get_time(const struct syscall_event *event, enum event_what what, struct value_scratch *scratch,
                      struct value *ret);
/* The file's path, if the event's descriptor is a file. */
bool syscall_fd_path(const struct syscall_event *event, struct str *ret);

#endif
