/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any detector: compiled once for each, with DETECTOR its variable and DETECTOR_PATH a path that it wants.
 * DETECTOR_SEAL, where there is one, writes the checksums that no fuzzer guesses. DETECTOR_TELLS is 1 for one that
 * emits nothing but problems.
 */
#include "fuzz.h"
#include "inventory/detectors.h"

#ifndef DETECTOR_TELLS
#define DETECTOR_TELLS 0
#endif
#ifdef DETECTOR_SEAL
void DETECTOR_SEAL(uint8_t *data, size_t n);
#else
#define DETECTOR_SEAL(data, n)
#endif

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct file_entry entry = { .path = STR_LIT(DETECTOR_PATH), .type = FILE_REGULAR, .size = size };
        _cleanup_free_ uint8_t *copy = malloc(size ? size : 1);
        struct record_sink sink = fuzz_sink();
        struct error err = ERROR_INIT;
        struct content content;
        struct detector_file file = { &entry, &content };

        if (!copy)
                return 0;
        memcpy(copy, data, size);
        DETECTOR_SEAL(copy, size);
        content_from_memory(&content, copy, size);
        if (DETECTOR.read(&file, &sink, &err) < 0)
                HOLDS(err.code < 0 && *err.message);
        else
                fuzz_accepted += DETECTOR_TELLS;
        return 0;
}
