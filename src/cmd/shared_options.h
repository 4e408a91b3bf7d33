/* SPDX-License-Identifier: Apache-2.0 */
/* Options, values and terms that mean the same in several commands. */
#ifndef TALLYMAN_CMD_SHARED_OPTIONS_H
#define TALLYMAN_CMD_SHARED_OPTIONS_H

#include "cmd/command.h"

#define TRUST_OPTION(otherwise) { "trust", 0, "FILE", "Accept only what this public key signed. May be repeated. " otherwise, NULL, true }
#define TRUST_RULES_OPTION                                                                                                 \
        TRUST_OPTION("Without it rule files need no signature, and bundles one by a key in /etc/tallyman/keys or "          \
                     "~/.config/tallyman/keys.")
#define KEY_OPTION { "key", 'k', "FILE", "Sign with this private key. May be repeated: then each signs.", NULL, true }
#define PASSPHRASE_OPTION                                                                                                  \
        { "passphrase-file", 0, "FILE", "The first line of this file is the private key's passphrase. The default is what "  \
                                        "TALLYMAN_KEY_PASSPHRASE holds in the environment." }

extern const struct help_item scan_terms[];
extern const char *const table_or_json[];
extern const struct option_spec rules_options[];
extern const char *const matchings[];
extern const struct help_item output_terms[];
extern const struct option_spec db_format_options[];

#endif
