#include "stack/object.h"

#include "base/bits.h"

#include <elf.h>
#include <link.h>
#include <stdatomic.h>
#include <string.h>

/* Program headers are read where all objects have them, in the first page. */
enum { PAGE_LEAST = 4096 };

/* glibc's struct dl_find_object on 64-bit processors. Declared here, and weakly, so that Loam builds
 * and loads where the C library has none. */
typedef struct found {
    unsigned long long flags;
    void *start;
    void *end;
    struct link_map *map;
    void *unwind_header;
    unsigned long long reserved[7];
} found;

extern int find_object(void *address, found *result) __asm__("_dl_find_object")
    __attribute__((weak));

bool lm_object_known(void) {
    return sizeof(void *) == 8 && find_object != NULL;
}

bool lm_object_find(uintptr_t address, lm_object *object) {
    found result;
    if (!lm_object_known() || find_object((void *)address, &result) != 0)
        return false;
    object->start = (uintptr_t)result.start;
    object->end = (uintptr_t)result.end;
    object->bias = result.map->l_addr;
    object->path = result.map->l_name ? result.map->l_name : "";
    object->unwind_header = result.unwind_header;
    return true;
}

/* ---- Program headers ------------------------------------------------------------------------- */

typedef struct headers {
    const ElfW(Phdr) * first;
    size_t count;
} headers;

/* The ELF header is where the first segment begins. What looks otherwise has no headers. */
static headers headers_of(const lm_object *object) {
    const headers none = {NULL, 0};
    const ElfW(Ehdr) *elf = (const void *)object->start;
    if (object->start % PAGE_LEAST != 0 || object->end - object->start < PAGE_LEAST ||
        memcmp(elf->e_ident, ELFMAG, SELFMAG) != 0 || elf->e_phentsize != sizeof(ElfW(Phdr)) ||
        elf->e_phoff % sizeof(uintptr_t) != 0 || elf->e_phoff > PAGE_LEAST ||
        elf->e_phnum > (PAGE_LEAST - elf->e_phoff) / sizeof(ElfW(Phdr)))
        return none;
    return (headers){(const void *)(object->start + elf->e_phoff), elf->e_phnum};
}

/* What the file gives to a segment, as far as it lies within the object. */
static lm_object_bytes bytes_of(const lm_object *object, const ElfW(Phdr) * header) {
    const uintptr_t start = object->bias + header->p_vaddr;
    if (start < object->start || start > object->end || header->p_filesz > object->end - start)
        return (lm_object_bytes){NULL, NULL};
    return (lm_object_bytes){(const uint8_t *)start, (const uint8_t *)(start + header->p_filesz)};
}

lm_object_bytes lm_object_segment(const lm_object *object, const uint8_t *at) {
    const headers all = headers_of(object);
    for (size_t i = 0; i < all.count; i++) {
        if (all.first[i].p_type != PT_LOAD || !(all.first[i].p_flags & PF_R))
            continue;
        const lm_object_bytes bytes = bytes_of(object, &all.first[i]);
        if (bytes.start && bytes.start <= at && at < bytes.end)
            return bytes;
    }
    return (lm_object_bytes){NULL, NULL};
}

/* ---- The build-id ---------------------------------------------------------------------------- */

static lm_object_bytes build_id_in(lm_object_bytes notes) {
    while ((size_t)(notes.end - notes.start) >= sizeof(ElfW(Nhdr))) {
        const ElfW(Nhdr) *note = (const void *)notes.start;
        const uint64_t name_size = lm_align_up(note->n_namesz, 4);
        const uint64_t size = sizeof *note + name_size + note->n_descsz;
        if (size > (size_t)(notes.end - notes.start))
            break;
        const uint8_t *name = notes.start + sizeof *note;
        if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == sizeof ELF_NOTE_GNU &&
            memcmp(name, ELF_NOTE_GNU, sizeof ELF_NOTE_GNU) == 0)
            return (lm_object_bytes){name + name_size, name + name_size + note->n_descsz};
        if (lm_align_up(size, 4) > (size_t)(notes.end - notes.start))
            break;
        notes.start += lm_align_up(size, 4);
    }
    return (lm_object_bytes){NULL, NULL};
}

lm_object_bytes lm_object_build_id(const lm_object *object) {
    const headers all = headers_of(object);
    for (size_t i = 0; i < all.count; i++) {
        if (all.first[i].p_type != PT_NOTE)
            continue;
        const lm_object_bytes notes = bytes_of(object, &all.first[i]);
        if (!notes.start || (uintptr_t)notes.start % 4 != 0)
            continue;
        const lm_object_bytes segment = lm_object_segment(object, notes.start);
        if (!segment.start || notes.end > segment.end)
            continue;
        const lm_object_bytes id = build_id_in(notes);
        if (id.start)
            return id;
    }
    return (lm_object_bytes){NULL, NULL};
}

/* ---- Loam's own code ------------------------------------------------------------------------- */

/* What the linker knows of the object that this code is linked into. */
extern const char __ehdr_start[] __attribute__((weak, visibility("hidden")));
extern const char _end[] __attribute__((weak, visibility("hidden")));
#pragma weak _DYNAMIC

static bool starts_with(const char *text, const char *start) {
    return memcmp(text, start, strlen(start)) == 0;
}

/* Whether this object calls itself libloam.so or libloam-check.so. glibc turns the table's addresses
 * into real ones. */
static bool named_loam(void) {
    const char *strings = NULL;
    size_t soname = 0;
    const ElfW(Dyn) *entry = _DYNAMIC;
    if (!entry)
        return false;
    for (; entry->d_tag != DT_NULL; entry++) {
        if (entry->d_tag == DT_STRTAB)
            strings = (const char *)entry->d_un.d_ptr;
        if (entry->d_tag == DT_SONAME)
            soname = entry->d_un.d_val;
    }
    /* Where an address isn't real yet, it lies before the object. */
    return soname != 0 && strings >= __ehdr_start && strings < _end &&
           (starts_with(strings + soname, "libloam.so") ||
            starts_with(strings + soname, "libloam-check.so"));
}

bool lm_object_is_loam(uintptr_t address) {
    enum { UNKNOWN, YES, NO };
    static _Atomic int loam;
    int known = atomic_load_explicit(&loam, memory_order_relaxed);
    if (LM_UNLIKELY(known == UNKNOWN)) {
        known = __ehdr_start && named_loam() ? YES : NO;
        atomic_store_explicit(&loam, known, memory_order_relaxed);
    }
    return known == YES && address - (uintptr_t)__ehdr_start < (size_t)(_end - __ehdr_start);
}
