/* Catches what the checker tells. */
#ifndef TESTS_SUPPORT_TALES_H
#define TESTS_SUPPORT_TALES_H

#include "check/tale.h"

enum { TALES_MOST = 64 };

/* Copies of the tales told since tales_catch, the blocks with them. */
extern lm_tale tales[TALES_MOST];
extern lm_block tale_blocks[TALES_MOST];
extern size_t tales_count;

/* From now on, and from none. */
void tales_catch(void);

#endif
