#include "heap/twice.h"

#include "base/finding.h"

_Thread_local const char *lm_twice_noted;
static _Thread_local size_t noted_size __attribute__((tls_model("initial-exec")));

LM_COLD void lm_twice_note(const lm_slab *slab, unsigned word, uint64_t bits) {
    if (lm_twice_noted)
        return;
    noted_size = lm_slab_size(slab);
    lm_twice_noted = lm_slab_address(slab) + ((size_t)word * 64 + lm_lowest_bit(bits)) * noted_size;
}

uint64_t lm_twice_sort_out(lm_slab *slab, unsigned word, uint64_t pending) {
    uint64_t twice =
        pending & atomic_load_explicit(&lm_slab_remotes(slab)[word].bits, memory_order_acquire);
    if (LM_UNLIKELY(twice))
        lm_twice_note(slab, word, twice);
    return pending & ~twice;
}

LM_COLD void lm_twice_say_slow(void) {
    const char *noted = lm_twice_noted;
    lm_finding finding = {LM_DOUBLE_FREE, "free", noted, noted, noted_size, noted_size};
    lm_twice_noted = NULL;
    lm_finding_report(&finding);
}
