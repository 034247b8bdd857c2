/* The object files (program, shared libraries) of the process: which one holds an address, and what
 * of it can be read. Everything here is safe at any moment, in signal handlers and while other
 * threads load and unload: the C library's _dl_find_object takes no lock and waits for nobody. */
#ifndef LM_STACK_OBJECT_H
#define LM_STACK_OBJECT_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct lm_object {
    uintptr_t start, end;         /* its mapping, with holes perhaps that aren't mapped */
    uintptr_t bias;               /* what its own addresses were moved by */
    const uint8_t *unwind_header; /* .eh_frame_hdr; NULL where there is none */
    const char *path;             /* "" for the program */
} lm_object;

typedef struct lm_object_bytes {
    const uint8_t *start;
    const uint8_t *end;
} lm_object_bytes;

/* Whether this C library can tell (glibc 2.35 and later). If not, nothing below finds anything. */
bool lm_object_known(void);

/* The object that holds `address`, as long as the object stays loaded. The calling thread's stack
 * keeps what it returns to. */
bool lm_object_find(uintptr_t address, lm_object *object);

/* Its readable segment that holds `at`; both NULL when there is none. */
lm_object_bytes lm_object_segment(const lm_object *object, const uint8_t *at);

/* Its build-id; both NULL when there is none. */
lm_object_bytes lm_object_build_id(const lm_object *object);

/* Whether `address` is code of libloam.so or libloam-check.so, and this code runs from there. False for all addresses
 * where Loam is linked into something else: what is beside it there isn't Loam's. */
bool lm_object_is_loam(uintptr_t address);

#endif
