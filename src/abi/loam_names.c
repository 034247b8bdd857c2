/* The public interface under Loam's own names: errors and errno as ISO C, POSIX and glibc define
 * them. */
#include "base/bits.h"
#include "base/text.h"
#include "heap/fast.h"
#include "heap/find.h"
#include "heap/init.h"
#include "heap/sampled.h"
#include "heap/stats.h"
#include "heap/walk.h"
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
    lm_sampled_setting.capture = lm_stack_capture;
}

/* ---- The four, and their kin ---------------------------------------------------------------- */

static const lm_way by_free = {"free", LM_FAMILY_C, true};
static const lm_way by_free_sized = {"free_sized", LM_FAMILY_C, false};
static const lm_way by_free_aligned = {"free_aligned_sized", LM_FAMILY_C, false};

void *loam_malloc(size_t size) {
    return lm_malloc(size, LM_FAMILY_C);
}

void loam_free(void *p) {
    lm_free(p, &by_free, LM_ANY_SIZE);
}

static void *fail(int error) {
    errno = error;
    return NULL;
}

void *loam_calloc(size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        return fail(ENOMEM);
    return lm_calloc(bytes);
}

void *loam_realloc(void *p, size_t size) {
    return p ? lm_realloc(p, size) : lm_malloc(size, LM_FAMILY_C);
}

void *loam_reallocarray(void *p, size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        return fail(ENOMEM);
    return loam_realloc(p, bytes);
}

void loam_free_sized(void *p, size_t size) {
    lm_free(p, &by_free_sized, size);
}

void loam_free_aligned_sized(void *p, size_t alignment, size_t size) {
    lm_free_slow(p, &by_free_aligned, size, lm_max(alignment, 1));
}

void *loam_aligned_alloc(size_t alignment, size_t size) {
    return lm_is_power_of_two(alignment) ? lm_aligned(alignment, size, LM_FAMILY_C) : fail(EINVAL);
}

void *loam_memalign(size_t alignment, size_t size) {
    if (alignment > (size_t)PTRDIFF_MAX / 2)
        return fail(EINVAL);
    return lm_aligned((size_t)1 << lm_log2_ceil(alignment ? alignment : 1), size, LM_FAMILY_C);
}

int loam_posix_memalign(void **out, size_t alignment, size_t size) {
    if (!lm_is_power_of_two(alignment) || alignment % sizeof(void *) != 0)
        return EINVAL;
    int saved = errno;
    void *p = lm_aligned(alignment, size, LM_FAMILY_C);
    errno = saved;
    if (!p)
        return ENOMEM;
    *out = p;
    return 0;
}

void *loam_valloc(size_t size) {
    return lm_init() ? lm_aligned(lm_os.page, size, LM_FAMILY_C) : fail(ENOMEM);
}

void *loam_pvalloc(size_t size) {
    if (!lm_init() || size > PTRDIFF_MAX)
        return fail(ENOMEM);
    return lm_aligned(lm_os.page, lm_align_up(size, lm_os.page), LM_FAMILY_C);
}

/* ---- Questions about blocks ----------------------------------------------------------------- */

size_t loam_usable_size(const void *p) {
    return p ? lm_usable(p, "usable_size") : 0;
}

size_t loam_good_size(size_t size) {
    return lm_good(size);
}

void *loam_block_of(const void *p, size_t *size) {
    lm_found found = lm_find(p);
    if (!found.live)
        return NULL;
    if (size)
        *size = lm_block_size(&found);
    return found.block;
}

bool loam_owns(const void *p) {
    return loam_block_of(p, NULL) != NULL;
}

/* ---- The heap as a whole -------------------------------------------------------------------- */

bool loam_trim(size_t keep) {
    return lm_trim(keep);
}

bool loam_visit(loam_visitor *visitor, void *context) {
    return lm_walk_blocks(visitor, context);
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
