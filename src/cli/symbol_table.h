/* The symbol table of an object file: names of functions, where there is no debug
 * information, and of variables. */
#ifndef LM_CLI_SYMBOL_TABLE_H
#define LM_CLI_SYMBOL_TABLE_H

#include <libelf.h>
#include <stddef.h>
#include <stdint.h>

typedef struct lm_symbol_entry {
    uint64_t start, end; /* end = start: its size isn't known */
    const char *name;    /* in the file */
} lm_symbol_entry;

typedef struct lm_symbol_table {
    lm_symbol_entry *list; /* sorted by start */
    size_t count, room;
} lm_symbol_table;

/* Reads the functions and variables of .symtab, of the file or of its debug file (may be NULL), and of .dynsym. The
 * names last as long as the files. */
void lm_symbol_table_read(lm_symbol_table *table, Elf *elf, Elf *debug);

/* The function or variable that the address lies in, as the linker knows it; NULL: none. */
const char *lm_symbol_table_find(const lm_symbol_table *table, uint64_t address);

void lm_symbol_table_free(lm_symbol_table *table);

#endif
