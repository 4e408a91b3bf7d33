/* SPDX-License-Identifier: Apache-2.0 */
/* Private to pipeline/: the directories that a container's root file system is made of, as a source of layers. */
#ifndef TALLYMAN_PIPELINE_CONTAINER_LAYERS_H
#define TALLYMAN_PIPELINE_CONTAINER_LAYERS_H

#include "engine/engine.h"
#include "oci/source.h"

#define CONTAINER_TARGET "container:"

/* What the image has: the lower directories, the lowest first; `with_upper`: and what the container changed. The texts are in
 * `arena`. -ENOENT: its root file system is not an overlay. */
int container_layers(const struct container *container, bool with_upper, struct arena *arena, struct source_directories *ret,
                     struct error *err) _must_check_;
/* A path below the place where the container's engine keeps what it mounts, made absolute: engines name layers relative to that
 * where there are many. NULL: no memory. */
char *container_layer_path(const struct container *container, struct str path, struct arena *arena);

/* Opens the one running container that has this name, or whose id begins so: its root file system as it is now, without what is
 * mounted in it. -ENOENT: there is none; -EINVAL: there are several, which are named. */
int container_open(const char *name, struct source **ret, struct error *err) _must_check_;

#endif
