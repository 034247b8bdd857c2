#include "check/wrap.h"

/* A library that is opened with RTLD_DEEPBIND (php opens its modules so) finds the C library's malloc and free before
 * this one's: its blocks would go to and fro between two heaps. The loader takes the caller from the return
 * address, to look into its RUNPATH: the last call is a jump. */
void *lm_wrap_dlopen(const char *file, int mode) {
    return LM_REAL(dlopen)(file, mode & ~RTLD_DEEPBIND);
}
