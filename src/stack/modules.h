/* The object files that were met in stacks, each with a number: those that are loaded, and those that
 * were unloaded meanwhile. A number is never used for another file, so what was noted in time can be
 * told long after.
 *
 * Nothing here takes a lock or waits; it is safe at any moment, like object.h. The table is bounded
 * (heap/limits.h): when it is full, files that aren't in it yet have no number. */
#ifndef LM_STACK_MODULES_H
#define LM_STACK_MODULES_H

#include "stack/object.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LM_MODULE_BUILD_MOST = 32 };

typedef struct lm_module {
    uint32_t id;                               /* 1, 2, ... */
    uintptr_t start, end;                      /* its mapping */
    uintptr_t bias;                            /* what its own addresses were moved by */
    const char *path;                          /* stays */
    unsigned char build[LM_MODULE_BUILD_MOST]; /* its build-id, cut to this */
    size_t build_size;                         /* 0: it has none */
} lm_module;

/* At start, before anybody unloads anything: all that is loaded by now stays for ever. Without it,
 * that is known of the program and of some of its libraries only, and stacks that lead through
 * others cost a little more. */
void lm_modules_start(void);

/* The module that holds an address; when no loaded one does, the one that did last. False when there
 * is none. A return address may lie behind its module: ask for the byte before it. */
bool lm_modules_find(uintptr_t pc, lm_module *module);

/* The module of a number. */
bool lm_modules_get(uint32_t id, lm_module *module);

/* The number of a loaded object; 0: the table is full. *stays when it will never be unloaded. */
uint32_t lm_modules_note(const lm_object *object, bool *stays);

/* Whether the module of a number is the one that holds `place` now. Quicker than the above. */
bool lm_modules_is(uint32_t id, uintptr_t place);

#endif
