/* SPDX-License-Identifier: Apache-2.0 */
/* rpm's NDB (src/inventory/rpm_ndb.c): blobs of the first page whose checksum is 0 get the right one. */
#include "fuzz.h"
#include "inventory/rpm.h"

#define PAGE 4096u
#define SLOT 16u
#define BLOCK 16u
#define TAIL 12u

void fuzz_seal_ndb(uint8_t *data, size_t n);

static uint32_t adler32(const uint8_t *p, size_t n)
{
        uint32_t a = 1, b = 0;

        for (size_t i = 0; i < n; i++) {
                a = (a + p[i]) % 65521;
                b = (b + a) % 65521;
        }
        return b << 16 | a;
}

void fuzz_seal_ndb(uint8_t *data, size_t n)
{
        for (size_t at = 2 * SLOT; at + SLOT <= MIN_OF(n, (size_t)PAGE); at += SLOT) {
                uint64_t start = (uint64_t)rpm_le32(data + at + 8) * BLOCK;
                uint64_t size = (uint64_t)rpm_le32(data + at + 12) * BLOCK;
                uint8_t *tail;
                uint32_t sum;

                if (memcmp(data + at, "Slot", 4) != 0 || size < BLOCK || start > n || size > n - start)
                        continue;
                tail = data + start + size - TAIL;
                if (rpm_le32(tail) != 0)
                        continue;
                sum = adler32(data + start, size - TAIL);
                for (size_t i = 0; i < 4; i++)
                        tail[i] = (uint8_t)(sum >> 8 * i);
        }
}
