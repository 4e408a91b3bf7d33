/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/syscall_event.h"

/* ---- the table ---- */

static void test_table_is_sorted_and_whole(void **state)
{
        const struct fact_source *s = &syscall_source;

        for (uint32_t i = 0; i < s->n_fields; i++) {
                const struct field *f = &s->fields[i];
                size_t n = strlen(f->doc);

                assert_non_null(f->get);
                assert_true(f->origin && *f->origin);
                if (n < 9 || n > 140 || f->doc[n - 1] != '.')
                        fail_msg("%s: '%s' is no sentence", f->name, f->doc);
                if (i && strcmp(s->fields[i - 1].name, f->name) >= 0)
                        fail_msg("%s is not sorted", f->name);
                if ((f->argument_required || f->by_suffix) && f->argument == ARGUMENT_NONE)
                        fail_msg("%s needs an argument but takes none", f->name);
        }
        for (uint32_t i = 1; i < s->n_events; i++)
                if (strcmp(s->events[i - 1].name, s->events[i].name) >= 0)
                        fail_msg("%s is not sorted", s->events[i].name);
}

/* All that the stock rules of Falco (August 2026) name. */
static const char *const stock_fields[] = {
        "container.id", "container.image.repository", "container.mount.dest[/proc*]", "container.mounts",
        "container.privileged", "container.start_ts", "evt.arg.cmd", "evt.arg.domain", "evt.arg.fd", "evt.arg.filename",
        "evt.arg.flags", "evt.arg.linkpath", "evt.arg.mode", "evt.arg.name", "evt.arg.newpath", "evt.arg.oldpath",
        "evt.arg.path", "evt.arg.request", "evt.arg.target", "evt.arg.uid", "evt.args", "evt.buffer", "evt.is_open_exec",
        "evt.is_open_read", "evt.is_open_write", "evt.num", "evt.rawres", "evt.res", "evt.type", "fd.cip", "fd.cip.name",
        "fd.cnet", "fd.connected", "fd.directory", "fd.filename", "fd.ip", "fd.l4proto", "fd.lip.name", "fd.lport", "fd.name",
        "fd.name_changed", "fd.nameraw", "fd.net", "fd.num", "fd.port", "fd.rip", "fd.rip.name", "fd.rnet", "fd.rport",
        "fd.sip", "fd.sip.name", "fd.snet", "fd.sockfamily", "fd.sport", "fd.type", "fd.typechar", "group.gid", "group.name",
        "k8s.ns.name", "k8s.pod.name", "proc.aexe[2]", "proc.aexepath[2]", "proc.aname", "proc.aname[2]", "proc.args",
        "proc.cmdline", "proc.cwd", "proc.duration", "proc.env", "proc.exe", "proc.exe_ino.ctime",
        "proc.exe_ino.ctime_duration_proc_start", "proc.exe_ino.mtime", "proc.exepath", "proc.is_exe_from_memfd",
        "proc.is_exe_upper_layer", "proc.is_vpgid_leader", "proc.name", "proc.pcmdline", "proc.pexe", "proc.pexepath",
        "proc.pname", "proc.sname", "proc.tty", "proc.vpid", "thread.cap_effective", "thread.cap_permitted", "user.loginname",
        "user.loginuid", "user.name", "user.uid",
};

static void test_stock_fields_are_known(void **state)
{
        for (size_t i = 0; i < ELEMENTS_OF(stock_fields); i++) {
                struct error err = ERROR_INIT;
                const struct field *field;
                struct field_argument argument;

                if (field_resolve(&syscall_source, str_from(stock_fields[i]), &field, &argument, &err) < 0)
                        fail_msg("%s", err.message);
        }
}

static void test_names_that_are_not_right(void **state)
{
        static const struct {
                const char *name, *message;
        } cases[] = {
                { "proc.nmae", "there is no field 'proc.nmae' in source 'syscall', did you mean 'proc.name'?" },
                { "nothing.like.it", "there is no field 'nothing.like.it' in source 'syscall'" },
                { "", "there is no field '' in source 'syscall'" },
                { ".", "there is no field '.' in source 'syscall'" },
                { "proc.name[1]", "field 'proc.name' takes no argument" },
                { "proc.name.x", "there is no field 'proc.name.x' in source 'syscall', did you mean 'proc.name'?" },
                { "evt.arg", "field 'evt.arg' needs an argument: evt.arg[name]" },
                { "proc.aname[x]", "field 'proc.aname' takes a number, not 'x'" },
                { "proc.aname[-1]", "field 'proc.aname' takes a number, not '-1'" },
                { "proc.aname[1", "'proc.aname[1': a field's argument stands in [] behind its name" },
                { "evt.arg.a[b]", "'evt.arg.a[b]': a field's argument stands in [] behind its name" },
        };

        for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
                struct error err = ERROR_INIT;
                const struct field *field;
                struct field_argument argument;

                assert_true(field_resolve(&syscall_source, str_from(cases[i].name), &field, &argument, &err) < 0);
                assert_string_equal(err.message, cases[i].message);
        }
}

static void test_arguments_by_suffix(void **state)
{
        struct error err = ERROR_INIT;
        const struct field *field;
        struct field_argument argument;

        assert_int_equal(field_resolve(&syscall_source, STR_LIT("container.label.org.example.name"), &field, &argument, &err), 0);
        assert_string_equal(field->name, "container.label");
        assert_true(str_equals(argument.key, "org.example.name"));
        assert_int_equal(field_resolve(&syscall_source, STR_LIT("evt.arg[0]"), &field, &argument, &err), 0);
        assert_int_equal(argument.index, 0);
}

/* ---- values from records ---- */

/* "field=value" pairs, separated by ";". */
static struct syscall_record *record_of(const char *text)
{
        struct syscall_record *record = NULL;
        struct error err = ERROR_INIT;
        struct str rest = str_from(text);

        assert_int_equal(syscall_record_new(&record, &err), 0);
        while (rest.n) {
                struct str pair = str_trim(str_cut(&rest, ';')), name = pair;
                size_t n = 0;

                while (n < pair.n && pair.p[n] != '=')
                        n++;
                name.n = n;
                if (syscall_record_set(record, name, (struct str){ pair.p + n + 1, pair.n - n - 1 }, &err) < 0)
                        fail_msg("%s: %s", text, err.message);
        }
        return record;
}

static bool same_class(enum value_type a, enum value_type b)
{
        return a == b || (value_type_is_text(a) && value_type_is_text(b)) ||
               (value_type_is_number(a) && value_type_is_number(b)) || (value_type_is_address(a) && value_type_is_address(b));
}

static void read_field(const struct syscall_record *record, const char *name, struct buf *out)
{
        static _Alignas(16) uint8_t room[16384];
        struct value_scratch scratch = { .room = room, .size = sizeof(room) };
        struct fact fact = syscall_fact(syscall_record_event(record));
        struct error err = ERROR_INIT;
        struct field_argument argument;
        const struct field *field;
        struct value value;

        if (field_resolve(&syscall_source, str_from(name), &field, &argument, &err) < 0)
                fail_msg("%s", err.message);
        field->get(field, &fact, &argument, &scratch, &value);
        if (value.state == VALUE_PRESENT && !same_class(value.type, field->type))
                fail_msg("%s is a %s and gives a %s", name, value_type_name(field->type), value_type_name(value.type));
        value_print(&value, out);
}

static void test_values(void **state)
{
        static const struct {
                const char *record, *field, *value;
        } cases[] = {
                /* the event itself */
                { "", "evt.num", "1" },
                { "evt.num=7", "evt.num", "7" },
                { "evt.type=execve", "evt.type", "execve" },
                { "evt.type=execve", "syscall.type", "execve" },
                { "", "evt.dir", "<" },
                { "", "evt.source", "syscall" },
                { "evt.rawres=0", "evt.res", "SUCCESS" },
                { "evt.rawres=7", "evt.res", "SUCCESS" },
                { "evt.rawres=-2", "evt.res", "ENOENT" },
                { "evt.rawres=-9999", "evt.res", "-9999" },
                { "evt.res=EACCES", "evt.rawres", "-13" },
                { "evt.res=SUCCESS", "evt.failed", "false" },
                { "evt.rawres=-1", "evt.failed", "true" },
                { "", "evt.res", "<NA>" },
                { "evt.rawtime=1785456000123456789", "evt.time", "00:00:00.123456789" },
                { "evt.rawtime=1785456000123456789", "evt.time.iso8601", "2026-07-31T00:00:00.123456789+0000" },
                { "evt.rawtime=951868799000000000", "evt.datetime.s", "2000-02-29 23:59:59" },
                { "evt.rawtime=-1", "evt.datetime", "1969-12-31 23:59:59.999999999" },
                { "evt.rawtime=1500000000", "evt.rawtime.s", "1" },
                { "evt.rawtime=1500000000", "evt.rawtime.ns", "500000000" },
                { "", "evt.time", "<NA>" },
                { "evt.hostname=node-1", "evt.hostname", "node-1" },
                { "evt.buffer=abc", "evt.buffer", "abc" },
                /* arguments */
                { "evt.arg.flags=O_RDWR|O_CREAT; evt.arg.mode=0755", "evt.args", "flags=O_RDWR|O_CREAT mode=0755" },
                { "evt.arg.flags=O_RDWR; evt.arg.mode=0755", "evt.arg[1]", "0755" },
                { "evt.arg.flags=O_RDWR; evt.arg[flags]=O_RDONLY", "evt.arg.flags", "O_RDONLY" },
                { "evt.arg.uid=root", "evt.arg.uid", "root" },
                { "evt.arg.uid=root", "evt.rawarg.uid", "<NA>" },
                { "evt.arg.mode=0755", "evt.rawarg.mode", "493" },
                { "evt.arg.size=0x10", "evt.rawarg.size", "16" },
                { "", "evt.arg.flags", "<NA>" },
                { "", "evt.args", "" },
                /* opening */
                { "evt.type=openat; evt.arg.flags=O_RDONLY", "evt.is_open_read", "true" },
                { "evt.type=openat; evt.arg.flags=O_RDONLY", "evt.is_open_write", "false" },
                { "evt.type=openat; evt.arg.flags=O_RDWR|O_CLOEXEC", "evt.is_open_read", "true" },
                { "evt.type=openat; evt.arg.flags=O_RDWR|O_CLOEXEC", "evt.is_open_write", "true" },
                { "evt.type=open; evt.arg.flags=O_CREAT|O_WRONLY; evt.arg.mode=0755", "evt.is_open_exec", "true" },
                { "evt.type=open; evt.arg.flags=O_CREAT|O_WRONLY; evt.arg.mode=0644", "evt.is_open_exec", "false" },
                { "evt.type=open; evt.arg.flags=O_WRONLY; evt.arg.mode=0755", "evt.is_open_exec", "false" },
                { "evt.type=creat; evt.arg.mode=S_IXUSR|S_IRUSR", "evt.is_open_exec", "true" },
                { "evt.type=open; evt.arg.flags=O_WRONLY|O_F_CREATED", "evt.is_open_create", "true" },
                { "evt.type=read; evt.arg.flags=O_WRONLY", "evt.is_open_write", "false" },
                { "evt.type=open", "evt.is_open_write", "<NA>" },
                { "evt.type=open; evt.is_open_write=true", "evt.is_open_write", "true" },
                /* processes */
                { "proc.name=bash; proc.args=-c ls", "proc.cmdline", "bash -c ls" },
                { "proc.name=bash", "proc.cmdline", "bash" },
                { "proc.cmdline=sh -c x; proc.name=bash", "proc.cmdline", "sh -c x" },
                { "proc.exe=/bin/sh; proc.args=a b", "proc.exeline", "/bin/sh a b" },
                { "proc.args=-c ls /tmp", "proc.args[1]", "ls" },
                { "proc.args=-c ls", "proc.args[7]", "" },
                { "proc.args[0]=a b; proc.args[2]=c", "proc.args", "a b  c" },
                { "proc.args=-c ls", "proc.cmdnargs", "2" },
                { "proc.args=-c ls", "proc.cmdlenargs", "4" },
                { "proc.args=", "proc.args", "" },
                { "", "proc.args", "<NA>" },
                { "proc.env[HOME]=/root; proc.env[A]=", "proc.env", "HOME=/root A=" },
                { "proc.env=HOME=/root A=b", "proc.env[A]", "b" },
                { "proc.env=HOME=/root", "proc.env[H]", "<NA>" },
                { "proc.pname=sshd", "proc.aname[1]", "sshd" },
                { "proc.aname[2]=systemd; proc.name=x", "proc.aname[2]", "systemd" },
                { "proc.aname[2]=systemd; proc.name=x", "proc.pname", "<NA>" },
                { "proc.aname[2]=systemd; proc.name=x", "proc.aname[0]", "x" },
                { "proc.aname[2]=systemd; proc.name=x", "proc.aname[3]", "<NA>" },
                { "proc.aname[2]=systemd; proc.pname=sshd; proc.name=x", "proc.aname", "(sshd,systemd)" },
                { "proc.name=x", "proc.aname", "<NA>" },
                { "proc.aname=a,b", "proc.aname", "(a,b)" },
                { "proc.aexepath[2]=/sbin/init; proc.aexe[2]=init", "proc.aexepath", "(/sbin/init)" },
                { "proc.pname=sh; proc.pcmdline=sh x", "proc.pcmdline", "sh x" },
                { "proc.pname=sh", "proc.acmdline[1]", "sh" },
                { "proc.sid=5; proc.apid[1]=5; proc.pname=bash", "proc.sname", "<NA>" },
                { "proc.sid=5; proc.name=bash", "proc.sname", "bash" },
                { "proc.vpid=5; proc.vpgid=5", "proc.is_vpgid_leader", "true" },
                { "proc.vpid=6; proc.vpgid=5", "proc.is_vpgid_leader", "false" },
                { "proc.pid=6; thread.tid=7", "thread.ismain", "false" },
                { "evt.rawtime=5000; proc.pid.ts=2000", "proc.duration", "3000" },
                { "proc.pid.ts=2000", "proc.duration", "<NA>" },
                { "proc.duration=12", "proc.duration", "12" },
                { "proc.exe_ino.ctime=1000; proc.pid.ts=4000", "proc.exe_ino.ctime_duration_proc_start", "3000" },
                { "proc.name=bash; proc.pid=9", "proc.loginshellid", "9" },
                { "proc.name=ls; thread.tid=9", "thread.nametid", "ls9" },
                { "proc.tty=34816", "proc.tty", "34816" },
                { "thread.cap_effective=CAP_SYS_ADMIN", "thread.cap_effective", "CAP_SYS_ADMIN" },
                { "proc.is_exe_upper_layer=true", "proc.is_exe_upper_layer", "true" },
                { "proc.stdin.type=ipv4", "proc.stdin.type", "ipv4" },
                /* users */
                { "user.uid=0", "user.name", "root" },
                { "user.uid=1000", "user.name", "<NA>" },
                { "user.uid=1000; user.name=ada", "user.name", "ada" },
                { "proc.name=x", "user.name", "<NA>" },
                { "user.uid=0", "user.homedir", "/root" },
                { "proc.name=x", "user.loginuid", "-1" },
                { "user.loginuid=4294967295", "user.loginuid", "-1" },
                { "user.loginuid=1000", "user.loginuid", "1000" },
                { "group.gid=0", "group.name", "root" },
                /* files */
                { "fd.name=/etc/shadow", "fd.directory", "/etc" },
                { "fd.name=/etc/shadow", "fd.filename", "shadow" },
                { "fd.name=/vmlinuz", "fd.directory", "/" },
                { "fd.name=/srv/", "fd.directory", "/srv/" },
                { "fd.name=/srv; fd.type=directory", "fd.directory", "/srv" },
                { "fd.name=/srv; fd.type=directory", "fd.filename", "<NA>" },
                { "fd.name=/run/x.sock; fd.type=unix", "fd.directory", "<NA>" },
                { "fd.name=/run/x.sock; fd.typechar=u", "fd.type", "unix" },
                { "fd.type=file", "fd.typechar", "f" },
                { "fd.type=timerfd", "fd.typechar", "t" },
                { "fd.type=dmabuf", "fd.typechar", "o" },
                { "evt.type=openat; fd.num=-1", "fd.typechar", "f" },
                { "evt.type=openat", "fd.typechar", "f" },
                { "evt.type=read", "fd.typechar", "<NA>" },
                { "evt.type=openat; evt.arg.name=../shadow; proc.cwd=/etc/ssh", "fd.name", "/etc/shadow" },
                { "evt.type=openat; evt.arg.name=../shadow; proc.cwd=/etc/ssh", "fd.nameraw", "../shadow" },
                { "fd.name=/etc/shadow", "fd.nameraw", "/etc/shadow" },
                { "fd.num=3; thread.tid=12", "fd.uid", "123" },
                { "fd.name=/x; container.id=0123456789ab", "fd.containername", "0123456789ab:/x" },
                { "fd.name=/x/y", "fd.containerdirectory", "host:/x" },
                { "fd.dev=2049", "fd.dev.major", "8" },
                { "fd.types=file, ipv4", "fd.types", "(file,ipv4)" },
                /* sockets */
                { "fd.sip=192.0.2.7; fd.sport=443", "fd.type", "ipv4" },
                { "fd.sip=2001:db8::1", "fd.typechar", "6" },
                { "fd.sip=192.0.2.7", "fd.sockfamily", "ip" },
                { "fd.type=unix", "fd.sockfamily", "unix" },
                { "fd.cip=10.0.0.1; fd.cport=4711; fd.sip=192.0.2.7; fd.sport=443", "fd.name", "10.0.0.1:4711->192.0.2.7:443" },
                { "fd.lip=10.0.0.1; fd.lport=22", "fd.name", "10.0.0.1:22" },
                { "fd.cip=10.0.0.1; fd.sip=192.0.2.7", "fd.ip", "(10.0.0.1,192.0.2.7)" },
                { "fd.cip=10.0.0.1; fd.sip=192.0.2.7", "fd.net", "(10.0.0.1,192.0.2.7)" },
                { "fd.sport=443", "fd.port", "(443)" },
                { "fd.rip=192.0.2.7; fd.rport=443", "fd.sip", "<NA>" }, /* it is not known who serves */
                { "fd.rip=192.0.2.7; fd.rport=443", "fd.ip", "(192.0.2.7)" },
                { "fd.rip=192.0.2.7; fd.rport=443; fd.is_server=false", "fd.sip", "192.0.2.7" },
                { "fd.rip=192.0.2.7; fd.rport=443; fd.is_server=false", "fd.sport", "443" },
                { "fd.rip=192.0.2.7; fd.rport=443; fd.is_server=true", "fd.cip", "192.0.2.7" },
                { "fd.sip=192.0.2.7; fd.is_server=false", "fd.rip", "192.0.2.7" },
                { "fd.snet=192.0.2.7", "fd.sip", "192.0.2.7" },
                { "fd.sport=443", "fd.sproto", "443" },
                { "fd.sip.name=example.com, www.example.com", "fd.sip.name", "(example.com,www.example.com)" },
                { "fd.rip.name=example.com; fd.is_server=false", "fd.sip.name", "(example.com)" },
                { "fd.name=/etc/shadow", "fd.ip", "<NA>" },
                /* containers */
                { "", "container.id", "host" },
                { "", "container.name", "host" },
                { "", "container.image.repository", "<NA>" },
                { "container.id=host", "container.id", "host" },
                { "container.full_id=0123456789abcdef", "container.id", "0123456789ab" },
                { "container.id=0123456789ab", "container.privileged", "<NA>" },
                { "container.label[app]=web", "container.label.app", "web" },
                { "container.labels=app:web,tier:front", "container.label[tier]", "front" },
                { "container.label[app]=web; container.label.b=c", "container.labels", "app:web,b:c" },
                { "container.mounts=/proc:/host/proc:ro:false:private,/srv:/data:rw:true:shared", "container.mount.dest[/proc*]", "/host/proc" },
                { "container.mounts=/proc:/host/proc:ro:false:private,/srv:/data:rw:true:shared", "container.mount.source[/data]", "/srv" },
                { "container.mounts=/proc:/host/proc:ro:false:private,/srv:/data:rw:true:shared", "container.mount.rdwr[1]", "true" },
                { "container.mounts=/proc:/host/proc:ro:false:private", "container.mount.dest[/sys]", "<NA>" },
                { "container.mounts=/proc:/host/proc:ro:false:private", "container.mounts", "/proc:/host/proc:ro:false:private" },
                { "container.mount.dest[/proc*]=/p", "container.mount.dest[/proc*]", "/p" },
                { "evt.rawtime=9; container.start_ts=2", "container.duration", "7" },
                { "k8s.pod.uid=u-1", "k8s.pod.id", "u-1" },
                { "k8s.pod.full_sandbox_id=0123456789abcdef", "k8s.pod.sandbox_id", "0123456789ab" },
                { "k8s.pod.label.app=web", "k8s.pod.labels", "app:web" },
                /* paths among arguments */
                { "evt.type=mkdir; evt.rawres=0; evt.arg.path=a/./b//../c; proc.cwd=/srv", "fs.path.name", "/srv/a/c" },
                { "evt.type=mkdir; evt.rawres=-17; evt.arg.path=a; proc.cwd=/srv", "fs.path.name", "<NA>" },
                { "evt.type=mkdir; evt.rawres=0; evt.arg.path=a; proc.cwd=/srv", "fs.path.nameraw", "a" },
                { "evt.type=unlinkat; evt.arg.name=x; evt.arg.dirfd=5(<d>/opt)", "fs.path.name", "/opt/x" },
                { "evt.type=unlinkat; evt.arg.name=x; evt.arg.dirfd=AT_FDCWD; proc.cwd=/", "fs.path.name", "/x" },
                { "evt.type=unlinkat; evt.arg.name=x; evt.arg.dirfd=5", "fs.path.name", "<NA>" },
                { "evt.type=rename; evt.arg.oldpath=/a/../b; evt.arg.newpath=c; proc.cwd=/d/e", "fs.path.source", "/b" },
                { "evt.type=rename; evt.arg.oldpath=/a/../b; evt.arg.newpath=c; proc.cwd=/d/e", "fs.path.target", "/d/e/c" },
                { "evt.type=symlink; evt.arg.target=/etc/passwd; evt.arg.linkpath=/tmp/l", "fs.path.target", "/etc/passwd" },
                { "evt.type=open; fd.num=3; fd.name=/etc/x", "fs.path.name", "/etc/x" },
                { "evt.type=open; fd.num=-1; fd.name=/etc/x", "fs.path.name", "<NA>" },
                { "evt.type=read; fd.num=3; fd.name=/etc/x", "fs.path.name", "<NA>" },
                { "evt.type=mkdir; evt.arg.path=/../../..", "fs.path.name", "/" },
                { "evt.type=rename; evt.arg.oldpath=/a; evt.arg.newpath=/b", "evt.abspath.dst", "/b" },
        };
        unsigned wrong = 0;

        for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
                _cleanup_(syscall_record_freep) struct syscall_record *record = record_of(cases[i].record);
                _cleanup_(buf_free) struct buf out = { 0 };

                buf_puts(&out, "");
                read_field(record, cases[i].field, &out);
                if (strcmp(out.data, cases[i].value) != 0) {
                        print_error("%s: %s is '%s', not '%s'\n", cases[i].record, cases[i].field, out.data, cases[i].value);
                        wrong++;
                }
        }
        assert_int_equal(wrong, 0);
}

static void test_lists_that_stand_apart(void **state)
{
        _cleanup_(syscall_record_freep) struct syscall_record *record = record_of("proc.name=grep");
        _cleanup_(buf_free) struct buf out = { 0 };
        const struct str args[] = { STR_LIT("a b"), STR_LIT("c,d") }, names[] = { STR_LIT("sh"), STR_LIT("sshd") };
        struct error err = ERROR_INIT;

        assert_int_equal(syscall_record_set_list(record, STR_LIT("proc.args"), args, 2, &err), 0);
        assert_int_equal(syscall_record_set_list(record, STR_LIT("proc.aname"), names, 2, &err), 0);
        assert_int_equal(syscall_record_set_list(record, STR_LIT("proc.name"), names, 2, &err), -EINVAL);
        assert_string_equal(err.message, "field 'proc.name': it is one value, not a list");
        read_field(record, "proc.cmdline", &out);
        read_field(record, "proc.cmdnargs", &out);
        read_field(record, "proc.aname", &out);
        assert_string_equal(out.data, "grep a b c,d2(sh,sshd)");
}

static void test_records_that_are_refused(void **state)
{
        static const struct {
                const char *field, *value, *message;
        } cases[] = {
                { "evt.type", "exceve", "field 'evt.type': there is no event 'exceve', did you mean 'execve'?" },
                { "proc.pid", "x", "field 'proc.pid': 'x' is no number" },
                { "fd.sip", "10.0.0", "field 'fd.sip': '10.0.0' is no address" },
                { "fd.connected", "yes", "field 'fd.connected': 'yes' is no bool" },
                { "evt.res", "EWHAT", "field 'evt.res': 'EWHAT' is neither SUCCESS nor the name of an error" },
                { "evt.dir", ">", "field 'evt.dir': it is always '<'" },
                { "proc.aname[64]", "x", "field 'proc.aname': more than 63 ancestors" },
                { "proc.args[1024]", "x", "field 'proc.args': more than 1024 arguments" },
                { "proc.duration", "1s", "field 'proc.duration': '1s' is no time" },
                { "proc.aaname", "x", "there is no field 'proc.aaname' in source 'syscall', did you mean 'proc.aname'?" },
        };

        for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
                _cleanup_(syscall_record_freep) struct syscall_record *record = record_of("");
                struct error err = ERROR_INIT;

                assert_true(syscall_record_set(record, str_from(cases[i].field), str_from(cases[i].value), &err) < 0);
                assert_string_equal(err.message, cases[i].message);
        }
}

static void test_a_record_gives_so_many_fields(void **state)
{
        _cleanup_(syscall_record_freep) struct syscall_record *record = record_of("");
        struct error err = ERROR_INIT;

        for (unsigned i = 0; i < SYSCALL_RECORD_FIELDS_MAX; i++)
                assert_int_equal(syscall_record_set(record, STR_LIT("proc.name"), STR_LIT("x"), &err), 0);
        assert_int_equal(syscall_record_set(record, STR_LIT("proc.name"), STR_LIT("x"), &err), -E2BIG);
}

/* A process table that says a process is its own ancestor ends nothing. */
static void test_ancestors_in_a_circle(void **state)
{
        struct syscall_process a = { .known = UINT64_C(1) << PROCESS_name | UINT64_C(1) << PROCESS_sid, .name = STR_LIT("a") };
        struct syscall_event event = { .process = &a };
        struct fact fact = syscall_fact(&event);
        struct field_argument argument = { .index = -1 };
        static _Alignas(16) uint8_t room[16384];
        struct value value;

        a.parent = &a;
        for (uint32_t i = 0; i < syscall_source.n_fields; i++) {
                const struct field *field = &syscall_source.fields[i];
                struct value_scratch scratch = { .room = room, .size = sizeof(room) };

                argument.kind = field->argument_required ? field->argument : ARGUMENT_NONE;
                argument.key = argument.kind ? STR_LIT("x") : STR_NULL;
                field->get(field, &fact, &argument, &scratch, &value);
        }
}

/* Without room every getter gives less, and reads and writes nothing that is not there. */
static void test_no_room(void **state)
{
        _cleanup_(syscall_record_freep) struct syscall_record *record =
                record_of("evt.type=rename; evt.rawtime=1; evt.arg.oldpath=a; evt.arg.newpath=b; proc.cwd=/x; proc.name=sh; "
                          "proc.args=a b; proc.env=A=b; proc.pname=y; fd.cip=10.0.0.1; fd.sip=10.0.0.2; fd.cport=1; "
                          "fd.sip.name=x; container.label.a=b; container.mounts=/a:/b; thread.tid=1; fd.num=3");
        struct fact fact = syscall_fact(syscall_record_event(record));

        for (size_t size = 0; size < 200; size += 7)
                for (uint32_t i = 0; i < syscall_source.n_fields; i++) {
                        const struct field *field = &syscall_source.fields[i];
                        struct field_argument argument = { .index = -1 };
                        uint8_t *room = aligned_alloc(16, (size + 15) / 16 * 16 + 16);
                        struct value_scratch scratch = { .room = room, .size = size };
                        struct value value;

                        argument.kind = field->argument_required ? field->argument : ARGUMENT_NONE;
                        argument.key = argument.kind ? STR_LIT("a") : STR_NULL;
                        field->get(field, &fact, &argument, &scratch, &value);
                        assert_true(scratch.used <= size);
                        free(room);
                }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_table_is_sorted_and_whole),
                cmocka_unit_test(test_stock_fields_are_known),
                cmocka_unit_test(test_names_that_are_not_right),
                cmocka_unit_test(test_arguments_by_suffix),
                cmocka_unit_test(test_values),
                cmocka_unit_test(test_lists_that_stand_apart),
                cmocka_unit_test(test_records_that_are_refused),
                cmocka_unit_test(test_a_record_gives_so_many_fields),
                cmocka_unit_test(test_ancestors_in_a_circle),
                cmocka_unit_test(test_no_room),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
