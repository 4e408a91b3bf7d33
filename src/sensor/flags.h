/* SPDX-License-Identifier: Apache-2.0 */
/* Private to the room: numbers by the names that the rule language has for them. */
#ifndef TALLYMAN_SENSOR_FLAGS_H
#define TALLYMAN_SENSOR_FLAGS_H

#include <stdint.h>

#include "model/value.h"

struct flag_name {
        uint64_t value;
        const char *name;
};

enum flag_table {
        FLAGS_OPEN,
        FLAGS_CHMOD,
        FLAGS_UNLINKAT,
        FLAGS_LINKAT,
        FLAGS_CHOWNAT,
        FLAGS_RENAME,
        FLAGS_CLONE,
        FLAGS_MOUNT,
        FLAGS_UMOUNT,
        FLAGS_PROTECTION,
        FLAGS_MAP,
        FLAGS_MEMFD,
        FLAGS_ACCEPT,
        FLAGS_FINIT_MODULE,
        FLAGS_DUP,
        ENUM_PTRACE,
        ENUM_DOMAIN,
        ENUM_BPF,
        ENUM_SIGNAL,
        ENUM_KEYCTL,
        ENUM_FSCONFIG,
        FLAG_TABLES,
};

/* Of a set of flags the names with "|" between them, what has no name in hexadecimal; of an enumeration the one name, else
 * the number. Nothing for no flags. */
void flags_add(struct value_text *text, enum flag_table table, uint64_t value);
/* Of open(): the access first, as the rule language has it. */
void flags_add_open(struct value_text *text, uint64_t flags);

#endif
