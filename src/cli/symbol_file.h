/* An object file and the file with its debug information. */
#ifndef LM_CLI_SYMBOL_FILE_H
#define LM_CLI_SYMBOL_FILE_H

#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct lm_symbol_file {
    int fd;
    Elf *elf;       /* NULL: can't be read, or is another file by now */
    int debug_fd;   /* -1: the debug information is in the file itself, or nowhere */
    Elf *debug_elf; /* of debug_fd */
    Dwarf *dwarf;   /* NULL: there is no debug information */
    bool changed;   /* the file has another build id than it should */
} lm_symbol_file;

/* Opens what there is: the file itself, and where it has no debug information of its own, a file below
 * /usr/lib/debug that belongs to its build id, or the one that .gnu_debuglink names. Nothing is asked of a
 * server. */
void lm_symbol_file_open(const char *path, const unsigned char *build, size_t build_size,
                         lm_symbol_file *file);

void lm_symbol_file_close(lm_symbol_file *file);

#endif
