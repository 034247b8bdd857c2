#include "cli/run.h"

#include "cli/child.h"
#include "cli/environment.h"
#include "cli/find.h"
#include "cli/help.h"
#include "cli/obstacle.h"
#include "cli/records.h"
#include "cli/run_arguments.h"
#include "cli/say.h"
#include "cli/say_start.h"
#include "cli/stats_view.h"
#include "cli/workdir.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* One run, from the command line to the exit status. */
struct run {
    lm_run_arguments arguments;
    char path[PATH_MAX];    /* the program's file */
    char library[PATH_MAX]; /* libloam.so */
    FILE *json;             /* where statistics go as JSON; NULL for none */
    lm_workdir workdir;
    lm_child child;
    char version[32];   /* of the library that took effect; "" if none did */
    lm_records records; /* what the processes left */
};

static const char *name_of(const struct run *run) {
    return run->arguments.program[0];
}

static bool wants_records(const struct run *run) {
    return run->arguments.stats || run->json != NULL;
}

/* ---- Before --------------------------------------------------------------------------------- */

/* Finds out whether the program can run on Loam. Returns 0 or the exit status, after having said
 * why. */
static int look_ahead(struct run *run) {
    const int error = lm_find_program(name_of(run), run->path);
    if (error != 0)
        return lm_say_not_found(name_of(run), error);
    if (!lm_find_library("libloam.so", "LOAM_LIBRARY", run->library))
        return LM_STATUS_FAILED;
    lm_obstacle obstacle;
    if (lm_obstacle_find(run->path, name_of(run), run->library, &obstacle)) {
        lm_say("%s", obstacle.sentence);
        return obstacle.status;
    }
    return 0;
}

static bool open_json(struct run *run) {
    if (run->arguments.json == NULL)
        return true;
    run->json = lm_open_apart(run->arguments.json);
    if (run->json == NULL)
        lm_say("%s can't be written: %s", run->arguments.json, strerror(errno));
    return run->json != NULL;
}

static bool set_environment(const struct run *run) {
    return lm_environment_preload(run->library, &run->workdir) &&
           (run->arguments.options == NULL ||
            lm_environment_option(run->arguments.options, NULL)) &&
           lm_environment_option("loaded_file", run->workdir.loaded) &&
           (!wants_records(run) || lm_environment_option("stats_file", run->workdir.stats));
}

/* ---- Afterwards ----------------------------------------------------------------------------- */

/* Looks for the line that the library wrote when it started in the program's process. */
static void read_version(struct run *run) {
    FILE *file = fopen(run->workdir.loaded, "re");
    if (file == NULL)
        return;
    char line[64];
    while (fgets(line, sizeof line, file) != NULL) {
        char *rest;
        if (strtol(line, &rest, 10) == (long)run->child.pid && *rest == ' ')
            snprintf(run->version, sizeof run->version, "%.*s", (int)strcspn(rest + 1, "\n"),
                     rest + 1);
    }
    fclose(file);
}

static void copy_json(struct run *run) {
    FILE *file = fopen(run->workdir.stats, "re");
    char buffer[4096];
    size_t length;
    while (file != NULL && (length = fread(buffer, 1, sizeof buffer, file)) > 0)
        fwrite(buffer, 1, length, run->json);
    if (file != NULL)
        fclose(file);
    const bool failed = ferror(run->json) != 0;
    if (fclose(run->json) != 0 || failed)
        lm_say("%s could not be written completely", run->arguments.json);
    run->json = NULL;
}

/* Takes what the processes left out of the work folder. */
static void collect(struct run *run) {
    read_version(run);
    if (wants_records(run) && !lm_records_read(run->workdir.stats, &run->records))
        lm_say("not all statistics could be read: %s", strerror(ENOMEM));
    if (run->json != NULL)
        copy_json(run);
}

static void say_no_record(const struct run *run) {
    const int status = run->child.status;
    if (WIFSIGNALED(status))
        lm_say("%s left no statistics: it was killed by signal %d (%s)", name_of(run),
               WTERMSIG(status), strsignal(WTERMSIG(status)));
    else
        lm_say("%s left no statistics: it ended without running its exit handlers", name_of(run));
}

static void show_stats(const struct run *run) {
    const lm_record *record = lm_records_of(&run->records, run->child.pid);
    /* Apart from what the program said last. */
    fputc('\n', stderr);
    if (record != NULL)
        lm_stats_view_one(stderr, record, run->version);
    else
        say_no_record(run);
    lm_stats_view_others(stderr, &run->records, record);
    if (run->records.damaged > 0)
        lm_say("%zu lines of statistics could not be read", run->records.damaged);
}

/* Says what is to be said after the program's end. Returns the exit status. */
static int conclude(const struct run *run) {
    if (run->child.start_error != 0)
        return lm_say_start_error(name_of(run), &run->child);
    const bool effect = run->version[0] != '\0';
    if (!effect)
        lm_say("%s ran without Loam: %s took no effect in it", name_of(run), run->library);
    else if (run->arguments.stats)
        show_stats(run);
    if (WIFSIGNALED(run->child.status))
        return 128 + WTERMSIG(run->child.status);
    /* What a test or a measurement concludes from this run would be wrong: it must not look like
     * one. */
    return effect ? WEXITSTATUS(run->child.status) : LM_STATUS_FAILED;
}

/* ---- The whole ------------------------------------------------------------------------------ */

/* From the work folder's making to its removal no signal may end this process. */
static int run_in_workdir(struct run *run) {
    lm_signals_hold();
    if (!lm_workdir_make(&run->workdir)) {
        lm_signals_release();
        return LM_STATUS_FAILED;
    }
    const bool ready = set_environment(run);
    if (ready) {
        lm_child_run(run->path, run->arguments.program, NULL, &run->child);
        collect(run);
    }
    lm_workdir_remove(&run->workdir);
    lm_signals_release();
    return ready ? conclude(run) : LM_STATUS_FAILED;
}

int lm_run(int argc, char **argv) {
    struct run run = {0};
    if (!lm_run_arguments_read(argc, argv, &run.arguments)) {
        free(run.arguments.options);
        return LM_STATUS_WRONG_USE;
    }
    int status = 0;
    if (run.arguments.help)
        lm_help_run(stdout);
    else if ((status = look_ahead(&run)) == 0)
        status = open_json(&run) ? run_in_workdir(&run) : LM_STATUS_FAILED;
    lm_records_free(&run.records);
    free(run.arguments.options);
    return status;
}
