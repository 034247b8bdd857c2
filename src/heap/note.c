#include "heap/note.h"

#include "base/finding.h"
#include "heap/find.h"
#include "heap/protect.h"

_Thread_local const char *lm_noted;
static _Thread_local bool noted_damage __attribute__((tls_model("initial-exec")));

static void note(const char *slot, bool damage) {
    if (lm_noted)
        return;
    lm_noted = slot;
    noted_damage = damage;
}

LM_COLD void lm_note_twice(const lm_slab *slab, unsigned word, uint64_t bits) {
    note(lm_slab_address(slab) + ((size_t)word * 64 + lm_lowest_bit(bits)) * lm_slab_size(slab),
         false);
}

LM_COLD void lm_note_damage(const char *slot) {
    note(slot, true);
}

uint64_t lm_note_sort_out(lm_slab *slab, unsigned word, uint64_t pending) {
    uint64_t twice =
        pending & atomic_load_explicit(&lm_slab_remotes(slab)[word].bits, memory_order_acquire);
    if (LM_UNLIKELY(twice))
        lm_note_twice(slab, word, twice);
    return pending & ~twice;
}

LM_COLD void lm_note_say_slow(void) {
    const char *noted = lm_noted;
    lm_found found = lm_find(noted);
    lm_finding finding = {.kind = LM_DOUBLE_FREE, .call = "free", .pointer = noted, .block = noted};
    lm_noted = NULL;
    if (noted_damage) {
        if (found.slab &&
            !lm_protect_check(found.slab, found.slot, found.live, &finding, "at a check"))
            lm_finding_report(&finding);
        return;
    }
    if (found.slab) {
        finding.class_size = lm_slab_room(found.slab);
        finding.block_size = lm_block_size(&found);
        finding.size_at_most = lm_once.tail != 0;
    }
    lm_finding_report(&finding);
}
