#include "check/report.h"

#include "base/text.h"
#include "check/clock.h"
#include "check/failed.h"
#include "check/known.h"
#include "check/lines.h"
#include "check/patience.h"
#include "check/watcher.h"
#include "os/os.h"

#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

lm_lock lm_tale_lock = LM_LOCK(LM_RANK_CHECK_TALE);

enum { PATH_MOST = 4096, ARGUMENTS_MOST = 8 * 1024 };

static void put_program(void) {
    static char path[PATH_MOST];
    long length =
        syscall(SYS_readlinkat, -100 /* AT_FDCWD */, "/proc/self/exe", path, sizeof path - 1);
    path[length > 0 ? length : 0] = '\0';
    lm_lines_text("program", length > 0 ? path : lm_os_program());
}

static void put_arguments(void) {
    static char text[ARGUMENTS_MOST];
    size_t length = lm_os_command_line(text, sizeof text), number = 0;
    for (size_t at = 0; at < length; at += strlen(text + at) + 1)
        number++;
    lm_lines_number("arguments", number);
    for (size_t at = 0; at < length; at += strlen(text + at) + 1)
        lm_lines_text("argument", text + at);
}

static void put_process(void) {
    lm_lines_begin("loam-check");
    lm_lines_number("version", LM_WIRE_VERSION);
    lm_lines_end();
    lm_lines_begin("process");
    lm_lines_number("pid", (uint64_t)lm_os_process());
    lm_lines_number("parent", (uint64_t)getppid());
    put_program();
    put_arguments();
    lm_lines_number("started", lm_clock_of_day() - lm_clock_now());
    lm_lines_end();
    lm_lines_flush();
}

void lm_report_start(void) {
    if (!lm_lines_wanted())
        return;
    if (!lm_patience_take(&lm_tale_lock))
        return;
    put_process();
    lm_lock_give(&lm_tale_lock);
}

void lm_report_forked(void) {
    lm_lines_forked();
    lm_known_forget();
    if (lm_lines_wanted())
        put_process();
}

/* ---- Counts ----------------------------------------------------------------------------------- */

static void put_again(void) {
    size_t at = 0;
    for (lm_known *known; (known = lm_known_next(&at)) != NULL;) {
        if (known->count == known->written)
            continue;
        known->written = known->count;
        lm_lines_begin("again");
        lm_lines_number("id", known->id);
        lm_lines_number("count", known->count);
        lm_lines_end();
    }
}

static void put_summary(void) {
    lm_counts counts;
    lm_watcher_count(&counts);
    lm_lines_begin("summary");
    lm_lines_number("allocations", counts.allocations);
    lm_lines_number("frees", counts.frees);
    lm_lines_number("bytes", counts.bytes);
    lm_lines_number("live_blocks", counts.live_blocks);
    lm_lines_number("live_bytes", counts.live_bytes);
    lm_lines_number("peak_bytes", counts.peak_bytes);
    lm_lines_number("failed", lm_failed_count());
    lm_lines_end();
}

void lm_report_counts(void) {
    if (!lm_lines_wanted())
        return;
    if (!lm_patience_take(&lm_tale_lock))
        return;
    put_again();
    put_summary();
    lm_lines_flush();
    lm_lock_give(&lm_tale_lock);
}

void lm_report_end(int status) {
    if (!lm_lines_wanted())
        return;
    if (!lm_patience_take(&lm_tale_lock))
        return;
    lm_lines_begin("end");
    lm_lines_signed("status", status);
    lm_lines_end();
    lm_lines_flush();
    lm_lock_give(&lm_tale_lock);
}

void lm_report_note(const char *text) {
    if (!lm_lines_wanted())
        return;
    if (!lm_patience_take(&lm_tale_lock))
        return;
    lm_lines_begin("note");
    lm_lines_text("text", text);
    lm_lines_end();
    lm_lines_flush();
    lm_lock_give(&lm_tale_lock);
}
