/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/sandbox.h"

#if defined(__SANITIZE_ADDRESS__)
#define UNDER_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UNDER_SANITIZER 1
#endif
#endif
#ifndef UNDER_SANITIZER
#define UNDER_SANITIZER 0
#endif

#define DEFAULT_MEMORY (512ull << 20)
#define DEFAULT_CPU 600

static scmp_filter_ctx filter;
static int note = -1;

/* What reading, computing and answering takes. Whatever opens, connects, starts or signals is absent. */
static const int allowed[] = {
        SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(readv), SCMP_SYS(writev), SCMP_SYS(pread64), SCMP_SYS(pwrite64),
        SCMP_SYS(lseek), SCMP_SYS(ftruncate), SCMP_SYS(fstat), SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap),
        SCMP_SYS(madvise), SCMP_SYS(futex), SCMP_SYS(recvmsg), SCMP_SYS(sendmsg), SCMP_SYS(close), SCMP_SYS(exit),
        SCMP_SYS(exit_group), SCMP_SYS(rt_sigreturn), SCMP_SYS(clock_gettime), SCMP_SYS(gettid), SCMP_SYS(getpid),
        SCMP_SYS(sigaltstack), SCMP_SYS(rt_sigprocmask), SCMP_SYS(restart_syscall), SCMP_SYS(getrandom),
        SCMP_SYS(sysinfo), /* glibc's qsort() asks how much memory there is */
#if UNDER_SANITIZER
        SCMP_SYS(sched_getaffinity), SCMP_SYS(sched_yield), SCMP_SYS(getrlimit),
#endif
};

int sandbox_prepare(struct error *err)
{
        int r = 0;

        filter = seccomp_init(SCMP_ACT_TRAP);
        if (!filter)
                return error_oom(err);
        for (size_t i = 0; i < ELEMENTS_OF(allowed) && r == 0; i++)
                r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
        if (r == 0)
                r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
        if (r == 0)
                r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
                                     SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
        if (r == 0) /* glibc's fstat() */
                r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(newfstatat), 1,
                                     SCMP_A3(SCMP_CMP_EQ, AT_EMPTY_PATH));
        if (r == 0)
                r = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
        return r < 0 ? error_set(err, r, "prepare the worker's seccomp filter") : 0;
}

/* A call that is not on the list: said to the parent, and answered with EPERM. */
static void on_refused(int number, siginfo_t *info, void *context)
{
        ucontext_t *uc = context;
        uint32_t call = (uint32_t)info->si_syscall;

        if (write(note, &call, sizeof(call)) < 0)
                _exit(126); /* too many, or the parent is gone */
#if defined(__x86_64__)
        uc->uc_mcontext.gregs[REG_RAX] = -EPERM;
#elif defined(__aarch64__)
        uc->uc_mcontext.regs[0] = (unsigned long long)-EPERM;
#else
#error "say here where this architecture returns a system call's result"
#endif
}

static int set_limit(int resource, uint64_t value, struct error *err)
{
        struct rlimit limit = { value, value };

        return setrlimit(resource, &limit) < 0 ? error_set(err, -errno, "limit the worker") : 0;
}

static int set_limits(const struct worker_limits *limits, struct error *err)
{
        int r = 0;

        if (!UNDER_SANITIZER)
                r = set_limit(RLIMIT_DATA, limits->memory ? limits->memory : DEFAULT_MEMORY, err);
        if (r == 0)
                r = set_limit(RLIMIT_FSIZE, limits->file, err);
        if (r == 0)
                r = set_limit(RLIMIT_CPU, limits->cpu ? limits->cpu : DEFAULT_CPU, err);
        if (r == 0)
                r = set_limit(RLIMIT_CORE, 0, err);
        signal(SIGXFSZ, SIG_IGN);
        return r;
}

/* ---- Landlock (linux/landlock.h of the build machine may be older than the kernel, so the numbers stand here) ---- */

#define LANDLOCK_CREATE_RULESET 444
#define LANDLOCK_RESTRICT_SELF 446
#define LANDLOCK_VERSION_FLAG 1u

struct landlock_attributes {
        uint64_t handled_fs;
        uint64_t handled_net;
        uint64_t scoped;
};

int sandbox_landlock_abi(void)
{
        long abi = syscall(LANDLOCK_CREATE_RULESET, NULL, 0, LANDLOCK_VERSION_FLAG);

        return abi < 0 ? 0 : (int)abi;
}

/* Handles every right that this kernel's Landlock knows and grants none. */
static int enter_landlock(struct error *err)
{
        static const unsigned fs_rights[] = { 0, 13, 14, 15, 15, 16 }; /* by ABI; 16 from 5 on */
        int abi = sandbox_landlock_abi(), fd;
        struct landlock_attributes attributes = { 0 };
        size_t size = abi >= 6 ? 24 : abi >= 4 ? 16 : 8;

        if (abi == 0)
                return 0;
        attributes.handled_fs = (1ull << fs_rights[MIN_OF(abi, 5)]) - 1;
        if (abi >= 4)
                attributes.handled_net = 3; /* bind and connect TCP */
        if (abi >= 6)
                attributes.scoped = 3; /* abstract sockets and signals */
        fd = (int)syscall(LANDLOCK_CREATE_RULESET, &attributes, size, 0);
        if (fd < 0)
                return error_set(err, -errno, "make the worker's Landlock rules");
        if (syscall(LANDLOCK_RESTRICT_SELF, fd, 0) < 0) {
                int code = -errno;

                close(fd);
                return error_set(err, code, "confine the worker with Landlock");
        }
        close(fd);
        return 0;
}

int sandbox_enter(const struct worker_limits *limits, int note_fd, struct error *err)
{
        struct sigaction action = { .sa_sigaction = on_refused, .sa_flags = SA_SIGINFO | SA_NODEFER };
        int r;

        note = note_fd;
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                return error_set(err, -errno, "give up gaining privileges");
        if (!UNDER_SANITIZER)
                prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
        if (sigaction(SIGSYS, &action, NULL) < 0)
                return error_set(err, -errno, "handle SIGSYS");
        r = enter_landlock(err);
        if (r < 0)
                return r;
        r = set_limits(limits, err);
        if (r < 0)
                return r;
        r = seccomp_load(filter);
        return r < 0 ? error_set(err, r, "confine the worker with seccomp (nothing is parsed without it)") : 0;
}

void sandbox_call_names(const uint32_t *numbers, size_t n, char *ret, size_t size)
{
        size_t used = 0;

        ret[0] = 0;
        for (size_t i = 0; i < n; i++) {
                char *name = NULL;
                bool before = false;

                for (size_t k = 0; k < i; k++)
                        before |= numbers[k] == numbers[i];
                if (before)
                        continue;
                name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, (int)numbers[i]);
                if (used < size)
                        used += (size_t)snprintf(ret + used, size - used, "%s%s", used ? ", " : "", name ? name : "?");
                free(name);
        }
}
