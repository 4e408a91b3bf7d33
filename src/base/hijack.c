/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hijack.h"

#ifdef TALLYMAN_TESTS

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"

void (*hijack_hook)(const char *parser);

static const char *wanted; /* "parser:call", from the environment */

static long try_open(void)
{
        return syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY);
}

static long try_connect(void)
{
        struct sockaddr_un to = { .sun_family = AF_UNIX, .sun_path = "/dev/log" };

        return syscall(SYS_connect, 3, &to, sizeof(to));
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
        return syscall(SYS_ptrace, PTRACE_ATTACH, getppid(), 0, 0);
}

static long try_kill(void)
{
        return syscall(SYS_kill, getppid(), SIGKILL);
}

static long try_clone(void)
{
        return syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

static const struct {
        const char *name;
        long (*try)(void);
} calls[] = {
        { "open", try_open },     { "connect", try_connect }, { "socket", try_socket }, { "exec", try_exec },
        { "ptrace", try_ptrace }, { "kill", try_kill },       { "clone", try_clone },
};

/* Tries the call once. One that is not refused ends the worker, which no test takes for a refusal. */
static void on_point(const char *parser)
{
        static bool tried;
        size_t n = strlen(parser);

        if (tried || strncmp(wanted, parser, n) != 0 || wanted[n] != ':')
                return;
        tried = true;
        for (size_t i = 0; i < ELEMENTS_OF(calls); i++)
                if (strcmp(wanted + n + 1, calls[i].name) == 0 && (calls[i].try() >= 0 || errno != EPERM))
                        abort();
}

void hijack_init(void)
{
        wanted = getenv("TALLYMAN_HIJACK");
        if (wanted)
                hijack_hook = on_point;
}

#endif
