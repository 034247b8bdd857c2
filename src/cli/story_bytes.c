/* The block's bytes, the bad ones marked:
 *
 *     block   [6c 6f 61 6d 6c 6f 61 6d] 00      "loamloam"
 *                                       ^^ byte 8 (valid: 0..7)
 *
 * A byte beside the block that can't be read, since a guard page lies there, is --. */
#include "cli/story.h"
#include "cli/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    ROW_USUAL = 16,
    ROW_WIDE = 32,
    WIDE_FROM = 140,
    ROWS_MAX = 3,
    MORE_IN_ROW = 4,
    BEFORE = 8,
    LABEL_COLUMNS = 11
};

struct drawing {
    const lm_wire_finding *facts;
    lm_paper *paper;
    int64_t size;        /* of the block; its bytes are 0 .. size - 1 */
    int64_t start, end;  /* what is drawn */
    int64_t first, last; /* the bad bytes */
    int64_t row;         /* bytes in a row */
};

static bool is_known(const lm_wire_finding *facts, int64_t offset) {
    const int64_t index = offset - (int64_t)facts->dump_at.value;
    return index >= 0 && index < (int64_t)facts->dump_size;
}

static bool was_written(const lm_wire_finding *facts, int64_t offset) {
    const int64_t index = offset - (int64_t)facts->dump_at.value;
    if (facts->valid == NULL || index < 0 || (size_t)index / 8 >= facts->valid_size)
        return true;
    return (facts->valid[index / 8] >> (index % 8) & 1) != 0;
}

/* Bytes in front of, inside and behind the block are apart by brackets. */
static void put_row(const struct drawing *drawing, int64_t from, int64_t to) {
    lm_paper *paper = drawing->paper;
    const lm_wire_finding *facts = drawing->facts;
    for (int64_t at = from; at < to; at++) {
        lm_paper_put(paper, at == 0 ? "[" : at == from ? " " : "");
        if (!is_known(facts, at))
            lm_paper_put(paper, "--");
        else if (was_written(facts, at))
            lm_paper_put(paper, "%02x", facts->dump[at - (int64_t)facts->dump_at.value]);
        else
            lm_paper_put(paper, "??");
        if (at == drawing->size - 1)
            lm_paper_put(paper, "]");
        if (at + 1 < to)
            lm_paper_put(paper, " ");
    }
}

/* The column in which a byte of the row begins, counted from the row's first column. */
static size_t column_of(const struct drawing *drawing, int64_t from, int64_t at) {
    size_t column = 1 + 3 * (size_t)(at - from);
    if (drawing->size > from && at >= drawing->size)
        column++;
    if (from < 0 && at >= 0)
        column++;
    return column;
}

static bool is_text(unsigned char byte) {
    return byte >= ' ' && byte < 127;
}

/* The block's own bytes of the row as text, when there is some in it. */
static void put_text(const struct drawing *drawing, int64_t from, int64_t to, size_t column) {
    const lm_wire_finding *facts = drawing->facts;
    char text[ROW_WIDE + 1];
    size_t length = 0;
    size_t readable = 0;
    for (int64_t at = from < 0 ? 0 : from; at < to && at < drawing->size; at++) {
        const unsigned char byte = facts->dump[at - (int64_t)facts->dump_at.value];
        const bool shown = is_text(byte) && was_written(facts, at);
        readable += shown;
        text[length++] = shown ? (char)byte : '.';
    }
    text[length] = '\0';
    /* A letter or two among numbers are chance. */
    if (readable < 3 || 2 * readable < length)
        return;
    const size_t now = lm_paper_column(drawing->paper);
    if ((now < column ? column : now + 1) + length + 2 > drawing->paper->width)
        return;
    lm_paper_fill(drawing->paper, ' ', now < column ? column - now : 1);
    lm_paper_put(drawing->paper, "\"%s\"", text);
}

static void name_bytes(const struct drawing *drawing, char *label, size_t size) {
    const lm_wire_finding *facts = drawing->facts;
    int length =
        drawing->first == drawing->last
            ? snprintf(label, size, "byte %" PRId64, drawing->first)
            : snprintf(label, size, "bytes %" PRId64 " to %" PRId64, drawing->first, drawing->last);
    const char *more = "";
    char valid[LM_WORDS_SIZE];
    if (facts->code == LM_CODE_HEAP_OVERFLOW || facts->code == LM_CODE_HEAP_UNDERFLOW) {
        snprintf(valid, sizeof valid,
                 drawing->size == 0 ? " (none is valid)" : " (valid: 0..%" PRId64 ")",
                 drawing->size - 1);
        more = valid;
    } else if (facts->code == LM_CODE_UNINITIALISED_READ) {
        more = ", never written";
    } else if (facts->code == LM_CODE_USE_AFTER_FREE) {
        more = facts->sure == LM_SURE_LATER ? ", changed after the free" : " of the freed block";
    }
    snprintf(label + length, size - (size_t)length, "%s", more);
}

static void put_marks(const struct drawing *drawing, int64_t from, int64_t to, bool label) {
    lm_paper *paper = drawing->paper;
    const int64_t first = drawing->first > from ? drawing->first : from;
    const int64_t last = drawing->last < to - 1 ? drawing->last : to - 1;
    if (first > last)
        return;
    const size_t start = column_of(drawing, from, first);
    const size_t end = column_of(drawing, from, last) + 2;
    lm_paper_fill(paper, ' ', LABEL_COLUMNS + start);
    lm_paper_tone(paper, LM_TONE_ERROR);
    lm_paper_fill(paper, '^', end - start);
    char text[2 * LM_WORDS_SIZE] = "";
    if (label)
        name_bytes(drawing, text, sizeof text);
    if (label && LABEL_COLUMNS + end + 1 + strlen(text) > paper->width) {
        lm_paper_put(paper, "\n");
        const size_t length = strlen(text);
        size_t at = LABEL_COLUMNS + start;
        if (at + length > paper->width)
            at = length + LABEL_COLUMNS > paper->width ? LABEL_COLUMNS : paper->width - length;
        lm_paper_fill(paper, ' ', at);
        lm_paper_put(paper, "%s", text);
    } else if (label) {
        lm_paper_put(paper, " %s", text);
    }
    lm_paper_tone(paper, LM_TONE_PLAIN);
    lm_paper_put(paper, "\n");
}

static int64_t least(int64_t one, int64_t other) {
    return one < other ? one : other;
}

static int64_t most(int64_t one, int64_t other) {
    return one > other ? one : other;
}

/* What of the dump is drawn: a small block whole, of a large one the rows around the first bad byte. */
static void choose(struct drawing *drawing) {
    const lm_wire_finding *facts = drawing->facts;
    const int64_t dump_start = (int64_t)facts->dump_at.value;
    const int64_t dump_end = dump_start + (int64_t)facts->dump_size;
    const int64_t anchor = least(drawing->first, drawing->size);
    int64_t start = 0;
    if (drawing->first < 0)
        start = drawing->first >= -BEFORE ? drawing->first : -BEFORE;
    else if (drawing->first < drawing->size && drawing->size > drawing->row)
        start = drawing->first / drawing->row * drawing->row;
    else if (drawing->size > drawing->row || drawing->first > drawing->row + BEFORE)
        start = most(0, (anchor - BEFORE) / BEFORE * BEFORE);
    int64_t end = most(drawing->last + 1, least(drawing->size, start + drawing->row));
    if (drawing->first < 0)
        end = least(most(drawing->size, 1), start + drawing->row);
    drawing->start = start < 0 && dump_start == 0 ? start : most(start, dump_start);
    /* A few more in the row are better than a second one. */
    if (end - drawing->start > drawing->row && end - drawing->start <= drawing->row + MORE_IN_ROW &&
        drawing->row == ROW_USUAL)
        drawing->row = end - drawing->start;
    if (end <= drawing->size || dump_end != drawing->size)
        end = least(end, dump_end);
    drawing->end = least(end, drawing->start + ROWS_MAX * drawing->row);
}

static void put_drawing(const struct drawing *drawing) {
    lm_paper *paper = drawing->paper;
    const bool one_row = drawing->end - drawing->start <= drawing->row;
    bool labelled = false;
    for (int64_t from = drawing->start; from < drawing->end; from += drawing->row) {
        const int64_t to = least(from + drawing->row, drawing->end);
        char label[24] = "block";
        if (from != drawing->start || drawing->start > 0)
            snprintf(label, sizeof label, from == drawing->start ? "byte %" PRId64 : "%" PRId64,
                     from);
        lm_paper_put(paper, "   %-*s", LABEL_COLUMNS - 3, label);
        put_row(drawing, from, to);
        const int64_t drawn = one_row ? to : from + drawing->row;
        if (to == drawing->end && to < drawing->size)
            lm_paper_put(paper, " ...");
        put_text(drawing, from, to, LABEL_COLUMNS + column_of(drawing, from, drawn) + 4);
        lm_paper_put(paper, "\n");
        const bool bad = drawing->first < to && drawing->last >= from;
        put_marks(drawing, from, to, bad && !labelled);
        labelled = labelled || bad;
    }
}

/* Without the bytes themselves: which are whose. */
static void put_extent(const struct drawing *drawing) {
    char label[2 * LM_WORDS_SIZE];
    name_bytes(drawing, label, sizeof label);
    lm_paper_put(drawing->paper, "   block   ");
    lm_paper_wrap(drawing->paper, LABEL_COLUMNS, "%s", label);
}

void lm_story_bytes(const lm_story *story) {
    const lm_wire_finding *facts = story->report->facts;
    if (!facts->first.known || !facts->size.known)
        return;
    struct drawing drawing = {.facts = facts,
                              .paper = story->paper,
                              .size = (int64_t)facts->size.value,
                              .first = (int64_t)facts->first.value,
                              .last = facts->last.known ? (int64_t)facts->last.value
                                                        : (int64_t)facts->first.value,
                              .row = story->paper->width >= WIDE_FROM ? ROW_WIDE : ROW_USUAL};
    if (story->paper->width < 72)
        drawing.row = BEFORE;
    if (facts->dump != NULL)
        choose(&drawing);
    /* A picture without the bad bytes would mislead. */
    if (facts->dump != NULL && drawing.start < drawing.end && drawing.first < drawing.end &&
        drawing.last >= drawing.start)
        put_drawing(&drawing);
    else if (facts->code != LM_CODE_USE_AFTER_FREE && facts->code != LM_CODE_WILD_POINTER)
        put_extent(&drawing);
}
