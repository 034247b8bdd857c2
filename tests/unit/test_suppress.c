#include "support/unit.h"

#include "cli/suppress.h"
#include "support/random.h"

#include <stdlib.h>
#include <string.h>

/* ---- Wildcards ----------------------------------------------------------------------------------- */

/* The plain way. */
static bool matches(const char *pattern, const char *text) {
    if (*pattern == '*')
        return matches(pattern + 1, text) || (*text && matches(pattern, text + 1));
    if (*pattern == '\0' || *text == '\0')
        return *pattern == *text;
    return (*pattern == '?' || *pattern == *text) && matches(pattern + 1, text + 1);
}

static void any_pattern(void **state) {
    random_state random = {11};
    size_t matched = 0;
    (void)state;
    for (int i = 0; i < 200000; i++) {
        char pattern[8] = "", text[10] = "";
        for (size_t at = random_below(&random, 8); at > 0; at--)
            pattern[at - 1] = "ab?*"[random_below(&random, 4)];
        for (size_t at = random_below(&random, 10); at > 0; at--)
            text[at - 1] = "ab"[random_below(&random, 2)];
        matched += matches(pattern, text);
        if (lm_wildcard_match(pattern, text) != matches(pattern, text))
            fail_msg("%s and %s", pattern, text);
    }
    assert_true(matched > 10000 && matched < 190000);
}

/* ---- Reports ------------------------------------------------------------------------------------- */

enum { DEPTH = 4 };

static char code_name[32], call[32], access_name[16];
static lm_wire_finding facts;
static lm_place places[DEPTH];
static lm_report report;

static int set_up(void **state) {
    static const char *const functions[DEPTH] = {"inner", "middle", "middle", "main"};
    (void)state;
    memset(&facts, 0, sizeof facts);
    memset(&report, 0, sizeof report);
    memset(places, 0, sizeof places);
    for (size_t i = 0; i < DEPTH; i++) {
        places[i].function = functions[i];
        places[i].module_path = "/opt/bin/program";
        places[i].path = "/src/part.c";
        places[i].file = "part.c";
        places[i].line = 10 + (unsigned)i;
    }
    strcpy(code_name, "use-after-free");
    facts.code_name = code_name;
    facts.code = LM_CODE_USE_AFTER_FREE;
    report.facts = &facts;
    report.used = (lm_route){places, DEPTH, 0};
    report.to_blame = &report.used;
    return 0;
}

/* Whether it hides the report. `frames`: "fun:x obj:y ...", with blanks between. */
static bool hides_with(const char *kind, const char *extra, const char *frames) {
    char kinds[64], extras[64] = "", text[256];
    lm_frame_pattern patterns[8];
    lm_suppression item = {.kind = kinds, .extra = extra ? extras : NULL, .frames = patterns};
    const lm_suppressions all = {&item, 1};
    strcpy(kinds, kind);
    strcpy(extras, extra ? extra : "");
    strcpy(text, frames);
    for (char *word = strtok(text, " "); word; word = strtok(NULL, " ")) {
        const lm_frame_kind is = word[0] == '.'   ? LM_FRAME_ANY
                                 : word[0] == 'f' ? LM_FRAME_FUNCTION
                                 : word[0] == 'o' ? LM_FRAME_OBJECT
                                                  : LM_FRAME_SOURCE;
        patterns[item.frame_count++] = (lm_frame_pattern){is, word + (is == LM_FRAME_ANY ? 3 : 4)};
    }
    return lm_suppressions_find(&all, &report) == &item;
}

static bool hides(const char *frames) {
    return hides_with("Loam:use-after-free", NULL, frames);
}

static void frames(void **state) {
    (void)state;
    assert_true(hides(""));
    assert_true(hides("fun:inner"));
    assert_true(hides("fun:inn* fun:m?ddle"));
    assert_true(hides("fun:inner fun:middle fun:middle fun:main"));
    assert_false(hides("fun:inner fun:middle fun:middle fun:main fun:*")); /* there are no more */
    assert_false(hides("fun:middle"));
    assert_false(hides("fun:inner fun:main"));
    assert_true(hides("obj:*/program obj:/opt/bin/program"));
    assert_false(hides("obj:program"));
    assert_true(hides("src:part.c"));
    assert_true(hides("src:/src/part.c"));
    assert_true(hides("src:part.c:10 src:part.c:11"));
    assert_false(hides("src:part.c:11"));
    places[0].function = places[0].path = places[0].file = places[0].module_path = NULL;
    assert_true(hides("fun:*"));
    assert_false(hides("fun:?*"));
    assert_true(hides("obj:*"));
    assert_false(hides("src:*"));
    report.to_blame = NULL; /* nothing is known */
    assert_true(hides(""));
    assert_true(hides("..."));
    assert_false(hides("fun:*"));
}

static void any_number_of_frames(void **state) {
    (void)state;
    assert_true(hides("..."));
    assert_true(hides("... fun:main"));
    assert_true(hides("... fun:inner"));
    assert_true(hides("fun:inner ... fun:main"));
    assert_true(
        hides("fun:inner ... fun:middle fun:main")); /* the first of that name isn't the one */
    assert_true(hides("fun:inner ... ... fun:main ..."));
    assert_false(hides("... fun:other"));
    assert_false(hides("... fun:main fun:*"));
    assert_false(hides("fun:middle ... fun:main"));
    assert_false(hides("... fun:middle fun:inner"));
}

/* Valgrind has the call that went wrong as a frame of its own, perhaps by the linker's name. */
static void calls(void **state) {
    (void)state;
    facts.call = strcpy(call, "strcpy");
    assert_true(hides("fun:strcpy fun:inner"));
    assert_true(hides("fun:inner"));
    assert_false(hides("fun:strcat fun:inner"));
    assert_false(hides("fun:inner fun:strcpy"));
    assert_true(hides("obj:*vgpreload_memcheck* fun:inner"));
    assert_false(hides("src:* src:part.c:10"));
    strcpy(call, "operator new[]");
    assert_true(hides("fun:_Znam fun:inner"));
    assert_false(hides("fun:_Znwm fun:inner"));
    places[0].function = "parse(int)";
    assert_true(hides("fun:_Z5parsei"));
    assert_false(hides("fun:_Z5parsec"));
    facts.allocated_call = call;
    facts.call = NULL;
    report.allocated = report.used;
    report.to_blame = &report.allocated;
    assert_true(hides("fun:_Znam fun:_Z5parsei"));
}

static bool of_kind(const char *kind) {
    return hides_with(kind, NULL, "fun:inner");
}

static void kinds(void **state) {
    (void)state;
    assert_true(of_kind("Loam:use-after-free"));
    assert_true(of_kind("Loam:use-*"));
    assert_true(of_kind("Loam:*"));
    assert_false(of_kind("Loam:leak"));
    facts.bytes = (lm_fact){true, 4};
    assert_true(of_kind("Memcheck:Addr4"));
    assert_false(of_kind("Memcheck:Addr8"));
    assert_false(of_kind("Memcheck:Addr4x"));
    assert_false(of_kind("Memcheck:Value4"));
    assert_false(of_kind("Helgrind:Addr4"));
    assert_true(of_kind("Helgrind,Memcheck:Addr4"));
    facts.bytes.known = false;
    assert_true(of_kind("Memcheck:Addr8"));
    facts.bytes = (lm_fact){true, 100};
    facts.call = strcpy(call, "read");
    assert_true(of_kind("Memcheck:Addr1")); /* Valgrind tells what a call touches byte by byte */
    assert_true(hides_with("Memcheck:Param", "read(buf)", "fun:inner"));
    assert_false(hides_with("Memcheck:Param", "write(buf)", "fun:inner"));
    assert_false(hides_with("Memcheck:Param", NULL, "fun:inner"));
    assert_false(of_kind("Memcheck:Jump"));
    facts.access = strcpy(access_name, "execute");
    assert_true(of_kind("Memcheck:Jump"));
    facts.code = LM_CODE_DOUBLE_FREE;
    assert_true(of_kind("Memcheck:Free"));
    assert_false(of_kind("Memcheck:Addr1"));
    facts.code = LM_CODES_COUNT; /* of a later Loam */
    assert_false(of_kind("Memcheck:Free"));
    assert_true(of_kind("Loam:use-after-free"));
}

static void leaks(void **state) {
    (void)state;
    facts.code = LM_CODE_LEAK;
    report.allocated = report.used;
    report.to_blame = &report.allocated;
    facts.allocated_call = strcpy(call, "malloc");
    assert_true(of_kind("Memcheck:Leak"));
    assert_true(hides_with("Memcheck:Leak", "match-leak-kinds: definite", "fun:malloc fun:inner"));
    assert_true(hides_with("Memcheck:Leak", "match-leak-kinds: all", "fun:inner"));
    assert_false(hides_with("Memcheck:Leak", "match-leak-kinds: possible,reachable", "fun:inner"));
    facts.code = LM_CODE_POSSIBLE_LEAK;
    assert_true(hides_with("Memcheck:Leak", "match-leak-kinds: possible,reachable", "fun:inner"));
}

/* LeakSanitizer's are a piece of any name. */
static void pieces_of_names(void **state) {
    static const struct {
        const char *pattern;
        bool hides;
    } table[] = {{"fun:idd", true},    {"fun:^mid", true},    {"fun:^idd", false},
                 {"fun:dle$", true},   {"fun:dl$", false},    {"fun:^middle$", true},
                 {"fun:part.c", true}, {"fun:bin/pro", true}, {"fun:m*n", true},
                 {"fun:mallo", true},  {"fun:other", false},  {"fun:$", false},
                 {"fun:^", true},      {"fun:e$", true}};
    (void)state;
    facts.code = LM_CODE_LEAK;
    facts.allocated_call = strcpy(call, "malloc");
    report.allocated = report.used;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (hides_with("leak", NULL, table[i].pattern) != table[i].hides)
            fail_msg("%s", table[i].pattern);
    facts.code = LM_CODE_USE_AFTER_FREE;
    assert_false(hides_with("leak", NULL, "fun:idd"));
}

static void served(void **state) {
    static const struct {
        const char *kind;
        bool is;
    } table[] = {{"Loam:leak", true},       {"leak", true},
                 {"Memcheck:Addr16", true}, {"Memcheck:Cond", true},
                 {"Memcheck:Condx", false}, {"Memcheck:Overlap", false},
                 {"Helgrind:Race", false},  {"drd:ConflictingAccess", false}};
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char kind[64];
        strcpy(kind, table[i].kind);
        assert_int_equal(lm_suppression_is_served(&(lm_suppression){.kind = kind}), table[i].is);
    }
}

/* What it writes for a report hides it. */
static void written(void **state) {
    (void)state;
    places[1].function = NULL;
    char *text = lm_suppression_text(&report);
    assert_non_null(text);
    assert_non_null(strstr(text, "\n   Loam:use-after-free\n   fun:inner\n   obj:/opt/bin/program\n"
                                 "   fun:middle\n   fun:main\n}\n"));
    free(text);
    assert_true(hides("fun:inner obj:/opt/bin/program fun:middle fun:main"));
    report.to_blame = NULL;
    text = lm_suppression_text(&report);
    assert_string_equal(text,
                        "{\n   use-after-free at an unknown place\n   Loam:use-after-free\n}\n");
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_pattern),
        cmocka_unit_test_setup(frames, set_up),
        cmocka_unit_test_setup(any_number_of_frames, set_up),
        cmocka_unit_test_setup(calls, set_up),
        cmocka_unit_test_setup(kinds, set_up),
        cmocka_unit_test_setup(leaks, set_up),
        cmocka_unit_test_setup(pieces_of_names, set_up),
        cmocka_unit_test_setup(served, set_up),
        cmocka_unit_test_setup(written, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
