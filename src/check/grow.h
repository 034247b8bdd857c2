/* Memory of the checker's own that grows at its end and never moves: arrays whose size isn't known. */
#ifndef LM_CHECK_GROW_H
#define LM_CHECK_GROW_H

#include <stdbool.h>
#include <stddef.h>

/* Begin with all zero. */
typedef struct lm_grow {
    char *at;
    size_t reserved, committed; /* bytes */
} lm_grow;

/* Makes the first `size` bytes usable, out of a reserve of `most`, which is taken the first time; fresh
 * memory is zero. False: there is no more. By one thread at a time. */
bool lm_grow_to(lm_grow *grow, size_t size, size_t most);

/* Gives it back; all is zero then. */
void lm_grow_end(lm_grow *grow);

#endif
