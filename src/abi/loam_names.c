/* The public interface under Loam's own names: errors and errno as ISO C, POSIX and glibc define
 * them. */
#include "abi/entries.h"
#include "base/bits.h"
#include "base/text.h"
#include "heap/init.h"
#include "heap/sampled.h"
#include "heap/stats.h"
#include "loam/loam.h"
#include "os/os.h"
#include "stack/stack.h"

#include <errno.h>

/* ---- Call stacks ------------------------------------------------------------------------------ */

static void put_trace(lm_text *text, const lm_trace *trace) {
    lm_stack_put(text, trace->frames, trace->count);
}

/* The heap knows no stacks: this is where it learns how. Before it becomes read-only (lm_init_seal). */
__attribute__((constructor(101))) static void bring_stacks(void) {
    lm_finding_rule.put_trace = put_trace;
    lm_once.sampled.capture = lm_stack_capture;
}

/* ---- The four, and their kin ---------------------------------------------------------------- */

void *loam_malloc(size_t size) {
    return lm_entry_malloc(size, LM_CALL_MALLOC);
}

void loam_free(void *p) {
    lm_entry_free(p, LM_ANY_SIZE, LM_CALL_FREE);
}

static void *fail(int error) {
    errno = error;
    return NULL;
}

static LM_COLD void *fail_to_multiply(size_t count, size_t size, lm_call call) {
    lm_entry_overflow(count, size, call);
    return fail(ENOMEM);
}

void *loam_calloc(size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        return fail_to_multiply(count, size, LM_CALL_CALLOC);
    return lm_entry_calloc(bytes);
}

LM_INLINE void *resize(void *p, size_t size, lm_call call) {
    return p ? lm_entry_realloc(p, size, call) : lm_entry_malloc(size, call);
}

void *loam_realloc(void *p, size_t size) {
    return resize(p, size, LM_CALL_REALLOC);
}

void *loam_reallocarray(void *p, size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        return fail_to_multiply(count, size, LM_CALL_REALLOCARRAY);
    return resize(p, bytes, LM_CALL_REALLOCARRAY);
}

void loam_free_sized(void *p, size_t size) {
    lm_entry_free(p, size, LM_CALL_FREE_SIZED);
}

void loam_free_aligned_sized(void *p, size_t alignment, size_t size) {
    lm_entry_free_aligned(p, size, lm_max(alignment, 1), LM_CALL_FREE_ALIGNED);
}

void *loam_aligned_alloc(size_t alignment, size_t size) {
    return lm_is_power_of_two(alignment) ? lm_entry_aligned(alignment, size, LM_CALL_ALIGNED_ALLOC)
                                         : fail(EINVAL);
}

void *loam_memalign(size_t alignment, size_t size) {
    if (alignment > (size_t)PTRDIFF_MAX / 2)
        return fail(EINVAL);
    return lm_entry_aligned((size_t)1 << lm_log2_ceil(alignment ? alignment : 1), size,
                            LM_CALL_MEMALIGN);
}

int loam_posix_memalign(void **out, size_t alignment, size_t size) {
    if (!lm_is_power_of_two(alignment) || alignment % sizeof(void *) != 0)
        return EINVAL;
    int saved = errno;
    void *p = lm_entry_aligned(alignment, size, LM_CALL_POSIX_MEMALIGN);
    errno = saved;
    if (!p)
        return ENOMEM;
    *out = p;
    return 0;
}

void *loam_valloc(size_t size) {
    return lm_init() ? lm_entry_aligned(lm_os.page, size, LM_CALL_VALLOC) : fail(ENOMEM);
}

void *loam_pvalloc(size_t size) {
    if (!lm_init() || size > PTRDIFF_MAX)
        return fail(ENOMEM);
    return lm_entry_aligned(lm_os.page, lm_align_up(size, lm_os.page), LM_CALL_PVALLOC);
}

/* ---- Questions about blocks ----------------------------------------------------------------- */

size_t loam_usable_size(const void *p) {
    return p ? lm_entry_usable(p, "usable_size") : 0;
}

size_t loam_good_size(size_t size) {
    return lm_good(size);
}

void *loam_block_of(const void *p, size_t *size) {
    return lm_entry_block_of(p, size);
}

bool loam_owns(const void *p) {
    return loam_block_of(p, NULL) != NULL;
}

/* ---- The heap as a whole -------------------------------------------------------------------- */

bool loam_trim(size_t keep) {
    return lm_trim(keep);
}

bool loam_visit(loam_visitor *visitor, void *context) {
    return lm_entry_visit(visitor, context);
}

void loam_get_stats(loam_stats *out) {
    lm_stats_get(out);
}

size_t loam_stats_json(char *buffer, size_t size) {
    loam_stats stats;
    lm_text text;
    lm_stats_get(&stats);
    lm_text_init(&text, buffer, size);
    lm_stats_json(&text, &stats, false);
    return text.length;
}

const char *loam_version(void) {
    return LM_VERSION;
}

int loam_option(const char *key, char *buffer, size_t size) {
    lm_init();
    return lm_options_value(&lm_options_now, key, buffer, size);
}
