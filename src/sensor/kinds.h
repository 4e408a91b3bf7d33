/* SPDX-License-Identifier: Apache-2.0 */
/* Private to the room: what each kind is on this machine. */
#ifndef TALLYMAN_SENSOR_KINDS_H
#define TALLYMAN_SENSOR_KINDS_H

#include "sensor/sensor.h"

/* Number of the system call, -1: it is none, or this machine has no such call. */
int sensor_call_number(enum sensor_kind kind);
/* How the call's tracepoint ends: "sys_exit_" and this. */
const char *sensor_call_tracepoint(enum sensor_kind kind);

#endif
