/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of the table of fields (syscall_fields.c): container.*, sorted by name. */
F("container.cni.json", STRING, container, CONTAINER_cni, CONTAINERS,
  "What the network plugins made for the container, as JSON.")
F("container.duration", TIME, container, WHAT_CONTAINER_DURATION, CONTAINERS,
  "Nanoseconds since the container started.")
F("container.full_id", STRING, container, CONTAINER_full_id, CONTAINERS, "Whole id of the container.")
F("container.healthcheck", STRING, given, 0, RECORD, "Deprecated: the health check.")
F("container.host_ipc", BOOL, container, CONTAINER_host_ipc, CONTAINERS,
  "Whether it shares the host's shared memory and semaphores.")
F("container.host_network", BOOL, container, CONTAINER_host_network, CONTAINERS,
  "Whether it shares the host's network.")
F("container.host_pid", BOOL, container, CONTAINER_host_pid, CONTAINERS, "Whether it shares the host's processes.")
F("container.id", STRING, container, WHAT_ID, CONTAINERS,
  "First 12 characters of the container's id, \"host\" outside of containers.")
F("container.image", STRING, container, CONTAINER_image, CONTAINERS, "Image as the container names it.")
F("container.image.digest", STRING, container, CONTAINER_image_digest, CONTAINERS,
  "Digest of the image in its registry.")
F("container.image.id", STRING, container, CONTAINER_image_id, CONTAINERS, "Digest of the image's configuration.")
F("container.image.repository", STRING, container, CONTAINER_image_repository, CONTAINERS, "Repository of the image.")
F("container.image.tag", STRING, container, CONTAINER_image_tag, CONTAINERS, "Tag of the image.")
F("container.ip", STRING, container, CONTAINER_ip, CONTAINERS, "First address of the container.")
F("container.label", STRING, container, WHAT_LABEL, CONTAINERS, "A label by its name.", NEEDS_KEY, BY_SUFFIX)
F("container.labels", STRING, container, WHAT_LABELS, CONTAINERS,
  "All labels as name:value with commas between them.")
F("container.liveness_probe", STRING, given, 0, RECORD, "Deprecated: the liveness probe.")
F("container.mount", STRING, container, WHAT_MOUNT, CONTAINERS,
  "One mount by its number or a pattern for its source.", NEEDS_KEY)
F("container.mount.dest", STRING, container, WHAT_MOUNT_DESTINATION, CONTAINERS,
  "Destination of a mount by its number or a pattern for its source.", NEEDS_KEY)
F("container.mount.mode", STRING, container, WHAT_MOUNT_MODE, CONTAINERS,
  "Mode of a mount by its number or a pattern for its source.", NEEDS_KEY)
F("container.mount.propagation", STRING, container, WHAT_MOUNT_PROPAGATION, CONTAINERS,
  "Propagation of a mount by its number or a pattern for its source.", NEEDS_KEY)
F("container.mount.rdwr", STRING, container, WHAT_MOUNT_WRITABLE, CONTAINERS,
  "Whether a mount can be written to, by its number or a pattern for its source.", NEEDS_KEY)
F("container.mount.source", STRING, container, WHAT_MOUNT_SOURCE, CONTAINERS,
  "Source of a mount by its number or a pattern for its destination.", NEEDS_KEY)
F("container.mounts", STRING, container, WHAT_MOUNTS, CONTAINERS,
  "All mounts as source:destination:mode:writable:propagation with commas between them.")
F("container.name", STRING, container, WHAT_CONTAINER_NAME, CONTAINERS,
  "Name of the container, \"host\" outside of containers.")
F("container.privileged", BOOL, container, CONTAINER_privileged, CONTAINERS, "Whether it runs privileged.")
F("container.readiness_probe", STRING, given, 0, RECORD, "Deprecated: the readiness probe.")
F("container.start_ts", TIME, container, WHAT_CONTAINER_START, CONTAINERS,
  "When the container started, in nanoseconds since the epoch.")
F("container.type", STRING, container, CONTAINER_type, CONTAINERS,
  "Who runs it: docker, podman, containerd, cri-o and so on.")
