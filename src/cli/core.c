#include "cli/core.h"

#include "base/samples.h"
#include "base/text.h"
#include "cli/core_file.h"
#include "cli/help.h"
#include "cli/say.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { UNEXPLAINED = 1, TEXT_MAX = 32 * 1024, LEAST_PAGE = 4096 };

/* The rules for findings have no place for a context. */
static const lm_core_file *shown;

static void put_trace(lm_text *text, const lm_trace *trace) {
    for (size_t i = 0; i < trace->count; i++) {
        uint64_t place;
        const char *name = lm_core_file_name(shown, trace->frames[i] - 1, &place);
        if (name != NULL)
            lm_text_format(text, "%s+0x%llx\n", name, (unsigned long long)place + 1);
        else
            lm_text_format(text, "%p\n", (void *)trace->frames[i]);
    }
}

/* ---- The table ------------------------------------------------------------------------------ */

static bool is_table(const lm_samples *table, uintptr_t address, size_t size) {
    return size >= sizeof *table &&
           memcmp(table->magic, LM_SAMPLES_MAGIC, sizeof LM_SAMPLES_MAGIC) == 0 &&
           table->self == address && table->count > 0 && table->page > 0 &&
           table->sample_size == sizeof(lm_sample) && table->version == LM_SAMPLES_VERSION &&
           table->count <= (size - sizeof *table) / sizeof(lm_sample) &&
           (table->end - table->first) / table->page == 2 * (uint64_t)table->count + 1;
}

static bool look(uintptr_t address, const unsigned char *memory, size_t size, void *context) {
    const lm_samples **found = context;
    for (size_t at = (0 - address) % LEAST_PAGE; at + sizeof(lm_samples) <= size && *found == NULL;
         at += LEAST_PAGE) {
        const void *here = memory + at;
        if ((uintptr_t)here % _Alignof(lm_samples) == 0 && is_table(here, address + at, size - at))
            *found = here;
    }
    return *found == NULL;
}

/* ---- What is said --------------------------------------------------------------------------- */

static int explain(const lm_core_file *core, const lm_samples *table) {
    static char buffer[TEXT_MAX];
    lm_finding finding = {.call = "access to", .pointer = (const void *)core->fault, .exact = true};
    lm_sample_story story;
    lm_text text;
    const lm_sample *sample = lm_samples_judge(table, core->fault, &finding.kind);
    if (sample == NULL) {
        lm_say("the process ended by signal %d at the address %p, which is in no sampled block or "
               "beside one: Loam has nothing to tell of it",
               core->signal, (void *)core->fault);
        return UNEXPLAINED;
    }
    lm_sample_tell(sample, &finding, &story);
    shown = core;
    lm_finding_rule.put_trace = put_trace;
    lm_text_init(&text, buffer, sizeof buffer);
    lm_finding_put(&text, &finding);
    fputs(buffer, stdout);
    return fflush(stdout) == 0 ? 0 : LM_STATUS_FAILED;
}

static int read_core(const char *path, const unsigned char *bytes, size_t size) {
    lm_core_file core;
    const lm_samples *table = NULL;
    if (!lm_core_file_read(bytes, size, &core)) {
        lm_say("%s is no core dump of a program for this processor", path);
        return LM_STATUS_FAILED;
    }
    lm_core_file_each(&core, look, &table);
    if (table == NULL)
        lm_say("%s has no table of sampled guards: the process did not run on Loam, or took no "
               "sample, or the dump is without its memory",
               path);
    else if (!core.has_fault)
        lm_say("the process did not end by an access that faulted");
    else
        return explain(&core, table);
    return UNEXPLAINED;
}

static int read_file(const char *path) {
    struct stat status;
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || fstat(file, &status) != 0) {
        lm_say("%s can't be read: %s", path, strerror(errno));
        return LM_STATUS_FAILED;
    }
    const size_t size = (size_t)status.st_size;
    void *bytes = size ? mmap(NULL, size, PROT_READ, MAP_PRIVATE, file, 0) : MAP_FAILED;
    close(file);
    if (bytes == MAP_FAILED) {
        lm_say("%s is no core dump", path);
        return LM_STATUS_FAILED;
    }
    const int result = read_core(path, bytes, size);
    munmap(bytes, size);
    return result;
}

int lm_core(int argc, char **argv) {
    if (argc == 1 && strcmp(argv[0], "--help") == 0) {
        lm_help_core(stdout);
        return 0;
    }
    if (argc != 1 || argv[0][0] == '-') {
        lm_say("loam core takes one file; loam help core tells more");
        return LM_STATUS_WRONG_USE;
    }
    return read_file(argv[0]);
}
