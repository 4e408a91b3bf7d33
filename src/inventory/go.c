/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the Go linker writes into programs (Go's package debug/buildinfo): the version of the tools, and a text of lines
 *   path, mod: the main package and its module; dep: a module; =>: what replaces the one before; build: a setting
 * with tabs between fields. The header, 16-aligned, is 32 bytes: a magic, the size of a pointer, flags. With flag 2 the
 * two texts follow it, each after its length; before Go 1.18 it holds pointers to two Go strings.
 */
#include <errno.h>

#include "base/hijack.h"
#include "inventory/language.h"
#include "inventory/program.h"

#define HEADER_SIZE 32u
#define SEARCH_MAX (1u << 20)   /* bytes of the section or segment that are searched for the header */
#define VERSION_MAX 256u
#define MODULES_MAX (16u << 20) /* bytes of the text of modules */
#define FRAME 16u               /* bytes before and after that text, which mark it in the program */

static const char magic[] = "\xff Go buildinf:";

/* 1: found, with where it is. */
static int find_header(const struct elf *elf, uint64_t *ret_offset, struct error *err)
{
        _cleanup_(buf_free) struct buf bytes = { 0 };
        struct elf_range place;
        size_t n;
        int r;

        if (!elf_section(elf, ".go.buildinfo", &place) && (elf->n_sections || !elf_writable_segment(elf, &place)))
                return 0;
        n = (size_t)MIN_OF(place.size, (uint64_t)SEARCH_MAX);
        if (!buf_reserve(&bytes, n + 1))
                return error_oom(err);
        r = content_read(elf->content, place.offset, bytes.data, n, err);
        if (r < 0)
                return r;
        for (size_t at = (16 - place.address % 16) % 16; at + HEADER_SIZE <= n; at += 16) {
                if (memcmp(bytes.data + at, magic, sizeof(magic) - 1) != 0)
                        continue;
                *ret_offset = place.offset + at;
                return 1;
        }
        return 0;
}

static int damaged(struct error *err)
{
        return error_say(err, -EBADMSG, "its Go build information makes no sense");
}

/* A length (varint), then so many bytes. */
static int read_inline(const struct elf *elf, uint64_t *at, size_t max, struct buf *out, struct error *err)
{
        uint64_t length = 0;
        uint8_t byte = 0x80;
        int r;

        for (unsigned shift = 0; byte & 0x80; shift += 7) {
                if (shift > 56)
                        return damaged(err);
                r = content_read(elf->content, (*at)++, &byte, 1, err);
                if (r < 0)
                        return r;
                length |= (uint64_t)(byte & 0x7f) << shift;
        }
        if (length > max)
                return damaged(err);
        if (!buf_reserve(out, (size_t)length + 1))
                return error_oom(err);
        r = content_read(elf->content, *at, out->data, (size_t)length, err);
        *at += length;
        out->len = r < 0 ? 0 : (size_t)length;
        return r;
}

/* The Go string (address and length) that is at an address. */
static int read_string(const struct elf *elf, uint64_t address, size_t word, size_t max, struct buf *out, struct error *err)
{
        uint8_t header[16];
        uint64_t length;
        int r;

        if (address == 0)
                return 0;
        r = elf_read_address(elf, address, header, 2 * word, err);
        if (r < 0)
                return r;
        length = elf_word(elf, header + word, word);
        if (length > max)
                return damaged(err);
        if (!buf_reserve(out, (size_t)length + 1))
                return error_oom(err);
        r = elf_read_address(elf, elf_word(elf, header, word), out->data, (size_t)length, err);
        out->len = r < 0 ? 0 : (size_t)length;
        return r;
}

static int read_texts(const struct elf *elf, uint64_t offset, struct buf *version, struct buf *modules, struct error *err)
{
        uint8_t header[HEADER_SIZE];
        size_t word;
        int r = content_read(elf->content, offset, header, sizeof(header), err);

        if (r < 0)
                return r;
        HIJACK_POINT("go");
        if (header[15] & 2) {
                offset += HEADER_SIZE;
                r = read_inline(elf, &offset, VERSION_MAX, version, err);
                return r < 0 ? r : read_inline(elf, &offset, MODULES_MAX, modules, err);
        }
        word = header[14];
        if (word != 4 && word != 8)
                return damaged(err);
        r = read_string(elf, elf_word(elf, header + 16, word), word, VERSION_MAX, version, err);
        return r < 0 ? r : read_string(elf, elf_word(elf, header + 16 + word, word), word, MODULES_MAX, modules, err);
}

/* ---- what the texts say ---- */

struct module {
        struct str path, version;
};

static struct module split_module(struct str fields)
{
        struct module m = { .path = str_cut(&fields, '\t') };

        m.version = fields.p ? str_cut(&fields, '\t') : STR_NULL;
        if (str_equals(m.version, "(devel)")) /* built from a working tree */
                m.version = STR_NULL;
        return m;
}

static int emit_module(struct language *l, const struct module *m, struct error *err)
{
        return m->path.n ? language_pair(l, m->path, m->version, false, err) : 0;
}

/* The module of a replacement without version is a folder: the one that it replaces is told. */
static int read_modules(struct language *l, struct str text, struct error *err)
{
        struct module pending = { 0 };
        int r = 0;

        while (r == 0 && text.n) {
                struct str rest = str_cut(&text, '\n'), kind = str_cut(&rest, '\t');

                if (!rest.p)
                        continue;
                if (str_equals(kind, "=>")) {
                        struct module by = split_module(rest);

                        pending = by.version.n ? by : pending;
                } else if (str_equals(kind, "mod") || str_equals(kind, "dep")) {
                        r = emit_module(l, &pending, err);
                        pending = split_module(rest);
                }
        }
        return r < 0 ? r : emit_module(l, &pending, err);
}

/* "go1.22.3" and "go1.22.3 X:boringcrypto" are 1.22.3; "devel …" is no release. */
static int emit_standard_library(struct language *l, struct str version, struct error *err)
{
        version = str_cut(&version, ' ');
        if (!str_starts(version, "go") || version.n < 3 || version.p[2] < '0' || version.p[2] > '9')
                return 0;
        return language_pair(l, STR_LIT("stdlib"), (struct str){ version.p + 2, version.n - 2 }, false, err);
}

int go_program(const struct elf *elf, struct record_sink *sink, struct error *err)
{
        struct language l = { .sink = sink, .type = "golang", .evidence = PACKAGE_INSTALLED };
        _cleanup_(buf_free) struct buf version = { 0 }, modules = { 0 };
        struct str text;
        uint64_t offset = 0;
        int r = find_header(elf, &offset, err);

        if (r <= 0)
                return r;
        r = read_texts(elf, offset, &version, &modules, err);
        if (r < 0)
                return error_wrap(err, "what the Go linker wrote into it");
        text = buf_str(&modules);
        if (text.n > 2 * FRAME && text.p[text.n - FRAME - 1] == '\n')
                text = (struct str){ text.p + FRAME, text.n - 2 * FRAME };
        r = emit_standard_library(&l, buf_str(&version), err);
        if (r == 0)
                r = read_modules(&l, text, err);
        language_done(&l);
        return r;
}
