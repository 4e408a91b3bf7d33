/* SPDX-License-Identifier: Apache-2.0 */
/* Private to inventory/: sections and segments of ELF files (System V gABI, chapters 4 and 5), of either word size and
 * byte order. Nothing that the file says about itself is believed before it was checked. */
#ifndef TALLYMAN_INVENTORY_ELF_H
#define TALLYMAN_INVENTORY_ELF_H

#include "model/content.h"

#define ELF_SECTIONS_MAX 65536u
#define ELF_SEGMENTS_MAX 4096u
#define ELF_NAMES_MAX (4u << 20) /* bytes of all section names */

struct elf {
        struct content *content;
        bool wide, big;        /* 64 bits, big-endian */
        struct buf sections, segments, names; /* the raw tables */
        size_t n_sections, n_segments;
};

/* Of a section, or of what a segment has in the file. */
struct elf_range {
        uint64_t address, offset, size;
};

/* 1: an ELF file; 0: it is none, or of a kind that has no sections and segments that make sense. */
int elf_open(struct elf *elf, struct content *content, struct error *err) _must_check_;
void elf_done(struct elf *elf); /* also the _cleanup_ form */
/* The section of this name, wholly inside the file. */
bool elf_section(const struct elf *elf, const char *name, struct elf_range *ret);
/* The first segment that is loaded and can be written to, as far as it is in the file. */
bool elf_writable_segment(const struct elf *elf, struct elf_range *ret);
/* Reads what is loaded at an address. -EBADMSG: nothing of the file is. */
int elf_read_address(const struct elf *elf, uint64_t address, void *buf, size_t n, struct error *err) _must_check_;
uint64_t elf_word(const struct elf *elf, const uint8_t *p, size_t bytes); /* 2, 4 or 8, in the file's byte order */

#endif
