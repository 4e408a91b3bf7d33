/* SPDX-License-Identifier: Apache-2.0 */
/* The programs for the kernel, as a BPF object (ELF) that is part of this program. */
#ifndef TALLYMAN_SENSOR_OBJECT_H
#define TALLYMAN_SENSOR_OBJECT_H

#include <stddef.h>

extern const unsigned char sensor_object[], sensor_object_old[];
extern const size_t sensor_object_size, sensor_object_old_size;

#endif
