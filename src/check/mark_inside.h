/* Addresses inside a block that are as good as that of its first byte, since programs hold only them. */
#ifndef LM_CHECK_MARK_INSIDE_H
#define LM_CHECK_MARK_INSIDE_H

#include "check/mark.h"

#include <stdbool.h>
#include <stdint.h>

/* Whether `at`, which lies in the block behind its first byte, stands for the whole of it. */
bool lm_mark_inside(const lm_marked *block, uintptr_t at);

#endif
