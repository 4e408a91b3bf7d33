/* SPDX-License-Identifier: Apache-2.0 */
/* Programs: any ELF file, in which some compilers say what they were built from. */
#include <errno.h>

#include "inventory/detectors.h"
#include "inventory/program.h"

#define PROGRAM_MAX (4ull << 30)

static int read_program(const struct detector_file *file, struct record_sink *sink, struct error *err)
{
        _cleanup_(elf_done) struct elf elf = { 0 };
        int r = elf_open(&elf, file->content, err);

        if (r <= 0)
                return r;
        r = go_program(&elf, sink, err);
        if (r == 0)
                r = rust_program(&elf, sink, err);
        return r;
}

static const struct pattern patterns[] = { { PATTERN_HEAD, "\177ELF", NULL } };

const struct detector program_detector = {
        .name = "program",
        .version = 1,
        .patterns = patterns,
        .n_patterns = ELEMENTS_OF(patterns),
        .max_size = PROGRAM_MAX,
        .read = read_program,
};
