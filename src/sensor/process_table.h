/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to the room: the table of processes. Told by events only. A
 * process is its id and its start: an id that comes again is another process. Who died stays as long as a child of it
 * lives (the ancestors of an event), but not in the table of ids. Bounded in number and in bytes of text; who was silent
 * longest makes room.
 */
#ifndef TALLYMAN_SENSOR_PROCESS_TABLE_H
#define TALLYMAN_SENSOR_PROCESS_TABLE_H

#include "model/syscall_event.h"
#include "sensor/decoder.h"

struct process_table;
struct users;

#define PROCESS_KNOW(facts, member, value)                          \
        do {                                                        \
                (facts)->member = (value);                          \
                (facts)->known |= 1ull << PROCESS_##member;         \
        } while (0)

/* What a process and the children that it forked have in common: the program that runs (process_text.c). */
struct image_text {
        uint32_t refs;
        size_t size;            /* of all, this struct included */
        struct str exe, exepath, cgroup_path;
        struct str_list args, env;
        bool knows_args, knows_env;
        const struct sensor_file *file;
        int64_t time;                   /* by which it ran, nanoseconds since the epoch */
        uint64_t tag;                   /* decoder_set_program()'s … */
        char *program_text;             /* … and its texts, once they are known */
        struct decoder_program program;
        char text[];
};

struct process {
        struct syscall_process facts;
        struct process *parent;
        uint64_t start;          /* nanoseconds since boot */
        uint64_t cgroup;
        struct str cgroup_path;  /* borrowed from the image text */

        /* the table's own */
        struct image_text *image;
        struct process *next, *older, *newer;
        char *cwd;
        uint32_t pid, ppid, refs, depth;
        bool listed;
        uint8_t comm[SENSOR_COMM];
};

/* With one reference. NULL: no memory. */
struct image_text *image_text_new(const struct sensor_raw *raw);
/* Keeps what is known of the file, if nothing is known yet; its size grows. 0 or -ENOMEM. */
int image_text_set_program(struct image_text *image, const struct decoder_program *program) _must_check_;
/* Into the process's facts what is known of the file that it runs. */
void image_text_show(struct process *p);

int process_table_new(uint32_t processes_max, size_t memory_max, struct process_table **ret, struct error *err) _must_check_;
struct process_table *process_table_free(struct process_table *table);
DEFINE_FREEP(struct process_table, process_table_free)

/* The process that acts, made from the header if it is new, with its credentials and parent as they are now. NULL: no memory. */
struct process *process_table_actor(struct process_table *table, const struct sensor_raw *raw);
/* It executed a program, or was found running (procinfo). 0 or -ENOMEM. */
int process_table_image(struct process_table *table, struct process *p, const struct sensor_raw *raw) _must_check_;
/* It made `raw`'s new process. NULL: malformed, or no memory. */
struct process *process_table_fork(struct process_table *table, struct process *parent, const struct sensor_raw *raw);
/* What is known of the file that it runs, also for the children that it forked: see decoder_set_program(). 0 or -ENOMEM. */
int process_table_program(struct process_table *table, struct process *p, const struct decoder_program *program, uint64_t tag)
        _must_check_;
/* As decoded.program … are. */
void process_table_tell_program(const struct process *p, struct decoded *ret);
void process_table_chdir(struct process_table *table, struct process *p, struct str path);
/* It is dead from the next event on. */
void process_table_exit(struct process_table *table, struct process *p);
/* To be called before each event: lets go of what the event before it still needed, and keeps the limits. */
void process_table_settle(struct process_table *table);
struct process *process_table_find(struct process_table *table, uint32_t pid);

struct process_table_counters {
        uint32_t processes;
        size_t memory;
        uint64_t evicted, unknown;
};
void process_table_count(const struct process_table *table, struct process_table_counters *ret);

#endif
