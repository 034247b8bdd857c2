#include "cli/check.h"

#include "cli/check_arguments.h"
#include "cli/check_output.h"
#include "cli/environment.h"
#include "cli/find.h"
#include "cli/help.h"
#include "cli/obstacle.h"
#include "cli/say.h"
#include "cli/say_start.h"
#include "cli/workdir.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* One run, from the command line to the exit status. */
struct check {
    lm_check_arguments arguments;
    char path[PATH_MAX];    /* the program's file */
    char library[PATH_MAX]; /* libloam-check.so */
    lm_workdir workdir;
    lm_child child;
    lm_session session;
};

static const char *name_of(const struct check *check) {
    return check->arguments.program[0];
}

/* ---- Before --------------------------------------------------------------------------------- */

/* Finds out whether the program can be checked. Returns 0 or the exit status, after having said why. */
static int look_ahead(struct check *check) {
    const int error = lm_find_program(name_of(check), check->path);
    if (error != 0)
        return lm_say_not_found(name_of(check), error);
    if (!lm_find_library("libloam-check.so", "LOAM_CHECK_LIBRARY", check->library))
        return LM_STATUS_FAILED;
    lm_obstacle obstacle;
    if (lm_obstacle_find(check->path, name_of(check), check->library, &obstacle)) {
        lm_say("%s", obstacle.sentence);
        return obstacle.status;
    }
    return 0;
}

static bool set_environment(const struct check *check) {
    return lm_environment_preload(check->library, &check->workdir) &&
           (check->arguments.children || lm_environment_option("children", "0")) &&
           (check->arguments.options == NULL ||
            lm_environment_option(check->arguments.options, NULL)) &&
           lm_environment_option("check_to", check->workdir.check);
}

/* ---- The end ---------------------------------------------------------------------------------- */

/* The status for what was found; `own` when that is nothing. */
static int status_of(const struct check *check, int own) {
    size_t mistakes;
    size_t leaks;
    lm_session_count(&check->session, &mistakes, &leaks);
    if (mistakes + leaks == 0 || check->arguments.error_exitcode == 0)
        return own;
    if (check->arguments.error_exitcode > 0)
        return check->arguments.error_exitcode;
    return mistakes > 0 ? LM_STATUS_MISTAKES : LM_STATUS_LEAKS;
}

static void note_killed(struct check *check, int signal) {
    if (lm_session_explains(&check->session, signal))
        return;
    if (check->session.with_document)
        lm_session_note(&check->session, check->session.main, "%s was killed by signal %d (%s)",
                        name_of(check), signal, strsignal(signal));
    else
        fprintf(check->session.out, "loam: %s was killed by signal %d (%s)\n", name_of(check),
                signal, strsignal(signal));
}

/* Without its last line a process was killed, or went on as another program. */
static void note_unwatched(struct check *check) {
    const lm_wire_program *program = lm_session_program(&check->session);
    if (check->arguments.children || program == NULL || program->ended)
        return;
    lm_session_note(&check->session, check->session.main,
                    "%s didn't come to its end itself: it executed another program, which is "
                    "checked with --children only",
                    name_of(check));
}

static void note_running(struct check *check) {
    const size_t running = lm_session_running(&check->session);
    if (running == 0)
        return;
    lm_session_note(&check->session, check->session.main,
                    "%zu process%s of it still run%s; what %s from now on isn't seen", running,
                    running == 1 ? "" : "es", running == 1 ? "s" : "",
                    running == 1 ? "it does" : "they do");
}

static int conclude(struct check *check) {
    lm_session *session = &check->session;
    if (check->child.start_error != 0)
        return lm_say_start_error(name_of(check), &check->child);
    const int status = check->child.status;
    const bool killed = WIFSIGNALED(status);
    if (!lm_session_heard_of(session, check->child.pid)) {
        lm_say("%s ran unchecked: %s took no effect in it", name_of(check), check->library);
        return killed ? 128 + WTERMSIG(status) : LM_STATUS_FAILED;
    }
    session->ending = (lm_ending){
        .known = true, .killed = killed, .status = killed ? WTERMSIG(status) : WEXITSTATUS(status)};
    if (killed)
        note_killed(check, WTERMSIG(status));
    else
        note_unwatched(check);
    note_running(check);
    session->quiet = session->quiet || killed;
    lm_check_conclude(&check->session, &check->arguments);
    return status_of(check, killed ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

/* ---- The whole ------------------------------------------------------------------------------ */

static void look(void *context) {
    struct check *check = context;
    check->session.main = check->child.pid;
    lm_session_read_folder(&check->session, check->workdir.check);
}

/* From the work folder's making to its removal no signal may end this process. */
static int run_in_workdir(struct check *check) {
    lm_signals_hold();
    if (!lm_workdir_make(&check->workdir)) {
        lm_signals_release();
        return LM_STATUS_FAILED;
    }
    const bool ready = lm_workdir_make_check(&check->workdir) && set_environment(check);
    if (ready) {
        const lm_child_watch watch = {look, check};
        lm_child_run(check->path, check->arguments.program, &watch, &check->child);
        look(check);
    }
    lm_workdir_remove(&check->workdir);
    lm_signals_release();
    return ready ? conclude(check) : LM_STATUS_FAILED;
}

/* Tells what was recorded before. */
static int read_recorded(struct check *check) {
    const char *path = check->arguments.read;
    struct stat status;
    check->session.children = true;
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
        lm_session_read_folder(&check->session, path);
    } else if (!lm_session_read(&check->session, path)) {
        lm_say("%s can't be read: %s", path, strerror(errno));
        return LM_STATUS_FAILED;
    }
    lm_check_conclude(&check->session, &check->arguments);
    return status_of(check, 0);
}

/* Once the program's file is known to be good. */
static int begin(struct check *check) {
    int status = check->arguments.read == NULL ? look_ahead(check) : 0;
    if (status != 0)
        return status;
    status = lm_check_open(&check->session, &check->arguments);
    if (status != 0)
        return status;
    return check->arguments.read == NULL ? run_in_workdir(check) : read_recorded(check);
}

int lm_check(int argc, char **argv) {
    struct check check = {0};
    int status = LM_STATUS_WRONG_USE;
    if (lm_check_arguments_read(argc, argv, &check.arguments)) {
        status = 0;
        if (check.arguments.help)
            lm_help_check(stdout);
        else
            status = begin(&check);
        lm_check_close(&check.session, &check.arguments);
    }
    lm_check_arguments_free(&check.arguments);
    return status;
}
