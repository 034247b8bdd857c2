/* Tracked blocks as the files of shadow.h see them: shadow.c keeps them, shadow_access.c judges accesses to them,
 * shadow_watch.c tells of those and follows values that were never written. */
#ifndef LM_CHECK_SHADOW_TRACKED_H
#define LM_CHECK_SHADOW_TRACKED_H

#include "check/bits.h"
#include "check/shadow.h"
#include "check/tale.h"
#include "check/use.h"

enum { LM_SHADOW_ALL = 0xff /* bits of a byte */ };

typedef struct lm_tracked {
    uintptr_t pages; /* 0: nothing is tracked here */
    size_t bytes;    /* of the pages */
    bool open;       /* for one instruction, or lent */
    bool lent;       /* to a system call */
    bool compared;   /* with its copy, when it is closed: what differs was written */
    bool told_beside;
    unsigned faults, watches;
    lm_block block;
    lm_read before;
    unsigned char *copy;    /* what the pages hold, while they are closed */
    unsigned char *written; /* a byte for each byte of the pages: its bits that were written */
} lm_tracked;

/* The one in whose pages the address lies; NULL: none. */
lm_tracked *lm_shadow_find(uintptr_t at);

/* It is tracked no more; its pages are open. */
void lm_shadow_end(lm_tracked *t);

/* Opens its pages, with what they seem to hold; closes them again, those that begin at `pages`. */
void lm_shadow_bare(const lm_tracked *t);
void lm_shadow_cover(uintptr_t pages);

/* Whether tracking may take more of the run's time. */
bool lm_shadow_has_time(void);

/* Makes of a range the part that lies in the block. False: there is none. */
bool lm_shadow_clip(const lm_tracked *t, uintptr_t *from, uintptr_t *to);

/* Takes over what is known of the bytes at `source`, or, 0, all were written. */
void lm_shadow_set_written(const lm_tracked *t, uintptr_t from, uintptr_t to, uintptr_t source);

/* Tells of an access whose bad bytes these are. */
void lm_shadow_tell(const lm_tracked *t, const lm_halt *m, const lm_touch *touch, lm_code code,
                    uintptr_t from, uintptr_t to);

/* Bits were read that were never written: follows the value, or tells of it. */
void lm_shadow_watch(lm_tracked *t, const lm_halt *m, const lm_touch *touch, const lm_bits *bits);

/* Whether the instruction puts back a value that was followed; `unwritten`: its bits that still aren't. */
bool lm_shadow_puts_back(uintptr_t pc, uintptr_t at, uint64_t *unwritten);

#endif
