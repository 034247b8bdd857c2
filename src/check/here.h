/* The calling thread's stack, as a number. */
#ifndef LM_CHECK_HERE_H
#define LM_CHECK_HERE_H

#include "base/compiler.h"

#include <stdint.h>

LM_INLINE uint32_t lm_here(void) {
    return 0;
}

#endif
