/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The door to libcurl: fetching over http and https. Certificates are verified, at most HTTP_REDIRECTS_MAX redirects are
 * followed and none from https to http, what fails on the way is tried again a few times, a server that sends nothing for
 * a minute has failed, and Ctrl-C ends it with -ECANCELED. Proxies are taken from the environment as curl does.
 */
#ifndef TALLYMAN_BASE_HTTP_H
#define TALLYMAN_BASE_HTTP_H

#include <stdint.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"

#define HTTP_REDIRECTS_MAX 5
#define HTTP_TAG_MAX 256

struct http; /* keeps connections; not to be used by two threads at once */

int http_new(struct http **ret, struct error *err) _must_check_;
struct http *http_free(struct http *http);
DEFINE_FREEP(struct http, http_free)

/* Appends the body to `out`; more than `max` bytes is -E2BIG. -ENOENT: the server has it not (404, 410, and 403 as object
 * stores say it of what is not there). */
int http_get(struct http *http, const char *url, size_t max, struct buf *out, struct error *err) _must_check_;

/* Puts the body into the file `fd`, which may already hold its beginning: then only the rest is asked for, if `tag` (the
 * ETag it came with; HTTP_TAG_MAX bytes, empty: none) is still the server's, else all. On return, also of an error, `tag` is
 * that of what the file holds. */
int http_download(struct http *http, const char *url, uint64_t max, int fd, char *tag, struct error *err) _must_check_;

/* `text` with what can not stand in a path of a URL encoded; a slash stays. */
void http_add_path(struct buf *url, struct str text);

#endif
