/* SPDX-License-Identifier: Apache-2.0 */
/* Running a worker's job under narrow limits, with one file at hand. */
#ifndef TALLYMAN_TESTS_RUNNING_H
#define TALLYMAN_TESTS_RUNNING_H

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/worker.h"

#define MIB (1ull << 20)
#define JOB(function) { #function, function }

static inline struct worker *spawn(const char *job, struct str argument, int fd)
{
        static const struct worker_limits limits = { .memory = 64 * MIB, .file = MIB, .cpu = 1 };
        struct worker *w = NULL;
        struct error err = ERROR_INIT;

        if (worker_spawn(job, argument, &fd, fd >= 0, &limits, &w, &err) < 0)
                fail_msg("%s", err.message);
        return w;
}

static inline int run(const char *job, struct worker_end *ret, struct error *err)
{
        _cleanup_close_ int fd = file_unnamed(NULL, err);
        _cleanup_(worker_freep) struct worker *w = spawn(job, STR_NULL, fd);

        return worker_wait(w, ret, err);
}

static inline void assert_well(const char *job)
{
        struct worker_end end;
        struct error err = ERROR_INIT;

        if (run(job, &end, &err) < 0)
                fail_msg("%s: %s", job, err.message);
        assert_string_equal(end.refused, "");
}

static inline void assert_bad(const char *job, int code, const char *says)
{
        struct worker_end end;
        struct error err = ERROR_INIT;

        assert_int_equal(run(job, &end, &err), code);
        assert_int_equal(end.code, code);
        if (!strstr(err.message, says))
                fail_msg("%s: '%s' does not say '%s'", job, err.message, says);
}

#endif
