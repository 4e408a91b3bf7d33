/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sensor_watch.h"

#define WAIT_MS 30000 /* an emulated machine on a busy one takes its time */

static const char *const fields[] = {
        "evt.type", "evt.res", "evt.rawres", "evt.args", "evt.arg.flags", "evt.arg.mode", "evt.arg.path", "evt.arg.name",
        "evt.arg.oldpath", "evt.arg.newpath", "evt.arg.target", "evt.arg.linkpath", "evt.arg.filename", "evt.arg.request",
        "evt.arg.domain", "evt.arg.uid", "evt.arg.cmd", "evt.arg.dir", "evt.arg.pid", "evt.arg.sig", "evt.is_open_read",
        "evt.is_open_write", "evt.is_open_exec", "evt.is_open_create", "fd.name", "fd.num", "fd.typechar", "fd.type",
        "fd.directory", "fd.filename", "fd.nameraw", "fd.l4proto", "fd.sip", "fd.cip", "fd.sport", "fd.cport", "fd.lip",
        "fd.rip", "fd.lport", "fd.rport", "fd.connected", "fd.name_changed", "fd.sockfamily", "fd.is_upper_layer",
        "proc.name", "proc.exe", "proc.exepath", "proc.args", "proc.cmdline", "proc.cwd", "proc.pname", "proc.pexe",
        "proc.aname[1]", "proc.aname[2]", "proc.pid", "proc.ppid", "proc.vpid", "proc.tty", "proc.env[TALLY]",
        "proc.is_exe_from_memfd", "proc.is_exe_upper_layer", "proc.is_exe_lower_layer", "proc.is_exe_writable", "proc.is_vpgid_leader",
        "proc.is_sid_leader", "user.uid", "user.name", "user.loginuid", "group.gid", "thread.cap_effective",
        "thread.tid", "fs.path.name", "fs.path.source", "fs.path.target",
};

static void render(const struct fact *fact, struct buf *out)
{
        _Alignas(16) uint8_t room[65536];

        buf_putc(out, '\n');
        for (size_t i = 0; i < ELEMENTS_OF(fields); i++) {
                struct value_scratch scratch = { .room = room, .size = sizeof(room) };
                struct field_argument argument;
                struct value value;
                struct error err = ERROR_INIT;
                const struct field *field;

                if (field_resolve(&syscall_source, str_from(fields[i]), &field, &argument, &err) < 0) {
                        fprintf(stderr, "%s\n", err.message);
                        abort();
                }
                field->get(field, fact, &argument, &scratch, &value);
                buf_puts(out, fields[i]);
                buf_putc(out, '=');
                value_print(&value, out);
                buf_putc(out, '\n');
        }
}

static bool is_ours(struct watch *watch, const struct sensor_raw *raw)
{
        const struct sensor_header *h = raw->header;

        for (size_t i = 0; i < watch->n_pids; i++) {
                if (watch->pids[i] != h->pid)
                        continue;
                if (h->kind == SENSOR_clone && watch->n_pids < ELEMENTS_OF(watch->pids))
                        watch->pids[watch->n_pids++] = (uint32_t)h->result;
                if (h->kind == SENSOR_procexit && i == 0)
                        watch->ended = true;
                return true;
        }
        return false;
}

static int on_event(void *data, const struct sensor_raw *raw, struct error *err)
{
        struct watch *watch = data;
        struct decoded decoded;
        struct buf text = { 0 };
        struct fact fact;
        int r;

        r = decoder_take(watch->decoder, raw, &decoded, err);
        if (r <= 0)
                return r;
        if (!is_ours(watch, raw)) {
                watch->others++;
                return 0;
        }
        if (mem_grow(&watch->seen, &watch->cap, watch->n + 1, sizeof(*watch->seen)) < 0)
                return error_oom(err);
        if (decoded.event.kind != UINT32_MAX) {
                fact = syscall_fact(&decoded.event);
                render(&fact, &text);
        }
        watch->seen[watch->n++] = (struct seen){ buf_take(&text), raw->header->pid, decoded.cgroup, decoded.kind,
                                                 decoded.outside, decoded.kernel_path };
        return 0;
}

bool watch_start(struct watch *watch, bool host, const char *const *kinds)
{
        struct sensor_options options = { .host = host };
        struct error err = ERROR_INIT;

        memset(watch, 0, sizeof(*watch));
        for (; *kinds; kinds++) {
                if (strcmp(*kinds, "all") == 0)
                        memset(&options.kinds, 0xff, sizeof(options.kinds));
                else
                        sensor_kinds_add(&options.kinds, (enum sensor_kind)sensor_kind_of(str_from(*kinds)));
        }
        if (sensor_open(&options, &watch->source, &err) < 0) {
                fprintf(stderr, "skipped: %s\n", err.message);
                return false;
        }
        if (decoder_new(&(struct decoder_options){ .hostname = STR_LIT("test") }, &watch->decoder, &err) < 0) {
                fprintf(stderr, "%s\n", err.message);
                abort();
        }
        return true;
}

static int64_t now_ms(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void watch_run(struct watch *watch, void (*act)(void))
{
        const struct sensor_sink sink = { .event = on_event, .data = watch };
        struct error err = ERROR_INIT;
        int go[2], status;
        int64_t until;
        pid_t pid;
        char c;

        if (pipe(go) < 0)
                abort();
        watch_clear(watch);
        pid = fork();
        if (pid == 0) { /* the parent knows its id first */
                close(go[1]);
                if (read(go[0], &c, 1) < 0)
                        _exit(1);
                close(go[0]);
                act();
                _exit(0);
        }
        watch->pids[0] = (uint32_t)pid;
        watch->n_pids = 1;
        close(go[0]);
        close(go[1]);
        until = now_ms() + WAIT_MS;
        while (!watch->ended && now_ms() < until)
                if (sensor_poll(watch->source, 100, &sink, &err) < 0) {
                        fprintf(stderr, "%s\n", err.message);
                        abort();
                }
        waitpid(pid, &status, 0);
}

static bool holds(const struct seen *seen, va_list args)
{
        const char *condition;
        char line[8300];

        while ((condition = va_arg(args, const char *))) {
                snprintf(line, sizeof(line), "\n%s\n", condition);
                if (!seen->text || !strstr(seen->text, line))
                        return false;
        }
        return true;
}

const struct seen *watch_find(const struct watch *watch, const char *kind, ...)
{
        for (size_t i = 0; i < watch->n; i++) {
                va_list args;
                bool found;

                if (strcmp(sensor_kind_name(watch->seen[i].kind), kind) != 0)
                        continue;
                va_start(args, kind);
                found = holds(&watch->seen[i], args);
                va_end(args);
                if (found)
                        return &watch->seen[i];
        }
        return NULL;
}

/* Only what is known. */
static void show(const struct seen *seen)
{
        struct str text = str_from(seen->text);

        fprintf(stderr, "---- %s of %u\n", sensor_kind_name(seen->kind), seen->pid);
        while (text.n) {
                struct str line = str_cut(&text, '\n');

                if (line.n && !str_ends(line, "=<NA>"))
                        fprintf(stderr, "%.*s\n", STR_ARG(line));
        }
}

void watch_show(const struct watch *watch, const char *kind)
{
        for (size_t i = 0; i < watch->n; i++)
                if (!kind || strcmp(sensor_kind_name(watch->seen[i].kind), kind) == 0)
                        show(&watch->seen[i]);
}

void watch_clear(struct watch *watch)
{
        for (size_t i = 0; i < watch->n; i++)
                free(watch->seen[i].text);
        watch->n = watch->n_pids = 0;
        watch->ended = false;
        watch->others = 0;
}

void watch_end(struct watch *watch)
{
        watch_clear(watch);
        free(watch->seen);
        decoder_free(watch->decoder);
        sensor_source_free(watch->source);
}
