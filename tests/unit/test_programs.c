/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include <elf.h>

#include "base/wire.h"
#include "listing.h"

#define PATH "usr/bin/x"
#define AT 0x400000u /* where the file is loaded */

static const struct listing *list_program(const struct buf *file)
{
        return list_bytes(&program_detector, PATH, buf_str(file));
}

/* A 64-bit file that is loaded as a whole, with one section beside that of names. Returns where its bytes are. */
static size_t make_elf(struct buf *out, const char *name, struct str bytes)
{
        char names[64] = "\0.shstrtab";
        size_t name_at = 11, n_names = name_at + strlen(name) + 1, at, table;
        Elf64_Ehdr head = { .e_ident = ELFMAG, .e_type = ET_EXEC, .e_phoff = sizeof(head), .e_phentsize = sizeof(Elf64_Phdr),
                            .e_phnum = 1, .e_shentsize = sizeof(Elf64_Shdr), .e_shnum = 3, .e_shstrndx = 1 };
        Elf64_Phdr segment = { .p_type = PT_LOAD, .p_flags = PF_R | PF_W, .p_vaddr = AT };
        Elf64_Shdr sections[3] = { 0 };

        memcpy(names + name_at, name, strlen(name) + 1);
        head.e_ident[EI_CLASS] = ELFCLASS64;
        head.e_ident[EI_DATA] = ELFDATA2LSB;
        at = (sizeof(head) + sizeof(segment) + 15) / 16 * 16;
        table = (at + bytes.n + n_names + 7) / 8 * 8;
        head.e_shoff = table;
        segment.p_filesz = table;
        sections[1] = (Elf64_Shdr){ .sh_name = 1, .sh_type = SHT_STRTAB, .sh_offset = at + bytes.n, .sh_size = n_names };
        sections[2] = (Elf64_Shdr){ .sh_name = (Elf64_Word)name_at, .sh_type = SHT_PROGBITS, .sh_offset = at, .sh_size = bytes.n,
                                    .sh_addr = AT + at };
        buf_clear(out);
        buf_add(out, &head, sizeof(head));
        buf_add(out, &segment, sizeof(segment));
        while (out->len < at)
                buf_putc(out, 0);
        buf_add_str(out, bytes);
        buf_add(out, names, n_names);
        while (out->len < table)
                buf_putc(out, 0);
        buf_add(out, sections, sizeof(sections));
        return at;
}

/* ---- Go ---- */

#define FRAME "0123456789abcdef"
#define MODULES                                                                            \
        FRAME "path\texample.org/app/cmd\nmod\texample.org/app\t(devel)\t\ndep\tgithub.com/a/b\tv1.0.0\th1:x=\n"    \
        "dep\tgithub.com/c\tv2.0.0\n=>\tgithub.com/fork/c\tv2.0.1\th1:y=\ndep\tgithub.com/local\tv0.1.0\n=>\t./local\t\n" \
        "build\t-compiler=gc\n" FRAME
#define EXPECTED "stdlib 1.22.3\nexample.org/app \ngithub.com/a/b v1.0.0\ngithub.com/fork/c v2.0.1\ngithub.com/local v0.1.0\n"

static void put_varint(struct buf *out, size_t n)
{
        for (; n > 0x7f; n >>= 7)
                buf_putc(out, (char)(0x80 | (n & 0x7f)));
        buf_putc(out, (char)n);
}

static void put_inline(struct buf *out, const char *version, const char *modules)
{
        buf_clear(out);
        buf_add(out, "\xff Go buildinf:\x08\x02", 16);
        for (unsigned i = 0; i < 16; i++)
                buf_putc(out, 0);
        put_varint(out, strlen(version));
        buf_puts(out, version);
        put_varint(out, strlen(modules));
        buf_puts(out, modules);
}

static void test_go_with_texts_in_place(void **state)
{
        _cleanup_(buf_free) struct buf bytes = { 0 }, file = { 0 };

        put_inline(&bytes, "go1.22.3 X:boringcrypto", MODULES);
        make_elf(&file, ".go.buildinfo", buf_str(&bytes));
        assert_string_equal(list_program(&file)->text, EXPECTED);
        assert_string_equal(list_program(&file)->problem, "");
        put_inline(&bytes, "devel go1.23-abcdef", "");
        make_elf(&file, ".go.buildinfo", buf_str(&bytes));
        assert_string_equal(list_program(&file)->text, "");
}

/* Before Go 1.18: addresses of Go strings, each an address and a length. */
static void test_go_with_pointers(void **state)
{
        static const char version[] = "go1.22.3", modules[] = MODULES;
        _cleanup_(buf_free) struct buf bytes = { 0 }, file = { 0 };
        size_t at = make_elf(&file, ".go.buildinfo", STR_LIT("")), texts = AT + at + 64;

        buf_add(&bytes, "\xff Go buildinf:\x08\x00", 16);
        wire_put_u64(&bytes, AT + at + 32);
        wire_put_u64(&bytes, AT + at + 48);
        wire_put_u64(&bytes, texts);
        wire_put_u64(&bytes, sizeof(version) - 1);
        wire_put_u64(&bytes, texts + sizeof(version) - 1);
        wire_put_u64(&bytes, sizeof(modules) - 1);
        buf_puts(&bytes, version);
        buf_puts(&bytes, modules);
        make_elf(&file, ".go.buildinfo", buf_str(&bytes));
        assert_string_equal(list_program(&file)->text, EXPECTED);
        file.data[at + 23] ^= 0x40; /* to nowhere */
        assert_int_equal(list_program(&file)->code, -EBADMSG);
        assert_non_null(strstr(list_program(&file)->problem, "is not in it"));
}

/* Without sections the first segment that can be written to is searched. */
static void test_go_without_sections(void **state)
{
        _cleanup_(buf_free) struct buf bytes = { 0 }, file = { 0 };
        Elf64_Ehdr *head;

        put_inline(&bytes, "go1.22.3", MODULES);
        make_elf(&file, ".go.buildinfo", buf_str(&bytes));
        head = (Elf64_Ehdr *)file.data;
        head->e_shoff = 0;
        assert_string_equal(list_program(&file)->text, EXPECTED);
}

static void test_go_that_lies(void **state)
{
        _cleanup_(buf_free) struct buf bytes = { 0 }, file = { 0 };

        buf_add(&bytes, "\xff Go buildinf:\x08\x02", 16);
        for (unsigned i = 0; i < 16; i++)
                buf_putc(&bytes, 0);
        buf_puts(&bytes, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff");
        make_elf(&file, ".go.buildinfo", buf_str(&bytes));
        assert_int_equal(list_program(&file)->code, -EBADMSG);
        bytes.len = 32;
        put_varint(&bytes, 200);
        make_elf(&file, ".go.buildinfo", buf_str(&bytes));
        file.len = 170;
        assert_int_equal(list_program(&file)->code, 0); /* cut short: without the table of sections */
}

/* ---- Rust ---- */

static void make_rust(struct buf *file, const char *json)
{
        Bytef packed[4096];
        uLongf n = sizeof(packed);

        assert_int_equal(compress(packed, &n, (const Bytef *)json, strlen(json)), Z_OK);
        make_elf(file, ".dep-v0", (struct str){ (char *)packed, n });
}

static void test_rust(void **state)
{
        _cleanup_(buf_free) struct buf file = { 0 };

        make_rust(&file, "{\"packages\":[{\"name\":\"serde\",\"version\":\"1.0.1\",\"source\":\"crates.io\"},"
                         "{\"name\":\"cc\",\"version\":\"1.0\",\"source\":\"crates.io\",\"kind\":\"build\"},"
                         "{\"name\":\"app\",\"version\":\"0.1.0\",\"source\":\"local\",\"dependencies\":[0],\"root\":true}]}");
        assert_string_equal(list_program(&file)->text, "serde 1.0.1\napp 0.1.0\n");
        make_rust(&file, "{\"packages\":7}");
        assert_string_equal(list_program(&file)->text, "");
        make_rust(&file, "[]");
        assert_string_equal(list_program(&file)->problem, "its list of Rust packages (.dep-v0): not a JSON object");
        make_elf(&file, ".dep-v0", STR_LIT("nonsense"));
        assert_int_equal(list_program(&file)->code, -EBADMSG);
        make_elf(&file, ".dep-v0", STR_LIT(""));
        assert_int_equal(list_program(&file)->code, -EBADMSG);
}

static void test_rust_that_inflates_to_too_much(void **state)
{
        _cleanup_(buf_free) struct buf file = { 0 }, zeros = { 0 }, packed = { 0 };
        uLongf n = 1 << 20;

        assert_true(buf_reserve(&zeros, 20 << 20) && buf_reserve(&packed, n));
        memset(zeros.data, ' ', 20 << 20);
        assert_int_equal(compress((Bytef *)packed.data, &n, (Bytef *)zeros.data, 20 << 20), Z_OK);
        make_elf(&file, ".dep-v0", (struct str){ packed.data, n });
        assert_int_equal(list_program(&file)->code, -E2BIG);
}

/* ---- any ELF file ---- */

static void test_every_byte_changed_and_every_length(void **state)
{
        _cleanup_(buf_free) struct buf bytes = { 0 }, file = { 0 };

        put_inline(&bytes, "go1.22.3", MODULES);
        make_elf(&file, ".go.buildinfo", buf_str(&bytes));
        for (size_t i = 0; i < file.len; i++)
                for (unsigned bit = 0; bit < 8; bit += 7) {
                        file.data[i] ^= (char)(1 << bit);
                        list_program(&file);
                        file.data[i] ^= (char)(1 << bit);
                }
        assert_string_equal(list_program(&file)->text, EXPECTED);
        for (size_t n = file.len; n-- > 0;) {
                file.len = n;
                list_program(&file);
        }
        assert_int_equal(list_text(&program_detector, PATH, "\177ELF")->code, 0);
        assert_int_equal(list_text(&program_detector, PATH, "text")->code, 0);
}

static void test_offsets_beyond_the_end(void **state)
{
        _cleanup_(buf_free) struct buf bytes = { 0 }, file = { 0 };
        Elf64_Ehdr *head;
        Elf64_Shdr *sections;

        put_inline(&bytes, "go1.22.3", MODULES);
        make_elf(&file, ".go.buildinfo", buf_str(&bytes));
        head = (Elf64_Ehdr *)file.data;
        sections = (Elf64_Shdr *)(file.data + head->e_shoff);
        sections[2].sh_offset = UINT64_MAX - 8;
        assert_string_equal(list_program(&file)->text, "");
        sections[2].sh_offset = 64;
        sections[2].sh_size = UINT64_MAX;
        assert_string_equal(list_program(&file)->text, "");
        head->e_shnum = 0;
        sections[0].sh_size = UINT64_MAX; /* of so many sections */
        assert_int_equal(list_program(&file)->code, 0);
        head->e_shoff = UINT64_MAX;
        head->e_phoff = UINT64_MAX;
        assert_int_equal(list_program(&file)->code, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_go_with_texts_in_place),
                cmocka_unit_test(test_go_with_pointers),
                cmocka_unit_test(test_go_without_sections),
                cmocka_unit_test(test_go_that_lies),
                cmocka_unit_test(test_rust),
                cmocka_unit_test(test_rust_that_inflates_to_too_much),
                cmocka_unit_test(test_every_byte_changed_and_every_length),
                cmocka_unit_test(test_offsets_beyond_the_end),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
