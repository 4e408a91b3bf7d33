/* SPDX-License-Identifier: Apache-2.0 */
/* The workers' side. */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/archive.h"
#include "base/compress.h"
#include "base/file.h"
#include "base/hijack.h"
#include "vuln/feed.h"
#include "vuln/osv_private.h"

#define READ_SIZE (256u << 10)
#define BATCH_BYTES (64u << 10)

#define ASK_PART 1 /* of a record's JSON */
#define ASK_END 2  /* of it; its name */

/* ---- output ---- */

int feed_flush(struct feed_output *out, struct error *err)
{
        int r = 0;

        if (!buf_ok(&out->batch))
                return error_oom(err);
        if (out->batch.len)
                r = out->frame(out->ctx, out->batch_type, buf_str(&out->batch), err);
        buf_clear(&out->batch);
        return r;
}

/* Room for `more` bytes of that type in the batch. */
static int begin(struct feed_output *out, uint32_t type, size_t more, struct error *err)
{
        int r = 0;

        if (out->batch_type != type || out->batch.len + more > BATCH_BYTES)
                r = feed_flush(out, err);
        out->batch_type = type;
        return r;
}

static int put_record(struct feed_output *out, struct str name, bool good, struct str bytes, struct error *err)
{
        int r = begin(out, FEED_FRAME_RECORDS, name.n + bytes.n + 9, err);

        if (r < 0)
                return r;
        wire_put_u8(&out->batch, good);
        wire_put_str(&out->batch, name);
        wire_put_str(&out->batch, bytes);
        return 0;
}

static int put_entry(struct feed_output *out, struct db_entry entry, struct error *err)
{
        int r = begin(out, FEED_FRAME_ENTRIES, DB_ENTRY_SIZE, err);

        if (r < 0)
                return r;
        wire_put_u64(&out->batch, entry.key);
        wire_put_u32(&out->batch, entry.a);
        wire_put_u32(&out->batch, entry.b);
        return 0;
}

static int put_bad(struct feed_output *out, struct str where, struct str what, struct error *err)
{
        int r = feed_flush(out, err);

        if (r < 0)
                return r;
        out->batch_type = FEED_FRAME_BAD;
        wire_put_str(&out->batch, (struct str){ where.p, MIN_OF(where.n, (size_t)200) });
        wire_put_str(&out->batch, (struct str){ what.p, MIN_OF(what.n, (size_t)1000) });
        return feed_flush(out, err);
}

static int put_label(struct feed_output *out, struct str text, struct error *err)
{
        int r = feed_flush(out, err);

        if (r < 0)
                return r;
        out->batch_type = FEED_FRAME_LABEL;
        buf_add(&out->batch, text.p, MIN_OF(text.n, (size_t)100));
        return feed_flush(out, err);
}

/* ---- records ---- */

int feed_read_record(struct str name, struct str json, struct feed_output *out, struct error *err)
{
        _cleanup_(buf_free) struct buf record = { 0 };
        struct error why = ERROR_INIT;
        int r = osv_record(json, &record, &why);

        if (r == -ENOMEM)
                return error_oom(err);
        return put_record(out, name, r == 0, r == 0 ? buf_str(&record) : str_from(why.message), err);
}

struct pieces {
        int fd;
        uint8_t *data;
};

static int next_piece(void *ctx, const uint8_t **ret_data, size_t *ret_n, struct error *err)
{
        struct pieces *p = ctx;
        ssize_t n = file_read(p->fd, p->data, READ_SIZE, err);

        if (n <= 0)
                return (int)n;
        *ret_data = p->data;
        *ret_n = (size_t)n;
        return 1;
}

/* How many members the directory at the end names (APPNOTE 4.3.16, 4.3.14). An archive that was cut has none. */
static int count_members(int fd, uint64_t *ret, struct error *err)
{
        uint8_t tail[65536 + 22 + 20], big[56];
        off_t size = lseek(fd, 0, SEEK_END);
        size_t want;
        ssize_t n;

        if (size < 0)
                return error_set(err, -errno, "look at the archive");
        want = (size_t)MIN_OF((uint64_t)size, (uint64_t)sizeof(tail));
        n = file_read_at(fd, tail, want, (uint64_t)size - want, err);
        if (n < 0)
                return (int)n;
        for (ssize_t at = n - 22; at >= 0; at--) {
                struct wire_reader r = wire_reader(tail + at, (size_t)(n - at));

                if (wire_get_u32(&r) != 0x06054b50)
                        continue;
                r.p += 6;
                *ret = wire_get_u16(&r);
                if (*ret != 0xffff || at < 20)
                        return 0;
                r = wire_reader(tail + at - 20, 20);
                if (wire_get_u32(&r) != 0x07064b50)
                        return 0;
                r.p += 4;
                if (file_read_at(fd, big, sizeof(big), wire_get_u64(&r), NULL) != sizeof(big))
                        break;
                r = wire_reader(big, sizeof(big));
                if (wire_get_u32(&r) != 0x06064b50)
                        break;
                r.p += 28;
                *ret = wire_get_u64(&r);
                return 0;
        }
        return error_say(err, -EBADMSG, "the zip archive is cut short: it does not end with its directory");
}

static int read_member(struct zip_reader *zip, const struct zip_entry *entry, struct buf *json, struct feed_output *out, struct error *err)
{
        struct error why = ERROR_INIT;
        struct str name;
        int r;

        if (!entry->is_file || !str_ends(entry->path, ".json") || entry->path.n > 260)
                return 0;
        name = (struct str){ strndupa(entry->path.p, entry->path.n - 5), entry->path.n - 5 };
        buf_clear(json);
        r = zip_reader_data(zip, OSV_JSON_MAX, json, &why);
        if (r == -E2BIG)
                return put_record(out, name, false, str_from(why.message), err);
        if (r < 0) {
                *err = why;
                return r;
        }
        return feed_read_record(name, buf_str(json), out, err);
}

int feed_read_archive(int fd, struct feed_output *out, struct error *err)
{
        _cleanup_(zip_reader_freep) struct zip_reader *zip = NULL;
        _cleanup_(buf_free) struct buf json = { 0 };
        _cleanup_free_ uint8_t *data = malloc(READ_SIZE);
        struct pieces pieces = { fd, data };
        uint64_t members, n = 0;
        int r;

        if (!data)
                return error_oom(err);
        r = count_members(fd, &members, err);
        if (r < 0)
                return r;
        if (lseek(fd, 0, SEEK_SET) < 0)
                return error_set(err, -errno, "look at the archive");
        if (members == 0)
                return 0;
        r = zip_reader_new((struct archive_source){ .next = next_piece, .ctx = &pieces }, &zip, err);
        while (r == 0 && n < members) {
                struct zip_entry entry;

                r = zip_reader_next(zip, &entry, err);
                if (r <= 0)
                        break;
                n++;
                r = read_member(zip, &entry, &json, out, err);
        }
        if (r == 0 && n != members)
                r = error_say(err, -EBADMSG, "the zip archive is damaged: its directory names %llu files, %llu could be read",
                              (unsigned long long)members, (unsigned long long)n);
        return r < 0 ? r : feed_flush(out, err);
}

/* ---- known exploited vulnerabilities ---- */

static uint32_t day_number(struct str date)
{
        struct str year = str_cut(&date, '-'), month = str_cut(&date, '-');
        uint64_t y, m, d;

        if (str_to_u64(year, 10, &y) < 0 || str_to_u64(month, 10, &m) < 0 || str_to_u64(date, 10, &d) < 0 || y > 9999 || m > 12 || d > 31)
                return 0;
        return (uint32_t)(y * 10000 + m * 100 + d);
}

int feed_read_kev(int fd, struct feed_output *out, struct error *err)
{
        _cleanup_(buf_free) struct buf text = { 0 };
        _cleanup_json_ json_t *document = NULL;
        json_t *list = NULL, *item;
        size_t i;
        int r = file_slurp(fd, FEED_KEV_MAX, &text, err);

        if (r == 0)
                r = json_parse(buf_str(&text), FEED_KEV_MAX, &document, err);
        if (r == 0)
                r = json_get_array(document, "vulnerabilities", true, &list, err);
        if (r < 0)
                return r == -ENOENT ? error_say(err, -EBADMSG, "it is no list of known exploited vulnerabilities: 'vulnerabilities' is missing") : r;
        HIJACK_POINT("kev");
        r = put_label(out, osv_text(document, "catalogVersion"), err);
        json_array_foreach(list, i, item) {
                struct str id = osv_text(item, "cveID");
                struct db_entry entry = { db_cve(id), day_number(osv_text(item, "dateAdded")), day_number(osv_text(item, "dueDate")) };
                char where[40];

                if (str_equals(osv_text(item, "knownRansomwareCampaignUse"), "Known"))
                        entry.b |= DB_KEV_RANSOMWARE;
                snprintf(where, sizeof(where), "entry %zu", i + 1);
                if (r == 0)
                        r = entry.key ? put_entry(out, entry, err) : put_bad(out, str_from(where), STR_LIT("'cveID' is no CVE identifier"), err);
        }
        return r < 0 ? r : feed_flush(out, err);
}

/* ---- EPSS ---- */

/* "0.00043" in hundred-thousandths. */
static bool parse_share(struct str s, uint32_t *ret)
{
        struct str whole = str_cut(&s, '.');
        uint64_t v, scale = 10000;

        if (str_to_u64(whole, 10, &v) < 0 || v > 1 || s.n > 30 || (s.p && !s.n))
                return false;
        v *= 100000;
        for (size_t i = 0; i < s.n; i++) {
                if (s.p[i] < '0' || s.p[i] > '9')
                        return false;
                v += (uint64_t)(s.p[i] - '0') * scale;
                scale /= 10;
        }
        *ret = (uint32_t)v;
        return v <= 100000;
}

static int epss_line(struct str line, uint64_t number, struct feed_output *out, struct error *err)
{
        struct str rest = str_trim(line), id, score, percentile;
        struct db_entry entry = { 0 };
        char where[40];

        if (!rest.n)
                return 0;
        if (*rest.p == '#') {
                const char *day = memmem(rest.p, rest.n, "score_date:", 11);

                return day ? put_label(out, (struct str){ day + 11, MIN_OF(rest.n - (size_t)(day + 11 - rest.p), (size_t)10) }, err) : 0;
        }
        HIJACK_POINT("epss");
        id = str_trim(str_cut(&rest, ','));
        score = str_trim(str_cut(&rest, ','));
        percentile = str_trim(str_cut(&rest, ','));
        if (number <= 2 && str_equals(id, "cve"))
                return 0;
        entry.key = db_cve(id);
        if (entry.key && parse_share(score, &entry.a) && parse_share(percentile, &entry.b))
                return put_entry(out, entry, err);
        snprintf(where, sizeof(where), "line %llu", (unsigned long long)number);
        return put_bad(out, str_from(where), STR_LIT("expected a CVE identifier and two numbers from 0 to 1"), err);
}

static ssize_t read_compressed(void *ctx, void *buf, size_t n, struct error *err)
{
        return file_read(*(const int *)ctx, buf, n, err);
}

#define EPSS_LINE_MAX 4096

static int epss_lines(struct buf *pending, bool last, uint64_t *number, struct feed_output *out, struct error *err)
{
        struct str rest = buf_str(pending);
        int r = 0;

        while (r == 0 && rest.n) {
                const char *end = memchr(rest.p, '\n', rest.n);

                if (!end && !last)
                        break;
                r = epss_line(end ? (struct str){ rest.p, (size_t)(end - rest.p) } : rest, ++*number, out, err);
                rest = end ? (struct str){ end + 1, rest.n - (size_t)(end + 1 - rest.p) } : STR_NULL;
        }
        if (r == 0 && rest.n > EPSS_LINE_MAX)
                return error_say(err, -EBADMSG, "line %llu has more than %d bytes: it is no list of scores", (unsigned long long)*number + 1, EPSS_LINE_MAX);
        if (rest.n)
                memmove(pending->data, rest.p, rest.n);
        pending->len = rest.n;
        return r;
}

int feed_read_epss(int fd, struct feed_output *out, struct error *err)
{
        _cleanup_(inflater_freep) struct inflater *inflater = NULL;
        _cleanup_(buf_free) struct buf pending = { 0 };
        const struct inflate_limits limits = { .output = FEED_EPSS_MAX };
        const uint8_t *data;
        uint64_t number = 0;
        size_t n;
        int r = inflater_new((struct byte_source){ read_compressed, &fd }, &limits, &inflater, err);

        while (r >= 0 && (r = inflater_next(inflater, &data, &n, err)) > 0) {
                buf_add(&pending, data, n);
                r = buf_ok(&pending) ? epss_lines(&pending, false, &number, out, err) : error_oom(err);
        }
        if (r == 0)
                r = epss_lines(&pending, true, &number, out, err);
        return r < 0 ? r : feed_flush(out, err);
}

/* ---- jobs ---- */

static int send_frame(void *ctx, uint32_t type, struct str payload, struct error *err)
{
        return worker_io_send(ctx, type, payload, err);
}

static int run_on_file(struct worker_io *io, int (*read)(int fd, struct feed_output *out, struct error *err), struct error *err)
{
        struct feed_output out = { .frame = send_frame, .ctx = io };
        int r = io->n_fds == 1 ? read(io->fds[0], &out, err) : error_say(err, -EINVAL, "the worker was asked for nonsense");

        buf_free(&out.batch);
        return r;
}

static int run_archive(struct worker_io *io, struct error *err)
{
        return run_on_file(io, feed_read_archive, err);
}

static int run_kev(struct worker_io *io, struct error *err)
{
        return run_on_file(io, feed_read_kev, err);
}

static int run_epss(struct worker_io *io, struct error *err)
{
        return run_on_file(io, feed_read_epss, err);
}

static int run_records(struct worker_io *io, struct error *err)
{
        struct feed_output out = { .frame = send_frame, .ctx = io };
        _cleanup_(buf_free) struct buf json = { 0 };
        struct worker_frame frame;
        int r;

        while ((r = worker_io_receive(io, &frame, NULL, err)) > 0) {
                if (frame.type == ASK_PART && json.len <= OSV_JSON_MAX) {
                        buf_add_str(&json, frame.payload);
                        r = buf_ok(&json) ? 0 : error_oom(err);
                } else if (frame.type == ASK_END) {
                        r = feed_read_record(frame.payload, buf_str(&json), &out, err);
                        if (r == 0)
                                r = feed_flush(&out, err);
                        buf_clear(&json);
                } else {
                        r = error_say(err, -EINVAL, "the worker was asked for nonsense");
                }
                if (r < 0)
                        break;
        }
        buf_free(&out.batch);
        return r;
}

const struct worker_job feed_archive_job = { FEED_ARCHIVE, run_archive };
const struct worker_job feed_kev_job = { FEED_KEV, run_kev };
const struct worker_job feed_epss_job = { FEED_EPSS, run_epss };
const struct worker_job feed_records_job = { "osv-records", run_records };
