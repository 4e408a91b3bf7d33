/* SPDX-License-Identifier: Apache-2.0 */
#include <elf.h>
#include <errno.h>
#include <stddef.h>

#include "base/hijack.h"
#include "inventory/elf.h"

uint64_t elf_word(const struct elf *elf, const uint8_t *p, size_t bytes)
{
        uint64_t value = 0;

        for (size_t i = 0; i < bytes; i++)
                value = value << 8 | p[elf->big ? i : bytes - 1 - i];
        return value;
}

/* A member of a structure that has one form for 32 bits and one for 64. */
#define MEMBER(elf, p, kind, member)                                                                               \
        ((elf)->wide ? elf_word((elf), (p) + offsetof(Elf64_##kind, member), sizeof(((Elf64_##kind *)0)->member))   \
                     : elf_word((elf), (p) + offsetof(Elf32_##kind, member), sizeof(((Elf32_##kind *)0)->member)))

static size_t section_size(const struct elf *elf)
{
        return elf->wide ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr);
}

static size_t segment_size(const struct elf *elf)
{
        return elf->wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
}

static const uint8_t *section_at(const struct elf *elf, size_t i)
{
        return (const uint8_t *)elf->sections.data + i * section_size(elf);
}

static bool is_inside(const struct elf *elf, uint64_t offset, uint64_t size)
{
        return offset <= elf->content->size && size <= elf->content->size - offset;
}

/* A table of `n` entries; one that is not wholly inside the file counts as none. */
static int read_table(struct elf *elf, uint64_t offset, uint64_t n, size_t size, struct buf *out, size_t *ret_n,
                      struct error *err)
{
        int r;

        *ret_n = 0;
        if (n == 0 || !is_inside(elf, offset, n * size))
                return 0;
        if (!buf_reserve(out, (size_t)n * size))
                return error_oom(err);
        r = content_read(elf->content, offset, out->data, (size_t)n * size, err);
        if (r < 0)
                return r;
        out->len = (size_t)n * size;
        *ret_n = (size_t)n;
        return 0;
}

static int read_names(struct elf *elf, uint64_t index, struct error *err)
{
        uint64_t offset, size;
        size_t n;

        if (index >= elf->n_sections)
                return 0;
        offset = MEMBER(elf, section_at(elf, index), Shdr, sh_offset);
        size = MEMBER(elf, section_at(elf, index), Shdr, sh_size);
        return size > ELF_NAMES_MAX ? 0 : read_table(elf, offset, size, 1, &elf->names, &n, err);
}

/* Counts that do not fit 16 bits stand in section 0. */
static int read_sections(struct elf *elf, const uint8_t *head, struct error *err)
{
        uint64_t offset = MEMBER(elf, head, Ehdr, e_shoff), n = MEMBER(elf, head, Ehdr, e_shnum);
        uint64_t names = MEMBER(elf, head, Ehdr, e_shstrndx);
        uint8_t first[sizeof(Elf64_Shdr)];
        int r;

        if (offset == 0 || MEMBER(elf, head, Ehdr, e_shentsize) != section_size(elf) ||
            !is_inside(elf, offset, section_size(elf)))
                return 0;
        r = content_read(elf->content, offset, first, section_size(elf), err);
        if (r < 0)
                return r;
        if (n == 0)
                n = MEMBER(elf, first, Shdr, sh_size);
        if (names == SHN_XINDEX)
                names = MEMBER(elf, first, Shdr, sh_link);
        if (n > ELF_SECTIONS_MAX)
                return 0;
        r = read_table(elf, offset, n, section_size(elf), &elf->sections, &elf->n_sections, err);
        return r < 0 ? r : read_names(elf, names, err);
}

static int read_segments(struct elf *elf, const uint8_t *head, struct error *err)
{
        uint64_t n = MEMBER(elf, head, Ehdr, e_phnum);

        if (MEMBER(elf, head, Ehdr, e_phentsize) != segment_size(elf) || n > ELF_SEGMENTS_MAX)
                return 0;
        return read_table(elf, MEMBER(elf, head, Ehdr, e_phoff), n, segment_size(elf), &elf->segments, &elf->n_segments,
                          err);
}

int elf_open(struct elf *elf, struct content *content, struct error *err)
{
        uint8_t head[sizeof(Elf64_Ehdr)];
        size_t size;
        int r;

        *elf = (struct elf){ .content = content };
        if (content->size < sizeof(Elf32_Ehdr))
                return 0;
        r = content_read(content, 0, head, EI_NIDENT, err);
        if (r < 0 || memcmp(head, ELFMAG, SELFMAG) != 0)
                return r;
        elf->wide = head[EI_CLASS] == ELFCLASS64;
        elf->big = head[EI_DATA] == ELFDATA2MSB;
        size = elf->wide ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr);
        if ((!elf->wide && head[EI_CLASS] != ELFCLASS32) || (!elf->big && head[EI_DATA] != ELFDATA2LSB) ||
            content->size < size)
                return 0;
        r = content_read(content, 0, head, size, err);
        if (r == 0)
                r = read_sections(elf, head, err);
        if (r == 0)
                r = read_segments(elf, head, err);
        HIJACK_POINT("elf");
        return r < 0 ? r : 1;
}

void elf_done(struct elf *elf)
{
        buf_free(&elf->sections);
        buf_free(&elf->segments);
        buf_free(&elf->names);
}

bool elf_section(const struct elf *elf, const char *name, struct elf_range *ret)
{
        size_t n = strlen(name) + 1;

        for (size_t i = 1; i < elf->n_sections; i++) {
                const uint8_t *s = section_at(elf, i);
                uint64_t at = MEMBER(elf, s, Shdr, sh_name);

                if (at >= elf->names.len || n > elf->names.len - at || memcmp(elf->names.data + at, name, n) != 0)
                        continue;
                *ret = (struct elf_range){ MEMBER(elf, s, Shdr, sh_addr), MEMBER(elf, s, Shdr, sh_offset),
                                           MEMBER(elf, s, Shdr, sh_size) };
                return MEMBER(elf, s, Shdr, sh_type) != SHT_NOBITS && is_inside(elf, ret->offset, ret->size);
        }
        return false;
}

/* Segment `i` as far as it is in the file; 0 if it is not loaded. */
static bool loaded(const struct elf *elf, size_t i, bool writable, struct elf_range *ret)
{
        const uint8_t *p = (const uint8_t *)elf->segments.data + i * segment_size(elf);

        if (MEMBER(elf, p, Phdr, p_type) != PT_LOAD || (writable && !(MEMBER(elf, p, Phdr, p_flags) & PF_W)))
                return false;
        *ret = (struct elf_range){ MEMBER(elf, p, Phdr, p_vaddr), MEMBER(elf, p, Phdr, p_offset),
                                   MEMBER(elf, p, Phdr, p_filesz) };
        return is_inside(elf, ret->offset, ret->size);
}

bool elf_writable_segment(const struct elf *elf, struct elf_range *ret)
{
        for (size_t i = 0; i < elf->n_segments; i++)
                if (loaded(elf, i, true, ret))
                        return true;
        return false;
}

int elf_read_address(const struct elf *elf, uint64_t address, void *buf, size_t n, struct error *err)
{
        struct elf_range s;

        for (size_t i = 0; i < elf->n_segments; i++)
                if (loaded(elf, i, false, &s) && address >= s.address && address - s.address <= s.size &&
                    n <= s.size - (address - s.address))
                        return content_read(elf->content, s.offset + (address - s.address), buf, n, err);
        return error_say(err, -EBADMSG, "an address of the program, 0x%llx, is not in it", (unsigned long long)address);
}
