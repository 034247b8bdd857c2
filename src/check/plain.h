/* A finding for people who have no `loam check` around the program: a few lines on standard error. */
#ifndef LM_CHECK_PLAIN_H
#define LM_CHECK_PLAIN_H

#include "check/tale.h"

/* Under lm_tale_lock. */
void lm_plain_tell(const lm_tale *tale);

/* The stable code: "double-free". */
const char *lm_tale_code(lm_code code);

#endif
