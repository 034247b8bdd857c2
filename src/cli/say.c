#include "cli/say.h"

#include <stdarg.h>
#include <string.h>

void lm_say(const char *format, ...) {
    /* One write for the whole line: the program's own output may come at the same time. */
    char line[8192];
    va_list args;
    va_start(args, format);
    const int length = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (length >= 0)
        fprintf(stderr, "loam: %s\n", line);
}

void lm_print_wrapped(FILE *out, const char *text, int indent, int width) {
    int column = 0;
    while (*text != '\0') {
        const int length = (int)strcspn(text, " ");
        if (column > 0 && column + 1 + length > width) {
            fputc('\n', out);
            column = 0;
        }
        if (column == 0)
            column = fprintf(out, "%*s%.*s", indent, "", length, text);
        else
            column += fprintf(out, " %.*s", length, text);
        text += length;
        text += strspn(text, " ");
    }
    if (column > 0)
        fputc('\n', out);
}
