/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From layer files to what people and programs read: the layers are joined into an inventory, and that is rendered.
 * With the layers of fuzz_layer_file.c: whatever a hijacked worker wrote into them, what passes layer_check() can be
 * joined, the JSON report is JSON (SARIF as well), the table is text that moves no cursor, JUnit's XML holds no character
 * that XML forbids, Markdown is short enough for a comment, and a package URL is one.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/json.h"
#include "fuzz.h"
#include "pipeline/inventory_join.h"
#include "pipeline/layer_check.h"
#include "pipeline/verdicts.h"
#include "report/report.h"

#define WIDTH 80
#define COMMENT_MAX 65536 /* of GitHub */
#define TEXT_MAX (256u << 20)
#define LAYERS_MAX 8 /* as fuzz_layer_file.c gives */

typedef int (*render_fn)(const struct scan_result *, const struct report_options *, struct output *, struct error *);

/* What the renderer writes, in `text`. It can write to standard output, which for the time is a file in memory. */
static bool render(render_fn renderer, const struct scan_result *result, const struct report_options *options,
                   struct buf *text)
{
        _cleanup_(output_freep) struct output *out = NULL;
        _cleanup_close_ int file = fuzz_file("", 0), terminal = dup(STDOUT_FILENO);
        struct error err = ERROR_INIT;
        int r;

        if (terminal < 0 || dup2(file, STDOUT_FILENO) < 0)
                fuzz_broken("standard output is kept", __FILE__, __LINE__, NULL);
        r = output_stdout(&out, &err);
        if (r == 0)
                r = renderer(result, options, out, &err);
        if (r == 0)
                r = output_finish(out, &err);
        dup2(terminal, STDOUT_FILENO);
        HOLDS_OR(r == 0, err);
        if (r < 0 || lseek(file, 0, SEEK_SET) < 0)
                return false;
        r = file_slurp(file, TEXT_MAX, text, &err);
        HOLDS_OR(r == 0, err);
        return r == 0;
}

static void check_json(const struct scan_result *result)
{
        const struct report_options options = { .files = true };
        _cleanup_(buf_free) struct buf text = { 0 };
        _cleanup_json_ json_t *root = NULL;
        struct error err = ERROR_INIT;
        json_error_t why = { 0 };
        json_t *packages = NULL, *files = NULL;

        if (!render(report_scan_json, result, &options, &text))
                return;
        root = json_loadb(text.data, text.len, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &why);
        error_say(&err, -EBADMSG, "%s", why.text);
        HOLDS_OR(root, err);
        HOLDS_OR(json_get_array(root, "packages", true, &packages, &err) == 0, err);
        HOLDS_OR(json_get_array(root, "files", true, &files, &err) == 0, err);
        HOLDS(json_array_size(packages) == result->n_packages);
        HOLDS(json_array_size(files) == image_index_count(result->index));
}

static void check_sarif(const struct scan_result *result)
{
        const struct report_options options = { .files = true };
        _cleanup_(buf_free) struct buf text = { 0 };
        _cleanup_json_ json_t *root = NULL;
        struct error err = ERROR_INIT;
        json_error_t why = { 0 };
        json_t *runs = NULL, *results = NULL;

        if (!render(report_scan_sarif, result, &options, &text))
                return;
        root = json_loadb(text.data, text.len, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &why);
        error_say(&err, -EBADMSG, "%s", why.text);
        HOLDS_OR(root, err);
        HOLDS_OR(json_get_array(root, "runs", true, &runs, &err) == 0, err);
        HOLDS_OR(json_get_array(json_array_get(runs, 0), "results", true, &results, &err) == 0, err);
        HOLDS(json_array_size(results) == result->findings.n);
}

static void check_bill(render_fn renderer, const struct scan_result *result)
{
        const struct report_options options = { 0 };
        _cleanup_(buf_free) struct buf text = { 0 };
        _cleanup_json_ json_t *root = NULL;
        struct error err = ERROR_INIT;
        json_error_t why = { 0 };

        if (!render(renderer, result, &options, &text))
                return;
        root = json_loadb(text.data, text.len, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &why);
        error_say(&err, -EBADMSG, "%s", why.text);
        HOLDS_OR(root, err);
}

/* Every "<" that there is begins an element of ours. */
static void check_junit(const struct scan_result *result)
{
        static const char *const ours[] = { "?xml ", "test", "/test", "failure ", "/failure>", "error ", "/error>", "skipped ",
                                            "system-out>", "/system-out>" };
        const struct report_options options = { .files = true };
        _cleanup_(buf_free) struct buf text = { 0 };

        if (!render(report_scan_junit, result, &options, &text))
                return;
        HOLDS(utf8_valid(buf_str(&text)));
        for (size_t i = 0; i < text.len; i++) {
                bool known = text.data[i] != '<';

                HOLDS(text.data[i] == '\n' || (unsigned char)text.data[i] >= 0x20);
                for (size_t k = 0; k < ELEMENTS_OF(ours) && !known; k++)
                        known = str_starts((struct str){ text.data + i + 1, text.len - i - 1 }, ours[k]);
                HOLDS(known);
        }
}

static void check_markdown(const struct scan_result *result)
{
        const struct report_options options = { .files = true };
        _cleanup_(buf_free) struct buf text = { 0 };

        if (!render(report_scan_markdown, result, &options, &text))
                return;
        HOLDS(utf8_valid(buf_str(&text)));
        HOLDS(text.len < COMMENT_MAX);
        for (size_t i = 0; i < text.len; i++)
                HOLDS(text.data[i] == '\n' || ((unsigned char)text.data[i] >= 0x20 && text.data[i] != 0x7f));
}

static void check_table(const struct scan_result *result, unsigned width)
{
        const struct report_options options = { .files = true, .width = width };
        _cleanup_(buf_free) struct buf text = { 0 };

        if (!render(report_scan_table, result, &options, &text))
                return;
        HOLDS(utf8_valid(buf_str(&text)));
        for (size_t i = 0; i < text.len; i++)
                HOLDS(text.data[i] == '\n' || ((unsigned char)text.data[i] >= 0x20 && text.data[i] != 0x7f));
}

static void check_result(const struct scan_result *result)
{
        for (size_t i = 0; i < result->n_packages; i++)
                fuzz_check_url_text(result->packages[i].purl);
        for (uint64_t i = 0; i < image_index_count(result->index); i++)
                HOLDS(result->owners[i] <= result->n_packages);
        check_json(result);
        check_bill(report_scan_cyclonedx, result);
        check_bill(report_scan_spdx, result);
        check_sarif(result);
        check_junit(result);
        check_markdown(result);
        check_table(result, WIDTH);
        check_table(result, 0);
}

/* ---- joining ---- */

static int count_record(void *ctx, const struct layer_record *record, struct error *err)
{
        *(size_t *)ctx += record->kind == RECORD_PACKAGE;
        return 0;
}

/* Layers that can not be used are left out, as the scan does. */
static void keep_usable(struct layer_file *const *layers, size_t n, const struct scan_limits *limits,
                        struct layer_file **ret)
{
        struct error err = ERROR_INIT;

        for (size_t i = 0; i < n; i++)
                ret[i] = layers[i] && layer_check(layers[i], limits, &err) == 0 ? layers[i] : NULL;
}

static int fill(struct scan_result *result, struct layer_file *const *layers, size_t n, struct error *err)
{
        int fd = fuzz_file("", 0), r;

        for (size_t i = 0; i < n; i++) {
                char name[32];

                snprintf(name, sizeof(name), "layer %zu", i);
                r = layers[i] ? layer_file_problems(layers[i], name, &result->problems, err) : 0;
                if (r < 0)
                        problem_add(&result->problems, PROBLEM_GAP, name, "%s", err->message);
        }
        r = image_index_write(layers, n, fd, &result->problems, err);
        if (r < 0) {
                close(fd);
                return r;
        }
        return image_index_open(fd, &result->index, err);
}

static void join(struct scan_result *result, struct layer_file *const *all, size_t n)
{
        static const struct scan_options options = { .owners = true, .limits = SCAN_LIMITS_DEFAULT };
        struct layer_file *layers[LAYERS_MAX] = { NULL };
        struct scan_layer judged[LAYERS_MAX];
        struct error err = ERROR_INIT;
        size_t most = 0;
        int r;

        keep_usable(all, n, &options.limits, layers);
        r = fill(result, layers, n, &err);
        for (size_t i = 0; i < n; i++)
                judged[i] = (struct scan_layer){ .file = layers[i], .verified = true };
        if (r == 0)
                r = inventory_join(result, layers, n, &options, &err);
        if (r == 0)
                r = scan_judge(result, judged, n, &err);
        HOLDS_OR(r == 0, err);
        if (r < 0)
                return;
        for (size_t i = 0; i < n; i++)
                if (layers[i])
                        HOLDS_OR(layer_file_records(layers[i], count_record, &most, &err) == 0, err);
        HOLDS(result->n_packages <= most);
        check_result(result);
        fuzz_accepted++;
}

void fuzz_join(struct layer_file *const *layers, size_t n)
{
        struct image *image = image_new();
        struct scan_result *result = calloc(1, sizeof(*result));

        if (image && result && (result->arena = arena_new()) &&
            (image->layers = arena_alloc(image->arena, (n + 1) * sizeof(*image->layers)))) {
                image->kind = "oci-dir";
                image->reference = "x:latest";
                image->n_layers = n;
                result->image = image;
                join(result, layers, n);
        }
        scan_result_free(result);
        image_free(image);
}
