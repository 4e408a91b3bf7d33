/* SPDX-License-Identifier: Apache-2.0 */
/* The texts of a program that runs, in one block that all its processes share. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sensor/process_table.h"

#define ARGS_MAX 1024 /* arguments or variables of one process that are told apart */

static uint32_t count_strings(struct str s)
{
        uint32_t n = 0;

        while (s.n && n < ARGS_MAX) {
                str_cut(&s, 0);
                n++;
        }
        return n;
}

static size_t padded(size_t n)
{
        return (n + 7) & ~(size_t)7;
}

static struct str put_text(char **at, struct str s)
{
        struct str copy = { *at, s.n };

        if (s.n)
                memcpy(*at, s.p, s.n);
        *at += s.n;
        return copy;
}

static struct str_list put_list(struct str **slot, struct str text)
{
        struct str_list list = { .items = *slot };

        while (text.n && list.n < ARGS_MAX)
                (*slot)[list.n++] = str_cut(&text, 0);
        *slot += list.n;
        return list;
}

/* One block: the struct, the file, the lists, the texts. */
struct image_text *image_text_new(const struct sensor_raw *raw)
{
        struct str argv = sensor_raw_part(raw, SENSOR_PART_ARGV), env = sensor_raw_part(raw, SENSOR_PART_ENV);
        struct str path = sensor_raw_part(raw, SENSOR_PART_PATH), cgroup = sensor_raw_part(raw, SENSOR_PART_CGROUP);
        const struct sensor_file *file = sensor_raw_struct(raw, SENSOR_PART_FILE, sizeof(*file));
        size_t n_args = count_strings(argv), n_env = count_strings(env);
        size_t lists = padded(argv.n + env.n + path.n + cgroup.n), size;
        struct image_text *image;
        struct str *slots;
        char *at;

        size = sizeof(*image) + lists + (n_args + n_env) * sizeof(struct str) + (file ? sizeof(*file) : 0);
        image = calloc(1, size);
        if (!image)
                return NULL;
        image->refs = 1;
        image->size = size;
        at = image->text;
        slots = (struct str *)(void *)(image->text + lists);
        argv = put_text(&at, argv);
        env = put_text(&at, env);
        image->exepath = put_text(&at, path);
        image->cgroup_path = put_text(&at, cgroup);
        image->args = put_list(&slots, argv);
        image->env = put_list(&slots, env);
        if (image->args.n) {
                image->exe = image->args.items[0];
                image->args = (struct str_list){ image->args.items + 1, image->args.n - 1 };
                image->knows_args = true;
        }
        image->knows_env = raw->parts[SENSOR_PART_ENV] && !(raw->parts[SENSOR_PART_ENV]->flags & SENSOR_PART_UNREADABLE);
        if (file)
                image->file = memcpy(slots, file, sizeof(*file));
        return image;
}

void image_text_show(struct process *p)
{
        const struct decoder_program *program = &p->image->program;

        if (program->state.n)
                PROCESS_KNOW(&p->facts, file_state, program->state);
        if (program->path.n)
                PROCESS_KNOW(&p->facts, file_path, program->path);
        if (program->layer.n)
                PROCESS_KNOW(&p->facts, file_layer, program->layer);
        if (program->package.n)
                PROCESS_KNOW(&p->facts, file_package, program->package);
}

int image_text_set_program(struct image_text *image, const struct decoder_program *program)
{
        size_t size = program->state.n + program->path.n + program->layer.n + program->package.n;
        char *at;

        if (size == 0 || image->program_text)
                return 0;
        at = image->program_text = malloc(size);
        if (!at)
                return -ENOMEM;
        image->program = (struct decoder_program){
                .state = put_text(&at, program->state), .path = put_text(&at, program->path),
                .layer = put_text(&at, program->layer), .package = put_text(&at, program->package),
        };
        image->size += size;
        return 0;
}
