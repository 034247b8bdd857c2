#include "cli/script.h"

#include "cli/find.h"

#include <stdio.h>
#include <string.h>

/* The kernel reads this much of a file to find the line in it (BINPRM_BUF_SIZE). */
enum { LINE_MAX_BYTES = 256 };

/* What env would run, given its arguments; "" where that takes more than this to know. */
static void read_env(char *arguments, char command[PATH_MAX]) {
    char *rest = NULL;
    for (char *word = strtok_r(arguments, " \t", &rest); word != NULL;
         word = strtok_r(NULL, " \t", &rest)) {
        const bool transparent = strcmp(word, "-S") == 0 || strcmp(word, "-v") == 0 ||
                                 strcmp(word, "--split-string") == 0 || strchr(word, '=') != NULL;
        if (transparent)
            continue;
        if (word[0] != '-')
            snprintf(command, PATH_MAX, "%s", word);
        return;
    }
}

bool lm_script_read(const char *text, size_t size, lm_script *script) {
    memset(script, 0, sizeof *script);
    if (size < 2 || memcmp(text, "#!", 2) != 0)
        return false;

    char line[LINE_MAX_BYTES + 1] = "";
    const size_t length = size < LINE_MAX_BYTES ? size : LINE_MAX_BYTES;
    memcpy(line, text, length);
    line[strcspn(line, "\n")] = '\0';

    char *rest = NULL;
    const char *interpreter = strtok_r(line + 2, " \t", &rest);
    if (interpreter == NULL)
        return false;
    snprintf(script->interpreter, PATH_MAX, "%s", interpreter);
    if (strcmp(lm_base_name(interpreter), "env") == 0)
        read_env(rest, script->command);
    return true;
}
