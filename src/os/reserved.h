/* A list of the address space that the library holds: whoever looks for the program's own pointers passes
 * over it. The heap's arenas and records are in it, and what watches the heap. */
#ifndef LM_OS_RESERVED_H
#define LM_OS_RESERVED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How many regions there is room for. More aren't listed; then a search reads memory of the library's own,
 * and finds fewer leaks. */
enum { LM_RESERVED_MAX = 512 };

/* Called by lm_os_reserve and lm_os_release. Any thread; each region by one thread at a time. */
void lm_reserved_add(uintptr_t start, size_t size);
void lm_reserved_cut(uintptr_t start, size_t size);

/* The region in a place of the list, 0 to LM_RESERVED_MAX - 1; false when there is none. */
bool lm_reserved_get(size_t place, uintptr_t *start, uintptr_t *end);

#endif
