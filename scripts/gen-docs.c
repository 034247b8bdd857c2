/* Writes the parts of the documentation that come from src/conf/options.def, to standard output:
 *
 *   gen-docs markdown   docs/options.md, whole
 *   gen-docs list       for a manual page: a line for each option
 *   gen-docs full       for a manual page: all that is known about each option
 *
 * scripts/gen-docs compiles and runs it. */
#include "base/text.h"
#include "conf/options.h"

#include <stdio.h>
#include <string.h>

static const char *syntax_of(const lm_option *option) {
    static char buffer[128];
    lm_text text;
    lm_text_init(&text, buffer, sizeof buffer);
    lm_options_syntax(&text, option);
    return buffer;
}

static const char *initial_of(const lm_option *option) {
    static char buffer[64];
    lm_text text;
    lm_text_init(&text, buffer, sizeof buffer);
    lm_options_initial(&text, option);
    return buffer;
}

/* ---- Markdown ------------------------------------------------------------------------- */

/* Prints a text in which the characters that Markdown gives a meaning to are only themselves.
 * `special` are those of the place: '|' ends a table's cell. */
static void print_markdown(const char *text, const char *special) {
    for (; *text != '\0'; text++) {
        if (strchr(special, *text) != NULL)
            putchar('\\');
        putchar(*text);
    }
}

static void print_markdown_row(const lm_option *option) {
    printf("| [`%s`](#%s) | `", option->key, option->key);
    print_markdown(syntax_of(option), "|");
    printf("` | %s | ", initial_of(option));
    print_markdown(option->help, "|*_<");
    puts(" |");
}

static void print_markdown_section(const lm_option *option) {
    printf("\n## %s\n\n`%s=%s`, default: %s. ", option->key, option->key, syntax_of(option),
           initial_of(option));
    printf("%s\n\n", option->anywhere ? "Also in setuid programs." : "Not in setuid programs.");
    print_markdown(option->description, "*_<");
    putchar('\n');
    for (const lm_option_value *value = option->values; value && value->name; value++) {
        printf("%s- `%s`: ", value == option->values ? "\n" : "", value->name);
        print_markdown(value->meaning, "*_<");
        putchar('\n');
    }
}

static void print_markdown_page(void) {
    puts("<!-- Written by scripts/gen-docs from src/conf/options.def: change that file. -->\n"
         "# Options\n"
         "\n"
         "Loam reads its options once, at the program's first allocation. An option is "
         "`key=value`; several "
         "are\n"
         "separated by colons. They come from three places, and of a key that is named twice the "
         "last "
         "counts:\n"
         "\n"
         "1. the program itself, if it defines `const char loam_default_options[] = "
         "\"key=value:...\";`\n"
         "2. the environment variable `LOAM_OPTIONS`\n"
         "3. `loam run --options key=value:... PROGRAM`, which adds to that variable\n"
         "\n"
         "`BYTES` is a number, alone or followed by K, M, G or T (powers of 1024). A value with a "
         "colon in it\n"
         "stands in single quotes, and a single quote in it is written twice: "
         "`stats_file='/tmp/a:b'`.\n"
         "\n"
         "A key or a value that Loam doesn't know is named on standard error, with the key that "
         "was probably\n"
         "meant; it changes nothing. In a setuid program, only the options marked so are read from "
         "the\n"
         "environment, and nothing is said about the others.\n"
         "\n"
         "| key | values | default | what it sets |\n"
         "|---|---|---|---|");
    for (const lm_option *option = lm_options_table; option->key != NULL; option++)
        print_markdown_row(option);
    for (const lm_option *option = lm_options_table; option->key != NULL; option++)
        print_markdown_section(option);
}

/* ---- Manual pages --------------------------------------------------------------------- */

/* Prints a text for roff: a '-' that is one in the output too, and no line that starts with a
 * request. */
static void print_roff(const char *text) {
    if (*text == '.' || *text == '\'')
        fputs("\\&", stdout);
    for (; *text != '\0'; text++) {
        if (*text == '\\')
            fputs("\\e", stdout);
        else if (*text == '-')
            fputs("\\-", stdout);
        else
            putchar(*text);
    }
}

static void print_roff_head(const lm_option *option) {
    printf(".TP\n.BI %s= \"", option->key);
    print_roff(syntax_of(option));
    puts("\"");
    print_roff(option->help);
    printf(" (default: %s)\n", initial_of(option));
}

static void print_roff_option(const lm_option *option) {
    print_roff_head(option);
    puts(".IP");
    print_roff(option->description);
    puts(option->anywhere ? "" : "\nIgnored in setuid programs.");
    if (option->values == NULL)
        return;
    puts(".RS");
    for (const lm_option_value *value = option->values; value->name != NULL; value++) {
        printf(".TP 10\n.B %s\n", value->name);
        print_roff(value->meaning);
        putchar('\n');
    }
    puts(".RE");
}

static void print_roff_options(void (*print)(const lm_option *option)) {
    for (const lm_option *option = lm_options_table; option->key != NULL; option++)
        print(option);
}

int main(int argc, char **argv) {
    const char *part = argc == 2 ? argv[1] : "";
    if (strcmp(part, "markdown") == 0)
        print_markdown_page();
    else if (strcmp(part, "list") == 0)
        print_roff_options(print_roff_head);
    else if (strcmp(part, "full") == 0)
        print_roff_options(print_roff_option);
    else
        return 2;
    return ferror(stdout) || fflush(stdout) != 0;
}
