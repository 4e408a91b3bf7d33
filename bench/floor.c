/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The floor under a scan: what the same bytes cost on the same cores when nothing else is done. Each file named is a
 * layer's blob: it is read, hashed, inflated with ISA-L where it is gzip, and the inflated bytes are hashed twice, once
 * for the diffID and once for the files in it. As many threads as there are processors, the largest blob first.
 * Prints seconds, bytes in and bytes out.
 */
#include <fcntl.h>
#include <isa-l/igzip_lib.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PIECE (1u << 20)

struct blob {
        const char *path;
        off_t size;
};

static struct blob *blobs;
static int n_blobs;
static atomic_int next_blob;
static atomic_ullong bytes_in, bytes_out;

static void fail(const char *what)
{
        fprintf(stderr, "floor: %s\n", what);
        exit(2);
}

static EVP_MD_CTX *new_hash(void)
{
        EVP_MD_CTX *hash = EVP_MD_CTX_new();

        if (!hash || EVP_DigestInit_ex(hash, EVP_sha256(), NULL) != 1)
                fail("no SHA-256");
        return hash;
}

static void end_hash(EVP_MD_CTX *hash)
{
        unsigned char digest[EVP_MAX_MD_SIZE];

        EVP_DigestFinal_ex(hash, digest, NULL);
        EVP_MD_CTX_free(hash);
}

static void take_out(EVP_MD_CTX *diff, EVP_MD_CTX *files, const uint8_t *data, size_t n)
{
        EVP_DigestUpdate(diff, data, n);
        EVP_DigestUpdate(files, data, n);
        bytes_out += n;
}

static void inflate_piece(struct inflate_state *state, uint8_t *in, size_t n, uint8_t *out, EVP_MD_CTX *diff,
                          EVP_MD_CTX *files)
{
        state->next_in = in;
        state->avail_in = (uint32_t)n;
        do {
                if (state->block_state == ISAL_BLOCK_FINISH) { /* the next member */
                        isal_inflate_reset(state);
                        state->crc_flag = ISAL_GZIP;
                }
                state->next_out = out;
                state->avail_out = PIECE;
                if (isal_inflate(state) < 0)
                        fail("not gzip");
                take_out(diff, files, out, PIECE - state->avail_out);
        } while (state->avail_in || state->avail_out == 0);
}

static void run_blob(const struct blob *blob, uint8_t *in, uint8_t *out)
{
        struct inflate_state *state = calloc(1, sizeof(*state));
        EVP_MD_CTX *whole = new_hash(), *diff = new_hash(), *files = new_hash();
        int fd = open(blob->path, O_RDONLY);
        bool gzip = false, first = true;
        ssize_t n;

        if (fd < 0 || !state)
                fail(blob->path);
        isal_inflate_init(state);
        state->crc_flag = ISAL_GZIP;
        while ((n = read(fd, in, PIECE)) > 0) {
                gzip = first ? in[0] == 0x1f && in[1] == 0x8b : gzip;
                first = false;
                bytes_in += (unsigned long long)n;
                EVP_DigestUpdate(whole, in, (size_t)n);
                if (gzip)
                        inflate_piece(state, in, (size_t)n, out, diff, files);
                else
                        take_out(diff, files, in, (size_t)n);
        }
        close(fd);
        end_hash(whole);
        end_hash(diff);
        end_hash(files);
        free(state);
}

static void *run_blobs(void *ctx)
{
        uint8_t *in = malloc(PIECE), *out = malloc(PIECE);

        if (!in || !out)
                fail("out of memory");
        for (int i; (i = next_blob++) < n_blobs;)
                run_blob(&blobs[i], in, out);
        free(in);
        free(out);
        return ctx;
}

static int by_size(const void *pa, const void *pb)
{
        const struct blob *a = pa, *b = pb;

        return a->size < b->size ? 1 : -(a->size > b->size);
}

static double now(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
        long cpus = sysconf(_SC_NPROCESSORS_ONLN);
        pthread_t *threads = calloc((size_t)cpus, sizeof(*threads));
        double began;

        n_blobs = argc - 1;
        blobs = calloc((size_t)argc, sizeof(*blobs));
        if (!blobs || !threads)
                fail("out of memory");
        for (int i = 0; i < n_blobs; i++) {
                struct stat st;

                if (stat(argv[i + 1], &st) < 0)
                        fail(argv[i + 1]);
                blobs[i] = (struct blob){ argv[i + 1], st.st_size };
        }
        qsort(blobs, (size_t)n_blobs, sizeof(*blobs), by_size);
        began = now();
        for (long i = 0; i < cpus; i++)
                pthread_create(&threads[i], NULL, run_blobs, NULL);
        for (long i = 0; i < cpus; i++)
                pthread_join(threads[i], NULL);
        printf("%.6f %llu %llu\n", now() - began, (unsigned long long)bytes_in, (unsigned long long)bytes_out);
        free(threads);
        free(blobs);
        return 0;
}
