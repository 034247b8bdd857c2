/* Reports made by hand, without a program: headlines, orders, and what is left out when little is known. */
#include "cli/story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static lm_fact fact(uint64_t value) {
    return (lm_fact){true, value};
}

static void expect_headline(const lm_wire_finding *facts, const char *expected) {
    const lm_report report = {.facts = facts};
    char buffer[LM_HEADLINE_SIZE];
    assert_string_equal(lm_story_headline(&report, buffer), expected);
}

static void speaks_of_overflows(void **state) {
    (void)state;
    char write[] = "write";
    char read[] = "read";
    lm_wire_finding facts = {.code = LM_CODE_HEAP_OVERFLOW,
                             .sure = LM_SURE_EXACT,
                             .access = write,
                             .size = fact(8),
                             .first = fact(8),
                             .last = fact(8)};
    expect_headline(&facts, "1 byte written past the end of an 8-byte block");
    facts.last = fact(11);
    facts.access = read;
    expect_headline(&facts, "4 bytes read past the end of an 8-byte block");
    facts.first = fact(20);
    facts.last = fact(23);
    expect_headline(&facts, "4 bytes read 12 bytes past the end of an 8-byte block");
    facts.sure = LM_SURE_LATER;
    facts.first = facts.last = fact(8);
    expect_headline(&facts, "1 byte past the end of an 8-byte block was overwritten");
    facts = (lm_wire_finding){.code = LM_CODE_HEAP_UNDERFLOW,
                              .access = write,
                              .sure = LM_SURE_EXACT,
                              .size = fact(16),
                              .first = fact((uint64_t)-4),
                              .last = fact((uint64_t)-1)};
    expect_headline(&facts, "4 bytes written before the start of a 16-byte block");
}

static void speaks_of_calls(void **state) {
    (void)state;
    char write[] = "write";
    char call[] = "read";
    const lm_wire_finding facts = {.code = LM_CODE_HEAP_OVERFLOW,
                                   .sure = LM_SURE_EXACT,
                                   .access = write,
                                   .call = call,
                                   .bytes = fact(100),
                                   .size = fact(40),
                                   .first = fact(40),
                                   .last = fact(99)};
    expect_headline(&facts, "read() was asked to put 100 bytes into a 40-byte block");
}

static void speaks_of_leaks(void **state) {
    (void)state;
    lm_wire_finding facts = {.code = LM_CODE_LEAK, .size = fact(1), .blocks = fact(1)};
    expect_headline(&facts, "a 1-byte block was never freed, and nothing points to it any more");
    facts.size = fact(148);
    facts.blocks = fact(2);
    facts.indirect_blocks = fact(1);
    facts.indirect_bytes = fact(100);
    expect_headline(
        &facts,
        "2 blocks with 48 bytes in all were never freed, and nothing points to them any more; "
        "with 100 bytes in 1 block that only they led to");
}

/* A finding of each code of which nothing is known but that: there is something to say, and nothing breaks. */
static void tells_what_little_there_is(void **state) {
    (void)state;
    lm_sources *sources = lm_sources_new();
    for (int code = 0; code <= LM_CODES_COUNT; code++) {
        for (int sure = LM_SURE_EXACT; sure <= LM_SURE_INFERRED; sure++) {
            char name[32];
            strcpy(name, lm_code_name((lm_code)code));
            const lm_wire_finding facts = {
                .code = (lm_code)code, .code_name = name, .sure = (lm_sureness)sure, .count = 1};
            const lm_report report = {.facts = &facts};
            lm_paper paper = {.width = 80};
            const lm_story story = {&paper, &report, sources, NULL};
            lm_story_tell(&story);
            assert_non_null(strstr(paper.text, name));
            assert_null(strstr(paper.text, "(null)"));
            lm_paper_free(&paper);
        }
    }
    lm_sources_free(sources);
}

static void shows_bytes(void **state) {
    (void)state;
    unsigned char dump[24] = "0123456789abcdef";
    char name[] = "heap-overflow";
    char write[] = "write";
    lm_wire_finding facts = {.code = LM_CODE_HEAP_OVERFLOW,
                             .code_name = name,
                             .access = write,
                             .sure = LM_SURE_EXACT,
                             .size = fact(4),
                             .first = fact(4),
                             .last = fact(5),
                             .dump = dump,
                             .dump_size = 6,
                             .dump_at = fact(0)};
    const lm_report report = {.facts = &facts};
    lm_paper paper = {.width = 80};
    const lm_story story = {&paper, &report, NULL, NULL};
    lm_story_bytes(&story);
    assert_string_equal(paper.text, "   block   [30 31 32 33] 34 35     \"0123\"\n"
                                    "                         ^^^^^ bytes 4 to 5 (valid: 0..3)\n");
    /* What lies behind the dump of a whole block can't be read. */
    lm_paper_clear(&paper);
    facts.dump_size = 4;
    lm_story_bytes(&story);
    assert_string_equal(paper.text, "   block   [30 31 32 33] -- --     \"0123\"\n"
                                    "                         ^^^^^ bytes 4 to 5 (valid: 0..3)\n");
    lm_paper_free(&paper);
}

static void puts_first_what_matters(void **state) {
    (void)state;
    const lm_wire_finding overflow = {.code = LM_CODE_HEAP_OVERFLOW, .time = fact(9)};
    const lm_wire_finding earlier = {.code = LM_CODE_DOUBLE_FREE, .time = fact(3)};
    const lm_wire_finding small = {.code = LM_CODE_LEAK, .size = fact(8)};
    const lm_wire_finding large = {.code = LM_CODE_LEAK, .size = fact(80)};
    const lm_report reports[] = {
        {.facts = &earlier}, {.facts = &overflow}, {.facts = &large}, {.facts = &small}};
    for (size_t i = 0; i + 1 < sizeof reports / sizeof reports[0]; i++) {
        assert_true(lm_report_compare(&reports[i], &reports[i + 1]) < 0);
        assert_true(lm_report_compare(&reports[i + 1], &reports[i]) > 0);
    }
    assert_true(lm_report_is_leak(&reports[2]));
    assert_false(lm_report_is_leak(&reports[0]));
}

static void knows_the_same_again(void **state) {
    (void)state;
    char name[] = "leak";
    char other_name[] = "double-free";
    const lm_wire_finding one = {.code_name = name};
    const lm_wire_finding other = {.code_name = other_name};
    lm_place here[] = {{.address = 1}, {.address = 2}};
    lm_place there[] = {{.address = 1}, {.address = 3}};
    const lm_report first = {.facts = &one, .used = {here, 2, 0}};
    const lm_report again = {.facts = &one, .used = {here, 2, 0}};
    const lm_report elsewhere = {.facts = &one, .used = {there, 2, 0}};
    const lm_report shorter = {.facts = &one, .used = {here, 1, 0}};
    const lm_report another = {.facts = &other, .used = {here, 2, 0}};
    assert_true(lm_report_equal(&first, &again));
    assert_false(lm_report_equal(&first, &elsewhere));
    assert_false(lm_report_equal(&first, &shorter));
    assert_false(lm_report_equal(&first, &another));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(speaks_of_overflows),  cmocka_unit_test(speaks_of_calls),
        cmocka_unit_test(speaks_of_leaks),      cmocka_unit_test(tells_what_little_there_is),
        cmocka_unit_test(shows_bytes),          cmocka_unit_test(puts_first_what_matters),
        cmocka_unit_test(knows_the_same_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
