/* The headline of each code. */
#include "cli/story.h"
#include "cli/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PUT(...) snprintf(buffer, LM_HEADLINE_SIZE, __VA_ARGS__)

static bool is(const char *text, const char *word) {
    return text != NULL && strcmp(text, word) == 0;
}

static bool is_one_of(const char *text, const char *const words[], size_t count) {
    for (size_t i = 0; i < count; i++)
        if (is(text, words[i]))
            return true;
    return false;
}

/* "a 16-byte block" or, when its size isn't known, "a block". */
static const char *block_of(const lm_wire_finding *facts, char words[LM_WORDS_SIZE]) {
    if (!facts->size.known)
        return "a block";
    return lm_words_sized(words, facts->size.value, "block");
}

/* Calls that are told how much they may put or take, so that the number itself is the mistake. */
static bool is_asked(const char *call) {
    static const char *const calls[] = {"read",   "pread",    "recv",    "recvfrom", "fread",
                                        "fgets",  "readv",    "recvmsg", "write",    "pwrite",
                                        "send",   "sendto",   "fwrite",  "writev",   "sendmsg",
                                        "getcwd", "snprintf", "strncpy"};
    return is_one_of(call, calls, sizeof calls / sizeof calls[0]);
}

/* "2 bytes written 5 bytes past the end of a 16-byte block"; `gap` bytes, if any, lie between. */
static void outside(const lm_wire_finding *facts, const char *side, int64_t gap, char *buffer) {
    char bad[LM_WORDS_SIZE];
    char block[LM_WORDS_SIZE];
    char away[LM_WORDS_SIZE];
    const char *sized = block_of(facts, block);
    const uint64_t count = lm_story_bad_count(facts);
    const char *accessed = lm_story_access(facts, LM_VERB_PAST);
    lm_words_count(bad, count, "byte");
    if (facts->sure == LM_SURE_LATER)
        PUT("%s %s %s %s overwritten", bad, side, sized, count == 1 ? "was" : "were");
    else if (gap > 0)
        PUT("%s %s %s %s %s", bad, accessed, lm_words_count(away, (uint64_t)gap, "byte"), side,
            sized);
    else
        PUT("%s %s %s %s", bad, accessed, side, sized);
}

static void overflow(const lm_wire_finding *facts, char *buffer) {
    char bad[LM_WORDS_SIZE];
    char block[LM_WORDS_SIZE];
    const bool writes = is(facts->access, "write");
    if (is_asked(facts->call) && facts->bytes.known && facts->sure == LM_SURE_EXACT) {
        PUT("%s() was asked to %s %s %s %s", facts->call, writes ? "put" : "take",
            lm_words_count(bad, facts->bytes.value, "byte"), writes ? "into" : "from",
            block_of(facts, block));
        return;
    }
    const int64_t gap = lm_story_bad_first(facts) - (int64_t)facts->size.value;
    outside(facts, "past the end of", facts->first.known && facts->size.known ? gap : 0, buffer);
}

static void underflow(const lm_wire_finding *facts, char *buffer) {
    const int64_t gap = -(int64_t)facts->last.value - 1;
    outside(facts, "before the start of", facts->last.known ? gap : 0, buffer);
}

static void after_free(const lm_wire_finding *facts, char *buffer) {
    char bad[LM_WORDS_SIZE];
    char block[LM_WORDS_SIZE];
    char when[LM_WORDS_SIZE] = "";
    const uint64_t count = lm_story_bad_count(facts);
    lm_words_count(bad, count, "byte");
    if (facts->sure == LM_SURE_LATER) {
        PUT("%s of %s %s overwritten after it was freed", bad, block_of(facts, block),
            count == 1 ? "was" : "were");
        return;
    }
    if (facts->time.known && facts->freed_time.known &&
        facts->time.value >= facts->freed_time.value) {
        char time[LM_WORDS_SIZE];
        snprintf(when, sizeof when, " %.60s ago",
                 lm_words_time(time, facts->time.value - facts->freed_time.value));
    }
    if (is(facts->access, "execute")) {
        PUT("code executed in a block freed%s", when);
        return;
    }
    if (count == 0)
        snprintf(bad, sizeof bad, "memory");
    PUT("%s %s %s a block %s%s", bad, lm_story_access(facts, LM_VERB_PAST),
        is(facts->access, "write") ? "to" : "from",
        facts->moved_to.known ? "that realloc had moved" : "freed", when);
}

/* How a call that frees is written: "free()", but "delete". */
static const char *call_of(const char *call, char words[LM_WORDS_SIZE]) {
    if (call == NULL)
        return "free()";
    const bool is_operator = strncmp(call, "operator ", 9) == 0 || strchr(call, '(') != NULL;
    snprintf(words, LM_WORDS_SIZE, "%.80s%s",
             is_operator && strchr(call, '(') == NULL ? call + 9 : call, is_operator ? "" : "()");
    return words;
}

static void twice(const lm_wire_finding *facts, char *buffer) {
    char block[LM_WORDS_SIZE];
    char call[LM_WORDS_SIZE];
    const char *sized = block_of(facts, block);
    if (facts->moved_to.known)
        PUT("%s of %s that realloc has freed when it moved it", call_of(facts->call, call), sized);
    else if (facts->call == NULL || strcmp(facts->call, "free") == 0 ||
             strstr(facts->call, "delete") != NULL)
        PUT("%s is freed a second time", sized);
    else
        PUT("%s of %s that is already free", call_of(facts->call, call), sized);
}

static const char *place_of(const char *where) {
    static const struct {
        const char *where, *words;
    } places[] = {
        {"stack", "a local variable, which lies on the stack"},
        {"static", "a global or static variable, or of a string literal"},
        {"code", "a function"},
        {"mapped", "memory that isn't from this heap"},
        {"heap", "a place in the heap at which no block begins"},
        {"null", "a place near NULL"},
    };
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (is(where, places[i].where))
            return places[i].words;
    return "something that isn't the start of a block";
}

/* "a freed 16-byte block": one that can't be freed again. */
static const char *state_of(const lm_wire_finding *facts, char words[LM_WORDS_SIZE]) {
    char size[LM_WORDS_SIZE];
    if (!is(facts->state, "freed") || !facts->size.known)
        return block_of(facts, words);
    snprintf(words, LM_WORDS_SIZE, "a freed %.40s-byte block",
             lm_words_number(size, facts->size.value));
    return words;
}

static void invalid(const lm_wire_finding *facts, char *buffer) {
    char block[LM_WORDS_SIZE];
    char away[LM_WORDS_SIZE];
    char words[LM_WORDS_SIZE];
    const int64_t inside = (int64_t)facts->inside.value;
    const char *call = call_of(facts->call, words);
    const char *sized = state_of(facts, block);
    if (facts->inside.known && facts->size.known && inside > 0)
        PUT("%s of an address %s %s %s", call, lm_words_count(away, (uint64_t)inside, "byte"),
            (uint64_t)inside < facts->size.value ? "inside" : "from the start of", sized);
    else if (facts->inside.known && inside < 0)
        PUT("%s of an address %s before %s", call, lm_words_count(away, (uint64_t)-inside, "byte"),
            sized);
    else if (is(facts->where, "unmapped"))
        PUT("%s of an address at which there is no memory", call);
    else
        PUT("%s of the address of %s", call, place_of(facts->where));
}

static void mismatched(const lm_wire_finding *facts, char *buffer) {
    char was[LM_WORDS_SIZE];
    char now[LM_WORDS_SIZE];
    PUT("a block from %s is freed by %s",
        call_of(facts->was == NULL ? facts->allocated_call : facts->was, was),
        call_of(facts->now == NULL ? facts->call : facts->now, now));
}

static void size_mismatch(const lm_wire_finding *facts, char *buffer) {
    char was[LM_WORDS_SIZE];
    char now[LM_WORDS_SIZE];
    if (is(facts->quantity, "alignment")) {
        PUT("a block with an alignment of %s is freed as one with %s",
            lm_words_number(was, facts->was_size.value),
            lm_words_number(now, facts->now_size.value));
        return;
    }
    const uint64_t size = facts->was_size.known ? facts->was_size.value : facts->size.value;
    PUT("%s is freed as one of %s", lm_words_sized(was, size, "block"),
        lm_words_count(now, facts->now_size.value, "byte"));
}

static void bad_size(const lm_wire_finding *facts, char *buffer) {
    char amount[LM_WORDS_SIZE];
    char call[LM_WORDS_SIZE];
    const char *name = facts->call == NULL ? "an allocation" : call_of(facts->call, call);
    const int64_t negative = (int64_t)facts->bytes.value;
    if (is(facts->quantity, "alignment"))
        PUT("%s with an alignment of %s, which is no power of two", name,
            lm_words_number(amount,
                            facts->now_size.known ? facts->now_size.value : facts->was_size.value));
    else if (facts->bytes.known && negative < 0)
        PUT("%s was asked for %" PRId64 " bytes: a negative number, which counts as %" PRIu64, name,
            negative, facts->bytes.value);
    else if (facts->bytes.known && facts->bytes.value == 0)
        PUT("%s was asked for 0 bytes", name);
    else
        PUT("%s was asked for %s, more than there can be", name,
            lm_words_count(amount, facts->bytes.value, "byte"));
}

/* "read of", "write to" */
static const char *reaching(const lm_wire_finding *facts) {
    const char *how = facts->reaches == NULL ? facts->access : facts->reaches;
    if (is(how, "write"))
        return "write to";
    if (is(how, "execute"))
        return "call of";
    return is(how, "read") ? "read from" : "access to";
}

/* Whether both places are in the same function. */
static bool same_function(const lm_route *one, const lm_route *other) {
    const lm_place *a = lm_route_blamed(one);
    const lm_place *b = lm_route_blamed(other);
    return a != NULL && b != NULL && a->function != NULL && b->function != NULL &&
           strcmp(a->function, b->function) == 0;
}

static void null_pointer(const lm_report *report, char *buffer) {
    const lm_wire_finding *facts = report->facts;
    const uint64_t at = facts->fault.known ? facts->fault.value : facts->pointer.value;
    char target[LM_WORDS_SIZE] = "NULL";
    char away[LM_WORDS_SIZE];
    if (at > 0)
        snprintf(target, sizeof target, "NULL plus %.60s", lm_words_count(away, at, "byte"));
    const bool failed = report->failed.count > 0 || facts->failed_call != NULL;
    PUT("%s %s%s", reaching(facts), target,
        !failed ? ""
        : same_function(&report->used, &report->failed)
            ? "; an allocation failed here and was not checked"
            : "; an allocation failed earlier and was not checked");
}

static void wild(const lm_wire_finding *facts, char *buffer) {
    const uint64_t at = facts->fault.known ? facts->fault.value : facts->pointer.value;
    if (is(facts->fill, "fresh"))
        PUT("dereferenced memory that was never initialised");
    else if (is(facts->fill, "freed"))
        PUT("dereferenced a pointer that was read from a freed block");
    else if (is(facts->where, "stack"))
        PUT("%s 0x%" PRIx64 ", past the end of the stack: it overflowed", reaching(facts), at);
    else if (is(facts->where, "code"))
        PUT("%s 0x%" PRIx64 ", which is the program's code", reaching(facts), at);
    else if (is(facts->where, "static"))
        PUT("%s 0x%" PRIx64 ", which may only be read", reaching(facts), at);
    else
        PUT("%s 0x%" PRIx64 ", where there is no memory", reaching(facts), at);
}

static void uninitialised(const lm_wire_finding *facts, char *buffer) {
    char bad[LM_WORDS_SIZE];
    char all[LM_WORDS_SIZE];
    char block[LM_WORDS_SIZE];
    char call[LM_WORDS_SIZE];
    const uint64_t count = lm_story_bad_count(facts);
    lm_words_count(bad, count, "byte");
    if (facts->call != NULL)
        PUT("%s is given %s of %s, and %s never written", call_of(facts->call, call),
            lm_words_count(all, facts->bytes.known ? facts->bytes.value : count, "byte"),
            block_of(facts, block),
            facts->bytes.value <= count ? count == 1 ? "it was" : "they were"
            : count == 1                ? "1 of them was"
                                        : "some of them were");
    else
        PUT("%s read from %s that %s never written", bad, block_of(facts, block),
            count == 1 ? "was" : "were");
}

static size_t count_holders(const char *holders) {
    size_t count = holders != NULL && *holders != '\0';
    for (; holders != NULL && *holders != '\0'; holders++)
        count += *holders == ',';
    return count;
}

static void dangling(const lm_wire_finding *facts, char *buffer) {
    char block[LM_WORDS_SIZE];
    char places[LM_WORDS_SIZE];
    const size_t count = count_holders(facts->holders);
    PUT("%s was freed, but %s still point%s to it", block_of(facts, block),
        count == 0 ? "pointers" : lm_words_count(places, count, "place"), count == 1 ? "s" : "");
}

static void leak(const lm_wire_finding *facts, char *buffer) {
    char bytes[LM_WORDS_SIZE];
    char blocks[LM_WORDS_SIZE];
    char more[LM_WORDS_SIZE];
    char more_blocks[LM_WORDS_SIZE];
    const uint64_t count = facts->blocks.known ? facts->blocks.value : 1;
    const bool possible = facts->code == LM_CODE_POSSIBLE_LEAK;
    int length;
    if (count == 1)
        length =
            PUT("%s %s", lm_words_sized(bytes, lm_story_size(facts), "block"),
                possible ? "may be lost: only a pointer into its middle, or a stale one, is left"
                         : "was never freed, and nothing points to it any more");
    else
        length =
            PUT("%s with %s in all %s", lm_words_count(blocks, count, "block"),
                lm_words_count(bytes, lm_story_size(facts), "byte"),
                possible ? "may be lost: only pointers into their middle, or stale ones, are left"
                         : "were never freed, and nothing points to them any more");
    if (facts->indirect_blocks.known && facts->indirect_blocks.value > 0 && length > 0)
        snprintf(buffer + length, LM_HEADLINE_SIZE - (size_t)length,
                 "; with %s in %s that only %s led to",
                 lm_words_count(more, facts->indirect_bytes.value, "byte"),
                 lm_words_count(more_blocks, facts->indirect_blocks.value, "block"),
                 count == 1 ? "it" : "they");
}

char *lm_story_headline(const lm_report *report, char buffer[LM_HEADLINE_SIZE]) {
    const lm_wire_finding *facts = report->facts;
    switch (facts->code) {
    case LM_CODE_HEAP_OVERFLOW:
        overflow(facts, buffer);
        break;
    case LM_CODE_HEAP_UNDERFLOW:
        underflow(facts, buffer);
        break;
    case LM_CODE_USE_AFTER_FREE:
        after_free(facts, buffer);
        break;
    case LM_CODE_DOUBLE_FREE:
        twice(facts, buffer);
        break;
    case LM_CODE_INVALID_FREE:
    case LM_CODE_FOREIGN_FREE:
        invalid(facts, buffer);
        break;
    case LM_CODE_MISMATCHED_FREE:
        mismatched(facts, buffer);
        break;
    case LM_CODE_SIZE_MISMATCH:
        size_mismatch(facts, buffer);
        break;
    case LM_CODE_BAD_SIZE:
        bad_size(facts, buffer);
        break;
    case LM_CODE_NULL_DEREF:
        null_pointer(report, buffer);
        break;
    case LM_CODE_WILD_POINTER:
        wild(facts, buffer);
        break;
    case LM_CODE_UNINITIALISED_READ:
        uninitialised(facts, buffer);
        break;
    case LM_CODE_DANGLING_POINTER:
        dangling(facts, buffer);
        break;
    case LM_CODE_LEAK:
    case LM_CODE_POSSIBLE_LEAK:
        leak(facts, buffer);
        break;
    default:
        PUT("the checker found a mistake that this loam doesn't know; is it an older version?");
    }
    return buffer;
}
