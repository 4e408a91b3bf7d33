/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "pipeline/detect.h"
#include "pipeline/rule_finding.h"

#define STREAMS_MAX 1024 /* pairs of rule and container that are kept apart: a power of two */
#define STREAM_PROBES 8
#define CONTAINER_ID_MAX 64
#define HOST "host"

/* What one rule says of one container. */
struct stream {
        const struct rule *rule; /* NULL: free */
        char container[CONTAINER_ID_MAX + 1];
        int64_t since;    /* the window's beginning */
        int64_t last;     /* the last match */
        uint32_t told;    /* in this window */
        uint64_t counted; /* since the last one that was told */
        struct finding_list kept; /* the last of those counted */
};

struct detect {
        struct detect_options options;
        struct rule_program *program;
        struct rule_scratch *scratch;
        struct stream *streams;
        struct detect_counts counts;
        const struct syscall_event *event; /* at hand */
        const struct fact *fact;
        struct error *err;
        int code;
};

/* ---- alerts ---- */

static void tell(struct detect *d, const struct stream *stream, const struct finding *finding, const struct syscall_event *event,
                 int64_t time, uint64_t repeated)
{
        const struct rule *rule = stream->rule;
        struct alert alert = {
                .finding = finding, .event = event, .time = time, .priority = rule_priority_name(rule->priority),
                .container = strcmp(stream->container, HOST) != 0 ? stream->container : NULL, .repeated = repeated,
        };
        _cleanup_(arena_freep) struct arena *arena = arena_new();
        const char **tags = arena ? arena_alloc(arena, (rule->n_tags + 1) * sizeof(*tags)) : NULL;

        for (uint32_t i = 0; tags && i < rule->n_tags; i++)
                if ((tags[i] = arena_string(arena, rule->tags[i].p, rule->tags[i].n)))
                        alert.n_tags = i + 1;
        alert.tags = tags;
        d->counts.told++;
        d->options.tell(d->options.ctx, &alert);
}

static const char *text(struct arena *arena, struct str s)
{
        return s.n ? arena_string(arena, s.p, s.n) : NULL;
}

static bool process_knows(const struct syscall_process *p, enum syscall_process_member member)
{
        return p->known >> member & 1;
}

/* "nginx[412] /usr/sbin/nginx -g daemon off;" */
static struct value describe(struct arena *arena, const struct syscall_process *p)
{
        _cleanup_(buf_free) struct buf line = { 0 };
        char *copy;

        buf_add_str(&line, process_knows(p, PROCESS_name) ? p->name : STR_LIT("?"));
        if (process_knows(p, PROCESS_pid))
                buf_printf(&line, "[%lld]", (long long)p->pid);
        if (process_knows(p, PROCESS_exepath))
                buf_printf(&line, " %.*s", STR_ARG(p->exepath));
        for (uint32_t i = 0; process_knows(p, PROCESS_args) && i < p->args.n; i++)
                buf_printf(&line, " %.*s", STR_ARG(p->args.items[i]));
        copy = buf_ok(&line) ? arena_string(arena, line.data, line.len) : NULL;
        return copy ? value_of_string((struct str){ copy, line.len }) : (struct value){ .state = VALUE_UNKNOWN };
}

/* The process and its ancestors, the nearest first. */
static int add_ancestry(const struct syscall_event *event, struct arena *arena, struct finding *f)
{
        struct finding_detail *detail = arena_alloc(arena, sizeof(*detail));
        struct value *lines = arena_alloc(arena, DETECT_ANCESTORS_SHOWN * sizeof(*lines));
        uint32_t n = 0;

        if (!detail || !lines)
                return -ENOMEM;
        for (const struct syscall_process *p = event->process; p && n < DETECT_ANCESTORS_SHOWN; p = p->parent)
                lines[n++] = describe(arena, p);
        *detail = (struct finding_detail){ "process.ancestry", value_of_list(VALUE_STRING, lines, n) };
        f->evidence = detail;
        f->n_evidence = n > 0;
        return 0;
}

static bool container_knows(const struct syscall_container *c, enum syscall_container_member member)
{
        return c && c->known >> member & 1;
}

static void place(const struct syscall_event *event, struct arena *arena, struct finding *f)
{
        const struct syscall_container *c = event->container;

        f->subject_kind = c ? "container" : HOST;
        f->subject_name = container_knows(c, CONTAINER_name) ? text(arena, c->name) :
                          container_knows(c, CONTAINER_id) ? text(arena, c->id) : c ? NULL : HOST;
        if (container_knows(c, CONTAINER_image_id))
                f->subject_digest = text(arena, c->image_id);
        if (event->process && process_knows(event->process, PROCESS_pid))
                f->pid = event->process->pid;
        if (event->process && process_knows(event->process, PROCESS_exepath))
                f->path = text(arena, event->process->exepath);
}

/* Controls and references stay in `arena`. */
static int make_finding(struct detect *d, const struct rule_verdict *verdict, struct arena *arena, struct finding_list *ret)
{
        struct finding f = { 0 };
        int r = arena ? rule_finding(d->program, d->scratch, verdict, d->fact, arena, &f, d->err) : error_oom(d->err);

        if (r < 0)
                return r;
        place(d->event, arena, &f);
        if (add_ancestry(d->event, arena, &f) < 0)
                return error_oom(d->err);
        return finding_add(ret, &f, d->err);
}

/* ---- streams ---- */

static void tell_counted(struct detect *d, struct stream *s)
{
        if (s->counted && s->kept.n)
                tell(d, s, &s->kept.items[0], NULL, s->last, s->counted - 1);
        s->counted = 0;
        finding_list_done(&s->kept);
}

static uint64_t hash_of(const struct rule *rule, struct str container)
{
        uint64_t h = 0xcbf29ce484222325ull ^ rule->index;

        for (size_t i = 0; i < container.n; i++)
                h = (h ^ (unsigned char)container.p[i]) * 0x100000001b3ull;
        return h ^ h >> 29;
}

/* The stream of a rule and a container; the one that was quiet longest makes room. */
static struct stream *stream_of(struct detect *d, const struct rule *rule, struct str container, int64_t now)
{
        uint64_t at = hash_of(rule, container);
        struct stream *oldest = NULL;

        container.n = MIN_OF(container.n, (size_t)CONTAINER_ID_MAX);
        for (unsigned i = 0; i < STREAM_PROBES; i++) {
                struct stream *s = &d->streams[(at + i) % STREAMS_MAX];

                if (s->rule == rule && str_equals(container, s->container))
                        return s;
                if (!oldest || !s->rule || (oldest->rule && s->last < oldest->last))
                        oldest = s;
        }
        if (oldest->rule) {
                d->counts.evicted++;
                tell_counted(d, oldest);
        }
        *oldest = (struct stream){ .rule = rule, .since = now, .last = now };
        memcpy(oldest->container, container.n ? container.p : "", container.n);
        return oldest;
}

/* True if this match is to be told by itself. */
static bool is_told(struct detect *d, struct stream *s, int64_t now)
{
        if (now - s->since >= DETECT_WINDOW || now < s->since) {
                s->since = now;
                s->told = 0;
        }
        s->last = now;
        if (d->options.burst && s->told >= d->options.burst)
                return false;
        s->told++;
        return true;
}

static int64_t time_of(const struct syscall_event *event)
{
        return event->known >> EVENT_time & 1 ? event->time : 0;
}

/* The first that is not told, for when nothing follows it: without what stays in the arena. */
static int keep_finding(struct detect *d, const struct rule_verdict *verdict, struct arena *arena, struct stream *s)
{
        int r = make_finding(d, verdict, arena, &s->kept);

        if (r == 0) {
                s->kept.items[0].controls = s->kept.items[0].references = NULL;
                s->kept.items[0].n_controls = s->kept.items[0].n_references = 0;
        }
        return r;
}

static void take_verdict(void *ctx, const struct rule_verdict *verdict)
{
        struct detect *d = ctx;
        struct str container = container_knows(d->event->container, CONTAINER_full_id) ? d->event->container->full_id : STR_LIT(HOST);
        _cleanup_(finding_list_done) struct finding_list made = { 0 };
        _cleanup_(arena_freep) struct arena *arena = NULL;
        int64_t now = time_of(d->event);
        struct stream *s;

        if (!verdict->applicable || verdict->truth != TRUTH_TRUE || d->code < 0)
                return;
        d->counts.matches++;
        s = stream_of(d, verdict->rule, container, now);
        arena = arena_new();
        if (is_told(d, s, now)) {
                d->code = make_finding(d, verdict, arena, &made);
                if (d->code == 0)
                        tell(d, s, &made.items[0], d->event, now, s->counted);
                s->counted = 0;
                finding_list_done(&s->kept);
                return;
        }
        d->counts.counted++;
        if (s->counted++ == 0)
                d->code = keep_finding(d, verdict, arena, s);
}

/* ---- */

int detect_new(const struct detect_options *options, struct detect **ret, struct error *err)
{
        _cleanup_(detect_freep) struct detect *d = calloc(1, sizeof(*d));
        int r;

        if (!d || !(d->streams = calloc(STREAMS_MAX, sizeof(*d->streams))))
                return error_oom(err);
        d->options = *options;
        r = rule_program_new(options->rules, &syscall_source, options->matching, &d->program, err);
        if (r == 0)
                r = rule_scratch_new(d->program, &d->scratch, err);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(d);
        return 0;
}

struct detect *detect_free(struct detect *d)
{
        if (!d)
                return NULL;
        for (size_t i = 0; d->streams && i < STREAMS_MAX; i++)
                finding_list_done(&d->streams[i].kept);
        free(d->streams);
        rule_scratch_free(d->scratch);
        rule_program_free(d->program);
        free(d);
        return NULL;
}

const uint64_t *detect_wants(const struct detect *d)
{
        return rule_program_events(d->program);
}

int detect_event(struct detect *d, const struct syscall_event *event, struct error *err)
{
        const struct fact fact = syscall_fact(event);

        d->event = event;
        d->fact = &fact;
        d->err = err;
        d->code = 0;
        d->counts.events++;
        rule_program_match(d->program, d->scratch, &fact, false, take_verdict, d);
        d->event = NULL;
        d->fact = NULL;
        return d->code;
}

void detect_flush(struct detect *d, int64_t now)
{
        for (size_t i = 0; i < STREAMS_MAX; i++) {
                struct stream *s = &d->streams[i];

                if (s->rule && (now == INT64_MAX || now - s->since >= DETECT_WINDOW))
                        tell_counted(d, s);
        }
}

void detect_get_counts(const struct detect *d, struct detect_counts *ret)
{
        *ret = d->counts;
}
