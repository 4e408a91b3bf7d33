/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sensor/decoder.h"
#include "sensor/event.h"

#define CPUS_MAX 8192

/* Numbers of events of one processor. */
struct cpu {
        uint64_t first, last, n;
};

struct decoder {
        struct process_table *table;
        struct users *users;
        struct event_maker maker;
        struct process *process; /* of the last event */
        struct syscall_event event;
        struct process *named; /* whose names of users are borrowed from `users`: those of the last event */
        struct cpu *cpus;
        size_t n_cpus;
        uint64_t num;
        int64_t time;
        uint32_t kinds[SENSOR_KINDS]; /* into syscall_source.events */
        char *hostname;
};

/* ---- kinds ---- */

static uint32_t kind_of(const char *name)
{
        for (uint32_t i = 0; i < syscall_source.n_events; i++)
                if (strcmp(syscall_source.events[i].name, name) == 0)
                        return i;
        return UINT32_MAX;
}

/* ---- loss ---- */

/* More events are missing of this processor than were. */
static bool count_lost(struct decoder *decoder, const struct sensor_header *h)
{
        uint64_t before;
        struct cpu *cpu;

        if (h->seq == 0 || h->cpu >= CPUS_MAX)
                return false;
        if (mem_grow(&decoder->cpus, &decoder->n_cpus, (size_t)h->cpu + 1, sizeof(*decoder->cpus)) < 0)
                return false;
        cpu = &decoder->cpus[h->cpu];
        if (cpu->n == 0)
                *cpu = (struct cpu){ h->seq, h->seq - 1, 0 };
        before = cpu->last - cpu->first + 1 - cpu->n;
        cpu->n++;
        if (h->seq <= cpu->last)
                return false;
        cpu->last = h->seq;
        return cpu->last - cpu->first + 1 - cpu->n > before;
}

static uint64_t lost(const struct decoder *decoder)
{
        uint64_t n = 0;

        for (size_t i = 0; i < decoder->n_cpus; i++) {
                const struct cpu *cpu = &decoder->cpus[i];

                if (cpu->n && cpu->last - cpu->first + 1 > cpu->n)
                        n += cpu->last - cpu->first + 1 - cpu->n;
        }
        return n;
}

/* ---- one event ---- */

#define KNOW_NAME(p, member, text)                                  \
        do {                                                        \
                (p)->member = (text);                               \
                (p)->known |= 1ull << PROCESS_##member;             \
        } while (0)

static const uint64_t user_names = 1ull << PROCESS_user_name | 1ull << PROCESS_group_name | 1ull << PROCESS_login_name |
                                   1ull << PROCESS_home | 1ull << PROCESS_shell;

static void name_users(struct users *users, struct syscall_process *p)
{
        const struct user *user = users_find(users, (uint32_t)p->uid);
        struct str group = users_group(users, (uint32_t)p->gid);

        if (user) {
                KNOW_NAME(p, user_name, user->name);
                KNOW_NAME(p, home, user->home);
                KNOW_NAME(p, shell, user->shell);
        }
        if (group.n)
                KNOW_NAME(p, group_name, group);
        user = p->loginuid == UINT32_MAX ? NULL : users_find(users, (uint32_t)p->loginuid);
        if (user)
                KNOW_NAME(p, login_name, user->name);
}

static struct process *update_table(struct decoder *decoder, const struct sensor_raw *raw)
{
        struct process *p;

        process_table_settle(decoder->table);
        p = process_table_actor(decoder->table, raw);
        if (!p)
                return NULL;
        switch ((enum sensor_kind)raw->header->kind) {
        case SENSOR_execve:
        case SENSOR_execveat:
        case SENSOR_procinfo:
                if (process_table_image(decoder->table, p, raw) < 0)
                        return NULL;
                break;
        case SENSOR_clone:
                process_table_fork(decoder->table, p, raw);
                break;
        case SENSOR_procexit:
                process_table_exit(decoder->table, p);
                break;
        default:
                break;
        }
        return p;
}

/* The directory that a name starts from is the working directory if no descriptor was named. */
static void learn_directory(struct decoder *decoder, struct process *p, const struct sensor_raw *raw)
{
        static const struct {
                enum sensor_kind kind;
                uint8_t dirfd; /* argument that names the directory of the first name */
        } at[] = {
                { SENSOR_openat, 0 }, { SENSOR_openat2, 0 }, { SENSOR_renameat, 0 }, { SENSOR_renameat2, 0 }, { SENSOR_linkat, 0 },
                { SENSOR_unlinkat, 0 }, { SENSOR_mkdirat, 0 }, { SENSOR_mknodat, 0 }, { SENSOR_fchmodat, 0 },
                { SENSOR_fchmodat2, 0 }, { SENSOR_fchownat, 0 }, { SENSOR_move_mount, 0 }, { SENSOR_open_tree, 0 },
                { SENSOR_mount_setattr, 0 },
        };
        struct str path = sensor_raw_part(raw, SENSOR_PART_DIR);

        if (path.n == 0)
                return;
        for (size_t i = 0; i < ELEMENTS_OF(at); i++)
                if (at[i].kind == raw->header->kind && (int32_t)raw->header->args[at[i].dirfd] != -100)
                        return;
        process_table_chdir(decoder->table, p, path);
}

static void make_event(struct decoder *decoder, struct process *p, const struct sensor_raw *raw)
{
        struct event_maker *maker = &decoder->maker;
        struct syscall_event *event = &decoder->event;
        bool has_fd;

        maker->scratch.used = 0;
        maker->scratch.full = false;
        maker->kernel_path = false;
        maker->raw = raw;
        maker->process = decoder->process = p;
        has_fd = event_make_fd(maker);
        event_make_args(maker);
        *event = (struct syscall_event){
                .known = 1ull << EVENT_num | 1ull << EVENT_time | 1ull << EVENT_result | 1ull << EVENT_cpu | 1ull << EVENT_delta,
                .num = (int64_t)++decoder->num,
                .time = (int64_t)raw->header->time + raw->clock,
                .result = raw->header->result,
                .cpu = raw->header->cpu,
                .kind = decoder->kinds[raw->header->kind],
                .args = maker->args,
                .n_args = maker->n_args,
                .fd = has_fd ? &maker->fd : NULL,
                .process = &p->facts,
        };
        event->delta = decoder->time ? event->time - decoder->time : 0;
        decoder->time = event->time;
        if (decoder->hostname) {
                event->hostname = str_from(decoder->hostname);
                event->known |= 1ull << EVENT_hostname;
        }
}

static bool is_cgroup(enum sensor_kind kind)
{
        return sensor_kind_shape(kind) == SENSOR_SHAPE_CGROUP;
}

int decoder_take(struct decoder *decoder, const struct sensor_raw *raw, struct decoded *ret, struct error *err)
{
        const struct sensor_header *h = raw->header;
        bool lost_before = count_lost(decoder, h);
        struct process *p;

        if (decoder->named)
                decoder->named->facts.known &= ~user_names;
        decoder->named = NULL;
        if (decoder->users)
                users_refresh(decoder->users, (int64_t)(h->time / 1000000000));
        p = update_table(decoder, raw);
        if (!p)
                return error_oom(err);
        learn_directory(decoder, p, raw);
        if (decoder->users) {
                name_users(decoder->users, &p->facts);
                decoder->named = p;
        }
        if (h->kind == SENSOR_procinfo)
                return 0;
        make_event(decoder, p, raw);
        *ret = (struct decoded){
                .event = decoder->event,
                .kind = h->kind,
                .cgroup = is_cgroup(h->kind) ? (uint64_t)h->result : h->cgroup,
                .cgroup_path = is_cgroup(h->kind) ? sensor_raw_part(raw, SENSOR_PART_CGROUP) : p->cgroup_path,
                .outside = h->flags & SENSOR_FLAG_OUTSIDE,
                .kernel_path = decoder->maker.kernel_path,
                .lost_before = lost_before,
        };
        process_table_tell_program(p, ret);
        return 1;
}

int decoder_set_program(struct decoder *decoder, const struct decoder_program *program, uint64_t tag)
{
        return process_table_program(decoder->table, decoder->process, program, tag);
}

/* ---- the decoder ---- */

int decoder_new(const struct decoder_options *options, struct decoder **ret, struct error *err)
{
        _cleanup_(decoder_freep) struct decoder *decoder = calloc(1, sizeof(*decoder));
        int r;

        if (!decoder)
                return error_oom(err);
        decoder->maker.scratch = (struct value_scratch){ .room = malloc(EVENT_ROOM), .size = EVENT_ROOM };
        if (!decoder->maker.scratch.room)
                return error_oom(err);
        if (options->hostname.n) {
                decoder->hostname = strndup(options->hostname.p, options->hostname.n);
                if (!decoder->hostname)
                        return error_oom(err);
        }
        for (unsigned i = 0; i < SENSOR_KINDS; i++)
                decoder->kinds[i] = kind_of(sensor_kind_name(i));
        r = process_table_new(options->processes_max ? options->processes_max : DECODER_PROCESSES_DEFAULT,
                              options->memory_max ? options->memory_max : DECODER_MEMORY_DEFAULT, &decoder->table, err);
        if (r < 0)
                return r;
        r = options->no_names ? 0 : users_new(&decoder->users, err);
        if (r < 0)
                return r;
        decoder->maker.users = decoder->users;
        *ret = TAKE_PTR(decoder);
        return 0;
}

struct decoder *decoder_free(struct decoder *decoder)
{
        if (!decoder)
                return NULL;
        process_table_free(decoder->table);
        users_free(decoder->users);
        free(decoder->maker.scratch.room);
        free(decoder->cpus);
        free(decoder->hostname);
        free(decoder);
        return NULL;
}

void decoder_counters(const struct decoder *decoder, struct decoder_counters *ret)
{
        struct process_table_counters counters;

        process_table_count(decoder->table, &counters);
        *ret = (struct decoder_counters){
                .processes = counters.processes,
                .memory = counters.memory,
                .evicted = counters.evicted,
                .unknown = counters.unknown,
                .lost = lost(decoder),
        };
}

const struct syscall_process *decoder_process(struct decoder *decoder, uint32_t pid)
{
        const struct process *p = process_table_find(decoder->table, pid);

        return p ? &p->facts : NULL;
}
