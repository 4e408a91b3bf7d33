/* SPDX-License-Identifier: Apache-2.0 */
/*
 * XML 1.0, as far as programs are configured with it: elements and text, told in one pass in constant memory. Attributes,
 * comments and processing instructions are passed over. Entities are the five predefined ones and numbers; a document
 * type that defines others is refused. UTF-8 only.
 */
#ifndef TALLYMAN_BASE_XML_H
#define TALLYMAN_BASE_XML_H

#include "base/compress.h"
#include "base/str.h"

#define XML_DEPTH_MAX 128
#define XML_NAME_MAX 256           /* bytes of an element's name, with its prefix */
#define XML_TEXT_MAX (64u << 10)   /* bytes of text directly in one element that are kept; the rest is passed over */

struct xml_handler {
        /* Names are without their prefix. `text` is what stood directly in the element since its beginning or since an
         * element in it ended, without blanks at both ends. Non-zero ends the reading and is returned. */
        int (*begin)(void *ctx, struct str name, struct error *err);
        int (*end)(void *ctx, struct str name, struct str text, struct error *err);
        void *ctx;
};

/* -EBADMSG: "line N: …": elements that are not nested, or no element at all. */
int xml_read(struct byte_source source, const struct xml_handler *handler, struct error *err) _must_check_;

#endif
