// All forms of operator new and delete, the new-handler, std::bad_alloc, and the containers that
// use them.
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <malloc.h>
#include <memory>
#include <new>
#include <string>
#include <unordered_map>
#include <vector>

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            std::fprintf(stderr, "%s:%d: failed: %s\n", __FILE__, __LINE__, #condition);           \
            std::exit(EXIT_FAILURE);                                                               \
        }                                                                                          \
    } while (0)

#ifndef __cpp_sized_deallocation // clang declares them by -fsized-deallocation only
void operator delete(void *p, std::size_t size) noexcept;
void operator delete[](void *p, std::size_t size) noexcept;
void operator delete(void *p, std::size_t size, std::align_val_t alignment) noexcept;
void operator delete[](void *p, std::size_t size, std::align_val_t alignment) noexcept;
#endif

namespace {

// volatile: no compiler may leave a pair of new and delete out, or see that a size is too large.
volatile std::size_t too_much = static_cast<std::size_t>(PTRDIFF_MAX) - 4096;
int handled = 0;

void *good(void *p, std::size_t size, std::size_t alignment = 16) {
    CHECK(p && reinterpret_cast<std::uintptr_t>(p) % alignment == 0);
    CHECK(malloc_usable_size(p) >= size);
    std::memset(p, 1, size);
    return p;
}

void all_forms(std::size_t n) {
    const std::align_val_t aligned{64};
    ::operator delete(good(::operator new(n), n));
    ::operator delete(good(::operator new(n), n), n);
    ::operator delete(good(::operator new(n, std::nothrow), n), std::nothrow);
    ::operator delete[](good(::operator new[](n), n));
    ::operator delete[](good(::operator new[](n), n), n);
    ::operator delete[](good(::operator new[](n, std::nothrow), n), std::nothrow);
    ::operator delete(good(::operator new(n, aligned), n, 64), aligned);
    ::operator delete(good(::operator new(n, aligned), n, 64), n, aligned);
    ::operator delete(good(::operator new(n, aligned, std::nothrow), n, 64), aligned, std::nothrow);
    ::operator delete[](good(::operator new[](n, aligned), n, 64), aligned);
    ::operator delete[](good(::operator new[](n, aligned), n, 64), n, aligned);
    ::operator delete[](good(::operator new[](n, aligned, std::nothrow), n, 64), aligned,
                        std::nothrow);
    ::operator delete(nullptr);
    ::operator delete[](nullptr);
}

template <class call> void expect_bad_alloc(call &&allocate) {
    bool caught = false;
    try {
        allocate();
    } catch (const std::bad_alloc &error) {
        caught = std::strlen(error.what()) > 0;
    }
    CHECK(caught);
}

void no_memory() {
    const std::align_val_t aligned{4096};
    std::size_t n = too_much;
    expect_bad_alloc([=] { ::operator delete(::operator new(n)); });
    expect_bad_alloc([=] { ::operator delete[](::operator new[](n)); });
    expect_bad_alloc([=] { ::operator delete(::operator new(n, aligned), aligned); });
    expect_bad_alloc([=] { ::operator delete[](::operator new[](n, aligned), aligned); });
    CHECK(!::operator new(n, std::nothrow));
    CHECK(!::operator new[](n, std::nothrow));
    CHECK(!::operator new(n, aligned, std::nothrow));
    CHECK(!::operator new[](n, aligned, std::nothrow));
    expect_bad_alloc([=] { std::string(n / 2, 'x'); });
    std::vector<char> still_works(100000, 'x');
    CHECK(still_works.at(99999) == 'x');
}

// Is called until it gives up; here after three times.
void handler() {
    if (++handled == 3)
        std::set_new_handler(nullptr);
}

// Gives up by an exception, as a handler may.
void throwing_handler() {
    handled++;
    throw std::bad_alloc();
}

void handlers() {
    std::size_t n = too_much;
    handled = 0;
    std::set_new_handler(handler);
    expect_bad_alloc([=] { ::operator delete(::operator new(n)); });
    CHECK(handled == 3);
    handled = 0;
    std::set_new_handler(handler);
    CHECK(!::operator new (n, std::align_val_t{64}, std::nothrow));
    CHECK(handled == 3);
    std::set_new_handler(throwing_handler);
    expect_bad_alloc([=] { ::operator delete[](::operator new[](n)); });
    CHECK(handled == 4);
    std::set_new_handler(nullptr);
}

struct alignas(256) wide {
    char bytes[300];
};

void objects() {
    std::vector<std::unique_ptr<wide>> wides;
    std::unordered_map<std::string, std::shared_ptr<std::string>> words;
    for (int i = 0; i < 1000; i++) {
        wides.push_back(std::make_unique<wide>());
        CHECK(reinterpret_cast<std::uintptr_t>(wides.back().get()) % 256 == 0);
        words[std::to_string(i)] = std::make_shared<std::string>(static_cast<std::size_t>(i), 'w');
    }
    for (int i = 0; i < 1000; i++)
        CHECK(words.at(std::to_string(i))->size() == static_cast<std::size_t>(i));
    std::unique_ptr<int[]> array(new int[1000]());
    CHECK(array[999] == 0);
}

} // namespace

int main() {
    const std::size_t sizes[] = {0, 1, 16, 100, 1000, 5000, 70000, 3000000};
    for (std::size_t size : sizes)
        all_forms(size);
    no_memory();
    handlers();
    objects();
    return 0;
}
