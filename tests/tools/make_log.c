/* SPDX-License-Identifier: Apache-2.0 */
/* Makes a recording of events from YAML, for tests: make_log EVENTS.yaml RECORDING. A sequence of mappings of fields to values. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "base/yaml.h"
#include "store/event_log.h"

static int set(struct syscall_record *record, const struct yaml_pair *pair, struct error *err)
{
        struct str items[64];

        if (pair->value->kind == YAML_SCALAR)
                return syscall_record_set(record, pair->key->text, pair->value->text, err);
        for (size_t i = 0; i < pair->value->n && i < ELEMENTS_OF(items); i++)
                items[i] = pair->value->items[i]->text;
        return syscall_record_set_list(record, pair->key->text, items, MIN_OF(pair->value->n, ELEMENTS_OF(items)), err);
}

static int write_event(struct event_log_writer *w, const struct yaml_node *node, struct error *err)
{
        _cleanup_(syscall_record_freep) struct syscall_record *record = NULL;
        int r = syscall_record_new(&record, err);

        for (size_t i = 0; r == 0 && i < node->n; i++)
                r = set(record, &node->pairs[i], err);
        return r < 0 ? r : event_log_write(w, syscall_record_event(record), err);
}

static int make(const char *from, const char *to, struct error *err)
{
        static const struct yaml_limits limits = YAML_LIMITS_DEFAULT;
        _cleanup_(event_log_writer_freep) struct event_log_writer *w = NULL;
        _cleanup_(arena_freep) struct arena *arena = arena_new();
        _cleanup_(buf_free) struct buf text = { 0 };
        _cleanup_close_ int in = open(from, O_RDONLY | O_CLOEXEC), out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        struct yaml_node **documents;
        size_t n;
        int r = in < 0 || out < 0 ? error_set(err, -ENOENT, "open '%s' or '%s'", from, to) : file_slurp(in, 16u << 20, &text, err);

        if (r == 0)
                r = yaml_parse(buf_str(&text), &limits, arena, &documents, &n, NULL, err);
        if (r == 0)
                r = event_log_writer_new(out, to, "host-1", &w, err);
        for (size_t i = 0; r == 0 && n && i < documents[0]->n; i++)
                r = write_event(w, documents[0]->items[i], err);
        return r < 0 ? r : event_log_flush(w, err);
}

int main(int argc, char **argv)
{
        struct error err = ERROR_INIT;

        if (argc != 3 || make(argv[1], argv[2], &err) < 0) {
                fprintf(stderr, "make_log: %s\n", argc == 3 ? err.message : "usage: make_log EVENTS.yaml RECORDING");
                return 2;
        }
        return 0;
}
