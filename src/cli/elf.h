/* What an ELF file says about whether and how a library can be preloaded into it. */
#ifndef LM_CLI_ELF_H
#define LM_CLI_ELF_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct lm_elf {
    unsigned bits; /* 32 or 64 */
    bool big_endian;
    unsigned machine;           /* EM_... */
    bool native;                /* as this command itself; the members below are set only then */
    bool is_program;            /* ET_EXEC or ET_DYN */
    char interpreter[PATH_MAX]; /* the program's loader, "" if there is none */
    bool is_library;            /* has a DT_SONAME: a library or the loader itself */
    bool has_malloc;            /* defines malloc for others to use */
    const char *sanitizer; /* "AddressSanitizer" or another that brings a heap; NULL for none */
} lm_elf;

/* Reads the facts from a file's whole content. Returns false when it is no ELF file or a damaged
 * one. */
bool lm_elf_read(const unsigned char *image, size_t size, lm_elf *elf);

/* "64-bit x86" and the like, for a reader. */
void lm_elf_describe(const lm_elf *elf, char *buffer, size_t size);

#endif
