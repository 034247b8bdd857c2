// Takes the stack at every allocation of a program that loads and unloads libraries, throws exceptions
// and begins and ends threads, all at once. Nothing may hang or fault, and where the stack is known it
// must be found. Usage: stacks SECONDS PLUGIN... tests/scripts/wild_stacks.sh runs it.
//
// Its malloc is the C library's with a capture before it, as a heap would do it: so a capture happens
// while the loader holds its lock, in constructors and in destructors of threads.
extern "C" {
#include "stack/stack.h"
}

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#include <stdexcept>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

extern "C" {
#include "stacks_plugin.h"
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void __libc_free(void *block);
}

static void capture() {
    uintptr_t frames[30];
    if (lm_stack_capture(frames, 30) == 0)
        abort();
}

extern "C" void *malloc(size_t size) {
    capture();
    return __libc_malloc(size);
}

extern "C" void *calloc(size_t count, size_t size) {
    capture();
    return __libc_calloc(count, size);
}

extern "C" void *realloc(void *block, size_t size) {
    capture();
    return __libc_realloc(block, size);
}

extern "C" void free(void *block) {
    capture();
    __libc_free(block);
}

namespace {

std::atomic<bool> enough{false};

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            dprintf(STDERR_FILENO, "%s:%d: failed: %s\n", __FILE__, __LINE__, #condition);         \
            _exit(EXIT_FAILURE);                                                                   \
        }                                                                                          \
    } while (0)

// ---- Libraries that come and go -------------------------------------------------------------------

// From inside the plugin: this function, the plugin's, the one that called it.
__attribute__((noinline)) void look(stacks_places *places) {
    uintptr_t frames[10];
    places->inside = __builtin_return_address(0);
    const size_t count = lm_stack_capture(frames, 10);
    CHECK(count >= 3);
    CHECK(frames[1] == reinterpret_cast<uintptr_t>(places->inside));
    CHECK(frames[2] == reinterpret_cast<uintptr_t>(places->caller));
}

// How often one library had the addresses of another that went before.
long took_over = 0;

void load_and_unload(const std::vector<std::string> &plugins, long &rounds) {
    void *last = nullptr;
    size_t last_plugin = 0;
    for (size_t i = 0; !enough; i = (i + 1) % plugins.size()) {
        void *library = dlopen(plugins[i].c_str(), RTLD_NOW | RTLD_LOCAL);
        CHECK(library);
        auto *call = reinterpret_cast<decltype(&stacks_call)>(dlsym(library, "stacks_call"));
        CHECK(call);
        stacks_places places;
        for (int k = 0; k < 3; k++)
            call(&places, look);
        took_over += places.inside == last && i != last_plugin;
        last = places.inside;
        last_plugin = i;
        CHECK(dlclose(library) == 0);
        rounds++;
    }
}

// ---- Exceptions -----------------------------------------------------------------------------------

struct counts_down {
    long &number;
    ~counts_down() {
        number--;
    }
};

__attribute__((noinline)) void throw_from(int depth, long &open) {
    open++;
    counts_down at_end{open};
    if (depth == 0)
        throw std::runtime_error(std::string(50, 'e'));
    throw_from(depth - 1, open);
}

void throw_and_catch(long &rounds) {
    while (!enough) {
        long open = 0;
        try {
            throw_from(20, open);
            CHECK(false);
        } catch (const std::runtime_error &error) {
            CHECK(open == 0 && error.what()[0] == 'e');
        }
        rounds++;
    }
}

// ---- Threads --------------------------------------------------------------------------------------

thread_local std::vector<std::string> held;

void begin_and_end(long &rounds) {
    while (!enough) {
        std::thread([] { held.assign(20, std::string(100, 't')); }).join();
        rounds++;
    }
}

} // namespace

int main(int argc, char **argv) {
    CHECK(argc >= 4);
    const std::vector<std::string> plugins(argv + 2, argv + argc);
    long rounds[3] = {0, 0, 0};
    std::thread loading([&] { load_and_unload(plugins, rounds[0]); });
    std::thread throwing([&] { throw_and_catch(rounds[1]); });
    std::thread ending([&] { begin_and_end(rounds[2]); });
    sleep(static_cast<unsigned>(atoi(argv[1])));
    enough = true;
    loading.join();
    throwing.join();
    ending.join();
    printf("%ld loads (%ld at another's place), %ld exceptions, %ld threads\n", rounds[0],
           took_over, rounds[1], rounds[2]);
    for (long n : rounds)
        CHECK(n > 0);
    CHECK(took_over > 0);
    return 0;
}
