/* Call stacks of the calling thread.
 *
 * Nothing here allocates, takes a lock or changes errno, and no other thread can be waited for, so
 * anyone may call it: from inside malloc, in constructors, while libraries are loaded and unloaded,
 * in signal handlers and in the last destructors of a thread. A stack that can't be followed for
 * sure is shorter than it might be. */
#ifndef LM_STACK_STACK_H
#define LM_STACK_STACK_H

#include "base/text.h"

#include <stddef.h>
#include <stdint.h>
#include <ucontext.h>

/* Writes at most `max` return addresses, the innermost first, and returns how many. The first is
 * into the caller; where a signal interrupted a function, its place stands there as it is. Makes no
 * system call.
 *
 * In libloam.so its own functions are left out, wherever they are in the stack. Linked into anything
 * else, only this function is. */
size_t lm_stack_capture(uintptr_t *frames, size_t max);

/* The same for what a signal of the calling thread interrupted, from its handler's third argument. The
 * first frame is the place itself, not a return address. */
size_t lm_stack_capture_from(const ucontext_t *context, uintptr_t *frames, size_t max);

/* Appends a stack for a report, a line for each frame: the file, and the address as it is in that
 * file ("/lib/libm.so.6+0x1f00"), which is what addr2line wants. A file's first line has its
 * build-id behind it. An address in no file stands alone. */
void lm_stack_put(lm_text *text, const uintptr_t *frames, size_t count);

#endif
