/* Memory of the checker's own: for its records, never from the heap that it watches, and never given back. */
#ifndef LM_CHECK_OWN_H
#define LM_CHECK_OWN_H

#include "base/lock.h"

#include <stddef.h>

/* `size` bytes of zeros at a multiple of 64; NULL when there is no memory. Any thread. */
void *lm_own_take(size_t size);

extern lm_lock lm_own_lock;

#endif
