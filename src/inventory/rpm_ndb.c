/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rpm's own database format (Packages.db), little-endian:
 *   pages of 4,096 bytes with slots of 16; the first two slots are the file's header:
 *     "RpmP", u32 version (0), u32 generation, u32 pages of slots, …
 *   a slot: "Slot", u32 package, u32 offset of its blob, u32 length; both in blocks of 16 bytes; package 0: free
 *   a blob: "BlbS", u32 package, u32 generation, u32 bytes of the header; the header; zeros up to a tail of 12 bytes at
 *     the end of the last block: u32 Adler-32 (RFC 1950) of all before it, u32 bytes of the header again, "BlbE"
 */
#include <errno.h>
#include <inttypes.h>

#include "base/hijack.h"
#include "inventory/rpm.h"

#define PAGE_SIZE 4096u
#define SLOT_SIZE 16u
#define BLOCK_SIZE 16u
#define HEADER_SLOTS 2
#define HEAD_SIZE 16u
#define TAIL_SIZE 12u

#define ADLER_BASE 65521u
#define ADLER_RUN 5552 /* additions that can not overflow 32 bits */

struct slot {
        uint32_t package, offset, blocks;
};

static uint32_t adler32(const uint8_t *p, size_t n)
{
        uint32_t a = 1, b = 0;

        while (n) {
                size_t run = MIN_OF(n, (size_t)ADLER_RUN);

                n -= run;
                while (run--) {
                        a += *p++;
                        b += a;
                }
                a %= ADLER_BASE;
                b %= ADLER_BASE;
        }
        return b << 16 | a;
}

static int check_blob(const struct slot *slot, const uint8_t *blob, size_t size, struct str *ret, struct error *why)
{
        const uint8_t *tail = blob + size - TAIL_SIZE;
        uint32_t n = rpm_le32(blob + 12);

        if (memcmp(blob, "BlbS", 4) != 0 || memcmp(tail + 8, "BlbE", 4) != 0)
                return error_say(why, -EBADMSG, "there is no blob at block %" PRIu32, slot->offset);
        if (rpm_le32(blob + 4) != slot->package)
                return error_say(why, -EBADMSG, "the blob at block %" PRIu32 " is of package %" PRIu32, slot->offset,
                                 rpm_le32(blob + 4));
        if (n > size - HEAD_SIZE - TAIL_SIZE || n != rpm_le32(tail + 4))
                return error_say(why, -EBADMSG, "a header of %" PRIu32 " bytes in a blob of %zu", n, size);
        if (adler32(blob, size - TAIL_SIZE) != rpm_le32(tail))
                return error_say(why, -EBADMSG, "its checksum is wrong");
        *ret = (struct str){ (const char *)blob + HEAD_SIZE, n };
        return 0;
}

static int read_blob(struct rpm_database *db, const struct slot *slot, struct buf *buf, struct str *ret, struct error *why)
{
        uint64_t size = (uint64_t)slot->blocks * BLOCK_SIZE;
        int r;

        if (size < HEAD_SIZE + TAIL_SIZE)
                return error_say(why, -EBADMSG, "a blob of %" PRIu64 " bytes", size);
        if (size > RPM_HEADER_MAX)
                return error_say(why, -E2BIG, "a header of %" PRIu64 " bytes", size);
        buf_clear(buf);
        if (!buf_reserve(buf, size))
                return error_oom(why);
        r = content_read(db->content, (uint64_t)slot->offset * BLOCK_SIZE, buf->data, size, why);
        return r < 0 ? r : check_blob(slot, (const uint8_t *)buf->data, size, ret, why);
}

static int take_slot(struct rpm_database *db, const uint8_t *p, uint64_t number, struct buf *buf, struct error *err)
{
        struct slot slot = { rpm_le32(p + 4), rpm_le32(p + 8), rpm_le32(p + 12) };
        struct error why = ERROR_INIT;
        struct str header;

        if (memcmp(p, "Slot", 4) != 0) {
                error_say(&why, -EBADMSG, "slot %" PRIu64 " is damaged", number);
                return rpm_database_damaged(db, number, &why, err);
        }
        if (slot.package == 0)
                return 0;
        HIJACK_POINT("rpm-ndb");
        if (read_blob(db, &slot, buf, &header, &why) < 0)
                return rpm_database_damaged(db, slot.package, &why, err);
        return rpm_database_header(db, slot.package, header, err);
}

int rpm_read_ndb(struct rpm_database *db, struct error *err)
{
        _cleanup_(buf_free) struct buf blob = { 0 };
        uint8_t page[PAGE_SIZE];
        uint32_t pages = 1;

        for (uint32_t i = 0; i < pages; i++) {
                int r = content_read(db->content, (uint64_t)i * PAGE_SIZE, page, sizeof(page), err);

                if (r < 0)
                        return r;
                if (i == 0 && rpm_le32(page + 4) != 0)
                        return error_say(err, -ENOTSUP, "NDB format %" PRIu32 " is not known here", rpm_le32(page + 4));
                if (i == 0)
                        pages = rpm_le32(page + 12);
                for (uint32_t s = i == 0 ? HEADER_SLOTS : 0; s < PAGE_SIZE / SLOT_SIZE; s++) {
                        r = take_slot(db, page + s * SLOT_SIZE, (uint64_t)i * (PAGE_SIZE / SLOT_SIZE) + s, &blob, err);
                        if (r < 0)
                                return r;
                }
        }
        return pages ? 0 : error_say(err, -EBADMSG, "it has no page of slots");
}
