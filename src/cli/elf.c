#include "cli/elf.h"

#include <elf.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
static const bool host_is_big_endian = true;
#else
static const bool host_is_big_endian = false;
#endif

/* What this command was compiled for. */
#if defined(__x86_64__)
static const unsigned host_machine = EM_X86_64;
#elif defined(__aarch64__)
static const unsigned host_machine = EM_AARCH64;
#elif defined(__riscv)
static const unsigned host_machine = EM_RISCV;
#else
#error "name this machine's EM_ constant here"
#endif

static const unsigned host_bits = sizeof(void *) * 8;

/* How a sanitizer that replaces malloc shows in a program: by the library that it needs, or by a
 * function of its run time where that is linked statically. */
static const struct {
    const char *name, *library, *function;
} sanitizers[] = {
    {"AddressSanitizer", "libasan.so", "__asan_init"},
    {"AddressSanitizer", "libclang_rt.asan", "__asan_init"},
    {"HWAddressSanitizer", "libhwasan.so", "__hwasan_init"},
    {"ThreadSanitizer", "libtsan.so", "__tsan_init"},
    {"LeakSanitizer", "liblsan.so", "__lsan_init"},
    {"MemorySanitizer", "libclang_rt.msan", "__msan_init"},
};

/* A file in memory. Whatever it says about itself is checked against its size before it's believed.
 */
struct image {
    const unsigned char *bytes;
    size_t size;
};

/* `count` records of `each` bytes at `offset`, NULL when they aren't all inside the file. */
static const void *part(const struct image *image, uint64_t offset, uint64_t count, size_t each) {
    const bool inside = offset <= image->size && count <= (image->size - offset) / each;
    /* Records that aren't aligned are damage too: no linker makes them. */
    if (!inside || (uintptr_t)(image->bytes + offset) % (each % 8 == 0 ? 8 : 1) != 0)
        return NULL;
    return image->bytes + offset;
}

/* The string at `offset` of a table, "" when it isn't inside it. */
static const char *string_at(const char *table, uint64_t size, uint64_t offset) {
    if (table == NULL || offset >= size || memchr(table + offset, '\0', size - offset) == NULL)
        return "";
    return table + offset;
}

static bool starts_with(const char *string, const char *start) {
    return strncmp(string, start, strlen(start)) == 0;
}

/* ---- Program headers ------------------------------------------------------------------------ */

/* The file offset of an address, UINT64_MAX when it isn't in the file. */
static uint64_t offset_of(const ElfW(Phdr) * headers, unsigned count, uint64_t address) {
    for (unsigned i = 0; i < count; i++) {
        const ElfW(Phdr) *header = &headers[i];
        const bool inside = header->p_type == PT_LOAD && address >= header->p_vaddr &&
                            address - header->p_vaddr < header->p_filesz;
        if (inside)
            return header->p_offset + (address - header->p_vaddr);
    }
    return UINT64_MAX;
}

static void read_needed(const char *library, lm_elf *elf) {
    for (size_t i = 0; i < sizeof sanitizers / sizeof sanitizers[0]; i++) {
        if (starts_with(library, sanitizers[i].library))
            elf->sanitizer = sanitizers[i].name;
    }
}

static void read_dynamic(const struct image *image, const ElfW(Phdr) * headers, unsigned count,
                         const ElfW(Phdr) * dynamic, lm_elf *elf) {
    const uint64_t entries = dynamic->p_filesz / sizeof(ElfW(Dyn));
    const ElfW(Dyn) *entry = part(image, dynamic->p_offset, entries, sizeof *entry);
    if (entry == NULL)
        return;
    uint64_t strings = UINT64_MAX;
    uint64_t length = 0;
    for (uint64_t i = 0; i < entries && entry[i].d_tag != DT_NULL; i++) {
        if (entry[i].d_tag == DT_STRTAB)
            strings = offset_of(headers, count, entry[i].d_un.d_ptr);
        else if (entry[i].d_tag == DT_STRSZ)
            length = entry[i].d_un.d_val;
        else if (entry[i].d_tag == DT_SONAME)
            elf->is_library = true;
    }
    const char *table = part(image, strings, length, 1);
    for (uint64_t i = 0; i < entries && entry[i].d_tag != DT_NULL; i++) {
        if (entry[i].d_tag == DT_NEEDED)
            read_needed(string_at(table, length, entry[i].d_un.d_val), elf);
    }
}

static bool read_program_headers(const struct image *image, const ElfW(Ehdr) * header,
                                 lm_elf *elf) {
    const unsigned count = header->e_phnum;
    const ElfW(Phdr) *headers = part(image, header->e_phoff, count, sizeof *headers);
    if (headers == NULL || header->e_phentsize != sizeof *headers)
        return false;
    for (unsigned i = 0; i < count; i++) {
        if (headers[i].p_type == PT_DYNAMIC)
            read_dynamic(image, headers, count, &headers[i], elf);
        if (headers[i].p_type != PT_INTERP)
            continue;
        const char *path = part(image, headers[i].p_offset, headers[i].p_filesz, 1);
        if (path == NULL)
            return false;
        snprintf(elf->interpreter, sizeof elf->interpreter, "%.*s", (int)headers[i].p_filesz, path);
    }
    return true;
}

/* ---- Symbols -------------------------------------------------------------------------------- */

static void read_symbol(const ElfW(Sym) * symbol, const char *name, bool dynamic, lm_elf *elf) {
    const bool defined = symbol->st_shndx != SHN_UNDEF;
    const bool weak = ELF64_ST_BIND(symbol->st_info) == STB_WEAK;
    if (dynamic && defined && strcmp(name, "malloc") == 0)
        elf->has_malloc = true;
    /* A weak reference is how a program asks whether a sanitizer is there. */
    if (name[0] != '_' || (!defined && weak))
        return;
    for (size_t i = 0; i < sizeof sanitizers / sizeof sanitizers[0]; i++) {
        if (strcmp(name, sanitizers[i].function) == 0)
            elf->sanitizer = sanitizers[i].name;
    }
}

/* Programs whose section headers were removed as well have no findable symbols; for them the
 * library verifies itself at start. */
static void read_symbols(const struct image *image, const ElfW(Ehdr) * header, lm_elf *elf) {
    const unsigned count = header->e_shnum;
    const ElfW(Shdr) *sections = part(image, header->e_shoff, count, sizeof *sections);
    if (sections == NULL || header->e_shentsize != sizeof *sections)
        return;
    for (unsigned i = 0; i < count; i++) {
        const bool dynamic = sections[i].sh_type == SHT_DYNSYM;
        if ((!dynamic && sections[i].sh_type != SHT_SYMTAB) || sections[i].sh_link >= count)
            continue;
        const ElfW(Shdr) *strings = &sections[sections[i].sh_link];
        const char *table = part(image, strings->sh_offset, strings->sh_size, 1);
        const uint64_t symbols = sections[i].sh_size / sizeof(ElfW(Sym));
        const ElfW(Sym) *symbol = part(image, sections[i].sh_offset, symbols, sizeof *symbol);
        for (uint64_t j = 0; symbol != NULL && j < symbols; j++)
            read_symbol(&symbol[j], string_at(table, strings->sh_size, symbol[j].st_name), dynamic,
                        elf);
    }
}

/* ---- The whole ------------------------------------------------------------------------------ */

/* The machine is at the same place for both sizes of words. */
static unsigned read_machine(const unsigned char *image, bool big_endian) {
    const unsigned first = image[offsetof(Elf32_Ehdr, e_machine)];
    const unsigned second = image[offsetof(Elf32_Ehdr, e_machine) + 1];
    return big_endian ? first << 8 | second : second << 8 | first;
}

bool lm_elf_read(const unsigned char *image, size_t size, lm_elf *elf) {
    memset(elf, 0, sizeof *elf);
    if (size < sizeof(Elf32_Ehdr) || memcmp(image, ELFMAG, SELFMAG) != 0)
        return false;
    if (image[EI_CLASS] != ELFCLASS32 && image[EI_CLASS] != ELFCLASS64)
        return false;
    elf->bits = image[EI_CLASS] == ELFCLASS64 ? 64 : 32;
    elf->big_endian = image[EI_DATA] == ELFDATA2MSB;
    elf->machine = read_machine(image, elf->big_endian);
    elf->native = elf->bits == host_bits && elf->big_endian == host_is_big_endian &&
                  elf->machine == host_machine;
    if (!elf->native)
        return true;

    const struct image whole = {image, size};
    const ElfW(Ehdr) *header = part(&whole, 0, 1, sizeof *header);
    if (header == NULL)
        return false;
    elf->is_program = header->e_type == ET_EXEC || header->e_type == ET_DYN;
    if (!elf->is_program)
        return true;
    if (!read_program_headers(&whole, header, elf))
        return false;
    read_symbols(&whole, header, elf);
    return true;
}

void lm_elf_describe(const lm_elf *elf, char *buffer, size_t size) {
    static const struct {
        unsigned machine;
        const char *name;
    } names[] = {
        {EM_386, "x86"},       {EM_X86_64, "x86"},    {EM_ARM, "ARM"},
        {EM_AARCH64, "ARM"},   {EM_RISCV, "RISC-V"},  {EM_PPC, "PowerPC"},
        {EM_PPC64, "PowerPC"}, {EM_S390, "S/390"},    {EM_MIPS, "MIPS"},
        {EM_SPARC, "SPARC"},   {EM_SPARCV9, "SPARC"}, {EM_LOONGARCH, "LoongArch"},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i].machine == elf->machine) {
            snprintf(buffer, size, "%u-bit %s", elf->bits, names[i].name);
            return;
        }
    }
    snprintf(buffer, size, "%u-bit, machine number %u", elf->bits, elf->machine);
}
