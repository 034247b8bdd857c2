/* What a column of a source line points at. */
#include "cli/source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* The column is that of the '|', which isn't part of the line. */
static void expect(const char *marked, const char *extent) {
    char line[256];
    const char *bar = strchr(marked, '|');
    const unsigned column = bar == NULL ? 0 : (unsigned)(bar - marked) + 1;
    snprintf(line, sizeof line, "%.*s%s", bar == NULL ? 0 : (int)(bar - marked), marked,
             bar == NULL ? marked : bar + 1);
    size_t start;
    size_t end;
    lm_source_extent(line, strlen(line), column, &start, &end);
    assert_true(start < end || *extent == '\0');
    char found[256];
    snprintf(found, sizeof found, "%.*s", (int)(end - start), line + start);
    assert_string_equal(found, extent);
}

static void finds_extents(void **state) {
    (void)state;
    expect("char *p = |malloc(strlen(s)); return p;", "malloc(strlen(s))");
    expect("x = |call(\")\", ')', (a)); y", "call(\")\", ')', (a))");
    expect("p->list[i] |= f(x, y);", "p->list[i] = f(x, y)");
    expect("  *table[2] |+= 7;", "*table[2] += 7");
    expect("x = a|[i + 1] * 2;", "a[i + 1]");
    expect("x = node|->next->value;", "node->next->value");
    expect("return |*p;", "*p");
    expect("if (a |== b)", "=");
    expect("  std::string |name(5);", "name(5)");
    expect("delete |s;", "delete s");
    expect("auto *s = new std::string(\"x\"|);", "new std::string(\"x\")");
    expect("x(|unclosed(", "unclosed(");
    expect("|}", "}");
    expect("int *p = new int[3]{1, 2|};", "int *p = new int[3]{1, 2}");
    expect("  cout << *p << |'\\n';", "cout << *p << '\\n'");
}

static void takes_the_statement_without_a_column(void **state) {
    (void)state;
    expect("    free(p); // gone", "free(p)");
    expect("", "");
    size_t start;
    size_t end;
    lm_source_extent("abc", 3, 99, &start, &end);
    assert_int_equal(start, 0);
    assert_int_equal(end, 3);
}

/* Whatever the line is, the extent lies in it. */
static void stays_in_the_line(void **state) {
    (void)state;
    static const char alphabet[] = "a([)]=-> '\"\\*&.;,:";
    srand(1);
    for (int round = 0; round < 20000; round++) {
        char line[24];
        const size_t length = (size_t)rand() % sizeof line;
        for (size_t i = 0; i < length; i++)
            line[i] = alphabet[(size_t)rand() % (sizeof alphabet - 1)];
        size_t start;
        size_t end;
        lm_source_extent(line, length, (unsigned)rand() % 26, &start, &end);
        assert_true(start <= end);
        assert_true(end <= length || length == 0);
    }
}

static void reads_lines(void **state) {
    (void)state;
    char path[] = "/tmp/loam-test-XXXXXX";
    FILE *file = fdopen(mkstemp(path), "w");
    assert_non_null(file);
    fputs("one\r\n\nthree", file);
    fclose(file);
    lm_sources *sources = lm_sources_new();
    size_t length;
    assert_memory_equal(lm_sources_line(sources, path, 1, &length), "one", 3);
    assert_int_equal(length, 3);
    assert_non_null(lm_sources_line(sources, path, 2, &length));
    assert_int_equal(length, 0);
    assert_memory_equal(lm_sources_line(sources, path, 3, &length), "three", 5);
    assert_int_equal(length, 5);
    assert_null(lm_sources_line(sources, path, 4, &length));
    assert_null(lm_sources_line(sources, path, 0, &length));
    assert_null(lm_sources_line(sources, NULL, 1, &length));
    assert_null(lm_sources_line(sources, "/nowhere", 1, &length));
    assert_null(lm_sources_line(sources, "/tmp", 1, &length));
    lm_sources_free(sources);
    unlink(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_extents),
        cmocka_unit_test(takes_the_statement_without_a_column),
        cmocka_unit_test(stays_in_the_line),
        cmocka_unit_test(reads_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
