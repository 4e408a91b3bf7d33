/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML from others: parsed in a worker that can reach nothing, one text after the other. Its process is started when there
 * is something to parse; yaml_job must be among the jobs given to worker_init(). A worker that one text has taken over can
 * answer what it likes for the texts after it: those who must not trust each other take workers of their own.
 */
#ifndef TALLYMAN_BASE_YAML_WORKER_H
#define TALLYMAN_BASE_YAML_WORKER_H

#include "base/worker_text.h"
#include "base/yaml.h"

/* {0} is one that has not started; not to be used by two threads at once. */
struct yaml_worker {
        struct text_worker *texts;
        size_t bytes; /* that it has parsed */
};
void yaml_worker_done(struct yaml_worker *worker); /* also the _cleanup_ form; leaves {0} */

/* The contract of yaml_parse(). Of the text: -EBADMSG, -E2BIG (also where it takes more time or memory than a worker has),
 * and -EPROTO: it made its parser misbehave (die, ask for a system call that it was refused, answer nonsense). Then the
 * next text is parsed by a new process. Others: nothing can be parsed here at all, or -ECANCELED. */
int yaml_parse_confined(struct yaml_worker *worker, struct str text, const struct yaml_limits *limits, struct arena *arena,
                        struct yaml_node ***ret, size_t *ret_n, struct yaml_mark *ret_where, struct error *err) _must_check_;
/* The same for those who take a way to parse; `worker` lasts as long. */
struct yaml_parser yaml_worker_parser(struct yaml_worker *worker);

extern const struct worker_job yaml_job;

#endif
