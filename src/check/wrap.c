/* The questions that wrappers ask on their slow way: the pointer may be a block's. */
#include "check/wrap.h"

#include <errno.h>

bool lm_wrap_touch(const char *call, const void *at, size_t bytes, lm_access how) {
    int saved = errno;
    bool whole = lm_access_check(call, at, bytes, how);
    errno = saved;
    return whole;
}

void *lm_wrap_move(const char *call, void *to, const void *from, size_t bytes) {
    const bool takes = lm_wrap_takes(call, from, bytes), gives = lm_wrap_writes(call, to, bytes);
    if (lm_wrap_knows_bytes() && takes && gives && bytes > 0 && lm_access_move(to, from, bytes))
        return to;
    return LM_REAL(memmove)(to, from, bytes);
}

void lm_wrap_scanned(const char *call, const void *at, size_t stop, size_t extent) {
    if (stop < extent)
        lm_wrap_reads_inside(call, at, stop + 1);
    else if (extent != SIZE_MAX)
        lm_wrap_touch(call, at, stop + 1, LM_ACCESS_READ);
}

size_t lm_wrap_length(const char *call, const char *string) {
    size_t extent = lm_wrap_extent(string);
    if (extent == SIZE_MAX)
        return LM_REAL(strlen)(string);
    size_t length = LM_REAL(strnlen)(lm_access_content(string), extent);
    lm_wrap_scanned(call, string, length, extent);
    return length < extent ? length : LM_REAL(strlen)(string);
}

size_t lm_wrap_length_max(const char *call, const char *string, size_t max) {
    size_t extent = lm_wrap_extent(string);
    if (extent == SIZE_MAX)
        return LM_REAL(strnlen)(string, max);
    size_t bound = max < extent ? max : extent;
    size_t length = LM_REAL(strnlen)(lm_access_content(string), bound);
    if (length == max)
        lm_wrap_reads_inside(call, string, max);
    else
        lm_wrap_scanned(call, string, length, extent);
    return length < bound ? length : LM_REAL(strnlen)(string, max);
}

/* Wide characters that lie in the block as a whole. */
static size_t wide_extent(const wchar_t *string) {
    size_t extent = lm_wrap_extent(string);
    return extent == SIZE_MAX ? SIZE_MAX : extent / sizeof(wchar_t);
}

static void wide_scanned(const char *call, const wchar_t *at, size_t stop, size_t extent) {
    if (stop < extent)
        lm_wrap_reads_inside(call, at, (stop + 1) * sizeof(wchar_t));
    else
        lm_wrap_touch(call, at, (stop + 1) * sizeof(wchar_t), LM_ACCESS_READ);
}

size_t lm_wrap_wide_length(const char *call, const wchar_t *string) {
    size_t extent = wide_extent(string);
    if (extent == SIZE_MAX)
        return LM_REAL(wcslen)(string);
    size_t length = LM_REAL(wcsnlen)(lm_access_content(string), extent);
    wide_scanned(call, string, length, extent);
    return length < extent ? length : LM_REAL(wcslen)(string);
}

size_t lm_wrap_wide_length_max(const char *call, const wchar_t *string, size_t max) {
    size_t extent = wide_extent(string);
    if (extent == SIZE_MAX)
        return LM_REAL(wcsnlen)(string, max);
    size_t bound = max < extent ? max : extent;
    size_t length = LM_REAL(wcsnlen)(lm_access_content(string), bound);
    if (length == max)
        lm_wrap_reads_inside(call, string, max * sizeof(wchar_t));
    else
        wide_scanned(call, string, length, extent);
    return length < bound ? length : LM_REAL(wcsnlen)(string, max);
}
