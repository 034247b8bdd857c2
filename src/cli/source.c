#include "cli/source.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What is larger is no source that a person reads. */
enum { FILE_SIZE_MAX = 64 << 20 };

struct file {
    struct file *next;
    char *path;
    char *text; /* NULL: can't be read */
    size_t size;
    const char **lines; /* where each begins, and one more at the end */
    size_t count;
};

struct lm_sources {
    struct file *files;
};

lm_sources *lm_sources_new(void) {
    return calloc(1, sizeof(lm_sources));
}

void lm_sources_free(lm_sources *sources) {
    while (sources != NULL && sources->files != NULL) {
        struct file *file = sources->files;
        sources->files = file->next;
        free(file->lines);
        free(file->text);
        free(file->path);
        free(file);
    }
    free(sources);
}

static void read_text(struct file *file) {
    const int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat status;
    if (fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
        status.st_size <= FILE_SIZE_MAX)
        file->text = malloc((size_t)status.st_size + 1);
    ssize_t length;
    while (file->text != NULL && file->size < (size_t)status.st_size &&
           (length = read(fd, file->text + file->size, (size_t)status.st_size - file->size)) > 0)
        file->size += (size_t)length;
    if (fd >= 0)
        close(fd);
}

static void find_lines(struct file *file) {
    size_t count = 1;
    for (size_t i = 0; i < file->size; i++)
        count += file->text[i] == '\n';
    file->lines = calloc(count + 1, sizeof *file->lines);
    if (file->lines == NULL)
        return;
    file->lines[file->count++] = file->text;
    for (size_t i = 0; i < file->size; i++)
        if (file->text[i] == '\n')
            file->lines[file->count++] = file->text + i + 1;
    file->lines[file->count] = file->text + file->size + 1;
}

static struct file *file_of(lm_sources *sources, const char *path) {
    for (struct file *file = sources->files; file != NULL; file = file->next)
        if (strcmp(file->path, path) == 0)
            return file;
    struct file *file = calloc(1, sizeof *file);
    if (file == NULL || (file->path = strdup(path)) == NULL) {
        free(file);
        return NULL;
    }
    read_text(file);
    if (file->text != NULL)
        find_lines(file);
    file->next = sources->files;
    sources->files = file;
    return file;
}

const char *lm_sources_line(lm_sources *sources, const char *path, unsigned line, size_t *length) {
    const struct file *file = path == NULL || line == 0 ? NULL : file_of(sources, path);
    if (file == NULL || line > file->count)
        return NULL;
    const char *start = file->lines[line - 1];
    *length = (size_t)(file->lines[line] - start - 1);
    if (*length > 0 && start[*length - 1] == '\r')
        --*length;
    return start;
}

/* ---- What a column points at ------------------------------------------------------------------ */

static bool in_name(char character) {
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
           (character >= '0' && character <= '9') || character == '_' ||
           (unsigned char)character >= 0x80;
}

/* Behind the bracket that closes the one at `at`; strings and characters don't count. The line's end when it
 * isn't closed. */
static size_t close_bracket(const char *line, size_t length, size_t at) {
    int depth = 0;
    char quote = '\0';
    for (size_t i = at; i < length; i++) {
        const char c = line[i];
        if (quote != '\0') {
            if (c == '\\')
                i++;
            else if (c == quote)
                quote = '\0';
        } else if (c == '"' || c == '\'') {
            quote = c;
        } else if (c == '(' || c == '[') {
            depth++;
        } else if ((c == ')' || c == ']') && --depth == 0) {
            return i + 1;
        }
    }
    return length;
}

/* The bracket that opens what is closed at `at`. */
static size_t open_bracket(const char *line, size_t at) {
    int depth = 0;
    for (size_t i = at + 1; i > 0; i--) {
        const char c = line[i - 1];
        if (c == ')' || c == ']')
            depth++;
        else if ((c == '(' || c == '[') && --depth == 0)
            return i - 1;
    }
    return at;
}

/* Where the operand that ends before `end` begins: names, members, elements, calls. */
static size_t operand_start(const char *line, size_t end) {
    size_t at = end;
    while (at > 0 && line[at - 1] == ' ')
        at--;
    while (at > 0) {
        const char c = line[at - 1];
        if (c == ')' || c == ']')
            at = open_bracket(line, at - 1);
        else if (in_name(c) || c == '.')
            at--;
        else if (at > 1 &&
                 (strncmp(line + at - 2, "->", 2) == 0 || strncmp(line + at - 2, "::", 2) == 0))
            at -= 2;
        else
            break;
    }
    while (at > 0 && (line[at - 1] == '*' || line[at - 1] == '&'))
        at--;
    return at;
}

/* Where the operand that begins at `start` ends, with what is called or indexed. */
static size_t operand_end(const char *line, size_t length, size_t start) {
    size_t at = start;
    while (at < length && (line[at] == '*' || line[at] == '&' || line[at] == '!'))
        at++;
    while (at < length) {
        if (in_name(line[at]) || line[at] == '.')
            at++;
        else if (line[at] == '(' || line[at] == '[')
            at = close_bracket(line, length, at);
        else if (at + 1 < length &&
                 (strncmp(line + at, "->", 2) == 0 || strncmp(line + at, "::", 2) == 0))
            at += 2;
        else
            break;
    }
    return at;
}

/* The end of the expression behind an assignment: before the ';', ',' or bracket that ends it. */
static size_t expression_end(const char *line, size_t length, size_t at) {
    char quote = '\0';
    for (; at < length; at++) {
        const char c = line[at];
        if (quote != '\0') {
            if (c == '\\')
                at++;
            else if (c == quote)
                quote = '\0';
        } else if (c == '"' || c == '\'') {
            quote = c;
        } else if (c == '(' || c == '[') {
            at = close_bracket(line, length, at) - 1;
        } else if (strchr(";,)]}", c) != NULL) {
            break;
        }
    }
    return at < length ? at : length;
}

static bool is_assignment(const char *line, size_t length, size_t at) {
    if (line[at] == '=')
        return at + 1 == length || line[at + 1] != '=';
    return at + 1 < length && strchr("+-*/%&|^", line[at]) != NULL && line[at + 1] == '=';
}

static void whole_statement(const char *line, size_t length, size_t *start, size_t *end) {
    *start = 0;
    while (*start < length && strchr(" \t{}", line[*start]) != NULL)
        ++*start;
    *end = length;
    for (size_t i = *start; i + 1 < length; i++) {
        if (line[i] == '/' && (line[i + 1] == '/' || line[i + 1] == '*')) {
            *end = i;
            break;
        }
    }
    /* A brace that the statement opens is its own. */
    const char *others = memchr(line + *start, '{', *end - *start) == NULL ? " \t;}" : " \t;{";
    while (*end > *start && strchr(others, line[*end - 1]) != NULL)
        --*end;
}

static bool word_before(const char *line, size_t at, const char *word) {
    const size_t length = strlen(word);
    return at >= length && strncmp(line + at - length, word, length) == 0 &&
           (at == length || !in_name(line[at - length - 1]));
}

/* `new` and `delete` belong to what stands behind them. */
static void take_operator(const char *line, size_t length, size_t *start, size_t *end) {
    static const char *const words[] = {"new ", "delete ", "delete[] "};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        const size_t size = strlen(words[i]);
        if (word_before(line, *start, words[i])) {
            *start -= size;
            return;
        }
        /* The mark is on the word itself. */
        if (*start + size <= length && strncmp(line + *start, words[i], size) == 0) {
            const size_t behind = operand_end(line, length, *start + size);
            *end = behind > *end ? behind : *end;
            return;
        }
    }
}

/* Ends and literals: the work is that of the statement around them. A function's last brace stands for itself. */
static bool says_nothing(const char *line, size_t at) {
    return strchr("};\"'", line[at]) != NULL && at > strspn(line, " \t");
}

void lm_source_extent(const char *line, size_t length, unsigned column, size_t *start,
                      size_t *end) {
    const size_t at = column - 1;
    if (column == 0 || column > length || says_nothing(line, at)) {
        whole_statement(line, length, start, end);
        return;
    }
    *start = at;
    if (is_assignment(line, length, at)) {
        *start = operand_start(line, at);
        *end = expression_end(line, length, at);
    } else if (line[at] == '[' || line[at] == '(') {
        *start = operand_start(line, at);
        *end = close_bracket(line, length, at);
    } else if (line[at] == ')' || line[at] == ']') {
        *start = operand_start(line, at + 1);
        *end = at + 1;
    } else if (line[at] == '.' || (line[at] == '-' && at + 1 < length && line[at + 1] == '>')) {
        *start = operand_start(line, at);
        *end = operand_end(line, length, at);
    } else {
        *end = operand_end(line, length, at);
    }
    take_operator(line, length, start, end);
    if (*end <= *start)
        *end = *start + 1;
    while (*end > *start + 1 && (line[*end - 1] == ' ' || line[*end - 1] == '\t'))
        --*end;
}
