/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sensor/process_table.h"

#define BUCKETS 4096u

struct process_table {
        struct process *buckets[BUCKETS];
        struct process *newest, *oldest; /* of those that are listed */
        struct process *dying;           /* dead, but the last event speaks of it */
        uint32_t n, max;
        size_t memory, memory_max;
        uint64_t evicted, unknown;
};

int process_table_new(uint32_t processes_max, size_t memory_max, struct process_table **ret, struct error *err)
{
        struct process_table *table = calloc(1, sizeof(*table));

        if (!table)
                return error_oom(err);
        table->max = processes_max;
        table->memory_max = memory_max;
        *ret = table;
        return 0;
}

/* ---- texts ---- */

static void drop_image(struct process_table *table, struct image_text *image)
{
        if (!image || --image->refs)
                return;
        table->memory -= image->size;
        free(image->program_text);
        free(image);
}

static void set_cwd(struct process_table *table, struct process *p, struct str path)
{
        char *copy = path.n ? strndup(path.p, path.n) : NULL;

        if (!copy)
                return;
        if (p->cwd)
                table->memory -= strlen(p->cwd) + 1;
        free(p->cwd);
        p->cwd = copy;
        p->facts.cwd = str_from(copy);
        p->facts.known |= 1ull << PROCESS_cwd;
        table->memory += p->facts.cwd.n + 1;
}

/* ---- the list and the ids ---- */

static struct process **bucket_of(struct process_table *table, uint32_t pid)
{
        return &table->buckets[pid % BUCKETS];
}

struct process *process_table_find(struct process_table *table, uint32_t pid)
{
        struct process *p = *bucket_of(table, pid);

        while (p && p->pid != pid)
                p = p->next;
        return p;
}

static void unlink_age(struct process_table *table, struct process *p)
{
        *(p->newer ? &p->newer->older : &table->newest) = p->older;
        *(p->older ? &p->older->newer : &table->oldest) = p->newer;
        p->newer = p->older = NULL;
}

static void link_age(struct process_table *table, struct process *p)
{
        p->older = table->newest;
        *(table->newest ? &table->newest->newer : &table->oldest) = p;
        table->newest = p;
}

static void let_go(struct process_table *table, struct process *p)
{
        while (p && --p->refs == 0) {
                struct process *parent = p->parent;

                drop_image(table, p->image);
                if (p->cwd)
                        table->memory -= strlen(p->cwd) + 1;
                free(p->cwd);
                free(p);
                table->n--;
                p = parent;
        }
}

static void unlist(struct process_table *table, struct process *p)
{
        struct process **at = bucket_of(table, p->pid);

        if (!p->listed)
                return;
        while (*at != p)
                at = &(*at)->next;
        *at = p->next;
        p->next = NULL;
        p->listed = false;
        unlink_age(table, p);
}

static struct process *add(struct process_table *table, uint32_t pid, uint64_t start)
{
        struct process *p = calloc(1, sizeof(*p)), **bucket = bucket_of(table, pid);

        if (!p)
                return NULL;
        p->pid = pid;
        p->start = start;
        p->refs = 1; /* the table's */
        p->listed = true;
        p->next = *bucket;
        *bucket = p;
        link_age(table, p);
        table->n++;
        return p;
}

/* The process of that id and start; another of that id has died unseen. */
static struct process *find_or_add(struct process_table *table, uint32_t pid, uint64_t start, bool *ret_new)
{
        struct process *p = process_table_find(table, pid);

        *ret_new = false;
        if (p && p->start == start)
                return p;
        if (p) {
                unlist(table, p);
                let_go(table, p);
        }
        *ret_new = true;
        return add(table, pid, start);
}

/* A chain of the dead must not grow without end: who forks and dies and forks keeps a limited row of ancestors. */
static void cut_ancestors(struct process_table *table, struct process *p)
{
        struct process *last = p, *rest;

        for (unsigned i = 0; last && i < SYSCALL_ANCESTORS_MAX; i++)
                last = last->parent;
        if (!last || !last->parent)
                return;
        rest = last->parent;
        last->parent = NULL;
        last->facts.parent = NULL;
        let_go(table, rest);
}

static bool is_ancestor(const struct process *p, const struct process *of)
{
        for (unsigned i = 0; of && i <= 2 * SYSCALL_ANCESTORS_MAX; i++, of = of->parent)
                if (of == p)
                        return true;
        return false;
}

static void set_parent(struct process_table *table, struct process *p, struct process *parent)
{
        struct process *before = p->parent;

        if (parent == before || (parent && (parent->start > p->start || is_ancestor(p, parent))))
                return; /* the id of a parent that died is another's now */
        if (parent) {
                parent->refs++;
                p->depth = parent->depth + 1;
        }
        p->parent = parent;
        p->facts.parent = parent ? &parent->facts : NULL;
        let_go(table, before);
        if (p->depth > 2 * SYSCALL_ANCESTORS_MAX) {
                cut_ancestors(table, p);
                p->depth = SYSCALL_ANCESTORS_MAX;
        }
}

/* A parent may have become known after its child: processes that ran already are told in the order of their ids. */
static void find_parents(struct process_table *table, struct process *p)
{
        for (unsigned i = 0; p && i < SYSCALL_ANCESTORS_MAX; i++, p = p->parent)
                if (!p->parent && p->ppid)
                        set_parent(table, p, process_table_find(table, p->ppid));
}

/* ---- facts ---- */

static void set_name(struct process *p, const uint8_t comm[SENSOR_COMM])
{
        memcpy(p->comm, comm, SENSOR_COMM);
        PROCESS_KNOW(&p->facts, name, ((struct str){ (const char *)p->comm, strnlen((const char *)p->comm, SENSOR_COMM) }));
}

static void set_credentials(struct syscall_process *f, const struct sensor_header *h)
{
        PROCESS_KNOW(f, uid, h->euid);
        PROCESS_KNOW(f, gid, h->egid);
        PROCESS_KNOW(f, loginuid, h->loginuid);
        PROCESS_KNOW(f, cap_permitted, (int64_t)h->cap_permitted);
        PROCESS_KNOW(f, cap_inheritable, (int64_t)h->cap_inheritable);
        PROCESS_KNOW(f, cap_effective, (int64_t)h->cap_effective);
}

/* Could the process write to the file? As the kernel judges without looking at access control lists. */
static bool may_write(const struct sensor_file *file, const struct sensor_header *h)
{
        const uint64_t dac_override = 1ull << 1, fowner = 1ull << 3;

        if (h->cap_effective & (dac_override | fowner) || file->uid == h->euid)
                return true;
        if (file->gid == h->egid)
                return file->mode & S_IWGRP;
        return file->mode & S_IWOTH;
}

static void set_file(struct syscall_process *f, const struct sensor_file *file, const struct sensor_header *h)
{
        PROCESS_KNOW(f, exe_ino, (int64_t)file->ino);
        PROCESS_KNOW(f, exe_ctime, file->ctime);
        PROCESS_KNOW(f, exe_mtime, file->mtime);
        PROCESS_KNOW(f, exe_writable, may_write(file, h));
        PROCESS_KNOW(f, exe_upper_layer, file->marks & SENSOR_FILE_UPPER);
        PROCESS_KNOW(f, exe_lower_layer, file->marks & SENSOR_FILE_OVERLAY && !(file->marks & SENSOR_FILE_UPPER));
        PROCESS_KNOW(f, exe_from_memfd, file->marks & SENSOR_FILE_MEMFD);
}

int process_table_program(struct process_table *table, struct process *p, const struct decoder_program *program, uint64_t tag)
{
        size_t before;
        int r;

        if (!p || !p->image)
                return 0;
        p->image->tag = tag;
        before = p->image->size;
        r = image_text_set_program(p->image, program);
        table->memory += p->image->size - before;
        image_text_show(p);
        return r;
}

void process_table_tell_program(const struct process *p, struct decoded *ret)
{
        ret->program = p->image ? p->image->file : NULL;
        ret->program_time = p->image ? p->image->time : 0;
        ret->program_tag = p->image ? p->image->tag : DECODER_PROGRAM_SETTLED;
}

static void set_image(struct process_table *table, struct process *p, struct image_text *image)
{
        const uint64_t of_image = 1ull << PROCESS_exe | 1ull << PROCESS_exepath | 1ull << PROCESS_args | 1ull << PROCESS_env |
                                  1ull << PROCESS_file_state | 1ull << PROCESS_file_path | 1ull << PROCESS_file_layer |
                                  1ull << PROCESS_file_package;
        struct syscall_process *f = &p->facts;

        drop_image(table, p->image);
        p->image = image;
        f->known &= ~of_image;
        p->cgroup_path = image->cgroup_path;
        if (image->cgroup_path.n)
                PROCESS_KNOW(f, cgroup, image->cgroup_path);
        if (image->exepath.n)
                PROCESS_KNOW(f, exepath, image->exepath);
        if (image->knows_args) {
                PROCESS_KNOW(f, exe, image->exe);
                PROCESS_KNOW(f, args, image->args);
        }
        if (image->knows_env)
                PROCESS_KNOW(f, env, image->env);
}

static void set_process(struct process *p, const struct sensor_process *from, int64_t clock)
{
        struct syscall_process *f = &p->facts;

        PROCESS_KNOW(f, pid, from->pid);
        PROCESS_KNOW(f, vpid, from->vpid);
        PROCESS_KNOW(f, sid, from->sid);
        PROCESS_KNOW(f, pgid, from->pgid);
        PROCESS_KNOW(f, vpgid, from->vpgid);
        PROCESS_KNOW(f, tty, from->tty);
        PROCESS_KNOW(f, start, (int64_t)from->start + clock);
        PROCESS_KNOW(f, pidns_start, (int64_t)from->pidns_start + clock);
        p->cgroup = from->cgroup;
}

/* ---- what events do ---- */

struct process *process_table_actor(struct process_table *table, const struct sensor_raw *raw)
{
        const struct sensor_header *h = raw->header;
        struct process *p;
        bool is_new;

        p = find_or_add(table, h->pid, h->start, &is_new);
        if (!p)
                return NULL;
        if (is_new && h->kind != SENSOR_procinfo)
                table->unknown++;
        unlink_age(table, p);
        link_age(table, p);
        PROCESS_KNOW(&p->facts, pid, h->pid);
        PROCESS_KNOW(&p->facts, vpid, h->vpid);
        PROCESS_KNOW(&p->facts, tid, h->tid);
        PROCESS_KNOW(&p->facts, vtid, h->vtid);
        PROCESS_KNOW(&p->facts, start, (int64_t)h->start + raw->clock);
        p->cgroup = h->cgroup;
        set_name(p, h->comm);
        set_credentials(&p->facts, h);
        if (p->image && p->image->program_text) /* it may have become known since, to another that runs the same */
                image_text_show(p);
        p->ppid = h->ppid;
        if (!p->parent || p->parent->pid != h->ppid) /* the same: it may have died, and its child was not given away yet */
                set_parent(table, p, h->ppid ? process_table_find(table, h->ppid) : NULL);
        find_parents(table, p);
        return p;
}

int process_table_image(struct process_table *table, struct process *p, const struct sensor_raw *raw)
{
        const struct sensor_file *file = sensor_raw_struct(raw, SENSOR_PART_FILE, sizeof(*file));
        const struct sensor_process *from = sensor_raw_struct(raw, SENSOR_PART_PROCESS, sizeof(*from));
        struct image_text *image = image_text_new(raw);

        if (!image)
                return -ENOMEM;
        image->time = (int64_t)raw->header->time + raw->clock;
        if (raw->header->kind == SENSOR_procinfo) /* it was executed before, but not before its process was made */
                image->time = from ? (int64_t)from->start + raw->clock : 0;
        table->memory += image->size;
        set_image(table, p, image);
        if (from)
                set_process(p, from, raw->clock);
        if (file)
                set_file(&p->facts, file, raw->header);
        set_cwd(table, p, sensor_raw_part(raw, SENSOR_PART_CWD));
        return 0;
}

/* A child is its parent but for ids. */
struct process *process_table_fork(struct process_table *table, struct process *parent, const struct sensor_raw *raw)
{
        const struct sensor_process *from = sensor_raw_struct(raw, SENSOR_PART_PROCESS, sizeof(*from));
        struct process *p, *real_parent;
        bool is_new;

        if (!from || from->pid == parent->pid)
                return NULL;
        p = find_or_add(table, from->pid, from->start, &is_new);
        if (!p || !is_new)
                return p;
        p->facts = parent->facts;
        p->facts.parent = NULL;
        p->cgroup_path = parent->cgroup_path;
        p->image = parent->image;
        if (p->image)
                p->image->refs++;
        p->facts.known &= ~(1ull << PROCESS_cwd);
        if (parent->cwd)
                set_cwd(table, p, str_from(parent->cwd));
        PROCESS_KNOW(&p->facts, tid, from->pid);
        PROCESS_KNOW(&p->facts, vtid, from->vpid);
        set_name(p, from->comm);
        set_process(p, from, raw->clock);
        p->ppid = from->ppid;
        real_parent = from->ppid == parent->pid ? parent : process_table_find(table, from->ppid);
        set_parent(table, p, real_parent);
        return p;
}

void process_table_chdir(struct process_table *table, struct process *p, struct str path)
{
        if (!p->cwd || !str_equals(path, p->cwd))
                set_cwd(table, p, path);
}

void process_table_exit(struct process_table *table, struct process *p)
{
        let_go(table, table->dying);
        unlist(table, p);
        table->dying = p;
}

void process_table_settle(struct process_table *table)
{
        let_go(table, table->dying);
        table->dying = NULL;
        while ((table->n > table->max || table->memory > table->memory_max) && table->oldest) {
                struct process *p = table->oldest;

                unlist(table, p);
                let_go(table, p);
                table->evicted++;
        }
}

void process_table_count(const struct process_table *table, struct process_table_counters *ret)
{
        *ret = (struct process_table_counters){ .processes = table->n, .memory = table->memory, .evicted = table->evicted,
                                                .unknown = table->unknown };
}

struct process_table *process_table_free(struct process_table *table)
{
        if (!table)
                return NULL;
        let_go(table, table->dying);
        while (table->oldest) {
                struct process *p = table->oldest;

                unlist(table, p);
                let_go(table, p);
        }
        free(table);
        return NULL;
}
