/* Where the real functions come from. */
#include "check/wrap.h"
#include "check/wrap_plain.h"

#include <dlfcn.h>
#include <stdatomic.h>

lm_reals lm_real;

static const struct {
    const char *name;
    size_t offset; /* of the pointer, in lm_real */
} rows[] = {
#define WRAP(name)                        {#name, offsetof(lm_reals, name)},
#define WRAP_AS(name, result, parameters) {#name, offsetof(lm_reals, name)},
#include "check/wraps.def"
};

typedef void *pointer;
_Static_assert(sizeof(lm_reals) == sizeof rows / sizeof rows[0] * sizeof(pointer),
               "lm_real is nothing but pointers");

static atomic_bool found;

/* Before the dynamic linker has relocated this library, its own pointers aren't true yet, and dlsym can't be
 * called. Functions that choose another (IFUNC) may call memcpy at that time. */
static const volatile void *volatile own_address = &own_address;

static bool is_relocated(void) {
    return own_address == &own_address;
}

/* dlsym gives the version of a name that programs are linked with today. What isn't there leaves an error
 * behind, which is not the program's. */
static void find_all(void) {
    bool missing = false;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        pointer *to = (pointer *)(void *)((char *)&lm_real + rows[i].offset);
        pointer real = dlsym(RTLD_NEXT, rows[i].name);
        missing |= real == NULL;
        __atomic_store_n(to, real, __ATOMIC_RELAXED);
    }
    if (missing)
        (void)dlerror();
}

void lm_wrap_start(void) {
    if (atomic_load_explicit(&found, memory_order_acquire))
        return;
    if (!is_relocated()) {
        lm_plain_stand_in();
        return;
    }
    find_all();
    atomic_store_explicit(&found, true, memory_order_release);
}

/* Other libraries' constructors may have called a wrapper before, which has started this then. */
__attribute__((constructor(102))) static void start(void) {
    lm_wrap_start();
}
