/* SPDX-License-Identifier: Apache-2.0 */
#include <curl/curl.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/http.h"
#include "base/interrupt.h"

#define TRIES 4
#define CONNECT_SECONDS 30L
#define SILENT_SECONDS 60L
#define POST_ANSWER_MAX (1u << 20)

struct http {
        CURL *curl;
        char why[CURL_ERROR_SIZE];
        int socket; /* of the last connection; may be closed by now */
};

/* One answer on its way. */
struct transfer {
        struct http *http;
        uint64_t max;
        struct buf *out; /* or … */
        int fd;
        uint64_t have;   /* bytes of the file that are good */
        char *tag;
        char new_tag[HTTP_TAG_MAX];
        bool begun; /* the file holds the beginning of this answer */
        uint64_t whole; /* size of the body that the server has, told where our range is behind its end; 0: not told */
        struct error *err;
        int code;
        const char *post_type; /* NULL: it is a GET */
        struct str post;
};

int http_new(struct http **ret, struct error *err)
{
        static bool started;
        struct http *http = calloc(1, sizeof(*http));

        if (!http)
                return error_oom(err);
        if (!started && curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
                free(http);
                return error_say(err, -EIO, "libcurl could not be started");
        }
        started = true;
        http->socket = -1;
        http->curl = curl_easy_init();
        if (!http->curl) {
                free(http);
                return error_oom(err);
        }
        *ret = http;
        return 0;
}

struct http *http_free(struct http *http)
{
        if (!http)
                return NULL;
        curl_easy_cleanup(http->curl);
        free(http);
        return NULL;
}

static long status_of(struct transfer *t)
{
        long status = 0;

        curl_easy_getinfo(t->http->curl, CURLINFO_RESPONSE_CODE, &status);
        return status;
}

/* What precedes the first byte of a body: does it continue the file, or begin anew? */
static int begin_file(struct transfer *t, long status)
{
        if (status != 206) {
                t->have = 0;
                if (ftruncate(t->fd, 0) < 0)
                        return error_set(t->err, -errno, "empty a file");
        }
        if (lseek(t->fd, (off_t)t->have, SEEK_SET) < 0)
                return error_set(t->err, -errno, "write a file");
        snprintf(t->tag, HTTP_TAG_MAX, "%s", t->new_tag);
        t->begun = true;
        return 0;
}

static size_t on_body(char *data, size_t size, size_t n, void *ctx)
{
        struct transfer *t = ctx;
        long status = status_of(t);

        n *= size;
        if (status / 100 != 2)
                return n; /* a page about the error */
        if (t->fd >= 0 && !t->begun)
                t->code = begin_file(t, status);
        if (t->code == 0 && n > t->max - MIN_OF(t->max, t->out ? (uint64_t)t->out->len : t->have))
                t->code = error_say(t->err, -E2BIG, "more than %llu bytes", (unsigned long long)t->max);
        if (t->code == 0 && t->out) {
                buf_add(t->out, data, n);
                t->code = buf_ok(t->out) ? 0 : error_oom(t->err);
        } else if (t->code == 0) {
                t->code = file_write(t->fd, data, n, t->err);
                t->have += t->code == 0 ? n : 0;
        }
        return t->code < 0 ? 0 : n;
}

static int on_connect(void *ctx, curl_socket_t socket, curlsocktype purpose)
{
        struct http *http = ctx;

        http->socket = socket;
        return CURL_SOCKOPT_OK;
}

/* Many servers send headers and body apart, and the body only once the headers were acknowledged: which a kernel puts off for 40 ms
 * unless told otherwise, each time anew. On what is no socket any more this does nothing. */
static void acknowledge(const struct http *http)
{
        int on = 1;

        if (http->socket >= 0)
                setsockopt(http->socket, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
}

static size_t on_header(char *data, size_t size, size_t n, void *ctx)
{
        struct transfer *t = ctx;
        struct str line = str_trim((struct str){ data, size * n });

        acknowledge(t->http);
        if (str_starts(line, "HTTP/"))
                t->new_tag[0] = 0; /* of the answer before, which redirected us */
        if (line.n > 5 && strncasecmp(line.p, "etag:", 5) == 0) {
                struct str tag = str_trim((struct str){ line.p + 5, line.n - 5 });

                /* A weak one does not vouch for single bytes. */
                if (tag.n < HTTP_TAG_MAX && !str_starts(tag, "W/"))
                        snprintf(t->new_tag, HTTP_TAG_MAX, "%.*s", STR_ARG(tag));
        }
        if (line.n > 14 && strncasecmp(line.p, "content-range:", 14) == 0) {
                const char *slash = memchr(line.p, '/', line.n);

                if (!slash || str_to_u64((struct str){ slash + 1, line.n - (size_t)(slash + 1 - line.p) }, 10, &t->whole) < 0)
                        t->whole = 0;
        }
        return size * n;
}

static int on_progress(void *ctx, curl_off_t total, curl_off_t now, curl_off_t up_total, curl_off_t up)
{
        return !((const struct transfer *)ctx)->post_type && interrupt_pending();
}

static void set_up(struct transfer *t, const char *url)
{
        CURL *c = t->http->curl;

        curl_easy_reset(c); /* connections stay */
        curl_easy_setopt(c, CURLOPT_URL, url);
        curl_easy_setopt(c, CURLOPT_ERRORBUFFER, t->http->why);
        curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L);
        curl_easy_setopt(c, CURLOPT_MAXREDIRS, (long)HTTP_REDIRECTS_MAX);
#if LIBCURL_VERSION_NUM >= 0x075500
        curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
        curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, strncasecmp(url, "https:", 6) == 0 ? "https" : "http,https");
#else
        curl_easy_setopt(c, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
        curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS,
                         (long)(strncasecmp(url, "https:", 6) == 0 ? CURLPROTO_HTTPS : CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
        curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
        curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L);
        curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, SILENT_SECONDS);
        curl_easy_setopt(c, CURLOPT_USERAGENT, "tallyman/" TALLYMAN_VERSION);
        curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
        curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
        curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
        curl_easy_setopt(c, CURLOPT_HEADERDATA, t);
        curl_easy_setopt(c, CURLOPT_SOCKOPTFUNCTION, on_connect);
        curl_easy_setopt(c, CURLOPT_SOCKOPTDATA, t->http);
        curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
        curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
        curl_easy_setopt(c, CURLOPT_XFERINFODATA, t);
}

/* 0 done, 1 it may work the next time, or an error. */
static int judge_answer(struct transfer *t, CURLcode code, const char *url, struct error *err)
{
        long status = status_of(t);

        if (t->code < 0)
                return error_wrap(err, "%s", url);
        if (!t->post_type && interrupt_check(err) < 0)
                return -ECANCELED;
        if (code != CURLE_OK) {
                error_say(err, -EIO, "%s: %s", url, t->http->why[0] ? t->http->why : curl_easy_strerror(code));
                return code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_PEER_FAILED_VERIFICATION ||
                                       code == CURLE_TOO_MANY_REDIRECTS ?
                               -EIO : 1;
        }
        if (status / 100 == 2)
                return t->fd >= 0 && !t->begun ? begin_file(t, status) : 0; /* it is empty */
        error_say(err, status == 404 || status == 403 || status == 410 ? -ENOENT : -EIO, "%s: the server answered with status %ld", url, status);
        return status / 100 == 5 || status == 429 || status == 408 ? 1 : err->code;
}

/* NULL: there are none. */
static struct curl_slist *headers_for(const struct transfer *t, bool resume)
{
        char line[HTTP_TAG_MAX + 32];
        struct curl_slist *list;

        if (t->post_type) {
                snprintf(line, sizeof(line), "Content-Type: %s", t->post_type);
                return curl_slist_append(NULL, line);
        }
        if (!resume)
                return NULL;
        snprintf(line, sizeof(line), "Range: bytes=%llu-", (unsigned long long)t->have);
        list = curl_slist_append(NULL, line);
        snprintf(line, sizeof(line), "If-Range: %s", t->tag);
        return curl_slist_append(list, line);
}

static void wait_before_try(int try)
{
        struct timespec pause = { .tv_nsec = 250000000L << try };

        pause.tv_sec = pause.tv_nsec / 1000000000L;
        pause.tv_nsec %= 1000000000L;
        nanosleep(&pause, NULL);
}

static int perform(struct transfer *t, const char *url, struct error *err)
{
        struct error mine = ERROR_INIT;
        int r = 1;

        t->err = &mine;
        for (int try = 0; r == 1 && try < TRIES; try++) {
                bool resume = t->fd >= 0 && t->have && t->tag[0];
                struct curl_slist *headers = headers_for(t, resume);
                CURLcode code;

                if (try)
                        wait_before_try(try - 1);
                mine = (struct error)ERROR_INIT;
                t->new_tag[0] = 0;
                t->begun = false;
                t->whole = 0;
                t->http->why[0] = 0;
                if (t->out)
                        buf_clear(t->out);
                set_up(t, url);
                if (headers)
                        curl_easy_setopt(t->http->curl, CURLOPT_HTTPHEADER, headers);
                if (t->post_type) {
                        curl_easy_setopt(t->http->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->post.n);
                        curl_easy_setopt(t->http->curl, CURLOPT_POSTFIELDS, t->post.p);
                }
                code = curl_easy_perform(t->http->curl);
                curl_slist_free_all(headers);
                if (resume && status_of(t) == 416) {
                        if (t->whole == t->have) /* there is no more: we have it all */
                                return 0;
                        t->have = 0;
                        continue;
                }
                r = judge_answer(t, code, url, &mine);
        }
        if (r == 0)
                return 0;
        if (err)
                *err = mine;
        return mine.code ? mine.code : error_say(err, -EIO, "%s: no answer", url);
}

int http_get(struct http *http, const char *url, size_t max, struct buf *out, struct error *err)
{
        struct transfer t = { .http = http, .max = max, .out = out, .fd = -1 };

        return perform(&t, url, err);
}

int http_post(struct http *http, const char *url, const char *type, struct str body, struct error *err)
{
        struct transfer t = { .http = http, .max = POST_ANSWER_MAX, .fd = -1, .post_type = type, .post = body };
        _cleanup_(buf_free) struct buf passed_over = { 0 };

        t.out = &passed_over;
        return perform(&t, url, err);
}

int http_download(struct http *http, const char *url, uint64_t max, int fd, char *tag, struct error *err)
{
        struct transfer t = { .http = http, .max = max, .fd = fd, .tag = tag };
        struct stat st;
        int r;

        if (fstat(fd, &st) < 0)
                return error_set(err, -errno, "look at a file");
        t.have = tag[0] ? (uint64_t)st.st_size : 0;
        r = perform(&t, url, err);
        if (r == 0 && ftruncate(fd, (off_t)t.have) < 0)
                return error_set(err, -errno, "cut a file");
        return r;
}

void http_add_path(struct buf *url, struct str text)
{
        for (size_t i = 0; i < text.n; i++) {
                unsigned char c = (unsigned char)text.p[i];

                if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("-._~/:@!$&'()*+,;=", c)))
                        buf_putc(url, (char)c);
                else
                        buf_printf(url, "%%%02X", c);
        }
}
