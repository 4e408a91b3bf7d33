/* SPDX-License-Identifier: Apache-2.0 */
/* Where data comes from: a server in the layout of the public OSV bucket, or a directory in the same layout. */
#ifndef TALLYMAN_VULN_PUBLISHER_H
#define TALLYMAN_VULN_PUBLISHER_H

#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"

#define PUBLISHER_DEFAULT "https://storage.googleapis.com/osv-vulnerabilities"
#define PUBLISHER_KEV "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json"
#define PUBLISHER_EPSS "https://epss.empiricalsecurity.com/epss_scores-current.csv.gz"
#define PUBLISHER_FILE_MAX (16ull << 30) /* bytes of one file */

struct publisher;

/* `from`: a URL or a directory. `downloads`: an open folder in which half a file waits for the rest; borrowed. */
int publisher_open(const char *from, int downloads, struct publisher **ret, struct error *err) _must_check_;
struct publisher *publisher_free(struct publisher *publisher);
DEFINE_FREEP(struct publisher, publisher_free)
const char *publisher_name(const struct publisher *publisher);
bool publisher_is_url(const char *from);

/* Small things, whole. -ENOENT: it has none of this name. */
int publisher_get(struct publisher *publisher, const char *path, size_t max, struct buf *out, struct error *err) _must_check_;
/* Large ones: an open file, the caller's. What was downloaded before is not downloaded again. */
int publisher_file(struct publisher *publisher, const char *path, int *ret, struct error *err) _must_check_;
/* Removes what was downloaded: it has been read. */
void publisher_clean(int downloads);

#endif
