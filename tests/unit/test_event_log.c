/* SPDX-License-Identifier: Apache-2.0 */
/* Events that were written are read again, every field of them; what is damaged is told. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <unistd.h>

#include "base/file.h"
#include "model/syscall_event.h"
#include "store/event_log.h"

#define ROOM 262144

static int64_t when = 1785500000123456789;

/* An event that sets as much as one can. */
static struct syscall_record *make(unsigned i)
{
        struct syscall_record *record;
        char pid[16], name[32], time[32];
        const char *const fields[][2] = {
                { "evt.type", i % 2 ? "openat" : "connect" }, { "evt.rawtime", time }, { "evt.rawres", "-13" }, { "evt.num", pid },
                { "evt.arg.flags", "O_RDWR|O_CREAT" }, { "evt.arg.name", "../x" }, { "proc.name", name }, { "proc.pid", pid },
                { "proc.args", "-c a b" }, { "proc.env", "A=b C=d" }, { "proc.exepath", "/bin/x" }, { "proc.pname", "sshd" },
                { "proc.aname[2]", "systemd" }, { "proc.cwd", "/srv" }, { "user.uid", "0" }, { "fd.name", "/etc/shadow" },
                { "fd.num", "7" }, { "container.full_id", "0123456789abcdef" }, { "container.name", "web" },
                { "container.privileged", "true" }, { "container.label[app]", "web" }, { "k8s.pod.name", "p" },
                { "proc.is_exe_upper_layer", "true" }, { "proc.tty", "34816" }, { "evt.buffer", "\xca\xfe\xff" },
        };
        struct error err = ERROR_INIT;

        snprintf(pid, sizeof(pid), "%u", 100 + i % 50);
        snprintf(name, sizeof(name), "name-%u", i % 50);
        snprintf(time, sizeof(time), "%lld", (long long)(when += 1000));
        assert_int_equal(syscall_record_new(&record, &err), 0);
        for (size_t f = 0; f < ELEMENTS_OF(fields); f++)
                if (syscall_record_set(record, str_from(fields[f][0]), str_from(fields[f][1]), &err) < 0)
                        fail_msg("%s", err.message);
        return record;
}

static void print_all(const struct syscall_event *event, struct buf *out)
{
        static uint8_t room[ROOM];
        const struct fact fact = syscall_fact(event);

        for (uint32_t i = 0; i < syscall_source.n_fields; i++) {
                const struct field *field = &syscall_source.fields[i];
                struct value_scratch scratch = { .room = room, .size = sizeof(room) };
                struct field_argument argument = { .kind = field->argument_required ? field->argument : ARGUMENT_NONE, .index = 0,
                                                   .key = STR_LIT("flags") };
                struct value value;

                if (!field->get)
                        continue;
                field->get(field, &fact, &argument, &scratch, &value);
                buf_printf(out, "%s=", field->name);
                value_print(&value, out);
                buf_putc(out, '\n');
        }
}

static int write_events(unsigned n, struct buf *printed, uint64_t *ret_size)
{
        _cleanup_(event_log_writer_freep) struct event_log_writer *w = NULL;
        struct error err = ERROR_INIT;
        int fd = file_unnamed(NULL, &err);

        assert_true(fd >= 0);
        assert_int_equal(event_log_writer_new(fd, "log", "host-1", &w, &err), 0);
        for (unsigned i = 0; i < n; i++) {
                _cleanup_(syscall_record_freep) struct syscall_record *record = make(i);

                assert_int_equal(event_log_write(w, syscall_record_event(record), &err), 0);
                if (printed)
                        print_all(syscall_record_event(record), printed);
        }
        assert_int_equal(event_log_flush(w, &err), 0);
        *ret_size = event_log_size(w);
        assert_int_equal(lseek(fd, 0, SEEK_END), (off_t)*ret_size);
        assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
        return fd;
}

static void every_field_comes_back(void **state)
{
        _cleanup_(buf_free) struct buf written = { 0 }, read = { 0 };
        _cleanup_(event_log_reader_freep) struct event_log_reader *r = NULL;
        const struct syscall_event *event;
        struct error err = ERROR_INIT;
        uint64_t size;
        _cleanup_close_ int fd = write_events(200, &written, &size);
        int code;

        assert_int_equal(event_log_reader_new(fd, "log", &r, &err), 0);
        assert_string_equal(event_log_hostname(r), "host-1");
        while ((code = event_log_read(r, &event, &err)) > 0)
                print_all(event, &read);
        assert_int_equal(code, 0);
        assert_false(event_log_was_cut(r));
        assert_true(strstr(written.data, "proc.aname=(name-0,sshd,systemd)") || strstr(written.data, "sshd"));
        assert_int_equal(written.len, read.len);
        assert_memory_equal(written.data, read.data, read.len);
}

static void numbers_are_forgotten_before_they_run_out(void **state)
{
        _cleanup_(event_log_reader_freep) struct event_log_reader *r = NULL;
        const struct syscall_event *event;
        struct error err = ERROR_INIT;
        unsigned n = 0;
        uint64_t size;
        _cleanup_close_ int fd = write_events(120000, NULL, &size);
        int code;

        assert_true(size > 2 * EVENT_LOG_RESET_BYTES);
        assert_int_equal(event_log_reader_new(fd, "log", &r, &err), 0);
        while ((code = event_log_read(r, &event, &err)) > 0) {
                n++;
                assert_non_null(event->process->parent->parent);
                assert_true(str_equals(event->container->name, "web"));
        }
        assert_int_equal(code, 0);
        assert_int_equal(n, 120000);
}

static void a_cut_loses_only_what_was_cut(void **state)
{
        struct error err = ERROR_INIT;
        const struct syscall_event *event;
        unsigned last = UINT_MAX;
        uint64_t size;
        _cleanup_close_ int fd = write_events(20, NULL, &size);

        for (uint64_t to = size; to > size - 600; to -= 7) {
                _cleanup_(event_log_reader_freep) struct event_log_reader *r = NULL;
                unsigned n = 0;
                int code;

                assert_int_equal(ftruncate(fd, (off_t)to), 0);
                assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
                assert_int_equal(event_log_reader_new(fd, "log", &r, &err), 0);
                while ((code = event_log_read(r, &event, &err)) > 0)
                        n++;
                assert_int_equal(code, 0);
                assert_true(n <= last && n + 3 > MIN_OF(last, 20u) && n > 0);
                assert_true(to == size ? !event_log_was_cut(r) : true);
                last = n;
        }
        assert_true(last < 20);
}

static void damage_is_told(void **state)
{
        _cleanup_(event_log_reader_freep) struct event_log_reader *r = NULL;
        const struct syscall_event *event;
        struct error err = ERROR_INIT;
        uint64_t size;
        _cleanup_close_ int fd = write_events(20, NULL, &size);
        char byte = 'X';
        int code;

        assert_int_equal(pwrite(fd, &byte, 1, (off_t)size - 300), 1);
        assert_int_equal(event_log_reader_new(fd, "log", &r, &err), 0);
        while ((code = event_log_read(r, &event, &err)) > 0)
                ;
        assert_int_equal(code, -EBADMSG);
        assert_non_null(strstr(err.message, "damaged at byte"));
}

static void other_files_are_refused(void **state)
{
        static const char *const texts[] = { "", "TALLY", "TALLYLOG", "not a log of events at all, this is text" };
        struct error err = ERROR_INIT;

        for (size_t i = 0; i < ELEMENTS_OF(texts); i++) {
                _cleanup_close_ int fd = file_unnamed(NULL, &err);
                struct event_log_reader *r = NULL;

                assert_int_equal(file_write(fd, texts[i], strlen(texts[i]), &err), 0);
                assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
                assert_int_equal(event_log_reader_new(fd, "x", &r, &err), -EBADMSG);
                assert_non_null(strstr(err.message, "'x'"));
                assert_null(r);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_field_comes_back),
                cmocka_unit_test(numbers_are_forgotten_before_they_run_out),
                cmocka_unit_test(a_cut_loses_only_what_was_cut),
                cmocka_unit_test(damage_is_told),
                cmocka_unit_test(other_files_are_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
