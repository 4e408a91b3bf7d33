/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 (RFC 4648). Not for secrets: how long it takes depends on what it reads. */
#ifndef TALLYMAN_BASE_BASE64_H
#define TALLYMAN_BASE_BASE64_H

#include "base/error.h"
#include "base/str.h"

/* Appends in the standard alphabet (section 4), padded, in one line. */
void base64_encode(const void *data, size_t n, struct buf *out);

/* Appends what `text` stands for. There is one text for given bytes in each alphabet, and nothing else is taken: standard
 * (section 4) or URL-safe (section 5), never both in one text; padded to groups of four; no spaces, no line ends; unused
 * bits zero. -EBADMSG (with the offset in the message) or -ENOMEM; `out` may have grown then. */
int base64_decode(struct str text, struct buf *out, struct error *err) _must_check_;

#endif
