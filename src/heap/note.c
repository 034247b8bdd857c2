#include "heap/note.h"

#include "base/finding.h"
#include "heap/find.h"
#include "heap/protect.h"
#include "heap/visit.h"

_Thread_local bool lm_noted;
lm_lock lm_note_lock = LM_LOCK(LM_RANK_NOTE);

/* Slots of one word, or one slot with damage. */
typedef struct noted {
    const char *first; /* where bit 0's slot begins */
    uint64_t bits;
    uint32_t stride; /* bytes from one slot to the next */
    bool damage;
} noted;

enum { NOTES_MAX = 256 };

/* Of all threads. Under lm_note_lock. */
static noted notes[NOTES_MAX];
static unsigned notes_count;
static size_t more; /* double frees for which there was no room */

static void note(const noted *what) {
    lm_lock_take(&lm_note_lock);
    if (notes_count < NOTES_MAX)
        notes[notes_count++] = *what;
    else if (!what->damage) /* damage is still there to be found the next time */
        more += lm_count_bits(what->bits);
    lm_lock_give(&lm_note_lock);
    lm_noted = true;
}

LM_COLD void lm_note_twice(const lm_slab *slab, unsigned word, uint64_t bits) {
    uint32_t stride = lm_slab_size(slab);
    note(&(noted){lm_slab_address(slab) + (size_t)word * 64 * stride, bits, stride, false});
}

LM_COLD void lm_note_damage(const char *slot) {
    note(&(noted){slot, 1, 0, true});
}

uint64_t lm_note_sort_out(lm_slab *slab, unsigned word, uint64_t pending) {
    uint64_t twice =
        pending & atomic_load_explicit(&lm_slab_remotes(slab)[word].bits, memory_order_acquire);
    if (LM_UNLIKELY(twice))
        lm_note_twice(slab, word, twice);
    return pending & ~twice;
}

/* ---- Saying --------------------------------------------------------------------------------- */

/* Whatever thread noted it: the block may be freed meanwhile, and its slab released. */
static void say_damage(const char *slot) {
    lm_found found;
    lm_finding finding;
    lm_visit visit = lm_visit_place(slot);
    bool broken = lm_find_exact(slot, &found) && found.slab &&
                  !lm_protect_check_shared(found.slab, found.slot, &finding, "at a check");
    lm_visit_end(&visit);
    if (broken)
        lm_finding_report(&finding);
}

static void say_twice(const char *slot) {
    lm_found found = lm_find(slot);
    lm_finding finding = {.kind = LM_DOUBLE_FREE, .call = "free", .pointer = slot, .block = slot};
    if (found.slab) {
        finding.class_size = lm_slab_room(found.slab);
        finding.block_size = lm_block_size(&found);
        finding.size_at_most = lm_once.tail != 0;
    }
    lm_finding_report(&finding);
}

static bool take_note(noted *out) {
    lm_lock_take(&lm_note_lock);
    bool any = notes_count > 0;
    if (any)
        *out = notes[--notes_count];
    lm_lock_give(&lm_note_lock);
    return any;
}

static size_t take_more(void) {
    lm_lock_take(&lm_note_lock);
    size_t n = more;
    more = 0;
    lm_lock_give(&lm_note_lock);
    return n;
}

LM_COLD void lm_note_say_slow(void) {
    noted what;
    lm_noted = false;
    while (take_note(&what))
        for (uint64_t left = what.bits; left; left &= left - 1) {
            const char *slot = what.first + (size_t)lm_lowest_bit(left) * what.stride;
            if (what.damage)
                say_damage(slot);
            else
                say_twice(slot);
        }
    for (size_t n = take_more(); n > 0; n--)
        lm_finding_report(&(lm_finding){.kind = LM_DOUBLE_FREE, .call = "free"});
}
