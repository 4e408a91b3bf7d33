/* SPDX-License-Identifier: Apache-2.0 */
/* The table of fields of source "syscall". Names, types and meaning are those of the published Falco rule language. */
#include "model/syscall_private.h"

#define SENSOR "the sensor"
#define PROCESSES "the process table"
#define FILES "the sensor, with the process table's descriptors"
#define CONTAINERS "the container table"
#define NAMES "the user database of the host or the container"
#define DNS "DNS answers that were seen"
#define IMAGES "a scan of the container's image"
#define RECORD "recorded events only"

#define MAY_HAVE_INDEX .argument = ARGUMENT_INDEX
#define MAY_HAVE_KEY .argument = ARGUMENT_KEY
#define NEEDS_KEY .argument = ARGUMENT_KEY, .argument_required = true
#define BY_SUFFIX .by_suffix = true
#define OF_ANCESTORS .argument = ARGUMENT_INDEX, .several = SEVERAL_ANY
#define OF_EITHER .several = SEVERAL_EITHER

#define F(name_, type_, getter_, id_, origin_, doc_, ...)                                                            \
        { .name = name_, .type = VALUE_##type_, .get = syscall_get_##getter_, .id = id_, .origin = origin_,           \
          .doc = doc_, ##__VA_ARGS__ },

static const struct field fields[] = {
#include "model/syscall_fields_container.h"
#include "model/syscall_fields_event.h"
#include "model/syscall_fields_fd.h"
#include "model/syscall_fields_process.h"
};

const struct fact_source syscall_source = {
        .name = "syscall",
        .doc = "What processes ask of the kernel, one event a call.",
        .logic = LOGIC_NULL_IS_FALSE,
        .fields = fields,
        .n_fields = ELEMENTS_OF(fields),
        .events = syscall_kinds,
        .n_events = SYSCALL_KINDS,
        .event_field = "evt.type",
};
