/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the commands that hold events against rules: which rules, and where alerts go. */
#ifndef TALLYMAN_CMD_WATCHING_H
#define TALLYMAN_CMD_WATCHING_H

#include "cmd/command.h"
#include "pipeline/detect.h"
#include "report/deliver.h"

struct watching {
        const struct arguments *args;
        struct rule_set *rules;
        struct deliver *deliver;
        struct detect *detect;
        char *hostname;
        bool incomplete;
        int code; /* of an alert that could not be made */
        struct error why;
};

/* `incomplete` is set where something was left out: rules, alerts, the end of a recording. Options --rules, --no-stock, --matching: loads the rules, and says on stderr what is wrong with them. */
int watching_open(struct watching *w, const struct arguments *args, struct error *err) _must_check_;
/* Options --output, --all: makes ready for events of this host. A second call goes on with the same. */
int watching_start(struct watching *w, const char *hostname, struct error *err) _must_check_;
/* Reads the rules anew and opens files anew. On success the new rules are in use, and `ret_old` has what nobody may use any more
 * once it is freed with watching_done(). Else the old ones stay. */
int watching_reload(struct watching *w, struct watching *ret_old, struct error *err) _must_check_;
/* Warns of alerts that could not be delivered; -EIO where that was standard output. */
int watching_tell_losses(struct watching *w, struct error *err) _must_check_;
void watching_done(struct watching *w); /* also the _cleanup_ form */

#endif
