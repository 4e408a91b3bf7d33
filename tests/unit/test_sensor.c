/* SPDX-License-Identifier: Apache-2.0 */
/* Each kind of event is made to happen in a child, and must arrive as rules read it. Needs root and BPF. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/io_uring.h>
#include <netinet/in.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "sensor_watch.h"

static struct watch watch;
static bool can_watch;
static char folder[] = "/tmp/tallyman-sensor-XXXXXX";

static const char *in_folder(const char *name)
{
        static char paths[8][256];
        static unsigned i;

        i = (i + 1) % 8;
        snprintf(paths[i], sizeof(paths[i]), "%s/%s", folder, name);
        return paths[i];
}

static const char *with(const char *field, const char *path)
{
        static char lines[8][512];
        static unsigned i;

        i = (i + 1) % 8;
        snprintf(lines[i], sizeof(lines[i]), "%s=%s", field, path);
        return lines[i];
}

#define NEEDS_BPF()               \
        do {                      \
                if (!can_watch)   \
                        skip();   \
        } while (0)

/* What a child must not fail in silence. */
#define MUST(call)                                                                        \
        do {                                                                              \
                if ((long)(call) < 0) {                                                   \
                        fprintf(stderr, "child: %s: %s\n", #call, strerror(errno));       \
                        _exit(1);                                                         \
                }                                                                         \
        } while (0)

/* ---- lives ---- */

static void act_exec(void)
{
        const char *const argv[] = { "sh", "-c", "cd /etc; exec /bin/cat hostname >/dev/null", NULL };
        const char *const env[] = { "TALLY=man", "PATH=/usr/bin:/bin", NULL };
        pid_t pid;

        MUST(chdir("/usr"));
        MUST(pid = fork());
        if (pid == 0) {
                execve("/bin/sh", (char *const *)argv, (char *const *)env);
                _exit(1);
        }
        waitpid(pid, NULL, 0);
}

static void test_exec(void **state)
{
        NEEDS_BPF();
        watch_run(&watch, act_exec);
        watch_expect(&watch, "execve", "proc.name=sh", "proc.exe=sh", "proc.cwd=/usr", "proc.env[TALLY]=man",
                     "proc.pname=test_sensor", "proc.args=-c cd /etc; exec /bin/cat hostname >/dev/null", "user.uid=0",
                     "user.name=root", "evt.res=SUCCESS", "proc.is_exe_from_memfd=false", "proc.is_exe_writable=true");
        watch_expect(&watch, "execve", "proc.name=cat", "proc.exe=/bin/cat", "proc.exepath=/usr/bin/cat", "proc.cwd=/etc",
                     "proc.cmdline=cat hostname", "proc.aname[1]=test_sensor");
        watch_expect(&watch, "clone", "proc.name=test_sensor");
        watch_expect(&watch, "procexit", "proc.name=cat", "evt.rawres=0");
}

/* A terminal of its own, as `docker exec -t` makes one. */
static void act_terminal(void)
{
        int terminal = posix_openpt(O_RDWR | O_NOCTTY);
        pid_t pid;

        MUST(terminal);
        MUST(grantpt(terminal));
        MUST(unlockpt(terminal));
        MUST(pid = fork());
        if (pid == 0) {
                MUST(setsid());
                MUST(open(ptsname(terminal), O_RDWR)); /* becomes the controlling one */
                execl("/bin/true", "true", NULL);
                _exit(1);
        }
        waitpid(pid, NULL, 0);
}

static void test_terminal(void **state)
{
        const struct seen *seen;

        NEEDS_BPF();
        if (access("/dev/ptmx", F_OK) < 0 || access("/dev/pts", F_OK) < 0)
                skip();
        watch_run(&watch, act_terminal);
        if (!watch_find(&watch, "execve", NULL)) {
                fprintf(stderr, "skipped: there are no terminals here\n");
                skip();
        }
        seen = watch_find(&watch, "execve", "proc.is_sid_leader=true", "proc.is_vpgid_leader=true", NULL);
        assert_non_null(seen);
        assert_non_null(strstr(seen->text, "\nproc.tty=348")); /* 136 << 8: the major number of pseudo terminals */
}

/* What is too long is cut, what is strange is told as it is. */
static void act_strange(void)
{
        enum { ARGUMENTS = 15, LENGTH = 130000, FOLDERS = 14 };
        char *argv[ARGUMENTS + 2] = { (char *)(uintptr_t)"long" }, name[256];
        pid_t pid;

        for (int i = 1; i <= ARGUMENTS; i++) {
                argv[i] = malloc(LENGTH + 1);
                memset(argv[i], 'a' + i, LENGTH);
                argv[i][LENGTH] = 0;
        }
        MUST(pid = fork());
        if (pid == 0) {
                execv("/bin/true", argv);
                _exit(1);
        }
        waitpid(pid, NULL, 0);
        MUST(chdir(folder));
        MUST(mkdir("new\nline\033[31m", 0700));
        MUST(rmdir("new\nline\033[31m"));
        MUST(unshare(CLONE_NEWNS));
        MUST(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL));
        MUST(mount("none", folder, "tmpfs", 0, NULL));
        MUST(chdir(folder));
        memset(name, 'd', 255);
        name[255] = 0;
        for (int i = 0; i < FOLDERS; i++) {
                MUST(mkdir(name, 0700));
                MUST(chdir(name));
        }
        MUST(open("deep", O_CREAT | O_WRONLY, 0600));
        for (int i = 0; i < FOLDERS; i++) {
                MUST(mkdir(name, 0700));
                MUST(chdir(name));
        }
        MUST(open("deeper", O_CREAT | O_WRONLY, 0600)); /* a path that no call takes */
}

static void test_strange(void **state)
{
        const struct seen *seen;
        const char *path;

        NEEDS_BPF();
        watch_run(&watch, act_strange);
        seen = watch_find(&watch, "execve", "proc.exe=long", NULL);
        assert_non_null(seen);
        assert_non_null(strstr(seen->text, "bbbbbbbb"));
        watch_expect(&watch, "mkdir", with("evt.arg.path", in_folder("new\nline\033[31m")));
        seen = watch_find(&watch, "openat", "fd.filename=deep", NULL);
        assert_non_null(seen);
        path = strstr(seen->text, "\nfd.name=/tmp/tallyman-sensor-");
        assert_non_null(path);
        assert_true(strcspn(path + 1, "\n") > 14 * 256);
        seen = watch_find(&watch, "openat", "fd.filename=deeper", NULL); /* its end is kept, its start is not */
        assert_non_null(seen);
}

static void act_memfd(void)
{
        const char *const argv[] = { "hidden", NULL }, *const env[] = { NULL };
        int fd = memfd_create("evil", 0), binary = open("/bin/true", O_RDONLY);
        struct stat st;
        pid_t pid;

        MUST(fd);
        MUST(fstat(binary, &st));
        MUST(sendfile(fd, binary, NULL, (size_t)st.st_size));
        MUST(pid = fork());
        if (pid == 0) {
                syscall(SYS_execveat, fd, "", argv, env, AT_EMPTY_PATH);
                _exit(1);
        }
        waitpid(pid, NULL, 0);
}

static void test_memfd(void **state)
{
        NEEDS_BPF();
        watch_run(&watch, act_memfd);
        watch_expect(&watch, "memfd_create", "evt.arg.name=evil");
        watch_expect(&watch, "execveat", "proc.exe=hidden", "proc.is_exe_from_memfd=true", "proc.exepath=memfd:evil");
}

/* ---- files ---- */

static void act_open(void)
{
        int fd;

        MUST(chdir(folder));
        MUST(fd = open("new", O_CREAT | O_WRONLY | O_TRUNC, 0755));
        MUST(ftruncate(fd, 3));
        MUST(fchmod(fd, 04755));
        close(fd);
        MUST(symlink("/etc/passwd", "innocent"));
        MUST(fd = open("./innocent", O_RDONLY | O_CLOEXEC));
        close(fd);
        MUST(fd = open("/etc", O_RDONLY | O_DIRECTORY));
        MUST(syscall(SYS_openat, fd, "hostname", O_RDWR, 0));
        if (open("missing/../absent", O_RDONLY) >= 0)
                _exit(1);
        if (syscall(SYS_openat, fd, "no-such-file", O_WRONLY, 0) >= 0)
                _exit(1);
}

static void test_open(void **state)
{
        NEEDS_BPF();
        watch_run(&watch, act_open);
        watch_expect(&watch, "openat", with("fd.name", in_folder("new")), "fd.typechar=f", "fd.filename=new",
                     with("fd.directory", folder), "evt.is_open_write=true", "evt.is_open_read=false",
                     "evt.is_open_create=true", "evt.is_open_exec=true", "evt.arg.mode=0755", "fd.nameraw=new",
                     "evt.arg.flags=O_WRONLY|O_CREAT|O_TRUNC|O_F_CREATED");
        /* the kernel's path, not what the program wrote */
        watch_expect(&watch, "openat", "fd.name=/etc/passwd", "fd.nameraw=./innocent", "evt.is_open_read=true",
                     "evt.is_open_write=false", "evt.arg.flags=O_RDONLY|O_CLOEXEC", "evt.is_open_create=false");
        watch_expect(&watch, "openat", "fd.name=/etc", "fd.typechar=d", "fd.directory=/etc");
        watch_expect(&watch, "openat", "fd.name=/etc/hostname", "fd.nameraw=hostname", "evt.is_open_write=true");
        watch_expect(&watch, "openat", "evt.res=ENOENT", with("fd.name", in_folder("absent")), "fd.typechar=f", "evt.rawres=-2");
        watch_expect(&watch, "openat", "evt.res=ENOENT", "fd.name=/etc/no-such-file", "evt.arg.name=/etc/no-such-file");
        watch_expect(&watch, "ftruncate", with("fd.name", in_folder("new")));
        watch_expect(&watch, "fchmod", with("fd.name", in_folder("new")),
                     "evt.arg.mode=S_IXOTH|S_IROTH|S_IXGRP|S_IRGRP|S_IXUSR|S_IWUSR|S_IRUSR|S_ISUID");
}

#define REPEATS 500

static void act_repeats(void)
{
        MUST(chdir("/etc"));
        for (int i = 0; i < REPEATS; i++)
                close(open("/etc/hostname", O_RDONLY));
        for (int i = 0; i < REPEATS; i++) {
                struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(i == REPEATS - 1 ? 54 : 53),
                                          .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
                int fd = socket(AF_INET, SOCK_DGRAM, 0);

                MUST(connect(fd, (struct sockaddr *)&to, sizeof(to)));
                close(fd);
        }
        close(open("../etc/hostname", O_RDONLY));
        close(open("/etc/hostname", O_RDONLY | O_NONBLOCK));
        MUST(setuid(1));
        close(open("/etc/hostname", O_RDONLY));
}

/* The same again is told once, whatever differs is told. */
static void test_repeats(void **state)
{
        size_t plain = 0, connects = 0;

        NEEDS_BPF();
        watch_run(&watch, act_repeats);
        for (size_t i = 0; i < watch.n; i++)
                plain += watch.seen[i].kind == SENSOR_openat && strstr(watch.seen[i].text, "\nfd.nameraw=/etc/hostname\n") &&
                         strstr(watch.seen[i].text, "\nuser.uid=0\n") && strstr(watch.seen[i].text, "\nevt.arg.flags=O_RDONLY\n");
        assert_int_equal(plain, 1);
        for (size_t i = 0; i < watch.n; i++)
                connects += watch.seen[i].kind == SENSOR_connect;
        assert_int_equal(connects, 2);
        watch_expect(&watch, "connect", "fd.rport=54", "fd.l4proto=udp", "fd.connected=true");
        watch_expect(&watch, "openat", "fd.name=/etc/hostname", "fd.nameraw=../etc/hostname");
        watch_expect(&watch, "openat", "fd.name=/etc/hostname", "evt.arg.flags=O_RDONLY|O_NONBLOCK");
        watch_expect(&watch, "openat", "fd.name=/etc/hostname", "user.uid=1");
}

static void act_renamed(void)
{
        MUST(chdir(folder));
        MUST(mkdir("r1", 0755));
        close(open("r1/file", O_CREAT | O_WRONLY, 0644));
        MUST(chdir("r1"));
        close(open("file", O_RDONLY));
        MUST(rename("../r1", "../r2"));
        close(open("file", O_RDONLY));
        MUST(unlink("file"));
        MUST(rmdir("../r2"));
}

/* A file whose folder is called otherwise now is not the same again. */
static void test_renamed(void **state)
{
        NEEDS_BPF();
        watch_run(&watch, act_renamed);
        watch_expect(&watch, "openat", with("fd.name", in_folder("r1/file")), "evt.is_open_read=true");
        watch_expect(&watch, "openat", with("fd.name", in_folder("r2/file")), "evt.is_open_read=true");
}

static void act_names(void)
{
        MUST(chdir(folder));
        MUST(mkdir("a", 0700));
        MUST(syscall(SYS_mkdirat, AT_FDCWD, "a/b", 0700));
        close(open("a/file", O_CREAT | O_RDWR, 0600));
        MUST(link("a/file", "a/second"));
        MUST(symlink("/etc/shadow", "a/link"));
        MUST(rename("a/second", "a/third"));
        MUST(syscall(SYS_renameat2, AT_FDCWD, "a/third", AT_FDCWD, "a/b/../fourth", 1));
        MUST(chmod("a/file", 06700));
        MUST(syscall(SYS_fchmodat, AT_FDCWD, "a/file", 0600));
        MUST(chown("a/file", 1, 2));
        MUST(truncate("a/file", 1));
        MUST(unlink("a/fourth"));
        MUST(unlinkat(AT_FDCWD, "a/b", AT_REMOVEDIR));
        MUST(unlink("a/file"));
        MUST(unlink("a/link"));
        MUST(rmdir("a"));
}

static void test_names(void **state)
{
        NEEDS_BPF();
        watch_run(&watch, act_names);
        watch_expect(&watch, "mkdir", with("evt.arg.path", in_folder("a")), with("fs.path.name", in_folder("a")));
        watch_expect(&watch, "mkdirat", with("evt.arg.path", in_folder("a/b")));
        watch_expect(&watch, "link", with("evt.arg.oldpath", in_folder("a/file")), with("evt.arg.newpath", in_folder("a/second")));
        watch_expect(&watch, "symlink", "evt.arg.target=/etc/shadow", with("evt.arg.linkpath", in_folder("a/link")));
        watch_expect(&watch, "rename", with("evt.arg.oldpath", in_folder("a/second")), with("evt.arg.newpath", in_folder("a/third")));
        watch_expect(&watch, "renameat2", with("evt.arg.newpath", in_folder("a/fourth")), "evt.arg.flags=RENAME_NOREPLACE");
        watch_expect(&watch, "chmod", with("evt.arg.filename", in_folder("a/file")), "evt.arg.mode=S_IXUSR|S_IWUSR|S_IRUSR|S_ISGID|S_ISUID");
        watch_expect(&watch, "fchmodat", with("evt.arg.filename", in_folder("a/file")), "evt.arg.mode=S_IWUSR|S_IRUSR");
        watch_expect(&watch, "chown", with("evt.arg.path", in_folder("a/file")), "evt.arg.uid=daemon");
        watch_expect(&watch, "truncate", with("evt.arg.path", in_folder("a/file")));
        watch_expect(&watch, "unlink", with("evt.arg.path", in_folder("a/fourth")), "evt.res=SUCCESS");
        watch_expect(&watch, "unlinkat", with("evt.arg.name", in_folder("a/b")), "evt.arg.flags=AT_REMOVEDIR");
        watch_expect(&watch, "rmdir", with("evt.arg.path", in_folder("a")));
}

/* ---- in a container: an overlay, namespaces of its own, another root ---- */

static void copy(const char *from, const char *to)
{
        int in = open(from, O_RDONLY), out = open(to, O_CREAT | O_WRONLY, 0755);
        struct stat st;

        MUST(in);
        MUST(out);
        MUST(fstat(in, &st));
        MUST(sendfile(out, in, NULL, (size_t)st.st_size));
        close(in);
        close(out);
}

static void run_program(const char *path)
{
        pid_t pid = fork();

        if (pid == 0) {
                execl(path, "program", NULL);
                _exit(1);
        }
        waitpid(pid, NULL, 0);
}

static void act_overlay(void)
{
        static const char *const folders[] = { "o", "o/lower", "o/upper", "o/work", "o/merged" };
        char options[1024];
        pid_t pid;

        MUST(unshare(CLONE_NEWNS | CLONE_NEWPID));
        MUST(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL));
        MUST(mount("none", folder, "tmpfs", 0, NULL));
        for (size_t i = 0; i < ELEMENTS_OF(folders); i++)
                MUST(mkdir(in_folder(folders[i]), 0755));
        copy("/bin/true", in_folder("o/lower/lower"));
        snprintf(options, sizeof(options), "lowerdir=%s/o/lower,upperdir=%s/o/upper,workdir=%s/o/work", folder, folder, folder);
        if (mount("overlay", in_folder("o/merged"), "overlay", 0, options) < 0)
                _exit(0);
        copy("/bin/true", in_folder("o/merged/upper"));
        MUST(pid = fork());
        if (pid == 0) {
                run_program(in_folder("o/merged/lower"));
                run_program(in_folder("o/merged/upper"));
                MUST(mkdir(in_folder("o/merged/fake"), 0755));
                MUST(chroot(in_folder("o/merged/fake")));
                MUST(chdir("/"));
                MUST(open("/etc", O_CREAT | O_WRONLY, 0644));
                _exit(0);
        }
        waitpid(pid, NULL, 0);
}

static void test_overlay(void **state)
{
        NEEDS_BPF();
        watch_run(&watch, act_overlay);
        if (!watch_find(&watch, "mount", "evt.arg.flags=", "evt.res=SUCCESS", NULL) || !watch_find(&watch, "chroot", NULL)) {
                fprintf(stderr, "skipped: no overlay can be mounted here\n");
                skip();
        }
        watch_expect(&watch, "execve", with("proc.exepath", in_folder("o/merged/lower")), "proc.is_exe_upper_layer=false",
                     "proc.is_exe_lower_layer=true", "evt.arg.flags=EXE_WRITABLE|EXE_LOWER_LAYER", "proc.vpid=2");
        watch_expect(&watch, "execve", with("proc.exepath", in_folder("o/merged/upper")), "proc.is_exe_upper_layer=true",
                     "evt.arg.flags=EXE_WRITABLE|EXE_UPPER_LAYER", "proc.exe=program");
        watch_expect(&watch, "chroot", "proc.vpid=1");
        /* who changed its root is not believed to be elsewhere */
        watch_expect(&watch, "openat", with("fd.name", in_folder("o/merged/fake/etc")), "fd.nameraw=/etc",
                     "fd.is_upper_layer=true", "evt.arg.flags=O_WRONLY|O_CREAT|O_F_CREATED|FD_UPPER_LAYER");
}

/* ---- sockets ---- */

static void act_sockets(void)
{
        struct sockaddr_in6 any = { .sin6_family = AF_INET6 }, mapped = { .sin6_family = AF_INET6 };
        struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) }, nobody;
        struct sockaddr_un name = { .sun_family = AF_UNIX, .sun_path = "/tmp/no-such.sock" };
        struct msghdr message = { .msg_name = &nobody, .msg_namelen = sizeof(nobody) };
        socklen_t size = sizeof(to);
        int server, client, datagram, local;

        MUST(server = socket(AF_INET, SOCK_STREAM, 0));
        MUST(bind(server, (struct sockaddr *)&to, sizeof(to)));
        MUST(listen(server, 5));
        MUST(getsockname(server, (struct sockaddr *)&to, &size));
        MUST(client = socket(AF_INET, SOCK_STREAM, 0));
        MUST(connect(client, (struct sockaddr *)&to, sizeof(to)));
        MUST(accept(server, NULL, NULL));
        MUST(dup2(client, 0));
        nobody = to;
        nobody.sin_port = htons(9);
        MUST(datagram = socket(AF_INET, SOCK_DGRAM, 0));
        for (int i = 0; i < 3; i++)
                MUST(sendto(datagram, "x", 1, 0, (struct sockaddr *)&nobody, sizeof(nobody)));
        nobody.sin_port = htons(10);
        MUST(sendmsg(datagram, &message, 0));
        MUST(local = socket(AF_UNIX, SOCK_STREAM, 0));
        connect(local, (struct sockaddr *)&name, sizeof(name));
        MUST(client = socket(AF_INET6, SOCK_STREAM, 0));
        inet_pton(AF_INET6, "::ffff:127.0.0.1", &mapped.sin6_addr);
        mapped.sin6_port = htons(1);
        connect(client, (struct sockaddr *)&mapped, sizeof(mapped));
        MUST(server = socket(AF_INET6, SOCK_DGRAM, 0));
        any.sin6_addr = in6addr_loopback;
        any.sin6_port = htons(23456);
        MUST(bind(server, (struct sockaddr *)&any, sizeof(any)));
        MUST(sendto(server, "y", 1, 0, (struct sockaddr *)&any, sizeof(any)));
        size = sizeof(any);
        MUST(recvfrom(server, &local, 1, 0, (struct sockaddr *)&any, &size));
        MUST(socket(AF_PACKET, SOCK_RAW, 0));
}

static void test_sockets(void **state)
{
        size_t sends = 0;

        NEEDS_BPF();
        watch_run(&watch, act_sockets);
        watch_expect(&watch, "socket", "evt.arg.domain=AF_PACKET", "evt.res=SUCCESS");
        watch_expect(&watch, "socket", "evt.arg.domain=AF_INET", "fd.typechar=4", "fd.l4proto=tcp");
        watch_expect(&watch, "bind", "fd.sip=127.0.0.1", "fd.typechar=4");
        watch_expect(&watch, "listen", "fd.sip=127.0.0.1", "fd.l4proto=tcp");
        watch_expect(&watch, "connect", "fd.sip=127.0.0.1", "fd.rip=127.0.0.1", "fd.cip=127.0.0.1", "fd.l4proto=tcp",
                     "evt.res=SUCCESS", "fd.connected=true", "fd.sockfamily=ip");
        watch_expect(&watch, "accept", "fd.sip=127.0.0.1", "fd.cip=127.0.0.1", "fd.l4proto=tcp", "fd.typechar=4");
        watch_expect(&watch, "dup2", "evt.rawres=0", "fd.typechar=4", "fd.rip=127.0.0.1", "fd.num=0");
        watch_expect(&watch, "sendto", "fd.rip=127.0.0.1", "fd.rport=9", "fd.l4proto=udp", "fd.connected=false",
                     "fd.name_changed=true");
        watch_expect(&watch, "sendmsg", "fd.rport=10", "fd.sport=10");
        watch_expect(&watch, "connect", "fd.typechar=u", "fd.name=/tmp/no-such.sock", "evt.res=ENOENT");
        watch_expect(&watch, "connect", "fd.typechar=4", "fd.rip=127.0.0.1", "fd.rport=1", "evt.res=ECONNREFUSED");
        watch_expect(&watch, "recvfrom", "fd.typechar=6", "fd.cip=::1", "fd.cport=23456", "fd.sip=::1", "fd.sport=23456");
        for (size_t i = 0; i < watch.n; i++)
                sends += watch.seen[i].kind == SENSOR_sendto && strstr(watch.seen[i].text, "\nfd.rport=9\n");
        assert_int_equal(sends, 1); /* first contact only */
}

/* ---- io_uring ---- */

struct ring {
        int fd;
        char *sq;
        struct io_uring_sqe *entries;
        struct io_uring_params params;
};

static bool ring_open(struct ring *ring)
{
        memset(ring, 0, sizeof(*ring));
        ring->fd = (int)syscall(SYS_io_uring_setup, 8, &ring->params);
        if (ring->fd < 0)
                return false;
        ring->sq = mmap(NULL, ring->params.sq_off.array + 8 * sizeof(uint32_t), PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd,
                        IORING_OFF_SQ_RING);
        ring->entries = mmap(NULL, 8 * sizeof(*ring->entries), PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, IORING_OFF_SQES);
        return ring->sq != MAP_FAILED && ring->entries != MAP_FAILED;
}

static void ring_ask(struct ring *ring, const struct io_uring_sqe *sqe)
{
        uint32_t *tail = (uint32_t *)(void *)(ring->sq + ring->params.sq_off.tail);
        uint32_t *array = (uint32_t *)(void *)(ring->sq + ring->params.sq_off.array), i = *tail % 8;

        ring->entries[i] = *sqe;
        array[i] = i;
        __atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
        MUST(syscall(SYS_io_uring_enter, ring->fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0));
}

static void act_uring(void)
{
        struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        struct io_uring_sqe sqe = { .opcode = IORING_OP_OPENAT, .fd = AT_FDCWD, .addr = (uintptr_t)"shadow", .open_flags = O_RDWR };
        struct ring ring;

        if (!ring_open(&ring))
                _exit(0);
        MUST(chdir("/etc"));
        ring_ask(&ring, &sqe);
        sqe = (struct io_uring_sqe){ .opcode = IORING_OP_CONNECT, .fd = socket(AF_INET, SOCK_DGRAM, 0), .addr = (uintptr_t)&to,
                                     .off = sizeof(to) };
        ring_ask(&ring, &sqe);
        sqe = (struct io_uring_sqe){ .opcode = IORING_OP_UNLINKAT, .fd = AT_FDCWD, .addr = (uintptr_t)"/no/such/file" };
        ring_ask(&ring, &sqe);
}

static void test_uring(void **state)
{
        const char *spots[SENSOR_BLIND_MAX];
        size_t n;

        NEEDS_BPF();
        n = sensor_blind_spots(watch.source, spots);
        for (size_t i = 0; i < n; i++)
                if (strstr(spots[i], "io_uring")) {
                        fprintf(stderr, "skipped: %s\n", spots[i]);
                        skip();
                }
        watch_run(&watch, act_uring);
        if (!watch_find(&watch, "io_uring_setup", "evt.res=SUCCESS", NULL)) {
                fprintf(stderr, "skipped: io_uring is not allowed here\n");
                skip();
        }
        watch_expect(&watch, "openat", "fd.name=/etc/shadow", "fd.typechar=f", "fd.num=0", "evt.is_open_write=true", "evt.is_open_read=true");
        watch_expect(&watch, "connect", "fd.rip=127.0.0.1", "fd.rport=9", "fd.l4proto=udp", "fd.typechar=4");
        watch_expect(&watch, "unlinkat", "evt.arg.name=/no/such/file");
}

/* ---- privileges ---- */

static void act_privileges(void)
{
        struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
        struct __user_cap_data_struct data[2];
        pid_t child;

        MUST(child = fork());
        if (child == 0) {
                pause();
                _exit(0);
        }
        ptrace(PTRACE_ATTACH, child, 0, 0);
        waitpid(child, NULL, 0);
        ptrace(PTRACE_DETACH, child, 0, 0);
        MUST(kill(child, SIGKILL));
        waitpid(child, NULL, 0);
        MUST(unshare(CLONE_NEWNS));
        MUST(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL));
        MUST(mount("tallymanfs", folder, "tmpfs", MS_NOSUID, NULL));
        MUST(umount2(folder, MNT_DETACH));
        MUST(chroot(folder));
        syscall(SYS_bpf, 5, 0, 0);
        syscall(SYS_setns, open("/proc/self/ns/net", O_RDONLY), CLONE_NEWNET);
        syscall(SYS_finit_module, 0, "parm=1", 0);
        syscall(SYS_userfaultfd, 0);
        syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0);
        MUST(syscall(SYS_capget, &header, data));
        data[0].effective &= ~(1u << CAP_NET_RAW);
        MUST(syscall(SYS_capset, &header, data));
        MUST(setgid(1));
        MUST(setuid(1));
}

static void test_privileges(void **state)
{
        NEEDS_BPF();
        watch_run(&watch, act_privileges);
        watch_expect(&watch, "ptrace", "evt.arg.request=PTRACE_ATTACH", "evt.res=SUCCESS");
        watch_expect(&watch, "kill", "evt.arg.sig=SIGKILL");
        watch_expect(&watch, "unshare", "evt.arg.flags=CLONE_NEWNS");
        watch_expect(&watch, "mount", with("evt.arg.dir", folder), "evt.arg.flags=NOSUID", with("fs.path.target", folder));
        watch_expect(&watch, "umount2", with("evt.arg.name", folder), "evt.arg.flags=DETACH");
        watch_expect(&watch, "chroot", with("evt.arg.path", folder));
        watch_expect(&watch, "bpf", "evt.arg.cmd=BPF_PROG_LOAD");
        watch_expect(&watch, "setns");
        watch_expect(&watch, "userfaultfd");
        watch_expect(&watch, "process_vm_readv");
        watch_expect(&watch, "capset", "evt.res=SUCCESS");
        watch_expect(&watch, "setgid", "group.gid=1");
        watch_expect(&watch, "setuid", "evt.arg.uid=daemon", "user.uid=1", "user.name=daemon", "thread.cap_effective=");
}

/* ---- scope ---- */

static const char *hierarchy(void)
{
        return access("/sys/fs/cgroup/cgroup.procs", F_OK) == 0 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/unified";
}

static void act_in_cgroup(void)
{
        char path[256], pid[32];
        int fd;

        snprintf(path, sizeof(path), "%s/tallyman-test/cgroup.procs", hierarchy());
        MUST(open("/etc/hostname", O_RDONLY));
        MUST(fd = open(path, O_WRONLY));
        snprintf(pid, sizeof(pid), "%d", (int)getpid());
        MUST(write(fd, pid, strlen(pid)));
        MUST(open("/etc/passwd", O_RDONLY));
        MUST(fd = open("/proc/self/ns/net", O_RDONLY));
}

static void test_scope(void **state)
{
        static const char *const kinds[] = { "openat", NULL };
        struct watch inside;
        struct error err = ERROR_INIT;
        char path[256];
        struct stat st;

        NEEDS_BPF();
        snprintf(path, sizeof(path), "%s/tallyman-test", hierarchy());
        if (mkdir(path, 0755) < 0 && errno != EEXIST)
                skip();
        assert_true(watch_start(&inside, false, kinds));
        assert_int_equal(stat(path, &st), 0);
        watch_run(&inside, act_in_cgroup);
        assert_null(watch_find(&inside, "openat", "fd.name=/etc/hostname", NULL));
        watch_expect(&inside, "openat", "fd.name=/etc/passwd");
        assert_true(watch_find(&inside, "openat", "fd.name=/etc/passwd", NULL)->cgroup == st.st_ino);
        assert_null(watch_find(&inside, "unlink", NULL));
        assert_true(sensor_ignore_cgroup(inside.source, st.st_ino, &err) == 0);
        watch_run(&inside, act_in_cgroup);
        assert_null(watch_find(&inside, "openat", "fd.name=/etc/passwd", NULL));
        assert_non_null(watch_find(&inside, "procexit", NULL));
        watch_end(&inside);
        rmdir(path);
}

/* ---- the report ---- */

static void test_report(void **state)
{
        struct sensor_report reports[SENSOR_KINDS];

        NEEDS_BPF();
        sensor_reports(watch.source, reports);
        for (unsigned i = 0; i < SENSOR_KINDS; i++) {
                if (reports[i].attached == SENSOR_NOT_ATTACHED)
                        assert_true(*reports[i].reason);
                else if (!reports[i].tested)
                        fail_msg("%s: %s", sensor_kind_name(i), reports[i].reason);
        }
        assert_true(reports[SENSOR_openat].seen > 0);
        assert_int_equal(sensor_lost(watch.source), 0);
}

static int start(void **state)
{
        static const char *const kinds[] = { "all", NULL };

        if (!mkdtemp(folder))
                return -1;
        can_watch = watch_start(&watch, true, kinds);
        return 0;
}

static int end(void **state)
{
        if (can_watch)
                watch_end(&watch);
        remove(in_folder("new"));
        remove(in_folder("innocent"));
        rmdir(folder);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_repeats),  cmocka_unit_test(test_renamed),    cmocka_unit_test(test_terminal), cmocka_unit_test(test_strange),
                cmocka_unit_test(test_exec),     cmocka_unit_test(test_memfd),      cmocka_unit_test(test_open),
                cmocka_unit_test(test_names),    cmocka_unit_test(test_overlay),    cmocka_unit_test(test_sockets),    cmocka_unit_test(test_privileges),
                cmocka_unit_test(test_uring),    cmocka_unit_test(test_scope),    cmocka_unit_test(test_report),
        };

        return cmocka_run_group_tests(tests, start, end);
}
