/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <time.h>

#include "base/hijack.h"
#include "base/json.h"
#include "vuln/osv_private.h"

#define ID_MAX 128

/* ---- texts ---- */

static struct str text_of(const json_t *value)
{
        return json_is_string(value) ? (struct str){ json_string_value(value), json_string_length(value) } : STR_NULL;
}

struct str osv_text(const json_t *object, const char *key)
{
        return text_of(json_object_get(object, key));
}

static bool two_digits(struct str s, size_t at, int low, int high, int *ret)
{
        int v;

        if (at + 2 > s.n || s.p[at] < '0' || s.p[at] > '9' || s.p[at + 1] < '0' || s.p[at + 1] > '9')
                return false;
        v = (s.p[at] - '0') * 10 + s.p[at + 1] - '0';
        *ret = v;
        return v >= low && v <= high;
}

bool osv_time(struct str s, uint64_t *ret)
{
        struct tm tm = { 0 };
        int century, year;
        uint64_t micro = 0;
        time_t seconds;

        if (s.n < 20 || s.n > 40 || s.p[4] != '-' || s.p[7] != '-' || (s.p[10] != 'T' && s.p[10] != 't') || s.p[13] != ':' ||
            s.p[16] != ':' || (s.p[s.n - 1] != 'Z' && s.p[s.n - 1] != 'z'))
                return false;
        if (!two_digits(s, 0, 0, 99, &century) || !two_digits(s, 2, 0, 99, &year) || !two_digits(s, 5, 1, 12, &tm.tm_mon) ||
            !two_digits(s, 8, 1, 31, &tm.tm_mday) || !two_digits(s, 11, 0, 23, &tm.tm_hour) ||
            !two_digits(s, 14, 0, 59, &tm.tm_min) || !two_digits(s, 17, 0, 60, &tm.tm_sec))
                return false;
        tm.tm_year = century * 100 + year - 1900;
        tm.tm_mon--;
        for (size_t i = 19, scale = 100000; i + 1 < s.n; i++) {
                if (i == 19 ? s.p[i] != '.' || i + 2 >= s.n : s.p[i] < '0' || s.p[i] > '9')
                        return false;
                if (i > 19) {
                        micro += (uint64_t)(s.p[i] - '0') * scale;
                        scale /= 10;
                }
        }
        seconds = timegm(&tm);
        *ret = seconds < 0 ? 0 : (uint64_t)seconds * 1000000 + micro;
        return true;
}

static uint64_t seconds_of(const json_t *record, const char *key)
{
        uint64_t micro;

        return osv_time(osv_text(record, key), &micro) ? micro / 1000000 : 0;
}

/* Up to the first line's end, cut between characters. */
static struct str first_line(struct str s)
{
        size_t n = 0;

        s = str_trim(s);
        while (n < s.n && s.p[n] != '\n') {
                size_t step = utf8_char_length((struct str){ s.p + n, s.n - n });

                step = step ? step : 1;
                if (n + step > RECORD_SUMMARY_MAX)
                        break;
                n += step;
        }
        return str_trim((struct str){ s.p, n });
}

static void put_summary(const json_t *record, struct buf *out)
{
        struct str summary = first_line(osv_text(record, "summary")), details;

        if (!summary.n) {
                details = osv_text(record, "details");
                while (details.n && (*details.p == '#' || *details.p == ' ')) /* a heading */
                        details = (struct str){ details.p + 1, details.n - 1 };
                summary = first_line(details);
        }
        record_put_text(out, summary);
}

/* Those that are texts. */
static void put_texts(const json_t *list, struct buf *out)
{
        size_t n = 0, kept = 0;
        const json_t *item;
        size_t i;

        json_array_foreach(list, i, item)
                n += text_of(item).n > 0;
        n = MIN_OF(n, (size_t)RECORD_LIST_MAX);
        record_put_number(out, n);
        json_array_foreach(list, i, item)
                if (text_of(item).n && kept++ < n)
                        record_put_text(out, text_of(item));
}

static void put_references(const json_t *list, struct buf *out)
{
        struct str urls[RECORD_REFERENCES_MAX];
        size_t n = 0, i;
        const json_t *item;

        /* Advisories first, then whatever else there is. */
        for (int pass = 0; pass < 2; pass++)
                json_array_foreach(list, i, item) {
                        struct str url = osv_text(item, "url");

                        if (n < RECORD_REFERENCES_MAX && url.n && url.n < 300 && str_equals(osv_text(item, "type"), "ADVISORY") == (pass == 0))
                                urls[n++] = url;
                }
        record_put_number(out, n);
        for (i = 0; i < n; i++)
                record_put_text(out, urls[i]);
}

/* ---- severities ---- */

struct severities {
        struct buf items;
        size_t n;
};

static void add_severity(struct severities *s, enum severity_kind kind, struct str source, struct str text)
{
        if (!text.n || text.n > 300 || s->n == 64)
                return;
        s->n++;
        wire_put_u8(&s->items, (uint8_t)kind);
        record_put_text(&s->items, source);
        record_put_text(&s->items, text);
}

static void add_severities(struct severities *s, const json_t *list)
{
        const json_t *item;
        size_t i;

        json_array_foreach(list, i, item) {
                struct str type = osv_text(item, "type"), score = osv_text(item, "score");

                if (str_equals(type, "CVSS_V2"))
                        add_severity(s, SEVERITY_CVSS_V2, STR_NULL, score);
                else if (str_equals(type, "CVSS_V3"))
                        add_severity(s, SEVERITY_CVSS_V3, STR_NULL, score);
                else if (str_equals(type, "CVSS_V4"))
                        add_severity(s, SEVERITY_CVSS_V4, STR_NULL, score);
                else if (type.n < 64)
                        add_severity(s, SEVERITY_WORD, type, score); /* "Ubuntu" */
        }
}

static void put_severities(struct severities *s, struct buf *out)
{
        record_put_number(out, s->n);
        buf_add_str(out, buf_str(&s->items));
        if (!buf_ok(&s->items))
                out->failed = true;
        buf_free(&s->items);
}

/* "Important: kernel security update", as advisories of Red Hat's family begin. */
static struct str word_of_summary(struct str summary)
{
        static const char *const words[] = { "Critical", "Important", "Moderate", "Low" };

        for (size_t i = 0; i < ELEMENTS_OF(words); i++)
                if (str_starts(summary, words[i]) && summary.n > strlen(words[i]) && summary.p[strlen(words[i])] == ':')
                        return str_from(words[i]);
        return STR_NULL;
}

static void put_record_severities(const json_t *record, struct buf *out)
{
        struct severities s = { 0 };

        add_severities(&s, json_object_get(record, "severity"));
        add_severity(&s, SEVERITY_WORD, STR_NULL, osv_text(json_object_get(record, "database_specific"), "severity"));
        add_severity(&s, SEVERITY_WORD, STR_NULL, word_of_summary(osv_text(record, "summary")));
        put_severities(&s, out);
}

void osv_put_affected_severities(const json_t *affected, struct buf *out)
{
        struct severities s = { 0 };
        struct str urgency = osv_text(json_object_get(affected, "ecosystem_specific"), "urgency");

        add_severities(&s, json_object_get(affected, "severity"));
        add_severity(&s, SEVERITY_WORD, STR_LIT("debian"), urgency);
        put_severities(&s, out);
}

/* ---- the record ---- */

static bool id_is_good(struct str id)
{
        for (size_t i = 0; i < id.n; i++)
                if (id.p[i] <= ' ' || id.p[i] > '~')
                        return false;
        return id.n > 0 && id.n <= ID_MAX;
}

static bool names_cve(const json_t *list)
{
        const json_t *item;
        size_t i;

        json_array_foreach(list, i, item)
                if (str_starts(text_of(item), "CVE-"))
                        return true;
        return false;
}

/* AlmaLinux publishes its bug fixes (ALBA) and enhancements (ALEA) in the same place. */
static bool is_about_security(struct str id, const json_t *record)
{
        return !(str_starts(id, "ALBA-") || str_starts(id, "ALEA-")) || names_cve(json_object_get(record, "related")) ||
               names_cve(json_object_get(record, "upstream")) || names_cve(json_object_get(record, "aliases"));
}

static int check_lists(const json_t *record, struct error *err)
{
        static const char *const lists[] = { "aliases", "upstream", "related", "severity", "references", "affected" };

        for (size_t i = 0; i < ELEMENTS_OF(lists); i++) {
                json_t *list = NULL;
                int r = json_get_array(record, lists[i], false, &list, err);

                if (r < 0)
                        return r;
        }
        return 0;
}

static int put_record(const json_t *record, struct buf *out, struct error *err)
{
        struct str id = osv_text(record, "id");
        size_t at = out->len;
        unsigned odd = 0;
        int r;

        if (!json_is_object(record))
                return error_say(err, -EBADMSG, "not an object");
        if (!id_is_good(id))
                return error_say(err, -EBADMSG, "it has no 'id', or one with other than %d printable characters at most", ID_MAX);
        r = check_lists(record, err);
        if (r < 0)
                return r;
        if (!is_about_security(id, record)) {
                record_put_stub(out, id, RECORD_LEFT_OUT);
                return 0;
        }
        wire_put_u8(out, 0); /* known once all was read */
        record_put_text(out, id);
        record_put_number(out, seconds_of(record, "modified"));
        record_put_number(out, seconds_of(record, "published"));
        put_summary(record, out);
        put_texts(json_object_get(record, "aliases"), out);
        put_texts(json_object_get(record, "upstream"), out);
        put_texts(json_object_get(record, "related"), out);
        put_record_severities(record, out);
        put_references(json_object_get(record, "references"), out);
        r = osv_put_affected(record, out, &odd, err);
        if (osv_text(record, "withdrawn").n)
                odd |= RECORD_WITHDRAWN;
        if (r == 0 && buf_ok(out))
                out->data[at] = (char)odd;
        return r;
}

int osv_record(struct str json, struct buf *out, struct error *err)
{
        _cleanup_json_ json_t *record = NULL;
        size_t before = out->len;
        int r = json_parse(json, OSV_JSON_MAX, &record, err);

        if (r < 0)
                return r;
        HIJACK_POINT("osv");
        r = put_record(record, out, err);
        if (r == 0 && !buf_ok(out))
                return error_oom(err);
        if (r == 0 && out->len - before > RECORD_BYTES_MAX)
                r = error_say(err, -E2BIG, "more than the %u bytes that are kept of a record", RECORD_BYTES_MAX);
        if (r < 0)
                out->len = before;
        return r;
}
