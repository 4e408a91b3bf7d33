/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run_corpus [FILE|DIRECTORY]...: runs a fuzz target on checked-in inputs, without libFuzzer. Beside each input as it
 * is, the target gets it cut short, with single bytes changed, and with each of our own allocations failing in turn.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

#define VARIANTS 96          /* of each kind, for each input */
#define ALLOCATIONS_MAX 400  /* that are made to fail, for each input */

/* ---- allocations of our own code (the linker's --wrap; those of libraries are left alone) ---- */

static unsigned long countdown; /* to the allocation that fails; 0: none does */

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);

static bool starve(void)
{
        if (!countdown || --countdown)
                return false;
        fuzz_starved = true;
        return true;
}

void *__wrap_malloc(size_t n)
{
        return starve() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
        return starve() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
        return starve() ? NULL : __real_realloc(p, n);
}

/* ---- inputs ---- */

static unsigned long inputs;

/* The target gets memory of exactly this size, so that a sanitizer sees a read beyond it. */
static void run(const uint8_t *data, size_t n)
{
        uint8_t *copy = __real_malloc(n ? n : 1);

        if (!copy)
                abort();
        memcpy(copy, data, n);
        LLVMFuzzerTestOneInput(copy, n);
        free(copy);
}

static void run_variants(uint8_t *data, size_t n)
{
        size_t step = n / VARIANTS + 1;
        unsigned long accepted = fuzz_accepted;

        for (size_t at = 0; at < n; at += step)
                run(data, at);
        for (size_t at = 0; at < n; at += step) {
                uint8_t before = data[at];

                data[at] = (uint8_t)(before ^ (1u << (at % 8)));
                run(data, n);
                data[at] = 0xff;
                run(data, n);
                data[at] = before;
        }
        fuzz_accepted = accepted;
}

static void run_starved(const uint8_t *data, size_t n)
{
        unsigned long accepted = fuzz_accepted;

        for (unsigned long i = 1; i <= ALLOCATIONS_MAX; i++) {
                countdown = i;
                fuzz_starved = false;
                run(data, n);
                if (!fuzz_starved)
                        break;
        }
        countdown = 0;
        fuzz_starved = false;
        fuzz_accepted = accepted;
}

static void run_file(const char *path)
{
        FILE *file = fopen(path, "rb");
        struct stat st;
        uint8_t *data;

        if (!file || fstat(fileno(file), &st) < 0 || !(data = __real_malloc((size_t)st.st_size + 1))) {
                perror(path);
                exit(2);
        }
        if (fread(data, 1, (size_t)st.st_size, file) != (size_t)st.st_size) {
                perror(path);
                exit(2);
        }
        fclose(file);
        printf("%s\n", path); /* before it runs, for whoever reads of a crash */
        fflush(stdout);
        inputs++;
        run(data, (size_t)st.st_size);
        if (!strstr(path, "/found-")) { /* what is near those was run when they were found */
                run_variants(data, (size_t)st.st_size);
                run_starved(data, (size_t)st.st_size);
        }
        free(data);
}

static void run_path(const char *path)
{
        struct dirent **names;
        int n = scandir(path, &names, NULL, alphasort);

        if (n < 0) {
                run_file(path);
                return;
        }
        for (int i = 0; i < n; i++) {
                char file[4096];

                snprintf(file, sizeof(file), "%s/%s", path, names[i]->d_name);
                if (names[i]->d_name[0] != '.')
                        run_file(file);
                free(names[i]);
        }
        free(names);
}

int main(int argc, char **argv)
{
        LLVMFuzzerInitialize(&argc, &argv);
        for (int i = 1; i < argc; i++)
                run_path(argv[i]);
        printf("%lu inputs, %lu accepted\n", inputs, fuzz_accepted);
        if (inputs == 0 || fuzz_accepted == 0) {
                fprintf(stderr, "run_corpus: none of the inputs is one that the parser takes\n");
                return 1;
        }
        return 0;
}
