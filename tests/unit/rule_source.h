/* SPDX-License-Identifier: Apache-2.0 */
/* Sources for tests of the rule language: a small `syscall` with the fields and events that the stock rules of others
 * use, and two invented ones. Nothing is ever read from them. */
#ifndef TALLYMAN_TESTS_RULE_SOURCE_H
#define TALLYMAN_TESTS_RULE_SOURCE_H

#include "rules/rules.h"

static int rule_source_filled; /* getters are only asked whether they are there */
#define FILLED .get = (void *)&rule_source_filled
#define F(n, t) { .name = n, .type = VALUE_##t, FILLED }
#define F_INDEX(n, t) { .name = n, .type = VALUE_##t, .argument = ARGUMENT_INDEX, FILLED }
#define F_KEY(n, t) { .name = n, .type = VALUE_##t, .argument = ARGUMENT_KEY, FILLED }

static const struct field rule_syscall_fields[] = {
        F_KEY("container.id", STRING),
        F("container.image.repository", STRING),
        F("container.image.tag", STRING),
        F_KEY("container.mount.dest", STRING),
        F("container.mounts", STRING),
        F("container.name", STRING),
        F("container.privileged", BOOL),
        F("container.start_ts", TIME),
        { .name = "evt.arg", .type = VALUE_STRING, .argument = ARGUMENT_KEY, .argument_required = true, .by_suffix = true,
          FILLED },
        F("evt.args", STRING),
        F("evt.buffer", BYTES),
        F("evt.dir", STRING),
        F("evt.is_open_exec", BOOL),
        F("evt.is_open_read", BOOL),
        F("evt.is_open_write", BOOL),
        F("evt.num", NUMBER),
        F("evt.rawres", NUMBER),
        F("evt.res", STRING),
        F("evt.time", TIME),
        F("evt.type", STRING),
        F("fd.cip", ADDRESS),
        F("fd.cip.name", STRING),
        F("fd.cnet", NETWORK),
        F("fd.connected", BOOL),
        F("fd.directory", PATH),
        F("fd.filename", STRING),
        F("fd.ip", ADDRESS),
        F("fd.l4proto", STRING),
        F("fd.lip.name", STRING),
        F("fd.lport", NUMBER),
        F("fd.name", PATH),
        F("fd.name_changed", BOOL),
        F("fd.nameraw", PATH),
        F("fd.net", NETWORK),
        F("fd.num", NUMBER),
        F("fd.port", NUMBER),
        F("fd.rip.name", STRING),
        F("fd.rnet", NETWORK),
        F("fd.rport", NUMBER),
        F("fd.sip", ADDRESS),
        F("fd.sip.name", STRING),
        F("fd.snet", NETWORK),
        F("fd.sockfamily", STRING),
        F("fd.sport", NUMBER),
        F("fd.type", STRING),
        F("fd.typechar", STRING),
        F("group.gid", NUMBER),
        F("group.name", STRING),
        F("k8s.ns.name", STRING),
        F("k8s.pod.name", STRING),
        F_INDEX("proc.aexe", STRING),
        F_INDEX("proc.aexepath", PATH),
        F_INDEX("proc.aname", STRING),
        F("proc.args", STRING),
        F("proc.cmdline", STRING),
        F("proc.cwd", PATH),
        F("proc.duration", NUMBER),
        F_KEY("proc.env", STRING),
        F("proc.exe", STRING),
        F("proc.exe_ino.ctime", TIME),
        F("proc.exe_ino.ctime_duration_proc_start", TIME),
        F("proc.exe_ino.mtime", TIME),
        F("proc.exepath", PATH),
        F("proc.is_exe_from_memfd", BOOL),
        F("proc.is_exe_upper_layer", BOOL),
        F("proc.is_vpgid_leader", BOOL),
        F("proc.name", STRING),
        F("proc.pcmdline", STRING),
        F("proc.pexe", STRING),
        F("proc.pexepath", PATH),
        F("proc.pid", NUMBER),
        F("proc.pname", STRING),
        F("proc.ppid", NUMBER),
        F("proc.sname", STRING),
        F("proc.tty", NUMBER),
        F("proc.vpid", NUMBER),
        F("thread.cap_effective", STRING),
        F("thread.cap_permitted", STRING),
        F("user.loginname", STRING),
        F("user.loginuid", NUMBER),
        F("user.name", STRING),
        F("user.uid", NUMBER),
};

static const struct event_kind rule_syscall_events[] = {
        { "accept", true }, { "accept4", true }, { "bpf", true }, { "chmod", true }, { "clone", true },
        { "connect", true },
        { "creat", true }, { "dup", true }, { "dup2", true }, { "dup3", true }, { "execve", true },
        { "execveat", true },
        { "fchmod", true }, { "fchmodat", true }, { "finit_module", true }, { "init_module", true }, { "link", true },
        { "linkat", true }, { "listen", true }, { "mkdir", true }, { "mkdirat", true }, { "mount", true },
        { "open", true },
        { "openat", true }, { "openat2", true }, { "ptrace", true }, { "recvfrom", true }, { "recvmsg", true },
        { "rename", true }, { "renameat", true }, { "renameat2", true }, { "rmdir", true }, { "sendmsg", true },
        { "sendto", true }, { "setns", true }, { "setuid", true }, { "socket", true }, { "symlink", true },
        { "symlinkat", true }, { "umount", true }, { "unlink", true }, { "unlinkat", true }, { "unshare", true },
        { "userfaultfd", true },
};

static const struct fact_source rule_syscall = {
        .name = "syscall", .logic = LOGIC_NULL_IS_FALSE, .event_field = "evt.type",
        .fields = rule_syscall_fields, .n_fields = ELEMENTS_OF(rule_syscall_fields),
        .events = rule_syscall_events, .n_events = ELEMENTS_OF(rule_syscall_events),
};

/* Some of it is known, but nothing fills it. */
static const struct field rule_half_fields[] = {
        F("half.kind", STRING),
        F("half.name", STRING),
        { .name = "half.other", .type = VALUE_STRING },
        { .name = "half.value", .type = VALUE_STRING },
};
static const struct event_kind rule_half_events[] = { { "blink", false }, { "nod", true }, { "wink", false } };
static const struct fact_source rule_half = {
        .name = "half", .logic = LOGIC_NULL_IS_FALSE, .event_field = "half.kind",
        .fields = rule_half_fields, .n_fields = ELEMENTS_OF(rule_half_fields),
        .events = rule_half_events, .n_events = ELEMENTS_OF(rule_half_events),
};

static const struct field rule_image_fields[] = {
        { .name = "doc.value", .type = VALUE_STRING, .argument = ARGUMENT_POINTER, .argument_required = true, FILLED },
        F("image.name", STRING),
        F("image.tag", STRING),
        F("image.user", STRING),
};
static const struct fact_source rule_image = {
        .name = "image", .logic = LOGIC_THREE_VALUED,
        .fields = rule_image_fields, .n_fields = ELEMENTS_OF(rule_image_fields),
};

static const struct fact_source *const rule_sources[] = { &rule_syscall, &rule_half, &rule_image, NULL };

#endif
