/* Arrays and dates. */
#include "check/wrap.h"

/* As a write only: elements are moved as a whole, with the bytes between members that nobody ever wrote. */
LM_INLINE void sorts(const char *call, void *array, size_t count, size_t size) {
    lm_wrap_writes(call, array, lm_wrap_product(count, size));
}

void lm_wrap_qsort(void *array, size_t count, size_t size, __compar_fn_t compare) {
    sorts("qsort", array, count, size);
    LM_REAL(qsort)(array, count, size, compare);
}

void lm_wrap_qsort_r(void *array, size_t count, size_t size, __compar_d_fn_t compare,
                     void *context) {
    sorts("qsort_r", array, count, size);
    LM_REAL(qsort_r)(array, count, size, compare, context);
}

void *lm_wrap_bsearch(const void *key, const void *array, size_t count, size_t size,
                      __compar_fn_t compare) {
    lm_wrap_reads("bsearch", array, lm_wrap_product(count, size));
    return LM_REAL(bsearch)(key, array, count, size, compare);
}

/* ---- Dates ------------------------------------------------------------------------------------ */

enum { DATE_SIZE = 26, TEXT_SIZE = 1024 };

/* The room may be said to be larger than it is: what is written is found out first, elsewhere. Of very long
 * texts all the room is asked for. */
static LM_NOINLINE void formats(char *to, size_t n, const char *format, const struct tm *time) {
    char text[TEXT_SIZE];
    size_t bytes = n;
    if (n > lm_wrap_extent(to)) {
        size_t length = LM_REAL(strftime)(text, sizeof text, format, time);
        if (length || !*format)
            bytes = length < n ? length + 1 : n;
    }
    lm_wrap_writes("strftime", to, bytes);
}

size_t lm_wrap_strftime(char *to, size_t n, const char *format, const struct tm *time) {
    lm_wrap_string("strftime", format);
    lm_wrap_reads("strftime", time, sizeof *time);
    if (LM_UNLIKELY(lm_is_watched(to)))
        formats(to, n, format, time);
    return LM_REAL(strftime)(to, n, format, time);
}

char *lm_wrap_asctime_r(const struct tm *time, char *to) {
    lm_wrap_reads("asctime_r", time, sizeof *time);
    lm_wrap_writes("asctime_r", to, DATE_SIZE);
    return LM_REAL(asctime_r)(time, to);
}

char *lm_wrap_ctime_r(const time_t *time, char *to) {
    lm_wrap_reads("ctime_r", time, sizeof *time);
    lm_wrap_writes("ctime_r", to, DATE_SIZE);
    return LM_REAL(ctime_r)(time, to);
}
