#include "heap/protect.h"

#include "base/finding.h"
#include "heap/find.h"
#include "heap/thread.h"
#include "os/os.h"

/* ---- The tail ------------------------------------------------------------------------------- */

#define EIGHT_OF(x) x, x, x, x, x, x, x, x
#define SIXTYFOUR(x)                                                                               \
    EIGHT_OF(x), EIGHT_OF(x), EIGHT_OF(x), EIGHT_OF(x), EIGHT_OF(x), EIGHT_OF(x), EIGHT_OF(x),     \
        EIGHT_OF(x)

const lm_slack_tables lm_slack_table = {
    .wanted = {SIXTYFOUR(0), EIGHT_OF(LM_MARK_BYTE)},
    .is_slack = {SIXTYFOUR(0), SIXTYFOUR(0xff)},
};

const unsigned char lm_before_canary[LM_SLACK_WINDOW] = {EIGHT_OF(0xff), EIGHT_OF(0xff),
                                                         EIGHT_OF(0xff)};

static const size_t CHECKED_UNCLEARED =
    LM_SLACK_SHORT; /* bytes of slack, where the rest isn't zero */

static bool class_has_tail(unsigned class) {
    return lm_once.tail != 0 && class != LM_CLASS_ZERO;
}

static bool has_tail(const lm_slab *slab) {
    return class_has_tail(slab->class);
}

static size_t checked_slack(size_t room, size_t slack) {
    return lm_protect_clears(room) ? slack : lm_min(slack, CHECKED_UNCLEARED);
}

/* What byte i of the slack must hold. */
static unsigned char slack_byte(size_t i) {
    return i < sizeof LM_MARK ? LM_MARK_BYTE : 0;
}

/* The mark, then zeros: the last words first, which may overlap. */
static bool any_slack_intact(const char *p, size_t room, size_t slack) {
    size_t checked = checked_slack(room, slack);
    const char *at = p + room - LM_TAIL - slack;
    uint64_t wrong = (lm_word_at(at) ^ LM_MARK) | lm_word_at(at + checked - sizeof wrong);
    for (size_t i = sizeof wrong; i + sizeof wrong < checked; i += sizeof wrong)
        wrong |= lm_word_at(at + i);
    return wrong == 0;
}

static bool slack_intact(const char *p, size_t room, size_t slack) {
    if (room == LM_GRAIN)
        return lm_tiny_slack_intact(p, slack);
    return LM_LIKELY(slack <= LM_SLACK_SHORT) ? lm_short_slack_intact(p, room, slack)
                                              : any_slack_intact(p, room, slack);
}

/* In a slot that was just taken: what is cleared is zero already. */
static void put_tail(char *p, size_t room, size_t size, uint64_t kind) {
    if (!lm_protect_clears(room))
        memset(p + size, 0, checked_slack(room, room - LM_TAIL - size));
    lm_tail_put(p, room, size, kind);
}

/* ---- Tails that others look at -------------------------------------------------------------- */

/* The checks of neighbours look at blocks of which other threads may free or resize some meanwhile. So
 * whoever changes a tail where others may look makes the canary 0 first, and right last; and whoever finds
 * a tail broken lets it pass when the canary is 0, and looks again when it isn't. */

static void begin_change(char *p, size_t room) {
    atomic_store_explicit(lm_canary_at(p, room), 0, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
}

static void put_tail_in_steps(char *p, size_t room, size_t size, uint64_t kind) {
    size_t slack = room - LM_TAIL - size;
    begin_change(p, room);
    memset(p + size, 0, checked_slack(room, slack));
    memcpy(p + size, &LM_MARK, lm_min(slack, sizeof LM_MARK));
    atomic_store_explicit(lm_canary_at(p, room), lm_canary_key(p) ^ (slack | kind) << LM_NOTE_SHIFT,
                          memory_order_release);
}

/* Whether a note could be true of a block at p. */
static bool plausible(const char *p, size_t room, uint64_t note) {
    uint64_t slack = note & 0xffff, code = note >> LM_ALIGN_SHIFT & 0xf;
    return slack <= room - LM_TAIL && note >> LM_FAMILY_SHIFT <= LM_FAMILY_ARRAY &&
           ((uintptr_t)p & (lm_bit((unsigned)code) - 1)) == 0;
}

static lm_asked asked_by(uint64_t note, size_t room) {
    uint64_t code = note >> LM_ALIGN_SHIFT & 0xf;
    return (lm_asked){room - LM_TAIL - (note & 0xffff), code ? (size_t)1 << code : 0,
                      (lm_family)(note >> LM_FAMILY_SHIFT & 3)};
}

static bool tail_intact(const char *p, size_t room) {
    uint64_t note = lm_note_of(p, room);
    return plausible(p, room, note) && slack_intact(p, room, note & 0xffff);
}

lm_asked lm_protect_asked(unsigned class, const char *p) {
    size_t room = lm_classes[class].room;
    bool tail = class_has_tail(class);
    if (class == LM_CLASS_ZERO)
        return (lm_asked){0};
    uint64_t note = tail ? lm_note_of(p, room) : 0;
    if (!tail || !plausible(p, room, note))
        return (lm_asked){lm_most_in(room), 0, LM_FAMILY_C};
    return asked_by(note, room);
}

void lm_protect_resize(lm_slab *slab, char *p, size_t size) {
    if (has_tail(slab))
        put_tail_in_steps(p, lm_slab_room(slab), size, lm_kind_of(LM_FAMILY_C, 0));
}

/* Longer rooms than the inlined form's: piece by piece, the last up to the end. */
static bool is_clear(const char *p, size_t room) {
    const size_t piece = LM_ROOM_LONGEST;
    if (room <= piece)
        return lm_room_is_clear(p, room);
    for (size_t i = 0; i < room - piece; i += piece)
        if (!lm_room_is_clear(p + i, piece))
            return false;
    return lm_room_is_clear(p + room - piece, piece);
}

/* All but the canary of rooms above LM_SMALL_MAX: it is 0 already, or nobody goes by it any more. */
static void clear_room(char *p, size_t room) {
    if (!lm_protect_clears(room))
        return;
    if (LM_LIKELY(room <= LM_SMALL_MAX))
        lm_room_clear(p, room);
    else
        memset(p, 0, room - LM_TAIL);
}

/* ---- What was changed ----------------------------------------------------------------------- */

static lm_finding about_slot(const lm_slab *slab, const char *p, const char *call) {
    lm_asked asked = lm_protect_asked(slab->class, p);
    return (lm_finding){
        .call = call, .block = p, .block_size = asked.size, .class_size = lm_slab_room(slab)};
}

/* Adds byte `at` to what was changed. */
static void add_damage(lm_finding *finding, ptrdiff_t at) {
    if (!finding->damaged)
        finding->first = at;
    finding->last = at;
    finding->damaged = true;
}

/* The slack and the canary of a block whose note can be read. */
static void compare_tail(lm_finding *finding, const char *p, size_t room, uint64_t note) {
    size_t most = room - LM_TAIL, slack = note & 0xffff;
    uint64_t canary = lm_canary_key(p) ^ note << LM_NOTE_SHIFT;
    for (size_t i = 0; i < checked_slack(room, slack); i++)
        if ((unsigned char)p[most - slack + i] != slack_byte(i))
            add_damage(finding, (ptrdiff_t)(most - slack + i));
    for (size_t i = 0; i < LM_TAIL; i++)
        if ((unsigned char)p[most + i] != (unsigned char)(canary >> 8 * i))
            add_damage(finding, (ptrdiff_t)(most + i));
}

/* Of one whose note is broken as well: only the canary's ends are known. When the first is whole, so
 * is all before it. */
static void compare_canary(lm_finding *finding, const char *p, size_t room) {
    uint64_t key = lm_canary_key(p);
    for (size_t i = 0; i < LM_TAIL; i++) {
        bool in_note = i >= LM_NOTE_SHIFT / 8 && i <= (LM_NOTE_SHIFT + LM_NOTE_BITS) / 8;
        if (in_note || (unsigned char)p[room - LM_TAIL + i] != (unsigned char)(key >> 8 * i))
            add_damage(finding, (ptrdiff_t)(room - LM_TAIL + i));
    }
    finding->size_at_most = true;
}

/* The first live block behind a slot; NULL when there is none in the slab. */
static const char *live_behind(lm_slab *slab, const char *p) {
    size_t slot = (size_t)(p - lm_slab_address(slab)) / lm_slab_size(slab) + 1;
    while (slot < slab->slots && !lm_slot_live(slab, slot))
        slot++;
    return slot < slab->slots ? lm_slab_address(slab) + slot * lm_slab_size(slab) : NULL;
}

/* The same bytes, seen from the block behind them. */
static void turn_to_underflow(lm_finding *finding, const lm_slab *slab, const char *p,
                              const char *next) {
    finding->kind = LM_HEAP_UNDERFLOW;
    finding->block = next;
    finding->block_size = lm_protect_asked(slab->class, next).size;
    finding->size_at_most = false;
    finding->or_before = NULL;
    finding->first -= next - p;
    finding->last -= next - p;
}

/* The note is in the middle: it can be relied on when one of the ends is whole, and so are the bits beside it, which
 * share its outer bytes. A few bytes from one side may reach those. */
static bool can_rely_on_note(uint64_t word) {
    enum { END_BITS = 16, BACK = LM_NOTE_SHIFT + LM_NOTE_BITS };
    uint64_t beside = (lm_low_bits(LM_NOTE_SHIFT) ^ lm_low_bits(END_BITS)) |
                      (lm_low_bits(64 - END_BITS) ^ lm_low_bits(BACK));
    return (word & beside) == 0 &&
           ((word & lm_low_bits(END_BITS)) == 0 || word >> (64 - END_BITS) == 0);
}

/* The bytes between two blocks were changed: from behind the first one, or, when those next to it
 * are whole, from before the second one. */
static lm_finding damage_behind(const lm_slab *slab, const char *p, const char *call) {
    size_t room = lm_slab_room(slab);
    lm_finding finding = about_slot(slab, p, call);
    uint64_t word = lm_canary_of(p, room) ^ lm_canary_key(p);
    uint64_t note = word >> LM_NOTE_SHIFT & (lm_bit(LM_NOTE_BITS) - 1);
    if (plausible(p, room, note) && can_rely_on_note(word)) {
        finding.block_size = asked_by(note, room).size;
        compare_tail(&finding, p, room, note);
    } else {
        compare_canary(&finding, p, room);
    }
    const char *next = p + lm_slab_size(slab);
    const char *end = lm_slab_address(slab) + (size_t)slab->slots * lm_slab_size(slab);
    finding.kind = LM_HEAP_OVERFLOW;
    if (next >= end) /* what lies behind the last slot may be nothing that can be read */
        return finding;
    if (finding.last == (ptrdiff_t)room - 1)
        finding.or_before = next;
    if (finding.first > (ptrdiff_t)(room - LM_TAIL))
        turn_to_underflow(&finding, slab, p, next);
    return finding;
}

/* A few looks at a live block that isn't the caller's. The thread sanitizer can't know that they are only
 * looks. */
static bool seems_broken(lm_slab *slab, size_t slot, const char *p, size_t room) {
    enum { LOOKS = 4 };
    for (int i = 0; i < LOOKS && !LM_THREAD_SANITIZER; i++) {
        if (!lm_slot_live(slab, slot) ||
            atomic_load_explicit(lm_canary_at(p, room), memory_order_acquire) == 0 ||
            tail_intact(p, room))
            return false;
        lm_pause();
    }
    return !LM_THREAD_SANITIZER;
}

/* The block in the slot before, when it is live and what stands behind it is broken: then whatever
 * is wrong at `p` came from there. NULL otherwise; so when the slab was released meanwhile, because `p` is
 * freed by two threads at once. */
static const char *broken_before(lm_slab *slab, const char *p) {
    size_t size = lm_slab_size(slab), room = lm_slab_room(slab);
    size_t slot = (size_t)(p - lm_slab_address(slab)) / size;
    if (room == 0 || slot == 0 || slot >= slab->slots || !has_tail(slab) ||
        !seems_broken(slab, slot - 1, p - size, room))
        return NULL;
    return p - size;
}

/* A free slot that isn't zero any more. A stale pointer reaches the bytes that were its block's; what
 * lies in the tail's place came over the slot's end or start, from a neighbour. */
static lm_finding damage_in_free(lm_slab *slab, const char *p, const char *call) {
    size_t room = lm_slab_room(slab);
    lm_finding finding = about_slot(slab, p, call);
    finding.kind = LM_USE_AFTER_FREE;
    finding.block_size = lm_most_in(room);
    finding.size_at_most = true;
    for (size_t i = 0; i < room; i++)
        if (p[i])
            add_damage(&finding, (ptrdiff_t)i);
    const char *before = broken_before(slab, p), *behind = live_behind(slab, p);
    if (before && finding.first == 0)
        return damage_behind(slab, before, call);
    if (finding.damaged && lm_once.tail && finding.last >= (ptrdiff_t)(room - LM_TAIL) && behind)
        turn_to_underflow(&finding, slab, p, behind);
    return finding;
}

/* ---- Checks outside of malloc and free ------------------------------------------------------ */

bool lm_protect_check(lm_slab *slab, size_t slot, bool live, lm_finding *finding,
                      const char *when) {
    char *p = lm_slab_address(slab) + slot * lm_slab_size(slab);
    size_t room = lm_slab_room(slab);
    if (live) {
        if (!has_tail(slab) || tail_intact(p, room))
            return true;
        *finding = damage_behind(slab, p, when);
    } else {
        if (!lm_protect_clears(room) || slab->class == LM_CLASS_ZERO || is_clear(p, room))
            return true;
        *finding = damage_in_free(slab, p, when);
    }
    return false;
}

bool lm_protect_check_shared(lm_slab *slab, size_t slot, lm_finding *finding, const char *when) {
    const char *p = lm_slab_address(slab) + slot * lm_slab_size(slab);
    if (!has_tail(slab) || !seems_broken(slab, slot, p, lm_slab_room(slab)))
        return true;
    *finding = damage_behind(slab, p, when);
    return false;
}

/* ---- Out and in ----------------------------------------------------------------------------- */

static LM_COLD void report_free_slot(char *p) {
    lm_found found = lm_find(p);
    if (!found.slab)
        return;
    lm_finding finding = damage_in_free(found.slab, p, "at reuse");
    if (finding.damaged)
        lm_finding_report(&finding);
}

LM_NOINLINE void *lm_protect_out(char *p, size_t room, size_t size, uint64_t kind, bool fresh) {
    if (!fresh && lm_protect_clears(room) && !is_clear(p, room)) {
        report_free_slot(p);
        memset(p, 0, room);
    }
    if (lm_once.protection.check_before)
        put_tail_in_steps(p, room, size, kind);
    else if (lm_once.tail)
        put_tail(p, room, size, kind);
    return p;
}

LM_NOINLINE void *lm_protect_out_other(char *p, const lm_bin *bin, size_t size, uint64_t kind) {
    return lm_protect_out(p, bin->size, size, kind, bin->fresh);
}

LM_NOINLINE bool lm_protect_in(lm_slab *slab, char *p, lm_family family, size_t size) {
    size_t room = lm_slab_room(slab), most = room - LM_TAIL;
    if (LM_UNLIKELY(room ==
                    0)) /* the slab was released meanwhile: somebody else freed the block too */
        return false;
    if (!has_tail(slab)) {
        if (size != LM_ANY_SIZE && size > room)
            return false;
    } else {
        uint64_t canary = lm_canary_of(p, room);
        uint64_t slack = lm_note_in(canary, p) - lm_kind_of(family, 0);
        bool shared = atomic_load_explicit(&slab->owner, memory_order_relaxed) != lm_self;
        if (slack > most || (size != LM_ANY_SIZE && slack != most - size) ||
            (lm_once.protection.check_before && broken_before(slab, p)) ||
            (shared && !lm_canary_claim(p, room, canary)))
            return false;
        if (!slack_intact(p, room, slack)) { /* looked at by whoever has claimed it only */
            atomic_store_explicit(lm_canary_at(p, room), canary, memory_order_release);
            return false;
        }
    }
    lm_protect_clear(slab, p);
    return true;
}

LM_NOINLINE bool lm_slot_in_any(char *p, size_t room, size_t slack) {
    if (!slack_intact(p, room, slack))
        return false;
    clear_room(p, room);
    return true;
}

bool lm_protect_claim(lm_slab *slab, char *p) {
    size_t room = lm_slab_room(slab);
    if (!has_tail(slab) || room == 0)
        return true;
    uint64_t canary = atomic_load_explicit(lm_canary_at(p, room), memory_order_relaxed);
    return canary != 0 && lm_canary_claim(p, room, canary);
}

void lm_protect_unclaim(lm_slab *slab, char *p, const lm_asked *asked) {
    if (has_tail(slab))
        put_tail_in_steps(p, lm_slab_room(slab), asked->size,
                          lm_kind_of(asked->family, asked->alignment));
}

void lm_protect_clear(lm_slab *slab, char *p) {
    size_t room = lm_slab_room(slab);
    if (!lm_protect_clears(room) || slab->class == LM_CLASS_ZERO)
        return;
    if (room == 0) /* a released slab's, see lm_remote_free */
        return;
    begin_change(p, room);
    clear_room(p, room);
}

/* ---- Judging a block that is freed ---------------------------------------------------------- */

typedef enum tail_state { TAIL_WHOLE, TAIL_BROKEN, TAIL_FREED } tail_state;

/* Of a block that the caller frees or resizes, and perhaps another thread at the same time: that one's
 * change shows before its bit does. */
static tail_state look_at_tail(lm_slab *slab, const char *p, size_t room) {
    enum { LOOKS = 500000, ENOUGH = 4, SPINS = 1000 };
    size_t slot = (size_t)(p - lm_slab_address(slab)) / lm_max(lm_slab_size(slab), 1);
    for (int i = 0; i < LOOKS; i++) {
        if (tail_intact(p, room))
            return TAIL_WHOLE;
        if (slot >= slab->slots || lm_slab_room(slab) != room || !lm_slot_live(slab, slot))
            return TAIL_FREED;
        if (i >= ENOUGH && atomic_load_explicit(lm_canary_at(p, room), memory_order_relaxed) != 0)
            return TAIL_BROKEN;
        if (i % SPINS == SPINS - 1) /* the other one has lost its processor */
            lm_os_nap();
        lm_pause();
    }
    return TAIL_BROKEN;
}

static const char *const allocators[] = {"malloc", "operator new", "operator new[]"};

/* The family and the numbers that a call says of a block, against what is known of it. */
void lm_protect_compare(lm_finding *finding, const lm_way *way, size_t size, size_t alignment,
                        const lm_asked *asked) {
    bool forms = lm_once.protection.strict_arrays || way->family == LM_FAMILY_C ||
                 asked->family == LM_FAMILY_C;
    size_t aligned = asked->alignment > LM_GRAIN ? asked->alignment : 0;
    size_t said = alignment > LM_GRAIN ? alignment : 0;
    finding->kind = LM_KINDS_COUNT;
    if (asked->family != way->family && forms) {
        finding->kind = LM_MISMATCHED_FREE;
        finding->was = allocators[asked->family];
        finding->now = way->call;
    } else if (said != aligned && (alignment != LM_ANY_ALIGNMENT || !way->any_alignment)) {
        finding->kind = LM_MISMATCHED_FREE;
        finding->quantity = "alignment";
        finding->was_size = asked->alignment ? asked->alignment : LM_GRAIN;
        finding->now_size = alignment ? alignment : LM_GRAIN;
    } else if (size != LM_ANY_SIZE && size != asked->size) {
        finding->kind = LM_SIZE_MISMATCH;
        finding->quantity = "size";
        finding->was_size = asked->size;
        finding->now_size = size;
    }
}

/* Without a tail: all that is known is what the slot has room for. */
static void judge_size(lm_finding *finding, size_t room, size_t size) {
    finding->kind = LM_SIZE_MISMATCH;
    finding->quantity = "size";
    finding->was_size = room;
    finding->now_size = size;
    if (lm_once.protect != LM_PROTECT_NOT && size != LM_ANY_SIZE && size > room)
        lm_finding_report(finding);
}

bool lm_protect_judge(lm_slab *slab, char *p, const lm_way *way, size_t size, size_t alignment,
                      lm_asked *asked) {
    size_t room = lm_slab_room(slab);
    if (room == 0) /* the slab was released meanwhile */
        return false;
    tail_state state = has_tail(slab) ? look_at_tail(slab, p, room) : TAIL_WHOLE;
    if (state == TAIL_FREED)
        return false;
    lm_finding finding = about_slot(slab, p, way->call);
    finding.pointer = p;
    *asked = lm_protect_asked(slab->class, p);
    if (!has_tail(slab)) {
        judge_size(&finding, room, size);
        return true;
    }
    const char *broken = state == TAIL_BROKEN              ? p
                         : lm_once.protection.check_before ? broken_before(slab, p)
                                                           : NULL;
    if (broken) {
        lm_finding damage = damage_behind(slab, broken, way->call);
        damage.pointer = p;
        lm_finding_report(&damage);
    }
    if (state == TAIL_BROKEN) {
        /* So that it is said once. */
        put_tail_in_steps(p, room, asked->size, lm_kind_of(asked->family, asked->alignment));
        return true;
    }
    lm_protect_compare(&finding, way, size, alignment, asked);
    if (finding.kind != LM_KINDS_COUNT)
        lm_finding_report(&finding);
    return true;
}
