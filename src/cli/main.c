/* The command `loam`: one file for each of its commands; this one only chooses. */
#include "cli/check.h"
#include "cli/core.h"
#include "cli/explain.h"
#include "cli/help.h"
#include "cli/leaks.h"
#include "cli/run.h"
#include "cli/say.h"
#include "cli/selftest.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* A help text that didn't arrive isn't success. */
static int finish_output(void) {
    if (fflush(stdout) == 0 && !ferror(stdout))
        return 0;
    lm_say("standard output can't be written");
    return LM_STATUS_FAILED;
}

static int show_help(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*show)(FILE *out);
    } topics[] = {{"run", lm_help_run},     {"check", lm_help_check},
                  {"leaks", lm_help_leaks}, {"selftest", lm_help_selftest},
                  {"core", lm_help_core},   {"options", lm_help_options}};

    if (argc == 0) {
        lm_help_commands(stdout);
        return finish_output();
    }
    for (size_t i = 0; i < sizeof topics / sizeof topics[0]; i++) {
        if (strcmp(argv[0], topics[i].name) == 0) {
            topics[i].show(stdout);
            return finish_output();
        }
    }
    lm_say("there is no help on %s; the topics are run, check, leaks, selftest, core and options",
           argv[0]);
    return LM_STATUS_WRONG_USE;
}

int main(int argc, char **argv) {
    if (argc < 2) {
        lm_help_commands(stderr);
        return LM_STATUS_WRONG_USE;
    }
    const char *command = argv[1];
    if (strcmp(command, "run") == 0)
        return lm_run(argc - 2, argv + 2);
    if (strcmp(command, "check") == 0)
        return lm_check(argc - 2, argv + 2);
    if (strcmp(command, "leaks") == 0)
        return lm_leaks(argc - 2, argv + 2);
    if (strcmp(command, "explain") == 0)
        return lm_explain(argc - 2, argv + 2);
    if (strcmp(command, "selftest") == 0)
        return lm_selftest(argc - 2, argv + 2);
    if (strcmp(command, "core") == 0)
        return lm_core(argc - 2, argv + 2);
    if (strcmp(command, "help") == 0)
        return show_help(argc - 2, argv + 2);
    if (strcmp(command, "--help") == 0 || strcmp(command, "-h") == 0)
        return show_help(0, NULL);
    if (strcmp(command, "--version") == 0) {
        puts("loam " LM_VERSION);
        return finish_output();
    }
    lm_say("there is no command %s; loam help lists them", command);
    return LM_STATUS_WRONG_USE;
}
