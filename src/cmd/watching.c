/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <unistd.h>

#include "base/log.h"
#include "cmd/rules.h"
#include "cmd/watching.h"

static int load(const struct arguments *args, struct rule_set **ret, struct error *err)
{
        _cleanup_free_ const char **paths = calloc(args->n_options + 1, sizeof(*paths));
        struct rules_request request = { .args = args, .paths = paths, .stock = !arguments_has(args, "no-stock") };

        if (!paths)
                return error_oom(err);
        for (size_t i = 0; i < args->n_options; i++)
                if (strcmp(args->options[i].spec->name, "rules") == 0)
                        paths[request.n++] = args->options[i].value;
        if (request.n == 0 && !request.stock)
                return error_say(err, -EINVAL, "there are no rules: name some with --rules, or leave --no-stock out");
        return rules_open(&request, ret, err);
}

/* Logs what is wrong with rule files; how many errors there are. */
static size_t tell_errors(const struct rule_set *set, const char *what_follows)
{
        const struct rule_message *messages;
        size_t n = rule_set_messages(set, &messages), errors = 0;

        for (size_t i = 0; i < n; i++) {
                errors += messages[i].is_error;
                if (messages[i].is_error && messages[i].place.line)
                        log_error("%s:%u:%u: %s (%s)", messages[i].file, messages[i].place.line, messages[i].place.column,
                                  messages[i].text, what_follows);
                else if (messages[i].is_error)
                        log_error("%s: %s (%s)", messages[i].file, messages[i].text, what_follows);
        }
        return errors;
}

int watching_open(struct watching *w, const struct arguments *args, struct error *err)
{
        int r;

        w->args = args;
        r = load(args, &w->rules, err);
        if (r == 0)
                w->incomplete = tell_errors(w->rules, "the file's rules were left out") > 0;
        return r;
}

static void hear(void *ctx, const struct alert *alert)
{
        struct watching *w = ctx;

        if (w->code == 0)
                w->code = deliver_alert(w->deliver, alert, &w->why);
}

static int open_outputs(struct watching *w, const char *hostname, struct error *err)
{
        bool colour = terminal_wants_colour(STDOUT_FILENO), any = false;
        int r = deliver_new(hostname, &w->deliver, err);

        for (size_t i = 0; r == 0 && i < w->args->n_options; i++)
                if (strcmp(w->args->options[i].spec->name, "output") == 0) {
                        r = deliver_add(w->deliver, w->args->options[i].value, colour, err);
                        any = true;
                }
        return r < 0 || any ? r : deliver_add(w->deliver, "-", colour, err);
}

static int make_detect(struct watching *w, const struct rule_set *rules, struct detect **ret, struct error *err)
{
        const char *matching = arguments_get(w->args, "matching");
        const struct detect_options options = {
                .rules = rules, .tell = hear, .ctx = w, .burst = arguments_has(w->args, "all") ? 0 : DETECT_BURST,
                .matching = matching && strcmp(matching, "first") == 0 ? MATCHING_FIRST : MATCHING_ALL,
        };

        return detect_new(&options, ret, err);
}

int watching_start(struct watching *w, const char *hostname, struct error *err)
{
        int r;

        if (w->detect)
                return 0;
        w->hostname = strdup(hostname);
        if (!w->hostname)
                return error_oom(err);
        r = open_outputs(w, hostname, err);
        return r < 0 ? r : make_detect(w, w->rules, &w->detect, err);
}

int watching_reload(struct watching *w, struct watching *ret_old, struct error *err)
{
        _cleanup_(rule_set_freep) struct rule_set *rules = NULL;
        struct detect *detect;
        int r = load(w->args, &rules, err);

        deliver_reopen(w->deliver);
        if (r == 0 && tell_errors(rules, "the rules that were in use stay"))
                r = error_say(err, -EBADMSG, "the new rules are not in order");
        if (r == 0)
                r = make_detect(w, rules, &detect, err);
        if (r < 0)
                return r;
        detect_flush(w->detect, INT64_MAX);
        *ret_old = (struct watching){ .detect = w->detect, .rules = w->rules };
        w->detect = detect;
        w->rules = TAKE_PTR(rules);
        return 0;
}

int watching_tell_losses(struct watching *w, struct error *err)
{
        struct deliver_counts counts[DELIVER_MAX];
        int r = w->code;
        size_t n;

        deliver_finish(w->deliver);
        n = deliver_get_counts(w->deliver, counts, ELEMENTS_OF(counts));

        if (r < 0 && err)
                *err = w->why;
        for (size_t i = 0; i < n; i++) {
                if (!counts[i].lost)
                        continue;
                w->incomplete = true;
                log_warning("%llu alerts could not be delivered to '%s': %s", (unsigned long long)counts[i].lost,
                            counts[i].destination, counts[i].why);
                if (r == 0 && strcmp(counts[i].destination, "-") == 0)
                        r = error_say(err, -EIO, "standard output: %s", counts[i].why);
        }
        return r;
}

void watching_done(struct watching *w)
{
        detect_free(w->detect);
        deliver_free(w->deliver);
        rule_set_free(w->rules);
        free(w->hostname);
}
