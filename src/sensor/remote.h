/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sensor and who judges its events in two processes (design.md, "Process model"). The keeper stays privileged: it listens to the
 * kernel, opens what the engine may read of the machine, and parses nothing. The engine, which reads rules, engines' files and
 * events' texts, is its child and gives up its rights. If the engine dies, the keeper starts another one, hands it the processes
 * that run and every event that was not acknowledged; until then events wait here, and then in the kernel's buffer, and only what
 * finds no room there is lost, and counted.
 */
#ifndef TALLYMAN_SENSOR_REMOTE_H
#define TALLYMAN_SENSOR_REMOTE_H

#include "sensor/sensor.h"

/* ---- the engine's side ---- */

struct sensor_remote;

/* Attaches in the keeper, as sensor_open() does here, and with its errors. Freeing it ends nothing: the engine ends by returning. */
int sensor_remote_open(struct sensor_remote *remote, const struct sensor_options *options, struct sensor_source **ret,
                       struct error *err) _must_check_;
/* Everything that polls have handed out so far need not come again. */
void sensor_remote_acknowledge(struct sensor_remote *remote);
/* This is not the first engine: another one died. */
bool sensor_remote_is_successor(const struct sensor_remote *remote);

/* What the keeper opens for the engine: files and folders of container engines, /proc, control groups; the sockets of containerd. As
 * the functions of `struct container_access` (engine/engine.h); `ctx` is the remote. -EACCES: the keeper does not open that. */
int sensor_remote_open_file(void *ctx, const char *base, const char *path, int flags, struct error *err) _must_check_;
int sensor_remote_connect(void *ctx, const char *path, struct error *err) _must_check_;

/* ---- the keeper's side ---- */

#define KEEPER_WAITING_MAX (64u << 20) /* bytes of events that wait for an engine */
#define KEEPER_DEATHS_MAX 5            /* of engines, within … */
#define KEEPER_DEATHS_SECONDS 60       /* … so many seconds: then the keeper gives up */

/* Runs `engine` in a child until it returns, and gives what it returned, which is an exit status (0 to 127). Returns when the engine
 * has ended by itself or by an interrupt. -EPIPE: engines die again and again. Call it without threads. */
int keeper_run(int (*engine)(void *ctx, struct sensor_remote *remote), void *ctx, struct error *err) _must_check_;

#endif
