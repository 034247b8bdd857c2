/* What a run comes to:
 *
 *     loam: 2 mistakes and 1 leak
 *       heap-overflow   bugs.c:5 in dup_name  (12 times)
 *       use-after-free  bugs.c:10 in main
 *       leak            bugs.c:20 in load  24 bytes
 */
#include "cli/check_session.h"
#include "cli/words.h"

#include <string.h>

enum { LISTED_MAX = 50 };

static void put_totals(lm_paper *paper, size_t mistakes, size_t leaks) {
    char words[LM_WORDS_SIZE];
    lm_paper_tone(paper, LM_TONE_STRONG);
    lm_paper_put(paper, "loam: ");
    if (mistakes > 0)
        lm_paper_put(paper, "%s", lm_words_count(words, mistakes, "mistake"));
    if (mistakes > 0 && leaks > 0)
        lm_paper_put(paper, " and ");
    if (leaks > 0)
        lm_paper_put(paper, "%s", lm_words_count(words, leaks, "leak"));
    lm_paper_put(paper, "\n");
    lm_paper_tone(paper, LM_TONE_PLAIN);
}

static void put_report(lm_paper *paper, const lm_report *report, size_t code_width) {
    char place[LM_PLACE_SIZE];
    char words[LM_WORDS_SIZE];
    const lm_place *blamed = report->to_blame == NULL ? NULL : lm_route_blamed(report->to_blame);
    lm_paper_put(paper, "  %-*s", (int)code_width, report->facts->code_name);
    if (blamed != NULL)
        lm_paper_put(paper, "  %s", lm_place_text(place, blamed, false));
    if (blamed != NULL && blamed->function != NULL)
        lm_paper_put(paper, " in %s", blamed->function);
    if (lm_report_is_leak(report))
        lm_paper_put(paper, "  %s", lm_words_count(words, report->facts->size.value, "byte"));
    else if (lm_report_count(report) > 1)
        lm_paper_put(paper, "  (%s)", lm_words_count(words, lm_report_count(report), "time"));
    lm_paper_put(paper, "\n");
}

static void put_list(lm_session *session) {
    size_t width = 0;
    for (size_t i = 0; i < session->report_count; i++) {
        const size_t length = strlen(session->reports[i]->facts->code_name);
        width = length > width ? length : width;
    }
    for (size_t i = 0; i < session->report_count && i < LISTED_MAX; i++)
        put_report(&session->paper, session->reports[i], width);
    if (session->report_count > LISTED_MAX)
        lm_paper_put(&session->paper, "  and %zu more\n", session->report_count - LISTED_MAX);
}

/* What the process that the user started did in all. */
static void put_work(lm_session *session) {
    char allocations[LM_WORDS_SIZE];
    char frees[LM_WORDS_SIZE];
    for (size_t i = 0; i < session->log_count; i++) {
        for (const lm_wire_program *program = session->logs[i]->first; program != NULL;
             program = program->next) {
            const lm_wire_summary *summary = &program->summary;
            if ((session->main != 0 && program->pid != session->main) || !summary->known ||
                program->next != NULL)
                continue;
            lm_paper_wrap(&session->paper, 6, "loam: nothing to report: %s, %s",
                          lm_words_count(allocations, summary->allocations.value, "allocation"),
                          lm_words_count(frees, summary->frees.value, "free"));
            return;
        }
    }
    lm_paper_put(&session->paper, "loam: nothing to report\n");
}

/* Where to read on, for the first in the list. */
static void put_pointer(lm_session *session) {
    const lm_wire_finding *facts = session->reports[0]->facts;
    if (facts->code < LM_CODES_COUNT)
        lm_paper_put(&session->paper, "more about each: loam explain %s\n", facts->code_name);
}

/* Lines are what a reader wants most: says how to get them where they are missing. */
static void put_missing(lm_session *session) {
    for (size_t i = 0; i < session->report_count; i++) {
        const lm_route *route = session->reports[i]->to_blame;
        const lm_place *blamed = route == NULL ? NULL : lm_route_blamed(route);
        if (blamed == NULL || blamed->module == NULL || blamed->line > 0 ||
            blamed->owner != LM_OWNER_PROGRAM)
            continue;
        lm_paper_wrap(
            &session->paper, 6,
            "loam: %s has no debug information for this; compiled with -g, its lines would be "
            "shown here",
            blamed->module);
        return;
    }
}

static void put_passed_over(lm_session *session) {
    size_t lines = 0;
    bool foreign = false;
    for (size_t i = 0; i < session->log_count; i++) {
        lines += session->logs[i]->passed_over;
        foreign = foreign || session->logs[i]->foreign;
    }
    char words[LM_WORDS_SIZE];
    if (foreign)
        lm_paper_put(&session->paper, "loam: a process ran with another version's checker\n");
    else if (lines > 0)
        lm_paper_put(&session->paper, "loam: %s of what was found could not be read\n",
                     lm_words_count(words, lines, "line"));
    if (session->out_of_memory)
        lm_paper_put(&session->paper, "loam: there was no memory to tell everything\n");
}

/* Files of suppressions grow old: those that hid nothing may go. */
static void put_suppressions(lm_session *session) {
    const lm_suppressions *all = &session->suppressions;
    char words[LM_WORDS_SIZE];
    size_t unused = 0;
    if (session->suppressed > 0)
        lm_paper_wrap(&session->paper, 6, "loam: %s %s suppressed",
                      lm_words_count(words, session->suppressed, "finding"),
                      session->suppressed == 1 ? "was" : "were");
    for (size_t i = 0; i < all->count; i++)
        unused += all->items[i].used == 0 && lm_suppression_is_served(&all->items[i]);
    if (unused == 0)
        return;
    lm_paper_put(&session->paper, "loam: %s %s not used:\n",
                 lm_words_count(words, unused, "suppression"), unused == 1 ? "was" : "were");
    for (size_t i = 0; i < all->count; i++)
        if (all->items[i].used == 0 && lm_suppression_is_served(&all->items[i]))
            lm_paper_put(&session->paper, "  %s:%u  %s\n", all->items[i].file, all->items[i].line,
                         all->items[i].name);
}

void lm_session_summarise(lm_session *session) {
    lm_paper *paper = &session->paper;
    size_t mistakes;
    size_t leaks;
    lm_session_count(session, &mistakes, &leaks);
    lm_session_sort(session);
    if (mistakes + leaks > 0) {
        put_totals(paper, mistakes, leaks);
        put_list(session);
        put_missing(session);
        put_pointer(session);
    } else if (!session->quiet) {
        put_work(session);
    }
    if (mistakes + leaks > 0 || !session->quiet)
        put_suppressions(session);
    put_passed_over(session);
    fwrite(paper->text, 1, paper->length, session->out);
    fflush(session->out);
    lm_paper_clear(paper);
}
