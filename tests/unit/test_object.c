#include "support/unit.h"

#include "stack/object.h"
#include "support/loaded.h"

#include <elf.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>

static uintptr_t here(void) {
    uintptr_t address;
    uintptr_t (*self)(void) = here;
    memcpy(&address, &self, sizeof address);
    return address;
}

static bool lies_in(const lm_object *object, lm_object_bytes bytes) {
    return bytes.start && bytes.start <= bytes.end && (uintptr_t)bytes.start >= object->start &&
           (uintptr_t)bytes.end <= object->end;
}

static void the_program(void **state) {
    lm_object object;
    (void)state;
    if (!lm_object_known())
        skip();
    assert_true(lm_object_find(here(), &object));
    assert_true(object.start <= here() && here() < object.end);
    assert_string_equal(object.path, "");
    assert_non_null(object.unwind_header);
    const lm_object_bytes segment = lm_object_segment(&object, object.unwind_header);
    assert_true(lies_in(&object, segment));
    assert_true(segment.start <= object.unwind_header && object.unwind_header < segment.end);
    const lm_object_bytes code = lm_object_segment(&object, (const uint8_t *)here());
    assert_true(lies_in(&object, code) && code.start != segment.start);
}

static void a_library_while_it_is_there(void **state) {
    lm_object object;
    uintptr_t address;
    loaded first = load("first");
    (void)state;
    if (!lm_object_known() || !first.handle)
        skip();
    memcpy(&address, &first.call, sizeof address);
    assert_true(lm_object_find(address, &object));
    assert_string_equal(strrchr(object.path, '/'), "/first.so");
    const lm_object_bytes id = lm_object_build_id(&object);
    assert_true(lies_in(&object, id));
    assert_int_equal(id.end - id.start, 20);
    dlclose(first.handle);
    assert_false(lm_object_find(address, &object));
}

static void other_memory(void **state) {
    lm_object object;
    (void)state;
    assert_false(lm_object_find((uintptr_t)&object, &object));
    assert_false(lm_object_find(0, &object));
    assert_false(lm_object_find(UINTPTR_MAX, &object));
}

/* Loam is linked into this program: then nothing is its own. */
static void nothing_here_is_loams(void **state) {
    uintptr_t inside;
    bool (*function)(uintptr_t) = lm_object_is_loam;
    (void)state;
    memcpy(&inside, &function, sizeof inside);
    assert_false(lm_object_is_loam(inside));
    assert_false(lm_object_is_loam(here()));
    assert_false(lm_object_is_loam(0));
}

/* ---- An object that is made up ----------------------------------------------------------------------- */

enum { IMAGE = 3 * 4096, DATA_AT = 0x1000, DATA_SIZE = 0x800, NOTES_AT = 0x1100, ID_SIZE = 20 };

typedef struct image {
    ElfW(Ehdr) elf;
    ElfW(Phdr) header[2]; /* a segment, and notes in it */
} image;

typedef struct note {
    ElfW(Nhdr) head;
    char name[4];
    uint8_t id[ID_SIZE];
} note;

static image *made;
static lm_object object;

static note *notes(void) {
    return (note *)((char *)made + NOTES_AT);
}

static int make(void **state) {
    (void)state;
    if (!made)
        made = mmap(NULL, IMAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(made, 0, IMAGE);
    memcpy(made->elf.e_ident, ELFMAG, SELFMAG);
    made->elf.e_phoff = offsetof(image, header);
    made->elf.e_phentsize = sizeof made->header[0];
    made->elf.e_phnum = 2;
    made->header[0] =
        (ElfW(Phdr)){.p_type = PT_LOAD, .p_flags = PF_R, .p_vaddr = DATA_AT, .p_filesz = DATA_SIZE};
    made->header[1] =
        (ElfW(Phdr)){.p_type = PT_NOTE, .p_vaddr = NOTES_AT, .p_filesz = sizeof(note)};
    *notes() = (note){{sizeof "GNU", ID_SIZE, NT_GNU_BUILD_ID}, "GNU", {1, 2, 3}};
    object = (lm_object){.start = (uintptr_t)made,
                         .end = (uintptr_t)made + IMAGE,
                         .bias = (uintptr_t)made,
                         .path = "made"};
    return 0;
}

static const uint8_t *place(size_t inside) {
    return (const uint8_t *)made + inside;
}

static lm_object_bytes segment_at(size_t inside) {
    return lm_object_segment(&object, place(inside));
}

static void segments_by_their_headers(void **state) {
    (void)state;
    assert_ptr_equal(segment_at(DATA_AT).start, place(DATA_AT));
    assert_ptr_equal(segment_at(DATA_AT + DATA_SIZE - 1).end, place(DATA_AT + DATA_SIZE));
    assert_null(segment_at(DATA_AT - 1).start);
    assert_null(segment_at(DATA_AT + DATA_SIZE).start);
    made->header[0].p_flags = PF_X | PF_W; /* can't be read */
    assert_null(segment_at(DATA_AT).start);
    made->header[0].p_flags = PF_R;
    made->header[0].p_type = PT_DYNAMIC;
    assert_null(segment_at(DATA_AT).start);
}

static void segments_lie_in_the_object(void **state) {
    (void)state;
    made->header[0].p_filesz = IMAGE - DATA_AT + 1;
    assert_null(segment_at(DATA_AT).start);
    made->header[0].p_filesz = UINTPTR_MAX;
    assert_null(segment_at(DATA_AT).start);
    made->header[0].p_filesz = DATA_SIZE;
    made->header[0].p_vaddr = (uintptr_t)-DATA_AT;
    assert_null(segment_at(DATA_AT).start);
}

/* What looks otherwise than every object has no headers: nothing is read by them. */
static void headers_that_make_no_sense(void **state) {
    (void)state;
#define NONSENSE(change)                                                                           \
    do {                                                                                           \
        make(NULL);                                                                                \
        assert_non_null(segment_at(DATA_AT).start);                                                \
        change;                                                                                    \
        assert_null(segment_at(DATA_AT).start);                                                    \
        assert_null(lm_object_build_id(&object).start);                                            \
    } while (0)
    NONSENSE(made->elf.e_ident[0] = 'E');
    NONSENSE(made->elf.e_phentsize--);
    NONSENSE(made->elf.e_phoff++);
    NONSENSE(made->elf.e_phoff = 4096 + 8);
    NONSENSE(made->elf.e_phoff = (ElfW(Off)) - 8);
    NONSENSE(made->elf.e_phnum = 4096 / sizeof(ElfW(Phdr)));
    NONSENSE(object.start += 16);
    NONSENSE(object.end = object.start + 4095);
#undef NONSENSE
}

static bool id_is_found(void) {
    const lm_object_bytes id = lm_object_build_id(&object);
    return id.start == notes()->id && id.end == notes()->id + ID_SIZE;
}

static void the_build_id_among_notes(void **state) {
    (void)state;
    assert_true(id_is_found());
    /* Another one before it, of odd lengths. */
    const note build_id = *notes();
    note *second = notes() + 1;
    *second = build_id;
    *notes() = (note){{3, 5, 1}, "ab", {0}};
    memmove((char *)notes() + sizeof(ElfW(Nhdr)) + 4 + 8, second, sizeof *second);
    made->header[1].p_filesz = sizeof(ElfW(Nhdr)) + 4 + 8 + sizeof *second;
    const lm_object_bytes id = lm_object_build_id(&object);
    assert_int_equal(id.end - id.start, ID_SIZE);
    assert_int_equal(id.start[0], 1);
}

static void notes_that_make_no_sense(void **state) {
    (void)state;
#define NO_ID(change)                                                                              \
    do {                                                                                           \
        make(NULL);                                                                                \
        assert_true(id_is_found());                                                                \
        change;                                                                                    \
        assert_null(lm_object_build_id(&object).start);                                            \
    } while (0)
    NO_ID(notes()->head.n_type++);
    NO_ID(notes()->name[0] = 'X');
    NO_ID(notes()->head.n_namesz = 8);
    NO_ID(notes()->head.n_descsz++);
    NO_ID(notes()->head.n_descsz = UINT32_MAX);
    NO_ID(notes()->head.n_namesz = UINT32_MAX);
    NO_ID(made->header[1].p_filesz--);
    NO_ID(made->header[1].p_vaddr += 2);
    NO_ID(made->header[1].p_type = PT_NULL);
    NO_ID(made->header[0].p_flags = 0);                       /* they can't be read */
    NO_ID(made->header[0].p_filesz = NOTES_AT - DATA_AT + 4); /* nor to their end */
#undef NO_ID
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_program),
        cmocka_unit_test(a_library_while_it_is_there),
        cmocka_unit_test(other_memory),
        cmocka_unit_test(nothing_here_is_loams),
        cmocka_unit_test_setup(segments_by_their_headers, make),
        cmocka_unit_test_setup(segments_lie_in_the_object, make),
        cmocka_unit_test_setup(headers_that_make_no_sense, make),
        cmocka_unit_test_setup(the_build_id_among_notes, make),
        cmocka_unit_test_setup(notes_that_make_no_sense, make),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
