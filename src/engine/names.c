/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/engine.h"

const char *container_engine_name(enum container_engine engine)
{
        static const char *const names[] = {
                [ENGINE_UNKNOWN] = "unknown", [ENGINE_DOCKER] = "docker", [ENGINE_CONTAINERD] = "containerd",
                [ENGINE_CRIO] = "cri-o",      [ENGINE_PODMAN] = "podman", [ENGINE_CRUN] = "crun",
                [ENGINE_RUNC] = "runc",
        };

        return engine < ENGINE_MAX ? names[engine] : names[ENGINE_UNKNOWN];
}
