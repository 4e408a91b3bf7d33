/* SPDX-License-Identifier: Apache-2.0 */
/* Rule files from the disk: single ones, folders of them, and signed bundles, whose signatures are verified first. */
#ifndef TALLYMAN_CMD_RULE_FILES_H
#define TALLYMAN_CMD_RULE_FILES_H

#include "cmd/command.h"
#include "rules/rules.h"
#include "trust/trust.h"

#define RULE_BUNDLE_SUFFIX ".bundle" /* a file of such a name is used only if it is signed */

/* {0} is a valid empty one; `args` is set by the caller. */
struct rule_pile {
        const struct arguments *args; /* its --trust; NULL: bundles are refused */
        struct arena *arena;          /* holds names and texts */
        struct rule_file *files;
        size_t n, cap;
        struct trust_keys keys; /* read when the first bundle asks for them */
        bool has_keys;
};

/* A text that lasts as long as the pile. */
int rule_pile_add(struct rule_pile *pile, const char *name, struct str text, struct error *err) _must_check_;
/* A file; a bundle, whose files are named "bundle:file"; or all rule files and bundles of a folder, in the order of their
 * names. -EBADMSG, -ENOKEY, -EMEDIUMTYPE: it must not be used, since it is not signed as it should be. Who names keys with
 * --trust gets nothing that is not signed. */
int rule_pile_add_path(struct rule_pile *pile, const char *path, struct error *err) _must_check_;
void rule_pile_done(struct rule_pile *pile); /* also the _cleanup_ form */

#endif
