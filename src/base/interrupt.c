/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/mem.h"

static volatile sig_atomic_t which;
static int pipe_fds[2] = { -1, -1 };

static void on_signal(int number)
{
        int saved = errno;

        if (which) { /* the second one: the user means it */
                signal(number, SIG_DFL);
                raise(number);
        }
        which = number;
        if (write(pipe_fds[1], "", 1) < 0)
                errno = saved;
        errno = saved;
}

int interrupt_init(struct error *err)
{
        static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
        struct sigaction action = { .sa_handler = on_signal }, old;

        if (pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK) < 0)
                return error_set(err, -errno, "make a pipe for signals");
        sigfillset(&action.sa_mask);
        for (size_t i = 0; i < ELEMENTS_OF(numbers); i++) {
                if (sigaction(numbers[i], NULL, &old) == 0 && old.sa_handler == SIG_IGN)
                        continue;
                if (sigaction(numbers[i], &action, NULL) < 0)
                        return error_set(err, -errno, "handle signals");
        }
        signal(SIGPIPE, SIG_IGN);
        signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error like any other */
        return 0;
}

static volatile sig_atomic_t reload;

static void on_reload(int number)
{
        reload = 1;
}

void interrupt_take_reload(void)
{
        struct sigaction action = { .sa_handler = on_reload };

        sigaction(SIGHUP, &action, NULL);
}

bool interrupt_reload_asked(void)
{
        bool asked = reload;

        if (asked)
                reload = 0;
        return asked;
}

bool interrupt_pending(void)
{
        return which != 0;
}

int interrupt_fd(void)
{
        return pipe_fds[0];
}

int interrupt_check(struct error *err)
{
        return which ? error_say(err, -ECANCELED, "interrupted by %s", sigdescr_np(which)) : 0;
}

void interrupt_reraise(void)
{
        int number = which;

        if (!number)
                return;
        signal(number, SIG_DFL);
        raise(number);
}
