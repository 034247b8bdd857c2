#include "cli/story_excerpt.h"

#include <stdlib.h>
#include <string.h>

enum {
    TAB_WIDTH = 4,   /* source lines are long enough */
    LINE_SIZE = 2048 /* of a source line that is shown */
};

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

size_t lm_excerpt_width(unsigned number) {
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

static void put_label(lm_paper *paper, const lm_mark *mark, size_t indent) {
    lm_paper_tone(paper, mark->tone);
    lm_paper_wrap(paper, indent, "%s", mark->label);
    lm_paper_tone(paper, LM_TONE_PLAIN);
}

/* The underlines of the marks of one line, then their labels: the last one's beside its own. */
static void put_marks(lm_paper *paper, const lm_mark *marks, size_t count, size_t gutter_width,
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
    const lm_mark *last = &marks[count - 1];
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
static size_t scrolled(const lm_mark *marks, size_t count, size_t room, size_t indent) {
    const size_t end = marks[count - 1].end + 3;
    if (end <= indent + room)
        return indent;
    const size_t most = marks[0].start > 3 ? marks[0].start - 3 : 0;
    return end - room < most ? end - room : most;
}

static size_t least_indent(const lm_story *story, const lm_mark *marks, size_t count,
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

bool lm_excerpt_put(const lm_story *story, lm_mark *marks, size_t count, size_t width) {
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
