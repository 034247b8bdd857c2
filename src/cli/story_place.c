/* The place to blame, and the lines of the source with marks below them:
 *
 *     --> bugs.c:5:64 in dup_name  (through strcpy)
 *      |
 *    5 |  char *p = malloc(strlen(s)); strcpy(p, s); return p;
 *      |            -----------------  ^^^^^^^^^^^^ writes 9 bytes
 *      |            8 bytes allocated here, 12 us earlier, same thread
 */
#include "cli/story.h"
#include "cli/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    NEAR_LINES = 12,  /* an earlier event is shown in the excerpt when it is no further away */
    TAB_WIDTH = 4,    /* source lines are long enough */
    LINE_SIZE = 2048, /* of a source line that is shown */
    LABEL_SIZE = 256,
    MARKS_MAX = 3,
    LEAST_LABEL = 20 /* columns; a label that has fewer goes to a line of its own */
};

struct mark {
    unsigned line, column;
    const char *path;
    lm_tone tone;
    char sign;
    char label[LABEL_SIZE];
    size_t start, end; /* columns of the line as it is shown */
};

/* ---- What the marks say ----------------------------------------------------------------------- */

static void label_access(const lm_report *report, char label[LABEL_SIZE]) {
    const lm_wire_finding *facts = report->facts;
    char bytes[LM_WORDS_SIZE];
    uint64_t count = facts->bytes.known ? facts->bytes.value : lm_story_bad_count(facts);
    /* One instruction of a function that was called says little of what the call does. */
    if (report->used.blame > 0 && facts->call == NULL)
        count = 0;
    int length;
    if (count == 0)
        length = snprintf(label, LABEL_SIZE, "%s here", lm_story_access(facts, LM_VERB_PRESENT));
    else
        length = snprintf(label, LABEL_SIZE, "%s %s", lm_story_access(facts, LM_VERB_PRESENT),
                          lm_words_count(bytes, count, "byte"));
    if (facts->code == LM_CODE_USE_AFTER_FREE && facts->first.known && facts->size.known)
        snprintf(label + length, LABEL_SIZE - (size_t)length, " at offset %" PRId64 " of %" PRIu64,
                 lm_story_bad_first(facts), facts->size.value);
}

static void label_pointer(const lm_wire_finding *facts, char label[LABEL_SIZE]) {
    snprintf(label, LABEL_SIZE, "%s through this pointer", lm_story_access(facts, LM_VERB_PRESENT));
}

static void label_use(const lm_report *report, char label[LABEL_SIZE]) {
    const lm_wire_finding *facts = report->facts;
    char bytes[LM_WORDS_SIZE];
    switch (facts->code) {
    case LM_CODE_DOUBLE_FREE:
        snprintf(label, LABEL_SIZE, "freed again here");
        return;
    case LM_CODE_INVALID_FREE:
    case LM_CODE_FOREIGN_FREE:
        snprintf(label, LABEL_SIZE, "this is not the start of a block");
        return;
    case LM_CODE_MISMATCHED_FREE:
    case LM_CODE_SIZE_MISMATCH:
        snprintf(label, LABEL_SIZE, "freed here");
        return;
    case LM_CODE_BAD_SIZE:
        snprintf(label, LABEL_SIZE, "asks for it here");
        return;
    case LM_CODE_LEAK:
    case LM_CODE_POSSIBLE_LEAK:
        snprintf(label, LABEL_SIZE, "allocated here");
        return;
    case LM_CODE_DANGLING_POINTER:
        snprintf(label, LABEL_SIZE, "freed here");
        return;
    case LM_CODE_NULL_DEREF:
    case LM_CODE_WILD_POINTER:
        label_pointer(facts, label);
        return;
    case LM_CODE_UNINITIALISED_READ:
        snprintf(label, LABEL_SIZE, "reads %s that %s never written",
                 lm_words_count(bytes, lm_story_bad_count(facts), "byte"),
                 lm_story_bad_count(facts) == 1 ? "was" : "were");
        return;
    default:
        break;
    }
    if (facts->sure == LM_SURE_LATER)
        snprintf(label, LABEL_SIZE, "the damage was found here");
    else
        label_access(report, label);
}

/* "12 us earlier, same thread" */
static void add_when(const lm_wire_finding *facts, const lm_fact *time, const lm_fact *thread,
                     char label[LABEL_SIZE]) {
    char words[LM_WORDS_SIZE];
    size_t length = strlen(label);
    if (facts->time.known && time->known && facts->time.value >= time->value)
        length += (size_t)snprintf(label + length, LABEL_SIZE - length, ", %s earlier",
                                   lm_words_time(words, facts->time.value - time->value));
    if (!facts->thread.known || !thread->known)
        return;
    if (facts->thread.value == thread->value)
        snprintf(label + length, LABEL_SIZE - length, ", same thread");
    else
        snprintf(label + length, LABEL_SIZE - length, ", by thread %u (this one is %u)",
                 (unsigned)thread->value, (unsigned)facts->thread.value);
}

static void label_allocation(const lm_wire_finding *facts, const lm_told *told,
                             char label[LABEL_SIZE]) {
    char bytes[LM_WORDS_SIZE];
    if (facts->size.known)
        snprintf(label, LABEL_SIZE, "%s allocated here",
                 lm_words_count(bytes, facts->size.value, "byte"));
    else
        snprintf(label, LABEL_SIZE, "allocated here");
    if (!told->table && facts->code != LM_CODE_LEAK && facts->code != LM_CODE_POSSIBLE_LEAK)
        add_when(facts, &facts->allocated_time, &facts->allocated_thread, label);
}

static bool is_moved(const lm_wire_finding *facts) {
    return facts->moved_to.known ||
           (facts->freed_call != NULL && strcmp(facts->freed_call, "realloc") == 0);
}

static void label_free(const lm_wire_finding *facts, const lm_told *told, char label[LABEL_SIZE]) {
    snprintf(label, LABEL_SIZE, is_moved(facts) ? "moved by realloc here" : "freed here");
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

static struct mark mark_of(const lm_place *place, char sign, lm_tone tone) {
    return (struct mark){.line = place->line,
                         .column = place->column,
                         .path = place->path,
                         .tone = tone,
                         .sign = sign};
}

static int by_place(const void *a, const void *b) {
    const struct mark *one = a;
    const struct mark *other = b;
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
    const bool whole = (!has_allocation || told->allocated) &&
                       (!has_free || told->freed || report->to_blame == &report->freed) &&
                       facts->code != LM_CODE_DOUBLE_FREE && facts->sure != LM_SURE_LATER;
    told->table = !whole && !lm_report_is_leak(report) && (has_allocation || has_free);
}

/* Collects the marks in the order of their places. */
static size_t collect(const lm_report *report, const lm_place *blamed, const lm_told *told,
                      struct mark marks[MARKS_MAX]) {
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
        snprintf(marks[count++].label, LABEL_SIZE, "this allocation returned NULL");
    }
    qsort(marks, count, sizeof *marks, by_place);
    return count;
}

/* ---- Lines ------------------------------------------------------------------------------------ */

/* A source line with its tabs expanded. */
struct shown {
    char text[LINE_SIZE];
    size_t length;             /* bytes */
    size_t indent;             /* columns of white space at its start */
    size_t columns[LINE_SIZE]; /* of each byte of the line in the file */
    size_t bytes;
};

static void expand(const char *line, size_t length, struct shown *shown) {
    size_t column = 0;
    size_t out = 0;
    bool blank = true;
    shown->indent = 0;
    shown->bytes = 0;
    for (size_t i = 0; i < length && out + TAB_WIDTH + 1 < LINE_SIZE; i++) {
        shown->columns[shown->bytes++] = column;
        const unsigned char c = (unsigned char)line[i];
        size_t width = (c & 0xc0) != 0x80;
        if (c == '\t') {
            width = TAB_WIDTH - column % TAB_WIDTH;
            memset(shown->text + out, ' ', width);
            out += width;
        } else {
            shown->text[out++] = (char)c;
        }
        column += width;
        blank = blank && (c == ' ' || c == '\t');
        if (blank)
            shown->indent = column;
    }
    shown->columns[shown->bytes] = column;
    shown->text[out] = '\0';
    shown->length = out;
}

static size_t digits_of(unsigned number) {
    size_t digits = 1;
    while ((number /= 10) > 0)
        digits++;
    return digits;
}

static void gutter(lm_paper *paper, size_t width, unsigned line) {
    lm_paper_tone(paper, LM_TONE_FRAME);
    if (line > 0)
        lm_paper_put(paper, " %*u |", (int)width, line);
    else
        lm_paper_put(paper, " %*s |", (int)width, "");
    lm_paper_tone(paper, LM_TONE_PLAIN);
}

static void put_label(lm_paper *paper, const struct mark *mark, size_t indent) {
    lm_paper_tone(paper, mark->tone);
    lm_paper_wrap(paper, indent, "%s", mark->label);
    lm_paper_tone(paper, LM_TONE_PLAIN);
}

/* The underlines of the marks of one line, then their labels: the last one's beside its own. */
static void put_marks(lm_paper *paper, const struct mark *marks, size_t count, size_t gutter_width,
                      size_t indent) {
    const size_t left = gutter_width + 5; /* " 12 |  " */
    gutter(paper, gutter_width, 0);
    lm_paper_put(paper, "  ");
    size_t column = 0;
    for (size_t i = 0; i < count; i++) {
        const size_t start = marks[i].start < indent ? 0 : marks[i].start - indent;
        if (start < column)
            continue;
        lm_paper_fill(paper, ' ', start - column);
        lm_paper_tone(paper, marks[i].tone);
        size_t length = marks[i].end - marks[i].start;
        /* No further than the line is shown. */
        if (left + start + length > paper->width)
            length = left + start < paper->width ? paper->width - left - start : 1;
        lm_paper_fill(paper, marks[i].sign, length);
        lm_paper_tone(paper, LM_TONE_PLAIN);
        column = start + length;
    }
    const struct mark *last = &marks[count - 1];
    const bool beside = left + column + 1 + strlen(last->label) <= paper->width;
    if (beside) {
        lm_paper_put(paper, " ");
        put_label(paper, last, left + column + 1);
    } else {
        lm_paper_put(paper, "\n");
    }
    for (size_t i = count - (beside ? 1 : 0); i > 0; i--) {
        size_t start = marks[i - 1].start < indent ? 0 : marks[i - 1].start - indent;
        const size_t length = strlen(marks[i - 1].label);
        /* As far to the left as the label needs. */
        if (left + start + length > paper->width)
            start = left + length > paper->width ? 0 : paper->width - left - length;
        gutter(paper, gutter_width, 0);
        lm_paper_put(paper, "  ");
        lm_paper_fill(paper, ' ', start);
        lm_paper_tone(paper, marks[i - 1].tone);
        lm_paper_put(paper, "%s\n", marks[i - 1].label);
        lm_paper_tone(paper, LM_TONE_PLAIN);
    }
}

/* The line from the column `indent` on, cut where the terminal ends. */
static void put_line(lm_paper *paper, const struct shown *shown, size_t gutter_width, unsigned line,
                     size_t indent) {
    const size_t room = paper->width - (gutter_width + 5);
    const size_t from = shown->length < indent ? shown->length : indent;
    const char *before = indent > shown->indent ? "..." : "";
    gutter(paper, gutter_width, line);
    if (shown->length - from <= room)
        lm_paper_put(paper, "  %s%s\n", before, shown->text + from + strlen(before));
    else
        lm_paper_put(paper, "  %s%.*s...\n", before, (int)(room - strlen(before)) - 3,
                     shown->text + from + strlen(before));
}

/* Where the line has to begin so that its marks are to be seen. */
static size_t scrolled(const struct mark *marks, size_t count, size_t room, size_t indent) {
    const size_t end = marks[count - 1].end + 3;
    if (end <= indent + room)
        return indent;
    const size_t most = marks[0].start > 3 ? marks[0].start - 3 : 0;
    return end - room < most ? end - room : most;
}

static size_t least_indent(const lm_story *story, const struct mark *marks, size_t count,
                           struct shown *shown) {
    size_t least = LINE_SIZE;
    for (size_t i = 0; i < count; i++) {
        size_t length;
        const char *line = lm_sources_line(story->sources, marks[i].path, marks[i].line, &length);
        if (line == NULL)
            continue;
        expand(line, length, shown);
        least = shown->indent < least ? shown->indent : least;
    }
    return least == LINE_SIZE ? 0 : least;
}

/* Returns false when the file isn't there. */
static bool put_excerpt(const lm_story *story, struct mark *marks, size_t count, size_t width) {
    lm_paper *paper = story->paper;
    struct shown *shown = malloc(sizeof *shown);
    size_t length;
    if (shown == NULL ||
        lm_sources_line(story->sources, marks[0].path, marks[0].line, &length) == NULL) {
        free(shown);
        return false;
    }
    const size_t indent = least_indent(story, marks, count, shown);
    gutter(paper, width, 0);
    lm_paper_put(paper, "\n");
    for (size_t i = 0; i < count;) {
        size_t next = i;
        const char *line = lm_sources_line(story->sources, marks[i].path, marks[i].line, &length);
        if (line == NULL)
            break;
        expand(line, length, shown);
        for (; next < count && marks[next].line == marks[i].line; next++) {
            size_t start;
            size_t end;
            lm_source_extent(line, length, marks[next].column, &start, &end);
            if (end > shown->bytes)
                end = shown->bytes;
            marks[next].start = shown->columns[start < end ? start : end];
            marks[next].end = shown->columns[end];
            if (marks[next].end <= marks[next].start)
                marks[next].end = marks[next].start + 1;
        }
        if (i > 0 && marks[i].line > marks[i - 1].line + 1) {
            lm_paper_tone(paper, LM_TONE_FRAME);
            lm_paper_fill(paper, ' ', width > 2 ? width - 2 : 1);
            lm_paper_put(paper, "...\n");
            lm_paper_tone(paper, LM_TONE_PLAIN);
        }
        const size_t left = scrolled(marks + i, next - i, paper->width - (width + 5), indent);
        put_line(paper, shown, width, marks[i].line, left);
        put_marks(paper, marks + i, next - i, width, left);
        i = next;
    }
    free(shown);
    return true;
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
    if (place == NULL || report->to_blame == route || (by_free ? told->freed : told->allocated) ||
        lm_sources_line(story->sources, place->path, place->line, &length) == NULL)
        return;
    struct mark mark = mark_of(place, '-', LM_TONE_SECOND);
    if (by_free)
        label_free(facts, told, mark.label);
    else
        label_allocation(facts, told, mark.label);
    put_arrow(story->paper, "  ::: ", place, "");
    put_excerpt(story, &mark, 1, width);
}

static const char *blamed_label(const struct mark *marks, size_t count) {
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
    struct mark marks[MARKS_MAX];
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
    size_t width = digits_of(marks[count - 1].line);
    if (second != NULL && digits_of(second->line) > width)
        width = digits_of(second->line);
    told.excerpt = put_excerpt(story, marks, count, width);
    if (told.excerpt)
        put_second(story, &told, width);
    return told;
}
