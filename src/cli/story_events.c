/* What happened to the block, in the order of time:
 *
 *     1 allocated  main  bugs.c:10               16 bytes  thread 1  t=0
 *     2 freed      drop  bugs.c:6  <- main                 thread 1  t=+2 us
 *     3 READ       main  bugs.c:10                         thread 1  t=+5 us
 */
#include "cli/story.h"
#include "cli/words.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* TIME_ROOM is enough for any time below a minute, so that the same story always has the same shape. */
enum {
    EVENTS_MAX = 3,
    WHO_SIZE = 1024,
    CALLERS_MAX = 8,
    CALLERS_LAST = 3,
    FOLD_FROM = 12,
    LEAST_WHO = 24,
    TIME_ROOM = 10
};

struct event {
    char verb[64];
    const lm_route *route;
    char size[LM_WORDS_SIZE];
    char thread[48];
    char time[LM_WORDS_SIZE];
    char who[WHO_SIZE];
};

/* ---- Callers ---------------------------------------------------------------------------------- */

/* The next place above `at` that the user has a part in; count: none. */
static size_t next_own(const lm_route *route, size_t at) {
    do
        at++;
    while (at < route->count && route->places[at].owner == LM_OWNER_RUNTIME);
    return at;
}

/* Without a name, where it is. */
static const char *name_of(const lm_place *place, char where[LM_PLACE_SIZE]) {
    return place->function == NULL ? lm_place_text(where, place, false) : place->function;
}

/* "drop  bugs.c:6  <- main", as many callers as fit into `room` columns. */
static void describe(const lm_route *route, bool wide, bool lines, size_t room,
                     char who[WHO_SIZE]) {
    const lm_place *blamed = lm_route_blamed(route);
    char place[LM_PLACE_SIZE];
    if (blamed == NULL) {
        snprintf(who, WHO_SIZE, "(its stack isn't known)");
        return;
    }
    size_t length = 0;
    if (blamed->function != NULL)
        length = (size_t)snprintf(who, WHO_SIZE, "%s  ", blamed->function);
    if (length >= WHO_SIZE)
        return;
    length += (size_t)snprintf(who + length, WHO_SIZE - length, "%s",
                               lm_place_text(place, blamed, false));
    size_t at = route->blame;
    while ((at = next_own(route, at)) < route->count && length < room) {
        char caller[LM_PLACE_SIZE * 2];
        char name[LM_PLACE_SIZE];
        const lm_place *next = &route->places[at];
        const bool last = next_own(route, at) >= route->count;
        const bool both = wide && next->function != NULL;
        const int length_of_name = snprintf(
            caller, sizeof caller, "%s <- %s%s%s", at == next_own(route, route->blame) ? " " : "",
            name_of(next, name), both ? " " : "", both ? lm_place_text(place, next, false) : "");
        if (lines && !both && next->line > 0 && length_of_name > 0)
            snprintf(caller + length_of_name, sizeof caller - (size_t)length_of_name, ", line %u",
                     next->line);
        const size_t more = strlen(caller);
        if (length + more + (last ? 0 : 8) > room) {
            if (length + 8 <= room)
                snprintf(who + length, WHO_SIZE - length, "%s <- ...",
                         at == next_own(route, route->blame) ? " " : "");
            return;
        }
        memcpy(who + length, caller, more + 1);
        length += more;
    }
}

/* One place of the chain, or one that called itself again and again. */
struct caller {
    const lm_place *place;
    size_t times;
};

static bool calls_itself(const lm_place *one, const lm_place *other) {
    return one->function != NULL && other->function != NULL && one->line == other->line &&
           one->address == other->address && strcmp(one->function, other->function) == 0;
}

/* The user's own callers of the blamed function, innermost first. */
static size_t list_callers(const lm_route *route, struct caller *callers) {
    size_t count = 0;
    for (size_t at = next_own(route, route->blame); at < route->count; at = next_own(route, at)) {
        const lm_place *place = &route->places[at];
        if (count > 0 && calls_itself(callers[count - 1].place, place))
            callers[count - 1].times++;
        else
            callers[count++] = (struct caller){place, 1};
    }
    return count;
}

static void put_caller(lm_paper *paper, const struct caller *caller) {
    char where[LM_PLACE_SIZE];
    char times[64] = "";
    const lm_place *place = caller->place;
    if (caller->times > 1)
        snprintf(times, sizeof times, "  (%zu times)", caller->times);
    lm_paper_wrap(paper, 16, "%s%s%s%s%s", place->function == NULL ? "" : place->function,
                  place->function == NULL ? "" : "  ", lm_place_text(where, place, false),
                  place->inlined ? "  (inlined)" : "", times);
}

void lm_story_callers(const lm_story *story) {
    const lm_route *route = story->report->to_blame;
    lm_paper *paper = story->paper;
    if (route == NULL || route->count == 0)
        return;
    struct caller *callers = calloc(route->count, sizeof *callers);
    if (callers == NULL)
        return;
    const size_t count = list_callers(route, callers);
    for (size_t i = 0; i < count; i++) {
        if (count > FOLD_FROM && i == CALLERS_MAX) {
            i = count - CALLERS_LAST;
            lm_paper_put(paper, "                ... %zu more ...\n", i - CALLERS_MAX);
        }
        lm_paper_put(paper, i == 0 ? "   called from  " : "                ");
        put_caller(paper, &callers[i]);
    }
    free(callers);
}

/* ---- Events ----------------------------------------------------------------------------------- */

static void set_thread(struct event *event, const lm_fact *thread) {
    if (thread->known && thread->value > 0)
        snprintf(event->thread, sizeof event->thread, "thread %u", (unsigned)thread->value);
}

static void set_time(struct event *event, const lm_wire_finding *facts, const lm_fact *time) {
    if (time->known)
        lm_story_time(facts, time->value, event->time);
}

static struct event allocation_of(const lm_report *report) {
    const lm_wire_finding *facts = report->facts;
    struct event event = {.verb = "allocated", .route = &report->allocated};
    if (facts->size.known)
        lm_words_count(event.size, facts->size.value, "byte");
    set_thread(&event, &facts->allocated_thread);
    set_time(&event, facts, &facts->allocated_time);
    return event;
}

static struct event free_of(const lm_report *report) {
    const lm_wire_finding *facts = report->facts;
    struct event event = {.route = &report->freed};
    snprintf(event.verb, sizeof event.verb, "%s", facts->moved_to.known ? "moved" : "freed");
    set_thread(&event, &facts->freed_thread);
    set_time(&event, facts, &facts->freed_time);
    return event;
}

static const char *last_verb(const lm_wire_finding *facts) {
    switch (facts->code) {
    case LM_CODE_DOUBLE_FREE:
        return facts->call != NULL && strcmp(facts->call, "realloc") == 0 ? "REALLOC"
                                                                          : "FREED AGAIN";
    case LM_CODE_MISMATCHED_FREE:
    case LM_CODE_SIZE_MISMATCH:
    case LM_CODE_INVALID_FREE:
    case LM_CODE_FOREIGN_FREE:
        return "FREED";
    default:
        return facts->sure == LM_SURE_LATER ? "FOUND" : lm_story_access(facts, LM_VERB_LOUD);
    }
}

static struct event use_of(const lm_report *report) {
    const lm_wire_finding *facts = report->facts;
    struct event event = {.route = &report->used};
    snprintf(event.verb, sizeof event.verb, "%s", last_verb(facts));
    set_thread(&event, &facts->thread);
    set_time(&event, facts, &facts->time);
    return event;
}

/* The events that are worth a table: not one that the excerpt shows all of already. */
static size_t collect(const lm_story *story, const lm_told *told, struct event events[EVENTS_MAX]) {
    const lm_report *report = story->report;
    const lm_wire_finding *facts = report->facts;
    const bool has_allocation = report->allocated.count > 0 || facts->allocated_time.known;
    const bool has_free = report->freed.count > 0 || facts->freed_time.known;
    if (lm_report_is_leak(report) || (!has_allocation && !has_free) ||
        (told->excerpt && !told->table))
        return 0;
    size_t count = 0;
    if (has_allocation)
        events[count++] = allocation_of(report);
    if (has_free)
        events[count++] = free_of(report);
    if ((report->used.count > 0 || facts->time.known) && facts->code != LM_CODE_DANGLING_POINTER)
        events[count++] = use_of(report);
    return count;
}

static size_t longest(const struct event *events, size_t count, size_t offset) {
    size_t most = 0;
    for (size_t i = 0; i < count; i++) {
        const size_t length = strlen((const char *)&events[i] + offset);
        most = length > most ? length : most;
    }
    return most;
}
#define LONGEST(events, count, member) longest(events, count, offsetof(struct event, member))

static void put_event(lm_paper *paper, const struct event *event, size_t number, size_t verb,
                      size_t who, size_t size, size_t thread) {
    const bool last = event->verb[0] >= 'A' && event->verb[0] <= 'Z';
    lm_paper_put(paper, "   %zu ", number);
    lm_paper_tone(paper, last ? LM_TONE_ERROR : LM_TONE_SECOND);
    lm_paper_put(paper, "%-*s", (int)verb, event->verb);
    lm_paper_tone(paper, LM_TONE_PLAIN);
    lm_paper_put(paper, "  %s", event->who);
    if (strlen(event->who) > who) {
        /* A long name has a line for itself. */
        lm_paper_put(paper, "\n");
        lm_paper_fill(paper, ' ', 7 + verb + who);
    } else {
        lm_paper_fill(paper, ' ', who - strlen(event->who));
    }
    if (size > 0)
        lm_paper_put(paper, "  %-*s", (int)size, event->size);
    if (thread > 0)
        lm_paper_put(paper, "  %-*s", (int)thread, event->thread);
    if (event->time[0] != '\0')
        lm_paper_put(paper, "  %s", event->time);
    while (paper->length > 0 && paper->text[paper->length - 1] == ' ')
        paper->length--;
    lm_paper_put(paper, "\n");
}

static size_t room_for(const lm_paper *paper, size_t verb, size_t size, size_t thread,
                       size_t time) {
    const size_t others = 7 + verb + (size > 0 ? size + 2 : 0) + (thread > 0 ? thread + 2 : 0) +
                          (time > 0 ? time + 2 : 0);
    return paper->width > others + LEAST_WHO ? paper->width - others : LEAST_WHO;
}

static void describe_all(struct event *events, size_t count, bool wide, bool lines, size_t room) {
    for (size_t i = 0; i < count; i++)
        describe(events[i].route, wide, lines, room, events[i].who);
}

/* Then the column tells nothing, and who did it needs the room. */
static bool one_thread(const struct event *events, size_t count) {
    for (size_t i = 1; i < count; i++)
        if (strcmp(events[i].thread, events[0].thread) != 0)
            return false;
    return true;
}

void lm_story_events(const lm_story *story, const lm_told *told) {
    lm_paper *paper = story->paper;
    struct event events[EVENTS_MAX];
    const size_t count = collect(story, told, events);
    if (count == 0)
        return;
    const size_t verb = LONGEST(events, count, verb);
    const size_t size = LONGEST(events, count, size);
    size_t thread = LONGEST(events, count, thread);
    const size_t time = LONGEST(events, count, time) > 0 ? TIME_ROOM : 0;
    /* One line did both: only its callers tell the two apart. */
    const lm_report *report = story->report;
    const bool lines =
        report->freed.count > 0 &&
        lm_story_same_place(lm_route_blamed(&report->freed), lm_route_blamed(&report->used));
    const bool wide = paper->width >= 120;
    size_t room = room_for(paper, verb, size, thread, time);
    describe_all(events, count, wide, lines, WHO_SIZE);
    if (LONGEST(events, count, who) > room && one_thread(events, count)) {
        thread = 0;
        room = room_for(paper, verb, size, thread, time);
    }
    describe_all(events, count, wide, lines, room);
    /* Nothing of the program's was running, or what was had nothing to do with it. */
    struct event *last = &events[count - 1];
    const lm_wire_finding *facts = story->report->facts;
    if (facts->sure == LM_SURE_LATER && last->route == &story->report->used &&
        story->report->used.count == 0)
        snprintf(last->who, sizeof last->who, "by a look at all blocks");
    const size_t who = LONGEST(events, count, who);
    for (size_t i = 0; i < count; i++)
        put_event(paper, &events[i], i + 1, verb, who < room ? who : room, size, thread);
}
