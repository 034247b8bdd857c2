/* The place to blame, and the lines of the source with marks below them:
 *
 *     --> bugs.c:5:64 in dup_name  (through strcpy)
 *      |
 *    5 |  char *p = malloc(strlen(s)); strcpy(p, s); return p;
 *      |            -----------------  ^^^^^^^^^^^^ writes 9 bytes
 *      |            8 bytes allocated here, 12 us earlier, same thread
 */
#include "cli/story_excerpt.h"
#include "cli/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An earlier event is shown in the excerpt when it is no further away. */
enum { NEAR_LINES = 12, MARKS_MAX = 3 };

/* ---- What the marks say ----------------------------------------------------------------------- */

static void label_access(const lm_report *report, char label[LM_LABEL_SIZE]) {
    const lm_wire_finding *facts = report->facts;
    char bytes[LM_WORDS_SIZE];
    uint64_t count = facts->bytes.known ? facts->bytes.value : lm_story_bad_count(facts);
    /* One instruction of a function that was called says little of what the call does. */
    if (report->used.blame > 0 && facts->call == NULL)
        count = 0;
    int length;
    if (count == 0)
        length = snprintf(label, LM_LABEL_SIZE, "%s here", lm_story_access(facts, LM_VERB_PRESENT));
    else
        length = snprintf(label, LM_LABEL_SIZE, "%s %s", lm_story_access(facts, LM_VERB_PRESENT),
                          lm_words_count(bytes, count, "byte"));
    if (facts->code == LM_CODE_USE_AFTER_FREE && facts->first.known && facts->size.known)
        snprintf(label + length, LM_LABEL_SIZE - (size_t)length,
                 " at offset %" PRId64 " of %" PRIu64, lm_story_bad_first(facts),
                 facts->size.value);
}

static void label_pointer(const lm_wire_finding *facts, char label[LM_LABEL_SIZE]) {
    snprintf(label, LM_LABEL_SIZE, "%s through this pointer",
             lm_story_access(facts, LM_VERB_PRESENT));
}

static void label_use(const lm_report *report, char label[LM_LABEL_SIZE]) {
    const lm_wire_finding *facts = report->facts;
    char bytes[LM_WORDS_SIZE];
    switch (facts->code) {
    case LM_CODE_DOUBLE_FREE:
        snprintf(
            label, LM_LABEL_SIZE, "%s",
            lm_story_same_place(lm_route_blamed(&report->used), lm_route_blamed(&report->freed))
                ? "freed here both times"
                : "freed again here");
        return;
    case LM_CODE_INVALID_FREE:
    case LM_CODE_FOREIGN_FREE:
        snprintf(label, LM_LABEL_SIZE, "this is not the start of a block");
        return;
    case LM_CODE_MISMATCHED_FREE:
    case LM_CODE_SIZE_MISMATCH:
        snprintf(label, LM_LABEL_SIZE, "freed here");
        return;
    case LM_CODE_BAD_SIZE:
        snprintf(label, LM_LABEL_SIZE, "asks for it here");
        return;
    case LM_CODE_LEAK:
    case LM_CODE_POSSIBLE_LEAK:
        snprintf(label, LM_LABEL_SIZE, "allocated here");
        return;
    case LM_CODE_DANGLING_POINTER:
        snprintf(label, LM_LABEL_SIZE, "freed here");
        return;
    case LM_CODE_NULL_DEREF:
    case LM_CODE_WILD_POINTER:
        label_pointer(facts, label);
        return;
    case LM_CODE_UNINITIALISED_READ:
        snprintf(label, LM_LABEL_SIZE, "reads %s that %s never written",
                 lm_words_count(bytes, lm_story_bad_count(facts), "byte"),
                 lm_story_bad_count(facts) == 1 ? "was" : "were");
        return;
    default:
        break;
    }
    if (facts->sure == LM_SURE_LATER)
        snprintf(label, LM_LABEL_SIZE, "the damage was found here");
    else
        label_access(report, label);
}

/* "12 us earlier, same thread" */
static void add_when(const lm_wire_finding *facts, const lm_fact *time, const lm_fact *thread,
                     char label[LM_LABEL_SIZE]) {
    char words[LM_WORDS_SIZE];
    size_t length = strlen(label);
    if (facts->code == LM_CODE_DANGLING_POINTER)
        return; /* the search has its own time */
    if (facts->time.known && time->known && facts->time.value >= time->value)
        length += (size_t)snprintf(label + length, LM_LABEL_SIZE - length, ", %s earlier",
                                   lm_words_time(words, facts->time.value - time->value));
    if (!facts->thread.known || !thread->known)
        return;
    if (facts->thread.value == thread->value)
        snprintf(label + length, LM_LABEL_SIZE - length, ", same thread");
    else
        snprintf(label + length, LM_LABEL_SIZE - length, ", by thread %u (this one is %u)",
                 (unsigned)thread->value, (unsigned)facts->thread.value);
}

static void label_allocation(const lm_wire_finding *facts, const lm_told *told,
                             char label[LM_LABEL_SIZE]) {
    char bytes[LM_WORDS_SIZE];
    if (facts->size.known)
        snprintf(label, LM_LABEL_SIZE, "%s allocated here",
                 lm_words_count(bytes, lm_story_size(facts), "byte"));
    else
        snprintf(label, LM_LABEL_SIZE, "allocated here");
    if (!told->table && facts->code != LM_CODE_LEAK && facts->code != LM_CODE_POSSIBLE_LEAK)
        add_when(facts, &facts->allocated_time, &facts->allocated_thread, label);
}

static bool is_moved(const lm_wire_finding *facts) {
    return facts->moved_to.known ||
           (facts->freed_call != NULL && strcmp(facts->freed_call, "realloc") == 0);
}

static void label_free(const lm_wire_finding *facts, const lm_told *told,
                       char label[LM_LABEL_SIZE]) {
    snprintf(label, LM_LABEL_SIZE, is_moved(facts) ? "moved by realloc here" : "freed here");
    if (!told->table)
        add_when(facts, &facts->freed_time, &facts->freed_thread, label);
}

/* ---- Which lines are shown -------------------------------------------------------------------- */

static bool same(const char *one, const char *other) {
    return one != NULL && other != NULL && strcmp(one, other) == 0;
}

/* Whether the event's line belongs into the excerpt around the blamed one. */
static bool belongs(const lm_place *blamed, const lm_place *event) {
    if (event == NULL || event->line == 0 || !same(blamed->path, event->path) ||
        !same(blamed->function, event->function))
        return false;
    const unsigned distance =
        event->line > blamed->line ? event->line - blamed->line : blamed->line - event->line;
    return distance <= NEAR_LINES &&
           (event->line != blamed->line || event->column != blamed->column);
}

static lm_mark mark_of(const lm_place *place, char sign, lm_tone tone) {
    return (lm_mark){.line = place->line,
                     .column = place->column,
                     .path = place->path,
                     .tone = tone,
                     .sign = sign};
}

static int by_place(const void *a, const void *b) {
    const lm_mark *one = a;
    const lm_mark *other = b;
    if (one->line != other->line)
        return one->line < other->line ? -1 : 1;
    return one->column < other->column ? -1 : one->column > other->column;
}

/* Finds out which earlier events the excerpt can show; only when it is whole there is no table. */
static void choose(const lm_report *report, const lm_place *blamed, lm_told *told) {
    const lm_wire_finding *facts = report->facts;
    const bool has_allocation = report->allocated.count > 0 || facts->allocated_time.known;
    const bool has_free = report->freed.count > 0 || facts->freed_time.known;
    told->allocated = report->to_blame != &report->allocated &&
                      belongs(blamed, lm_route_blamed(&report->allocated));
    told->freed =
        report->to_blame == &report->used && belongs(blamed, lm_route_blamed(&report->freed));
    /* What is told of a dangling pointer is the free itself. */
    const bool is_free =
        report->to_blame == &report->freed || facts->code == LM_CODE_DANGLING_POINTER;
    const bool later = facts->sure == LM_SURE_LATER && facts->code != LM_CODE_DANGLING_POINTER;
    const bool whole = (!has_allocation || told->allocated) &&
                       (!has_free || told->freed || is_free) &&
                       facts->code != LM_CODE_DOUBLE_FREE && !later;
    told->table = !whole && !lm_report_is_leak(report) && (has_allocation || has_free);
}

/* Collects the marks in the order of their places. */
static size_t collect(const lm_report *report, const lm_place *blamed, const lm_told *told,
                      lm_mark marks[MARKS_MAX]) {
    const lm_wire_finding *facts = report->facts;
    size_t count = 1;
    marks[0] = mark_of(blamed, '^', LM_TONE_ERROR);
    if (report->to_blame == &report->used)
        label_use(report, marks[0].label);
    else if (report->to_blame == &report->freed)
        label_free(facts, told, marks[0].label);
    else
        label_allocation(facts, told, marks[0].label);
    if (told->allocated) {
        marks[count] = mark_of(lm_route_blamed(&report->allocated), '-', LM_TONE_SECOND);
        label_allocation(facts, told, marks[count++].label);
    }
    if (told->freed) {
        marks[count] = mark_of(lm_route_blamed(&report->freed), '-', LM_TONE_SECOND);
        label_free(facts, told, marks[count++].label);
    }
    const lm_place *failed = lm_route_blamed(&report->failed);
    if (count < MARKS_MAX && belongs(blamed, failed)) {
        marks[count] = mark_of(failed, '-', LM_TONE_SECOND);
        snprintf(marks[count++].label, LM_LABEL_SIZE, "this allocation returned NULL");
    }
    qsort(marks, count, sizeof *marks, by_place);
    return count;
}

/* ---- The arrow -------------------------------------------------------------------------------- */

/* "bugs.c:5:64 in dup_name" */
static void put_arrow(lm_paper *paper, const char *arrow, const lm_place *place, const char *more) {
    char text[LM_PLACE_SIZE];
    lm_paper_tone(paper, LM_TONE_FRAME);
    lm_paper_put(paper, "%s", arrow);
    lm_paper_tone(paper, LM_TONE_PLAIN);
    lm_paper_wrap(paper, 6, "%s%s%s%s", lm_place_text(text, place, true),
                  place->function == NULL ? "" : " in ",
                  place->function == NULL ? "" : place->function, more);
}

/* What of the runtime's lies between the blamed function and the access: "(through strcpy, libc.so.6)". */
static void add_through(const lm_story *story, char *text, size_t size) {
    const lm_route *route = story->report->to_blame;
    const lm_wire_finding *facts = story->report->facts;
    size_t length = strlen(text);
    const char *last = NULL;
    size_t shown = 0;
    for (size_t i = 0; i < route->blame; i++) {
        const lm_place *place = &route->places[i];
        if (place->function == NULL || same(last, place->function))
            continue;
        /* Of a long way only its two ends: where it was, and what was called. */
        last = place->function;
        if (shown > 0 && i + 1 < route->blame)
            continue;
        length += (size_t)snprintf(text + length, size - length,
                                   shown == 0 ? "  (through %s" : " <- %s", place->function);
        if (length >= size)
            return;
        shown++;
    }
    const lm_place *blamed = lm_route_blamed(route);
    if (shown > 0) {
        const char *module = route->places[0].module;
        if (module != NULL && !same(module, blamed->module))
            length += (size_t)snprintf(text + length, size - length, ", %s", module);
        if (length < size)
            snprintf(text + length, size - length, ")");
    } else if (facts->sure == LM_SURE_EXACT && facts->call != NULL && facts->access != NULL &&
               route == &story->report->used && strcmp(facts->access, "free") != 0) {
        snprintf(text + length, size - length, "  (through %s)", facts->call);
    }
}

/* The earlier event that explains most, when it is in another function: a second excerpt. */
static const lm_route *second_route(const lm_report *report) {
    const lm_wire_finding *facts = report->facts;
    const bool by_free = facts->code == LM_CODE_USE_AFTER_FREE ||
                         facts->code == LM_CODE_DOUBLE_FREE ||
                         (facts->code == LM_CODE_INVALID_FREE && report->freed.count > 0);
    return by_free ? &report->freed : &report->allocated;
}

static void put_second(const lm_story *story, const lm_told *told, size_t width) {
    const lm_report *report = story->report;
    const lm_wire_finding *facts = report->facts;
    const lm_route *route = second_route(report);
    const bool by_free = route == &report->freed;
    const lm_place *place = lm_route_blamed(route);
    size_t length;
    if (place == NULL || report->to_blame == route ||
        lm_story_same_place(place, lm_route_blamed(report->to_blame)) ||
        (by_free ? told->freed : told->allocated) ||
        lm_sources_line(story->sources, place->path, place->line, &length) == NULL)
        return;
    lm_mark mark = mark_of(place, '-', LM_TONE_SECOND);
    if (by_free)
        label_free(facts, told, mark.label);
    else
        label_allocation(facts, told, mark.label);
    put_arrow(story->paper, "  ::: ", place, "");
    lm_excerpt_put(story, &mark, 1, width);
}

static const char *blamed_label(const lm_mark *marks, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (marks[i].sign == '^')
            return marks[i].label;
    return "";
}

lm_told lm_story_place(const lm_story *story) {
    lm_told told = {0};
    const lm_place *blamed =
        story->report->to_blame == NULL ? NULL : lm_route_blamed(story->report->to_blame);
    if (blamed == NULL)
        return told;
    char through[LM_PLACE_SIZE * 2] = "";
    add_through(story, through, sizeof through);
    lm_mark marks[MARKS_MAX];
    choose(story->report, blamed, &told);
    const size_t count = collect(story->report, blamed, &told, marks);
    size_t length;
    if (lm_sources_line(story->sources, blamed->path, blamed->line, &length) == NULL) {
        /* The lines that say so aren't there. */
        const size_t used = strlen(through);
        snprintf(through + used, sizeof through - used, "  %s", blamed_label(marks, count));
        put_arrow(story->paper, "  --> ", blamed, through);
        return told;
    }
    put_arrow(story->paper, "  --> ", blamed, through);
    const lm_place *second = lm_route_blamed(second_route(story->report));
    size_t width = lm_excerpt_width(marks[count - 1].line);
    if (second != NULL && lm_excerpt_width(second->line) > width)
        width = lm_excerpt_width(second->line);
    told.excerpt = lm_excerpt_put(story, marks, count, width);
    if (told.excerpt)
        put_second(story, &told, width);
    return told;
}
