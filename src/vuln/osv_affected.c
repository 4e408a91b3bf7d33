/* SPDX-License-Identifier: Apache-2.0 */
/* What of an OSV record says who is affected. */
#include <errno.h>

#include "vuln/osv_private.h"
#include "vuln/version.h"

#define EVENTS_MAX 4096 /* of one range */

struct affected {
        const json_t *record, *item;
        struct str ecosystem, name, module;
        const struct version_order *order; /* NULL: the ecosystem is not known */
        bool modular;                      /* a version says that it is of a module */
        unsigned *odd;
};

/* ---- ranges ---- */

static const struct {
        const char *key;
        enum event_kind_osv kind;
} event_keys[] = {
        { "introduced", EVENT_INTRODUCED }, { "fixed", EVENT_FIXED }, { "last_affected", EVENT_LAST_AFFECTED }, { "limit", EVENT_LIMIT },
};

static bool version_is_odd(const struct affected *a, enum event_kind_osv kind, struct str version)
{
        if ((kind == EVENT_INTRODUCED && str_equals(version, "0")) || (kind == EVENT_LIMIT && str_equals(version, "*")))
                return false;
        return a->order && a->order->id != VERSION_NONE && !version_parses(a->order, version);
}

static bool is_modular(struct str version)
{
        return version.n > 8 && memmem(version.p, version.n, ".module", 7) != NULL;
}

static void put_event(struct affected *a, const json_t *event, struct buf *out, size_t *n, struct str *introduced)
{
        for (size_t k = 0; k < ELEMENTS_OF(event_keys); k++) {
                struct str version = osv_text(event, event_keys[k].key);

                if (!version.n || *n == EVENTS_MAX)
                        continue;
                if (version_is_odd(a, event_keys[k].kind, version))
                        *a->odd |= RECORD_ODD_VERSION;
                if (event_keys[k].kind == EVENT_INTRODUCED)
                        *introduced = version;
                else if (event_keys[k].kind != EVENT_LIMIT &&
                         (!introduced->p || (a->order && !str_equals(*introduced, "0") && version_compare(a->order, version, *introduced) < 0)))
                        *a->odd |= RECORD_ODD_RANGE;
                a->modular = a->modular || is_modular(version);
                wire_put_u8(out, (uint8_t)event_keys[k].kind);
                record_put_text(out, version);
                (*n)++;
        }
}

/* False: nothing in it can be compared (a range of commits, one without events). */
static bool put_range(struct affected *a, const json_t *range, struct buf *out)
{
        _cleanup_(buf_free) struct buf events = { 0 };
        struct str type = osv_text(range, "type"), introduced = STR_NULL;
        const json_t *event;
        size_t n = 0, i;

        if (!str_equals(type, "SEMVER") && !str_equals(type, "ECOSYSTEM"))
                return false;
        json_array_foreach(json_object_get(range, "events"), i, event)
                put_event(a, event, &events, &n, &introduced);
        if (n == 0 || !introduced.p)
                *a->odd |= RECORD_ODD_RANGE;
        if (n == 0)
                return false;
        wire_put_u8(out, str_equals(type, "SEMVER") ? RANGE_SEMVER : RANGE_ECOSYSTEM);
        record_put_number(out, n);
        buf_add_str(out, buf_str(&events));
        if (!buf_ok(&events))
                out->failed = true;
        return true;
}

static bool is_everything(const json_t *ranges)
{
        const json_t *range, *event;
        size_t i, k;

        json_array_foreach(ranges, i, range)
                json_array_foreach(json_object_get(range, "events"), k, event)
                        if (!str_equals(osv_text(event, "introduced"), "0"))
                                return false;
        return true;
}

/* Go's database says "everything" where its versions can not be put in order, and the real bounds aside. */
static const json_t *ranges_of(const struct affected *a)
{
        const json_t *ranges = json_object_get(a->item, "ranges");
        const json_t *custom = json_object_get(json_object_get(a->item, "ecosystem_specific"), "custom_ranges");

        return json_array_size(custom) > 0 && is_everything(ranges) ? custom : ranges;
}

static size_t put_ranges(struct affected *a, struct buf *out)
{
        _cleanup_(buf_free) struct buf items = { 0 };
        const json_t *range;
        size_t n = 0, i;

        json_array_foreach(ranges_of(a), i, range)
                if (n < RECORD_LIST_MAX)
                        n += put_range(a, range, &items);
        record_put_number(out, n);
        buf_add_str(out, buf_str(&items));
        if (!buf_ok(&items))
                out->failed = true;
        return n;
}

static size_t put_versions(struct affected *a, struct buf *out)
{
        const json_t *list = json_object_get(a->item, "versions"), *item;
        size_t n = 0, i;
        _cleanup_(buf_free) struct buf items = { 0 };

        json_array_foreach(list, i, item) {
                if (!json_is_string(item) || !json_string_length(item) || n == RECORD_LIST_MAX)
                        continue;
                record_put_text(&items, (struct str){ json_string_value(item), json_string_length(item) });
                n++;
        }
        record_put_number(out, n);
        buf_add_str(out, buf_str(&items));
        if (!buf_ok(&items))
                out->failed = true;
        return n;
}

/* ---- names ---- */

/* Red Hat writes "nodejs:18::nodejs-libs" for a package of a module's stream. */
static void split_module(struct affected *a)
{
        for (size_t i = 0; i + 2 < a->name.n; i++)
                if (a->name.p[i] == ':' && a->name.p[i + 1] == ':') {
                        a->module = (struct str){ a->name.p, i };
                        a->name = (struct str){ a->name.p + i + 2, a->name.n - i - 2 };
                        return;
                }
}

static bool is_stream(struct str word)
{
        const char *colon = word.n ? memchr(word.p, ':', word.n) : NULL;

        return colon && colon > word.p && colon + 1 < word.p + word.n;
}

/* AlmaLinux and Rocky name the stream only in the summary: "Moderate: virt:rhel and virt-devel:rhel security update". */
static void put_module(const struct affected *a, struct buf *out)
{
        _cleanup_(buf_free) struct buf streams = { 0 };
        struct str rest = osv_text(a->record, "summary");

        if (a->module.n) {
                record_put_text(out, a->module);
                return;
        }
        if (a->modular) {
                buf_putc(&streams, '*'); /* of some stream */
                while (rest.n) {
                        struct str word = str_trim(str_cut(&rest, ' '));

                        if (is_stream(word) && word.n < 100) {
                                buf_putc(&streams, ' ');
                                buf_add_str(&streams, word);
                        }
                }
        }
        if (!buf_ok(&streams))
                out->failed = true;
        record_put_text(out, buf_str(&streams));
}

/* SUSE names sources, and beside them the binary packages with the versions that fix them. */
static void put_binaries(const struct affected *a, struct buf *out)
{
        const json_t *list = json_object_get(json_object_get(a->item, "ecosystem_specific"), "binaries"), *item, *version;
        _cleanup_(buf_free) struct buf items = { 0 };
        size_t n = 0, i;
        const char *name;

        if (str_starts(a->ecosystem, "SUSE") || str_starts(a->ecosystem, "openSUSE"))
                json_array_foreach(list, i, item)
                        json_object_foreach((json_t *)item, name, version) {
                                if (!json_is_string(version) || n == RECORD_LIST_MAX)
                                        continue;
                                record_put_text(&items, str_from(name));
                                record_put_text(&items, str_from(json_string_value(version)));
                                n++;
                        }
        record_put_number(out, n);
        buf_add_str(out, buf_str(&items));
        if (!buf_ok(&items))
                out->failed = true;
}

/* What is said about a fix that is not there. */
static void put_note(const struct affected *a, struct buf *out, uint8_t *flags)
{
        static const char *const will_not[] = { "wont-fix", "won't fix", "will not fix", "ignored", "end-of-life", "end of life",
                                                "out of support scope", "no-dsa", "nodsa" };
        const json_t *specific = json_object_get(a->item, "ecosystem_specific"), *database = json_object_get(a->item, "database_specific");
        struct str urgency = osv_text(specific, "urgency"), state = osv_text(specific, "fix_state");

        if (!state.n)
                state = osv_text(specific, "status");
        if (!state.n)
                state = osv_text(database, "status");
        if (str_equals(urgency, "unimportant"))
                *flags |= AFFECTED_UNIMPORTANT;
        if (str_equals(urgency, "end-of-life"))
                *flags |= AFFECTED_NO_FIX;
        for (size_t i = 0; i < ELEMENTS_OF(will_not); i++)
                if (str_equals(state, will_not[i]))
                        *flags |= AFFECTED_NO_FIX;
        if (!state.n)
                state = osv_text(database, "last_known_affected_version_range");
        record_put_text(out, (struct str){ state.p, MIN_OF(state.n, (size_t)200) });
}

static int put_one(struct affected *a, struct buf *out, struct error *err)
{
        _cleanup_(buf_free) struct buf head = { 0 }, tail = { 0 };
        const json_t *package = json_object_get(a->item, "package");
        uint8_t flags = 0;
        size_t n;

        a->ecosystem = osv_text(package, "ecosystem");
        a->name = osv_text(package, "name");
        if (a->ecosystem.n > 200 || a->name.n > 1000)
                return error_say(err, -EBADMSG, "'affected': a package's name or ecosystem is too long");
        a->order = version_order_of(a->ecosystem);
        split_module(a);
        osv_put_affected_severities(a->item, &tail);
        n = put_ranges(a, &tail);
        n += put_versions(a, &tail);
        if (n == 0)
                *a->odd |= RECORD_NO_RANGE;
        put_binaries(a, &tail);
        record_put_text(&head, a->ecosystem);
        record_put_text(&head, a->name);
        put_module(a, &head);
        put_note(a, &head, &flags);
        wire_put_u8(&head, flags);
        record_put_number(out, head.len + tail.len);
        buf_add_str(out, buf_str(&head));
        buf_add_str(out, buf_str(&tail));
        return buf_ok(&head) && buf_ok(&tail) && buf_ok(out) ? 0 : error_oom(err);
}

/* Those that name a package; a repository alone is matched by commits, which is not for us. */
static bool is_package(const json_t *item)
{
        const json_t *package = json_object_get(item, "package");

        return osv_text(package, "ecosystem").n && osv_text(package, "name").n;
}

int osv_put_affected(const json_t *record, struct buf *out, unsigned *odd, struct error *err)
{
        const json_t *list = json_object_get(record, "affected"), *item;
        size_t n = 0, kept = 0, i;
        int r = 0;

        json_array_foreach(list, i, item)
                n += is_package(item);
        if (n > RECORD_LIST_MAX)
                return error_say(err, -E2BIG, "'affected': more than %u packages", RECORD_LIST_MAX);
        record_put_number(out, n);
        json_array_foreach(list, i, item) {
                struct affected a = { .record = record, .item = item, .odd = odd };

                if (!is_package(item) || kept++ >= n)
                        continue;
                r = put_one(&a, out, err);
                if (r < 0)
                        break;
        }
        return r;
}
