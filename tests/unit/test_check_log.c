/* A process's file, read as it grows. */
#include "cli/check_log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char head[] =
    "loam-check version=1\n"
    "process pid=5 parent=4 program=/bin/a%20b arguments=2 argument=a argument=b started=1\n"
    "module id=1 path=/bin/x start=0x1000 end=0x2000 bias=0x1000 build=0a0b\n"
    "stack id=3 exact=1 frames=1+0x10,0+0x7f00,9+0x1\n";

struct heard {
    size_t findings, notes;
    lm_wire_finding *last;
    char note[64];
};

static void hear_finding(lm_wire_finding *finding, void *context) {
    struct heard *heard = context;
    heard->findings++;
    heard->last = finding;
}

static void hear_note(const lm_wire_program *program, const char *text, void *context) {
    (void)program;
    struct heard *heard = context;
    heard->notes++;
    snprintf(heard->note, sizeof heard->note, "%s", text);
}

/* A file, its reader, and who listens. */
struct fixture {
    char path[64];
    FILE *file;
    lm_log log;
    struct heard heard;
    lm_log_hearer hearer;
};

static void begin(struct fixture *fixture) {
    *fixture = (struct fixture){.path = "/tmp/loam-test-XXXXXX"};
    fixture->file = fdopen(mkstemp(fixture->path), "w");
    assert_non_null(fixture->file);
    fixture->hearer = (lm_log_hearer){hear_finding, hear_note, &fixture->heard};
    lm_log_init(&fixture->log, fixture->path);
}

static void add(struct fixture *fixture, const char *text) {
    fputs(text, fixture->file);
    fflush(fixture->file);
    assert_true(lm_log_read(&fixture->log, &fixture->hearer));
}

static void end(struct fixture *fixture) {
    lm_log_free(&fixture->log);
    fclose(fixture->file);
    unlink(fixture->path);
}

static void reads_a_finding(void **state) {
    (void)state;
    struct fixture it;
    begin(&it);
    add(&it, head);
    add(&it, "finding id=1 code=heap-overflow certainty=later stack=3 size=8 first=8 last=-1 "
             "register=rax dump=00ff dump_at=-8 unheard=of\n");
    assert_int_equal(it.heard.findings, 1);
    const lm_wire_finding *finding = it.heard.last;
    assert_int_equal(finding->code, LM_CODE_HEAP_OVERFLOW);
    assert_int_equal(finding->sure, LM_SURE_LATER);
    assert_int_equal((int64_t)finding->last.value, -1);
    assert_int_equal((int64_t)finding->dump_at.value, -8);
    assert_string_equal(finding->register_name, "rax");
    assert_int_equal(finding->dump_size, 2);
    assert_false(finding->bytes.known);
    assert_null(finding->freed);
    assert_non_null(finding->stack);
    assert_true(finding->stack->exact);
    assert_int_equal(finding->stack->count, 3);
    assert_string_equal(finding->stack->frames[0].module->path, "/bin/x");
    assert_int_equal(finding->stack->frames[0].module->build_size, 2);
    assert_null(finding->stack->frames[1].module);
    assert_int_equal(finding->stack->frames[1].address, 0x7f00);
    assert_int_equal(finding->program->pid, 5);
    assert_string_equal(finding->program->path, "/bin/a b");
    assert_int_equal(finding->program->argument_count, 2);
    add(&it, "again id=1 count=41\nagain id=1 count=42\nagain id=2 count=7\n");
    assert_int_equal(finding->count, 42);
    assert_int_equal(it.log.passed_over, 1);
    end(&it);
}

static void waits_for_the_end_of_a_line(void **state) {
    (void)state;
    struct fixture it;
    begin(&it);
    add(&it, head);
    add(&it, "finding id=1 co");
    assert_int_equal(it.heard.findings, 0);
    add(&it, "de=leak size=4\nnote text=it%20is so\nfinding id=2 code=leak");
    assert_int_equal(it.heard.findings, 1);
    assert_int_equal(it.heard.last->code, LM_CODE_LEAK);
    assert_string_equal(it.heard.note, "it is");
    end(&it);
}

static void keeps_programs_apart(void **state) {
    (void)state;
    struct fixture it;
    begin(&it);
    add(&it, head);
    add(&it, "summary allocations=3 frees=2\n");
    add(&it, "loam-check version=1\nprocess pid=5 parent=4 program=/bin/second\n"
             "finding id=1 code=new-kind stack=3\nend status=7\n");
    assert_string_equal(it.heard.last->program->path, "/bin/second");
    assert_int_equal(it.heard.last->code, LM_CODES_COUNT);
    assert_string_equal(it.heard.last->code_name, "new-kind");
    assert_null(it.heard.last->stack);
    assert_true(it.log.first->summary.known);
    assert_int_equal(it.log.first->summary.frees.value, 2);
    assert_false(it.log.first->ended);
    assert_true(it.log.last->ended);
    assert_int_equal(it.log.last->status, 7);
    end(&it);
}

static void takes_long_and_odd_lines(void **state) {
    (void)state;
    struct fixture it;
    begin(&it);
    add(&it, head);
    const size_t size = (size_t)5 << 20;
    char *line = malloc(size + 1);
    assert_non_null(line);
    memset(line, 'x', size);
    line[size] = '\0';
    add(&it, line);
    add(&it, "\nstack id=\nmodule\nfinding id=1\nunknown a=b\nfinding id=1 code=leak\n");
    assert_int_equal(it.heard.findings, 1);
    assert_true(it.log.passed_over >= 3);
    free(line);
    end(&it);
}

static void leaves_other_versions_alone(void **state) {
    (void)state;
    struct fixture it;
    begin(&it);
    add(&it, "loam-check version=2\nprocess pid=5\nfinding id=1 code=leak\n");
    assert_true(it.log.foreign);
    assert_int_equal(it.heard.findings, 0);
    end(&it);
}

static void names_every_code(void **state) {
    (void)state;
    for (int code = 0; code < LM_CODES_COUNT; code++)
        assert_int_equal(lm_code_of(lm_code_name((lm_code)code)), code);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_finding),
        cmocka_unit_test(waits_for_the_end_of_a_line),
        cmocka_unit_test(keeps_programs_apart),
        cmocka_unit_test(takes_long_and_odd_lines),
        cmocka_unit_test(leaves_other_versions_alone),
        cmocka_unit_test(names_every_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
