/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stamps of the cache as a damaged disk may hold them: what decodes is a digest and encodes the same. The input is
 * taken as it is, and as one without its checksum; of a digest made of it the stamp decodes.
 */
#include "base/hash.h"
#include "base/wire.h"
#include "fuzz.h"
#include "store/cache_private.h"

static void check(const uint8_t *data, size_t n)
{
        uint8_t again[STAMP_MAX];
        struct digest digest;

        if (!cache_stamp_decode(data, n, &digest))
                return;
        HOLDS(digest_is_set(&digest));
        HOLDS(cache_stamp_encode(&digest, again) == n && memcmp(again, data, n) == 0);
        fuzz_accepted++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct digest digest = { .algorithm = size % 2 ? DIGEST_SHA256 : DIGEST_SHA512 }, found;
        _cleanup_(buf_free) struct buf sealed = { 0 };
        uint8_t stamp[STAMP_MAX];
        size_t n;

        check(data, size);
        buf_add(&sealed, data, size);
        wire_put_u32(&sealed, checksum_crc32c(0, data, size));
        if (buf_ok(&sealed))
                check((const uint8_t *)sealed.data, sealed.len);
        memcpy(digest.bytes, data, MIN_OF(size, (size_t)(size % 2 ? 32 : 64)));
        n = cache_stamp_encode(&digest, stamp);
        HOLDS(n <= STAMP_MAX && cache_stamp_decode(stamp, n, &found) && digest_equal(&digest, &found));
        return 0;
}
