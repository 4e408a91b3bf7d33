/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rpm's database as a Berkeley DB hash (Packages), in either byte order. Page 0 describes the file: u32 magic at 12, page
 * size at 20, u8 encryption at 24, type at 25, flags at 26, u32 last page at 32. Every page begins with 26 bytes: u32 its
 * own number at 8, next page at 16, u16 entries at 20, offset or length at 22, u8 type at 25.
 *   A hash page then has u16 offsets of keys and values in turn; each ends where the one before it begins. Its first byte
 *   tells the kind: here is the value itself, or u32 first page at 4 and u32 length at 8 of one that is elsewhere.
 *   An overflow page has the number of bytes that follow where a hash page has an offset.
 * All hash pages are read in turn, not through the buckets: a key that no bucket leads to is still a package.
 */
#include <errno.h>
#include <inttypes.h>

#include "base/hijack.h"
#include "inventory/rpm.h"

#define META_SIZE 72u
#define PAGE_HEADER 26u
#define PAGE_SIZE_MIN 512u
#define PAGE_SIZE_MAX 65536u
#define BDB_HASH_MAGIC 0x061561u
#define OFF_PAGE_SIZE 12u /* bytes of an item that only says where the value is */
#define PASSES_MAX 8u     /* each overflow page belongs to one value: a file is not read through more often than this */

enum page_type {
        PAGE_HASH_UNSORTED = 2,
        PAGE_OVERFLOW = 7,
        PAGE_HASH_META = 8,
        PAGE_HASH = 13,
};

enum item_kind {
        ITEM_HERE = 1,
        ITEM_DUPLICATES = 2,
        ITEM_OFF_PAGE = 3,
        ITEM_OFF_DUPLICATES = 4,
};

struct bdb {
        struct rpm_database *db;
        bool big_endian;
        uint32_t page_size;
        uint32_t pages;
        uint64_t overflow_left; /* overflow pages that may still be read */
        uint8_t *page, *overflow;
        struct buf value;
};

struct item {
        const uint8_t *p;
        uint32_t n;
};

static uint32_t get32(const struct bdb *b, const uint8_t *p)
{
        return b->big_endian ? rpm_be32(p) : rpm_le32(p);
}

static uint32_t get16(const struct bdb *b, const uint8_t *p)
{
        return b->big_endian ? (uint32_t)p[0] << 8 | p[1] : (uint32_t)p[1] << 8 | p[0];
}

static int read_page(struct bdb *b, uint32_t number, uint8_t *page, struct error *err)
{
        return content_read(b->db->content, (uint64_t)number * b->page_size, page, b->page_size, err);
}

static int check_number(const struct bdb *b, uint32_t number, const uint8_t *page, struct error *why)
{
        uint32_t says = get32(b, page + 8);

        return says == number ? 0 : error_say(why, -EBADMSG, "page %" PRIu32 " says that it is page %" PRIu32, number, says);
}

/* ---- values that are on pages of their own ---- */

/* Remembers one page now and then, at growing distances: a chain that comes back to one goes round for ever. */
struct cycle {
        uint32_t mark, steps, next_mark;
};

static bool comes_round(struct cycle *c, uint32_t page)
{
        if (page == c->mark)
                return true;
        if (c->steps++ == c->next_mark) {
                c->mark = page;
                c->next_mark = 2 * c->next_mark + 1;
        }
        return false;
}

static int read_overflow(struct bdb *b, uint32_t number, uint32_t wanted, uint32_t *ret_next, struct error *why)
{
        uint32_t n;
        int r;

        if (number >= b->pages)
                return error_say(why, -EBADMSG, "its value goes on at page %" PRIu32 " of %" PRIu32, number, b->pages);
        if (b->overflow_left == 0)
                return error_say(why, -E2BIG, "its overflow pages are used again and again");
        b->overflow_left--;
        r = read_page(b, number, b->overflow, why);
        if (r == 0)
                r = check_number(b, number, b->overflow, why);
        if (r < 0)
                return r;
        n = get16(b, b->overflow + 22);
        if (b->overflow[25] != PAGE_OVERFLOW || n == 0 || n > b->page_size - PAGE_HEADER || n > wanted)
                return error_say(why, -EBADMSG, "page %" PRIu32 " does not go on with its value", number);
        buf_add(&b->value, b->overflow + PAGE_HEADER, n);
        *ret_next = get32(b, b->overflow + 16);
        return buf_ok(&b->value) ? 0 : error_oom(why);
}

static int read_chain(struct bdb *b, uint32_t page, uint32_t size, struct error *why)
{
        struct cycle cycle = { 0 };

        if (size > RPM_HEADER_MAX)
                return error_say(why, -E2BIG, "a header of %" PRIu32 " bytes", size);
        buf_clear(&b->value);
        while (b->value.len < size) {
                uint32_t next = 0;
                int r;

                if (page == 0)
                        return error_say(why, -EBADMSG, "its value ends after %zu of %" PRIu32 " bytes", b->value.len, size);
                if (comes_round(&cycle, page))
                        return error_say(why, -EBADMSG, "its overflow pages lead back to page %" PRIu32, page);
                r = read_overflow(b, page, size - (uint32_t)b->value.len, &next, why);
                if (r < 0)
                        return r;
                page = next;
        }
        return page ? error_say(why, -EBADMSG, "its overflow pages go on after its end") : 0;
}

/* ---- hash pages ---- */

static int get_value(struct bdb *b, struct item item, struct str *ret, struct error *why)
{
        int r;

        switch (item.p[0]) {
        case ITEM_HERE:
                *ret = (struct str){ (const char *)item.p + 1, item.n - 1 };
                return 0;
        case ITEM_OFF_PAGE:
                if (item.n < OFF_PAGE_SIZE)
                        return error_say(why, -EBADMSG, "an item of %" PRIu32 " bytes that should say where its value is", item.n);
                r = read_chain(b, get32(b, item.p + 4), get32(b, item.p + 8), why);
                *ret = buf_str(&b->value);
                return r;
        case ITEM_DUPLICATES:
        case ITEM_OFF_DUPLICATES:
                return error_say(why, -EBADMSG, "one key has several values");
        default:
                return error_say(why, -EBADMSG, "an item of unknown kind %u", item.p[0]);
        }
}

static int take_pair(struct bdb *b, struct item key, struct item value, struct error *err)
{
        struct error why = ERROR_INIT;
        uint32_t number = 0;
        struct str blob;
        int r;

        HIJACK_POINT("rpm-bdb");
        if (key.n == 5 && key.p[0] == ITEM_HERE) {
                number = get32(b, key.p + 1);
                if (number == 0)
                        return 0; /* the number that the next package will get */
                r = get_value(b, value, &blob, &why);
        } else {
                r = error_say(&why, -EBADMSG, "its key is not the number of a package");
        }
        if (r < 0)
                return rpm_database_damaged(b->db, number, &why, err);
        return rpm_database_header(b->db, number, blob, err);
}

/* Item i reaches from its offset to that of the item before it. */
static int get_item(const struct bdb *b, uint32_t i, uint32_t entries, struct item *ret, struct error *why)
{
        const uint8_t *offsets = b->page + PAGE_HEADER;
        uint32_t start = get16(b, offsets + 2 * (size_t)i);
        uint32_t end = i ? get16(b, offsets + 2 * (size_t)(i - 1)) : b->page_size;

        if (start < PAGE_HEADER + 2 * entries || start >= end || end > b->page_size)
                return error_say(why, -EBADMSG, "item %" PRIu32 " of %" PRIu32 " is not inside its page", i, entries);
        *ret = (struct item){ b->page + start, end - start };
        return 0;
}

static int take_page(struct bdb *b, uint32_t number, struct error *err)
{
        uint32_t entries = get16(b, b->page + 20);
        struct error why = ERROR_INIT;

        if (check_number(b, number, b->page, &why) < 0) {
                record_problem(b->db->sink, "the packages of a page were left out: %s", why.message);
                return 0;
        }
        if (entries % 2 || PAGE_HEADER + 2 * entries > b->page_size) {
                record_problem(b->db->sink, "the packages of page %" PRIu32 " were left out: it has %" PRIu32 " items", number,
                               entries);
                return 0;
        }
        for (uint32_t i = 0; i < entries; i += 2) {
                struct item key, value;
                int r = get_item(b, i, entries, &key, &why);

                if (r == 0)
                        r = get_item(b, i + 1, entries, &value, &why);
                if (r < 0) {
                        record_problem(b->db->sink, "the other packages of page %" PRIu32 " were left out: %s", number,
                                       why.message);
                        return 0;
                }
                r = take_pair(b, key, value, err);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* ---- the file ---- */

static int open_file(struct bdb *b, struct error *err)
{
        uint64_t fit;
        uint32_t last;
        uint8_t meta[META_SIZE];
        int r = content_read(b->db->content, 0, meta, sizeof(meta), err);

        if (r < 0)
                return r;
        b->big_endian = rpm_be32(meta + 12) == BDB_HASH_MAGIC;
        b->page_size = get32(b, meta + 20);
        last = get32(b, meta + 32);
        if (meta[24] || meta[26])
                return error_say(err, -ENOTSUP, "an encrypted, checksummed or partitioned Berkeley DB is not supported");
        if (meta[25] != PAGE_HASH_META || b->page_size < PAGE_SIZE_MIN || b->page_size > PAGE_SIZE_MAX ||
            b->page_size & (b->page_size - 1))
                return error_say(err, -EBADMSG, "a Berkeley DB of type %u with pages of %" PRIu32 " bytes", meta[25],
                                 b->page_size);
        fit = b->db->content->size / b->page_size;
        b->pages = (uint32_t)MIN_OF(fit, (uint64_t)last + 1);
        b->overflow_left = PASSES_MAX * (uint64_t)b->pages;
        b->page = malloc(b->page_size);
        b->overflow = malloc(b->page_size);
        if (!b->page || !b->overflow)
                return error_oom(err);
        return last < fit ? 1 : 0;
}

static void bdb_done(struct bdb *b)
{
        free(b->page);
        free(b->overflow);
        buf_free(&b->value);
}

int rpm_read_bdb(struct rpm_database *db, struct error *err)
{
        _cleanup_(bdb_done) struct bdb b = { .db = db };
        int r, whole = open_file(&b, err);

        if (whole < 0)
                return whole;
        for (uint32_t i = 1; i < b.pages; i++) {
                r = read_page(&b, i, b.page, err);
                if (r == 0 && (b.page[25] == PAGE_HASH || b.page[25] == PAGE_HASH_UNSORTED))
                        r = take_page(&b, i, err);
                if (r < 0)
                        return r;
        }
        return whole ? 0 : error_say(err, -EBADMSG, "it ends after page %" PRIu32 ", more are missing", b.pages - 1);
}
