/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cmd/command.h"

static const char *const log_formats[] = { "text", "json", NULL };
static const char *const log_levels[] = { "error", "warning", "info", "debug", NULL };

const struct option_spec global_options[] = {
        { "log-format", 0, "FORMAT", "How messages on standard error are written.", log_formats },
        { "log-level", 0, "LEVEL", "The least important messages that are written. The default is warning.", log_levels },
        { "help", 'h', NULL, "Show help and exit." },
        { "version", 0, NULL, "Show the version and exit." },
        { NULL },
};

const struct help_item exit_statuses[] = {
        { "0", "Done." },
        { "1", "Done, and something was found that fails the run: what --fail-on or a gate of the policy names, or what the "
               "command itself checks." },
        { "2", "What was asked could not be done: bad usage, no such image, a report that could not be written." },
        { "3", "Done, but incomplete: something could not be read. The report names it." },
        { NULL },
};

/* In the order in which help shows them. */
const struct command *const commands[] = {
        &command_scan,
        &command_sbom,
        &command_policy_check,
        &command_rules_bundle,
        &command_rules_check,
        &command_rules_explain,
        &command_rules_fields,
        &command_rules_list,
        &command_rules_test,
        &command_watch,
        &command_key_generate,
        &command_key_show,
        &command_key_sign,
        &command_key_verify,
        &command_replay,
        &command_events,
        &command_containers,
        &command_cache_prune,
        &command_db_update,
        &command_db_status,
        &command_db_show,
        &command_db_export,
        &command_db_import,
        &command_db_compare,
        &command_version,
        &command_help,
        &command_completion,
        NULL,
};

const char *command_group_title(enum command_group group)
{
        static const char *const titles[] = {
                [GROUP_INITIATION] = "Initiation", [GROUP_DESIGN] = "Design", [GROUP_IMPLEMENTATION] = "Implementation",
                [GROUP_OPERATION] = "Operation", [GROUP_GENERAL] = "General",
        };

        return titles[group];
}

const struct command *command_find(const char *name)
{
        FOR_EACH_COMMAND(c)
                if (strcmp(c->name, name) == 0)
                        return c;
        return NULL;
}
