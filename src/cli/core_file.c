#include "cli/core_file.h"

#include <elf.h>
#include <link.h>
#include <signal.h>
#include <string.h>

/* `count` records of `each` bytes, NULL when they aren't all inside the file. */
static const void *part(const lm_core_file *core, uint64_t offset, uint64_t count, size_t each) {
    if (offset > core->size || count > (core->size - offset) / each || offset % 4 != 0)
        return NULL;
    return core->bytes + offset;
}

static const ElfW(Phdr) * headers_of(const lm_core_file *core, unsigned *count) {
    const ElfW(Ehdr) *header = part(core, 0, 1, sizeof *header);
    *count = 0;
    if (header == NULL || header->e_phentsize != sizeof(ElfW(Phdr)))
        return NULL;
    const ElfW(Phdr) *headers = part(core, header->e_phoff, 1, sizeof *headers);
    uint64_t n = header->e_phnum;
    if (n == PN_XNUM) { /* more than fit there: the number is in the first section header */
        const ElfW(Shdr) *section = part(core, header->e_shoff, 1, sizeof *section);
        n = section == NULL ? 0 : section->sh_info;
    }
    if (headers == NULL || part(core, header->e_phoff, n, sizeof *headers) == NULL)
        return NULL;
    *count = (unsigned)n;
    return headers;
}

/* ---- Notes ---------------------------------------------------------------------------------- */

static void read_note(lm_core_file *core, unsigned type, const unsigned char *bytes, size_t size) {
    siginfo_t info;
    if (type == NT_FILE && core->files == NULL) {
        core->files = bytes;
        core->files_size = size;
    }
    /* That of the thread that brought the end comes first. */
    if (type == NT_SIGINFO && core->signal == 0 && size >= sizeof info) {
        memcpy(&info, bytes, sizeof info);
        core->signal = info.si_signo;
        core->has_fault = (info.si_signo == SIGSEGV || info.si_signo == SIGBUS) && info.si_code > 0;
        core->fault = (uintptr_t)info.si_addr;
    }
}

static void read_notes(lm_core_file *core, const ElfW(Phdr) * header) {
    const unsigned char *bytes = part(core, header->p_offset, header->p_filesz, 1);
    uint64_t at = 0, size = header->p_filesz;
    while (bytes != NULL && size - at >= sizeof(ElfW(Nhdr))) {
        ElfW(Nhdr) note;
        memcpy(&note, bytes + at, sizeof note);
        const uint64_t name = at + sizeof note;
        const uint64_t content = name + ((uint64_t)note.n_namesz + 3) / 4 * 4;
        const uint64_t next = content + ((uint64_t)note.n_descsz + 3) / 4 * 4;
        if (next > size)
            return;
        read_note(core, note.n_type, bytes + content, note.n_descsz);
        at = next;
    }
}

bool lm_core_file_read(const unsigned char *bytes, size_t size, lm_core_file *core) {
    unsigned count;
    *core = (lm_core_file){.bytes = bytes, .size = size};
    const ElfW(Ehdr) *header = part(core, 0, 1, sizeof *header);
    if (header == NULL || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
        header->e_ident[EI_CLASS] != (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32) ||
        header->e_type != ET_CORE)
        return false;
    const ElfW(Phdr) *headers = headers_of(core, &count);
    for (unsigned i = 0; i < count; i++)
        if (headers[i].p_type == PT_NOTE)
            read_notes(core, &headers[i]);
    return true;
}

/* ---- Memory --------------------------------------------------------------------------------- */

void lm_core_file_each(const lm_core_file *core,
                       bool (*visit)(uintptr_t, const unsigned char *, size_t, void *),
                       void *context) {
    unsigned count;
    const ElfW(Phdr) *headers = headers_of(core, &count);
    for (unsigned i = 0; i < count; i++) {
        if (headers[i].p_type != PT_LOAD || headers[i].p_filesz == 0)
            continue;
        /* A dump that was cut ends in the middle. */
        uint64_t size = headers[i].p_filesz;
        if (headers[i].p_offset >= core->size)
            continue;
        if (size > core->size - headers[i].p_offset)
            size = core->size - headers[i].p_offset;
        if (!visit(headers[i].p_vaddr, core->bytes + headers[i].p_offset, size, context))
            return;
    }
}

struct wanted {
    uintptr_t address;
    size_t size;
    const void *found;
};

static bool look(uintptr_t address, const unsigned char *memory, size_t size, void *context) {
    struct wanted *wanted = context;
    const uintptr_t offset = wanted->address - address;
    if (wanted->address >= address && offset < size && wanted->size <= size - offset)
        wanted->found = memory + offset;
    return wanted->found == NULL;
}

const void *lm_core_file_memory(const lm_core_file *core, uintptr_t address, size_t size) {
    struct wanted wanted = {address, size, NULL};
    lm_core_file_each(core, look, &wanted);
    return wanted.found;
}

/* ---- Files ---------------------------------------------------------------------------------- */

/* One mapping of a file, as the kernel writes them (fs/binfmt_elf.c, fill_files_note): their number,
 * the unit of offsets, then these, then all names one after the other. */
struct mapping {
    unsigned long start, end, offset;
};

/* The lowest mapping of the file is where its address 0 came to lie, unless it is a fixed program. */
static uintptr_t base_of(const struct mapping *mappings, unsigned long count, unsigned long n,
                         const char *const *names) {
    uintptr_t base = mappings[n].start - mappings[n].offset;
    for (unsigned long i = 0; i < count; i++)
        if (strcmp(names[i], names[n]) == 0 && mappings[i].offset == 0 && mappings[i].start < base)
            base = mappings[i].start;
    return base;
}

/* Whether the ELF file at the address is of type ET_EXEC: its addresses are those in memory. */
static bool is_fixed(const lm_core_file *core, uintptr_t base) {
    ElfW(Ehdr) header;
    const void *at = lm_core_file_memory(core, base, sizeof header);
    if (at == NULL)
        return false;
    memcpy(&header, at, sizeof header);
    return memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 && header.e_type == ET_EXEC;
}

const char *lm_core_file_name(const lm_core_file *core, uintptr_t address, uint64_t *place) {
    enum { MOST = 4096 };
    static struct mapping mappings[MOST];
    static const char *names[MOST];
    unsigned long head[2];
    if (core->files == NULL || core->files_size < sizeof head)
        return NULL;
    memcpy(head, core->files, sizeof head);
    const size_t room = (core->files_size - sizeof head) / sizeof mappings[0];
    if (head[0] > room || head[0] > MOST)
        return NULL;
    memcpy(mappings, core->files + sizeof head, head[0] * sizeof mappings[0]);
    const char *name = (const char *)core->files + sizeof head + head[0] * sizeof mappings[0];
    const char *end = (const char *)core->files + core->files_size;
    unsigned long found = head[0];
    for (unsigned long i = 0; i < head[0]; i++) {
        const char *stop = memchr(name, '\0', (size_t)(end - name));
        if (stop == NULL)
            return NULL;
        names[i] = name;
        name = stop + 1;
        mappings[i].offset *= head[1];
        if (address >= mappings[i].start && address < mappings[i].end)
            found = i;
    }
    if (found == head[0])
        return NULL;
    const uintptr_t base = base_of(mappings, head[0], found, names);
    *place = is_fixed(core, base) ? address : address - base;
    return names[found];
}
