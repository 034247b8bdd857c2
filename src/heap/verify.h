/* The heap's invariants as code, by number. docs/design.md lists them. */
#ifndef LM_HEAP_VERIFY_H
#define LM_HEAP_VERIFY_H

enum {
    LM_VERIFY_CHUNKS = 1, /* lists, counts and bitmaps of free units agree */
    LM_VERIFY_MAP = 2,    /* a unit is in the map exactly when it is not free */
    LM_VERIFY_RECORD = 3, /* a record is of a known kind, and describes the units that lead to it */
    LM_VERIFY_BITS = 4,   /* no slot has two bits; no bit without a slot */
    LM_VERIFY_PLACE = 5,  /* a slab is where its place says */
    LM_VERIFY_COUNTDOWN = 6, /* the owner will look when it must, not later */
    LM_VERIFY_QUEUE =
        7,              /* a bin's queue is linked both ways and holds slabs with free slots only */
    LM_VERIFY_SPAN = 8, /* a span's block and guards lie within its run */
    LM_VERIFY_INBOX = 9, /* a remote word with bits is in exactly one inbox */
    LM_VERIFY_RECORDS =
        10, /* records are used or free, nothing is between them, and units are counted */
};

/* Checks all of the heap while no other thread allocates or frees. Returns 0, or the number of the
 * first invariant that doesn't hold. Takes the locks; allocates nothing. */
int lm_verify(void);

#endif
