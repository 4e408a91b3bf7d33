/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>

#include "base/file.h"
#include "base/yaml_worker.h"
#include "cmd/rule_files.h"
#include "cmd/shared_options.h"
#include "cmd/signing.h"
#include "pipeline/judge.h"
#include "trust/bundle.h"

/* What others could not load is not signed. */
static int check(const struct rule_pile *pile, struct error *err)
{
        _cleanup_(yaml_worker_done) struct yaml_worker worker = { 0 };
        const struct yaml_parser confined = yaml_worker_parser(&worker);
        const struct rules_options options = {
                .sources = judge_sources, .strict = true, .check = rule_condition_check, .yaml = &confined
        };
        _cleanup_(rule_set_freep) struct rule_set *set = NULL;
        int r = rules_load(pile->files, pile->n, &options, &set, err);

        return r < 0 ? error_wrap(err, "nothing was signed, see 'tallyman rules check'") : 0;
}

/* Without their folders, so that a bundle is the same wherever its files lay. */
static struct str last_part(const char *path)
{
        const char *slash = strrchr(path, '/');

        return str_from(slash ? slash + 1 : path);
}

static int make(const struct rule_pile *pile, const struct signers *signers, struct buf *out, struct error *err)
{
        _cleanup_free_ struct bundle_file *files = calloc(pile->n + 1, sizeof(*files));
        int64_t created;
        int r = files ? bundle_time(&created, err) : error_oom(err);

        if (r < 0)
                return r;
        for (size_t i = 0; i < pile->n; i++)
                files[i] = (struct bundle_file){ last_part(pile->files[i].name), pile->files[i].text };
        return bundle_make(BUNDLE_KIND_RULES, created, files, pile->n, signers->keys, signers->n, out, err);
}

static int cmd_rules_bundle(const struct arguments *args, struct error *err)
{
        _cleanup_(rule_pile_done) struct rule_pile pile = { 0 };
        _cleanup_(signers_done) struct signers signers = { 0 };
        _cleanup_(output_freep) struct output *out = NULL;
        _cleanup_(buf_free) struct buf bundle = { 0 };
        const char *path = arguments_get(args, "output");
        int r = signers_open(args, &signers, err);

        for (size_t i = 0; r == 0 && i < args->n_operands; i++)
                r = rule_pile_add_path(&pile, args->operands[i], err);
        if (r == 0)
                r = check(&pile, err);
        if (r == 0)
                r = make(&pile, &signers, &bundle, err);
        if (r == 0)
                r = path ? output_open(path, &out, err) : output_stdout(&out, err);
        if (r == 0)
                r = output_write(out, bundle.data, bundle.len, err);
        return r < 0 ? r : output_finish(out, err);
}

/* ---- how it is called ---- */

static const struct option_spec bundle_options[] = {
        KEY_OPTION,
        { "output", 'o', "FILE", "Write the bundle to this file; name it *.bundle. The default is standard output." },
        PASSPHRASE_OPTION,
        { NULL },
};

static const struct help_item bundle_examples[] = {
        { "tallyman rules bundle --key team.key --output team.bundle rules/", "Signs all rule files of a folder." },
        { "tallyman rules check --trust team.pub team.bundle", "Loads them again, if they are as they were signed." },
        { NULL },
};

const struct command command_rules_bundle = {
        .name = "rules bundle",
        .group = GROUP_INITIATION,
        .summary = "put rule files into one signed file",
        .synopsis = "--key FILE [OPTION...] FILE...",
        .description =
                "Loads rule files as 'rules check --strict' does, and if nothing is wrong with them writes them, in order, into "
                "one file signed with --key. The commands that load rules take such a bundle in place of a rule file, and use "
                "it only if somebody signed it whom they trust.\n\n"
                "The same files, key and time give the same bytes; the time is SOURCE_DATE_EPOCH if that is set.",
        .options = bundle_options,
        .operand = { "FILE", "A rule file, or a folder of them (*.yaml, *.yml).", NULL, 1, UINT_MAX },
        .examples = bundle_examples,
        .needs = NEEDS_WORKERS,
        .run = cmd_rules_bundle,
};
