#include "conf/options.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* The complaints of one parse. */
struct heard {
    unsigned count;
    char last[512];
};

static void hear(const char *message, void *context) {
    struct heard *heard = context;
    heard->count++;
    snprintf(heard->last, sizeof heard->last, "%s", message);
}

static lm_options options;

static int set_defaults(void **state) {
    (void)state;
    memset(&options, 0x5a, sizeof options);
    lm_options_defaults(&options);
    return 0;
}

/* Parses a text that must be right. */
static void takes(const char *text) {
    struct heard heard = {0};
    lm_options_parse(&options, text, "LOAM_OPTIONS", false, hear, &heard);
    assert_string_equal(heard.last, "");
    assert_int_equal(heard.count, 0);
}

/* Parses a text with one mistake. */
static void complains(const char *text, const char *expected) {
    struct heard heard = {0};
    lm_options_parse(&options, text, "LOAM_OPTIONS", false, hear, &heard);
    assert_string_equal(heard.last, expected);
    assert_int_equal(heard.count, 1);
}

static void value_is(const char *key, const char *expected) {
    char buffer[LM_OPTION_PATH_MAX];
    assert_int_equal(lm_options_value(&options, key, buffer, sizeof buffer), strlen(expected));
    assert_string_equal(buffer, expected);
}

static void defaults(void **state) {
    (void)state;
    value_is("on_error", "abort");
    value_is("keep", "auto");
    value_is("arena", "auto");
    value_is("guards", "auto");
    value_is("mappings", "auto");
    value_is("thp", "default");
    value_is("stats", "0");
    value_is("stats_file", "");
    value_is("loaded_file", "");
    value_is("help", "0");
    assert_int_equal(options.on_error, LM_ON_ERROR_ABORT);
    assert_int_equal(options.keep, LM_AUTO);
    assert_false(options.stats);
}

static void every_type(void **state) {
    (void)state;
    takes("on_error=report:keep=64K:mappings=100:stats=1:stats_file=/tmp/s:thp=never");
    assert_int_equal(options.on_error, LM_ON_ERROR_REPORT);
    assert_int_equal(options.keep, 64 << 10);
    assert_int_equal(options.mappings, 100);
    assert_true(options.stats);
    assert_string_equal(options.stats_file, "/tmp/s");
    assert_int_equal(options.thp, LM_THP_NEVER);
    value_is("on_error", "report");
    value_is("keep", "65536");
    value_is("mappings", "100");
    value_is("stats", "1");
    value_is("stats_file", "/tmp/s");
    value_is("thp", "never");

    takes("keep=auto:stats=off:arena=0");
    value_is("keep", "auto");
    value_is("stats", "0");
    value_is("arena", "auto");
    value_is("mappings", "100");
}

static void later_items_win(void **state) {
    (void)state;
    takes(":keep=1M::keep=2M:");
    assert_int_equal(options.keep, 2 << 20);
    takes("");
    takes(NULL);
    takes(":::");
    assert_int_equal(options.keep, 2 << 20);
}

static void quoted_values(void **state) {
    (void)state;
    takes("stats_file='/tmp/a:b':stats=1");
    value_is("stats_file", "/tmp/a:b");
    assert_true(options.stats);
    takes("stats_file='it''s':thp='always'");
    value_is("stats_file", "it's");
    value_is("thp", "always");
    takes("stats_file=it's");
    value_is("stats_file", "it's");
    takes("stats_file='''x'''");
    value_is("stats_file", "'x'");
}

static void bad_quotes(void **state) {
    (void)state;
    /* What follows the next colon still counts. */
    complains("stats_file='/tmp/a:stats=1",
              "the option \"stats_file\" in LOAM_OPTIONS has no closing "
              "quote; write stats_file=PATH");
    assert_true(options.stats);
    complains("stats_file='a'b:help=1",
              "the option \"stats_file\" in LOAM_OPTIONS goes on after its "
              "closing quote; write stats_file=PATH");
    assert_true(options.help);
    value_is("stats_file", "");
    complains("stats_file=''",
              "\"\" is no value for the option \"stats_file\" in LOAM_OPTIONS; it takes "
              "a path of 1 to 255 bytes");
}

static void unknown_keys(void **state) {
    (void)state;
    complains("on_eror=abort",
              "unknown option \"on_eror\" in LOAM_OPTIONS; did you mean \"on_error\"?");
    complains("stat=1", "unknown option \"stat\" in LOAM_OPTIONS; did you mean \"stats\"?");
    complains("statsfile=x",
              "unknown option \"statsfile\" in LOAM_OPTIONS; did you mean \"stats_file\"?");
    complains("kepe=1", "unknown option \"kepe\" in LOAM_OPTIONS; did you mean \"keep\"?");
    complains("colour=1", "unknown option \"colour\" in LOAM_OPTIONS; help=1 lists the options");
    complains("=1", "unknown option \"\" in LOAM_OPTIONS; help=1 lists the options");
    complains("a\033[31m=1", "unknown option \"a?[31m\" in LOAM_OPTIONS; help=1 lists the options");
    complains("0123456789012345678901234567890123456789tail=1",
              "unknown option \"0123456789012345678901234567890123456789...\" in LOAM_OPTIONS; "
              "help=1 lists the options");
}

static void wrong_values(void **state) {
    (void)state;
    takes("on_error=ignore:keep=5:mappings=9:stats=1");
    complains("on_error=explode",
              "\"explode\" is no value for the option \"on_error\" in LOAM_OPTIONS; "
              "it takes abort, report or ignore");
    complains("keep=much",
              "\"much\" is no value for the option \"keep\" in LOAM_OPTIONS; it takes auto "
              "or an amount of bytes from 1, such as 64K or 32M");
    complains("keep=0", "\"0\" is no value for the option \"keep\" in LOAM_OPTIONS; it takes auto "
                        "or an amount of bytes from 1, such as 64K or 32M");
    complains(
        "keep=99999999999999999999",
        "\"99999999999999999999\" is no value for the option \"keep\" in LOAM_OPTIONS; it takes "
        "auto or an amount of bytes from 1, such as 64K or 32M");
    complains("mappings=7",
              "\"7\" is no value for the option \"mappings\" in LOAM_OPTIONS; it takes "
              "auto or a number from 8 to 2147483647");
    complains("mappings=64K",
              "\"64K\" is no value for the option \"mappings\" in LOAM_OPTIONS; it takes "
              "auto or a number from 8 to 2147483647");
    complains("stats=maybe",
              "\"maybe\" is no value for the option \"stats\" in LOAM_OPTIONS; it takes 1 or 0");
    complains("stats", "the option \"stats\" in LOAM_OPTIONS has no value; write stats=0|1");
    complains(
        "on_error",
        "the option \"on_error\" in LOAM_OPTIONS has no value; write on_error=abort|report|ignore");
    value_is("on_error", "ignore");
    value_is("keep", "5");
    value_is("mappings", "9");
    value_is("stats", "1");
}

static void long_paths(void **state) {
    (void)state;
    char text[400] = "stats_file=";
    const size_t start = strlen(text);
    memset(text + start, 'x', 255);
    takes(text);
    value_is("stats_file", text + start);

    takes("stats_file=short");
    memset(text + start, 'x', 256);
    struct heard heard = {0};
    lm_options_parse(&options, text, "LOAM_OPTIONS", false, hear, &heard);
    assert_int_equal(heard.count, 1);
    assert_non_null(strstr(heard.last, "...\" is no value for the option \"stats_file\""));
    value_is("stats_file", "short");
}

static void setuid_programs(void **state) {
    (void)state;
    struct heard heard = {0};
    lm_options_parse(&options,
                     "on_error=ignore:keep=1M:stats_file=/etc/x:nonsense=1:keep=?:guards=off",
                     "LOAM_OPTIONS", true, hear, &heard);
    assert_int_equal(heard.count, 0);
    value_is("on_error", "abort");
    value_is("keep", "1048576");
    value_is("stats_file", "");
    value_is("guards", "auto");
}

static void nobody_listens(void **state) {
    (void)state;
    lm_options_parse(&options, "nonsense=1:keep=?:stats:stats=1", "LOAM_OPTIONS", false, NULL,
                     NULL);
    assert_true(options.stats);
}

static void value_is_cut(void **state) {
    (void)state;
    char buffer[4] = "XXX";
    takes("on_error=report");
    assert_int_equal(lm_options_value(&options, "on_error", buffer, sizeof buffer), 6);
    assert_string_equal(buffer, "rep");
    assert_int_equal(lm_options_value(&options, "on_error", NULL, 0), 6);
    assert_int_equal(lm_options_value(&options, "on_erro", buffer, sizeof buffer), -1);
    assert_int_equal(lm_options_value(&options, "", buffer, sizeof buffer), -1);
}

static void environment(void **state) {
    (void)state;
    char other[] = "LOAM_OPTIONSX=1";
    char ours[] = "LOAM_OPTIONS=keep=1";
    char *const with[] = {other, ours, NULL};
    char *const without[] = {other, NULL};
    assert_string_equal(lm_options_in_environment(with), "keep=1");
    assert_null(lm_options_in_environment(without));
    assert_null(lm_options_in_environment(NULL));
}

/* Each value that the table names, and each default, must be one that the parser takes. */
static void table_and_parser_agree(void **state) {
    (void)state;
    for (const lm_option *option = lm_options_table; option->key != NULL; option++) {
        char text[128];
        char initial[64];
        lm_text writer;
        for (const lm_option_value *value = option->values; value && value->name; value++) {
            snprintf(text, sizeof text, "%s=%s", option->key, value->name);
            takes(text);
            value_is(option->key, value->name);
        }
        if (option->type == LM_TYPE_PATH)
            continue;
        lm_text_init(&writer, initial, sizeof initial);
        lm_options_initial(&writer, option);
        snprintf(text, sizeof text, "%s=%s", option->key, initial);
        takes(text);
        value_is(option->key, initial);
        assert_true(strlen(option->key) < 32); /* or it is never suggested */
    }
}

static void help_lists_all(void **state) {
    (void)state;
    char help[LM_OPTIONS_HELP_MAX];
    lm_text text;
    lm_text_init(&text, help, sizeof help);
    lm_options_help(&text);
    assert_true(text.length < sizeof help);
    for (const lm_option *option = lm_options_table; option->key != NULL; option++) {
        assert_non_null(strstr(help, option->key));
        assert_non_null(strstr(help, option->help));
    }
    for (char *line = strtok(help, "\n"); line != NULL; line = strtok(NULL, "\n"))
        assert_true(strlen(line) <= 80);
}

static void errno_stays(void **state) {
    (void)state;
    errno = 4711;
    lm_options_parse(&options, "keep=99999999999999999999:x=1:stats=1", "LOAM_OPTIONS", false, NULL,
                     NULL);
    assert_int_equal(errno, 4711);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(defaults, set_defaults),
        cmocka_unit_test_setup(every_type, set_defaults),
        cmocka_unit_test_setup(later_items_win, set_defaults),
        cmocka_unit_test_setup(quoted_values, set_defaults),
        cmocka_unit_test_setup(bad_quotes, set_defaults),
        cmocka_unit_test_setup(unknown_keys, set_defaults),
        cmocka_unit_test_setup(wrong_values, set_defaults),
        cmocka_unit_test_setup(long_paths, set_defaults),
        cmocka_unit_test_setup(setuid_programs, set_defaults),
        cmocka_unit_test_setup(nobody_listens, set_defaults),
        cmocka_unit_test_setup(value_is_cut, set_defaults),
        cmocka_unit_test_setup(environment, set_defaults),
        cmocka_unit_test_setup(table_and_parser_agree, set_defaults),
        cmocka_unit_test_setup(help_lists_all, set_defaults),
        cmocka_unit_test_setup(errno_stays, set_defaults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
