/* SPDX-License-Identifier: Apache-2.0 */
/* Any detector: compiled once for each, with DETECTOR its variable and DETECTOR_PATH a path that it wants. */
#include "fuzz.h"
#include "inventory/detectors.h"

static int take_record(void *ctx, enum record_kind kind, struct str payload, struct error *err)
{
        HOLDS(fuzz_record_decodes(kind, payload));
        fuzz_accepted++;
        return 0;
}

static void take_problem(void *ctx, const char *what)
{
        HOLDS(*what);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct file_entry entry = { .path = STR_LIT(DETECTOR_PATH), .type = FILE_REGULAR, .size = size };
        struct record_sink sink = { take_record, take_problem, NULL };
        struct error err = ERROR_INIT;
        struct content content;
        struct detector_file file = { &entry, &content };

        content_from_memory(&content, data, size);
        if (DETECTOR.read(&file, &sink, &err) < 0)
                HOLDS(err.code < 0 && *err.message);
        return 0;
}
