/* SPDX-License-Identifier: Apache-2.0 */
/* Private to oci/: which of several images is meant. No I/O. */
#ifndef TALLYMAN_OCI_SELECT_H
#define TALLYMAN_OCI_SELECT_H

#include "oci/document.h"

struct selection {
        const char *tag;         /* NULL: none was named; a tag, a full name or a digest */
        struct platform platform;
        bool platform_asked;     /* else it is only this machine's */
};

/* Picks a descriptor of an index. `by_tag`: tags are looked at (only in the outermost index); "docker.io/library/a:latest" is
 * found as "a" too, unless something is called just that. An index below is picked like an image: its platform is looked
 * at when it is read. -ENOENT no such tag or platform, -EINVAL several fit; the message lists those there are. */
int select_manifest(const struct document *index, const struct selection *wanted, bool by_tag,
                    const struct descriptor **ret, struct error *err) _must_check_;
/* The digest that the name of a file in a docker-archive promises: "blobs/sha256/HEX", of a configuration "HEX.json" too. */
bool select_digest_of_name(const char *name, struct digest *ret);
/* Picks an image of docker save's manifest.json; a tag may be the digest of its configuration. */
int select_docker(const struct document *document, const char *tag, const struct docker_image **ret, struct error *err)
        _must_check_;

#endif
