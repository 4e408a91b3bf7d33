/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>

#include "oci/source.h"
#include "pipeline/verdicts.h"

const char *check_state_name(enum check_state state)
{
        static const char *const names[] = {
                [CHECK_DONE] = "done", [CHECK_NO_DATA] = "no-data", [CHECK_STALE] = "stale",
                [CHECK_UNSUPPORTED] = "unsupported", [CHECK_NOT_ASKED] = "not-asked",
        };

        return names[state];
}

static void add_check(struct scan_result *result, const char *kind, enum check_state state, const char *why)
{
        if (result->n_checks < SCAN_CHECKS_MAX)
                result->checks[result->n_checks++] = (struct scan_check){ kind, state, why };
}

/* A worker went wrong before it was known what there is to be checked. */
static bool is_unknown(const struct scan_result *result, size_t n_layers)
{
        return n_layers == 0 && !digest_is_set(&result->image->image_id);
}

static const char unknown_why[] = "the image's layers are not known";

static int count_why(struct scan_result *result, size_t n, size_t of, const char *what, const char **ret, struct error *err)
{
        char text[128];
        int length = snprintf(text, sizeof(text), "%zu of %zu layers %s", n, of, what);

        *ret = arena_string(result->arena, text, (size_t)length);
        return *ret ? 0 : error_oom(err);
}

static int check_integrity(struct scan_result *result, const struct scan_layer *layers, size_t n, struct error *err)
{
        size_t unverified = 0;
        const char *why;
        int r;

        if (source_is_tree(result->source)) {
                add_check(result, "integrity", CHECK_NO_DATA, "nothing says what a root directory should hold");
                return 0;
        }
        if (is_unknown(result, n)) {
                add_check(result, "integrity", CHECK_NO_DATA, unknown_why);
                return 0;
        }
        for (size_t i = 0; i < n; i++)
                unverified += !layers[i].verified;
        if (!unverified) {
                add_check(result, "integrity", CHECK_DONE, NULL);
                return 0;
        }
        r = count_why(result, unverified, n, "could not be verified", &why, err);
        if (r == 0)
                add_check(result, "integrity", CHECK_NO_DATA, why);
        return r;
}

static int check_packages(struct scan_result *result, const struct scan_layer *layers, size_t n, struct error *err)
{
        size_t unread = 0;
        const char *why;
        int r;

        for (size_t i = 0; i < n; i++)
                unread += !layers[i].file;
        if (unread) {
                r = count_why(result, unread, n, "could not be read: there may be more", &why, err);
                if (r < 0)
                        return r;
                add_check(result, "packages", CHECK_NO_DATA, why);
        } else if (result->n_packages) {
                add_check(result, "packages", CHECK_DONE, NULL);
        } else {
                add_check(result, "packages", CHECK_NO_DATA, is_unknown(result, n) ? unknown_why :
                          "no package database of dpkg, apk or rpm names a package");
        }
        return 0;
}

static void check_configuration(struct scan_result *result)
{
        if (result->image->settings.known)
                add_check(result, "configuration", CHECK_DONE, NULL);
        else
                add_check(result, "configuration", CHECK_NO_DATA, digest_is_set(&result->image->image_id) ?
                          "the configuration could not be read" : "a root directory has none");
}

static void check_the_rest(struct scan_result *result)
{
        static const char *const later[] = { "secrets", "malware", "signatures" };

        add_check(result, "vulnerabilities", result->vulnerability_check, result->vulnerability_why);
        for (size_t i = 0; i < ELEMENTS_OF(later); i++)
                add_check(result, later[i], CHECK_UNSUPPORTED, "this version can not check it yet");
}

/* A mismatch or an attack is more than a gap in what we know: it says something about the image. */
static int find(struct scan_result *result, const struct problem *problem, struct error *err)
{
        _cleanup_(buf_free) struct buf message = { 0 };
        char digest[DIGEST_TEXT_MAX];
        struct finding finding = {
                .source = "image", .verdict = VERDICT_FAIL, .severity = SEVERITY_HIGH, .subject_kind = "image",
                .subject_name = result->image->reference, .path = NULL, .layer = problem->where,
        };

        buf_printf(&message, "%s: %s", problem->where, problem->what);
        if (!buf_ok(&message))
                return error_oom(err);
        finding.message = message.data;
        if (digest_is_set(&result->image->image_id))
                finding.subject_digest = digest_text(&result->image->image_id, digest);
        if (problem->kind == PROBLEM_MISMATCH) {
                finding.rule = "image-integrity";
                finding.title = "The image is not what its digests promise";
                finding.remediation = "Fetch or build the image again. If the mismatch stays, somebody changed it: do not run it.";
        } else {
                finding.rule = "image-attacks-scanner";
                finding.title = "Reading the image made a parser misbehave";
                finding.remediation = "Treat the image as hostile: do not run it, keep it as evidence, and report it.";
        }
        return finding_add(&result->findings, &finding, err);
}

int scan_judge(struct scan_result *result, const struct scan_layer *layers, size_t n_layers, struct error *err)
{
        int r = check_integrity(result, layers, n_layers, err);

        if (r < 0)
                return r;
        add_check(result, "distribution", result->has_distribution ? CHECK_DONE : CHECK_NO_DATA,
                  result->has_distribution ? NULL : is_unknown(result, n_layers) ? unknown_why : "no os-release is in it");
        r = check_packages(result, layers, n_layers, err);
        if (r < 0)
                return r;
        check_configuration(result);
        check_the_rest(result);
        for (size_t i = 0; i < result->problems.n; i++) {
                const struct problem *problem = &result->problems.items[i];

                if (problem->kind == PROBLEM_MISMATCH || problem->kind == PROBLEM_ATTACK) {
                        r = find(result, problem, err);
                        if (r < 0)
                                return r;
                }
        }
        finding_list_sort(&result->findings);
        result->complete = problem_list_complete(&result->problems);
        return 0;
}
