/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/http.h"
#include "report/deliver_http.h"

struct waiting {
        struct waiting *next;
        size_t n;
        char text[];
};

struct http_sink {
        char *url;
        struct http *http; /* the thread's */
        pthread_t thread;
        pthread_mutex_t lock;
        pthread_cond_t changed;
        struct waiting *first, *last;
        size_t bytes;
        bool ending, ended;
        uint64_t sent, lost;
        struct error why;
};

/* The next text, with the lock held; NULL: it is time to end. */
static struct waiting *next_text(struct http_sink *s)
{
        struct waiting *w;

        while (!s->first && !s->ending)
                pthread_cond_wait(&s->changed, &s->lock);
        w = s->first;
        if (w) {
                s->first = w->next;
                s->last = s->first ? s->last : NULL;
                s->bytes -= w->n;
        }
        return w;
}

static void *send_all(void *ctx)
{
        struct http_sink *s = ctx;
        struct waiting *w;

        pthread_mutex_lock(&s->lock);
        while ((w = next_text(s))) {
                struct error err = ERROR_INIT;
                int r;

                pthread_mutex_unlock(&s->lock);
                r = http_post(s->http, s->url, "application/json", (struct str){ w->text, w->n }, &err);
                free(w);
                pthread_mutex_lock(&s->lock);
                *(r == 0 ? &s->sent : &s->lost) += 1;
                if (r < 0)
                        s->why = err;
        }
        s->ended = true;
        pthread_cond_broadcast(&s->changed);
        pthread_mutex_unlock(&s->lock);
        return NULL;
}

static void destroy(struct http_sink *s)
{
        while (s->first) {
                struct waiting *w = s->first;

                s->first = w->next;
                free(w);
        }
        pthread_cond_destroy(&s->changed);
        pthread_mutex_destroy(&s->lock);
        http_free(s->http);
        free(s->url);
        free(s);
}

int http_sink_new(const char *url, struct http_sink **ret, struct error *err)
{
        struct http_sink *s = calloc(1, sizeof(*s));
        int r;

        if (!s)
                return error_oom(err);
        pthread_mutex_init(&s->lock, NULL);
        pthread_cond_init(&s->changed, NULL);
        s->url = strdup(url);
        r = s->url ? http_new(&s->http, err) : error_oom(err);
        if (r == 0 && pthread_create(&s->thread, NULL, send_all, s) != 0)
                r = error_say(err, -EAGAIN, "no thread can be started for '%s'", url);
        if (r < 0) {
                destroy(s);
                return r;
        }
        *ret = s;
        return 0;
}

bool http_sink_drain(struct http_sink *s)
{
        struct timespec until;
        bool ended;

        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += HTTP_END_SECONDS;
        pthread_mutex_lock(&s->lock);
        s->ending = true;
        pthread_cond_broadcast(&s->changed);
        while (!s->ended && pthread_cond_timedwait(&s->changed, &s->lock, &until) == 0)
                ;
        ended = s->ended;
        pthread_mutex_unlock(&s->lock);
        return ended;
}

struct http_sink *http_sink_free(struct http_sink *s)
{
        if (!s)
                return NULL;
        if (!http_sink_drain(s)) {
                pthread_detach(s->thread); /* the process ends; it has what it needs until then */
                return NULL;
        }
        pthread_join(s->thread, NULL);
        destroy(s);
        return NULL;
}

int http_sink_put(struct http_sink *s, struct str text, struct error *err)
{
        struct waiting *w = malloc(sizeof(*w) + text.n);
        bool full;

        if (!w)
                return error_oom(err);
        w->next = NULL;
        w->n = text.n;
        memcpy(w->text, text.p, text.n);
        pthread_mutex_lock(&s->lock);
        full = s->bytes + text.n > HTTP_WAITING_BYTES;
        if (!full) {
                *(s->last ? &s->last->next : &s->first) = w;
                s->last = w;
                s->bytes += w->n;
                pthread_cond_broadcast(&s->changed);
        }
        pthread_mutex_unlock(&s->lock);
        if (!full)
                return 0;
        free(w);
        return error_say(err, -EAGAIN, "%s: too many wait to be sent", s->url);
}

void http_sink_counts(struct http_sink *s, uint64_t *ret_sent, uint64_t *ret_lost, struct error *ret_why)
{
        pthread_mutex_lock(&s->lock);
        *ret_sent = s->sent;
        *ret_lost = s->lost;
        *ret_why = s->why;
        pthread_mutex_unlock(&s->lock);
}
