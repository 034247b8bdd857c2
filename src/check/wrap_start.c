/* Where the real functions come from. */
#include "check/wrap.h"
#include "check/wrap_plain.h"

#include <dlfcn.h>
#include <stdatomic.h>

lm_reals lm_real;

typedef struct row {
    const char *name;
    size_t offset; /* of the pointer, in lm_real */
    bool newer;    /* not in every C library */
} row;

static const row rows[] = {
#define WRAP(name)                         {#name, offsetof(lm_reals, name), false},
#define WRAP_AS(name, result, parameters)  {#name, offsetof(lm_reals, name), false},
#define WRAP_NEW(name, result, parameters) {#name, offsetof(lm_reals, name), true},
#include "check/wraps.def"
};

typedef void *pointer;
_Static_assert(sizeof(lm_reals) == sizeof rows / sizeof rows[0] * sizeof(pointer),
               "lm_real is nothing but pointers");

/* What has been looked for: nothing, what every C library has, all. */
enum { NOTHING, USUAL, ALL };

static atomic_int found;

/* Before the dynamic linker has relocated this library, its own pointers aren't true yet, and dlsym can't be
 * called. Functions that choose another (IFUNC) may call memcpy at that time. */
static const volatile void *volatile own_address = &own_address;

static bool is_relocated(void) {
    return own_address == &own_address;
}

/* dlsym gives the version of a name that programs are linked with today. */
static void find(bool newer) {
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].newer != newer)
            continue;
        pointer *to = (pointer *)(void *)((char *)&lm_real + rows[i].offset);
        __atomic_store_n(to, dlsym(RTLD_NEXT, rows[i].name), __ATOMIC_RELAXED);
    }
}

/* dlsym calls malloc to say that there is no such name. That must not happen in the first call of a wrapper, which
 * may come from the start of another heap, under its locks: names that may be missing are looked for later. What
 * dlsym says then is not the program's, whose dlerror must not return it. */
void lm_wrap_start(void) {
    int before = atomic_load_explicit(&found, memory_order_acquire);
    if (before == ALL)
        return;
    if (!is_relocated()) {
        lm_plain_stand_in();
        return;
    }
    find(before == USUAL);
    if (before == USUAL)
        (void)dlerror();
    atomic_store_explicit(&found, before + 1, memory_order_release);
}

/* Other libraries' constructors may have called a wrapper before, which has begun with this then. */
__attribute__((constructor(102))) static void start(void) {
    while (atomic_load_explicit(&found, memory_order_acquire) != ALL)
        lm_wrap_start();
}
