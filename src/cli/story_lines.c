#include "cli/story_lines.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* A declaration is looked for as far up as a function is long, mostly. */
enum { DECLARED_WITHIN = 60 };

void lm_lines_at(const lm_story *story, const lm_place *place, int before,
                 char text[LM_LINE_SIZE]) {
    size_t length;
    text[0] = '\0';
    if (place == NULL || (int)place->line <= before)
        return;
    const char *line = lm_sources_line(story->sources, place->path,
                                       (unsigned)((int)place->line - before), &length);
    if (line == NULL)
        return;
    if (length >= LM_LINE_SIZE)
        length = LM_LINE_SIZE - 1;
    memcpy(text, line, length);
    text[length] = '\0';
}

const char *lm_lines_from_column(const char *line, const lm_place *place) {
    return place != NULL && place->column > 0 && place->column <= strlen(line)
               ? line + place->column - 1
               : line;
}

static bool name_character(char c) {
    return isalnum((unsigned char)c) || c == '_';
}

static bool take_name(const char *at, size_t length, char name[LM_NAME_SIZE]) {
    if (length == 0 || length >= LM_NAME_SIZE || isdigit((unsigned char)*at))
        return false;
    memcpy(name, at, length);
    name[length] = '\0';
    return true;
}

/* The name that ends before `end`. */
static bool name_before(const char *line, const char *end, char name[LM_NAME_SIZE]) {
    const char *at = end;
    while (at > line && name_character(at[-1]))
        at--;
    return take_name(at, (size_t)(end - at), name);
}

/* The name that begins at `at`. */
static bool name_at(const char *at, char name[LM_NAME_SIZE]) {
    size_t length = 0;
    while (name_character(at[length]))
        length++;
    return take_name(at, length, name);
}

/* The name as a whole word. */
static const char *find_word(const char *text, const char *name) {
    const size_t length = strlen(name);
    for (const char *at = strstr(text, name); at != NULL; at = strstr(at + 1, name))
        if ((at == text || !name_character(at[-1])) && !name_character(at[length]))
            return at;
    return NULL;
}

bool lm_lines_assigned(const char *line, const char *at, char name[LM_NAME_SIZE]) {
    while (at > line && *at != '=')
        at--;
    if (*at != '=')
        return false;
    while (at > line && (at[-1] == ' ' || at[-1] == '\t'))
        at--;
    return name_before(line, at, name);
}

bool lm_lines_sizeof(const char *text, const char *name) {
    const char *at = text + strlen("sizeof");
    at += strspn(at, " (");
    const size_t length = strlen(name);
    return strncmp(at, name, length) == 0 && !name_character(at[length]);
}

/* ---- Loops ------------------------------------------------------------------------------------ */

const char *lm_lines_condition(const char *line, const char **end) {
    const char *loop = find_word(line, "for");
    const char *start;
    if (loop != NULL) {
        start = strchr(loop, ';');
        *end = start == NULL ? NULL : strchr(start + 1, ';');
    } else {
        loop = find_word(line, "while");
        start = loop == NULL ? NULL : strchr(loop, '(');
        *end = start == NULL ? NULL : line + strlen(line);
    }
    return start == NULL || *end == NULL ? NULL : start + 1;
}

uint64_t lm_lines_bound(const char *condition, const char *end) {
    const char *at = memchr(condition, '<', (size_t)(end - condition));
    if (at == NULL)
        return 0;
    const bool included = at[1] == '=';
    at += included ? 2 : 1;
    at += strspn(at, " ");
    if (!isdigit((unsigned char)*at))
        return 0;
    char *behind;
    const uint64_t number = strtoull(at, &behind, 0);
    behind += strspn(behind, "uUlL");
    behind += strspn(behind, " )");
    return behind >= end ? number + (included ? 1 : 0) : 0;
}

bool lm_lines_counted_down(const char *line, char name[LM_NAME_SIZE]) {
    const char *at = strstr(line, "--");
    return at != NULL && (name_before(line, at, name) || name_at(at + 2, name));
}

/* ---- Pointers that were never set ------------------------------------------------------------- */

/* "*pi" or "pi->" or "pi[" at or behind the column. */
static bool pointer_used(const char *line, const lm_place *place, char name[LM_NAME_SIZE]) {
    const char *at = line + strspn(line, " \t");
    if (*at == '*')
        return name_at(at + 1, name);
    at = lm_lines_from_column(line, place);
    if (*at == '*' && name_at(at + 1, name))
        return true;
    if (*at == '[' || strncmp(at, "->", 2) == 0)
        return name_before(line, at, name);
    size_t length = 0;
    while (name_character(at[length]))
        length++;
    return (at[length] == '[' || strncmp(at + length, "->", 2) == 0) && name_at(at, name);
}

/* "int *pi;", "char *a, *pi;" */
static bool declares(const char *line, const char *word, const char *name) {
    if (*line != ' ' && *line != '\t')
        return false; /* a global variable, which others may set */
    const char *behind = word + strlen(name);
    behind += strspn(behind, " \t");
    const char *before = word;
    while (before > line && before[-1] == ' ')
        before--;
    if (before == line || before[-1] != '*' || (*behind != ';' && *behind != ','))
        return false;
    /* A type stands in front, and nothing that calculates. */
    while (before > line && (before[-1] == '*' || before[-1] == ' '))
        before--;
    return before > line && (name_character(before[-1]) || before[-1] == ',') &&
           strpbrk(line, "=(") == NULL;
}

unsigned lm_lines_never_set(const lm_story *story, const lm_place *place, char name[LM_NAME_SIZE]) {
    char line[LM_LINE_SIZE] = "";
    lm_lines_at(story, place, 0, line);
    if (place == NULL || !pointer_used(line, place, name))
        return 0;
    for (int before = 1; before <= DECLARED_WITHIN && before < (int)place->line; before++) {
        lm_lines_at(story, place, before, line);
        if (line[0] == '{' || line[0] == '}')
            return 0; /* what is above isn't this function's */
        const char *word = find_word(line, name);
        if (word != NULL)
            return declares(line, word, name) && find_word(word + 1, name) == NULL
                       ? place->line - (unsigned)before
                       : 0;
    }
    return 0;
}
