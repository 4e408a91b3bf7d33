/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/fs.h>
#include <linux/keyctl.h>
#include <linux/memfd.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "sensor/flags.h"

#define F(name) { name, #name }

static const struct flag_name open_flags[] = {
        F(O_CREAT), F(O_APPEND), { O_SYNC, "O_SYNC" }, F(O_DSYNC), F(O_EXCL), F(O_NONBLOCK), F(O_TRUNC), F(O_DIRECT),
        { 0100000, "O_LARGEFILE" }, { O_TMPFILE, "O_TMPFILE" }, F(O_DIRECTORY), F(O_CLOEXEC), F(O_NOFOLLOW), F(O_PATH),
        F(O_NOATIME), F(O_NOCTTY),
};
static const struct flag_name chmod_modes[] = {
        F(S_IXOTH), F(S_IWOTH), F(S_IROTH), F(S_IXGRP), F(S_IWGRP), F(S_IRGRP), F(S_IXUSR), F(S_IWUSR), F(S_IRUSR),
        F(S_ISVTX), F(S_ISGID), F(S_ISUID),
};
static const struct flag_name unlinkat_flags[] = { F(AT_REMOVEDIR) };
static const struct flag_name linkat_flags[] = { F(AT_SYMLINK_FOLLOW), F(AT_EMPTY_PATH) };
static const struct flag_name chownat_flags[] = { F(AT_SYMLINK_NOFOLLOW), F(AT_EMPTY_PATH) };
static const struct flag_name rename_flags[] = {
        { 1, "RENAME_NOREPLACE" }, { 2, "RENAME_EXCHANGE" }, { 4, "RENAME_WHITEOUT" },
};
static const struct flag_name clone_flags[] = {
        F(CLONE_FILES), F(CLONE_FS), F(CLONE_NEWIPC), F(CLONE_NEWNET), F(CLONE_NEWNS), F(CLONE_NEWPID), F(CLONE_NEWUTS),
        F(CLONE_SIGHAND), F(CLONE_SYSVSEM), F(CLONE_THREAD), F(CLONE_VM), F(CLONE_NEWUSER), F(CLONE_NEWCGROUP),
        { 0x80, "CLONE_NEWTIME" },
};
static const struct flag_name mount_flags[] = {
        { MS_RDONLY, "RDONLY" }, { MS_NOSUID, "NOSUID" }, { MS_NODEV, "NODEV" }, { MS_NOEXEC, "NOEXEC" },
        { MS_SYNCHRONOUS, "SYNCHRONOUS" }, { MS_REMOUNT, "REMOUNT" }, { MS_MANDLOCK, "MANDLOCK" },
        { MS_DIRSYNC, "DIRSYNC" }, { MS_NOATIME, "NOATIME" }, { MS_NODIRATIME, "NODIRATIME" }, { MS_BIND, "BIND" },
        { MS_MOVE, "MOVE" }, { MS_REC, "REC" }, { MS_SILENT, "SILENT" }, { MS_POSIXACL, "POSIXACL" },
        { MS_UNBINDABLE, "UNBINDABLE" }, { MS_PRIVATE, "PRIVATE" }, { MS_SLAVE, "SLAVE" }, { MS_SHARED, "SHARED" },
        { MS_RELATIME, "RELATIME" }, { MS_STRICTATIME, "STRICTATIME" }, { MS_LAZYTIME, "LAZYTIME" },
};
static const struct flag_name umount_flags[] = {
        { MNT_FORCE, "FORCE" }, { MNT_DETACH, "DETACH" }, { MNT_EXPIRE, "EXPIRE" }, { UMOUNT_NOFOLLOW, "NOFOLLOW" },
};
static const struct flag_name protections[] = { F(PROT_READ), F(PROT_WRITE), F(PROT_EXEC) };
static const struct flag_name map_flags[] = {
        F(MAP_SHARED), F(MAP_PRIVATE), F(MAP_FIXED), F(MAP_ANONYMOUS), F(MAP_DENYWRITE), F(MAP_NORESERVE), F(MAP_GROWSDOWN),
        F(MAP_LOCKED), F(MAP_POPULATE), F(MAP_NONBLOCK), F(MAP_STACK), F(MAP_HUGETLB),
};
static const struct flag_name memfd_flags[] = { F(MFD_CLOEXEC), F(MFD_ALLOW_SEALING), F(MFD_HUGETLB) };
static const struct flag_name accept_flags[] = { { SOCK_CLOEXEC, "SOCK_CLOEXEC" }, { SOCK_NONBLOCK, "SOCK_NONBLOCK" } };
static const struct flag_name finit_flags[] = { F(MODULE_INIT_IGNORE_MODVERSIONS), F(MODULE_INIT_IGNORE_VERMAGIC), { 4, "MODULE_INIT_COMPRESSED_FILE" } };
static const struct flag_name dup_flags[] = { F(O_CLOEXEC) };
static const struct flag_name requests[] = {
        { PTRACE_TRACEME, "PTRACE_TRACEME" }, { PTRACE_PEEKTEXT, "PTRACE_PEEKTEXT" },
        { PTRACE_PEEKDATA, "PTRACE_PEEKDATA" }, { PTRACE_PEEKUSER, "PTRACE_PEEKUSR" },
        { PTRACE_POKETEXT, "PTRACE_POKETEXT" }, { PTRACE_POKEDATA, "PTRACE_POKEDATA" },
        { PTRACE_POKEUSER, "PTRACE_POKEUSR" }, { PTRACE_CONT, "PTRACE_CONT" }, { PTRACE_KILL, "PTRACE_KILL" },
        { PTRACE_SINGLESTEP, "PTRACE_SINGLESTEP" }, { 12, "PTRACE_GETREGS" }, { 13, "PTRACE_SETREGS" },
        { 14, "PTRACE_GETFPREGS" }, { 15, "PTRACE_SETFPREGS" }, { PTRACE_ATTACH, "PTRACE_ATTACH" },
        { PTRACE_DETACH, "PTRACE_DETACH" }, { PTRACE_SYSCALL, "PTRACE_SYSCALL" },
        { PTRACE_SETOPTIONS, "PTRACE_SETOPTIONS" }, { PTRACE_GETEVENTMSG, "PTRACE_GETEVENTMSG" },
        { PTRACE_GETSIGINFO, "PTRACE_GETSIGINFO" }, { PTRACE_SETSIGINFO, "PTRACE_SETSIGINFO" },
        { PTRACE_GETREGSET, "PTRACE_GETREGSET" }, { PTRACE_SETREGSET, "PTRACE_SETREGSET" },
        { PTRACE_SEIZE, "PTRACE_SEIZE" }, { PTRACE_INTERRUPT, "PTRACE_INTERRUPT" }, { PTRACE_LISTEN, "PTRACE_LISTEN" },
        { PTRACE_PEEKSIGINFO, "PTRACE_PEEKSIGINFO" }, { PTRACE_GETSIGMASK, "PTRACE_GETSIGMASK" },
        { PTRACE_SETSIGMASK, "PTRACE_SETSIGMASK" },
};
static const struct flag_name domains[] = {
        { AF_UNSPEC, "AF_UNSPEC" }, { AF_UNIX, "AF_UNIX" }, { AF_INET, "AF_INET" }, { AF_AX25, "AF_AX25" },
        { AF_IPX, "AF_IPX" }, { AF_APPLETALK, "AF_APPLETALK" }, { AF_X25, "AF_X25" }, { AF_INET6, "AF_INET6" },
        { AF_KEY, "AF_KEY" }, { AF_NETLINK, "AF_NETLINK" }, { AF_PACKET, "AF_PACKET" }, { AF_RDS, "AF_RDS" },
        { AF_TIPC, "AF_TIPC" }, { AF_BLUETOOTH, "AF_BLUETOOTH" }, { AF_ALG, "AF_ALG" }, { AF_NFC, "AF_NFC" },
        { AF_VSOCK, "AF_VSOCK" }, { AF_CAN, "AF_CAN" }, { AF_KCM, "AF_KCM" }, { AF_QIPCRTR, "AF_QIPCRTR" },
        { AF_SMC, "AF_SMC" }, { AF_XDP, "AF_XDP" },
};
static const struct flag_name bpf_commands[] = {
        F(BPF_MAP_CREATE), F(BPF_MAP_LOOKUP_ELEM), F(BPF_MAP_UPDATE_ELEM), F(BPF_MAP_DELETE_ELEM), F(BPF_MAP_GET_NEXT_KEY),
        F(BPF_PROG_LOAD), F(BPF_OBJ_PIN), F(BPF_OBJ_GET), F(BPF_PROG_ATTACH), F(BPF_PROG_DETACH), F(BPF_PROG_TEST_RUN),
        F(BPF_PROG_GET_NEXT_ID), F(BPF_MAP_GET_NEXT_ID), F(BPF_PROG_GET_FD_BY_ID), F(BPF_MAP_GET_FD_BY_ID),
        F(BPF_OBJ_GET_INFO_BY_FD), F(BPF_PROG_QUERY), F(BPF_RAW_TRACEPOINT_OPEN), F(BPF_BTF_LOAD), F(BPF_BTF_GET_FD_BY_ID),
        F(BPF_TASK_FD_QUERY), F(BPF_MAP_LOOKUP_AND_DELETE_ELEM), F(BPF_MAP_FREEZE), F(BPF_BTF_GET_NEXT_ID),
        F(BPF_MAP_LOOKUP_BATCH), F(BPF_MAP_LOOKUP_AND_DELETE_BATCH), F(BPF_MAP_UPDATE_BATCH), F(BPF_MAP_DELETE_BATCH),
        F(BPF_LINK_CREATE), F(BPF_LINK_UPDATE), F(BPF_LINK_GET_FD_BY_ID), F(BPF_LINK_GET_NEXT_ID), F(BPF_ENABLE_STATS),
        F(BPF_ITER_CREATE), F(BPF_LINK_DETACH), F(BPF_PROG_BIND_MAP),
};
static const struct flag_name signals[] = {
        F(SIGHUP), F(SIGINT), F(SIGQUIT), F(SIGILL), F(SIGTRAP), F(SIGABRT), F(SIGBUS), F(SIGFPE), F(SIGKILL), F(SIGUSR1),
        F(SIGSEGV), F(SIGUSR2), F(SIGPIPE), F(SIGALRM), F(SIGTERM), F(SIGSTKFLT), F(SIGCHLD), F(SIGCONT), F(SIGSTOP),
        F(SIGTSTP), F(SIGTTIN), F(SIGTTOU), F(SIGURG), F(SIGXCPU), F(SIGXFSZ), F(SIGVTALRM), F(SIGPROF), F(SIGWINCH),
        F(SIGIO), F(SIGPWR), F(SIGSYS),
};
static const struct flag_name keyctls[] = {
        F(KEYCTL_GET_KEYRING_ID), F(KEYCTL_JOIN_SESSION_KEYRING), F(KEYCTL_UPDATE), F(KEYCTL_REVOKE), F(KEYCTL_CHOWN),
        F(KEYCTL_SETPERM), F(KEYCTL_DESCRIBE), F(KEYCTL_CLEAR), F(KEYCTL_LINK), F(KEYCTL_UNLINK), F(KEYCTL_SEARCH),
        F(KEYCTL_READ), F(KEYCTL_INSTANTIATE), F(KEYCTL_NEGATE), F(KEYCTL_SET_REQKEY_KEYRING), F(KEYCTL_SET_TIMEOUT),
        F(KEYCTL_ASSUME_AUTHORITY), F(KEYCTL_GET_SECURITY), F(KEYCTL_SESSION_TO_PARENT), F(KEYCTL_REJECT),
        F(KEYCTL_INSTANTIATE_IOV), F(KEYCTL_INVALIDATE), F(KEYCTL_GET_PERSISTENT),
};
static const struct flag_name fsconfigs[] = {
        { 0, "FSCONFIG_SET_FLAG" }, { 1, "FSCONFIG_SET_STRING" }, { 2, "FSCONFIG_SET_BINARY" }, { 3, "FSCONFIG_SET_PATH" },
        { 4, "FSCONFIG_SET_PATH_EMPTY" }, { 5, "FSCONFIG_SET_FD" }, { 6, "FSCONFIG_CMD_CREATE" },
        { 7, "FSCONFIG_CMD_RECONFIGURE" },
};

#define TABLE(names) { names, ELEMENTS_OF(names) }
static const struct {
        const struct flag_name *names;
        size_t n;
} tables[FLAG_TABLES] = {
        [FLAGS_OPEN] = TABLE(open_flags), [FLAGS_CHMOD] = TABLE(chmod_modes), [FLAGS_UNLINKAT] = TABLE(unlinkat_flags),
        [FLAGS_LINKAT] = TABLE(linkat_flags), [FLAGS_CHOWNAT] = TABLE(chownat_flags), [FLAGS_RENAME] = TABLE(rename_flags),
        [FLAGS_CLONE] = TABLE(clone_flags), [FLAGS_MOUNT] = TABLE(mount_flags), [FLAGS_UMOUNT] = TABLE(umount_flags),
        [FLAGS_PROTECTION] = TABLE(protections), [FLAGS_MAP] = TABLE(map_flags), [FLAGS_MEMFD] = TABLE(memfd_flags),
        [FLAGS_ACCEPT] = TABLE(accept_flags), [FLAGS_FINIT_MODULE] = TABLE(finit_flags), [FLAGS_DUP] = TABLE(dup_flags),
        [ENUM_PTRACE] = TABLE(requests), [ENUM_DOMAIN] = TABLE(domains), [ENUM_BPF] = TABLE(bpf_commands),
        [ENUM_SIGNAL] = TABLE(signals), [ENUM_KEYCTL] = TABLE(keyctls), [ENUM_FSCONFIG] = TABLE(fsconfigs),
};

static void add_name(struct value_text *text, const char *name, bool *some)
{
        if (*some)
                value_text_add(text, STR_LIT("|"));
        value_text_add(text, str_from(name));
        *some = true;
}

static void add_rest(struct value_text *text, uint64_t rest, bool *some)
{
        char hex[20];

        if (!rest)
                return;
        snprintf(hex, sizeof(hex), "0x%llx", (unsigned long long)rest);
        add_name(text, hex, some);
}

static void add_one(struct value_text *text, enum flag_table table, uint64_t value)
{
        for (size_t i = 0; i < tables[table].n; i++)
                if (tables[table].names[i].value == value) {
                        value_text_add(text, str_from(tables[table].names[i].name));
                        return;
                }
        value_text_add_number(text, (int64_t)value);
}

static uint64_t add_set(struct value_text *text, enum flag_table table, uint64_t value, bool *some)
{
        for (size_t i = 0; i < tables[table].n; i++) {
                uint64_t bits = tables[table].names[i].value;

                if ((value & bits) != bits)
                        continue;
                add_name(text, tables[table].names[i].name, some);
                value &= ~bits;
        }
        return value;
}

void flags_add(struct value_text *text, enum flag_table table, uint64_t value)
{
        bool some = false;

        if (table >= ENUM_PTRACE)
                add_one(text, table, value);
        else
                add_rest(text, add_set(text, table, value, &some), &some);
}

void flags_add_open(struct value_text *text, uint64_t flags)
{
        static const char *const access[] = { "O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE" };
        bool some = false;

        add_name(text, access[flags & O_ACCMODE], &some);
        add_rest(text, add_set(text, FLAGS_OPEN, flags & ~(uint64_t)O_ACCMODE, &some), &some);
}
