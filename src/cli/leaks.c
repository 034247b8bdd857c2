#include "cli/leaks.h"

#include "cli/check_output.h"
#include "cli/help.h"
#include "cli/leaks_process.h"
#include "cli/say.h"
#include "cli/words.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* How long an answer may take: the process may be stopped, or hold what the checker needs. */
enum { STEPS_PER_SECOND = 50, SECONDS_MOST = 60 };

static bool read_number(const char *text, pid_t *pid) {
    char *end;
    const long number = strtol(text, &end, 10);
    *pid = (pid_t)number;
    return end != text && *end == '\0' && number > 0 && number <= INT_MAX;
}

/* Whether the process can be asked. Returns 0 or the exit status, after having said why not. */
static int look_at(pid_t pid) {
    int error;
    if (lm_process_is_checked(pid, &error))
        return 0;
    if (error == ENOENT || error == ESRCH)
        lm_say("there is no process %d", (int)pid);
    else if (error != 0)
        lm_say("process %d can't be looked at: %s", (int)pid, strerror(error));
    else
        lm_say("process %d doesn't run with Loam's checker; start it by loam check", (int)pid);
    return LM_STATUS_FAILED;
}

static size_t summaries_of(const lm_session *session) {
    size_t count = 0;
    for (size_t i = 0; i < session->log_count; i++)
        count += session->logs[i]->summaries;
    return count;
}

/* Reads until the process has told everything. Returns whether it has. */
static bool await(lm_session *session, const char *log, pid_t pid) {
    const struct timespec pause = {.tv_nsec = 1000 * 1000 * 1000 / STEPS_PER_SECOND};
    const size_t before = summaries_of(session);
    for (int i = 0; i < SECONDS_MOST * STEPS_PER_SECOND; i++) {
        const bool lives = lm_process_lives(pid);
        lm_session_read(session, log);
        if (summaries_of(session) > before)
            return true;
        if (!lives) {
            lm_say("process %d ended before it could answer", (int)pid);
            return false;
        }
        nanosleep(&pause, NULL);
    }
    lm_say("process %d didn't answer within %d seconds; is it stopped?", (int)pid, SECONDS_MOST);
    return false;
}

static void say_none(lm_session *session) {
    char blocks[LM_WORDS_SIZE];
    char bytes[LM_WORDS_SIZE];
    const lm_wire_program *program = lm_session_program(session);
    const lm_wire_summary *summary = &program->summary;
    fprintf(session->out, "loam: no leaks: %s in %s can still be reached\n",
            lm_words_count(bytes, summary->live_bytes.value, "byte"),
            lm_words_count(blocks, summary->live_blocks.value, "block"));
}

static int conclude(lm_session *session, const lm_check_arguments *arguments) {
    if (session->report_count > 0 || session->with_document || session->suppressed > 0)
        lm_check_conclude(session, arguments);
    else if (!session->quiet)
        say_none(session);
    if (session->report_count == 0 || arguments->error_exitcode == 0)
        return 0;
    return arguments->error_exitcode > 0 ? arguments->error_exitcode : LM_STATUS_LEAKS;
}

static int ask(lm_session *session, const lm_check_arguments *arguments, pid_t pid) {
    char log[PATH_MAX];
    const bool has_log = lm_process_log(pid, log);
    if (has_log) {
        session->main = pid;
        session->leaks_only = session->deaf = true;
        lm_session_read(session, log);
        session->deaf = false;
    }
    const int error = lm_process_ask(pid);
    if (error != 0) {
        lm_say("process %d can't be asked: %s", (int)pid, strerror(error));
        return LM_STATUS_FAILED;
    }
    if (!has_log) {
        lm_say("process %d wasn't started by loam check: it tells its leaks on its own standard "
               "error",
               (int)pid);
        return 0;
    }
    return await(session, log, pid) ? conclude(session, arguments) : LM_STATUS_FAILED;
}

static bool is_right(const lm_check_arguments *arguments, pid_t *pid) {
    if (arguments->options != NULL || arguments->children || arguments->read != NULL) {
        lm_say("leaks only knows options on reports; loam help leaks lists them");
        return false;
    }
    if (arguments->program[1] != NULL || !read_number(arguments->program[0], pid)) {
        lm_say("leaks needs the number of one process");
        return false;
    }
    return true;
}

static int run(const lm_check_arguments *arguments) {
    lm_session session = {0};
    pid_t pid;
    if (!is_right(arguments, &pid))
        return LM_STATUS_WRONG_USE;
    int status = look_at(pid);
    if (status != 0)
        return status;
    status = lm_check_open(&session, arguments);
    if (status == 0)
        status = ask(&session, arguments, pid);
    lm_check_close(&session, arguments);
    return status;
}

int lm_leaks(int argc, char **argv) {
    lm_check_arguments arguments = {0};
    int status = LM_STATUS_WRONG_USE;
    if (argc == 0) {
        lm_say("leaks needs the number of a process; loam help leaks shows how");
    } else if (lm_check_arguments_read(argc, argv, &arguments)) {
        status = 0;
        if (arguments.help)
            lm_help_leaks(stdout);
        else
            status = run(&arguments);
    }
    lm_check_arguments_free(&arguments);
    return status;
}
