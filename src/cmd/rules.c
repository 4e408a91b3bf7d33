/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "base/yaml_worker.h"
#include "cmd/command.h"
#include "cmd/rule_files.h"
#include "cmd/rules.h"
#include "pipeline/judge.h"
#include "pipeline/stock_rules.h"

int rules_open(const struct rules_request *request, struct rule_set **ret, struct error *err)
{
        _cleanup_(yaml_worker_done) struct yaml_worker worker = { 0 };
        const struct yaml_parser confined = yaml_worker_parser(&worker);
        const struct rules_options options = { .sources = request->sources ? request->sources : judge_sources,
                                               .strict = request->strict, .check = rule_condition_check, .yaml = &confined };
        _cleanup_(rule_pile_done) struct rule_pile pile = { .args = request->args };
        int r = 0;

        for (size_t i = 0; r == 0 && request->stock && i < n_stock_rule_files; i++) {
                r = rule_pile_add(&pile, stock_rule_files[i].name, stock_rule_files[i].text, err);
                if (r == 0)
                        pile.files[pile.n - 1].is_ours = true;
        }
        for (size_t i = 0; r == 0 && i < request->n; i++)
                r = rule_pile_add_path(&pile, request->paths[i], err);
        return r < 0 ? r : rules_load(pile.files, pile.n, &options, ret, err);
}

size_t rules_print_messages(const struct rule_set *set, bool notes, struct buf *out)
{
        const struct rule_message *messages;
        size_t n = rule_set_messages(set, &messages), errors = 0;

        for (size_t i = 0; i < n; i++) {
                const struct rule_message *m = &messages[i];

                errors += m->is_error;
                if (m->is_note && !notes)
                        continue;
                if (*m->file) {
                        buf_add_quoted(out, str_from(m->file));
                        buf_putc(out, ':');
                }
                if (m->place.line)
                        buf_printf(out, "%u:%u:", m->place.line, m->place.column);
                buf_printf(out, "%s%s: ", out->len && out->data[out->len - 1] == ':' ? " " : "",
                           m->is_error ? "error" : m->is_note ? "note" : "warning");
                buf_add_quoted(out, str_from(m->text));
                buf_putc(out, '\n');
        }
        return errors;
}

int rules_tell_messages(const struct rule_set *set)
{
        const struct rule_message *messages;
        size_t n = rule_set_messages(set, &messages);
        int status = EXIT_STATUS_DONE;

        for (size_t i = 0; i < n; i++) {
                const struct rule_message *m = &messages[i];

                if (m->is_note)
                        continue;
                if (m->is_error)
                        status = EXIT_STATUS_INCOMPLETE;
                log_write(m->is_error ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING, "%s:%u:%u: %s", m->file, m->place.line, m->place.column, m->text);
        }
        return status;
}

const char *rules_state_name(enum rule_state state)
{
        static const char *const names[] = {
                [RULE_READY] = "ready", [RULE_NOT_EVALUABLE] = "not evaluable", [RULE_DISABLED] = "disabled",
                [RULE_SKIPPED] = "skipped",
        };

        return names[state];
}
