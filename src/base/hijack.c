/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hijack.h"

#ifdef TALLYMAN_TESTS

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"

#define CHANNEL 3 /* where a worker's socket to its parent is */

void (*hijack_hook)(const char *parser);

static char *wanted; /* "parser:deed"; a copy, since the zygote wipes the environment */
static pid_t parent; /* of all: the program itself */
static uint64_t idle;
static int fake_landlock = -1;
static bool fake_no_seccomp;

/* ---- system calls: each must be refused ---- */

static long try_open(void)
{
        return syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY);
}

/* On the one socket that a worker has: it can not make another. */
static long try_connect(void)
{
        struct sockaddr_un to = { .sun_family = AF_UNIX, .sun_path = "/dev/log" };

        return syscall(SYS_connect, CHANNEL, &to, sizeof(to));
}

static long try_socket(void)
{
        return syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
}

static long try_exec(void)
{
        char *const arguments[] = { (char *)"true", NULL };

        return syscall(SYS_execve, "/bin/true", arguments, arguments + 1);
}

static long try_ptrace(void)
{
        return syscall(SYS_ptrace, PTRACE_ATTACH, parent, 0, 0);
}

static long try_kill(void)
{
        return syscall(SYS_kill, parent, SIGKILL);
}

static long try_clone(void)
{
        return syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

/* ---- deeds that no filter sees ---- */

static void crash(void)
{
        volatile uintptr_t nowhere = 16;

        *(volatile int *)nowhere = 1;
}

static void hang(void)
{
        for (volatile unsigned i = 0;; i++)
                ;
}

static void sleep_for_ever(void)
{
        static int word;

        for (;;)
                syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
}

/* All that there is, in ever smaller pieces; then the parser goes on without. */
static void take_memory(void)
{
        for (size_t size = 16u << 20; size >= 16; size /= 2)
                for (void *p; (p = malloc(size));)
                        memset(p, 0xaa, size);
}

static void flood(void)
{
        static char garbage[65536];

        memset(garbage, 0xa5, sizeof(garbage));
        while (write(CHANNEL, garbage, sizeof(garbage)) > 0)
                ;
        _exit(0);
}

static void fall_silent(void)
{
        close(CHANNEL);
        sleep_for_ever();
}

/* What it was to write becomes large and empty. */
static void stretch_files(void)
{
        for (int fd = CHANNEL + 2; fd < CHANNEL + 8; fd++)
                if (ftruncate(fd, 8ll << 30) < 0)
                        continue;
}

static const struct {
        const char *name;
        long (*try)(void); /* a system call … */
        void (*run)(void); /* … or something else */
} deeds[] = {
        { "open", try_open, NULL },     { "connect", try_connect, NULL },   { "socket", try_socket, NULL },
        { "exec", try_exec, NULL },     { "ptrace", try_ptrace, NULL },     { "kill", try_kill, NULL },
        { "clone", try_clone, NULL },   { "crash", NULL, crash },           { "hang", NULL, hang },
        { "memory", NULL, take_memory }, { "sleep", NULL, sleep_for_ever }, { "flood", NULL, flood },
        { "silent", NULL, fall_silent }, { "stretch", NULL, stretch_files },
};

/* Does it once, in a worker. A call that is not refused ends the worker, which no test takes for a refusal. */
static void on_point(const char *parser)
{
        static bool done;
        size_t n = strlen(parser);

        if (done || getpid() == parent || strncmp(wanted, parser, n) != 0 || wanted[n] != ':')
                return;
        done = true;
        for (size_t i = 0; i < ELEMENTS_OF(deeds); i++) {
                if (strcmp(wanted + n + 1, deeds[i].name) != 0)
                        continue;
                if (deeds[i].run)
                        deeds[i].run();
                else if (deeds[i].try() >= 0 || errno != EPERM)
                        abort();
        }
}

void hijack_init(void)
{
        const char *hijack = getenv("TALLYMAN_HIJACK"), *ms = getenv("TALLYMAN_HIJACK_IDLE_MS");
        const char *abi = getenv("TALLYMAN_FAKE_LANDLOCK_ABI");

        parent = getpid();
        if (hijack && (wanted = strdup(hijack)))
                hijack_hook = on_point;
        idle = ms ? strtoull(ms, NULL, 10) : 0;
        fake_landlock = abi ? atoi(abi) : -1;
        fake_no_seccomp = getenv("TALLYMAN_FAKE_NO_SECCOMP") != NULL;
}

uint64_t hijack_idle_ms(void)
{
        return idle;
}

int hijack_landlock_abi(int real)
{
        return fake_landlock >= 0 && fake_landlock < real ? fake_landlock : real;
}

bool hijack_seccomp(bool real)
{
        return real && !fake_no_seccomp;
}

#endif
