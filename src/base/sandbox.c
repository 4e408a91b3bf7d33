/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/hijack.h"
#include "base/sandbox.h"

#define DEFAULT_MEMORY (512ull << 20)
#define ADDRESS_EXTRA (1ull << 30) /* code, libraries, locales and stack, beside the data */
#define OPEN_FILES_MAX 64

static scmp_filter_ctx filter;
static int note = -1;

/* What reading, computing and answering takes. Whatever opens, connects, starts or signals is absent. */
static const int allowed[] = {
        SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(pread64), SCMP_SYS(lseek), SCMP_SYS(ftruncate), SCMP_SYS(fstat),
        SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(close), SCMP_SYS(exit), SCMP_SYS(exit_group),
        SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigprocmask), SCMP_SYS(restart_syscall), SCMP_SYS(clock_gettime),
        SCMP_SYS(gettid), SCMP_SYS(getpid), SCMP_SYS(getrandom),
        SCMP_SYS(sysinfo), /* glibc's qsort() asks how much memory there is */
#if SANDBOX_UNDER_SANITIZER
        SCMP_SYS(sched_getaffinity), SCMP_SYS(sched_yield), SCMP_SYS(getrlimit), SCMP_SYS(sigaltstack),
#endif
};

/* Calls that are allowed with some arguments only: all rules of a line must hold. */
static const struct {
        int call;
        unsigned n;
        struct scmp_arg_cmp args[2];
} allowed_with[] = {
#define ARG(i, op, ...) { i, op, __VA_ARGS__ }
#define ONE(call, a) { SCMP_SYS(call), 1, { a } }
#define TWO(call, a, b) { SCMP_SYS(call), 2, { a, b } }
        /* Plain memory: nothing executable; nothing shared or growing, which RLIMIT_DATA does not count; no file. */
        TWO(mmap, ARG(2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
            ARG(3, SCMP_CMP_MASKED_EQ, MAP_SHARED | MAP_GROWSDOWN | MAP_LOCKED | MAP_HUGETLB | MAP_ANONYMOUS, MAP_ANONYMOUS)),
        ONE(mprotect, ARG(2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)),
        ONE(madvise, ARG(2, SCMP_CMP_EQ, MADV_DONTNEED)), ONE(madvise, ARG(2, SCMP_CMP_EQ, MADV_FREE)),
        ONE(madvise, ARG(2, SCMP_CMP_EQ, MADV_HUGEPAGE)), ONE(madvise, ARG(2, SCMP_CMP_EQ, MADV_NOHUGEPAGE)),
        ONE(madvise, ARG(2, SCMP_CMP_EQ, MADV_DONTDUMP)),
        /* The channel, exactly as frames use it: no peeking, no urgent data. */
        TWO(sendmsg, ARG(0, SCMP_CMP_EQ, SANDBOX_CHANNEL), ARG(2, SCMP_CMP_EQ, MSG_NOSIGNAL)),
        TWO(recvmsg, ARG(0, SCMP_CMP_EQ, SANDBOX_CHANNEL), ARG(2, SCMP_CMP_EQ, MSG_CMSG_CLOEXEC)),
        /* Locks of libraries, which no other thread holds. */
        ONE(futex, ARG(1, SCMP_CMP_EQ, FUTEX_WAKE_PRIVATE)), ONE(futex, ARG(1, SCMP_CMP_EQ, FUTEX_WAIT_PRIVATE)),
#undef ARG
#undef ONE
#undef TWO
};

int sandbox_prepare(struct error *err)
{
        int r = 0;

        filter = seccomp_init(SCMP_ACT_TRAP);
        if (!filter)
                return error_oom(err);
        for (size_t i = 0; i < ELEMENTS_OF(allowed) && r == 0; i++)
                r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
        for (size_t i = 0; i < ELEMENTS_OF(allowed_with) && r == 0; i++)
                r = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, allowed_with[i].call, allowed_with[i].n,
                                           allowed_with[i].args);
        if (r == 0)
                r = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
        return r < 0 ? error_set(err, r, "prepare the worker's seccomp filter") : 0;
}

/* abort() signals its own process: so that it is told as what it is. */
static int load_filter(struct error *err)
{
        int r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 2, SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()),
                                 SCMP_A2(SCMP_CMP_EQ, SIGABRT));

        if (r == 0)
                r = sandbox_has_seccomp() ? seccomp_load(filter) : -ENOSYS;
        return r < 0 ? error_set(err, r, "confine the worker with seccomp (nothing is parsed without it)") : 0;
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

bool sandbox_has_seccomp(void)
{
        uint32_t action = SECCOMP_RET_TRAP;

        return hijack_seccomp(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0);
}

/* ---- limits and privileges ---- */

/* No more than this process may: only root could raise its own limits. */
static int set_limit(int resource, uint64_t soft, uint64_t hard, struct error *err)
{
        struct rlimit limit;

        if (getrlimit(resource, &limit) < 0)
                return error_set(err, -errno, "limit the worker");
        limit.rlim_max = MIN_OF((rlim_t)hard, limit.rlim_max);
        limit.rlim_cur = MIN_OF((rlim_t)soft, limit.rlim_max);
        return setrlimit(resource, &limit) < 0 ? error_set(err, -errno, "limit the worker") : 0;
}

static uint64_t add_saturated(uint64_t a, uint64_t b)
{
        return a > RLIM_INFINITY - b ? RLIM_INFINITY : a + b;
}

static int set_limits(const struct worker_limits *limits, struct error *err)
{
        uint64_t memory = limits->memory ? limits->memory : DEFAULT_MEMORY;
        uint64_t cpu = limits->cpu ? limits->cpu : WORKER_CPU_DEFAULT, space = add_saturated(memory, ADDRESS_EXTRA);
        int r = 0;

        if (!SANDBOX_UNDER_SANITIZER)
                r = set_limit(RLIMIT_DATA, memory, memory, err);
        if (r == 0 && !SANDBOX_UNDER_SANITIZER)
                r = set_limit(RLIMIT_AS, space, space, err);
        if (r == 0)
                r = set_limit(RLIMIT_FSIZE, limits->file, limits->file, err);
        if (r == 0) /* SIGXCPU tells why it ended; where that is blocked, SIGKILL follows */
                r = set_limit(RLIMIT_CPU, cpu, add_saturated(cpu, 1), err);
        if (r == 0)
                r = set_limit(RLIMIT_NOFILE, OPEN_FILES_MAX, OPEN_FILES_MAX, err);
        if (r == 0)
                r = set_limit(RLIMIT_CORE, 0, 0, err);
        signal(SIGXFSZ, SIG_IGN);
        return r;
}

/* What root may do beyond others (poison memory, fill reserved blocks) is nothing that a worker needs. */
static int drop_capabilities(struct error *err)
{
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };

        return syscall(SYS_capset, &header, none) < 0 ? error_set(err, -errno, "give up the worker's capabilities") : 0;
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

        return hijack_landlock_abi(abi < 0 ? 0 : (int)abi);
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
        if (abi >= SANDBOX_LANDLOCK_TCP)
                attributes.handled_net = 3; /* bind and connect TCP */
        if (abi >= SANDBOX_LANDLOCK_SIGNALS)
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
        if (!SANDBOX_UNDER_SANITIZER)
                prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
        if (sigaction(SIGSYS, &action, NULL) < 0)
                return error_set(err, -errno, "handle SIGSYS");
        r = enter_landlock(err);
        if (r == 0)
                r = set_limits(limits, err);
        if (r == 0)
                r = drop_capabilities(err);
        return r < 0 ? r : load_filter(err);
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
