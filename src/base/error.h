/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one error idiom: a function that can fail returns 0 (or a documented non-negative value) or a negative errno,
 * and fills a caller-owned struct error with a message made for people. Libraries never print and never exit.
 *
 * Codes with a fixed meaning here:
 *   -EBADMSG    the input is malformed          -E2BIG     a named limit was reached
 *   -ENOTSUP    well-formed but not supported   -ECANCELED the user asked us to stop
 *   -EINVAL     the caller's request is wrong   -ENOENT    it is not there
 */
#ifndef TALLYMAN_BASE_ERROR_H
#define TALLYMAN_BASE_ERROR_H

#include <stddef.h>

#define ERROR_MESSAGE_MAX 1024

struct error {
        int code;                       /* negative errno, 0 while unset */
        char message[ERROR_MESSAGE_MAX]; /* always terminated; cut at the limit, never split inside a UTF-8 character */
};

#define ERROR_INIT { .code = 0, .message = "" }

#define _must_check_ __attribute__((warn_unused_result))
#define _printf_(fmt, first) __attribute__((format(printf, fmt, first)))

/* Sets the message, followed by ": " and the text of errno `-code`. `err` may be NULL. Returns `code`. */
int error_set(struct error *err, int code, const char *fmt, ...) _printf_(3, 4);

/* Sets the message as it is, for errors that no errno text explains better. `err` may be NULL. Returns `code`. */
int error_say(struct error *err, int code, const char *fmt, ...) _printf_(3, 4);

/* Puts "context: " before the message that is already there. Returns err->code (-EIO where err is NULL or unset). */
int error_wrap(struct error *err, const char *fmt, ...) _printf_(2, 3);

/* The text of errno `code` (positive or negative), in English whatever the locale: strerror(3) would look for a catalogue,
 * which a worker may not open. */
const char *error_text(int code);

/* Out of memory. Returns -ENOMEM. */
int error_oom(struct error *err);

#endif
