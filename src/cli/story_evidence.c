/* What is known beside the block: the allocation that failed, what a pointer was made of, who still points to
 * a freed block; and how sure all of it is. */
#include "cli/story.h"
#include "cli/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HOLDERS_MAX = 8 };

static bool is(const char *text, const char *word) {
    return text != NULL && strcmp(text, word) == 0;
}

/* " at bugs.c:4 in load_all", or nothing. */
static const char *at_place(const lm_route *route, char text[2 * LM_PLACE_SIZE]) {
    const lm_place *place = lm_route_blamed(route);
    char where[LM_PLACE_SIZE];
    if (place == NULL)
        return "";
    snprintf(text, 2 * LM_PLACE_SIZE, " at %s%s%s", lm_place_text(where, place, false),
             place->function == NULL ? "" : " in ", place->function == NULL ? "" : place->function);
    return text;
}

/* ---- NULL ------------------------------------------------------------------------------------- */

static void tell_failure(const lm_story *story) {
    const lm_report *report = story->report;
    const lm_wire_finding *facts = report->facts;
    if (report->failed.count == 0 && facts->failed_call == NULL)
        return;
    char place[2 * LM_PLACE_SIZE];
    char size[32] = "";
    char when[LM_WORDS_SIZE + 16] = "";
    char words[LM_WORDS_SIZE];
    if (facts->failed_size.known)
        snprintf(size, sizeof size, "%" PRIu64, facts->failed_size.value);
    if (facts->failed_time.known && facts->time.known &&
        facts->time.value >= facts->failed_time.value)
        snprintf(when, sizeof when, ", %.80s earlier",
                 lm_words_time(words, facts->time.value - facts->failed_time.value));
    const int number = facts->failed_error.known ? (int)facts->failed_error.value : 0;
    const char *error = number > 0 ? strerrorname_np(number) : NULL;
    char why[LM_WORDS_SIZE] = "";
    if (error != NULL)
        snprintf(why, sizeof why, " (%.20s: %.60s)", error, strerrordesc_np(number));
    lm_paper_put(story->paper, "   ");
    lm_paper_wrap(story->paper, 5, "%s(%s) = NULL%s%s%s",
                  facts->failed_call == NULL ? "malloc" : facts->failed_call, size,
                  at_place(&report->failed, place), when, why);
}

/* ---- Wild pointers ---------------------------------------------------------------------------- */

/* "bytes 16 to 23 of a 32-byte block from bugs.c:14" */
static void add_origin(const lm_story *story, char *text, size_t size) {
    const lm_wire_finding *facts = story->report->facts;
    char sized[LM_WORDS_SIZE];
    char where[LM_PLACE_SIZE];
    size_t length = strlen(text);
    if (!facts->size.known)
        return;
    const lm_place *place = lm_route_blamed(&story->report->allocated);
    if (facts->first.known)
        length += (size_t)snprintf(text + length, size - length,
                                   "; it stood at byte %" PRId64 " of", lm_story_bad_first(facts));
    else
        length += (size_t)snprintf(text + length, size - length, "; it comes from");
    snprintf(text + length, size - length, " %s%s%s",
             lm_words_sized(sized, facts->size.value, "block"), place == NULL ? "" : " from ",
             place == NULL ? "" : lm_place_text(where, place, false));
}

static void tell_pointer(const lm_story *story) {
    const lm_wire_finding *facts = story->report->facts;
    if (!facts->value.known && facts->fill == NULL)
        return;
    char text[2048] = "the pointer";
    size_t length = strlen(text);
    if (facts->register_name != NULL)
        length += (size_t)snprintf(text + length, sizeof text - length, " (in register %.20s)",
                                   facts->register_name);
    if (facts->value.known)
        length += (size_t)snprintf(text + length, sizeof text - length, " was 0x%" PRIx64,
                                   facts->value.value);
    if (is(facts->fill, "fresh"))
        snprintf(text + length, sizeof text - length,
                 ", which is what Loam fills fresh memory with: nothing was ever stored there");
    else if (is(facts->fill, "freed"))
        snprintf(text + length, sizeof text - length,
                 ", which is what Loam fills freed memory with");
    add_origin(story, text, sizeof text);
    lm_paper_put(story->paper, "   ");
    lm_paper_wrap(story->paper, 5, "%s", text);
}

/* ---- Dangling pointers ------------------------------------------------------------------------ */

struct holder {
    char kind[16];
    uint64_t address;
    uint64_t module_or_block, offset;
};

/* KIND:ADDRESS:MODULE+ADDRESS or KIND:ADDRESS:BLOCK+OFFSET; what follows ADDRESS may be missing. */
static bool take_holder(const char **text, struct holder *holder) {
    const char *at = *text;
    const size_t length = strcspn(at, ":,");
    if (length == 0 || length >= sizeof holder->kind || at[length] != ':')
        return false;
    *holder = (struct holder){0};
    memcpy(holder->kind, at, length);
    at += length + 1;
    if (!lm_wire_take_number(&at, &holder->address))
        return false;
    if (*at == ':' && (at++, lm_wire_take_number(&at, &holder->module_or_block)) && *at == '+')
        at++, lm_wire_take_number(&at, &holder->offset);
    at += strcspn(at, ",");
    *text = *at == ',' ? at + 1 : at;
    return true;
}

static const lm_wire_module *module_of(const lm_wire_program *program, uint64_t id) {
    for (size_t i = 0; program != NULL && i < program->module_count; i++)
        if (program->modules[i]->id == id)
            return program->modules[i];
    return NULL;
}

static void put_holder(const lm_story *story, const struct holder *holder) {
    lm_paper *paper = story->paper;
    if (strcmp(holder->kind, "stack") == 0) {
        lm_paper_wrap(paper, 5, "a local variable, at 0x%" PRIx64 " on the stack", holder->address);
        return;
    }
    if (strcmp(holder->kind, "block") == 0) {
        lm_paper_wrap(paper, 5, "byte %" PRIu64 " of the live block 0x%" PRIx64, holder->offset,
                      holder->module_or_block);
        return;
    }
    const lm_wire_module *module =
        module_of(story->report->facts->program, holder->module_or_block);
    const char *name = module == NULL || story->symbols == NULL
                           ? NULL
                           : lm_symbols_variable(story->symbols, module->path, module->build,
                                                 module->build_size, holder->offset);
    if (name != NULL)
        lm_paper_wrap(paper, 5, "the global or static variable %s", name);
    else
        lm_paper_wrap(paper, 5, "a global or static variable, at 0x%" PRIx64, holder->address);
}

static void tell_holders(const lm_story *story) {
    const char *text = story->report->facts->holders;
    struct holder holder;
    size_t count = 0;
    while (text != NULL && *text != '\0' && take_holder(&text, &holder)) {
        if (count++ >= HOLDERS_MAX)
            continue;
        lm_paper_put(story->paper, count == 1 ? "   held by  " : "            ");
        put_holder(story, &holder);
    }
    if (count > HOLDERS_MAX)
        lm_paper_put(story->paper, "            and %zu more\n", count - HOLDERS_MAX);
}

void lm_story_evidence(const lm_story *story) {
    const lm_wire_finding *facts = story->report->facts;
    switch (facts->code) {
    case LM_CODE_NULL_DEREF:
        tell_failure(story);
        break;
    case LM_CODE_WILD_POINTER:
        tell_pointer(story);
        break;
    case LM_CODE_DANGLING_POINTER:
        tell_holders(story);
        break;
    default:
        if (facts->moved_to.known) {
            lm_paper_put(story->paper, "   ");
            lm_paper_wrap(story->paper, 5,
                          "its contents are at 0x%" PRIx64 " since realloc moved it",
                          facts->moved_to.value);
        }
    }
}

/* ---- Certainty -------------------------------------------------------------------------------- */

static void exactly(const lm_wire_finding *facts, char *text, size_t size) {
    switch (facts->code) {
    case LM_CODE_LEAK:
        snprintf(text, size, "exact: globals, stacks, registers and live blocks were searched");
        return;
    case LM_CODE_DANGLING_POINTER:
        snprintf(text, size, "exact: globals, stacks and live blocks were searched at the free");
        return;
    case LM_CODE_DOUBLE_FREE:
    case LM_CODE_INVALID_FREE:
    case LM_CODE_FOREIGN_FREE:
    case LM_CODE_MISMATCHED_FREE:
    case LM_CODE_SIZE_MISMATCH:
    case LM_CODE_BAD_SIZE:
        snprintf(text, size, "exact, the call itself was checked");
        return;
    default:
        break;
    }
    if (facts->call != NULL)
        snprintf(text, size, "exact, checked before %.60s ran", facts->call);
    else
        snprintf(text, size, "exact, stopped at the %s", lm_story_access(facts, LM_VERB_NOUN));
}

static void later(const lm_wire_finding *facts, char *text, size_t size) {
    char from[LM_WORDS_SIZE];
    char to[LM_WORDS_SIZE];
    if (facts->code == LM_CODE_LEAK || facts->code == LM_CODE_POSSIBLE_LEAK) {
        snprintf(text, size, "found by a search of globals, stacks, registers and live blocks");
        return;
    }
    if (facts->code == LM_CODE_DANGLING_POINTER) {
        snprintf(text, size, "found by a search of globals, stacks and live blocks after the free");
        return;
    }
    size_t length = (size_t)snprintf(text, size, "found later");
    if (facts->since.known && facts->time.known)
        length += (size_t)snprintf(text + length, size - length,
                                   ": the write came between %s, when all was whole, and %s",
                                   lm_story_time(facts, facts->since.value, from),
                                   lm_story_time(facts, facts->time.value, to));
    else if (facts->time.known)
        length += (size_t)snprintf(text + length, size - length, ": the write came before %s",
                                   lm_story_time(facts, facts->time.value, to));
    if (facts->call != NULL)
        snprintf(text + length, size - length, ", when %.60s looked",
                 strncmp(facts->call, "operator ", 9) == 0 ? facts->call + 9 : facts->call);
}

static const char *inferred(lm_code code) {
    switch (code) {
    case LM_CODE_NULL_DEREF:
        return "inferred from the faulting address and the allocation that failed last";
    case LM_CODE_WILD_POINTER:
        return "inferred from the registers and the faulting address";
    case LM_CODE_POSSIBLE_LEAK:
        return "inferred: a pointer into a block may be a chance number";
    case LM_CODE_LEAK:
        return "inferred from a search of the memory that could be read";
    default:
        return "inferred from what memory held";
    }
}

void lm_story_certainty(const lm_story *story) {
    const lm_wire_finding *facts = story->report->facts;
    char text[512];
    if (facts->sure == LM_SURE_EXACT)
        exactly(facts, text, sizeof text);
    else if (facts->sure == LM_SURE_LATER)
        later(facts, text, sizeof text);
    else
        snprintf(text, sizeof text, "%s", inferred(facts->code));
    const char *signal = facts->signal.known && facts->signal.value > 0
                             ? sigabbrev_np((int)facts->signal.value)
                             : NULL;
    const size_t length = strlen(text);
    if (signal != NULL)
        snprintf(text + length, sizeof text - length, "; the program gets SIG%s for it", signal);
    lm_paper_put(story->paper, "   certainty: ");
    lm_paper_wrap(story->paper, 14, "%s", text);
}
