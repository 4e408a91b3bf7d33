/* SPDX-License-Identifier: Apache-2.0 */
/* Renderers under test, and what no image should be called. */
#ifndef TALLYMAN_TESTS_RENDERING_H
#define TALLYMAN_TESTS_RENDERING_H

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "report/report.h"

#define EVIL "evil\033[2J\xff\nname"

typedef int (*render_fn)(const struct scan_result *, const struct report_options *, struct output *, struct error *);

/* What the renderer writes, read back from a file. */
static inline void render(render_fn renderer, const struct scan_result *result, const struct report_options *options,
                          struct buf *text)
{
        _cleanup_(output_freep) struct output *out = NULL;
        char path[] = "/tmp/test_report.XXXXXX";
        struct error err = ERROR_INIT;
        int fd = mkstemp(path);

        assert_true(fd >= 0);
        assert_int_equal(output_open(path, &out, &err), 0);
        assert_int_equal(renderer(result, options, out, &err), 0);
        assert_int_equal(output_finish(out, &err), 0);
        close(fd);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        assert_int_equal(file_slurp(fd, 1 << 20, text, &err), 0);
        close(fd);
        unlink(path);
}

#endif
