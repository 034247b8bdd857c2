/* The help line: only what the evidence bears out, in the finding or in the lines of the source. */
#include "cli/story_lines.h"
#include "cli/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { HELP_SIZE = 512 };

static bool is(const char *text, const char *word) {
    return text != NULL && strcmp(text, word) == 0;
}

static bool has(const char *text, const char *part) {
    return text != NULL && strstr(text, part) != NULL;
}

/* ---- Beyond a block's end --------------------------------------------------------------------- */

/* Whether the block is full of text, and the one bad byte is a NUL right behind it. */
static bool dump_ends_text(const lm_wire_finding *facts) {
    const int64_t end = (int64_t)facts->size.value - (int64_t)facts->dump_at.value;
    if (facts->dump == NULL || lm_story_bad_count(facts) != 1 || end < 1 ||
        (uint64_t)end >= facts->dump_size || facts->first.value != facts->size.value ||
        facts->dump[end] != 0)
        return false;
    for (int64_t i = 0; i < end; i++)
        if (facts->dump[i] < ' ' && facts->dump[i] != '\n' && facts->dump[i] != '\t' &&
            i + (int64_t)facts->dump_at.value >= 0)
            return false;
    return true;
}

static bool ends_a_string(const lm_report *report) {
    const lm_wire_finding *facts = report->facts;
    const char *call = lm_story_call(report);
    static const char *const calls[] = {"strcpy", "stpcpy", "strcat", "sprintf", "vsprintf"};
    if (is(facts->helper, "nul") || (facts->sure == LM_SURE_LATER && dump_ends_text(facts)))
        return true;
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        if (is(call, calls[i]) && facts->first.value == facts->size.value &&
            lm_story_bad_count(facts) == 1)
            return true;
    return false;
}

/* Several bytes of a text, with the NUL that ends it as the last. */
static bool text_is_longer(const lm_wire_finding *facts, char help[HELP_SIZE]) {
    char need[LM_WORDS_SIZE];
    char have[LM_WORDS_SIZE];
    if (!is(facts->helper, "nul") || lm_story_bad_count(facts) < 2 || !facts->last.known)
        return false;
    snprintf(help, HELP_SIZE, "with the NUL at its end the text takes %s; the block has %s",
             lm_words_count(need, facts->last.value + 1, "byte"),
             lm_words_number(have, facts->size.value));
    return true;
}

/* malloc(sizeof p) for `T *p`: the size of the pointer. */
static bool of_pointer(const lm_story *story, const char *line, char help[HELP_SIZE]) {
    const lm_wire_finding *facts = story->report->facts;
    const char *at = strstr(line, "sizeof");
    char name[LM_NAME_SIZE];
    if (at == NULL || facts->size.value % sizeof(void *) != 0)
        return false;
    const lm_place *place = lm_route_blamed(&story->report->allocated);
    if (!lm_lines_assigned(line, lm_lines_from_column(line, place), name) ||
        !lm_lines_sizeof(at, name))
        return false;
    snprintf(
        help, HELP_SIZE,
        "sizeof(%s) is the size of the pointer itself; sizeof(*%s) is that of what it points to",
        name, name);
    return true;
}

/* malloc(n) for elements of several bytes. */
static bool of_elements(const lm_story *story, const char *line, char help[HELP_SIZE]) {
    const lm_wire_finding *facts = story->report->facts;
    const uint64_t width = facts->bytes.value;
    const lm_place *place = lm_route_blamed(&story->report->allocated);
    char name[LM_NAME_SIZE];
    if (facts->call != NULL || (width != 2 && width != 4 && width != 8) || has(line, "sizeof") ||
        !is(facts->allocated_call, "malloc") || has(line, "char *") || has(line, "*)calloc") ||
        !lm_lines_assigned(line, lm_lines_from_column(line, place), name))
        return false;
    snprintf(help, HELP_SIZE,
             "malloc counts bytes, not elements; allocate the number of elements times sizeof(*%s)",
             name);
    return true;
}

/* A loop around the access that goes too far, by what its condition says. */
static bool in_loop(const lm_story *story, char help[HELP_SIZE]) {
    const lm_wire_finding *facts = story->report->facts;
    const lm_place *place = lm_route_blamed(&story->report->used);
    const uint64_t width = facts->bytes.value;
    if (place == NULL || facts->first.value != facts->size.value ||
        lm_story_call(story->report) != NULL)
        return false;
    for (int before = 0; before < LM_LOOP_LINES; before++) {
        char line[LM_LINE_SIZE];
        const char *end;
        lm_lines_at(story, place, before, line);
        const char *condition = lm_lines_condition(line, &end);
        if (condition == NULL)
            continue;
        const uint64_t turns = lm_lines_bound(condition, end);
        const char *at = strstr(condition, "<=");
        if (turns > 0 && width > 0 && facts->size.value % width == 0 &&
            turns > facts->size.value / width)
            snprintf(help, HELP_SIZE,
                     "the loop in line %u goes up to number %" PRIu64
                     "; the last that the block has room for is number %" PRIu64,
                     place->line - (unsigned)before, turns - 1, facts->size.value / width - 1);
        else if (at != NULL && at < end)
            snprintf(help, HELP_SIZE,
                     "the loop in line %u goes on while <= holds, one step too far: the last "
                     "element of n is number n - 1, so use <",
                     place->line - (unsigned)before);
        else
            return false;
        return true;
    }
    return false;
}

/* "strlen(s) + 1", of a line with one plain strlen. */
static bool one_strlen(const char *line, char text[LM_NAME_SIZE]) {
    const char *start = strstr(line, "strlen(");
    if (start == NULL || strstr(start + 1, "strlen(") != NULL)
        return false;
    const size_t length = strcspn(start + strlen("strlen("), "()") + strlen("strlen(");
    if (start[length] != ')' || length + strlen(") + 1") >= LM_NAME_SIZE)
        return false;
    snprintf(text, LM_NAME_SIZE, "%.*s) + 1", (int)length, start);
    return true;
}

static bool help_overflow(const lm_story *story, char help[HELP_SIZE]) {
    const lm_wire_finding *facts = story->report->facts;
    const bool writes = facts->sure == LM_SURE_LATER || is(facts->access, "write");
    const char *call = lm_story_call(story->report);
    char line[LM_LINE_SIZE];
    lm_lines_at(story, lm_route_blamed(&story->report->allocated), 0, line);
    if (of_pointer(story, line, help))
        return true;
    if (writes && text_is_longer(facts, help))
        return true;
    if (writes && ends_a_string(story->report)) {
        char length[LM_NAME_SIZE];
        snprintf(help, HELP_SIZE,
                 "the extra byte is the terminating NUL of a full string; allocate %s",
                 one_strlen(line, length) ? length : "one byte more than the text is long");
        return true;
    }
    if (in_loop(story, help) || of_elements(story, line, help))
        return true;
    if (!writes && facts->first.value == facts->size.value &&
        (is(call, "strlen") || is(call, "strdup") || is(call, "printf") || is(call, "puts"))) {
        snprintf(help, HELP_SIZE, "no byte of the block is the NUL that ends a string");
        return true;
    }
    if (facts->call != NULL && facts->bytes.known && facts->size.known && facts->pointer.known &&
        facts->block.known && facts->pointer.value >= facts->block.value &&
        facts->pointer.value - facts->block.value < facts->size.value) {
        char room[LM_WORDS_SIZE];
        snprintf(help, HELP_SIZE, "from there on the block has %s; pass no more, or allocate more",
                 lm_words_count(room,
                                facts->size.value - (facts->pointer.value - facts->block.value),
                                "byte"));
        return true;
    }
    return false;
}

static bool help_underflow(const lm_story *story, char help[HELP_SIZE]) {
    const lm_wire_finding *facts = story->report->facts;
    char line[LM_LINE_SIZE];
    lm_lines_at(story, lm_route_blamed(&story->report->used), 0, line);
    if (facts->sure == LM_SURE_EXACT &&
        (has(line, "[-1]") || has(line, "[i - 1]") || has(line, "[i-1]"))) {
        snprintf(help, HELP_SIZE, "the index is less than 0 here; check it first");
        return true;
    }
    /* The loop may stand in one line, and what counts down in the next. */
    const char *end;
    char name[LM_NAME_SIZE];
    const bool loop = lm_lines_condition(line, &end) != NULL;
    for (int before = 0; loop && before >= -1; before--) {
        lm_lines_at(story, lm_route_blamed(&story->report->used), before, line);
        if (lm_lines_counted_down(line, name)) {
            snprintf(help, HELP_SIZE,
                     "%s is counted down, and the loop didn't stop at the block's first byte",
                     name);
            return true;
        }
    }
    return false;
}

/* ---- Frees ------------------------------------------------------------------------------------ */

/* for (p = list; p != NULL; p = p->next) free(p); */
static bool list_walk(const lm_story *story, char help[HELP_SIZE]) {
    const lm_place *used = lm_route_blamed(&story->report->used);
    const lm_place *freed = lm_route_blamed(&story->report->freed);
    char line[LM_LINE_SIZE];
    lm_lines_at(story, used, 0, line);
    if (used == NULL || freed == NULL || used->function == NULL || freed->function == NULL ||
        strcmp(used->function, freed->function) != 0 || freed->line < used->line ||
        freed->line - used->line > LM_LOOP_LINES || !has(line, "->") ||
        !(has(line, "for (") || has(line, "for(") || has(line, "while")))
        return false;
    snprintf(
        help, HELP_SIZE,
        "the loop's step in line %u reads the block that line %u has freed; keep the next pointer "
        "in a variable before the free",
        used->line, freed->line);
    return true;
}

static bool help_after_free(const lm_story *story, char help[HELP_SIZE]) {
    const lm_wire_finding *facts = story->report->facts;
    if (facts->moved_to.known || is(facts->freed_call, "realloc")) {
        snprintf(
            help, HELP_SIZE,
            "after realloc only the pointer that it returned counts; replace all copies of the "
            "old one");
        return true;
    }
    return facts->sure == LM_SURE_EXACT && list_walk(story, help);
}

static bool help_twice(const lm_story *story, char help[HELP_SIZE]) {
    const lm_wire_finding *facts = story->report->facts;
    if (facts->moved_to.known || is(facts->freed_call, "realloc")) {
        snprintf(help, HELP_SIZE,
                 "realloc frees the old block when it moves it; free only what it "
                 "returned");
        return true;
    }
    const lm_place *used = lm_route_blamed(&story->report->used);
    const lm_place *freed = lm_route_blamed(&story->report->freed);
    if (used != NULL && freed != NULL && used->function != NULL && freed->function != NULL &&
        strcmp(used->function, freed->function) != 0)
        snprintf(
            help, HELP_SIZE,
            "both %s and %s free it; decide which of them owns the block, and set the pointer to "
            "NULL after the free",
            freed->function, used->function);
    else if (used != NULL && used->function != NULL && strchr(used->function, '~') != NULL &&
             lm_story_same_place(used, freed))
        snprintf(
            help, HELP_SIZE,
            "two objects hold the same pointer, or one was destroyed twice: a class that frees "
            "in its destructor needs a copy constructor and an assignment that copy the "
            "block, or neither (= delete)");
    else
        snprintf(help, HELP_SIZE,
                 "set the pointer to NULL after the first free: free(NULL) does "
                 "nothing");
    return true;
}

static bool help_invalid(const lm_story *story, char help[HELP_SIZE]) {
    const lm_wire_finding *facts = story->report->facts;
    char bytes[LM_WORDS_SIZE];
    if (facts->inside.known && is(facts->state, "freed")) {
        snprintf(help, HELP_SIZE, "the block was freed before; there is nothing left to free");
        return true;
    }
    if (facts->inside.known && (int64_t)facts->inside.value > 0 && facts->size.known) {
        snprintf(help, HELP_SIZE, "free the pointer that %s returned, which is %s before this one",
                 facts->allocated_call == NULL ? "the allocation" : facts->allocated_call,
                 lm_words_count(bytes, facts->inside.value, "byte"));
        return true;
    }
    if (is(facts->where, "stack"))
        snprintf(help, HELP_SIZE, "a local variable ends with its function; it isn't freed");
    else if (is(facts->where, "static"))
        snprintf(help, HELP_SIZE,
                 "globals and string literals last as long as the program; they aren't freed");
    else if (is(facts->where, "mapped"))
        snprintf(help, HELP_SIZE,
                 "what mmap gave goes back by munmap, what a library gave by that library's own "
                 "function");
    else
        return false;
    return true;
}

static bool help_mismatched(const lm_story *story, char help[HELP_SIZE]) {
    const lm_wire_finding *facts = story->report->facts;
    const char *was = facts->was == NULL ? facts->allocated_call : facts->was;
    if (has(was, "new[]"))
        snprintf(help, HELP_SIZE, "what new[] gave is freed by delete[]");
    else if (has(was, "new"))
        snprintf(help, HELP_SIZE, "what new gave is freed by delete");
    else if (was != NULL)
        snprintf(help, HELP_SIZE, "what %s gave is freed by free()", was);
    else
        return false;
    return true;
}

static bool help_size_mismatch(const lm_story *story, char help[HELP_SIZE]) {
    const lm_wire_finding *facts = story->report->facts;
    const uint64_t size = facts->was_size.known ? facts->was_size.value : facts->size.value;
    if (is(facts->quantity, "alignment") || !has(facts->call, "delete"))
        return false;
    if (facts->now_size.known && facts->now_size.value < size && !has(facts->call, "[]"))
        snprintf(help, HELP_SIZE,
                 "the object is larger than the type that it is deleted as; when that is its base "
                 "class, the base class needs a virtual destructor");
    else
        snprintf(help, HELP_SIZE, "delete it as the type that new was given");
    return true;
}

/* ---- The others ------------------------------------------------------------------------------- */

static bool help_null(const lm_story *story, char help[HELP_SIZE]) {
    const lm_wire_finding *facts = story->report->facts;
    if (story->report->failed.count == 0 && facts->failed_call == NULL)
        return false;
    const lm_place *failed = lm_route_blamed(&story->report->failed);
    char line[LM_LINE_SIZE];
    char name[LM_NAME_SIZE];
    lm_lines_at(story, failed, 0, line);
    const bool named = lm_lines_assigned(line, lm_lines_from_column(line, failed), name);
    snprintf(help, HELP_SIZE, "check what %s returns before it is used: if (%s == NULL) ...",
             facts->failed_call == NULL ? "malloc" : facts->failed_call, named ? name : "p");
    return true;
}

static bool help_wild(const lm_story *story, char help[HELP_SIZE]) {
    const lm_wire_finding *facts = story->report->facts;
    const lm_place *place = lm_route_blamed(&story->report->used);
    char name[LM_NAME_SIZE];
    const unsigned line = facts->fill == NULL ? lm_lines_never_set(story, place, name) : 0;
    if (line > 0) {
        snprintf(help, HELP_SIZE,
                 "%s is declared in line %u without a value, and no line from there to line %u "
                 "gives it one: it points anywhere. Let it point to a block or a variable first: "
                 "%s = ..., without the *",
                 name, line, place->line, name);
        return true;
    }
    if (is(facts->fill, "fresh"))
        snprintf(help, HELP_SIZE,
                 "store a pointer there first, or allocate with calloc and test for "
                 "NULL");
    else if (is(facts->where, "stack"))
        snprintf(help, HELP_SIZE,
                 "look for a recursion without an end, or for a very large local array");
    else
        return false;
    return true;
}

static bool help_uninitialised(const lm_story *story, char help[HELP_SIZE]) {
    const lm_wire_finding *facts = story->report->facts;
    if (is(facts->allocated_call, "malloc"))
        snprintf(help, HELP_SIZE, "write the bytes first; calloc gives memory that is all zero");
    else if (is(facts->allocated_call, "realloc"))
        snprintf(help, HELP_SIZE, "realloc leaves the part that it adds as it is; write it first");
    else
        return false;
    return true;
}

static bool help_size(const lm_story *story, char help[HELP_SIZE]) {
    const lm_wire_finding *facts = story->report->facts;
    if (is(facts->quantity, "alignment"))
        return false;
    if ((int64_t)facts->bytes.value >= 0)
        return false;
    snprintf(help, HELP_SIZE,
             "a difference, or an error value such as -1, came to be a size; check it "
             "before the call");
    return true;
}

static bool help_leak(const lm_story *story, char help[HELP_SIZE]) {
    const char *call = story->report->facts->allocated_call;
    static const char *const givers[] = {"strdup",    "strndup",  "getline", "asprintf",
                                         "vasprintf", "realpath", "getcwd",  "open_memstream",
                                         "getdelim",  "wcsdup"};
    for (size_t i = 0; i < sizeof givers / sizeof givers[0]; i++) {
        if (is(call, givers[i])) {
            snprintf(help, HELP_SIZE, "what %s gives belongs to its caller, who frees it", call);
            return true;
        }
    }
    return false;
}

static bool help_dangling(const lm_story *story, char help[HELP_SIZE]) {
    const char *holders = story->report->facts->holders;
    const bool several = holders != NULL && strchr(holders, ',') != NULL;
    snprintf(help, HELP_SIZE, "set %s to NULL, or to something else, after the free",
             several ? "these pointers" : "this pointer");
    return true;
}

void lm_story_help(const lm_story *story) {
    static bool (*const helpers[LM_CODES_COUNT])(const lm_story *, char[HELP_SIZE]) = {
        [LM_CODE_HEAP_OVERFLOW] = help_overflow,
        [LM_CODE_HEAP_UNDERFLOW] = help_underflow,
        [LM_CODE_USE_AFTER_FREE] = help_after_free,
        [LM_CODE_DOUBLE_FREE] = help_twice,
        [LM_CODE_INVALID_FREE] = help_invalid,
        [LM_CODE_FOREIGN_FREE] = help_invalid,
        [LM_CODE_MISMATCHED_FREE] = help_mismatched,
        [LM_CODE_SIZE_MISMATCH] = help_size_mismatch,
        [LM_CODE_BAD_SIZE] = help_size,
        [LM_CODE_NULL_DEREF] = help_null,
        [LM_CODE_WILD_POINTER] = help_wild,
        [LM_CODE_UNINITIALISED_READ] = help_uninitialised,
        [LM_CODE_DANGLING_POINTER] = help_dangling,
        [LM_CODE_LEAK] = help_leak,
        [LM_CODE_POSSIBLE_LEAK] = help_leak,
    };
    char help[HELP_SIZE] = "";
    const lm_code code = story->report->facts->code;
    if (code >= LM_CODES_COUNT || helpers[code] == NULL || !helpers[code](story, help))
        return;
    lm_paper_tone(story->paper, LM_TONE_HELP);
    lm_paper_put(story->paper, "   help:");
    lm_paper_tone(story->paper, LM_TONE_PLAIN);
    lm_paper_put(story->paper, " ");
    lm_paper_wrap(story->paper, 9, "%s", help);
}
