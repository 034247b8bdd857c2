#include "cli/selftest.h"

#include "cli/find.h"
#include "cli/help.h"
#include "cli/say.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOT_CAUGHT = 1, REPORT_MAX = 16384 };

static const char settings[] = "LOAM_OPTIONS=harden=2:sample=100:guard_handler=1:on_error=abort";

static const struct mistake {
    const char *name;    /* behind --plant */
    const char *code;    /* of the report */
    const char *stack;   /* that the report must have beside that of the allocation */
    const char *meaning; /* what is said of it */
} mistakes[] = {
    {"use-after-free", "error[use-after-free]", "  freed by thread",
     "the stacks of allocation and free are known"},
    {"overflow", "error[heap-overflow]", "  accessed by thread",
     "the stacks of allocation and access are known"},
};
enum { MISTAKES = sizeof mistakes / sizeof mistakes[0] };

/* ---- In the process that makes the mistake -------------------------------------------------- */

/* Reads only, so that nothing but a guard can notice. */
static int plant(const char *name) {
    enum { TIMES = 20000, SIZE = 32 };
    void *(*volatile take)(size_t) = malloc;
    void (*volatile give)(void *) = free;
    for (int i = 0; i < TIMES; i++) {
        char *p = take(SIZE);
        volatile char *again = p;
        if (p == NULL)
            return LM_STATUS_FAILED;
        if (strcmp(name, "overflow") == 0)
            (void)again[SIZE];
        give(p);
        if (strcmp(name, "use-after-free") == 0)
            (void)again[0];
    }
    return 0;
}

/* ---- In the one that looks on --------------------------------------------------------------- */

static _Noreturn void become(const struct mistake *mistake, const char *library, int report) {
    char preload[PATH_MAX + sizeof "LD_PRELOAD="];
    char options[sizeof settings];
    char name[] = "loam", command[] = "selftest", option[] = "--plant", kind[64];
    const struct rlimit no_core = {0, 0};
    snprintf(preload, sizeof preload, "LD_PRELOAD=%s", library);
    snprintf(kind, sizeof kind, "%s", mistake->name);
    memcpy(options, settings, sizeof settings);
    char *arguments[] = {name, command, option, kind, NULL};
    char *environment[] = {preload, options, NULL};
    setrlimit(RLIMIT_CORE, &no_core);
    dup2(report, STDERR_FILENO);
    execve("/proc/self/exe", arguments, environment);
    _exit(LM_STATUS_FAILED);
}

/* What the process says until it ends, and how it ended; false when there can be none. */
static bool watch(const struct mistake *mistake, const char *library, char report[REPORT_MAX],
                  int *status) {
    int ends[2];
    size_t length = 0;
    if (pipe(ends) != 0)
        return false;
    const pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        become(mistake, library, ends[1]);
    }
    close(ends[1]);
    for (ssize_t got = 1; got > 0 && length < REPORT_MAX - 1; length += (size_t)(got > 0 ? got : 0))
        got = read(ends[0], report + length, REPORT_MAX - 1 - length);
    report[length] = '\0';
    close(ends[0]);
    return child > 0 && waitpid(child, status, 0) == child;
}

static bool is_caught(const struct mistake *mistake, const char *library) {
    char report[REPORT_MAX];
    int status = 0;
    if (!watch(mistake, library, report, &status)) {
        lm_say("no process can be made: %s", strerror(errno));
        return false;
    }
    const bool told = strstr(report, mistake->code) != NULL && strstr(report, "  exact") != NULL;
    const bool stacks =
        strstr(report, "  allocated by thread") != NULL && strstr(report, mistake->stack) != NULL;
    if (WIFSIGNALED(status) && told && stacks) {
        printf("%s: caught at the access by a sampled guard; %s\n", mistake->name,
               mistake->meaning);
        return true;
    }
    if (!WIFSIGNALED(status))
        lm_say("%s: not caught: the process went on to its end, with status %d", mistake->name,
               WEXITSTATUS(status));
    else if (!told)
        lm_say("%s: not told: the process was ended by signal %d without the right report",
               mistake->name, WTERMSIG(status));
    else
        lm_say("%s: caught, but not all call stacks are known", mistake->name);
    if (report[0] != '\0')
        fprintf(stderr, "%s", report);
    return false;
}

int lm_selftest(int argc, char **argv) {
    char library[PATH_MAX];
    if (argc == 2 && strcmp(argv[0], "--plant") == 0)
        return plant(argv[1]);
    if (argc == 1 && strcmp(argv[0], "--help") == 0) {
        lm_help_selftest(stdout);
        return 0;
    }
    if (argc != 0) {
        lm_say("loam selftest takes no arguments");
        return LM_STATUS_WRONG_USE;
    }
    if (!lm_find_library("libloam.so", "LOAM_LIBRARY", library))
        return LM_STATUS_FAILED;
    bool all = true;
    for (int i = 0; i < MISTAKES; i++)
        all = is_caught(&mistakes[i], library) && all;
    return all ? 0 : NOT_CAUGHT;
}
