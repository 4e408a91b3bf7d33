/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signed envelopes in memory: DSSE v1 (github.com/secure-systems-lab/dsse, protocol.md and envelope.md), signed with
 * Ed25519. A signature is over the payload's type and its bytes together; the key ids beside them are only hints.
 * Nothing here says whom to trust: trust/trust.h does.
 */
#ifndef TALLYMAN_TRUST_DSSE_H
#define TALLYMAN_TRUST_DSSE_H

#include "base/mem.h"
#include "base/sign.h"
#include "base/str.h"

#define DSSE_ENVELOPE_MAX (32u << 20) /* bytes of a whole envelope */
#define DSSE_PAYLOAD_MAX (23u << 20)  /* so that its envelope is never too large */
#define DSSE_SIGNATURES_MAX 16
#define DSSE_TYPE_MAX 255
#define DSSE_KEY_ID_MAX 255
#define DSSE_VALUES_MAX 1024 /* JSON values of an envelope; members that we do not know included */

struct dsse_signature {
        struct str key_id; /* as it stands there, unauthenticated; empty: none */
        struct str bytes;
};

struct dsse {
        struct str type;
        struct str payload;
        struct dsse_signature *signatures;
        size_t n_signatures;
        struct arena *arena; /* holds the texts and signatures … */
        struct buf decoded;  /* … and this the payload */
};

/* Reads an envelope; `text` may be anything, and is not needed afterwards. Does no I/O. Members that are not known are passed
 * over, as the specification demands. -EBADMSG it is no envelope; -E2BIG a limit. */
int dsse_parse(struct str text, struct dsse **ret, struct error *err) _must_check_;
/* True for what is meant to be an envelope, whether or not it is one: a guess at the kind of a file. */
bool dsse_is_likely(struct str text);
struct dsse *dsse_free(struct dsse *envelope);
DEFINE_FREEP(struct dsse, dsse_free)

/* Appends what is signed: the pre-authentication encoding of protocol.md. */
void dsse_encode(struct str type, struct str payload, struct buf *out);

/* Appends the JSON of an envelope, ended by a newline. The same content gives the same bytes. */
int dsse_write(const struct dsse *envelope, struct buf *out, struct error *err) _must_check_;

/* Signs with each of `keys` (private ones, at least one) and appends the envelope. -E2BIG, -EINVAL. */
int dsse_make(struct str type, struct str payload, struct sign_key *const *keys, size_t n_keys, struct buf *out,
              struct error *err) _must_check_;

#endif
