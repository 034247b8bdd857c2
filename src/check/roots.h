/* What of the process can hold pointers to blocks: its writable memory, but the heap, what is the library's
 * own, and those parts of the threads' stacks that no function uses; and registers.
 *
 * Used while the world is stopped, by the thread that stopped it. */
#ifndef LM_CHECK_ROOTS_H
#define LM_CHECK_ROOTS_H

#include "check/stand.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Shows words that were copied from `from`. */
typedef void lm_roots_visit(const uintptr_t *words, size_t count, uintptr_t from, void *context);

/* Looks at what is mapped. False: it can't be told, or there is no memory for it. */
bool lm_roots_start(const lm_stand *stand);
void lm_roots_end(void);

/* Shows all roots. */
void lm_roots_each(lm_roots_visit *visit, void *context);

/* Shows the whole words of any memory, as far as it can be read. */
void lm_roots_memory(uintptr_t start, size_t size, lm_roots_visit *visit, void *context);

/* Whether the address is constant data of a file, as tables of virtual functions are. */
bool lm_roots_is_constant(uintptr_t at);

/* Whether it lies among the variables of an object file. */
bool lm_roots_is_static(uintptr_t at);

/* The word at an address; false when it can't be read. */
bool lm_roots_word(uintptr_t at, uintptr_t *word);

#endif
