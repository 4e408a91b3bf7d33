/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What rules cost: a thousand of them against one event of a kind that twenty of them want, and files named on the command
 * line loaded and compiled. Usage: rules [FILE...]
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "model/syscall_event.h"
#include "rules/rules.h"

#define RULES 1000
#define OF_KIND 20
#define ROUNDS 2000000u
#define LOADS 20

static const struct fact_source *const sources[] = { &syscall_source, NULL };

static void fail(const char *what, const struct error *err)
{
        fprintf(stderr, "rules: %s: %s\n", what, err->message);
        exit(2);
}

static double now(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* As people write them: a kind, a path, who does it, and long lists of who may. */
static void write_rules(struct buf *out)
{
        static const char *const kinds[] = { "openat", "open", "execve", "connect", "unlink", "rename", "mkdir", "chmod", "symlink", "link",
                "ptrace", "setns", "mount", "umount", "socket", "bind", "listen", "accept", "sendto", "recvfrom", "dup", "close", "clone",
                "fork", "vfork", "kill", "setuid", "setgid", "chown", "fchown", "creat", "truncate", "bpf", "unshare", "chroot", "pipe",
                "eventfd", "signalfd", "memfd_create", "prctl", "capset", "mprotect", "mmap", "read", "write", "stat", "access", "splice",
                "init_module", "delete_module" };
        unsigned of_kind = RULES / (unsigned)(sizeof(kinds) / sizeof(kinds[0]));

        buf_puts(out, "- list: shells\n  items: [ash, bash, csh, ksh, sh, tcsh, zsh, dash]\n"
                      "- list: managers\n  items: [dnf, rpm, yum, dpkg, apt, apt-get, aptitude, apk, snapd, pip, pip3, conda, npm, gem]\n"
                      "- macro: container\n  condition: (container.id != host)\n"
                      "- macro: writes\n  condition: (evt.is_open_write=true and fd.typechar='f' and fd.num>=0)\n"
                      "- macro: by_manager\n  condition: (proc.aname in (managers, needrestart))\n");
        for (unsigned i = 0; i < RULES; i++)
                buf_printf(out, "- rule: Rule %u\n  desc: d\n  condition: evt.type in (%s) and (writes or container) and fd.name startswith /dir%u "
                           "and not proc.name in (shells, managers, tool%u) and not proc.pname in (shells, tool%u) and not by_manager "
                           "and not (fd.directory in (/etc/ssl, /var/%u) or proc.cmdline contains word%u)\n"
                           "  output: \"rule %u | file=%%fd.name command=%%proc.cmdline user=%%user.name\"\n  priority: WARNING\n",
                           i, kinds[i / of_kind], i % 7, i, i % 11, i, i % 13, i);
}

static struct rule_set *load(const struct rule_file *files, size_t n)
{
        struct rules_options options = { .sources = sources, .check = rule_condition_check };
        struct rule_set *set;
        struct error err = ERROR_INIT;

        if (rules_load(files, n, &options, &set, &err) < 0)
                fail("load", &err);
        return set;
}

static struct rule_program *compile(const struct rule_set *set)
{
        struct rule_program *program;
        struct error err = ERROR_INIT;

        if (rule_program_new(set, &syscall_source, MATCHING_ALL, &program, &err) < 0)
                fail("compile", &err);
        return program;
}

static struct syscall_record *make_event(const char *path)
{
        static const char *const pairs[][2] = {
                { "evt.type", "openat" }, { "evt.arg.flags", "O_RDWR|O_CREAT" }, { "evt.rawres", "3" }, { "fd.num", "3" }, { "fd.type", "file" },
                { "proc.name", "worker" }, { "proc.args", "--listen 0.0.0.0 --config /etc/worker.yaml" }, { "proc.pname", "supervisord" },
                { "proc.aname[2]", "containerd-shim" }, { "proc.aname[3]", "systemd" }, { "container.id", "0123456789ab" }, { "user.uid", "0" },
        };
        struct syscall_record *record;
        struct error err = ERROR_INIT;

        if (syscall_record_new(&record, &err) < 0 || syscall_record_set(record, STR_LIT("fd.name"), str_from(path), &err) < 0)
                fail("event", &err);
        for (size_t i = 0; i < ELEMENTS_OF(pairs); i++)
                if (syscall_record_set(record, str_from(pairs[i][0]), str_from(pairs[i][1]), &err) < 0)
                        fail("event", &err);
        return record;
}

static void count(void *ctx, const struct rule_verdict *verdict)
{
        ++*(unsigned *)ctx;
}

static void measure(const struct rule_program *program, const char *what, const char *path)
{
        _cleanup_(syscall_record_freep) struct syscall_record *record = make_event(path);
        _cleanup_(rule_scratch_freep) struct rule_scratch *scratch = NULL;
        struct fact fact = syscall_fact(syscall_record_event(record));
        struct error err = ERROR_INIT;
        unsigned tried = 0;
        unsigned long matches = 0;
        size_t before;
        double best = 1e9;

        if (rule_scratch_new(program, &scratch, &err) < 0)
                fail("scratch", &err);
        matches = rule_program_match(program, scratch, &fact, true, count, &tried);
        before = mallinfo2().uordblks;
        for (unsigned turn = 0; turn < 5; turn++) {
                double start = now();

                for (unsigned i = 0; i < ROUNDS / 5; i++)
                        rule_program_match(program, scratch, &fact, false, NULL, NULL);
                best = MIN_OF(best, (now() - start) / (ROUNDS / 5));
        }
        printf("%-28s %5u tried %5lu match %8.0f ns an event %6zu bytes allocated\n", what, tried, matches, best * 1e9,
               (size_t)mallinfo2().uordblks - before);
}

static void measure_files(char **paths, int n)
{
        _cleanup_free_ struct rule_file *files = calloc((size_t)n, sizeof(*files));
        double loading = 1e9, compiling = 1e9;
        struct rule_set *set;
        uint32_t rules = 0;

        for (int i = 0; i < n; i++) {
                FILE *file = fopen(paths[i], "rb");
                char *text = malloc(16u << 20);

                if (!file || !text) {
                        perror(paths[i]);
                        exit(2);
                }
                files[i] = (struct rule_file){ .name = paths[i], .text = { text, fread(text, 1, 16u << 20, file) } };
                fclose(file);
        }
        for (unsigned i = 0; i < LOADS; i++) {
                double start = now(), middle;

                set = load(files, (size_t)n);
                middle = now();
                rule_program_free(compile(set));
                loading = MIN_OF(loading, middle - start);
                compiling = MIN_OF(compiling, now() - middle);
                rules = rule_set_count(set);
                rule_set_free(set);
        }
        printf("%-28s %5u rules %21.1f ms to load, %.1f ms to compile\n", "files", rules, loading * 1e3, compiling * 1e3);
        for (int i = 0; i < n; i++)
                free((char *)files[i].text.p);
}

int main(int argc, char **argv)
{
        _cleanup_(buf_free) struct buf text = { 0 };
        struct rule_file file = { .name = "bench.yaml" };
        struct rule_set *set;
        struct rule_program *program;
        double start;

        write_rules(&text);
        file.text = buf_str(&text);
        start = now();
        set = load(&file, 1);
        printf("%-28s %5u rules %21.1f ms to load", "generated", rule_set_count(set), (now() - start) * 1e3);
        start = now();
        program = compile(set);
        printf(", %.1f ms to compile\n", (now() - start) * 1e3);
        measure(program, "a path that none wants", "/srv/data/file");
        measure(program, "a path that three want", "/dir3/data/file");
        rule_program_free(program);
        rule_set_free(set);
        if (argc > 1)
                measure_files(argv + 1, argc - 1);
        return 0;
}
