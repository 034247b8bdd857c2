#include "heap/hide.h"

#include "base/random.h"
#include "heap/guard.h"
#include "heap/large.h"
#include "heap/limits.h"
#include "os/os.h"

/* How much of a block that keeps its memory is hidden by protecting it. To protect pages the system must go to
 * each of them, and split a mapping: so mostly only the first page is hidden, by a guard, which is cheaper (0 is
 * returned). Who comes back to a freed block mostly begins there. All of one in LM_HIDDEN_WHOLE, by chance; and the
 * front of the first ones of a process, since most programs free few. Where that may be a huge page it stays
 * whole. */
static size_t bytes_to_protect(const lm_span *span) {
    static _Atomic uint64_t count;
    uint64_t number = atomic_fetch_add_explicit(&count, 1, memory_order_relaxed);
    uint64_t state = lm_once.seed + number;
    bool may_be_huge = span->start % LM_CHUNK == 0 && span->bytes >= LM_CHUNK;
    if (lm_once.arena.huge_pages > 0 || lm_random_next(&state) % LM_HIDDEN_WHOLE == 0)
        return span->bytes;
    if (may_be_huge)
        return LM_CHUNK;
    return number < LM_HIDDEN_FIRST || !lm_guard_is_cheap() ? lm_min(span->bytes, LM_HIDDEN_MOST)
                                                            : 0;
}

static void protect(lm_span *span, size_t bytes) {
    if (!lm_guard_afford())
        return;
    if (lm_os_guard(lm_span_address(span), bytes, false))
        span->hidden = LM_SPAN_HIDDEN;
    else
        lm_guard_give();
}

void lm_hide_span(lm_span *span) {
    size_t bytes = span->cold ? span->bytes : bytes_to_protect(span);
    if (bytes == 0 && lm_guard_install(lm_span_address(span), lm_os.page))
        span->hidden = LM_SPAN_PAGE_HIDDEN;
    else
        protect(span, bytes ? bytes : lm_min(span->bytes, LM_HIDDEN_MOST));
}

void lm_hide_all(lm_span *span) {
    protect(span, span->bytes);
}

void lm_hide_end_with_guard(lm_span *span) {
    if (span->hidden != LM_SPAN_PAGE_HIDDEN)
        return;
    lm_guard_remove(lm_span_address(span) - span->guard_front, span->guard_front + lm_os.page);
    span->guard_front = 0;
    span->hidden = LM_SPAN_SHOWN;
}

bool lm_hide_end(lm_span *span) {
    if (span->hidden == LM_SPAN_PAGE_HIDDEN) {
        lm_guard_remove(lm_span_address(span), lm_os.page);
    } else if (span->hidden) {
        /* The system has nothing to do where it isn't hidden. */
        if (!lm_os_unguard(lm_span_address(span), span->bytes, false))
            return false;
        lm_guard_give();
    }
    span->hidden = LM_SPAN_SHOWN;
    return true;
}
