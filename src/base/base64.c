/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/base64.h"

enum alphabet {
        ALPHABET_BOTH, /* nothing was seen yet that is in one only */
        ALPHABET_STANDARD,
        ALPHABET_URL,
        ALPHABET_MIXED,
};

void base64_encode(const void *data, size_t n, struct buf *out)
{
        static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        const uint8_t *p = data;

        buf_reserve(out, n / 3 * 4 + 4);
        for (size_t i = 0; i < n; i += 3) {
                size_t left = MIN_OF(n - i, (size_t)3);
                uint32_t group = (uint32_t)p[i] << 16 | (left > 1 ? (uint32_t)p[i + 1] << 8 : 0) |
                                 (left > 2 ? p[i + 2] : 0u);
                char text[4] = { digits[group >> 18], digits[group >> 12 & 63], '=', '=' };

                if (left > 1)
                        text[2] = digits[group >> 6 & 63];
                if (left > 2)
                        text[3] = digits[group & 63];
                buf_add(out, text, sizeof(text));
        }
}

static int digit_value(char c, enum alphabet *alphabet)
{
        if (c >= 'A' && c <= 'Z')
                return c - 'A';
        if (c >= 'a' && c <= 'z')
                return c - 'a' + 26;
        if (c >= '0' && c <= '9')
                return c - '0' + 52;
        if (c == '+' || c == '/') {
                *alphabet |= ALPHABET_STANDARD;
                return c == '+' ? 62 : 63;
        }
        if (c == '-' || c == '_') {
                *alphabet |= ALPHABET_URL;
                return c == '-' ? 62 : 63;
        }
        return -1;
}

static int bad(size_t at, struct error *err)
{
        return error_say(err, -EBADMSG, "not base64 at offset %zu", at);
}

/* Padding is allowed in the last group only. */
static int decode_group(struct str text, size_t at, enum alphabet *alphabet, struct buf *out, struct error *err)
{
        size_t digits = 4;
        uint32_t group = 0;
        char bytes[3];

        if (at + 4 == text.n && text.p[at + 3] == '=')
                digits = text.p[at + 2] == '=' ? 2 : 3;
        for (size_t i = 0; i < 4; i++) {
                int v = i < digits ? digit_value(text.p[at + i], alphabet) : 0;

                if (v < 0 || *alphabet == ALPHABET_MIXED)
                        return bad(at + i, err);
                group = group << 6 | (uint32_t)v;
        }
        if ((digits == 2 && group & 0xffff) || (digits == 3 && group & 0xff))
                return bad(at + digits - 1, err);
        bytes[0] = (char)(group >> 16);
        bytes[1] = (char)(group >> 8);
        bytes[2] = (char)group;
        buf_add(out, bytes, digits - 1);
        return 0;
}

int base64_decode(struct str text, struct buf *out, struct error *err)
{
        enum alphabet alphabet = ALPHABET_BOTH;

        if (text.n % 4)
                return bad(text.n, err);
        if (!buf_reserve(out, text.n / 4 * 3))
                return error_oom(err);
        for (size_t at = 0; at < text.n; at += 4) {
                int r = decode_group(text, at, &alphabet, out, err);

                if (r < 0)
                        return r;
        }
        return buf_ok(out) ? 0 : error_oom(err);
}
