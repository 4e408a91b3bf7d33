/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <string.h>

#include "cmd/command.h"
#include "report/report.h"

static const char *const log_formats[] = { "text", "json", NULL };
static const char *const log_levels[] = { "error", "warning", "info", "debug", NULL };
#define FORMAT_NAME(name, function) name,
static const char *const sbom_formats[] = { REPORT_SBOM_FORMATS(FORMAT_NAME) NULL };
static const char *const report_formats[] = { REPORT_SCAN_FORMATS(FORMAT_NAME) NULL };
static const char *const shells[] = { "bash", "zsh", "fish", NULL };

/* Options that mean the same in several commands. */
#define TRUST_OPTION(otherwise) { "trust", 0, "FILE", "Accept only what this public key signed. May be repeated. " otherwise, NULL, true }
#define TRUST_RULES_OPTION                                                                                                 \
        TRUST_OPTION("Without it rule files need no signature, and bundles one by a key in /etc/tallyman/keys or "          \
                     "~/.config/tallyman/keys.")
#define KEY_OPTION { "key", 'k', "FILE", "Sign with this private key. May be repeated: then each signs.", NULL, true }
#define PASSPHRASE_OPTION                                                                                                  \
        { "passphrase-file", 0, "FILE", "The first line of this file is the private key's passphrase. The default is what "  \
                                        "TALLYMAN_KEY_PASSPHRASE holds in the environment." }

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

static const struct option_spec scan_options[] = {
        { "format", 'f', "FORMAT", "How the report is written. The default is table.", report_formats },
        { "output", 'o', "FILE", "Write the report to this file, which is replaced only once the report is complete." },
        { "fail-on", 0, "TERMS", "Exit with status 1 if a finding meets all of these terms, with commas between them: a severity (or above), "
                               "fixable (a version that fixes it is known), kev (it is known to be exploited). May be repeated: one of them "
                               "is enough.", NULL, true },
        { "max-db-age", 0, "AGE", "How old what is known of vulnerabilities may be, before the check counts as incomplete; as in 30d. The "
                                  "default is 7d, 0s takes any age." },
        { "rules", 'r', "FILE", "Judge by these rules too: a file, a signed bundle, or a folder of them. May be repeated.", NULL, true },
        TRUST_RULES_OPTION,
        { "policy", 0, "FILE", "Gates, exceptions and owners. The default is .tallyman.yaml in the working directory, if it is there." },
        { "no-policy", 0, NULL, "Use no policy, whatever is in the working directory." },
        { "platform", 0, "PLATFORM", "Which image of several, as os/architecture or os/architecture/variant. The default is "
                                     "this machine's." },
        { "files", 0, NULL, "List every file of the image as well." },
        { "no-cache", 0, NULL, "Read every layer again and remember nothing." },
        { "limit", 0, "NAME=VALUE", "Change a limit on what the image may cost; named below. May be repeated.", NULL, true },
        { NULL },
};

/* Targets and limits stand in one list: both are names that mean something in a value. */
static const struct help_item scan_terms[] = {
        { "oci-dir:DIR[:TAG]", "An OCI image layout in a directory." },
        { "oci-archive:FILE[:TAG]", "An OCI image layout in a tar archive." },
        { "docker-archive:FILE[:TAG]", "What docker save writes, in its old and new layouts." },
        { "dir:PATH", "A directory that holds a root file system." },
        { "overlay:LOWEST[:NEXT...]", "Directories that overlayfs lays over one another, the lowest first." },
        { "container:NAME", "The root file system of a container that runs, as it is now: by its name, or how its id begins." },
        { "layer-bytes=SIZE", "Limit: inflated bytes of one layer, holes counted; with K, M, G or T. The default is 64G." },
        { "ratio=N", "Limit: inflated to compressed bytes of a layer beyond the first GiB. The default is 500." },
        { "files=N", "Limit: entries of one layer. The default is 20000000." },
        { "depth=N", "Limit: components of a path. The default is 4096." },
        { "seconds=N", "Limit: CPU time of the worker that reads a layer. The default is 600." },
        { NULL },
};

static const struct help_item scan_examples[] = {
        { "tallyman scan oci-archive:app.tar", "Shows what is in an image." },
        { "tallyman scan --format json --files --output app.json oci-dir:layout:v2",
          "Writes all that is known of one tag of a layout, with every file." },
        { "tallyman scan --format sarif --output app.sarif app.tar", "Writes the findings for a code scanning service." },
        { "tallyman scan --fail-on high app.tar", "Ends with status 1 if something is wrong that is high or critical." },
        { "tallyman scan --fail-on high,fixable --fail-on kev app.tar",
          "Ends with status 1 for what is high and can be fixed, and for what is known to be exploited." },
        { NULL },
};

static const char *const table_or_json[] = { "table", "json", NULL };

static const struct option_spec containers_options[] = {
        { "format", 'f', "FORMAT", "How the list is written. The default is table.", table_or_json },
        { NULL },
};

static const struct help_item containers_examples[] = {
        { "tallyman containers", "Lists what runs here, whatever runs it." },
        { NULL },
};

static const struct option_spec sbom_options[] = {
        { "format", 'f', "FORMAT", "CycloneDX 1.6 or SPDX 2.3, both in JSON. The default is cyclonedx.", sbom_formats },
        { "output", 'o', "FILE", "Write to this file, which is replaced only once all is written." },
        { "name", 0, "NAME", "What the image is called in it. The default is its id, since that is the same wherever it is." },
        { "platform", 0, "PLATFORM", "Which image of several, as os/architecture or os/architecture/variant. The default is "
                                     "this machine's." },
        { "no-cache", 0, NULL, "Read every layer again and remember nothing." },
        { "limit", 0, "NAME=VALUE", "Change a limit on what the image may cost; named below. May be repeated.", NULL, true },
        { NULL },
};

static const struct help_item sbom_examples[] = {
        { "tallyman sbom --output app.cdx.json app.tar", "Writes a bill of materials in CycloneDX." },
        { "tallyman sbom --format spdx --name registry.example/app:1.2 oci-dir:layout:v2", "Prints one in SPDX, under a name." },
        { NULL },
};

static const struct option_spec prune_options[] = {
        { "max-size", 0, "SIZE", "Keep what was used last, up to this many bytes; with K, M, G or T." },
        { "older-than", 0, "AGE", "Remove what was not used for this long: a number with s, m, h, d or w, as in 30d." },
        { "all", 0, NULL, "Remove everything." },
        { NULL },
};

static const struct help_item prune_examples[] = {
        { "tallyman cache prune --older-than 30d --max-size 2G",
          "Removes what was not used for 30 days, then the oldest until 2 GiB are left." },
        { NULL },
};

static const struct option_spec check_options[] = {
        { "strict", 0, NULL, "An error in one file fails the whole check, with status 2." },
        { "notes", 0, NULL, "Print warnings of little weight too, such as lists that nothing uses." },
        TRUST_RULES_OPTION,
        { NULL },
};

static const struct help_item check_examples[] = {
        { "tallyman rules check falco_rules.yaml local.d/", "Loads a file, then all of a folder, and says which rules can be evaluated." },
        { NULL },
};

static const struct option_spec test_options[] = {
        { "rules", 'r', "FILE", "Rules to load after those that the cases name: a file, or a folder of them. May be repeated.", NULL, true },
        { "verbose", 'v', NULL, "Print the cases that passed as well." },
        TRUST_RULES_OPTION,
        { NULL },
};

static const struct help_item test_examples[] = {
        { "tallyman rules test cases.yaml", "Says which cases hold." },
        { "tallyman rules test --rules local.yaml cases.yaml", "Holds a file of rules against the cases." },
        { NULL },
};

static const struct option_spec rules_options[] = {
        TRUST_RULES_OPTION,
        { NULL },
};

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

static const struct option_spec generate_options[] = {
        PASSPHRASE_OPTION,
        { "force", 0, NULL, "Replace both files if they are there. What the old key signed can not be signed anew without it." },
        { NULL },
};

static const struct help_item generate_examples[] = {
        { "tallyman key generate team", "Writes team.key, which signs and is kept secret, and team.pub, which verifies." },
        { NULL },
};

static const struct option_spec key_show_options[] = {
        PASSPHRASE_OPTION,
        { NULL },
};

static const struct option_spec sign_options[] = {
        KEY_OPTION,
        { "output", 'o', "FILE", "Write the envelope to this file. The default is standard output." },
        { "type", 0, "TYPE", "The media type of the content, which is signed too. The default is application/octet-stream." },
        PASSPHRASE_OPTION,
        { NULL },
};

static const struct help_item sign_examples[] = {
        { "tallyman key sign --key team.key --output report.json.dsse report.json", "Puts a file into a signed envelope." },
        { NULL },
};

static const struct option_spec verify_options[] = {
        { "output", 'o', "FILE", "Write the content to this file, once it is verified." },
        { "type", 0, "TYPE", "Accept content of this media type only." },
        TRUST_OPTION("The default is all keys in /etc/tallyman/keys and ~/.config/tallyman/keys."),
        { NULL },
};

static const struct help_item verify_examples[] = {
        { "tallyman key verify --trust team.pub --output report.json report.json.dsse", "Takes a file out of its envelope." },
        { NULL },
};

static const char *const matchings[] = { "all", "first", NULL };

static const struct option_spec replay_options[] = {
        { "rules", 'r', "FILE", "Rules to load after the stock rules: a file, a signed bundle, or a folder of them. May be repeated.", NULL, true },
        { "no-stock", 0, NULL, "Leave the stock rules out." },
        TRUST_RULES_OPTION,
        { "matching", 0, "HOW", "Which rules are tried on an event: all of them, or none after the first that matches.", matchings },
        { "output", 'o', "OUTPUT", "Where alerts go, named below. May be repeated. The default is -.", NULL, true },
        { "all", 'a', NULL, "Tell each alert. Without it the eleventh of one rule and container in a minute is counted only." },
        { "fail", 0, NULL, "Exit with status 1 if a rule matched." },
        { NULL },
};

static const struct option_spec watch_options[] = {
        { "rules", 'r', "FILE", "Rules to load after the stock rules: a file, or a folder of them. May be repeated.", NULL, true },
        TRUST_RULES_OPTION,
        { "no-stock", 0, NULL, "Leave the stock rules out." },
        { "matching", 0, "HOW", "Which rules are tried on an event: all of them, or none after the first that matches.", matchings },
        { "output", 'o', "OUTPUT", "Where alerts go, named below. May be repeated. The default is -.", NULL, true },
        { "all", 'a', NULL, "Tell each alert. Without it the eleventh of one rule and container in a minute is counted only." },
        { "host", 0, NULL, "Watch what runs in no container too." },
        { "record", 0, "FILE", "Write every event that was judged to this file, for 'tallyman replay'. It must not exist yet." },
        { "user", 0, "NAME", "The user that judges events and writes alerts, with no rights of root. The default is tallyman, if there is "
                             "one, else nobody." },
        { "for", 0, "TIME", "End after this time: 30s, 5m, 12h." },
        { NULL },
};

static const struct help_item watch_examples[] = {
        { "sudo tallyman watch", "Tells on the terminal what the stock rules find." },
        { "sudo tallyman watch --no-stock --rules falco_rules.yaml --output falco:/var/log/falco.json", "Judges by Falco's rules, and writes what Falco would." },
        { NULL },
};

static const struct help_item output_terms[] = {
        { "[FORMAT:]-", "Standard output." },
        { "[FORMAT:]FILE", "A file that is appended to. At 64 MiB it becomes FILE.1; five of those are kept." },
        { "[FORMAT:]syslog", "The system's log." },
        { "[FORMAT:]http://… https://…", "A server that takes each alert by POST. What it does not take is tried again a few times." },
        { "[FORMAT:]|COMMAND", "A program that reads a line for each alert. It is started again when it ends." },
        { "text, json, falco, ocsf", "Formats: for people, Tallyman's JSON, Falco's JSON, OCSF Detection Finding. The default is text for "
                                     "standard output and syslog, json for the rest." },
        { NULL },
};

static const struct help_item replay_examples[] = {
        { "tallyman replay --rules new.yaml yesterday.log", "Shows what a new rule would have said of yesterday." },
        { "tallyman replay --no-stock --rules falco_rules.yaml --output falco:- day.log", "Judges by Falco's rules, and writes what Falco would." },
        { NULL },
};

static const char *const text_or_json[] = { "text", "json", NULL };

static const struct option_spec events_options[] = {
        { "where", 'w', "CONDITION", "Only events for which this holds, as a rule's condition. 'tallyman rules fields syscall' lists what can be asked." },
        { "show", 's', "OUTPUT", "What is shown of each event, as a rule's output: text with fields behind percent signs." },
        { "since", 0, "TIME", "Only what happened in this time before now: 90s, 5m, 12h, 2d." },
        { "format", 'f', "FORMAT", "text, or json: an object of the fields that are shown. The default is text.", text_or_json },
        { NULL },
};

static const struct help_item events_examples[] = {
        { "tallyman events day.log", "Shows everything." },
        { "tallyman events --where 'container.name = web and evt.is_open_write = true' --show '%proc.exepath wrote %fd.name' day.log",
          "Shows which files a container opened for writing." },
        { NULL },
};

static const struct help_item explain_examples[] = {
        { "tallyman rules explain 'Image runs as root'", "Shows the condition of a stock rule after macros and lists were put in." },
        { NULL },
};

static const struct option_spec update_options[] = {
        { "from", 0, "URL|DIR", "Where records come from, in the layout of the public OSV bucket, which is the default." },
        { "ecosystem", 0, "NAME", "Update only this one; the others stay as they are. May be repeated. The default is all that are "
                                  "published there and known here.", NULL, true },
        { "kev", 0, "URL|FILE", "Where the list of known exploited vulnerabilities comes from. The default is CISA's, or with --from the "
                                "file kev/known_exploited_vulnerabilities.json there, if it exists." },
        { "epss", 0, "URL|FILE", "Where EPSS scores come from. The default is FIRST's, or with --from the file "
                                 "epss/epss_scores-current.csv.gz there, if it exists." },
        { NULL },
};

static const struct help_item update_examples[] = {
        { "tallyman db update --ecosystem Debian --ecosystem PyPI", "Fetches what images of Debian with Python need." },
        { "tallyman db update --from /mnt/osv-copy", "Reads a copy of the bucket, without network." },
        { NULL },
};

static const struct option_spec db_format_options[] = {
        { "format", 'f', "FORMAT", "How it is written. The default is table.", report_formats },
        { NULL },
};

static const struct help_item compare_examples[] = {
        { "echo '1.0~rc1 < 1.0' | tallyman db compare Debian", "Holds, so nothing is printed." },
        { NULL },
};

static const struct help_item completion_examples[] = {
        { "source <(tallyman completion bash)", "Completes in the shell at hand." },
        { NULL },
};

const struct command commands[] = {
        {
                .name = "scan",
                .group = GROUP_IMPLEMENTATION,
                .summary = "show exactly what is inside an image",
                .synopsis = "[OPTION...] TARGET",
                .description =
                        "Reads an image at rest: verifies every digest, merges its layers, and reports its distribution, its "
                        "packages with the layer each came from, and whatever is wrong with the image itself.\n\n"
                        "Everything that comes out of the image is read in processes that can reach neither files nor the "
                        "network. What could not be read is named in the report, and the checks that were not made are "
                        "named as not made. A layer that was read before is not read again.",
                .terms_title = "Targets and limits",
                .terms = scan_terms,
                .options = scan_options,
                .operand = { "TARGET", "The image. Without a prefix a path is recognised by its content.", NULL, 1, 1 },
                .examples = scan_examples,
                .needs = NEEDS_WORKERS,
                .run = cmd_scan,
        },
        {
                .name = "sbom",
                .group = GROUP_IMPLEMENTATION,
                .summary = "write an image's bill of materials",
                .synopsis = "[OPTION...] TARGET",
                .description =
                        "Reads an image as 'tallyman scan' does, and writes its packages for other programs: those that are "
                        "installed, and those that lockfiles in it declare, each with where it is named and the layer it came from.\n\n"
                        "The same image gives the same bytes, wherever it is read from: the document's id is made from what it says, "
                        "and its time is SOURCE_DATE_EPOCH from the environment, else when the image was created, else 1970.",
                .terms_title = "Targets and limits",
                .terms = scan_terms,
                .options = sbom_options,
                .operand = { "TARGET", "The image. Without a prefix a path is recognised by its content.", NULL, 1, 1 },
                .examples = sbom_examples,
                .needs = NEEDS_WORKERS,
                .run = cmd_sbom,
        },
        {
                .name = "policy check",
                .group = GROUP_INITIATION,
                .summary = "say what is wrong in a policy, and which exceptions have expired",
                .synopsis = "[FILE]",
                .description =
                        "Reads a policy: gates, exceptions and owners, as 'tallyman scan' uses them. Without FILE it is .tallyman.yaml in "
                        "the working directory. Names each exception that has expired, that does within 30 days, or that holds for more than "
                        "a year. The exit status is 1 if one has expired.",
                .operand = { "FILE", "A policy.", NULL, 0, 1 },
                .needs = NEEDS_WORKERS,
                .run = cmd_policy_check,
        },
        {
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
        },
        {
                .name = "rules check",
                .group = GROUP_INITIATION,
                .summary = "say what is wrong in rule files, and which rules can be evaluated",
                .synopsis = "[OPTION...] FILE...",
                .description =
                        "Loads rule files in the Falco rule language, in order, and prints what is wrong with them: file, line and "
                        "column, and what was expected. For each rule that can not be evaluated it names the field or event that "
                        "nothing fills. A file with an error is left out as a whole, and the exit status is 3.",
                .options = check_options,
                .operand = { "FILE", "A rule file, a signed bundle, or a folder of them (*.yaml, *.yml, *.bundle).", NULL, 1, UINT_MAX },
                .examples = check_examples,
                .needs = NEEDS_WORKERS,
                .run = cmd_rules_check,
        },
        {
                .name = "rules explain",
                .group = GROUP_INITIATION,
                .summary = "show all of a rule, its condition as it is evaluated",
                .synopsis = "[OPTION...] RULE [FILE...]",
                .description = "Shows what a rule is for, where it was written, and its condition after macros, lists and "
                               "exceptions were put in. Without files the stock rules are meant.",
                .options = rules_options,
                .operand = { "RULE [FILE]", "The rule's name, then the files that it is in.", NULL, 1, UINT_MAX },
                .examples = explain_examples,
                .needs = NEEDS_WORKERS,
                .run = cmd_rules_explain,
        },
        {
                .name = "rules fields",
                .group = GROUP_INITIATION,
                .summary = "list what rules can read",
                .synopsis = "[SOURCE]",
                .description = "Lists the fields of each source of facts, with their types, what they mean and where their values "
                               "come from.",
                .operand = { "SOURCE", "Only this source.", NULL, 0, 1 },
                .run = cmd_rules_fields,
        },
        {
                .name = "rules list",
                .group = GROUP_INITIATION,
                .summary = "list rules",
                .synopsis = "[OPTION...] [FILE...]",
                .description = "Lists rules with their priority, source and state. Without files the stock rules are meant.",
                .options = rules_options,
                .operand = { "FILE", "A rule file, a signed bundle, or a folder of them.", NULL, 0, UINT_MAX },
                .needs = NEEDS_WORKERS,
                .run = cmd_rules_list,
        },
        {
                .name = "rules test",
                .group = GROUP_INITIATION,
                .summary = "hold rules against facts whose outcome is known",
                .synopsis = "[OPTION...] FILE...",
                .description =
                        "Reads cases in YAML: facts as fields and values, and the rules that should say something of them. Prints "
                        "each case whose outcome was another, and why. The exit status is 1 if there is one. The rules are those "
                        "that the file names under 'rules' and those of --rules; if there are none, the stock rules.",
                .options = test_options,
                .operand = { "FILE", "A file of cases.", NULL, 1, UINT_MAX },
                .examples = test_examples,
                .needs = NEEDS_WORKERS,
                .run = cmd_rules_test,
        },
        {
                .name = "watch",
                .group = GROUP_OPERATION,
                .summary = "tell what containers do against the rules, as it happens",
                .synopsis = "[OPTION...]",
                .description =
                        "Watches every container on this machine through the kernel, whoever runs it, and tells what the rules say of "
                        "what it does: which container, which image, which process and its ancestors. Needs root. It ends when it is "
                        "interrupted. If events were lost the exit status is 3.",
                .terms_title = "Outputs",
                .terms = output_terms,
                .options = watch_options,
                .examples = watch_examples,
                .needs = NEEDS_WORKERS,
                .run = cmd_watch,
        },
        {
                .name = "key generate",
                .group = GROUP_INITIATION,
                .summary = "make a pair of keys for signing rules and other files",
                .synopsis = "[OPTION...] PREFIX",
                .description =
                        "Writes PREFIX.key, the private key, which nobody else can read, and PREFIX.pub, the public key. The private "
                        "key is encrypted if a passphrase is given. Keys are Ed25519 in PEM, as 'openssl genpkey' makes them.\n\n"
                        "Whoever is to trust what the key signs puts the public key into /etc/tallyman/keys or "
                        "~/.config/tallyman/keys, or names it with --trust.",
                .options = generate_options,
                .operand = { "PREFIX", "What the names of both files begin with.", NULL, 1, 1 },
                .examples = generate_examples,
                .run = cmd_key_generate,
        },
        {
                .name = "key show",
                .group = GROUP_INITIATION,
                .summary = "say what a key file holds",
                .synopsis = "[OPTION...] FILE",
                .description = "Says whether it is a private or a public key, whether it is encrypted, and its id: the SHA-256 of "
                               "the public key, which signatures name. No secret is shown.",
                .options = key_show_options,
                .operand = { "FILE", "A key file.", NULL, 1, 1 },
                .run = cmd_key_show,
        },
        {
                .name = "key sign",
                .group = GROUP_INITIATION,
                .summary = "put a file into a signed envelope",
                .synopsis = "--key FILE [OPTION...] FILE",
                .description = "Writes an envelope (DSSE, in JSON) that holds the file, its media type and the signatures over both.",
                .options = sign_options,
                .operand = { "FILE", "What to sign.", NULL, 1, 1 },
                .examples = sign_examples,
                .run = cmd_key_sign,
        },
        {
                .name = "key verify",
                .group = GROUP_INITIATION,
                .summary = "check a signed envelope and take the file out",
                .synopsis = "[OPTION...] ENVELOPE",
                .description =
                        "Verifies an envelope (DSSE), such as 'key sign' and 'rules bundle' write, and says which of the trusted keys "
                        "signed it. If none did, the exit status is 2 and nothing is written.",
                .options = verify_options,
                .operand = { "ENVELOPE", "The envelope.", NULL, 1, 1 },
                .examples = verify_examples,
                .run = cmd_key_verify,
        },
        {
                .name = "replay",
                .group = GROUP_OPERATION,
                .summary = "hold recorded events against rules",
                .synopsis = "[OPTION...] FILE...",
                .description =
                        "Reads what was recorded of processes, and tells what rules say of it, as if it happened now. Needs no "
                        "privileges. With several rules that match one event all are told, unless --matching first is given.",
                .terms_title = "Outputs",
                .terms = output_terms,
                .options = replay_options,
                .operand = { "FILE", "A recording.", NULL, 1, UINT_MAX },
                .examples = replay_examples,
                .needs = NEEDS_WORKERS,
                .run = cmd_replay,
        },
        {
                .name = "events",
                .group = GROUP_OPERATION,
                .summary = "ask recordings what happened",
                .synopsis = "[OPTION...] FILE...",
                .description =
                        "Shows events of recordings, a line each. Which ones is asked in the language of rules, and what is shown of them "
                        "is written like a rule's output.",
                .options = events_options,
                .operand = { "FILE", "A recording.", NULL, 1, UINT_MAX },
                .examples = events_examples,
                .run = cmd_events,
        },
        {
                .name = "containers",
                .group = GROUP_OPERATION,
                .summary = "list the containers that run here",
                .synopsis = "[OPTION...]",
                .description =
                        "Lists the containers of Docker, containerd, CRI-O, podman, crun and runc alike, with the image that each "
                        "runs and its digest. It reads cgroups, the containers' bundles and the engines' own files, and asks "
                        "containerd's socket for images; no engine's program is called.\n\n"
                        "Below the table stands why something is missing: bare runtimes know of no image, and an image that was "
                        "never in a registry has no digest. If a container could not be read completely, the exit status is 3. "
                        "Who is not root sees what the engines' files allow.",
                .options = containers_options,
                .examples = containers_examples,
                .run = cmd_containers,
        },
        {
                .name = "cache prune",
                .group = GROUP_GENERAL,
                .summary = "remove results of earlier scans",
                .synopsis = "[OPTION...]",
                .description = "Removes remembered layers and indexes that are no longer wanted, and prints what was removed and "
                               "what was kept. At least one of the options is needed. A later scan reads again what it needs.",
                .options = prune_options,
                .examples = prune_examples,
                .run = cmd_cache_prune,
        },
        {
                .name = "db update",
                .group = GROUP_GENERAL,
                .summary = "fetch what is known of vulnerabilities",
                .synopsis = "[OPTION...]",
                .description =
                        "Makes or renews the database that scans are held against: records as OSV publishes them, CISA's list of known "
                        "exploited vulnerabilities, and EPSS scores. The first time an ecosystem is fetched whole, later only the records "
                        "that have changed. The new database takes the place of the old one in one step; scans never wait, and an "
                        "update that fails leaves the old one. A record that can not be read is skipped, named, and makes the exit "
                        "status 3.",
                .options = update_options,
                .examples = update_examples,
                .needs = NEEDS_WORKERS,
                .run = cmd_db_update,
        },
        {
                .name = "db status",
                .group = GROUP_GENERAL,
                .summary = "show the age of the database and what it holds",
                .synopsis = "[OPTION...]",
                .description = "Shows when the database was made, and for each ecosystem how many records there are, how new they are "
                               "and when they were fetched. Without a database the exit status is 2.",
                .options = db_format_options,
                .run = cmd_db_status,
        },
        {
                .name = "db show",
                .group = GROUP_GENERAL,
                .summary = "show what the database says of a vulnerability",
                .synopsis = "[OPTION...] ID",
                .description = "Shows every record that has this identifier or names it as an alias, as what it comes from, or as related.",
                .options = db_format_options,
                .operand = { "ID", "An identifier: CVE-2024-1234, GHSA-..., DSA-...", NULL, 1, 1 },
                .run = cmd_db_show,
        },
        {
                .name = "db export",
                .group = GROUP_GENERAL,
                .summary = "write the database to a file, for a machine without network",
                .synopsis = "FILE",
                .description = "Checks the database and writes it to one file, which db import reads elsewhere.",
                .operand = { "FILE", "The file to write.", NULL, 1, 1 },
                .run = cmd_db_export,
        },
        {
                .name = "db import",
                .group = GROUP_GENERAL,
                .summary = "take a database that another machine exported",
                .synopsis = "FILE",
                .description = "Checks all of the file, then puts it in the place of the database. It keeps the age that it has.",
                .operand = { "FILE", "What db export wrote.", NULL, 1, 1 },
                .run = cmd_db_import,
        },
        {
                .name = "db compare",
                .group = GROUP_GENERAL,
                .summary = "check statements of the form 'A < B' against an ecosystem's order of versions",
                .synopsis = "ECOSYSTEM",
                .description =
                        "Reads lines 'A < B', 'A = B' or 'A > B' on standard input and prints, as they came, those that do not hold; "
                        "then the exit status is 1. A version that the ecosystem's specification can not read stands below all that it "
                        "can. For authors of advisories.",
                .operand = { "ECOSYSTEM", "As OSV names it: Debian, Alpine, Red Hat, npm, PyPI, Maven ...", NULL, 1, 1 },
                .examples = compare_examples,
                .run = cmd_db_compare,
        },
        {
                .name = "version",
                .group = GROUP_GENERAL,
                .summary = "show the version and what confines workers here",
                .synopsis = "",
                .description = "Prints the version, and which of the kernel's means confine the processes that read images.",
                .run = cmd_version,
        },
        {
                .name = "help",
                .group = GROUP_GENERAL,
                .summary = "show help on a command",
                .synopsis = "[COMMAND]",
                .description = "Shows the overview, or the help of one command.",
                .operand = { "COMMAND", "A command, in one or two words.", NULL, 0, 2 },
                .run = cmd_help,
        },
        {
                .name = "completion",
                .group = GROUP_GENERAL,
                .summary = "print a shell's completion script",
                .synopsis = "SHELL",
                .description = "Prints a script that teaches a shell the commands and options. Packages install these scripts.",
                .operand = { "SHELL", "The shell.", shells, 1, 1 },
                .examples = completion_examples,
                .run = cmd_completion,
        },
        { NULL },
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
        for (const struct command *c = commands; c->name; c++)
                if (strcmp(c->name, name) == 0)
                        return c;
        return NULL;
}
