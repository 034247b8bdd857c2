#include "cli/check.h"

#include "cli/check_arguments.h"
#include "cli/check_session.h"
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
           (check->arguments.options == NULL ||
            lm_environment_option(check->arguments.options, NULL)) &&
           lm_environment_option("check_to", check->workdir.check);
}

static bool wants_colour(const struct check *check, FILE *out) {
    if (check->arguments.colour != LM_WHEN_AUTO)
        return check->arguments.colour == LM_WHEN_ALWAYS;
    const char *none = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");
    return (none == NULL || *none == '\0') && (terminal == NULL || strcmp(terminal, "dumb") != 0) &&
           isatty(fileno(out)) == 1;
}

static bool open_session(struct check *check) {
    FILE *out = stderr;
    if (check->arguments.log_file != NULL) {
        out = lm_open_apart(check->arguments.log_file);
        if (out == NULL) {
            lm_say("%s can't be written: %s", check->arguments.log_file, strerror(errno));
            return false;
        }
    }
    if (lm_session_init(&check->session, out, wants_colour(check, out)))
        return true;
    lm_say("there is no memory to begin with");
    return false;
}

static void close_session(struct check *check) {
    FILE *out = check->session.out;
    lm_session_free(&check->session);
    if (out == NULL || out == stderr)
        return;
    const bool failed = ferror(out) != 0;
    if (fclose(out) != 0 || failed)
        lm_say("%s could not be written completely", check->arguments.log_file);
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

static int conclude(struct check *check) {
    if (check->child.start_error != 0)
        return lm_say_start_error(name_of(check), &check->child);
    const int status = check->child.status;
    if (!lm_session_heard_of(&check->session, check->child.pid)) {
        lm_say("%s ran unchecked: %s took no effect in it", name_of(check), check->library);
        return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : LM_STATUS_FAILED;
    }
    const bool killed = WIFSIGNALED(status);
    if (killed && !lm_session_explains(&check->session, WTERMSIG(status)))
        fprintf(check->session.out, "loam: %s was killed by signal %d (%s)\n", name_of(check),
                WTERMSIG(status), strsignal(WTERMSIG(status)));
    const size_t running = lm_session_running(&check->session);
    if (running > 0)
        fprintf(check->session.out,
                "loam: %zu process%s of it still run%s; what %s from now on isn't seen\n", running,
                running == 1 ? "" : "es", running == 1 ? "s" : "",
                running == 1 ? "it does" : "they do");
    lm_session_summarise(&check->session, check->arguments.quiet || killed);
    if (!killed)
        return status_of(check, WEXITSTATUS(status));
    return status_of(check, 128 + WTERMSIG(status));
}

/* ---- The whole ------------------------------------------------------------------------------ */

static void look(void *context) {
    struct check *check = context;
    check->session.children = check->arguments.children;
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
    lm_session_summarise(&check->session, check->arguments.quiet);
    return status_of(check, 0);
}

int lm_check(int argc, char **argv) {
    struct check check = {0};
    int status = LM_STATUS_WRONG_USE;
    if (lm_check_arguments_read(argc, argv, &check.arguments)) {
        status = 0;
        if (check.arguments.help)
            lm_help_check(stdout);
        else if (check.arguments.read != NULL)
            status = open_session(&check) ? read_recorded(&check) : LM_STATUS_FAILED;
        else if ((status = look_ahead(&check)) == 0)
            status = open_session(&check) ? run_in_workdir(&check) : LM_STATUS_FAILED;
        close_session(&check);
    }
    free(check.arguments.options);
    return status;
}
