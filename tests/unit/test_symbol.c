/* Functions and lines of this very program. */
#include "cli/symbol.h"

#include <link.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static int take_base(struct dl_phdr_info *info, size_t size, void *context) {
    (void)size;
    *(uintptr_t *)context = info->dlpi_addr;
    return 1; /* the program itself comes first */
}

static uint64_t own_address(const void *at) {
    uintptr_t base = 0;
    dl_iterate_phdr(take_base, &base);
    return (uintptr_t)at - base;
}

static const char *own_path(void) {
    static char path[4096];
    const ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    assert_true(length > 0);
    return path;
}

__attribute__((noinline)) static const void *here(void) {
    __asm__ volatile("");
    return __builtin_return_address(0);
}

enum { INNER_LINE = __LINE__ + 2 };
__attribute__((always_inline)) static inline const void *inner(void) {
    const void *at = here();
    __asm__ volatile("");
    return at;
}

enum { OUTER_LINE = __LINE__ + 2 };
__attribute__((noinline)) static const void *outer(void) {
    const void *at = inner();
    __asm__ volatile("");
    return at;
}

int a_variable[4];

static void finds_inlined_calls(void **state) {
    (void)state;
    lm_symbols *symbols = lm_symbols_new();
    const uint64_t address = own_address(outer()) - 1;
    for (int round = 0; round < 2; round++) {
        const lm_symbols_at at = lm_symbols_find(symbols, own_path(), NULL, 0, address);
        assert_int_equal(at.count, 2);
        assert_string_equal(at.symbols[0].function, "inner");
        assert_int_equal(at.symbols[0].line, INNER_LINE);
        assert_true(at.symbols[0].inlined);
        assert_string_equal(at.symbols[1].function, "outer");
        assert_int_equal(at.symbols[1].line, OUTER_LINE);
        assert_false(at.symbols[1].inlined);
        assert_non_null(strstr(at.symbols[1].file, "test_symbol.c"));
        assert_true(at.symbols[0].column > 0);
    }
    lm_symbols_free(symbols);
}

static void knows_variables(void **state) {
    (void)state;
    lm_symbols *symbols = lm_symbols_new();
    const char *name =
        lm_symbols_variable(symbols, own_path(), NULL, 0, own_address(&a_variable[2]));
    assert_non_null(name);
    assert_string_equal(name, "a_variable");
    lm_symbols_free(symbols);
}

static void bears_what_is_missing(void **state) {
    (void)state;
    lm_symbols *symbols = lm_symbols_new();
    const unsigned char build[20] = {1, 2, 3};
    assert_int_equal(lm_symbols_find(symbols, "/nowhere", NULL, 0, 1).count, 0);
    assert_int_equal(lm_symbols_find(symbols, "/etc/passwd", NULL, 0, 1).count, 0);
    assert_int_equal(lm_symbols_find(symbols, "/tmp", NULL, 0, 1).count, 0);
    assert_int_equal(lm_symbols_find(symbols, own_path(), NULL, 0, 1).count, 0);
    assert_int_equal(lm_symbols_find(symbols, own_path(), NULL, 0, UINT64_MAX).count, 0);
    /* Another program has the name by now. */
    const uint64_t address = own_address(outer()) - 1;
    assert_int_equal(lm_symbols_find(symbols, own_path(), build, sizeof build, address).count, 0);
    assert_true(lm_symbols_changed(symbols, own_path(), build, sizeof build));
    assert_false(lm_symbols_changed(symbols, own_path(), NULL, 0));
    lm_symbols_free(symbols);
}

static void expect_short(const char *name, const char *expected) {
    char buffer[512];
    strcpy(buffer, name);
    lm_symbol_shorten(buffer);
    assert_string_equal(buffer, expected);
}

static void shortens_names(void **state) {
    (void)state;
    expect_short("main", "main");
    expect_short("std::vector<int, std::allocator<int> >::push_back",
                 "std::vector<int>::push_back");
    expect_short(
        "std::map<std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >, "
        "int, std::less<std::__cxx11::basic_string<char, std::char_traits<char>, "
        "std::allocator<char> > >, std::allocator<std::pair<int, int> > >::at",
        "std::map<std::string, int>::at");
    expect_short("a<b, std::allocator<", "a<b");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_inlined_calls),
        cmocka_unit_test(knows_variables),
        cmocka_unit_test(bears_what_is_missing),
        cmocka_unit_test(shortens_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
