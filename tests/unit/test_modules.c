#include "support/unit.h"

#include "stack/modules.h"

#include "heap/limits.h"
#include "os/os.h"
#include "stack/depot.h"
#include "support/loaded.h"
#include "support/thread.h"

#include <string.h>

static int start(void **state) {
    (void)state;
    lm_os_start();
    return 0;
}

static uintptr_t address_of(void (*function)(void **)) {
    uintptr_t address;
    memcpy(&address, &function, sizeof address);
    return address;
}

static uintptr_t address_in(const loaded *l) {
    uintptr_t address;
    memcpy(&address, &l->call, sizeof address);
    return address;
}

static void knows_the_program(void **state) {
    lm_module module, again;
    (void)state;
    const uintptr_t here = address_of(knows_the_program);
    if (!lm_object_known())
        skip();
    assert_true(lm_modules_find(here, &module));
    assert_true(module.start <= here && here < module.end);
    assert_int_not_equal(module.id, 0);
    assert_string_equal(strrchr(module.path, '/'), "/test_modules");
    assert_true(module.build_size > 0);
    assert_true(lm_modules_get(module.id, &again));
    assert_string_equal(again.path, module.path);
    assert_int_equal(again.bias, module.bias);
}

static void knows_nothing_of_other_memory(void **state) {
    lm_module module;
    (void)state;
    assert_false(lm_modules_find((uintptr_t)&module, &module));
    assert_false(lm_modules_find(0, &module));
    assert_false(lm_modules_get(0, &module));
    assert_false(lm_modules_get(UINT32_MAX, &module));
}

static void knows_what_stays(void **state) {
    lm_object object;
    bool stays;
    (void)state;
    if (!lm_object_find(address_of(knows_what_stays), &object))
        skip();
    lm_modules_note(&object, &stays);
    assert_true(stays);
    lm_modules_start(); /* now all that is loaded */
    uintptr_t library;
    int (*function)(const char *) = puts;
    memcpy(&library, &function, sizeof library);
    assert_true(lm_object_find(library, &object));
    lm_modules_note(&object, &stays);
    assert_true(stays);

    loaded first = load("first");
    if (!first.call)
        skip();
    assert_true(lm_object_find(address_in(&first), &object));
    lm_modules_note(&object, &stays);
    assert_false(stays);
    dlclose(first.handle);
}

/* ---- Modules that come and go ---------------------------------------------------------------- */

typedef struct visit {
    uint32_t stack;
    lm_module module; /* the one that called */
} visit;

static void here(void *argument) {
    visit *v = argument;
    v->stack = lm_depot_here();
}

static visit visit_by(const char *name, bool close) {
    visit v = {0};
    loaded l = load(name);
    if (!l.call)
        skip();
    l.call(here, &v);
    assert_true(lm_modules_find(address_in(&l), &v.module));
    assert_true(lm_modules_is(v.module.id, address_in(&l)));
    if (close) {
        dlclose(l.handle);
        if (!lm_object_find(v.module.start, &(lm_object){0}))
            assert_false(lm_modules_is(v.module.id, v.module.start));
    }
    return v;
}

/* Which module the second frame was in. */
static void check_visit(const visit *v, const char *name) {
    uint32_t modules[LM_DEPOT_FRAMES];
    uintptr_t frames[LM_DEPOT_FRAMES];
    lm_module module;
    const size_t count = lm_depot_modules(v->stack, modules, LM_DEPOT_FRAMES);
    assert_int_equal(lm_depot_get(v->stack, frames, LM_DEPOT_FRAMES, NULL), count);
    assert_true(count > 3);
    bool found = false;
    for (size_t i = 0; i < count && !found; i++)
        if (lm_modules_get(modules[i], &module) && strstr(module.path, name)) {
            found = true;
            assert_true(frames[i] > module.start && frames[i] <= module.end);
            assert_int_equal(module.id, v->module.id);
        }
    assert_true(found);
}

/* The second is loaded where the first was: the return addresses are the same, and all words of the
 * stack. Again and again, so that whoever remembers anything has his chance to be wrong. */
static void tells_modules_apart(void **state) {
    visit before[2] = {0}; /* the last two at one address */
    size_t same_place = 0;
    (void)state;
    for (int i = 0; i < 20; i++) {
        static const char *const names[2] = {"first", "second"};
        visit now[2];
        volatile int two = 2; /* one call in a loop, not two */
        for (int k = 0; k < two; k++)
            now[k] = visit_by(names[k], true);
        check_visit(&now[0], "/first.so");
        check_visit(&now[1], "/second.so");
        assert_int_not_equal(now[0].stack, now[1].stack);
        assert_int_not_equal(now[0].module.id, now[1].module.id);
        if (now[0].module.start != now[1].module.start)
            continue;
        same_place++;
        for (int k = 0; k < 2; k++) /* the same file at the same address, the same numbers */
            if (before[k].module.start == now[k].module.start) {
                assert_int_equal(before[k].module.id, now[k].module.id);
                assert_int_equal(before[k].stack, now[k].stack);
            }
        memcpy(before, now, sizeof before);
    }
    print_message("          %zu times at the same address\n", same_place);
}

static void remembers_what_was_closed(void **state) {
    lm_module module;
    (void)state;
    const visit v = visit_by("first", true);
    assert_true(lm_modules_get(v.module.id, &module));
    assert_non_null(strstr(module.path, "/first.so"));
    if (!lm_object_find(v.module.start, &(lm_object){0})) {
        assert_true(lm_modules_find(v.module.start + 16, &module));
        assert_true(module.start == v.module.start);
    }
}

/* The last test: the table is full then. */
static void is_bounded(void **state) {
    static _Alignas(4096) uint8_t pages[8192];
    lm_object object = {(uintptr_t)pages, (uintptr_t)pages + sizeof pages, 0, NULL, "/x"};
    lm_module module;
    uint32_t id = 1, last = 0;
    size_t made = 0;
    bool stays;
    (void)state;
    for (; id != 0; made++) {
        last = id;
        object.bias = made + 1;
        id = lm_modules_note(&object, &stays);
    }
    assert_true(made > LM_MODULES / 2 && made <= LM_MODULES + 1);
    assert_true(lm_modules_get(last, &module));
    assert_int_equal(module.bias, made - 1);
    assert_false(lm_modules_get(last + 1, &module));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_the_program),
        cmocka_unit_test(knows_nothing_of_other_memory),
        cmocka_unit_test(knows_what_stays),
        cmocka_unit_test(tells_modules_apart),
        cmocka_unit_test(remembers_what_was_closed),
        cmocka_unit_test(is_bounded),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
