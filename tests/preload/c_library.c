/* What the C library allocates, the program frees, and the other way round: getline and asprintf,
 * directories and globs, regular expressions, name look-up, locales and character sets, sorting and
 * printing that needs memory, streams. */
#include "check.h"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <iconv.h>
#include <langinfo.h>
#include <locale.h>
#include <netdb.h>
#include <pthread.h>
#include <pwd.h>
#include <regex.h>
#include <search.h>
#include <stdint.h>
#include <time.h>
#include <wchar.h>
#include <wordexp.h>

static void try_strings(void) {
    char *text = NULL;
    CHECK(asprintf(&text, "%s %d %5000d", "text", 7, 9) == 5007);
    char *copy = strdup(text), *part = strndup(text, 4);
    CHECK(copy && strcmp(copy, text) == 0 && part && strcmp(part, "text") == 0);
    free(text);
    free(copy);
    free(part);
    wchar_t *wide = wcsdup(L"wide");
    CHECK(wide && wcslen(wide) == 4);
    free(wide);
}

static void try_lines(void) {
    char *line = NULL, *given = malloc(4);
    size_t size = 0, given_size = 4;
    FILE *file = tmpfile();
    CHECK(file && given);
    for (int i = 0; i < 200; i++)
        CHECK(fprintf(file, "%0*d\n", i * 37 + 1, i) > 0);
    rewind(file);
    for (int i = 0; i < 100; i++) {
        CHECK(getline(&line, &size, file) == i * 37 + 2 && atoi(line) == i);
        line = realloc(line, size + 10);
        CHECK(line);
        size += 10;
    }
    for (int i = 100; i < 200; i++)
        CHECK(getdelim(&given, &given_size, '\n', file) == i * 37 + 2 && atoi(given) == i);
    free(line);
    free(given);
    CHECK(fclose(file) == 0);
}

static void try_streams(void) {
    char *memory = NULL, own[8192];
    size_t size = 0;
    FILE *stream = open_memstream(&memory, &size);
    CHECK(stream);
    for (int i = 0; i < 10000; i++)
        CHECK(fprintf(stream, "%d,", i) > 0);
    CHECK(fclose(stream) == 0 && size > 40000 && strncmp(memory, "0,1,2", 5) == 0);
    free(memory);
    for (int i = 0; i < 200; i++) {
        stream = fopen("/proc/self/status", "r");
        CHECK(stream && setvbuf(stream, i % 2 ? own : NULL, _IOFBF, 8192) == 0 &&
              fgetc(stream) != EOF);
        CHECK(fclose(stream) == 0);
    }
    stream = fmemopen(NULL, 100, "w+");
    CHECK(stream && fputs("text", stream) >= 0 && fclose(stream) == 0);
}

static void try_numbers(void) {
    static char text[12000];
    CHECK(snprintf(text, sizeof text, "%.2000f", 1e300) == 2302);
    CHECK(snprintf(text, sizeof text, "%.4000Lf", 1e4000L) > 8000);
    CHECK(snprintf(text, sizeof text, "%*d", 9000, 1) == 9000);
    CHECK(strtod("1e-320", NULL) > 0);
}

static int ascending(const void *a, const void *b) {
    uint64_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return x < y ? -1 : x > y;
}

/* Elements so large, or so many, that merging needs memory. */
static void try_sorting(void) {
    enum { COUNT = 20000, WIDTH = 104 };
    unsigned seed = 5;
    char *elements = calloc(COUNT, WIDTH);
    CHECK(elements);
    for (size_t i = 0; i < COUNT; i++) {
        uint64_t key = next_random(&seed);
        memcpy(elements + i * WIDTH, &key, sizeof key);
    }
    qsort(elements, COUNT, WIDTH, ascending);
    for (size_t i = 1; i < COUNT; i++)
        CHECK(ascending(elements + (i - 1) * WIDTH, elements + i * WIDTH) <= 0);
    free(elements);
}

static void free_node(void *node) {
    free(node);
}

static void try_searching(void) {
    void *root = NULL;
    for (uint64_t i = 0; i < 1000; i++) {
        uint64_t *key = malloc(sizeof *key);
        CHECK(key);
        *key = i * 7919 % 1009;
        CHECK(tsearch(key, &root, ascending));
    }
    tdestroy(root, free_node);
    CHECK(hcreate(100));
    ENTRY entry = {.key = strdup("key"), .data = NULL}, *found = NULL;
    CHECK(entry.key && (found = hsearch(entry, ENTER)) != NULL);
    free(found->key);
    hdestroy();
}

/* ---- Files --------------------------------------------------------------------------------------
 */

static int see_all(const struct dirent *entry) {
    return entry->d_name[0] != '.';
}

static int count_files(const char *path, const struct stat *status, int kind, struct FTW *place) {
    (void)path;
    (void)status;
    (void)kind;
    return place->level > 20;
}

static void try_paths(void) {
    struct dirent **entries = NULL;
    glob_t found = {0};
    wordexp_t words;
    char *real = realpath("/proc/../etc/.", NULL), *here = getcwd(NULL, 0);
    CHECK(real && strcmp(real, "/etc") == 0 && here && here[0] == '/');
    free(real);
    free(here);
    int n = scandir("/etc", &entries, see_all, alphasort);
    CHECK(n > 0);
    for (int i = 0; i < n; i++)
        free(entries[i]);
    free(entries);
    CHECK(glob("/etc/p*", 0, NULL, &found) == 0 && found.gl_pathc > 0);
    CHECK(glob("/etc/g*", GLOB_APPEND, NULL, &found) == 0);
    globfree(&found);
    CHECK(wordexp("a b $HOME ~", &words, WRDE_NOCMD) == 0 && words.we_wordc >= 3);
    wordfree(&words);
    CHECK(nftw("/etc/default", count_files, 8, FTW_PHYS) >= -1);
    DIR *folder = opendir("/");
    CHECK(folder && readdir(folder) && closedir(folder) == 0);
}

static void try_expressions(void) {
    for (int i = 0; i < 20; i++) {
        regex_t expression;
        regmatch_t match[4];
        CHECK(regcomp(&expression, "^(a|b(c|d)*)+[[:alpha:]]{2,20}(.*)$", REG_EXTENDED) == 0);
        CHECK(regexec(&expression, "abcdcdxyzrest of it", 4, match, 0) == 0);
        regfree(&expression);
        CHECK(regcomp(&expression, "a(", REG_EXTENDED) != 0);
    }
}

/* ---- The world outside --------------------------------------------------------------------------
 */

static void try_names(void) {
    struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST};
    struct addrinfo *addresses = NULL;
    CHECK(getaddrinfo("127.0.0.1", "80", &hints, &addresses) == 0 && addresses);
    freeaddrinfo(addresses);
    hints.ai_flags = 0;
    if (getaddrinfo("localhost", NULL, &hints, &addresses) == 0)
        freeaddrinfo(addresses);
    CHECK(getaddrinfo("host.invalid", "nosuchservice", &hints, &addresses) != 0);
    getpwnam("root");
    getpwuid(12345);
    setpwent();
    while (getpwent())
        continue;
    endpwent();
}

static void try_locales(void) {
    char text[100];
    for (int i = 0; i < 20; i++) {
        setlocale(LC_ALL, i % 2 ? "C.UTF-8" : "C");
        locale_t own = newlocale(LC_ALL_MASK, "C.UTF-8", (locale_t)0);
        if (own) {
            locale_t copy = duplocale(own);
            CHECK(copy && uselocale(copy));
            CHECK(nl_langinfo_l(CODESET, copy) != NULL);
            uselocale(LC_GLOBAL_LOCALE);
            freelocale(copy);
            freelocale(own);
        }
        iconv_t conversion = iconv_open("UTF-16LE", "UTF-8");
        if (conversion != (iconv_t)-1) {
            char input[] = "text", *from = input, *to = text;
            size_t in = 4, out = sizeof text;
            CHECK(iconv(conversion, &from, &in, &to, &out) == 0 && in == 0);
            CHECK(iconv_close(conversion) == 0);
        }
    }
    time_t now = 0;
    CHECK(setenv("TZ", "Europe/Berlin", 1) == 0);
    tzset();
    CHECK(localtime(&now) && strftime(text, sizeof text, "%A %H", localtime(&now)) > 0);
    for (int i = 0; i < 500; i++) {
        snprintf(text, sizeof text, "VARIABLE_%d", i);
        CHECK(setenv(text, "some value", 1) == 0 && putenv(strdup("OTHER=x")) == 0);
        if (i % 3 == 0)
            CHECK(unsetenv(text) == 0);
    }
    CHECK(clearenv() == 0);
}

static void *fail_to_load(void *argument) {
    CHECK(!dlopen("/nowhere/libnothing.so", RTLD_NOW));
    CHECK(strstr(dlerror(), "nothing")); /* its text is freed at the thread's end */
    dlsym(RTLD_DEFAULT, "no_such_symbol_anywhere");
    return argument;
}

static void try_loading(void) {
    pthread_t thread;
    for (int i = 0; i < 20; i++) {
        CHECK(pthread_create(&thread, NULL, fail_to_load, NULL) == 0);
        CHECK(pthread_join(thread, NULL) == 0);
        void *library = dlopen("libm.so.6", RTLD_NOW);
        CHECK(library && dlsym(library, "cos") && dlclose(library) == 0);
    }
}

int main(void) {
    try_strings();
    try_lines();
    try_streams();
    try_numbers();
    try_sorting();
    try_searching();
    try_paths();
    try_expressions();
    try_names();
    try_loading();
    try_locales();
    return EXIT_SUCCESS;
}
