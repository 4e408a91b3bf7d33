/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Facts that somebody wrote down, field by field: what tests of rules hold their rules against. A source of such facts has
 * the fields, types and logic of a real one, and reads nothing else. (Source "syscall" has records of its own, where one
 * field follows from another: model/syscall_event.h.)
 */
#ifndef TALLYMAN_MODEL_GIVEN_H
#define TALLYMAN_MODEL_GIVEN_H

#include "base/mem.h"
#include "model/field.h"

#define GIVEN_FIELDS_MAX 1024 /* of one fact */

struct given_source;

/* `of`, which must last as long. Kinds of events it may not have. */
int given_source_new(const struct fact_source *of, struct given_source **ret, struct error *err) _must_check_;
struct given_source *given_source_free(struct given_source *source);
DEFINE_FREEP(struct given_source, given_source_free)
/* To load rules with. Borrowed. */
const struct fact_source *given_source_get(const struct given_source *source);

/* A fact in the making. A field that nobody set is absent. */
struct given_fact;

int given_fact_new(const struct given_source *source, struct given_fact **ret, struct error *err) _must_check_;
struct given_fact *given_fact_free(struct given_fact *fact);
DEFINE_FREEP(struct given_fact, given_fact_free)
/* Sets a field as a rule names it ("image.user", "image.label[maintainer]"). A field that is a list takes any number of
 * texts, the others one. -ENOENT: no such field (names the nearest); -EINVAL: not of its type; -E2BIG. */
int given_fact_set(struct given_fact *fact, struct str field, const struct str *texts, size_t n, struct error *err) _must_check_;
int given_fact_set_unknown(struct given_fact *fact, struct str field, struct error *err) _must_check_;
/* Borrowed from `fact`. */
struct fact given_fact_get(const struct given_fact *fact);

#endif
