/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments by the names and in the texts that Falco's rule language has for them. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "sensor/event.h"
#include "sensor/flags.h"

enum how {
        END_OF_ARGS,
        RES,       /* what the call returned: a number, or the name of an error */
        DECIMAL,   /* of 32 bits, with a sign */
        LONG,      /* of 64 bits */
        OCTAL,
        HEX,
        FLAGS,     /* `more` is the table */
        OPENFLAGS,
        HOWFLAGS,  /* of openat2: word `index` */
        HOWMODE,
        UID, GID,
        FD,        /* "5(<f>/etc/passwd)" */
        NEWFD,     /* the same of what the call returned */
        OTHERFD,   /* a number of which nothing more is known */
        DIRFD,     /* `more` is the part that names it */
        PATH,      /* `index` is the part with the name, `more` the one with the directory it starts from */
        TEXT,      /* part `index` */
        ENDS, ADDRESS,
        CAPABILITIES, /* of the process after the call: `index` 0 inheritable, 1 permitted, 2 effective */
        PROCESS,   /* `index` is enum process_arg */
};
enum process_arg { EXE, ARGS, TID, PID, PTID, CWD, COMM, EXEFLAGS, EXEPATH, FILENAME, CHILD };

struct spec {
        const char *name;
        uint8_t how, index, more;
};

#define NAME SENSOR_PART_NAME
#define NAME2 SENSOR_PART_NAME2
#define NAME3 SENSOR_PART_NAME3
#define DIR1 SENSOR_PART_DIR
#define DIR2 SENSOR_PART_DIR2

#define OF_PROCESS                                                                                                    \
        { "res", RES }, { "exe", PROCESS, EXE }, { "args", PROCESS, ARGS }, { "tid", PROCESS, TID },                  \
        { "pid", PROCESS, PID }, { "ptid", PROCESS, PTID }, { "cwd", PROCESS, CWD }, { "comm", PROCESS, COMM },       \
        { "flags", PROCESS, EXEFLAGS }, { "trusted_exepath", PROCESS, EXEPATH }, { "filename", PROCESS, FILENAME }
#define OF_MESSAGE { "res", RES }, { "fd", FD, 0 }, { "tuple", ENDS }

#define SPECS(kind, ...) [SENSOR_##kind] = (const struct spec[]){ __VA_ARGS__, { NULL } }
static const struct spec *const specs[SENSOR_KINDS] = {
        SPECS(execve, OF_PROCESS), SPECS(execveat, OF_PROCESS),
        SPECS(clone, { "res", RES }, { "exe", PROCESS, EXE }, { "args", PROCESS, ARGS }, { "tid", PROCESS, TID },
              { "pid", PROCESS, PID }, { "ptid", PROCESS, PTID }, { "comm", PROCESS, COMM }),
        SPECS(procexit, { "status", LONG, 7 }),
        SPECS(open, { "fd", NEWFD }, { "name", PATH, NAME, DIR1 }, { "flags", OPENFLAGS, 1 }, { "mode", OCTAL, 2 }),
        SPECS(openat, { "fd", NEWFD }, { "dirfd", DIRFD, 0, DIR1 }, { "name", PATH, NAME, DIR1 },
              { "flags", OPENFLAGS, 2 }, { "mode", OCTAL, 3 }),
        SPECS(openat2, { "fd", NEWFD }, { "dirfd", DIRFD, 0, DIR1 }, { "name", PATH, NAME, DIR1 }, { "flags", HOWFLAGS, 0 },
              { "mode", HOWMODE, 1 }),
        SPECS(creat, { "fd", NEWFD }, { "name", PATH, NAME, DIR1 }, { "mode", OCTAL, 1 }),
        SPECS(open_by_handle_at, { "fd", NEWFD }, { "mountfd", OTHERFD, 0 }, { "flags", OPENFLAGS, 2 }),
        SPECS(truncate, { "res", RES }, { "path", PATH, NAME, DIR1 }, { "length", LONG, 1 }),
        SPECS(ftruncate, { "res", RES }, { "fd", FD, 0 }, { "length", LONG, 1 }),
        SPECS(rename, { "res", RES }, { "oldpath", PATH, NAME, DIR1 }, { "newpath", PATH, NAME2, DIR2 }),
        SPECS(renameat, { "res", RES }, { "olddirfd", DIRFD, 0, DIR1 }, { "oldpath", PATH, NAME, DIR1 },
              { "newdirfd", DIRFD, 2, DIR2 }, { "newpath", PATH, NAME2, DIR2 }),
        SPECS(renameat2, { "res", RES }, { "olddirfd", DIRFD, 0, DIR1 }, { "oldpath", PATH, NAME, DIR1 },
              { "newdirfd", DIRFD, 2, DIR2 }, { "newpath", PATH, NAME2, DIR2 }, { "flags", FLAGS, 4, FLAGS_RENAME }),
        SPECS(link, { "res", RES }, { "oldpath", PATH, NAME, DIR1 }, { "newpath", PATH, NAME2, DIR2 }),
        SPECS(linkat, { "res", RES }, { "olddir", DIRFD, 0, DIR1 }, { "oldpath", PATH, NAME, DIR1 },
              { "newdir", DIRFD, 2, DIR2 }, { "newpath", PATH, NAME2, DIR2 }, { "flags", FLAGS, 4, FLAGS_LINKAT }),
        SPECS(symlink, { "res", RES }, { "target", TEXT, NAME }, { "linkpath", PATH, NAME2, DIR2 }),
        SPECS(symlinkat, { "res", RES }, { "target", TEXT, NAME }, { "linkdirfd", DIRFD, 1, DIR2 },
              { "linkpath", PATH, NAME2, DIR2 }),
        SPECS(unlink, { "res", RES }, { "path", PATH, NAME, DIR1 }),
        SPECS(unlinkat, { "res", RES }, { "dirfd", DIRFD, 0, DIR1 }, { "name", PATH, NAME, DIR1 },
              { "flags", FLAGS, 2, FLAGS_UNLINKAT }),
        SPECS(mkdir, { "res", RES }, { "path", PATH, NAME, DIR1 }, { "mode", OCTAL, 1 }),
        SPECS(mkdirat, { "res", RES }, { "dirfd", DIRFD, 0, DIR1 }, { "path", PATH, NAME, DIR1 }, { "mode", OCTAL, 2 }),
        SPECS(rmdir, { "res", RES }, { "path", PATH, NAME, DIR1 }),
        SPECS(mknod, { "res", RES }, { "path", PATH, NAME, DIR1 }, { "mode", OCTAL, 1 }, { "dev", HEX, 2 }),
        SPECS(mknodat, { "res", RES }, { "dirfd", DIRFD, 0, DIR1 }, { "path", PATH, NAME, DIR1 }, { "mode", OCTAL, 2 },
              { "dev", HEX, 3 }),
        SPECS(chmod, { "res", RES }, { "filename", PATH, NAME, DIR1 }, { "mode", FLAGS, 1, FLAGS_CHMOD }),
        SPECS(fchmod, { "res", RES }, { "fd", FD, 0 }, { "mode", FLAGS, 1, FLAGS_CHMOD }),
        SPECS(fchmodat, { "res", RES }, { "dirfd", DIRFD, 0, DIR1 }, { "filename", PATH, NAME, DIR1 },
              { "mode", FLAGS, 2, FLAGS_CHMOD }),
        SPECS(fchmodat2, { "res", RES }, { "dirfd", DIRFD, 0, DIR1 }, { "filename", PATH, NAME, DIR1 },
              { "mode", FLAGS, 2, FLAGS_CHMOD }, { "flags", FLAGS, 3, FLAGS_CHOWNAT }),
        SPECS(chown, { "res", RES }, { "path", PATH, NAME, DIR1 }, { "uid", UID, 1 }, { "gid", GID, 2 }),
        SPECS(lchown, { "res", RES }, { "path", PATH, NAME, DIR1 }, { "uid", UID, 1 }, { "gid", GID, 2 }),
        SPECS(fchown, { "res", RES }, { "fd", FD, 0 }, { "uid", UID, 1 }, { "gid", GID, 2 }),
        SPECS(fchownat, { "res", RES }, { "dirfd", DIRFD, 0, DIR1 }, { "pathname", PATH, NAME, DIR1 }, { "uid", UID, 2 },
              { "gid", GID, 3 }, { "flags", FLAGS, 4, FLAGS_CHOWNAT }),
        SPECS(socket, { "fd", NEWFD }, { "domain", FLAGS, 0, ENUM_DOMAIN }, { "type", DECIMAL, 1 }, { "proto", DECIMAL, 2 }),
        SPECS(connect, { "res", RES }, { "tuple", ENDS }, { "fd", FD, 0 }, { "addr", ADDRESS }),
        SPECS(bind, { "res", RES }, { "addr", ADDRESS }, { "fd", FD, 0 }),
        SPECS(listen, { "res", RES }, { "fd", FD, 0 }, { "backlog", DECIMAL, 1 }),
        SPECS(accept, { "fd", NEWFD }, { "tuple", ENDS }),
        SPECS(accept4, { "fd", NEWFD }, { "tuple", ENDS }, { "flags", FLAGS, 3, FLAGS_ACCEPT }),
        SPECS(sendto, OF_MESSAGE, { "size", LONG, 2 }), SPECS(sendmsg, OF_MESSAGE), SPECS(sendmmsg, OF_MESSAGE),
        SPECS(recvfrom, OF_MESSAGE, { "size", LONG, 2 }), SPECS(recvmsg, OF_MESSAGE), SPECS(recvmmsg, OF_MESSAGE),
        SPECS(dup, { "res", NEWFD }, { "oldfd", OTHERFD, 0 }),
        SPECS(dup2, { "res", NEWFD }, { "oldfd", OTHERFD, 0 }, { "newfd", OTHERFD, 1 }),
        SPECS(dup3, { "res", NEWFD }, { "oldfd", OTHERFD, 0 }, { "newfd", OTHERFD, 1 }, { "flags", FLAGS, 2, FLAGS_DUP }),
        SPECS(ptrace, { "res", RES }, { "addr", HEX, 2 }, { "data", HEX, 3 }, { "request", FLAGS, 0, ENUM_PTRACE },
              { "pid", DECIMAL, 1 }),
        SPECS(process_vm_readv, { "res", RES }, { "pid", DECIMAL, 0 }), SPECS(process_vm_writev, { "res", RES }, { "pid", DECIMAL, 0 }),
        SPECS(pidfd_getfd, { "fd", NEWFD }, { "pid_fd", OTHERFD, 0 }, { "target_fd", OTHERFD, 1 }),
        SPECS(bpf, { "fd", RES }, { "cmd", FLAGS, 0, ENUM_BPF }),
        SPECS(perf_event_open, { "res", RES }, { "pid", DECIMAL, 1 }, { "cpu", DECIMAL, 2 }),
        SPECS(init_module, { "res", RES }, { "length", LONG, 1 }, { "uargs", TEXT, NAME }),
        SPECS(finit_module, { "res", RES }, { "fd", FD, 0 }, { "uargs", TEXT, NAME }, { "flags", FLAGS, 2, FLAGS_FINIT_MODULE }),
        SPECS(delete_module, { "res", RES }, { "name", TEXT, NAME }, { "flags", FLAGS, 1, FLAGS_OPEN }),
        SPECS(mount, { "res", RES }, { "dev", TEXT, NAME }, { "dir", PATH, NAME2, DIR2 }, { "type", TEXT, NAME3 },
              { "flags", FLAGS, 3, FLAGS_MOUNT }),
        SPECS(umount2, { "res", RES }, { "name", PATH, NAME, DIR1 }, { "flags", FLAGS, 1, FLAGS_UMOUNT }),
        SPECS(pivot_root, { "res", RES }, { "new_root", PATH, NAME, DIR1 }, { "put_old", PATH, NAME2, DIR2 }),
        SPECS(fsopen, { "res", RES }, { "name", TEXT, NAME }),
        SPECS(fsconfig, { "res", RES }, { "fd", OTHERFD, 0 }, { "cmd", FLAGS, 1, ENUM_FSCONFIG }, { "key", TEXT, NAME },
              { "value_charbuf", TEXT, NAME2 }),
        SPECS(fsmount, { "res", RES }, { "fd", OTHERFD, 0 }),
        SPECS(move_mount, { "res", RES }, { "from_dirfd", DIRFD, 0, DIR1 }, { "from_path", PATH, NAME, DIR1 },
              { "to_dirfd", DIRFD, 2, DIR2 }, { "to_path", PATH, NAME2, DIR2 }),
        SPECS(open_tree, { "res", RES }, { "dirfd", DIRFD, 0, DIR1 }, { "path", PATH, NAME, DIR1 }, { "flags", HEX, 2 }),
        SPECS(mount_setattr, { "res", RES }, { "dirfd", DIRFD, 0, DIR1 }, { "path", PATH, NAME, DIR1 }, { "flags", HEX, 2 }),
        SPECS(unshare, { "res", RES }, { "flags", FLAGS, 0, FLAGS_CLONE }),
        SPECS(setns, { "res", RES }, { "fd", FD, 0 }, { "nstype", FLAGS, 1, FLAGS_CLONE }),
        SPECS(chroot, { "res", RES }, { "path", PATH, NAME, DIR1 }),
        SPECS(setuid, { "res", RES }, { "uid", UID, 0 }), SPECS(setgid, { "res", RES }, { "gid", GID, 0 }),
        SPECS(setreuid, { "res", RES }, { "ruid", UID, 0 }, { "euid", UID, 1 }),
        SPECS(setregid, { "res", RES }, { "rgid", GID, 0 }, { "egid", GID, 1 }),
        SPECS(setresuid, { "res", RES }, { "ruid", UID, 0 }, { "euid", UID, 1 }, { "suid", UID, 2 }),
        SPECS(setresgid, { "res", RES }, { "rgid", GID, 0 }, { "egid", GID, 1 }, { "sgid", GID, 2 }),
        SPECS(setfsuid, { "res", RES }, { "uid", UID, 0 }), SPECS(setfsgid, { "res", RES }, { "gid", GID, 0 }),
        SPECS(setgroups, { "res", RES }, { "size", DECIMAL, 0 }),
        SPECS(capset, { "res", RES }, { "cap_inheritable", CAPABILITIES, 0 }, { "cap_permitted", CAPABILITIES, 1 },
              { "cap_effective", CAPABILITIES, 2 }),
        SPECS(memfd_create, { "fd", RES }, { "name", TEXT, NAME }, { "flags", FLAGS, 1, FLAGS_MEMFD }),
        SPECS(userfaultfd, { "res", RES }, { "flags", FLAGS, 0, FLAGS_OPEN }),
        SPECS(keyctl, { "res", RES }, { "cmd", FLAGS, 0, ENUM_KEYCTL }),
        SPECS(add_key, { "res", RES }, { "type", TEXT, NAME }, { "description", TEXT, NAME2 }),
        SPECS(request_key, { "res", RES }, { "type", TEXT, NAME }, { "description", TEXT, NAME2 }),
        SPECS(io_uring_setup, { "res", RES }, { "entries", DECIMAL, 0 }),
        SPECS(kill, { "res", RES }, { "pid", DECIMAL, 0 }, { "sig", FLAGS, 1, ENUM_SIGNAL }),
        SPECS(tkill, { "res", RES }, { "tid", DECIMAL, 0 }, { "sig", FLAGS, 1, ENUM_SIGNAL }),
        SPECS(tgkill, { "res", RES }, { "pid", DECIMAL, 0 }, { "tid", DECIMAL, 1 }, { "sig", FLAGS, 2, ENUM_SIGNAL }),
        SPECS(pidfd_send_signal, { "res", RES }, { "fd", OTHERFD, 0 }, { "sig", FLAGS, 1, ENUM_SIGNAL }),
        SPECS(mmap, { "res", RES }, { "addr", HEX, 0 }, { "length", LONG, 1 }, { "prot", FLAGS, 2, FLAGS_PROTECTION },
              { "flags", FLAGS, 3, FLAGS_MAP }, { "fd", FD, 4 }, { "offset", LONG, 5 }),
        SPECS(mprotect, { "res", RES }, { "addr", HEX, 0 }, { "length", LONG, 1 }, { "prot", FLAGS, 2, FLAGS_PROTECTION }),
};

/* ---- paths ---- */

struct str event_absolute(struct event_maker *maker, struct str name, struct str directory)
{
        bool relative = name.n == 0 || name.p[0] != '/';
        struct value_text text;

        if (relative && directory.n == 0)
                return name;
        text = value_text_begin(&maker->scratch);
        if (relative)
                value_text_add_path(&text, directory);
        value_text_add_path(&text, name);
        if (value_text_end(&text).n == 0)
                value_text_add(&text, STR_LIT("/"));
        return value_text_end(&text);
}

/* ---- texts ---- */

static void add_result(struct value_text *text, int64_t result)
{
        const char *name = result < 0 && result >= -4095 ? strerrorname_np((int)-result) : NULL;

        if (name)
                value_text_add(text, str_from(name));
        else
                value_text_add_number(text, result);
}

static void add_number(struct value_text *text, const char *format, uint64_t n)
{
        char digits[32];

        snprintf(digits, sizeof(digits), format, (unsigned long long)n);
        value_text_add(text, str_from(digits));
}

static void add_user(struct event_maker *maker, struct value_text *text, uint32_t id, bool group)
{
        const struct user *user = maker->users && !group ? users_find(maker->users, id) : NULL;
        struct str name = user ? user->name : STR_NULL;

        if (maker->users && group)
                name = users_group(maker->users, id);
        if (name.n)
                value_text_add(text, name);
        else
                value_text_add_number(text, (int32_t)id);
}

static void add_directory(struct value_text *text, int32_t fd, struct str path)
{
        if (fd == AT_FDCWD) {
                value_text_add(text, STR_LIT("AT_FDCWD"));
                return;
        }
        value_text_add_number(text, fd);
        if (path.n == 0)
                return;
        value_text_add(text, STR_LIT("(<d>"));
        value_text_add(text, path);
        value_text_add(text, STR_LIT(")"));
}

static struct str fd_text(struct event_maker *maker, int64_t fd)
{
        struct str name = event_fd_name(maker);
        struct value_text text = value_text_begin(&maker->scratch);

        if (fd < 0) {
                add_result(&text, fd);
                return value_text_end(&text);
        }
        value_text_add_number(&text, fd);
        value_text_add(&text, STR_LIT("(<"));
        value_text_add(&text, str_from(event_type_letter(&maker->fd)));
        value_text_add(&text, STR_LIT(">"));
        value_text_add(&text, name);
        value_text_add(&text, STR_LIT(")"));
        return value_text_end(&text);
}

/* O_F_CREATED and the layer are not among the flags that the program gave: the kernel says so of the file. */
static void add_open_flags(struct event_maker *maker, struct value_text *text, uint64_t flags)
{
        const struct sensor_file *file = sensor_raw_struct(maker->raw, SENSOR_PART_FILE, sizeof(*file));

        flags_add_open(text, flags);
        if (!file)
                return;
        if (file->marks & SENSOR_FILE_CREATED)
                value_text_add(text, STR_LIT("|O_F_CREATED"));
        if (file->marks & SENSOR_FILE_OVERLAY)
                value_text_add(text, file->marks & SENSOR_FILE_UPPER ? STR_LIT("|FD_UPPER_LAYER") : STR_LIT("|FD_LOWER_LAYER"));
}

static uint64_t word_of(const struct sensor_raw *raw, size_t i)
{
        struct str words = sensor_raw_part(raw, SENSOR_PART_WORDS);
        uint64_t word = 0;

        if (words.n >= (i + 1) * sizeof(word))
                memcpy(&word, words.p + i * sizeof(word), sizeof(word));
        return word;
}

static void add_capabilities(struct value_text *text, uint64_t mask)
{
        add_number(text, "0x%llx", mask);
}

/* ---- of processes ---- */

#define KNOWS(p, member) ((p)->known >> PROCESS_##member & 1)

static void add_exe_flags(struct value_text *text, const struct syscall_process *p)
{
        const struct {
                bool set;
                const char *name;
        } flags[] = {
                { KNOWS(p, exe_writable) && p->exe_writable, "EXE_WRITABLE" },
                { KNOWS(p, exe_upper_layer) && p->exe_upper_layer, "EXE_UPPER_LAYER" },
                { KNOWS(p, exe_from_memfd) && p->exe_from_memfd, "EXE_FROM_MEMFD" },
                { KNOWS(p, exe_lower_layer) && p->exe_lower_layer, "EXE_LOWER_LAYER" },
        };
        bool some = false;

        for (size_t i = 0; i < ELEMENTS_OF(flags); i++) {
                if (!flags[i].set)
                        continue;
                if (some)
                        value_text_add(text, STR_LIT("|"));
                value_text_add(text, str_from(flags[i].name));
                some = true;
        }
}

static void add_process(struct event_maker *maker, struct value_text *text, enum process_arg what)
{
        const struct syscall_process *p = &maker->process->facts;

        switch (what) {
        case EXE:
                value_text_add(text, p->exe);
                break;
        case ARGS:
                for (uint32_t i = 0; i < p->args.n; i++) {
                        if (i)
                                value_text_add(text, STR_LIT(" "));
                        value_text_add(text, p->args.items[i]);
                }
                break;
        case TID:
        case PID:
                value_text_add_number(text, what == TID ? p->tid : p->pid);
                break;
        case PTID:
                value_text_add_number(text, maker->raw->header->ppid);
                break;
        case CWD:
                value_text_add(text, p->cwd);
                break;
        case COMM:
                value_text_add(text, p->name);
                break;
        case EXEFLAGS:
                add_exe_flags(text, p);
                break;
        case EXEPATH:
                value_text_add(text, p->exepath);
                break;
        default:
                value_text_add(text, sensor_raw_part(maker->raw, SENSOR_PART_NAME));
                break;
        }
}

/* ---- all ---- */

static void add_value(struct event_maker *maker, struct value_text *text, const struct spec *spec)
{
        const struct sensor_header *h = maker->raw->header;
        uint64_t arg = spec->index < SENSOR_ARGS ? h->args[spec->index] : 0;

        switch ((enum how)spec->how) {
        case RES:
                add_result(text, h->result);
                break;
        case DECIMAL:
        case OTHERFD:
                value_text_add_number(text, (int32_t)arg);
                break;
        case LONG:
                value_text_add_number(text, spec->index < SENSOR_ARGS ? (int64_t)arg : h->result);
                break;
        case OCTAL:
                add_number(text, "0%llo", arg & 07777);
                break;
        case HEX:
                add_number(text, "0x%llx", arg);
                break;
        case FLAGS:
                flags_add(text, spec->more, spec->more == FLAGS_PROTECTION || spec->more == FLAGS_MAP ? arg : (uint32_t)arg);
                break;
        case OPENFLAGS:
                add_open_flags(maker, text, (uint32_t)arg);
                break;
        case HOWFLAGS:
                add_open_flags(maker, text, word_of(maker->raw, 0));
                break;
        case HOWMODE:
                add_number(text, "0%llo", word_of(maker->raw, 1) & 07777);
                break;
        case UID:
        case GID:
                add_user(maker, text, (uint32_t)arg, spec->how == GID);
                break;
        case DIRFD:
                add_directory(text, (int32_t)arg, sensor_raw_part(maker->raw, spec->more));
                break;
        case CAPABILITIES:
                add_capabilities(text, spec->index == 0 ? h->cap_inheritable : spec->index == 1 ? h->cap_permitted
                                                                                                : h->cap_effective);
                break;
        case PROCESS:
                add_process(maker, text, spec->index);
                break;
        default:
                break;
        }
}

static struct str value_of(struct event_maker *maker, const struct spec *spec)
{
        struct str name, directory;
        struct value_text text;

        switch ((enum how)spec->how) {
        case FD:
                return fd_text(maker, (int32_t)maker->raw->header->args[spec->index]);
        case NEWFD:
                return fd_text(maker, maker->raw->header->result);
        case ENDS:
                return event_fd_name(maker);
        case ADDRESS:
                return event_address_text(maker);
        case TEXT:
                return sensor_raw_part(maker->raw, spec->index);
        case PATH:
                name = sensor_raw_part(maker->raw, spec->index);
                directory = sensor_raw_part(maker->raw, spec->more);
                return event_absolute(maker, name, directory);
        default:
                text = value_text_begin(&maker->scratch);
                add_value(maker, &text, spec);
                return value_text_end(&text);
        }
}

void event_make_args(struct event_maker *maker)
{
        const struct spec *spec = specs[maker->raw->header->kind];

        maker->n_args = 0;
        for (; spec && spec->name && maker->n_args < EVENT_ARGS_MAX; spec++)
                maker->args[maker->n_args++] = (struct syscall_pair){ str_from(spec->name), value_of(maker, spec) };
}
