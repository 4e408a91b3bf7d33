/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What watching costs: five loads under each set of attached programs, empty ones (the floor: what the kernel takes for
 * being attached) and the sensor's own. Counts processor time, of children too, in slices; rounds are interleaved, so that a
 * busy machine spoils all sets alike; of each the lower quartile of all slices counts. Prints nanoseconds a call, and per
 * cent over nothing attached. Usage: sensor [ROUNDS]
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "sensor/sensor.h"

extern const unsigned char empty_object[];
extern const size_t empty_object_size;
extern char **environ;

#define ROUNDS_MAX 100
#define SLICES 10
#define LINKS_MAX 128

static void fail(const char *what)
{
        fprintf(stderr, "sensor: %s: %s\n", what, strerror(errno));
        exit(2);
}

static double used(void)
{
        struct timespec t;
        struct rusage children;

        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
        getrusage(RUSAGE_CHILDREN, &children);
        return (double)t.tv_sec * 1e9 + (double)t.tv_nsec +
               1e9 * (double)(children.ru_utime.tv_sec + children.ru_stime.tv_sec) +
               1e3 * (double)(children.ru_utime.tv_usec + children.ru_stime.tv_usec);
}

/* ---- loads: each does one call ---- */

static int udp;
static char file_a[64], file_b[64];

static void load_getppid(void)
{
        syscall(SYS_getppid);
}

static void load_open(void)
{
        close(open("/etc/hostname", O_RDONLY | O_CLOEXEC));
}

static void load_exec(void)
{
        char *const argv[] = { (char *)"true", NULL };
        int status;
        pid_t pid;

        if (posix_spawn(&pid, "/bin/true", NULL, NULL, argv, environ) != 0)
                fail("/bin/true");
        waitpid(pid, &status, 0);
}

static void load_connect(void)
{
        const struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

        if (connect(udp, (const struct sockaddr *)&to, sizeof(to)) < 0)
                fail("connect");
}

static void load_rename(void)
{
        if (rename(file_a, file_b) < 0 || rename(file_b, file_a) < 0)
                fail("rename");
}

static const struct load {
        const char *name;
        void (*call)(void);
        unsigned times;
} loads[] = {
        { "getppid", load_getppid, 20000 },      { "open+close", load_open, 2000 }, { "exec", load_exec, 10 },
        { "connect (UDP)", load_connect, 4000 }, { "2 renames (tmpfs)", load_rename, 1000 },
};

/* ---- sets ---- */

enum what { NOTHING, EMPTY, OWN, GENERIC, CGROUP };

/* What the stock rules of Falco ask for, but for what only a few sandbox rules do. */
#define STOCK                                                                                                          \
        "execve open openat openat2 creat connect accept accept4 listen sendto sendmsg recvfrom recvmsg rename renameat " \
        "renameat2 link linkat symlink symlinkat unlink unlinkat mkdir mkdirat rmdir chmod fchmod fchmodat socket dup "  \
        "dup2 dup3 ptrace bpf setns unshare setuid userfaultfd mount umount2 init_module finit_module"

static const struct set {
        const char *name;
        enum what what;
        const char *kinds; /* NULL: lives of processes only; "*" all */
        bool host;
} sets[] = {
        { "nothing attached", NOTHING, NULL, false },
        { "empty: lives of processes", EMPTY, NULL, false },
        { "empty: + 1 unrelated call (setns)", EMPTY, "setns", false },
        { "empty: + opens", EMPTY, "open openat openat2 creat", false },
        { "empty: + connect", EMPTY, "connect", false },
        { "empty: + renames", EMPTY, "rename renameat renameat2", false },
        { "empty: + stock rules (42 calls)", EMPTY, STOCK, false },
        { "empty: cgroup connect4/6", CGROUP, NULL, false },
        { "empty: every call, enter and exit", GENERIC, NULL, false },
        { "sensor, out of scope: stock rules", OWN, STOCK, false },
        { "sensor, in scope: lives of processes", OWN, NULL, true },
        { "sensor, in scope: stock rules", OWN, STOCK, true },
};

struct attached {
        struct bpf_object *object;
        struct bpf_link *links[LINKS_MAX];
        size_t n;
        struct sensor_source *sensor;
        pid_t reader;
};

static struct sensor_kinds kinds_of(const char *names)
{
        struct str rest = str_from(names ? names : "");
        struct sensor_kinds kinds = { 0 };

        while (rest.n) {
                int kind = sensor_kind_of(str_cut(&rest, ' '));

                if (kind >= 0)
                        sensor_kinds_add(&kinds, (enum sensor_kind)kind);
        }
        return kinds;
}

static void add_link(struct attached *a, struct bpf_link *link)
{
        if (link && a->n < LINKS_MAX)
                a->links[a->n++] = link;
}

static struct bpf_program *program(struct attached *a, const char *name)
{
        return bpf_object__find_program_by_name(a->object, name);
}

static void attach_calls(struct attached *a, const char *kinds)
{
        struct str rest = str_from(kinds ? kinds : "");
        char name[64];

        while (rest.n) {
                struct str kind = str_cut(&rest, ' ');

                snprintf(name, sizeof(name), "sys_exit_%.*s", STR_ARG(kind));
                if (str_equals(kind, "execve"))
                        continue;
                if (str_equals(kind, "umount2"))
                        strcpy(name, "sys_exit_umount");
                add_link(a, bpf_program__attach_tracepoint(program(a, "call"), "syscalls", name));
        }
}

static void attach_empty(struct attached *a, const struct set *set)
{
        int root = open(access("/sys/fs/cgroup/cgroup.procs", F_OK) == 0 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/unified", O_RDONLY);

        a->object = bpf_object__open_mem(empty_object, empty_object_size, NULL);
        if (!a->object || bpf_object__load(a->object) < 0)
                fail("load empty programs");
        if (set->what == GENERIC) {
                add_link(a, bpf_program__attach(program(a, "all_enter")));
                add_link(a, bpf_program__attach(program(a, "all_exit")));
        } else if (set->what == CGROUP) {
                add_link(a, bpf_program__attach_cgroup(program(a, "connect4"), root));
                add_link(a, bpf_program__attach_cgroup(program(a, "connect6"), root));
        } else {
                add_link(a, bpf_program__attach(program(a, "process_exec")));
                add_link(a, bpf_program__attach(program(a, "process_fork")));
                add_link(a, bpf_program__attach(program(a, "process_exit")));
                attach_calls(a, set->kinds);
        }
        close(root);
}

static int ignore(void *data, const struct sensor_raw *raw, struct error *err)
{
        return 0;
}

/* The sensor is a process of its own: it tells nothing of itself, and reads while the load runs. */
static void start_sensor(struct attached *a, const struct set *set)
{
        const struct sensor_options options = { .kinds = kinds_of(set->kinds), .host = set->host, .no_self_test = true };
        const struct sensor_sink sink = { .event = ignore };
        struct error err = ERROR_INIT;
        int ready[2];
        char c = 0;

        if (pipe(ready) < 0)
                fail("pipe");
        a->reader = fork();
        if (a->reader == 0) {
                if (sensor_open(&options, &a->sensor, &err) < 0) {
                        fprintf(stderr, "sensor: %s\n", err.message);
                        _exit(2);
                }
                if (write(ready[1], &c, 1) < 0)
                        _exit(2);
                while (getppid() != 1 && sensor_poll(a->sensor, 10, &sink, &err) >= 0)
                        ;
                _exit(0);
        }
        close(ready[1]);
        if (read(ready[0], &c, 1) != 1)
                fail("start the sensor");
        close(ready[0]);
}

static void attach(struct attached *a, const struct set *set)
{
        memset(a, 0, sizeof(*a));
        if (set->what == OWN)
                start_sensor(a, set);
        else if (set->what != NOTHING)
                attach_empty(a, set);
}

static void detach(struct attached *a)
{
        int status;

        if (a->reader) {
                kill(a->reader, SIGKILL);
                waitpid(a->reader, &status, 0);
        }
        for (size_t i = 0; i < a->n; i++)
                bpf_link__destroy(a->links[i]);
        bpf_object__close(a->object);
}

/* ---- measuring ---- */

static void measure(const struct load *load, double ret[static SLICES])
{
        for (unsigned i = 0; i < load->times / 10; i++)
                load->call();
        for (unsigned slice = 0; slice < SLICES; slice++) {
                double start = used();

                for (unsigned i = 0; i < load->times; i++)
                        load->call();
                ret[slice] = (used() - start) / load->times;
        }
}

static int compare(const void *a, const void *b)
{
        double x = *(const double *)a, y = *(const double *)b;

        return x < y ? -1 : x > y;
}

static double results[ELEMENTS_OF(sets)][ELEMENTS_OF(loads)][ROUNDS_MAX * SLICES];

static void print(unsigned rounds)
{
        double base[ELEMENTS_OF(loads)];

        printf("| attached |");
        for (size_t l = 0; l < ELEMENTS_OF(loads); l++)
                printf(" %s |", loads[l].name);
        printf("\n|---|---|---|---|---|---|\n");
        for (size_t s = 0; s < ELEMENTS_OF(sets); s++) {
                printf("| %s |", sets[s].name);
                for (size_t l = 0; l < ELEMENTS_OF(loads); l++) {
                        double ns;

                        qsort(results[s][l], rounds * SLICES, sizeof(double), compare);
                        ns = results[s][l][rounds * SLICES / 4];
                        if (s == 0)
                                base[l] = ns;
                        if (s == 0)
                                printf(" %.0f ns |", ns);
                        else
                                printf(" %+.0f ns (%+.1f %%) |", ns - base[l], (ns / base[l] - 1) * 100);
                }
                printf("\n");
        }
}

int main(int argc, char **argv)
{
        unsigned rounds = argc > 1 ? (unsigned)atoi(argv[1]) : 8;
        int fd;

        if (rounds < 1 || rounds > ROUNDS_MAX || geteuid() != 0) {
                fprintf(stderr, "Usage: sensor [ROUNDS], as root\n");
                return 2;
        }
        libbpf_set_print(NULL);
        snprintf(file_a, sizeof(file_a), "/dev/shm/tallyman-bench.%d.a", (int)getpid());
        snprintf(file_b, sizeof(file_b), "/dev/shm/tallyman-bench.%d.b", (int)getpid());
        fd = open(file_a, O_CREAT | O_WRONLY, 0600);
        udp = socket(AF_INET, SOCK_DGRAM, 0);
        if (fd < 0 || udp < 0)
                fail("set up");
        close(fd);
        for (unsigned r = 0; r < rounds; r++)
                for (size_t s = 0; s < ELEMENTS_OF(sets); s++) {
                        struct attached a;

                        attach(&a, &sets[s]);
                        for (size_t l = 0; l < ELEMENTS_OF(loads); l++)
                                measure(&loads[l], &results[s][l][(size_t)r * SLICES]);
                        detach(&a);
                        fprintf(stderr, "round %u of %u: %s        \r", r + 1, rounds, sets[s].name);
                }
        unlink(file_a);
        fprintf(stderr, "%70s\r", "");
        print(rounds);
        return 0;
}
