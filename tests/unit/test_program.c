/* SPDX-License-Identifier: Apache-2.0 */
/* Rule programs as a whole: which rules are tried on what, what matching costs, and that sharing changes no verdict. */
#include <errno.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "rule_cases.h"
#include "rules/dictionary.h"
#include "rules/paths.h"
#include "rules/program.h"

/* ---- allocations (the linker's --wrap) ---- */

static bool may_allocate = true;
static unsigned long allocations, countdown;

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);

static bool allow(void)
{
        allocations++;
        if (!may_allocate)
                return false;
        return !countdown || --countdown;
}

void *__wrap_malloc(size_t n)
{
        return allow() ? __real_malloc(n) : NULL;
}

void *__wrap_calloc(size_t n, size_t size)
{
        return allow() ? __real_calloc(n, size) : NULL;
}

void *__wrap_realloc(void *p, size_t n)
{
        return allow() ? __real_realloc(p, n) : NULL;
}

/* ---- programs from conditions ---- */

struct made {
        struct rule_set *set;
        struct rule_program *program;
        struct rule_scratch *scratch;
};

static void made_free(struct made *m)
{
        rule_scratch_free(m->scratch);
        rule_program_free(m->program);
        rule_set_free(m->set);
        *m = (struct made){ 0 };
}

static struct made make(const struct fact_source *source, enum rule_matching matching, const char *const *conditions)
{
        struct made m = { 0 };
        struct str list[128];
        struct error err = ERROR_INIT;
        size_t n = 0;

        for (; conditions[n]; n++)
                list[n] = str_from(conditions[n]);
        m.set = cases_rules(source, list, n, "user=%user.name command=%proc.cmdline");
        if (rule_program_new(m.set, source, matching, &m.program, &err) < 0 || rule_scratch_new(m.program, &m.scratch, &err) < 0)
                fail_msg("%s", err.message);
        return m;
}

static struct syscall_record *event_of(const char *kind)
{
        struct syscall_record *record;
        struct error err = ERROR_INIT;

        assert_int_equal(syscall_record_new(&record, &err), 0);
        assert_int_equal(syscall_record_set(record, STR_LIT("evt.type"), str_from(kind), &err), 0);
        return record;
}

/* What only compiling can tell is an error of the file that the loader names, with the place in it. */
static void test_the_loader_asks_the_compiler(void **state)
{
        static const struct fact_source *const sources[] = { &syscall_source, NULL };
        static const struct rule_file files[] = {
                { .name = "bad.yaml", .text = STR_LIT("- macro: small\n  condition: (proc.pid < 10 or\n    proc.name < 5)\n"
                                                      "- rule: a\n  desc: d\n  condition: evt.type = open and small\n  output: o\n"
                                                      "  priority: INFO\n") },
                { .name = "good.yaml", .text = STR_LIT("- rule: b\n  desc: d\n  condition: evt.type = open\n  output: o\n"
                                                       "  priority: INFO\n") },
        };
        struct rules_options options = { .sources = sources, .check = rule_condition_check };
        _cleanup_(rule_set_freep) struct rule_set *set = NULL;
        const struct rule_message *messages;
        struct error err = ERROR_INIT;

        assert_int_equal(rules_load(files, 2, &options, &set, &err), 0);
        assert_int_equal(rule_set_count(set), 1);
        assert_int_equal(rule_set_messages(set, &messages), 1);
        assert_true(messages[0].is_error);
        assert_string_equal(messages[0].file, "bad.yaml");
        assert_int_equal(messages[0].place.line, 3);
        assert_int_equal(messages[0].place.column, 5);
        assert_non_null(strstr(messages[0].text, "field 'proc.name' is a string: '<' is for numbers"));
}

/* ---- kinds of events ---- */

static uint32_t count_kinds(const uint64_t *bits)
{
        uint32_t n = 0;

        for (uint32_t i = 0; i < (syscall_source.n_events + 63) / 64; i++)
                n += (uint32_t)__builtin_popcountll(bits[i]);
        return n;
}

static bool has_kind(const uint64_t *bits, const char *name)
{
        int i = fact_source_event(&syscall_source, str_from(name));

        assert_true(i >= 0);
        return bits[i / 64] >> (i % 64) & 1;
}

static void test_kinds_that_rules_want(void **state)
{
        static const struct {
                const char *condition;
                int n; /* kinds; -1: all, -2: all but one */
                const char *one, *other; /* that is among them, and one that is not */
        } cases[] = {
                { "evt.type = open", 1, "open", "openat" },
                { "evt.type in (open, openat) and proc.name = x", 2, "openat", "execve" },
                { "proc.name = x and (evt.type = open or evt.type = close)", 2, "close", "execve" },
                { "evt.type = open or proc.name = x", -1, "execve", NULL },
                { "proc.name = x", -1, "execve", NULL },
                { "not evt.type = open", -2, "close", "open" },
                { "evt.type != open", -2, "close", "open" },
                { "not evt.type != open", 1, "open", "close" },
                { "not (evt.type = open or proc.name = x)", -2, "close", "open" },
                { "not (not evt.type = open or proc.name = x)", 1, "open", "close" },
                { "not (evt.type = open and proc.name = x)", -1, "open", NULL },
                { "evt.type in (open, close) and evt.type in (close, dup)", 1, "close", "dup" },
                { "evt.type in (open, close) and not evt.type = close", 1, "open", "close" },
                { "evt.type startswith open", 6, "openat2", "close" },
                { "evt.type = open and evt.dir = <", 1, "open", "close" },
                { "evt.type exists and evt.type = open", 1, "open", "close" },
                { "syscall.type = open", 1, "open", "close" },
                { "tolower(evt.type) = open", -1, "close", NULL }, /* not seen through */
        };

        for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
                _cleanup_(made_free) struct made m = make(&syscall_source, MATCHING_ALL, (const char *const[]){ cases[i].condition, NULL });
                const struct rule_outlook *outlook = rule_program_outlook(m.program, rule_set_get(m.set, 0));
                uint32_t n = count_kinds(outlook->kinds), all = syscall_source.n_events;

                if (n != (cases[i].n == -1 ? all : cases[i].n == -2 ? all - 1 : (uint32_t)cases[i].n))
                        fail_msg("'%s' wants %u kinds", cases[i].condition, n);
                assert_true(has_kind(outlook->kinds, cases[i].one));
                assert_true(!cases[i].other || !has_kind(outlook->kinds, cases[i].other));
                assert_int_equal(outlook->any_kind, n == all);
                assert_false(outlook->never || outlook->always);
                assert_memory_equal(outlook->kinds, rule_program_events(m.program), (all + 63) / 64 * sizeof(uint64_t));
        }
}

static void test_what_is_known_before_any_fact(void **state)
{
        static const char *const never[] = { "evt.num = 0", "evt.dir = >", "evt.type = open and evt.type = close", "proc.name in ()",
                                             "proc.name = x and evt.num = 0", "not evt.num >= 1", "evt.source = other",
                                             "not evt.type exists" };
        static const char *const always[] = { "evt.num >= 1", "evt.dir = <", "not evt.num = 0", "proc.name = x or evt.num > 0",
                                              "evt.type = open or not evt.type = open", "evt.source exists" };

        for (size_t i = 0; i < ELEMENTS_OF(never); i++) {
                _cleanup_(made_free) struct made m = make(&syscall_source, MATCHING_ALL, (const char *const[]){ never[i], NULL });

                if (!rule_program_outlook(m.program, rule_set_get(m.set, 0))->never)
                        fail_msg("'%s' may match", never[i]);
                assert_int_equal(count_kinds(rule_program_events(m.program)), 0);
        }
        for (size_t i = 0; i < ELEMENTS_OF(always); i++) {
                _cleanup_(made_free) struct made m = make(&syscall_source, MATCHING_ALL, (const char *const[]){ always[i], NULL });

                if (!rule_program_outlook(m.program, rule_set_get(m.set, 0))->always)
                        fail_msg("'%s' may not match", always[i]);
        }
}

/* ---- which verdicts are told ---- */

static void append_verdict(void *ctx, const struct rule_verdict *v)
{
        static const char letters[] = { [TRUTH_FALSE] = 'F', [TRUTH_TRUE] = 'T', [TRUTH_UNKNOWN] = 'U' };

        buf_printf(ctx, "%u%c ", v->rule->index, v->applicable ? letters[v->truth] : '-');
}

static void check_verdicts(struct made *m, const struct fact *fact, bool all, unsigned matches, const char *expected)
{
        _cleanup_(buf_free) struct buf told = { 0 };

        buf_puts(&told, "");
        assert_int_equal(rule_program_match(m->program, m->scratch, fact, all, append_verdict, &told), matches);
        assert_string_equal(told.data, expected);
}

static void test_first_and_all(void **state)
{
        static const char *const conditions[] = { "evt.type = close", "evt.type = open and proc.name = x", "evt.type = open",
                                                  "evt.type = open and proc.name = y", "evt.type in (open, close)", NULL };
        _cleanup_(syscall_record_freep) struct syscall_record *record = event_of("open");
        struct fact fact = syscall_fact(syscall_record_event(record));
        _cleanup_(made_free) struct made first = make(&syscall_source, MATCHING_FIRST, conditions);
        _cleanup_(made_free) struct made all = make(&syscall_source, MATCHING_ALL, conditions);

        check_verdicts(&first, &fact, false, 1, "2T ");
        check_verdicts(&first, &fact, true, 1, "1F 2T ");
        check_verdicts(&all, &fact, false, 2, "2T 4T ");
        check_verdicts(&all, &fact, true, 2, "1F 2T 3F 4T ");
        fact.event = syscall_source.n_events; /* a kind that there is not */
        check_verdicts(&all, &fact, true, 0, "");
}

/* Elsewhere than with system calls all rules are tried. */
static void test_first_is_for_events(void **state)
{
        _cleanup_(made_free) struct made m = make(&test_source, MATCHING_FIRST, (const char *const[]){
                "t.absent exists", "not t.absent exists", "not t.words exists", "t.hidden = x", NULL });
        _cleanup_(arena_freep) struct arena *arena = arena_new();
        struct yaml_node **documents;
        struct error err = ERROR_INIT;
        struct fact fact = { .source = &test_source };
        size_t n;

        assert_int_equal(yaml_parse(STR_LIT("{hidden: \"?\"}"), &(struct yaml_limits)YAML_LIMITS_DEFAULT, arena, &documents, &n, NULL,
                                    &err), 0);
        fact.data = documents[0];
        check_verdicts(&m, &fact, false, 2, "1T 2T 3U ");
        check_verdicts(&m, &fact, true, 2, "0F 1T 2T 3U ");
}

static void test_applies(void **state)
{
        static const struct rule_file file = { .name = "applies.yaml", .text = STR_LIT(
                "- rule: a\n  desc: d\n  condition: t.number > 1\n  applies: t.flag = true\n  output: o\n  priority: INFO\n  source: test\n"
                "- rule: b\n  desc: d\n  condition: t.number > 1\n  applies: t.hidden = x\n  output: o\n  priority: INFO\n  source: test\n"
                "- rule: c\n  desc: d\n  condition: t.number > 9\n  applies: t.hidden = x\n  output: o\n  priority: INFO\n  source: test\n") };
        static const struct fact_source *const sources[] = { &test_source, NULL };
        struct rules_options options = { .sources = sources, .strict = true };
        _cleanup_(made_free) struct made m = { 0 };
        _cleanup_(arena_freep) struct arena *arena = arena_new();
        struct yaml_node **documents;
        struct error err = ERROR_INIT;
        struct fact fact = { .source = &test_source };
        size_t n;

        assert_int_equal(rules_load(&file, 1, &options, &m.set, &err), 0);
        assert_int_equal(rule_program_new(m.set, &test_source, MATCHING_ALL, &m.program, &err), 0);
        assert_int_equal(rule_scratch_new(m.program, &m.scratch, &err), 0);
        assert_int_equal(yaml_parse(STR_LIT("--- {number: 5, flag: true, hidden: x}\n--- {number: 5, flag: false, hidden: y}\n"
                                            "--- {number: 5, hidden: \"?\"}\n"), &(struct yaml_limits)YAML_LIMITS_DEFAULT, arena,
                                    &documents, &n, NULL, &err), 0);
        fact.data = documents[0];
        check_verdicts(&m, &fact, true, 2, "0T 1T 2F ");
        fact.data = documents[1];
        check_verdicts(&m, &fact, true, 0, "0- 1- 2- ");
        check_verdicts(&m, &fact, false, 0, "0- 1- 2- ");
        fact.data = documents[2];
        check_verdicts(&m, &fact, true, 0, "0- 1U 2F ");
}

/* ---- outputs inside and outside of a match ---- */

struct outputs {
        struct made *m;
        const struct fact *fact;
        struct buf text;
};

static void print_output(void *ctx, const struct rule_verdict *v)
{
        struct outputs *o = ctx;

        rule_output(o->m->program, o->m->scratch, v->rule, o->fact, &o->text);
        buf_puts(&o->text, "; ");
}

static void print_field(void *ctx, struct str name, const struct value *value)
{
        buf_printf(ctx, "[%.*s ", STR_ARG(name));
        value_print(value, ctx);
        buf_puts(ctx, "]");
}

static void test_outputs_while_matching(void **state)
{
        _cleanup_(made_free) struct made m = make(&syscall_source, MATCHING_ALL, (const char *const[]){
                "proc.name = sh", "proc.cmdline = \"sh -c x\"", NULL });
        _cleanup_(syscall_record_freep) struct syscall_record *record = event_of("execve"), *other = event_of("execve");
        struct fact fact = syscall_fact(syscall_record_event(record)), later = syscall_fact(syscall_record_event(other));
        struct outputs o = { &m, &fact, { 0 } };
        struct error err = ERROR_INIT;

        assert_int_equal(syscall_record_set(record, STR_LIT("proc.name"), STR_LIT("sh"), &err), 0);
        assert_int_equal(syscall_record_set(record, STR_LIT("proc.args"), STR_LIT("-c x"), &err), 0);
        assert_int_equal(syscall_record_set(other, STR_LIT("proc.name"), STR_LIT("ls"), &err), 0);
        assert_int_equal(rule_program_match(m.program, m.scratch, &fact, false, print_output, &o), 2);
        rule_output(m.program, m.scratch, rule_set_get(m.set, 0), &later, &o.text);
        rule_output_fields(m.program, m.scratch, rule_set_get(m.set, 0), &fact, print_field, &o.text);
        assert_string_equal(o.text.data, "user=<NA> command=sh -c x; user=<NA> command=sh -c x; user=<NA> command=ls"
                                         "[user.name <NA>][proc.cmdline sh -c x]");
        buf_free(&o.text);
}

/* ---- what it costs ---- */

static const char *const every_way[] = {
        "evt.type = execve and proc.name = sh", "proc.name in (a, b, c, d, e, sh) and proc.cmdline contains x",
        "proc.cmdline icontains X and fd.name glob *x*", "fd.name regex \"/.*\" or proc.cmdline regex anyof (\"a.*\", \"sh .*\")",
        "fd.name pmatch (/etc, /usr/*/bin)", "proc.aname in (sshd, login) or proc.pid in (1, 2, 3, 4, 5, 6)",
        "fd.net in (\"10.0.0.0/8\", \"192.168.0.0/16\") or fd.sip = \"1.2.3.4\" or fd.port = 22", "tolower(proc.name) = val(proc.pname)",
        "concat(proc.name, proc.pname) = shsh or join(\",\", (proc.name, proc.cwd)) = x", "b64(evt.arg.data) startswith /",
        "getopt(proc.args, \"c:\")[c] = x or len(proc.args) > 3", "container.mount.dest[/proc*] exists or evt.args contains x",
        "evt.is_open_write = true or evt.buffer bcontains cafe or fs.path.name startswith /", "evt.time startswith 0 or proc.duration > 5",
        "proc.env[A] = b or proc.acmdline contains x or thread.cap_effective contains SYS", NULL,
};

static struct syscall_record *full_event(void)
{
        static const char *const pairs[][2] = {
                { "proc.name", "sh" }, { "proc.args", "-c x" }, { "proc.pname", "sh" }, { "proc.aname[2]", "sshd" }, { "fd.name", "/etc/x" },
                { "fd.cip", "10.0.0.1" }, { "fd.sip", "1.2.3.4" }, { "fd.sport", "22" }, { "evt.arg.data", "L2V0Yw==" }, { "proc.cwd", "/" },
                { "proc.env", "A=b C=d" }, { "evt.rawtime", "1785456000123456789" }, { "proc.pid.ts", "1785456000000000000" },
                { "evt.buffer", "\xca\xfe\xff" }, { "container.mounts", "/proc:/p:ro:false:x" }, { "evt.rawres", "0" }, { "proc.pid", "6" },
        };
        struct syscall_record *record = event_of("execve");
        struct error err = ERROR_INIT;

        for (size_t i = 0; i < ELEMENTS_OF(pairs); i++)
                if (syscall_record_set(record, str_from(pairs[i][0]), str_from(pairs[i][1]), &err) < 0)
                        fail_msg("%s", err.message);
        return record;
}

static void ignore(void *ctx, const struct rule_verdict *v)
{
        ++*(unsigned *)ctx;
}

static void test_matching_allocates_nothing(void **state)
{
        _cleanup_(made_free) struct made m = make(&syscall_source, MATCHING_ALL, every_way);
        _cleanup_(syscall_record_freep) struct syscall_record *record = full_event();
        struct fact fact = syscall_fact(syscall_record_event(record));
        unsigned told = 0, n;
        unsigned long before = allocations;

        may_allocate = false;
        n = rule_program_match(m.program, m.scratch, &fact, true, ignore, &told);
        may_allocate = true;
        assert_int_equal(allocations - before, 0);
        assert_int_equal(told, ELEMENTS_OF(every_way) - 1);
        assert_true(n > 8);
}

/* In a process that may do nothing but read, write and exit: any other system call kills it. */
static void test_matching_calls_no_system(void **state)
{
        _cleanup_(made_free) struct made m = make(&syscall_source, MATCHING_ALL, every_way);
        _cleanup_(syscall_record_freep) struct syscall_record *record = full_event();
        struct fact fact = syscall_fact(syscall_record_event(record));
        unsigned told = 0, n;
        int status;
        pid_t child = fork();

        assert_true(child >= 0);
        if (child == 0) {
                if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) < 0)
                        syscall(SYS_exit, 77);
                n = rule_program_match(m.program, m.scratch, &fact, true, ignore, &told);
                syscall(SYS_exit, n > 8 && told == ELEMENTS_OF(every_way) - 1 ? 42 : 1);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
                skip();
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 42);
}

static unsigned reads;

static void count_reads(const struct field *field, const struct fact *fact, const struct field_argument *argument,
                        struct value_scratch *scratch, struct value *ret)
{
        reads++;
        *ret = value_of_string(STR_LIT("x"));
}

/* Whatever number of rules ask for a field, it is read once a fact; another argument is another field. */
static void test_fields_are_read_once(void **state)
{
        static const struct field fields[] = {
                { .name = "c.text", .type = VALUE_STRING, .get = count_reads, .argument = ARGUMENT_INDEX, .doc = "A field.", .origin = "t" },
        };
        static const struct fact_source counting = { .name = "test", .doc = "A source.", .fields = fields, .n_fields = 1 };
        static const struct fact_source *const sources[] = { &counting, NULL };
        static const struct rule_file file = { .name = "reads.yaml", .text = STR_LIT(
                "- rule: a\n  desc: d\n  condition: c.text = y or c.text[1] = y or c.text startswith z\n  output: o %c.text\n  priority: INFO\n"
                "  source: test\n"
                "- rule: b\n  desc: d\n  condition: c.text = x and tolower(c.text) = x and c.text[1] = x\n  output: o\n  priority: INFO\n"
                "  source: test\n") };
        struct rules_options options = { .sources = sources, .strict = true };
        struct fact fact = { .source = &counting };
        _cleanup_(made_free) struct made m = { 0 };
        struct error err = ERROR_INIT;

        assert_int_equal(rules_load(&file, 1, &options, &m.set, &err), 0);
        assert_int_equal(rule_program_new(m.set, &counting, MATCHING_ALL, &m.program, &err), 0);
        assert_int_equal(rule_scratch_new(m.program, &m.scratch, &err), 0);
        assert_int_equal(rule_program_match(m.program, m.scratch, &fact, false, NULL, NULL), 1);
        assert_int_equal(reads, 2);
        assert_int_equal(rule_program_match(m.program, m.scratch, &fact, false, NULL, NULL), 1);
        assert_int_equal(reads, 4);
}

/* What is kept of an event is told from what was kept of one a thousand million events ago. */
static void test_generations_end(void **state)
{
        _cleanup_(made_free) struct made m = make(&syscall_source, MATCHING_ALL, (const char *const[]){
                "proc.name in (sh, bash) and proc.cmdline contains x", "proc.name in (sh, bash) and proc.cmdline contains y", NULL });
        _cleanup_(syscall_record_freep) struct syscall_record *record = full_event(), *other = event_of("execve");
        struct fact fact = syscall_fact(syscall_record_event(record)), none = syscall_fact(syscall_record_event(other));

        m.scratch->generation = (UINT32_MAX >> 2) - 3;
        for (unsigned i = 0; i < 4; i++) {
                assert_int_equal(rule_program_match(m.program, m.scratch, &fact, false, NULL, NULL), 1);
                assert_int_equal(rule_program_match(m.program, m.scratch, &none, false, NULL, NULL), 0);
        }
        assert_int_equal(m.scratch->generation, 5);
}

/* What several rules share is one check of its own. */
static void test_shared_parts(void **state)
{
        _cleanup_(made_free) struct made m = make(&syscall_source, MATCHING_ALL, (const char *const[]){
                "(proc.name = a and fd.name = /b) and fd.num > 1", "(proc.name = a and fd.name = /b) and not fd.num > 1",
                "not (proc.name = a and fd.name = /b)", NULL });
        unsigned shared = 0;

        for (uint32_t i = 0; i < m.program->n_checks; i++)
                shared += m.program->checks[i].kind == CHECK_CONDITION;
        assert_int_equal(shared, 1);
        assert_int_equal(m.program->n_checks, 4);
        assert_int_equal(m.program->n_steps, STEP_FIRST + 2 + 2 + 2 + 1);
}

/* Each allocation failing in turn is an error, and nothing is lost. */
static void test_failing_memory(void **state)
{
        struct str list[ELEMENTS_OF(every_way)];
        _cleanup_(rule_set_freep) struct rule_set *set = NULL;
        bool done = false;

        for (size_t i = 0; every_way[i]; i++)
                list[i] = str_from(every_way[i]);
        set = cases_rules(&syscall_source, list, ELEMENTS_OF(every_way) - 1, "%proc.name %toupper(proc.name)");
        for (unsigned long i = 1; !done && i < 2000; i++) {
                struct rule_program *program = NULL;
                struct rule_scratch *scratch = NULL;
                struct error err = ERROR_INIT;
                int r;

                countdown = i;
                r = rule_program_new(set, &syscall_source, MATCHING_ALL, &program, &err);
                if (r == 0)
                        r = rule_scratch_new(program, &scratch, &err);
                done = countdown != 0;
                countdown = 0;
                if (r != (done ? 0 : -ENOMEM))
                        fail_msg("the %luth allocation fails: %d, %s", i, r, err.message);
                rule_scratch_free(scratch);
                rule_program_free(program);
        }
        assert_true(done);
}

/* ---- sharing and short cuts change no verdict ---- */

static const char *const leaves[] = {
        "t.text = a", "t.text != a", "t.text in (a, b)", "t.hidden = a", "t.hidden exists", "t.absent = a", "t.number > 3",
        "t.number in (1, 2, 3, 4, 5)", "t.flag = true", "t.words intersects (a, c)", "t.text startswith \"\"", "t.hidden in ()",
};
#define N_LEAVES ELEMENTS_OF(leaves)

static void random_condition(struct buf *out, unsigned depth)
{
        unsigned kind = depth ? (unsigned)rand() % 5 : 0, n = 2 + (unsigned)rand() % 3;

        if (kind < 2) {
                buf_puts(out, leaves[(size_t)rand() % N_LEAVES]);
                return;
        }
        if (kind == 2) {
                buf_puts(out, "not (");
                random_condition(out, depth - 1);
                buf_putc(out, ')');
                return;
        }
        for (unsigned i = 0; i < n; i++) {
                buf_puts(out, i ? kind == 3 ? " and (" : " or (" : "(");
                random_condition(out, depth - 1);
                buf_putc(out, ')');
        }
}

static void random_fact(struct buf *out)
{
        static const char *const texts[] = { "a", "b", "z", "\"?\"" };

        buf_puts(out, "{x: y");
        if (rand() % 4)
                buf_printf(out, ", text: %s", texts[rand() % 4]);
        if (rand() % 4)
                buf_printf(out, ", hidden: %s", texts[rand() % 4]);
        if (rand() % 4)
                buf_printf(out, ", number: %d", rand() % 7);
        if (rand() % 4)
                buf_printf(out, ", flag: %s", rand() % 2 ? "true" : "\"?\"");
        if (rand() % 4)
                buf_printf(out, ", words: [%s]", texts[rand() % 3]);
        buf_putc(out, '}');
}

static void keep_truth(void *ctx, const struct rule_verdict *v)
{
        ((enum truth *)ctx)[v->rule->index] = v->truth;
}

/* Kleene's tables, as they are written in books. */
static enum truth reference(const struct ast *ast, const enum truth *of_leaves)
{
        _cleanup_(buf_free) struct buf text = { 0 };
        enum truth all = ast->kind == AST_AND ? TRUTH_TRUE : TRUTH_FALSE;

        if (ast->kind == AST_CHECK) {
                condition_print(ast, &text);
                for (size_t i = 0; i < N_LEAVES; i++)
                        if (strcmp(text.data, leaves[i]) == 0)
                                return of_leaves[i];
                fail_msg("'%s' is no leaf", text.data);
        }
        if (ast->kind == AST_NOT) {
                all = reference(ast->children[0], of_leaves);
                return all == TRUTH_UNKNOWN ? all : all == TRUTH_TRUE ? TRUTH_FALSE : TRUTH_TRUE;
        }
        for (uint32_t i = 0; i < ast->n_children; i++) {
                enum truth one = reference(ast->children[i], of_leaves), deciding = ast->kind == AST_AND ? TRUTH_FALSE : TRUTH_TRUE;

                if (one == deciding)
                        all = deciding;
                else if (one == TRUTH_UNKNOWN && all != deciding)
                        all = TRUTH_UNKNOWN;
        }
        return all;
}

static void check_round(struct arena *arena, unsigned seed)
{
        const char *texts[N_LEAVES + 21] = { NULL };
        struct ast *trees[20];
        enum truth truth[N_LEAVES + 20], printed[N_LEAVES + 20];
        _cleanup_(made_free) struct made m = { 0 }, again = { 0 };
        struct place place;
        struct error err = ERROR_INIT;

        srand(seed);
        memcpy(texts, leaves, sizeof(leaves));
        for (size_t i = 0; i < 20; i++) {
                _cleanup_(buf_free) struct buf text = { 0 };

                random_condition(&text, 5);
                texts[N_LEAVES + i] = arena_string(arena, text.data, text.len);
                assert_int_equal(condition_parse(buf_str(&text), (struct place){ 1, 1, 0 }, NULL, arena, &trees[i], &place, &err), 0);
        }
        m = make(&test_source, MATCHING_ALL, texts);
        for (size_t i = 0; i < 20; i++) { /* printed and read again they are the same program */
                _cleanup_(buf_free) struct buf text = { 0 };

                condition_print(trees[i], &text);
                texts[N_LEAVES + i] = arena_string(arena, text.data, text.len);
        }
        again = make(&test_source, MATCHING_ALL, texts);
        assert_int_equal(again.program->n_steps, m.program->n_steps);
        assert_int_equal(again.program->n_checks, m.program->n_checks);
        for (unsigned k = 0; k < 20; k++) {
                _cleanup_(buf_free) struct buf text = { 0 };
                struct yaml_node **documents;
                struct fact fact = { .source = &test_source };
                size_t n;

                random_fact(&text);
                assert_int_equal(yaml_parse(buf_str(&text), &(struct yaml_limits)YAML_LIMITS_DEFAULT, arena, &documents, &n, NULL, &err), 0);
                fact.data = documents[0];
                rule_program_match(m.program, m.scratch, &fact, true, keep_truth, truth);
                rule_program_match(again.program, again.scratch, &fact, true, keep_truth, printed);
                for (size_t i = 0; i < 20; i++)
                        if (truth[N_LEAVES + i] != reference(trees[i], truth) || truth[N_LEAVES + i] != printed[N_LEAVES + i])
                                fail_msg("'%s' on %s is %d and %d, not %d", texts[N_LEAVES + i], text.data, truth[N_LEAVES + i],
                                         printed[N_LEAVES + i], reference(trees[i], truth));
        }
}

static void test_against_the_tables(void **state)
{
        for (unsigned round = 0; round < 150; round++) {
                _cleanup_(arena_freep) struct arena *arena = arena_new();

                check_round(arena, round);
        }
}

/* ---- parts ---- */

static void test_dictionary(void **state)
{
        _cleanup_(arena_freep) struct arena *arena = arena_new();
        struct dictionary d = { 0 };
        char word[32];
        uint32_t id;

        assert_int_equal(dictionary_find(&d, STR_LIT("x")), UINT32_MAX);
        for (uint32_t round = 0; round < 2; round++)
                for (uint32_t i = 0; i < 5000; i++) {
                        int n = snprintf(word, sizeof(word), "word-%u", i);

                        assert_int_equal(dictionary_add(&d, arena, (struct str){ arena_string(arena, word, (size_t)n), (size_t)n }, &id), 0);
                        assert_int_equal(id, i);
                }
        assert_int_equal(dictionary_add(&d, arena, STR_NULL, &id), 0);
        assert_int_equal(dictionary_find(&d, STR_LIT("")), 5000);
        assert_int_equal(dictionary_find(&d, STR_LIT("word-4711")), 4711);
        assert_int_equal(dictionary_find(&d, STR_LIT("word-5000")), UINT32_MAX);
}

static void test_paths(void **state)
{
        static const struct str list[] = { STR_LIT("/etc/ssh"), STR_LIT("/usr/lib"), STR_LIT("/usr"), STR_LIT("/home/*/.ssh"),
                                           STR_LIT("/home/root"), STR_LIT("//var//log/"), STR_LIT("/opt/[ab]*/x"), STR_LIT("/opt/a1/y"),
                                           STR_LIT("/a-b"), STR_LIT("/a/c") };
        static const struct {
                const char *path;
                bool in;
        } cases[] = {
                { "/etc/ssh", true }, { "/etc/ssh/", true }, { "/etc/ssh/sshd_config", true }, { "/etc", false }, { "/etc/sshd", false },
                { "/usr", true }, { "/usr/lib/x", true }, { "/usr/share", true }, { "/usrx", false }, { "usr/bin", true },
                { "/home/me/.ssh/id", true }, { "/home/me/x", false }, { "/home/root/x", true }, { "/home/root/.ssh", true }, { "/home", false },
                { "/var/log/syslog", true }, { "/var//log", true }, { "/var", false }, { "/opt/a1/x", true }, { "/opt/a1/y/z", true },
                { "/opt/b/y", false }, { "/a-b/x", true }, { "/a/c", true }, { "/a/b", false }, { "", false }, { "/", false },
        };
        _cleanup_(arena_freep) struct arena *arena = arena_new();
        struct path_tree *tree, *all, *none;
        struct error err = ERROR_INIT;
        char deep[2 * PATH_COMPONENTS_MAX + 3];
        struct str too_deep = { deep, sizeof(deep) };

        assert_int_equal(path_tree_new(list, ELEMENTS_OF(list), arena, &tree, &err), 0);
        for (size_t i = 0; i < ELEMENTS_OF(cases); i++)
                if (path_tree_matches(tree, str_from(cases[i].path)) != cases[i].in)
                        fail_msg("%s", cases[i].path);
        assert_int_equal(path_tree_new(&STR_LIT("/"), 1, arena, &all, &err), 0);
        assert_true(path_tree_matches(all, STR_LIT("/x")) && path_tree_matches(all, STR_LIT("/")) && path_tree_matches(all, STR_LIT("")));
        assert_int_equal(path_tree_new(NULL, 0, arena, &none, &err), 0);
        assert_false(path_tree_matches(none, STR_LIT("/")));
        for (size_t i = 0; i < sizeof(deep); i++)
                deep[i] = i % 2 ? 'a' : '/';
        assert_int_equal(path_tree_new(&too_deep, 1, arena, &all, &err), -E2BIG);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_loader_asks_the_compiler),
                cmocka_unit_test(test_kinds_that_rules_want),
                cmocka_unit_test(test_what_is_known_before_any_fact),
                cmocka_unit_test(test_first_and_all),
                cmocka_unit_test(test_first_is_for_events),
                cmocka_unit_test(test_applies),
                cmocka_unit_test(test_outputs_while_matching),
                cmocka_unit_test(test_matching_allocates_nothing),
                cmocka_unit_test(test_matching_calls_no_system),
                cmocka_unit_test(test_fields_are_read_once),
                cmocka_unit_test(test_generations_end),
                cmocka_unit_test(test_shared_parts),
                cmocka_unit_test(test_failing_memory),
                cmocka_unit_test(test_against_the_tables),
                cmocka_unit_test(test_dictionary),
                cmocka_unit_test(test_paths),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
