/* SPDX-License-Identifier: Apache-2.0 */
/* Private to the orders of versions. */
#ifndef TALLYMAN_VULN_VERSION_PRIVATE_H
#define TALLYMAN_VULN_VERSION_PRIVATE_H

#include "vuln/version.h"

/* Not those of ctype.h, which ask the locale. */
static inline bool is_digit(char c)
{
        return c >= '0' && c <= '9';
}
static inline bool is_letter(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
static inline bool is_alphanumeric(char c)
{
        return is_digit(c) || is_letter(c);
}
static inline char to_lower(char c)
{
        return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Runs of digits as numbers of any size; an empty one is 0. */
int version_compare_numbers(struct str a, struct str b);
/* Bytes, letters in lower case. */
int version_compare_folded(struct str a, struct str b);
bool version_is_number(struct str s); /* digits and nothing else, at least one */
/* Takes the digits (letters) at the start of *rest. */
struct str version_take_digits(struct str *rest);
struct str version_take_letters(struct str *rest);
/* Takes `word` (lower case) from the start of *rest, whatever the case there. False: it is not there. */
bool version_take_word(struct str *rest, const char *word);

/* What orders that work on a list of words and numbers split a version into. */
struct version_token {
        struct str text;
        bool number;
        int rank; /* the order's own */
};
struct version_tokens {
        struct version_token items[VERSION_LENGTH_MAX + 8];
        size_t n;
};

bool dpkg_parses(struct str version);
int dpkg_compare(struct str a, struct str b);
bool rpm_parses(struct str version);
int rpm_compare(struct str a, struct str b);
bool apk_parses(struct str version);
int apk_compare(struct str a, struct str b);
bool semver_parses(struct str version);
int semver_compare(struct str a, struct str b);
bool nuget_parses(struct str version);
int nuget_compare(struct str a, struct str b);
bool go_parses(struct str version);
int go_compare(struct str a, struct str b);
bool bitnami_parses(struct str version);
int bitnami_compare(struct str a, struct str b);
bool numbers_parses(struct str version);
int numbers_compare(struct str a, struct str b);
bool pep440_parses(struct str version);
int pep440_compare(struct str a, struct str b);
bool maven_parses(struct str version);
int maven_compare(struct str a, struct str b);
bool gem_parses(struct str version);
int gem_compare(struct str a, struct str b);
bool composer_parses(struct str version);
int composer_compare(struct str a, struct str b);

#endif
