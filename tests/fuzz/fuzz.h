/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fuzz target is one file with LLVMFuzzerTestOneInput(). It is built twice: with libFuzzer (script/fuzz), and with
 * run_corpus.c, which runs checked-in inputs as an ordinary test under any compiler.
 */
#ifndef TALLYMAN_TESTS_FUZZ_H
#define TALLYMAN_TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/record.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Each target says so when a parser took its input: a corpus of which nothing is taken no longer tests anything. */
extern unsigned long fuzz_accepted;
/* An allocation was made to fail (run_corpus does so): nothing but an orderly error is expected then. */
extern bool fuzz_starved;

/* What must hold whatever the input was. */
#define HOLDS(condition)                                                         \
        do {                                                                     \
                if (!(condition) && !fuzz_starved)                               \
                        fuzz_broken(#condition, __FILE__, __LINE__, NULL);       \
        } while (0)
#define HOLDS_OR(condition, err)                                                 \
        do {                                                                     \
                if (!(condition) && !fuzz_starved)                               \
                        fuzz_broken(#condition, __FILE__, __LINE__, (err).message); \
        } while (0)
_Noreturn void fuzz_broken(const char *what, const char *file, int line, const char *message);

/* A file in memory with these bytes, positioned at its start. */
int fuzz_file(const void *data, size_t n);

/* Decodes the payload of a record as its reader will. `kind` may be anything. */
bool fuzz_record_decodes(enum record_kind kind, struct str payload);

/* A package record that decodes (others are passed over): the URL that is made of it is valid and says the same. */
void fuzz_check_url(struct str payload);
void fuzz_check_url_text(struct str url); /* valid, whatever it says */
/* Takes what detectors emit, and holds every record and problem to what is promised of them. */
struct record_sink fuzz_sink(void);

/* Walks whatever these files hold; both take `fd`. True if it could be opened. Never expects more than they promise. */
struct layer_file;
bool fuzz_read_index(int fd, bool ours);
void fuzz_read_layer(const struct layer_file *lf, bool ours);
/* Merges layers and walks what came out, which must be an index without fault. */
void fuzz_merge(struct layer_file *const *layers, size_t n);
/* Joins layers and renders what came out. */
void fuzz_join(struct layer_file *const *layers, size_t n);

#endif
