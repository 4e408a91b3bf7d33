/* SPDX-License-Identifier: Apache-2.0 */
/* What engines' files and sockets may cost. */
#ifndef TALLYMAN_ENGINE_LIMITS_H
#define TALLYMAN_ENGINE_LIMITS_H

#define ENGINE_PATH_MAX 4096
#define ENGINE_DOCUMENT_MAX (1u << 20) /* bytes of one container's JSON */
#define ENGINE_LIST_MAX (16u << 20)    /* bytes of one JSON document that tells of all containers or images */
#define ENGINE_MOUNTINFO_MAX (4u << 20)
#define ENGINE_TEXT_MAX 4096 /* bytes of one name, label or path that is kept; longer ones are cut */
#define ENGINE_ID_MAX 256
#define ENGINE_LABELS_MAX 256 /* of one container */
#define ENGINE_MOUNTS_MAX 512
#define ENGINE_LAYERS_MAX 512                   /* the kernel's own limit of lower directories is 500 */
#define ENGINE_CONTAINER_BYTES_MAX (256u << 10) /* all text of one container */
#define ENGINE_FOLDER_MAX 16384                 /* entries read of one folder */
#define ENGINE_NAMESPACES_MAX 64                /* of containerd */
#define ENGINE_DEPTH_MAX 32                     /* of cgroups */
#define ENGINE_CGROUPS_MAX 262144               /* seen in one scan */
#define ENGINE_NESTED_MAX 256                   /* remembered below one container */
#define ENGINE_MESSAGE_MAX (1u << 20)           /* bytes of one answer of containerd's API */

#endif
