#include "cli/explain.h"

#include "cli/check_log.h"
#include "cli/say.h"

#include <stdio.h>
#include <string.h>

/* The six rules of dynamic memory; a code names the one that it breaks. */
static const char *const rules[] = {
    NULL,
    "check what malloc returns",
    "match every allocation with one free",
    "never use a pointer that is uninitialised or freed",
    "size with sizeof",
    "stay inside the block",
    "set a pointer to NULL after free",
};

int lm_explain_rule(lm_code code) {
#define LM_RULE(enumerator, name, rule) [enumerator] = (rule),
    static const int numbers[] = {LM_CODES(LM_RULE)};
#undef LM_RULE
    return numbers[code];
}

const char *lm_explain_rule_text(lm_code code) {
    return rules[lm_explain_rule(code)];
}

/* A page without its markup: headings end in a colon, and programs stand further right. */
static void print_page(const char *page) {
    bool program = false;
    bool title = true;
    for (const char *line = page; *line != '\0';) {
        const int length = (int)strcspn(line, "\n");
        if (strncmp(line, "```", 3) == 0)
            program = !program;
        else if (!program && strncmp(line, "# ", 2) == 0 && title)
            printf("%.*s\n", length - 2, line + 2);
        else if (!program && strncmp(line, "## ", 3) == 0)
            printf("%.*s:\n", length - 3, line + 3);
        else
            printf("%s%.*s\n", program && length > 0 ? "    " : "", length, line);
        title = false;
        line += length + (line[length] == '\n');
    }
}

static void print_codes(void) {
    puts("usage: loam explain CODE\n\nThe codes, by the rule of dynamic memory that they break:");
    for (int rule = 1; rule < (int)(sizeof rules / sizeof rules[0]); rule++) {
        printf("\n%d. %s\n", rule, rules[rule]);
        for (int code = 0; code < LM_CODES_COUNT; code++)
            if (lm_explain_rule((lm_code)code) == rule)
                printf("     %s\n", lm_code_name((lm_code)code));
    }
}

int lm_explain(int argc, char **argv) {
    if (argc > 1) {
        lm_say("explain takes one code");
        return LM_STATUS_WRONG_USE;
    }
    if (argc == 0 || strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0) {
        print_codes();
    } else {
        const lm_code code = lm_code_of(argv[0]);
        if (code == LM_CODES_COUNT) {
            lm_say("there is no code %s; loam explain lists them", argv[0]);
            return LM_STATUS_WRONG_USE;
        }
        print_page(lm_pages[code]);
    }
    if (fflush(stdout) == 0 && !ferror(stdout))
        return 0;
    lm_say("standard output can't be written");
    return LM_STATUS_FAILED;
}
