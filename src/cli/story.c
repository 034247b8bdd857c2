#include "cli/story.h"

#include "cli/words.h"

#include <stdio.h>
#include <string.h>

const char *lm_story_access(const lm_wire_finding *facts, lm_verb form) {
    static const char *const verbs[][4] = {
        {"reads", "read", "read", "READ"},   {"writes", "written", "write", "WRITTEN"},
        {"frees", "freed", "free", "FREED"}, {"executes", "executed", "execution", "EXECUTED"},
        {"uses", "used", "use", "USED"},
    };
    static const char *const names[] = {"read", "write", "free", "execute"};
    const char *access = facts->access == NULL ? facts->reaches : facts->access;
    size_t row = 0;
    while (row < 4 && (access == NULL || strcmp(access, names[row]) != 0))
        row++;
    return verbs[row][form];
}

int64_t lm_story_bad_first(const lm_wire_finding *facts) {
    return (int64_t)facts->first.value;
}

uint64_t lm_story_size(const lm_wire_finding *facts) {
    const uint64_t others = facts->indirect_bytes.known ? facts->indirect_bytes.value : 0;
    return facts->size.value > others ? facts->size.value - others : facts->size.value;
}

bool lm_story_same_place(const lm_place *one, const lm_place *other) {
    return one != NULL && other != NULL && one->path != NULL && other->path != NULL &&
           one->line > 0 && one->line == other->line && one->column == other->column &&
           strcmp(one->path, other->path) == 0;
}

uint64_t lm_story_bad_count(const lm_wire_finding *facts) {
    const int64_t first = (int64_t)facts->first.value;
    const int64_t last = (int64_t)facts->last.value;
    if (facts->first.known && facts->last.known && last >= first)
        return (uint64_t)(last - first) + 1;
    return facts->bytes.value;
}

const char *lm_story_call(const lm_report *report) {
    const lm_route *route = &report->used;
    if (report->facts->call != NULL)
        return report->facts->call;
    return route->blame > 0 ? route->places[route->blame - 1].function : NULL;
}

uint64_t lm_story_start(const lm_wire_finding *facts) {
    if (facts->allocated_time.known)
        return facts->allocated_time.value;
    if (facts->freed_time.known)
        return facts->freed_time.value;
    return facts->time.value;
}

char *lm_story_time(const lm_wire_finding *facts, uint64_t time, char buffer[96]) {
    const uint64_t start = lm_story_start(facts);
    char words[LM_WORDS_SIZE];
    if (time <= start)
        snprintf(buffer, 96, "t=0");
    else
        snprintf(buffer, 96, "t=+%.80s", lm_words_time(words, time - start));
    return buffer;
}

bool lm_story_is_warning(lm_code code) {
    return code == LM_CODE_POSSIBLE_LEAK || code == LM_CODE_DANGLING_POINTER;
}

static void tell_headline(const lm_story *story) {
    lm_paper *paper = story->paper;
    const lm_wire_finding *facts = story->report->facts;
    const bool warning = lm_story_is_warning(facts->code);
    char sentence[LM_HEADLINE_SIZE];
    lm_paper_tone(paper, warning ? LM_TONE_WARNING : LM_TONE_ERROR);
    lm_paper_put(paper, "%s[%s]:", warning ? "warning" : "error", facts->code_name);
    lm_paper_tone(paper, LM_TONE_PLAIN);
    lm_paper_put(paper, " ");
    lm_paper_tone(paper, LM_TONE_STRONG);
    lm_paper_wrap(paper, 4, "%s", lm_story_headline(story->report, sentence));
    lm_paper_tone(paper, LM_TONE_PLAIN);
    if (story->report->process > 0)
        lm_paper_wrap(paper, 6, "  in process %d, %s", (int)story->report->process,
                      facts->program->path);
}

void lm_story_tell(const lm_story *story) {
    tell_headline(story);
    const lm_told told = lm_story_place(story);
    lm_story_bytes(story);
    lm_story_evidence(story);
    lm_story_events(story, &told);
    lm_story_callers(story);
    lm_story_certainty(story);
    lm_story_help(story);
    lm_paper_put(story->paper, "\n");
}
