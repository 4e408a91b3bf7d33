/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Acts that scenarios need and no usual tool does: act NAME [ARGUMENT...]. Linked statically, so that it runs in an image that
 * holds nothing else. Under another name (nginx, sshd) it does the same.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static int fail(const char *what)
{
        fprintf(stderr, "act: %s: %s\n", what, strerror(errno));
        return 1;
}

static int do_true(char **argv)
{
        return 0;
}

/* run PROGRAM ARGUMENT...: as a child, so that this process is its parent. */
static int run_as(uid_t uid, char **argv)
{
        int status;
        pid_t child = fork();

        if (child == 0) {
                if (uid && setuid(uid) < 0)
                        _exit(fail("setuid"));
                execv(argv[0], argv);
                _exit(fail(argv[0]));
        }
        return child < 0 || waitpid(child, &status, 0) < 0 || status ? fail("run") : 0;
}

static int do_run(char **argv)
{
        return run_as(0, argv);
}

static int do_run_as(char **argv)
{
        return run_as((uid_t)atoi(argv[0]), argv + 1);
}

/* read-after SECONDS FILE */
static int do_read_after(char **argv)
{
        sleep((unsigned)atoi(argv[0]));
        return open(argv[1], O_RDONLY) < 0 ? fail(argv[1]) : 0;
}

static int do_memfd(char **argv)
{
        int self = open("/proc/self/exe", O_RDONLY), fd = (int)syscall(SYS_memfd_create, "act", 0);
        char *const args[] = { (char *)"act", (char *)"true", NULL }, *const env[] = { NULL };
        struct stat st;

        if (self < 0 || fd < 0 || fstat(self, &st) < 0)
                return fail("memfd");
        for (off_t at = 0; at < st.st_size;)
                if (sendfile(fd, self, &at, (size_t)(st.st_size - at)) <= 0)
                        return fail("sendfile");
        fexecve(fd, args, env);
        return fail("fexecve");
}

static int do_packet_socket(char **argv)
{
        return socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL)) < 0 ? fail("socket") : 0;
}

static int do_plain_socket(char **argv)
{
        return socket(AF_INET, SOCK_DGRAM, 0) < 0 ? fail("socket") : 0;
}

/* A connection to ourselves. */
static int connected(void)
{
        struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t n = sizeof(to);
        int listener = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0);

        if (listener < 0 || bind(listener, (struct sockaddr *)&to, sizeof(to)) < 0 || listen(listener, 1) < 0 ||
            getsockname(listener, (struct sockaddr *)&to, &n) < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
                return -1;
        return fd;
}

static int do_dup_socket(char **argv)
{
        int fd = connected();

        return fd < 0 || dup2(fd, 0) < 0 ? fail("dup2") : 0;
}

static int do_dup_pipe(char **argv)
{
        int ends[2];

        return pipe(ends) < 0 || dup2(ends[0], 0) < 0 ? fail("dup2") : 0;
}

/* connect ADDRESS PORT: begins to. */
static int do_connect(char **argv)
{
        struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])) };
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

        inet_pton(AF_INET, argv[0], &to.sin_addr);
        if (fd < 0 || (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0 && errno != EINPROGRESS && errno != ECONNREFUSED))
                return fail("connect");
        return 0;
}

/* connect-unix PATH: makes the socket, and connects to it. */
static int do_connect_unix(char **argv)
{
        struct sockaddr_un to = { .sun_family = AF_UNIX };
        int listener = socket(AF_UNIX, SOCK_STREAM, 0), fd = socket(AF_UNIX, SOCK_STREAM, 0);

        snprintf(to.sun_path, sizeof(to.sun_path), "%s", argv[0]);
        if (bind(listener, (struct sockaddr *)&to, sizeof(to)) < 0 || listen(listener, 1) < 0 ||
            connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
                return fail("connect");
        return 0;
}

static pid_t sleeping_child(void)
{
        pid_t child = fork();

        if (child == 0) {
                sleep(10);
                _exit(0);
        }
        return child;
}

static int do_trace(char **argv)
{
        pid_t child = sleeping_child();
        long r = ptrace(PTRACE_ATTACH, child, 0, 0);

        if (r == 0)
                waitpid(child, NULL, 0);
        kill(child, SIGKILL);
        return r < 0 ? fail("ptrace") : 0;
}

static int do_trace_me(char **argv)
{
        return ptrace(PTRACE_TRACEME, 0, 0, 0) < 0 ? fail("ptrace") : 0;
}

static int do_write_memory(char **argv)
{
        static char byte = 'x';
        struct iovec here = { &byte, 1 };
        pid_t child = sleeping_child();
        ssize_t n = process_vm_writev(child, &here, 1, &here, 1, 0);

        kill(child, SIGKILL);
        return n < 0 ? fail("process_vm_writev") : 0;
}

static int do_load_module(char **argv)
{
        syscall(SYS_init_module, "", 0, "");
        return 0; /* it is refused: that it was asked for is the act */
}

int main(int argc, char **argv)
{
        static const struct {
                const char *name;
                int arguments;
                int (*run)(char **argv);
        } acts[] = {
                { "true", 0, do_true }, { "run", 1, do_run }, { "run-as", 2, do_run_as }, { "read-after", 2, do_read_after },
                { "memfd", 0, do_memfd }, { "packet-socket", 0, do_packet_socket }, { "plain-socket", 0, do_plain_socket },
                { "dup-socket", 0, do_dup_socket }, { "dup-pipe", 0, do_dup_pipe }, { "connect", 2, do_connect },
                { "connect-unix", 1, do_connect_unix }, { "trace", 0, do_trace }, { "trace-me", 0, do_trace_me },
                { "write-memory", 0, do_write_memory }, { "load-module", 0, do_load_module },
        };

        for (size_t i = 0; argc > 1 && i < sizeof(acts) / sizeof(acts[0]); i++)
                if (strcmp(acts[i].name, argv[1]) == 0 && argc - 2 >= acts[i].arguments)
                        return acts[i].run(argv + 2);
        return argc == 1 ? 0 : fail("no such act");
}
