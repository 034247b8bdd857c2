/* Reading files of suppressions. */
#include "cli/say.h"
#include "cli/suppress.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    lm_suppressions *suppressions;
    const char *path;
    FILE *file;
    char *text; /* the line, without white space around it */
    size_t room;
    char *start; /* of what is in it */
    unsigned line;
};

/* The next line that isn't empty nor a comment; false: there is none. */
static bool next(struct reader *reader) {
    ssize_t length;
    while ((length = getline(&reader->text, &reader->room, reader->file)) >= 0) {
        reader->line++;
        while (length > 0 && strchr(" \t\r\n", reader->text[length - 1]) != NULL)
            reader->text[--length] = '\0';
        reader->start = reader->text + strspn(reader->text, " \t");
        if (*reader->start != '\0' && *reader->start != '#')
            return true;
    }
    return false;
}

static bool complain(const struct reader *reader, const char *what) {
    lm_say("%s, line %u: %s", reader->path, reader->line, what);
    return false;
}

static bool no_memory(void) {
    lm_say("there is no memory for suppressions");
    return false;
}

static lm_suppression *add(struct reader *reader) {
    lm_suppressions *all = reader->suppressions;
    lm_suppression *items = reallocarray(all->items, all->count + 1, sizeof *items);
    if (items == NULL)
        return NULL;
    all->items = items;
    lm_suppression *item = &items[all->count++];
    *item = (lm_suppression){.file = reader->path, .line = reader->line};
    return item;
}

static bool add_frame(lm_suppression *item, lm_frame_kind kind, const char *text) {
    lm_frame_pattern *frames = reallocarray(item->frames, item->frame_count + 1, sizeof *frames);
    if (frames == NULL)
        return false;
    item->frames = frames;
    char *copy = strdup(text);
    if (copy == NULL)
        return false;
    frames[item->frame_count++] = (lm_frame_pattern){kind, copy};
    return true;
}

static bool begins(const char *text, const char *start) {
    return strncmp(text, start, strlen(start)) == 0;
}

/* A line between the kind and the brace. */
static bool read_frame(struct reader *reader, lm_suppression *item) {
    const char *text = reader->start;
    bool added;
    if (strcmp(text, "...") == 0) {
        added = add_frame(item, LM_FRAME_ANY, "");
    } else if (begins(text, "fun:")) {
        added = add_frame(item, LM_FRAME_FUNCTION, text + 4);
    } else if (begins(text, "obj:")) {
        added = add_frame(item, LM_FRAME_OBJECT, text + 4);
    } else if (begins(text, "src:")) {
        added = add_frame(item, LM_FRAME_SOURCE, text + 4);
    } else if (item->frame_count == 0 && item->extra == NULL) {
        item->extra = strdup(text);
        added = item->extra != NULL;
    } else {
        return complain(reader, "a frame is fun:NAME, obj:FILE, src:FILE:LINE, or ...");
    }
    return added || no_memory();
}

/* From the line after the opening brace to the closing one. */
static bool read_braced(struct reader *reader) {
    lm_suppression *item = add(reader);
    if (item == NULL)
        return no_memory();
    if (!next(reader) || *reader->start == '}')
        return complain(reader, "a suppression begins with its name");
    item->name = strdup(reader->start);
    if (!next(reader) || strchr(reader->start, ':') == NULL)
        return complain(reader, "after the name comes a kind, like Loam:leak or Memcheck:Addr4");
    item->kind = strdup(reader->start);
    if (item->name == NULL || item->kind == NULL)
        return no_memory();
    while (next(reader)) {
        if (strcmp(reader->start, "}") == 0)
            return true;
        if (!read_frame(reader, item))
            return false;
    }
    return complain(reader, "the file ends before the suppression's }");
}

/* "leak:PATTERN": a line of LeakSanitizer's. */
static bool read_leak(struct reader *reader) {
    lm_suppression *item = add(reader);
    if (item == NULL)
        return no_memory();
    item->name = strdup(reader->start);
    item->kind = strdup("leak");
    if (item->name == NULL || item->kind == NULL ||
        !add_frame(item, LM_FRAME_FUNCTION, reader->start + strlen("leak:")))
        return no_memory();
    return true;
}

bool lm_suppressions_read(lm_suppressions *suppressions, const char *path) {
    struct reader reader = {.suppressions = suppressions, .path = path};
    reader.file = fopen(path, "re");
    if (reader.file == NULL) {
        lm_say("the suppressions in %s can't be read: %s", path, strerror(errno));
        return false;
    }
    bool right = true;
    while (right && next(&reader)) {
        if (strcmp(reader.start, "{") == 0)
            right = read_braced(&reader);
        else if (begins(reader.start, "leak:"))
            right = read_leak(&reader);
        else
            right = complain(&reader, "this is neither the { of a suppression nor leak:NAME");
    }
    if (right && ferror(reader.file)) {
        lm_say("the suppressions in %s can't be read: %s", path, strerror(errno));
        right = false;
    }
    free(reader.text);
    fclose(reader.file);
    return right;
}

void lm_suppressions_free(lm_suppressions *suppressions) {
    for (size_t i = 0; i < suppressions->count; i++) {
        lm_suppression *item = &suppressions->items[i];
        for (size_t j = 0; j < item->frame_count; j++)
            free(item->frames[j].text);
        free(item->frames);
        free(item->name);
        free(item->kind);
        free(item->extra);
    }
    free(suppressions->items);
    *suppressions = (lm_suppressions){0};
}
