#include "support/unit.h"

#include "cli/elf.h"

#include <elf.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static lm_elf elf;

static unsigned char *read_file(const char *path, size_t *size) {
    FILE *file = fopen(path, "r");
    if (!file)
        return NULL;
    fseek(file, 0, SEEK_END);
    *size = (size_t)ftell(file);
    rewind(file);
    unsigned char *bytes = malloc(*size);
    assert_int_equal(fread(bytes, 1, *size, file), *size);
    fclose(file);
    return bytes;
}

static void this_program(void **state) {
    size_t size = 0;
    unsigned char *bytes = read_file("/proc/self/exe", &size);
    (void)state;
    assert_non_null(bytes);
    assert_true(lm_elf_read(bytes, size, &elf));
    assert_int_equal(elf.bits, sizeof(void *) * 8);
    assert_true(elf.native && elf.is_program);
    assert_false(elf.is_library);
    assert_non_null(strstr(elf.interpreter, "ld-"));
    free(bytes);
}

/* ---- Files that are made up ---------------------------------------------------------------------- */

enum { STRINGS = 96 };

typedef struct image {
    ElfW(Ehdr) elf;
    ElfW(Phdr) header[3];  /* the interpreter, all of it loaded, the dynamic section */
    ElfW(Shdr) section[2]; /* symbols and their names */
    ElfW(Sym) symbol[2];
    ElfW(Dyn) dynamic[5];
    char interpreter[16];
    char strings[STRINGS];
} image;

static image made;

static void make(void) {
    memset(&made, 0, sizeof made);
    memcpy(made.elf.e_ident, ELFMAG, SELFMAG);
    made.elf.e_ident[EI_CLASS] = sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32;
    made.elf.e_ident[EI_DATA] = ELFDATA2LSB;
#if defined(__x86_64__)
    made.elf.e_machine = EM_X86_64;
#elif defined(__aarch64__)
    made.elf.e_machine = EM_AARCH64;
#else
    made.elf.e_machine = EM_RISCV;
#endif
    made.elf.e_type = ET_DYN;
    made.elf.e_phoff = offsetof(image, header);
    made.elf.e_phnum = 3;
    made.elf.e_phentsize = sizeof made.header[0];
    made.elf.e_shoff = offsetof(image, section);
    made.elf.e_shnum = 2;
    made.elf.e_shentsize = sizeof made.section[0];
    strcpy(made.interpreter, "/lib/ld.so");
    static const char strings[] = "\0malloc\0libm.so.6\0__asan_init\0libtsan.so.2\0libx.so";
    memcpy(made.strings, strings, sizeof strings);
    made.header[0] = (ElfW(Phdr)){.p_type = PT_INTERP,
                                  .p_offset = offsetof(image, interpreter),
                                  .p_filesz = sizeof made.interpreter};
    made.header[1] = (ElfW(Phdr)){.p_type = PT_LOAD, .p_vaddr = 0x10000, .p_filesz = sizeof made};
    made.header[2] = (ElfW(Phdr)){.p_type = PT_DYNAMIC,
                                  .p_offset = offsetof(image, dynamic),
                                  .p_filesz = sizeof made.dynamic};
    made.dynamic[0] = (ElfW(Dyn)){DT_STRTAB, {0x10000 + offsetof(image, strings)}};
    made.dynamic[1] = (ElfW(Dyn)){DT_STRSZ, {STRINGS}};
    made.dynamic[2] = (ElfW(Dyn)){DT_NEEDED, {8}};
    made.section[0] = (ElfW(Shdr)){.sh_type = SHT_DYNSYM,
                                   .sh_link = 1,
                                   .sh_offset = offsetof(image, symbol),
                                   .sh_size = sizeof made.symbol};
    made.section[1] = (ElfW(Shdr)){
        .sh_type = SHT_STRTAB, .sh_offset = offsetof(image, strings), .sh_size = STRINGS};
}

static bool read_made(void) {
    unsigned char *copy = aligned_alloc(16, (sizeof made + 15) & ~(size_t)15);
    memcpy(copy, &made, sizeof made);
    const bool right = lm_elf_read(copy, sizeof made, &elf);
    free(copy);
    return right;
}

static void a_plain_program(void **state) {
    (void)state;
    make();
    assert_true(read_made());
    assert_true(elf.is_program);
    assert_string_equal(elf.interpreter, "/lib/ld.so");
    assert_false(elf.is_library || elf.has_malloc);
    assert_null(elf.sanitizer);
}

static void libraries_have_a_name(void **state) {
    (void)state;
    make();
    made.dynamic[3] = (ElfW(Dyn)){DT_SONAME, {44}};
    assert_true(read_made());
    assert_true(elf.is_library);
}

static void a_malloc_of_its_own(void **state) {
    (void)state;
    make();
    made.symbol[1] = (ElfW(Sym)){.st_name = 1, .st_shndx = 1};
    assert_true(read_made());
    assert_true(elf.has_malloc);
    made.symbol[1].st_shndx = SHN_UNDEF; /* it only calls it */
    assert_true(read_made());
    assert_false(elf.has_malloc);
    made.symbol[1].st_shndx = 1;
    made.section[0].sh_type = SHT_SYMTAB; /* not for others to use */
    assert_true(read_made());
    assert_false(elf.has_malloc);
}

static void sanitizers(void **state) {
    (void)state;
    make();
    made.dynamic[2].d_un.d_val = 30; /* libtsan.so.2 */
    assert_true(read_made());
    assert_string_equal(elf.sanitizer, "ThreadSanitizer");
    make();
    made.symbol[1] = (ElfW(Sym)){.st_name = 18, .st_shndx = 1};
    assert_true(read_made());
    assert_string_equal(elf.sanitizer, "AddressSanitizer");
    /* Who asks whether one is there has none. */
    made.symbol[1].st_shndx = SHN_UNDEF;
    made.symbol[1].st_info = ELF64_ST_INFO(STB_WEAK, STT_FUNC);
    assert_true(read_made());
    assert_null(elf.sanitizer);
}

static void other_kinds(void **state) {
    char text[64];
    (void)state;
    make();
    made.elf.e_type = ET_REL;
    assert_true(read_made());
    assert_false(elf.is_program);
    make();
    made.elf.e_machine = EM_S390;
    assert_true(read_made());
    assert_false(elf.native);
    lm_elf_describe(&elf, text, sizeof text);
    assert_string_equal(text, "64-bit S/390");
    make();
    made.elf.e_ident[EI_CLASS] = ELFCLASS32;
    made.elf.e_machine = EM_386;
    assert_true(read_made());
    assert_false(elf.native);
    lm_elf_describe(&elf, text, sizeof text);
    assert_string_equal(text, "32-bit x86");
    made.elf.e_machine = 0x4321;
    assert_true(read_made());
    lm_elf_describe(&elf, text, sizeof text);
    assert_string_equal(text, "32-bit, machine number 17185");
}

static void what_is_none(void **state) {
    (void)state;
    make();
    made.elf.e_ident[1] = 'e';
    assert_false(read_made());
    make();
    made.elf.e_ident[EI_CLASS] = 3;
    assert_false(read_made());
    make();
    made.elf.e_phoff = sizeof made;
    assert_false(read_made());
    make();
    made.elf.e_phoff = UINT64_MAX - 7;
    assert_false(read_made());
    make();
    made.header[0].p_filesz = sizeof made;
    assert_false(read_made());
}

/* Whatever is damaged, and wherever the file ends: nothing outside it is read. */
static void damaged_ones(void **state) {
    (void)state;
    make();
    made.symbol[1] = (ElfW(Sym)){.st_name = 1, .st_shndx = 1};
    for (size_t size = 0; size <= sizeof made; size++) {
        unsigned char *cut = malloc(size + 1);
        memcpy(cut, &made, size);
        lm_elf_read(cut, size, &elf);
        free(cut);
    }
    for (size_t at = SELFMAG + 2; at < sizeof made; at++)
        for (unsigned char change = 1; change; change = (unsigned char)(change << 1)) {
            ((unsigned char *)&made)[at] ^= change;
            read_made();
            ((unsigned char *)&made)[at] ^= change;
        }
    assert_true(read_made());
    assert_true(elf.has_malloc);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(this_program),
        cmocka_unit_test(a_plain_program),
        cmocka_unit_test(libraries_have_a_name),
        cmocka_unit_test(a_malloc_of_its_own),
        cmocka_unit_test(sanitizers),
        cmocka_unit_test(other_kinds),
        cmocka_unit_test(what_is_none),
        cmocka_unit_test(damaged_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
