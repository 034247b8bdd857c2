/* lm_verify is a judge: for each invariant a test breaks it on purpose, hears its number, and mends
 * it. */
// ctest-args:
// ctest-args:
// ctest-options: harden=0
// ctest-args:
// ctest-options: harden=1
// ctest-args:
// ctest-options: harden=3

#include "support/unit.h"

#include "heap/bin.h"
#include "heap/dense.h"
#include "heap/slab.h"
#include "heap/thread.h"
#include "support/heap.h"

enum { BLOCKS = 3000, SIZE = 200, LARGE = 300000 };
static char *blocks[BLOCKS];
static char *large;

/* A heap in which slabs are in every place: CURRENT, QUEUED and FULL. */
static int furnish(void **state) {
    (void)state;
    for (unsigned i = 0; i < BLOCKS; i++)
        blocks[i] = loam_malloc(SIZE);
    for (unsigned i = 0; i < BLOCKS / 2; i += 3) {
        loam_free(blocks[i]);
        blocks[i] = NULL;
    }
    large = loam_malloc(LARGE);
    return 0;
}

static int clear(void **state) {
    (void)state;
    for (unsigned i = 0; i < BLOCKS; i++)
        loam_free(blocks[i]);
    loam_free(large);
    loam_trim(0);
    return lm_verify();
}

static lm_slab *slab_at(unsigned place) {
    for (unsigned i = 0; i < BLOCKS; i++)
        if (blocks[i] && lm_slab_place(slab_of(blocks[i])) == place)
            return slab_of(blocks[i]);
    fail_msg("no slab in place %u", place);
    return NULL;
}

#define expect_broken(number, break_it, mend_it)                                                   \
    do {                                                                                           \
        assert_sound();                                                                            \
        break_it;                                                                                  \
        assert_int_equal(lm_verify(), number);                                                     \
        mend_it;                                                                                   \
        assert_sound();                                                                            \
    } while (0)

static void chunks(void **state) {
    lm_chunks *c = &lm_arenas[0].chunks;
    (void)state;
    expect_broken(LM_VERIFY_CHUNKS, c->free_units++, c->free_units--);
    expect_broken(LM_VERIFY_CHUNKS, c->dirty_units++, c->dirty_units--);
    expect_broken(LM_VERIFY_CHUNKS, c->filled[0] ^= 1, c->filled[0] ^= 1);
}

/* A free unit in the map, and a used one that isn't. */
static void map(void **state) {
    const lm_lookup *lookup = &lm_once.lookups[0];
    uint64_t used = ((uintptr_t)large - lookup->base) >> LM_UNIT_SHIFT;
    uint64_t last = (lm_arenas[0].committed >> LM_UNIT_SHIFT) - 1;
    uint32_t number = atomic_load(&lookup->map[used]);
    (void)state;
    assert_int_equal(atomic_load(&lookup->map[last]), 0);
    expect_broken(LM_VERIFY_MAP, lookup->map[last] = number, lookup->map[last] = 0);
    expect_broken(LM_VERIFY_MAP, lookup->map[used] = 0, lookup->map[used] = number);
}

static void records_describe_their_units(void **state) {
    const lm_lookup *lookup = &lm_once.lookups[0];
    lm_slab *slab = slab_at(LM_PLACE_FULL);
    uint64_t unit = ((uintptr_t)large - lookup->base) >> LM_UNIT_SHIFT;
    uint32_t number = atomic_load(&lookup->map[unit + 1]);
    uint32_t other = atomic_load(&lookup->map[lm_slab_start(slab) >> LM_UNIT_SHIFT]);
    (void)state;
    expect_broken(LM_VERIFY_RECORD, slab->slots++, slab->slots--);
    expect_broken(LM_VERIFY_RECORDS, lm_dense_units++, lm_dense_units--);
    expect_broken(LM_VERIFY_RECORD, slab->reciprocal++, slab->reciprocal--);
    expect_broken(LM_VERIFY_RECORD, slab->start_low++, slab->start_low--);
    expect_broken(LM_VERIFY_RECORD, slab->kind = 7, slab->kind = LM_KIND_SLAB);
    expect_broken(LM_VERIFY_RECORD, lm_slab_remotes(slab)->word++, lm_slab_remotes(slab)->word--);
    expect_broken(LM_VERIFY_RECORD, lookup->map[unit + 1] = other, lookup->map[unit + 1] = number);
}

static void bits(void **state) {
    lm_slab *slab = slab_at(LM_PLACE_QUEUED);
    _Atomic uint64_t *avail = &slab->pairs[0].avail, *pending = &slab->pairs[0].pending;
    uint64_t old_avail = *avail, old_pending = *pending;
    (void)state;
    assert_true(old_pending != 0);
    expect_broken(LM_VERIFY_BITS, *avail = old_pending, *avail = old_avail);
    expect_broken(LM_VERIFY_BITS, lm_slab_remotes(slab)->bits = old_pending,
                  lm_slab_remotes(slab)->bits = 0);
    /* Bits behind the last slot are pending. */
    unsigned w = lm_slab_words(slab) - 1;
    uint64_t last = slab->pairs[w].pending, beyond = ~lm_slab_valid(slab, w);
    assert_true(beyond != 0);
    expect_broken(LM_VERIFY_BITS, slab->pairs[w].pending = last & ~beyond,
                  slab->pairs[w].pending = last);
}

static void places(void **state) {
    lm_slab *queued = slab_at(LM_PLACE_QUEUED), *full = slab_at(LM_PLACE_FULL);
    lm_slab *current = slab_at(LM_PLACE_CURRENT);
    lm_bin *bin = &lm_self->bins[current->class];
    (void)state;
    expect_broken(LM_VERIFY_PLACE, full->place = LM_PLACE_QUEUED, full->place = LM_PLACE_FULL);
    expect_broken(LM_VERIFY_PLACE, queued->place = LM_PLACE_FULL, queued->place = LM_PLACE_QUEUED);
    expect_broken(LM_VERIFY_PLACE, full->place = LM_PLACE_CURRENT, full->place = LM_PLACE_FULL);
    expect_broken(LM_VERIFY_PLACE, full->place = 0, full->place = LM_PLACE_FULL);
    expect_broken(LM_VERIFY_PLACE, bin->slab = full, bin->slab = current);
}

/* Of a CURRENT slab the owner may look earlier than it must, of others exactly then. */
static void countdowns(void **state) {
    lm_slab *current = slab_at(LM_PLACE_CURRENT);
    lm_slab *others[] = {slab_at(LM_PLACE_QUEUED), slab_at(LM_PLACE_FULL)};
    uint16_t right = current->countdown;
    (void)state;
    expect_broken(LM_VERIFY_COUNTDOWN, current->countdown = 0, current->countdown = right);
    expect_broken(LM_VERIFY_COUNTDOWN, current->countdown = (uint16_t)(current->slots + 1),
                  current->countdown = right);
    for (unsigned i = 0; i < 2; i++) {
        expect_broken(LM_VERIFY_COUNTDOWN, others[i]->countdown++, others[i]->countdown--);
        expect_broken(LM_VERIFY_COUNTDOWN, others[i]->countdown--, others[i]->countdown++);
    }
}

static void spare_slabs(void **state) {
    (void)state;
    expect_broken(LM_VERIFY_QUEUE, lm_self->spare++, lm_self->spare--);
    expect_broken(LM_VERIFY_QUEUE, lm_self->idle++, lm_self->idle--);
    expect_broken(LM_VERIFY_QUEUE, lm_self->left++, lm_self->left--);
}

static void queues(void **state) {
    lm_bin *bin = &lm_self->bins[class_of(SIZE)];
    lm_slab *head = bin->head, *tail = bin->tail, *before = tail->prev;
    (void)state;
    assert_ptr_not_equal(head, tail);
    expect_broken(LM_VERIFY_QUEUE, bin->tail = head, bin->tail = tail);
    expect_broken(LM_VERIFY_QUEUE, tail->prev = NULL, tail->prev = before);
}

static void a_bin_without_a_slab(void **state) {
    lm_bin *bin = &lm_self->bins[LM_CLASSES - 1];
    static lm_pair other;
    lm_pair *pair = bin->pair;
    (void)state;
    assert_null(bin->slab);
    expect_broken(LM_VERIFY_QUEUE, bin->pair = &other, bin->pair = pair);
}

static void spans(void **state) {
    lm_span *span = span_of(large);
    (void)state;
    expect_broken(LM_VERIFY_SPAN, span->bytes++, span->bytes--);
    expect_broken(LM_VERIFY_SPAN, span->bytes += 16 * LM_UNIT, span->bytes -= 16 * LM_UNIT);
    expect_broken(LM_VERIFY_SPAN, span->guard_back += 16 * LM_UNIT,
                  span->guard_back -= 16 * LM_UNIT);
    expect_broken(LM_VERIFY_SPAN, span->guard_front += 16 * LM_UNIT,
                  span->guard_front -= 16 * LM_UNIT);
    expect_broken(LM_VERIFY_SPAN, span->start += 16, span->start -= 16);
    expect_broken(LM_VERIFY_SPAN, span->hidden = LM_SPAN_HIDDEN, span->hidden = LM_SPAN_SHOWN);
}

/* A slot freed by another thread, of which the owner will never hear. */
static void inboxes(void **state) {
    lm_found found = lm_find(blocks[BLOCKS - 1]);
    lm_remote *remote = &lm_slab_remotes(found.slab)[found.slot / 64];
    uint64_t bit = lm_bit(found.slot % 64);
    (void)state;
    expect_broken(LM_VERIFY_INBOX, remote->bits = bit, remote->bits = 0);
    /* And the other way round: a word in the inbox without a bit. */
    expect_broken(LM_VERIFY_INBOX, lm_self->inbox = remote, lm_self->inbox = NULL);
}

static void records_without_gaps(void **state) {
    lm_arena *arena = &lm_arenas[0];
    (void)state;
    expect_broken(LM_VERIFY_RECORDS, arena->records_used += 64, arena->records_used -= 64);
    for (unsigned s = 0; s < LM_RECORD_SIZES; s++)
        if (arena->record_free[s]) {
            uint32_t first = arena->record_free[s];
            expect_broken(LM_VERIFY_RECORDS, arena->record_free[s] = 0,
                          arena->record_free[s] = first);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(chunks, furnish, clear),
        cmocka_unit_test_setup_teardown(map, furnish, clear),
        cmocka_unit_test_setup_teardown(records_describe_their_units, furnish, clear),
        cmocka_unit_test_setup_teardown(bits, furnish, clear),
        cmocka_unit_test_setup_teardown(places, furnish, clear),
        cmocka_unit_test_setup_teardown(countdowns, furnish, clear),
        cmocka_unit_test_setup_teardown(queues, furnish, clear),
        cmocka_unit_test_setup_teardown(spare_slabs, furnish, clear),
        cmocka_unit_test_setup_teardown(a_bin_without_a_slab, furnish, clear),
        cmocka_unit_test_setup_teardown(spans, furnish, clear),
        cmocka_unit_test_setup_teardown(inboxes, furnish, clear),
        cmocka_unit_test_setup_teardown(records_without_gaps, furnish, clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
