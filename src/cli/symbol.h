/* From addresses of object files to functions and lines, by their debug information. Out of the program's
 * process, from its files as they are now. Everything is looked up once and kept. */
#ifndef LM_CLI_SYMBOL_H
#define LM_CLI_SYMBOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One function that an address lies in. All texts last as long as the symbols. */
typedef struct lm_symbol {
    const char *function;  /* as in the source, with its C++ scope; NULL: not known */
    const char *file;      /* absolute where that is known; NULL: not known */
    const char *folder;    /* in which it was compiled; NULL: not known */
    unsigned line, column; /* 0: not known */
    bool inlined;          /* into the function that follows */
} lm_symbol;

/* The functions at one address: the innermost first, then those that it was inlined into. */
typedef struct lm_symbols_at {
    const lm_symbol *symbols;
    size_t count; /* 0: nothing is known */
} lm_symbols_at;

typedef struct lm_symbols lm_symbols;

/* NULL: there is no memory. */
lm_symbols *lm_symbols_new(void);
void lm_symbols_free(lm_symbols *symbols);

/* The functions at an address, which is the file's own. For a call's return address, pass one less. With a
 * build id (build_size > 0) a file that has another is not used, since it is another program by now. */
lm_symbols_at lm_symbols_find(lm_symbols *symbols, const char *path, const unsigned char *build,
                              size_t build_size, uint64_t address);

/* The global or static variable that an address, the file's own, lies in; NULL: not known. */
const char *lm_symbols_variable(lm_symbols *symbols, const char *path, const unsigned char *build,
                                size_t build_size, uint64_t address);

/* A copy of the text that lasts as long as the symbols; NULL: there is no memory. */
const char *lm_symbols_keep(lm_symbols *symbols, const char *text);

/* Leaves out of a C++ name, in place, the template arguments that nobody writes: allocators and the like. */
void lm_symbol_shorten(char *name);

/* Whether the file at the path is another one than the process had. */
bool lm_symbols_changed(lm_symbols *symbols, const char *path, const unsigned char *build,
                        size_t build_size);

/* Whether there is debug information for it. */
bool lm_symbols_debug(lm_symbols *symbols, const char *path, const unsigned char *build,
                      size_t build_size);

#endif
