/* Which suppression hides a report. */
#include "cli/suppress.h"

#include "cli/find.h"

#include <libiberty/demangle.h>
#include <stdlib.h>
#include <string.h>

bool lm_wildcard_match(const char *pattern, const char *text) {
    const char *star = NULL; /* the last one, and what it stands for so far */
    const char *taken = NULL;
    while (*text != '\0') {
        if (*pattern == '*') {
            star = pattern++;
            taken = text;
        } else if (*pattern == '?' || *pattern == *text) {
            pattern++;
            text++;
        } else if (star != NULL) {
            pattern = star + 1;
            text = ++taken;
        } else {
            return false;
        }
    }
    return pattern[strspn(pattern, "*")] == '\0';
}

/* ---- Frames ----------------------------------------------------------------------------------- */

/* What a pattern is held against: places, and before them perhaps the call that Valgrind has as a frame of
 * its own, since its replacement for malloc or strcpy is one. */
struct frames {
    const lm_route *route;
    const char *call; /* NULL: there is none */
    size_t count;
};

/* The name that the linker knows for calls that are operators of C++. */
static const char *const operators[][2] = {
    {"operator new", "_Znwm"},
    {"operator new[]", "_Znam"},
    {"operator delete", "_ZdlPv"},
    {"operator delete[]", "_ZdaPv"},
    {"new", "_Znwm"},
    {"new[]", "_Znam"},
    {"delete", "_ZdlPv"},
    {"delete[]", "_ZdaPv"},
    {"new", "operator new*"},
    {"new[]", "operator new[]*"},
    {"delete", "operator delete*"},
    {"delete[]", "operator delete[]*"},
};

static bool matches_call(const lm_frame_pattern *pattern, const char *call) {
    if (pattern->kind == LM_FRAME_OBJECT)
        return lm_wildcard_match(pattern->text,
                                 "/usr/libexec/valgrind/vgpreload_memcheck-amd64-linux.so") ||
               lm_wildcard_match(pattern->text, "/lib/x86_64-linux-gnu/libc.so.6");
    if (pattern->kind != LM_FRAME_FUNCTION)
        return false;
    if (lm_wildcard_match(pattern->text, call))
        return true;
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++)
        if (strcmp(call, operators[i][0]) == 0 &&
            (lm_wildcard_match(pattern->text, operators[i][1]) ||
             lm_wildcard_match(operators[i][1], pattern->text)))
            return true;
    return false;
}

/* Valgrind's files have the linker's names of C++; Loam's those of the source. */
static bool matches_function(const char *pattern, const char *function) {
    if (function == NULL)
        return strcmp(pattern, "*") == 0;
    if (lm_wildcard_match(pattern, function))
        return true;
    if (strncmp(pattern, "_Z", 2) != 0)
        return false;
    char *name = cplus_demangle(pattern, DMGL_PARAMS | DMGL_ANSI);
    char *plain = cplus_demangle(pattern, DMGL_ANSI);
    if (plain != NULL)
        lm_symbol_shorten(plain);
    const bool same = (name != NULL && strcmp(name, function) == 0) ||
                      (plain != NULL && strcmp(plain, function) == 0);
    free(name);
    free(plain);
    return same;
}

static bool matches_source(const char *pattern, const lm_place *place) {
    const char *const names[] = {place->path, place->file,
                                 place->path == NULL ? NULL : lm_base_name(place->path)};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char with_line[LM_PLACE_SIZE];
        if (names[i] == NULL)
            continue;
        snprintf(with_line, sizeof with_line, "%s:%u", names[i], place->line);
        if (lm_wildcard_match(pattern, names[i]) || lm_wildcard_match(pattern, with_line))
            return true;
    }
    return false;
}

static bool matches_place(const lm_frame_pattern *pattern, const lm_place *place) {
    switch (pattern->kind) {
    case LM_FRAME_FUNCTION:
        return matches_function(pattern->text, place->function);
    case LM_FRAME_OBJECT:
        return place->module_path == NULL ? strcmp(pattern->text, "*") == 0
                                          : lm_wildcard_match(pattern->text, place->module_path);
    case LM_FRAME_SOURCE:
        return matches_source(pattern->text, place);
    default:
        return true;
    }
}

static bool matches_frame(const lm_frame_pattern *pattern, const struct frames *frames, size_t i) {
    if (frames->call == NULL)
        return matches_place(pattern, &frames->route->places[i]);
    return i == 0 ? matches_call(pattern, frames->call)
                  : matches_place(pattern, &frames->route->places[i - 1]);
}

/* As with wildcards in a text, where "..." is the star; what comes after the last pattern is of no account. */
static bool matches_frames(const lm_suppression *item, const struct frames *frames) {
    size_t at = 0;
    size_t star = SIZE_MAX;
    size_t taken = 0;
    for (size_t i = 0; at < item->frame_count;) {
        if (item->frames[at].kind == LM_FRAME_ANY) {
            star = at++;
            taken = i;
        } else if (i < frames->count && matches_frame(&item->frames[at], frames, i)) {
            at++;
            i++;
        } else if (star != SIZE_MAX && taken < frames->count) {
            at = star + 1;
            i = ++taken;
        } else {
            return false;
        }
    }
    return true;
}

static bool matches_route(const lm_suppression *item, const lm_route *route, const char *call) {
    const struct frames plain = {route, NULL, route->count};
    const struct frames with_call = {route, call, route->count + 1};
    return matches_frames(item, &plain) || (call != NULL && matches_frames(item, &with_call));
}

/* ---- Kinds ------------------------------------------------------------------------------------- */

#define BIT(code) (1U << LM_CODE_##code)
enum {
    ADDRESSES = BIT(HEAP_OVERFLOW) | BIT(HEAP_UNDERFLOW) | BIT(USE_AFTER_FREE) | BIT(NULL_DEREF) |
                BIT(WILD_POINTER),
    FREES = BIT(DOUBLE_FREE) | BIT(INVALID_FREE) | BIT(FOREIGN_FREE) | BIT(MISMATCHED_FREE) |
            BIT(SIZE_MISMATCH),
};

/* Memcheck's kinds and what Loam calls the same. Those with a number tell how many bytes are touched. */
static const struct kind {
    const char *name;
    unsigned codes;
    bool sized;
} kinds[] = {
    {"Addr", ADDRESSES, true},
    {"Value", BIT(UNINITIALISED_READ), true},
    {"Cond", BIT(UNINITIALISED_READ), false},
    {"Jump", ADDRESSES, false},
    {"Free", FREES, false},
    {"FishyValue", BIT(BAD_SIZE), false},
    {"Leak", BIT(LEAK) | BIT(POSSIBLE_LEAK), false},
    {"Param", BIT(UNINITIALISED_READ) | ADDRESSES, false},
};

/* The kind after "Memcheck:"; NULL: it is another tool's. */
static const char *memcheck_kind(const char *kind) {
    const char *colon = strchr(kind, ':');
    if (colon == NULL)
        return NULL;
    const char *tool = strstr(kind, "Memcheck");
    return tool != NULL && tool < colon ? colon + 1 : NULL;
}

static const struct kind *kind_of(const char *text, unsigned long *bytes) {
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const size_t length = strlen(kinds[i].name);
        if (strncmp(text, kinds[i].name, length) != 0)
            continue;
        char *end = NULL;
        *bytes = kinds[i].sized ? strtoul(text + length, &end, 10) : 0;
        if (kinds[i].sized ? *end == '\0' : text[length] == '\0')
            return &kinds[i];
    }
    return NULL;
}

bool lm_suppression_is_served(const lm_suppression *suppression) {
    const char *kind = memcheck_kind(suppression->kind);
    unsigned long bytes;
    if (kind != NULL)
        return kind_of(kind, &bytes) != NULL;
    return strcmp(suppression->kind, "leak") == 0 || strncmp(suppression->kind, "Loam:", 5) == 0;
}

/* match-leak-kinds: definite,indirect,possible,reachable or all. */
static bool matches_leak_kinds(const char *extra, lm_code code) {
    static const char key[] = "match-leak-kinds:";
    if (extra == NULL || strncmp(extra, key, strlen(key)) != 0)
        return true;
    const char *kinds_wanted = extra + strlen(key);
    return strstr(kinds_wanted, "all") != NULL ||
           strstr(kinds_wanted, code == LM_CODE_LEAK ? "definite" : "possible") != NULL;
}

/* "write(buf)" is Valgrind's way to name an argument of a system call; Loam knows the call. */
static bool matches_parameter(const char *extra, const char *call) {
    if (extra == NULL || call == NULL)
        return false;
    char *name = strdup(extra);
    if (name == NULL)
        return false;
    name[strcspn(name, "(")] = '\0';
    const bool same = lm_wildcard_match(name, call);
    free(name);
    return same;
}

static bool matches_kind(const lm_suppression *item, const lm_wire_finding *facts) {
    if (strncmp(item->kind, "Loam:", 5) == 0)
        return lm_wildcard_match(item->kind + 5, facts->code_name);
    const char *name = memcheck_kind(item->kind);
    unsigned long bytes = 0;
    const struct kind *kind = name == NULL ? NULL : kind_of(name, &bytes);
    if (kind == NULL || facts->code >= LM_CODES_COUNT || !(kind->codes & 1U << facts->code))
        return false;
    if (strcmp(kind->name, "Leak") == 0)
        return matches_leak_kinds(item->extra, facts->code);
    if (strcmp(kind->name, "Param") == 0)
        return matches_parameter(item->extra, facts->call);
    if (strcmp(kind->name, "Jump") == 0)
        return facts->access != NULL && strcmp(facts->access, "execute") == 0;
    /* What a call touches, Valgrind tells byte by byte or word by word. */
    return strcmp(kind->name, "Addr") != 0 || facts->call != NULL || !facts->bytes.known ||
           facts->bytes.value == bytes;
}

/* ---- Reports ----------------------------------------------------------------------------------- */

/* LeakSanitizer's: somewhere in the name of any function, file or module; ^ and $ are its ends. */
static bool contains(const char *pattern, const char *text) {
    if (text == NULL)
        return false;
    const bool from_start = *pattern == '^';
    const size_t length = strlen(pattern);
    const bool to_end = length > 1 && pattern[length - 1] == '$';
    char *anywhere = NULL;
    if (asprintf(&anywhere, "%s%.*s%s", from_start ? "" : "*", (int)(length - from_start - to_end),
                 pattern + from_start, to_end ? "" : "*") < 0)
        return false;
    const bool found = lm_wildcard_match(anywhere, text);
    free(anywhere);
    return found;
}

static bool hides_leak(const lm_suppression *item, const lm_report *report) {
    if (!lm_report_is_leak(report))
        return false;
    const char *pattern = item->frames[0].text;
    for (size_t i = 0; i < report->allocated.count; i++) {
        const lm_place *place = &report->allocated.places[i];
        if (contains(pattern, place->function) || contains(pattern, place->path) ||
            contains(pattern, place->module_path))
            return true;
    }
    return contains(pattern, report->facts->allocated_call);
}

/* The call that stands before the route's first place, in Valgrind's stacks. */
static const char *call_before(const lm_report *report) {
    const lm_wire_finding *facts = report->facts;
    if (report->to_blame == &report->allocated)
        return facts->allocated_call;
    return report->to_blame == &report->freed ? facts->freed_call : facts->call;
}

lm_suppression *lm_suppressions_find(const lm_suppressions *suppressions, const lm_report *report) {
    static const lm_route nowhere;
    const lm_route *route = report->to_blame == NULL ? &nowhere : report->to_blame;
    for (size_t i = 0; i < suppressions->count; i++) {
        lm_suppression *item = &suppressions->items[i];
        if (strcmp(item->kind, "leak") == 0 ? hides_leak(item, report)
                                            : matches_kind(item, report->facts) &&
                                                  matches_route(item, route, call_before(report)))
            return item;
    }
    return NULL;
}

/* ---- Writing one ------------------------------------------------------------------------------- */

size_t lm_suppression_frames(const lm_report *report, lm_frame_pattern *frames) {
    static char any[] = "*";
    const lm_route *route = report->to_blame;
    size_t count = 0;
    for (size_t i = 0; route != NULL && i < route->count && count < LM_SUPPRESSION_FRAMES; i++) {
        const lm_place *place = &route->places[i];
        const bool named = place->function != NULL;
        const char *text = named ? place->function : place->module_path;
        frames[count++] =
            (lm_frame_pattern){named || text == NULL ? LM_FRAME_FUNCTION : LM_FRAME_OBJECT,
                               text == NULL ? any : (char *)(uintptr_t)text};
    }
    return count;
}

char *lm_suppression_text(const lm_report *report) {
    lm_frame_pattern frames[LM_SUPPRESSION_FRAMES];
    const size_t count = lm_suppression_frames(report, frames);
    char place[LM_PLACE_SIZE] = "an unknown place";
    if (report->to_blame != NULL)
        lm_place_text(place, lm_route_blamed(report->to_blame), false);
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL)
        return NULL;
    fprintf(out, "{\n   %s at %s\n   Loam:%s\n", report->facts->code_name, place,
            report->facts->code_name);
    for (size_t i = 0; i < count; i++)
        fprintf(out, "   %s:%s\n", frames[i].kind == LM_FRAME_OBJECT ? "obj" : "fun",
                frames[i].text);
    fputs("}\n", out);
    const bool whole = fclose(out) == 0;
    if (whole)
        return text;
    free(text);
    return NULL;
}
