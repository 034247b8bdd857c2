/* C++'s operators new and delete, by their names in the Itanium C++ ABI, so that a C++ program's
 * blocks take one way through the heap and none through the C++ library. Written in C: a C program
 * must not need a C++ library. What is needed of one, the new-handler and the exception, is looked
 * for when memory has run out (ISO C++ [new.delete.single]). */
#include "abi/entries.h"
#include "os/os.h"

#include <dlfcn.h>
#include <string.h>

typedef void (*new_handler)(void);

/* std::get_new_handler() and std::__throw_bad_alloc() of the C++ library, if the program has one.
 */
extern new_handler _ZSt15get_new_handlerv(void) __attribute__((weak));
extern void _ZSt17__throw_bad_allocv(void) __attribute__((weak));

typedef void (*any_function)(void);

/* The C++ library may have come later than this one, by dlopen. */
static any_function look_up(any_function linked, const char *name) {
    any_function found = linked;
    if (!found) {
        void *symbol = dlsym(RTLD_DEFAULT, name);
        memcpy(&found, &symbol, sizeof found);
    }
    return found;
}

static new_handler get_handler(void) {
    any_function get = look_up((any_function)_ZSt15get_new_handlerv, "_ZSt15get_new_handlerv");
    return get ? ((new_handler(*)(void))get)() : NULL;
}

static void throw_bad_alloc(void) {
    static const char message[] =
        "loam: out of memory in operator new, and no C++ library to throw "
        "std::bad_alloc\n";
    any_function throw = look_up(_ZSt17__throw_bad_allocv, "_ZSt17__throw_bad_allocv");
    if (throw)
        throw();
    lm_os_message(message, sizeof message - 1);
    lm_os_abort();
}

/* Tries until there is memory, as long as a new-handler promises more. */
static LM_COLD void *new_after_failure(size_t size, size_t alignment, lm_call call, bool throws) {
    new_handler handler;
    while ((handler = get_handler()) != NULL) {
        handler();
        void *p = lm_entry_aligned(alignment, size, call);
        if (p)
            return p;
    }
    if (throws)
        throw_bad_alloc();
    return NULL;
}

/* A handler may throw, and C can't catch that: the C++ library's nothrow forms can, they call the throwing
 * ones, which are the ones below. */
static LM_COLD void *nothrow_after_failure(size_t size, size_t alignment, lm_call call,
                                           const void *nothrow) {
    if (get_handler() == NULL)
        return NULL;
    if (alignment <= LM_GRAIN) {
        void *(*plain)(size_t, const void *) = NULL;
        void *symbol = dlsym(RTLD_NEXT, call == LM_CALL_NEW_ARRAY ? "_ZnamRKSt9nothrow_t"
                                                                  : "_ZnwmRKSt9nothrow_t");
        memcpy(&plain, &symbol, sizeof plain);
        if (plain)
            return plain(size, nothrow);
    } else {
        void *(*aligned)(size_t, size_t, const void *) = NULL;
        void *symbol =
            dlsym(RTLD_NEXT, call == LM_CALL_NEW_ARRAY ? "_ZnamSt11align_val_tRKSt9nothrow_t"
                                                       : "_ZnwmSt11align_val_tRKSt9nothrow_t");
        memcpy(&aligned, &symbol, sizeof aligned);
        if (aligned)
            return aligned(size, alignment, nothrow);
    }
    return new_after_failure(size, alignment, call, false);
}

LM_INLINE void *new_plain(size_t size, lm_call call) {
    void *p = lm_entry_malloc(size, call);
    return LM_LIKELY(p != NULL) ? p : new_after_failure(size, LM_GRAIN, call, true);
}

LM_INLINE void *new_aligned(size_t size, size_t alignment, lm_call call) {
    void *p = lm_entry_aligned(alignment, size, call);
    return LM_LIKELY(p != NULL) ? p : new_after_failure(size, alignment, call, true);
}

LM_INLINE void *nothrow_plain(size_t size, lm_call call, const void *nothrow) {
    void *p = lm_entry_malloc(size, call);
    return LM_LIKELY(p != NULL) ? p : nothrow_after_failure(size, LM_GRAIN, call, nothrow);
}

LM_INLINE void *nothrow_aligned(size_t size, size_t alignment, lm_call call, const void *nothrow) {
    void *p = lm_entry_aligned(alignment, size, call);
    return LM_LIKELY(p != NULL) ? p : nothrow_after_failure(size, alignment, call, nothrow);
}

/* A function under its mangled name: _Znw new, _Zna new[], _Zdl delete, _Zda delete[]; m a size_t,
 * St11align_val_t an alignment, RKSt9nothrow_t the nothrow form. */
#define OPERATOR(result, name, ...)                                                                \
    __attribute__((visibility("default"))) result name(__VA_ARGS__);                               \
    result name(__VA_ARGS__)

OPERATOR(void *, _Znwm, size_t size) {
    return new_plain(size, LM_CALL_NEW);
}

OPERATOR(void *, _ZnwmRKSt9nothrow_t, size_t size, const void *nothrow) {
    return nothrow_plain(size, LM_CALL_NEW, nothrow);
}

OPERATOR(void *, _ZnwmSt11align_val_t, size_t size, size_t alignment) {
    return new_aligned(size, alignment, LM_CALL_NEW);
}

OPERATOR(void *, _ZnwmSt11align_val_tRKSt9nothrow_t, size_t size, size_t alignment,
         const void *nothrow) {
    return nothrow_aligned(size, alignment, LM_CALL_NEW, nothrow);
}

OPERATOR(void *, _Znam, size_t size) {
    return new_plain(size, LM_CALL_NEW_ARRAY);
}

OPERATOR(void *, _ZnamRKSt9nothrow_t, size_t size, const void *nothrow) {
    return nothrow_plain(size, LM_CALL_NEW_ARRAY, nothrow);
}

OPERATOR(void *, _ZnamSt11align_val_t, size_t size, size_t alignment) {
    return new_aligned(size, alignment, LM_CALL_NEW_ARRAY);
}

OPERATOR(void *, _ZnamSt11align_val_tRKSt9nothrow_t, size_t size, size_t alignment,
         const void *nothrow) {
    return nothrow_aligned(size, alignment, LM_CALL_NEW_ARRAY, nothrow);
}

OPERATOR(void, _ZdlPv, void *p) {
    lm_entry_free(p, LM_ANY_SIZE, LM_CALL_DELETE);
}

OPERATOR(void, _ZdlPvm, void *p, size_t size) {
    lm_entry_free(p, size, LM_CALL_DELETE);
}

OPERATOR(void, _ZdlPvRKSt9nothrow_t, void *p, const void *nothrow) {
    (void)nothrow;
    lm_entry_free(p, LM_ANY_SIZE, LM_CALL_DELETE);
}

OPERATOR(void, _ZdlPvSt11align_val_t, void *p, size_t alignment) {
    lm_entry_free_aligned(p, LM_ANY_SIZE, alignment, LM_CALL_DELETE);
}

OPERATOR(void, _ZdlPvmSt11align_val_t, void *p, size_t size, size_t alignment) {
    lm_entry_free_aligned(p, size, alignment, LM_CALL_DELETE);
}

OPERATOR(void, _ZdlPvSt11align_val_tRKSt9nothrow_t, void *p, size_t alignment,
         const void *nothrow) {
    (void)nothrow;
    lm_entry_free_aligned(p, LM_ANY_SIZE, alignment, LM_CALL_DELETE);
}

OPERATOR(void, _ZdaPv, void *p) {
    lm_entry_free(p, LM_ANY_SIZE, LM_CALL_DELETE_ARRAY);
}

OPERATOR(void, _ZdaPvm, void *p, size_t size) {
    lm_entry_free(p, size, LM_CALL_DELETE_ARRAY);
}

OPERATOR(void, _ZdaPvRKSt9nothrow_t, void *p, const void *nothrow) {
    (void)nothrow;
    lm_entry_free(p, LM_ANY_SIZE, LM_CALL_DELETE_ARRAY);
}

OPERATOR(void, _ZdaPvSt11align_val_t, void *p, size_t alignment) {
    lm_entry_free_aligned(p, LM_ANY_SIZE, alignment, LM_CALL_DELETE_ARRAY);
}

OPERATOR(void, _ZdaPvmSt11align_val_t, void *p, size_t size, size_t alignment) {
    lm_entry_free_aligned(p, size, alignment, LM_CALL_DELETE_ARRAY);
}

OPERATOR(void, _ZdaPvSt11align_val_tRKSt9nothrow_t, void *p, size_t alignment,
         const void *nothrow) {
    (void)nothrow;
    lm_entry_free_aligned(p, LM_ANY_SIZE, alignment, LM_CALL_DELETE_ARRAY);
}
