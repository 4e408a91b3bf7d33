/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/hash.h"
#include "raw_event.h"
#include "sensor/decoder.h"

static struct raw_event event;

static struct decoder *new_decoder(uint32_t processes_max, size_t memory_max)
{
        const struct decoder_options options = { .processes_max = processes_max, .memory_max = memory_max, .no_names = true };
        struct decoder *decoder;
        struct error err = ERROR_INIT;

        assert_int_equal(decoder_new(&options, &decoder, &err), 0);
        return decoder;
}

static int take(struct decoder *decoder, struct decoded *ret)
{
        struct error err = ERROR_INIT;

        return decoder_take(decoder, raw_end(&event), ret, &err);
}

static struct decoded act(struct decoder *decoder, enum sensor_kind kind, uint32_t pid, uint32_t ppid, uint64_t start)
{
        struct decoded decoded;

        raw_begin(&event, kind, pid, ppid, start);
        assert_int_equal(take(decoder, &decoded), 1);
        return decoded;
}

static struct decoded fork_of(struct decoder *decoder, uint32_t pid, uint64_t start, uint32_t child, uint64_t child_start)
{
        const struct sensor_process process = { .pid = child, .ppid = pid, .vpid = child, .start = child_start, .cgroup = 7,
                                                .pgid = child, .comm = "sh" };
        struct decoded decoded;

        raw_begin(&event, SENSOR_clone, pid, pid - 1, start)->result = child;
        raw_part(&event, SENSOR_PART_PROCESS, &process, sizeof(process));
        assert_int_equal(take(decoder, &decoded), 1);
        return decoded;
}

static struct decoded execute(struct decoder *decoder, uint32_t pid, uint32_t ppid, uint64_t start, const char *path)
{
        struct sensor_header *h = raw_begin(&event, SENSOR_execve, pid, ppid, start);
        struct decoded decoded;

        snprintf((char *)h->comm, sizeof(h->comm), "%s", strrchr(path, '/') + 1);
        raw_text(&event, SENSOR_PART_PATH, path);
        raw_part(&event, SENSOR_PART_ARGV, "zero\0one\0", 9);
        raw_part(&event, SENSOR_PART_ENV, "A=1\0", 4);
        raw_text(&event, SENSOR_PART_CWD, "/srv");
        assert_int_equal(take(decoder, &decoded), 1);
        return decoded;
}

static void test_a_child_is_its_parent_until_it_executes(void **state)
{
        _cleanup_(decoder_freep) struct decoder *decoder = new_decoder(0, 0);
        struct decoded d;

        execute(decoder, 10, 1, 100, "/bin/nginx");
        fork_of(decoder, 10, 100, 11, 200);
        d = act(decoder, SENSOR_unlink, 11, 10, 200);
        assert_true(str_equals(d.event.process->exepath, "/bin/nginx"));
        assert_true(str_equals(d.event.process->cwd, "/srv"));
        assert_int_equal(d.event.process->args.n, 1);
        assert_true(str_equals(d.event.process->args.items[0], "one"));
        assert_true(str_equals(d.event.process->env.items[0], "A=1"));
        assert_int_equal(d.event.process->start, 5200); /* since the epoch */
        d = execute(decoder, 11, 10, 200, "/bin/sh");
        assert_true(str_equals(d.event.process->exepath, "/bin/sh"));
        assert_true(str_equals(d.event.process->parent->exepath, "/bin/nginx"));
        assert_true(str_equals(decoder_process(decoder, 10)->exepath, "/bin/nginx"));
}

#define FILE_KNOWS(d, member) ((d).event.process->known >> PROCESS_file_##member & 1)

static void test_what_is_known_of_a_program_stays_with_it(void **state)
{
        _cleanup_(decoder_freep) struct decoder *decoder = new_decoder(0, 0);
        char package[] = "pkg:deb/debian/nginx@1";
        const struct decoder_program nothing = { 0 },
                                     known = { .state = STR_LIT("unmodified"), .layer = STR_LIT("2"), .package = str_from(package) };
        struct decoded d = execute(decoder, 10, 1, 100, "/bin/nginx");

        assert_int_equal(d.program_tag, 0);
        assert_int_equal(decoder_set_program(decoder, &nothing, 5), 0);
        fork_of(decoder, 10, 100, 11, 200);
        d = act(decoder, SENSOR_unlink, 10, 1, 100);
        assert_int_equal(d.program_tag, 5);
        assert_false(FILE_KNOWS(d, state));
        assert_int_equal(decoder_set_program(decoder, &known, DECODER_PROGRAM_SETTLED), 0);
        memset(package, 'x', strlen(package)); /* it is copied */
        assert_true(FILE_KNOWS(d, package) && str_equals(d.event.process->file_package, "pkg:deb/debian/nginx@1"));
        assert_false(FILE_KNOWS(d, path));

        d = act(decoder, SENSOR_unlink, 11, 10, 200); /* a child that was forked before */
        assert_int_equal(d.program_tag, DECODER_PROGRAM_SETTLED);
        assert_true(FILE_KNOWS(d, state) && str_equals(d.event.process->file_layer, "2"));
        assert_int_equal(decoder_set_program(decoder, &(struct decoder_program){ .state = STR_LIT("new") }, 6), 0);
        assert_true(str_equals(d.event.process->file_state, "unmodified"));

        d = execute(decoder, 11, 10, 200, "/bin/sh");
        assert_int_equal(d.program_tag, 0);
        assert_false(FILE_KNOWS(d, state) || FILE_KNOWS(d, layer) || FILE_KNOWS(d, package));
        assert_true(d.event.process->parent->known >> PROCESS_file_state & 1);
}

static void test_an_id_that_comes_again_is_another_process(void **state)
{
        _cleanup_(decoder_freep) struct decoder *decoder = new_decoder(0, 0);
        struct decoded d;

        execute(decoder, 10, 1, 100, "/bin/old");
        fork_of(decoder, 10, 100, 11, 150);
        d = act(decoder, SENSOR_unlink, 10, 1, 300); /* its end was not seen */
        assert_false(d.event.process->known >> PROCESS_exepath & 1);
        d = act(decoder, SENSOR_unlink, 11, 10, 150);
        assert_true(str_equals(d.event.process->parent->exepath, "/bin/old")); /* who has that id now is younger */
}

static void test_ancestors_outlive_their_end(void **state)
{
        _cleanup_(decoder_freep) struct decoder *decoder = new_decoder(0, 0);
        struct decoder_counters counters;
        struct decoded d;

        execute(decoder, 10, 1, 100, "/bin/a");
        fork_of(decoder, 10, 100, 11, 101);
        execute(decoder, 11, 10, 101, "/bin/b");
        fork_of(decoder, 11, 101, 12, 102);
        execute(decoder, 12, 11, 102, "/bin/c");
        act(decoder, SENSOR_procexit, 10, 1, 100);
        assert_null(decoder_process(decoder, 10));
        d = act(decoder, SENSOR_unlink, 12, 11, 102);
        assert_true(str_equals(d.event.process->parent->parent->exepath, "/bin/a"));
        act(decoder, SENSOR_procexit, 11, 1, 101);
        d = act(decoder, SENSOR_unlink, 12, 1, 102); /* now a child of who takes orphans, whom nobody saw */
        assert_null(d.event.process->parent);
        act(decoder, SENSOR_procexit, 12, 1, 102);
        act(decoder, SENSOR_unlink, 13, 1, 103);
        decoder_counters(decoder, &counters);
        assert_int_equal(counters.processes, 1);
        assert_int_equal(counters.memory, 0);
}

static void test_the_end_still_knows_the_process(void **state)
{
        _cleanup_(decoder_freep) struct decoder *decoder = new_decoder(0, 0);
        struct decoded d;

        execute(decoder, 10, 1, 100, "/bin/a");
        d = act(decoder, SENSOR_procexit, 10, 1, 100);
        assert_true(str_equals(d.event.process->exepath, "/bin/a"));
}

static void test_limits(void **state)
{
        _cleanup_(decoder_freep) struct decoder *decoder = new_decoder(100, 0), *small = new_decoder(0, 2000);
        struct decoder_counters counters;

        for (uint32_t i = 1; i < 1000; i++)
                fork_of(decoder, i, i, i + 1, i + 1);
        decoder_counters(decoder, &counters);
        assert_in_range(counters.processes, 50, 102);
        assert_true(counters.evicted > 800);
        for (uint32_t i = 1; i < 100; i++)
                execute(small, i, 0, i, "/bin/a");
        decoder_counters(small, &counters);
        assert_in_range(counters.memory, 1, 2600);
        assert_true(counters.evicted > 50);
}

/* Who forks, dies and forks would else keep ancestors without end. */
static void test_a_chain_of_the_dead_is_cut(void **state)
{
        _cleanup_(decoder_freep) struct decoder *decoder = new_decoder(0, 0);
        struct decoder_counters counters;
        struct decoded d;
        unsigned depth = 0;

        for (uint32_t i = 1; i < 2000; i++) {
                fork_of(decoder, i, i, i + 1, i + 1);
                act(decoder, SENSOR_procexit, i, i - 1, i);
        }
        d = fork_of(decoder, 2000, 2000, 2001, 2001);
        for (const struct syscall_process *p = decoder_process(decoder, 2001); p; p = p->parent)
                depth++;
        assert_true(d.event.process != NULL);
        decoder_counters(decoder, &counters);
        assert_in_range(counters.processes, 2, 3 * SYSCALL_ANCESTORS_MAX);
        assert_in_range(depth, 2, 3 * SYSCALL_ANCESTORS_MAX);
}

static void test_gaps_are_losses(void **state)
{
        static const struct {
                uint32_t cpu;
                uint64_t seq;
                bool before;
        } events[] = { { 0, 5, false }, { 0, 6, false }, { 1, 9, false }, { 0, 9, true }, { 0, 8, false }, { 1, 10, false } };
        _cleanup_(decoder_freep) struct decoder *decoder = new_decoder(0, 0);
        struct decoder_counters counters;
        struct decoded d;

        for (size_t i = 0; i < ELEMENTS_OF(events); i++) {
                struct sensor_header *h = raw_begin(&event, SENSOR_unlink, 1, 0, 1);

                h->cpu = events[i].cpu;
                h->seq = events[i].seq;
                assert_int_equal(take(decoder, &d), 1);
                assert_int_equal(d.lost_before, events[i].before);
        }
        decoder_counters(decoder, &counters);
        assert_int_equal(counters.lost, 1); /* 7 of processor 0; 8 came late */
}

/* ---- checking ---- */

static void test_sizes_are_not_believed(void **state)
{
        struct sensor_raw raw;
        struct error err = ERROR_INIT;
        struct sensor_header *h = raw_begin(&event, SENSOR_unlink, 1, 1, 1);
        struct sensor_part *part;
        size_t size;

        raw_text(&event, SENSOR_PART_NAME, "/x");
        size = h->size;
        assert_int_equal(sensor_raw_check(event.bytes, size, 0, &raw, &err), 0);
        for (size_t n = 0; n < size; n += 8)
                assert_int_equal(sensor_raw_check(event.bytes, n, 0, &raw, &err), -EBADMSG);
        part = (struct sensor_part *)(void *)(event.bytes + sizeof(*h));
        part->size = 9;
        assert_int_equal(sensor_raw_check(event.bytes, size, 0, &raw, &err), -EBADMSG);
        part->size = UINT32_MAX;
        assert_int_equal(sensor_raw_check(event.bytes, size, 0, &raw, &err), -EBADMSG);
        part->size = 3;
        h->n_parts = 2;
        assert_int_equal(sensor_raw_check(event.bytes, size, 0, &raw, &err), -EBADMSG);
        h->n_parts = 0;
        assert_int_equal(sensor_raw_check(event.bytes, size, 0, &raw, &err), -EBADMSG);
        h->n_parts = 1;
        h->kind = SENSOR_KINDS;
        assert_int_equal(sensor_raw_check(event.bytes, size, 0, &raw, &err), -EBADMSG);
}

static void test_kinds(void **state)
{
        for (unsigned i = 0; i < SENSOR_KINDS; i++) {
                const char *name = sensor_kind_name(i);

                assert_int_equal(sensor_kind_of(str_from(name)), i);
                if (sensor_kind_shape(i) != SENSOR_SHAPE_CGROUP && fact_source_event(&syscall_source, str_from(name)) < 0)
                        fail_msg("rules know no %s", name);
        }
        assert_int_equal(sensor_kind_of(STR_LIT("read")), -ENOENT);
}

int main(void)
{
        struct error err = ERROR_INIT;
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_child_is_its_parent_until_it_executes),
                cmocka_unit_test(test_what_is_known_of_a_program_stays_with_it),
                cmocka_unit_test(test_an_id_that_comes_again_is_another_process),
                cmocka_unit_test(test_ancestors_outlive_their_end),
                cmocka_unit_test(test_the_end_still_knows_the_process),
                cmocka_unit_test(test_limits),
                cmocka_unit_test(test_a_chain_of_the_dead_is_cut),
                cmocka_unit_test(test_gaps_are_losses),
                cmocka_unit_test(test_sizes_are_not_believed),
                cmocka_unit_test(test_kinds),
        };

        return hash_init(&err) < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
