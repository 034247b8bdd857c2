/* Reading an ELF core dump that lies in memory. Nothing of it is believed unchecked. */
#ifndef LM_CLI_CORE_FILE_H
#define LM_CLI_CORE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct lm_core_file {
    const unsigned char *bytes; /* of the whole file, at a multiple of 8 */
    size_t size;
    bool has_fault; /* the process ended by a signal of an access: the next two are set */
    int signal;
    uintptr_t fault;            /* address */
    const unsigned char *files; /* NT_FILE's description, NULL without */
    size_t files_size;
} lm_core_file;

/* False when it is no core dump of this kind of processor. */
bool lm_core_file_read(const unsigned char *bytes, size_t size, lm_core_file *core);

/* `size` bytes of the process's memory, NULL when the dump doesn't have them. */
const void *lm_core_file_memory(const lm_core_file *core, uintptr_t address, size_t size);

/* Calls with each part of the memory that the dump has, until that returns false. */
void lm_core_file_each(const lm_core_file *core,
                       bool (*visit)(uintptr_t address, const unsigned char *memory, size_t size,
                                     void *context),
                       void *context);

/* The name of the file that was mapped at an address, and the address's place in it: what addr2line
 * wants for a file that isn't a fixed program. NULL: none was. */
const char *lm_core_file_name(const lm_core_file *core, uintptr_t address, uint64_t *place);

#endif
