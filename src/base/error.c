/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"

/* Drops a UTF-8 character that the end of the buffer cut in two. */
static void trim_cut(char *message)
{
        size_t n = strlen(message), back = 0;

        if (n < ERROR_MESSAGE_MAX - 1)
                return;
        while (back < 3 && back < n && ((unsigned char)message[n - 1 - back] & 0xc0) == 0x80)
                back++;
        if (back < n && !utf8_char_length((struct str){ message + n - 1 - back, back + 1 }))
                message[n - 1 - back] = 0;
}

static void vsay(struct error *err, int code, const char *fmt, va_list ap)
{
        err->code = code;
        vsnprintf(err->message, sizeof(err->message), fmt, ap);
        trim_cut(err->message);
}

int error_set(struct error *err, int code, const char *fmt, ...)
{
        size_t n;
        va_list ap;

        if (!err)
                return code;
        va_start(ap, fmt);
        vsay(err, code, fmt, ap);
        va_end(ap);
        n = strlen(err->message);
        snprintf(err->message + n, sizeof(err->message) - n, ": %s", error_text(code));
        return code;
}

int error_say(struct error *err, int code, const char *fmt, ...)
{
        va_list ap;

        if (!err)
                return code;
        va_start(ap, fmt);
        vsay(err, code, fmt, ap);
        va_end(ap);
        return code;
}

int error_wrap(struct error *err, const char *fmt, ...)
{
        char old[ERROR_MESSAGE_MAX];
        size_t n;
        va_list ap;

        if (!err || !err->code)
                return -EIO;
        memcpy(old, err->message, sizeof(old));
        va_start(ap, fmt);
        vsay(err, err->code, fmt, ap);
        va_end(ap);
        n = strlen(err->message);
        snprintf(err->message + n, sizeof(err->message) - n, ": %s", old);
        trim_cut(err->message);
        return err->code;
}

const char *error_text(int code)
{
        const char *text = strerrordesc_np(code < 0 ? -code : code);

        return text ? text : "unknown error";
}

int error_oom(struct error *err)
{
        return error_say(err, -ENOMEM, "out of memory");
}
