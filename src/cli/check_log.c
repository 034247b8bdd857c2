#include "cli/check_log.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A line that is longer isn't one of ours: it is passed over, so that memory is bounded. */
enum { READ_SIZE = 1 << 16, LINE_MAX_SIZE = 1 << 22 };

const char *lm_code_name(lm_code code) {
#define LM_NAME(enumerator, name, rule) [enumerator] = (name),
    static const char *const names[] = {LM_CODES(LM_NAME)};
#undef LM_NAME
    return code < LM_CODES_COUNT ? names[code] : "finding";
}

lm_code lm_code_of(const char *name) {
    for (int code = 0; code < LM_CODES_COUNT; code++)
        if (strcmp(lm_code_name((lm_code)code), name) == 0)
            return (lm_code)code;
    return LM_CODES_COUNT;
}

/* Appends to an array of pointers whose room is the next power of two. */
static bool append(void ***array, size_t *count, void *item) {
    if (item == NULL)
        return false;
    if ((*count & (*count - 1)) == 0) {
        void **larger = reallocarray(*array, *count == 0 ? 1 : 2 * *count, sizeof *larger);
        if (larger == NULL)
            return false;
        *array = larger;
    }
    (*array)[(*count)++] = item;
    return true;
}
#define APPEND(array, count, item) append((void ***)(array), count, item)

/* ---- The words -------------------------------------------------------------------------------- */

static bool read_process(lm_log *log) {
    lm_wire_program *program = calloc(1, sizeof *program);
    if (program == NULL)
        return false;
    program->pid = (pid_t)lm_wire_number(&log->line, "pid").value;
    program->parent = (pid_t)lm_wire_number(&log->line, "parent").value;
    const char *path = lm_wire_text(&log->line, "program");
    program->path = strdup(path == NULL ? "?" : path);
    for (size_t i = 0; i < log->line.count; i++)
        if (strcmp(log->line.pairs[i].key, "argument") == 0 &&
            !APPEND(&program->arguments, &program->argument_count,
                    strdup(log->line.pairs[i].value)))
            break;
    if (log->last == NULL)
        log->first = program;
    else
        log->last->next = program;
    log->last = program;
    return program->path != NULL;
}

static bool read_module(lm_wire_program *program, const lm_wire_line *line) {
    const lm_fact id = lm_wire_number(line, "id");
    const char *path = lm_wire_text(line, "path");
    if (!id.known || path == NULL)
        return false;
    lm_wire_module *module = calloc(1, sizeof *module);
    if (module == NULL)
        return false;
    *module = (lm_wire_module){.id = (uint32_t)id.value,
                               .path = strdup(path),
                               .start = lm_wire_number(line, "start").value,
                               .end = lm_wire_number(line, "end").value,
                               .bias = lm_wire_number(line, "bias").value};
    const char *build = lm_wire_text(line, "build");
    if (build != NULL)
        module->build_size = lm_wire_hex(build, module->build, sizeof module->build);
    if (module->path != NULL && APPEND(&program->modules, &program->module_count, module))
        return true;
    free(module->path);
    free(module);
    return false;
}

/* The newest with this id: ids aren't used again, but a file may be anything. */
static const lm_wire_module *module_of(const lm_wire_program *program, uint64_t id) {
    for (size_t i = program->module_count; i > 0; i--)
        if (program->modules[i - 1]->id == id)
            return program->modules[i - 1];
    return NULL;
}

static const lm_wire_stack *stack_of(const lm_wire_program *program, const lm_wire_line *line,
                                     const char *key) {
    const lm_fact id = lm_wire_number(line, key);
    for (size_t i = program->stack_count; id.known && id.value != 0 && i > 0; i--)
        if (program->stacks[i - 1]->id == id.value)
            return program->stacks[i - 1];
    return NULL;
}

static size_t count_frames(const char *frames) {
    size_t count = *frames != '\0';
    for (; *frames != '\0'; frames++)
        count += *frames == ',';
    return count;
}

static bool read_stack(lm_wire_program *program, const lm_wire_line *line) {
    const lm_fact id = lm_wire_number(line, "id");
    const char *frames = lm_wire_text(line, "frames");
    if (!id.known || frames == NULL)
        return false;
    lm_wire_stack *stack = calloc(1, sizeof *stack + count_frames(frames) * sizeof *stack->frames);
    if (stack == NULL)
        return false;
    stack->id = (uint32_t)id.value;
    stack->exact = lm_wire_number(line, "exact").value == 1;
    uint64_t module;
    uint64_t address;
    while (lm_wire_take_number(&frames, &module) && *frames++ == '+' &&
           lm_wire_take_number(&frames, &address)) {
        stack->frames[stack->count++] =
            (lm_wire_frame){.module = module_of(program, module), .address = address};
        if (*frames++ != ',')
            break;
    }
    if (APPEND(&program->stacks, &program->stack_count, stack))
        return true;
    free(stack);
    return false;
}

static unsigned char *copy_hex(const lm_wire_line *line, const char *key, size_t *size) {
    const lm_wire_pair *pair = lm_wire_find(line, key);
    if (pair == NULL || pair->length < 2)
        return NULL;
    unsigned char *bytes = malloc(pair->length / 2);
    *size = bytes == NULL ? 0 : lm_wire_hex(pair->value, bytes, pair->length / 2);
    if (*size > 0)
        return bytes;
    free(bytes);
    return NULL;
}

static char *copy_text(const lm_wire_line *line, const char *key) {
    const char *text = lm_wire_text(line, key);
    return text == NULL ? NULL : strdup(text);
}

static lm_sureness sureness_of(const char *text) {
    if (text != NULL && strcmp(text, "exact") == 0)
        return LM_SURE_EXACT;
    return text != NULL && strcmp(text, "later") == 0 ? LM_SURE_LATER : LM_SURE_INFERRED;
}

static void free_finding(lm_wire_finding *finding) {
#define LM_FREE(field, key) free(finding->field);
    LM_FINDING_TEXTS(LM_FREE)
#undef LM_FREE
    free(finding->code_name);
    free(finding->dump);
    free(finding->valid);
    free(finding);
}

/* Places in and around a block are so far apart at most that sums of them can't overflow. */
static void bound(lm_fact *fact) {
    const int64_t most = (int64_t)1 << 60;
    const int64_t value = (int64_t)fact->value;
    if (value > most || value < -most)
        *fact = (lm_fact){0};
}

static void bound_places(lm_wire_finding *finding) {
    lm_fact *const places[] = {&finding->first, &finding->last, &finding->inside, &finding->dump_at,
                               &finding->size};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        bound(places[i]);
}

static bool read_finding(lm_wire_program *program, const lm_wire_line *line,
                         const lm_log_hearer *hearer) {
    const char *code = lm_wire_text(line, "code");
    lm_wire_finding *finding = code == NULL ? NULL : calloc(1, sizeof *finding);
    if (finding == NULL)
        return false;
    finding->program = program;
    finding->code_name = strdup(code);
    finding->code = lm_code_of(code);
    finding->sure = sureness_of(lm_wire_text(line, "certainty"));
    finding->count = 1;
#define LM_READ(key) finding->key = lm_wire_number(line, #key);
    LM_FINDING_NUMBERS(LM_READ)
#undef LM_READ
    bound_places(finding);
#define LM_READ(field, key) finding->field = copy_text(line, key);
    LM_FINDING_TEXTS(LM_READ)
#undef LM_READ
#define LM_READ(key) finding->key = stack_of(program, line, #key);
    LM_FINDING_STACKS(LM_READ)
#undef LM_READ
    finding->dump = copy_hex(line, "dump", &finding->dump_size);
    finding->valid = copy_hex(line, "valid", &finding->valid_size);
    if (finding->code_name == NULL ||
        !APPEND(&program->findings, &program->finding_count, finding)) {
        free_finding(finding);
        return false;
    }
    hearer->finding(finding, hearer->context);
    return true;
}

static bool read_again(lm_wire_program *program, const lm_wire_line *line) {
    const lm_fact id = lm_wire_number(line, "id");
    const lm_fact count = lm_wire_number(line, "count");
    if (!id.known || !count.known)
        return false;
    for (size_t i = program->finding_count; i > 0; i--) {
        lm_wire_finding *finding = program->findings[i - 1];
        if (finding->id.known && finding->id.value == id.value) {
            finding->count = count.value > 0 ? count.value : 1;
            return true;
        }
    }
    return false;
}

static bool read_summary(lm_wire_program *program, const lm_wire_line *line) {
    program->summary = (lm_wire_summary){.known = true,
                                         .allocations = lm_wire_number(line, "allocations"),
                                         .frees = lm_wire_number(line, "frees"),
                                         .bytes = lm_wire_number(line, "bytes"),
                                         .live_blocks = lm_wire_number(line, "live_blocks"),
                                         .live_bytes = lm_wire_number(line, "live_bytes"),
                                         .peak_bytes = lm_wire_number(line, "peak_bytes"),
                                         .failed = lm_wire_number(line, "failed")};
    return true;
}

static bool read_note(const lm_wire_program *program, const lm_wire_line *line,
                      const lm_log_hearer *hearer) {
    const char *text = lm_wire_text(line, "text");
    if (text == NULL)
        return false;
    hearer->note(program, text, hearer->context);
    return true;
}

static bool read_end(lm_wire_program *program, const lm_wire_line *line) {
    program->ended = true;
    program->status = (int)lm_wire_number(line, "status").value;
    return true;
}

/* ---- Lines ------------------------------------------------------------------------------------ */

/* Returns false for a line that should have been understood. */
static bool read_words(lm_log *log, const lm_log_hearer *hearer) {
    const lm_wire_line *line = &log->line;
    const char *word = line->word;
    if (strcmp(word, "loam-check") == 0) {
        log->foreign = lm_wire_number(line, "version").value != LM_WIRE_VERSION;
        return !log->foreign;
    }
    if (log->foreign)
        return false;
    if (strcmp(word, "process") == 0)
        return read_process(log);
    lm_wire_program *program = log->last;
    if (program == NULL)
        return false;
    if (strcmp(word, "module") == 0)
        return read_module(program, line);
    if (strcmp(word, "stack") == 0)
        return read_stack(program, line);
    if (strcmp(word, "finding") == 0)
        return read_finding(program, line, hearer);
    if (strcmp(word, "again") == 0)
        return read_again(program, line);
    if (strcmp(word, "summary") == 0) {
        log->summaries++;
        return read_summary(program, line);
    }
    if (strcmp(word, "note") == 0)
        return read_note(program, line, hearer);
    if (strcmp(word, "end") == 0)
        return read_end(program, line);
    return true; /* a word of a later version */
}

static void read_line(lm_log *log, char *text, const lm_log_hearer *hearer) {
    if (*text == '\0')
        return;
    if (!lm_wire_split(text, &log->line) || !read_words(log, hearer))
        log->passed_over++;
}

void lm_log_init(lm_log *log, const char *path) {
    *log = (lm_log){.path = strdup(path)};
}

/* Reads the lines of `length` bytes. Returns how many bytes whole lines took. */
static size_t read_lines(lm_log *log, char *text, size_t length, const lm_log_hearer *hearer) {
    size_t taken = 0;
    char *end;
    while ((end = memchr(text + taken, '\n', length - taken)) != NULL) {
        *end = '\0';
        read_line(log, text + taken, hearer);
        taken = (size_t)(end + 1 - text);
    }
    return taken;
}

bool lm_log_read(lm_log *log, const lm_log_hearer *hearer) {
    const int file = log->path == NULL ? -1 : open(log->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (file < 0)
        return false;
    size_t room = READ_SIZE;
    size_t held = 0; /* bytes of a line that isn't whole yet */
    char *text = malloc(room);
    ssize_t length = 0;
    while (text != NULL &&
           (length = pread(file, text + held, room - held, log->offset + (off_t)held)) > 0) {
        held += (size_t)length;
        size_t taken = read_lines(log, text, held, hearer);
        if (taken == 0 && held == LINE_MAX_SIZE) {
            taken = held;
            log->passed_over++;
        }
        memmove(text, text + taken, held - taken);
        held -= taken;
        log->offset += (off_t)taken;
        if (held == room) {
            char *larger = realloc(text, 2 * room);
            if (larger == NULL)
                break;
            text = larger;
            room *= 2;
        }
    }
    const bool done = text != NULL && length >= 0;
    free(text);
    close(file);
    return done;
}

static void free_program(lm_wire_program *program) {
    for (size_t i = 0; i < program->finding_count; i++)
        free_finding(program->findings[i]);
    for (size_t i = 0; i < program->stack_count; i++)
        free(program->stacks[i]);
    for (size_t i = 0; i < program->module_count; i++) {
        free(program->modules[i]->path);
        free(program->modules[i]);
    }
    for (size_t i = 0; i < program->argument_count; i++)
        free(program->arguments[i]);
    free(program->findings);
    free(program->stacks);
    free(program->modules);
    free(program->arguments);
    free(program->path);
    free(program);
}

void lm_log_free(lm_log *log) {
    while (log->first != NULL) {
        lm_wire_program *next = log->first->next;
        free_program(log->first);
        log->first = next;
    }
    lm_wire_free(&log->line);
    free(log->path);
    *log = (lm_log){0};
}
