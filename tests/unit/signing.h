/* SPDX-License-Identifier: Apache-2.0 */
/* Keys for tests of what is signed. */
#ifndef TALLYMAN_TESTS_SIGNING_H
#define TALLYMAN_TESTS_SIGNING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "trust/trust.h"

static inline struct sign_key *new_key(void)
{
        struct sign_key *key = NULL;
        struct error err = ERROR_INIT;

        assert_int_equal(sign_key_generate(&key, &err), 0);
        return key;
}

/* A set that trusts a key; it goes with the set. */
static inline void trust_key(struct trust_keys *keys, const struct sign_key *key)
{
        _cleanup_(buf_free) struct buf pem = { 0 };
        struct error err = ERROR_INIT;

        assert_int_equal(sign_key_write_public(key, &pem, &err), 0);
        assert_int_equal(mem_grow(&keys->items, &keys->cap, keys->n + 1, sizeof(*keys->items)), 0);
        keys->items[keys->n].path = strdup("test.pub");
        assert_int_equal(sign_key_read(buf_str(&pem), STR_NULL, &keys->items[keys->n].key, &err), 0);
        keys->n++;
}

static inline void assert_says(const struct error *err, const char *message)
{
        if (!strstr(err->message, message))
                fail_msg("'%s' does not say '%s'", err->message, message);
}

#endif
