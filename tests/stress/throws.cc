// Call stacks in C++ that throws: in constructors, in destructors while a throw passes, where it is caught
// and thrown on. The number of a stack is always that of what a walk finds.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <stdexcept>
#include <string>

// The library's headers are C, and need not be anything else.
extern "C" {
void lm_os_start(void);
uint32_t lm_depot_here(void);
size_t lm_depot_get(uint32_t id, uintptr_t *frames, size_t max, bool *exact);
size_t lm_stack_capture(uintptr_t *frames, size_t max);
}

namespace {

constexpr size_t most = 16; // LM_DEPOT_FRAMES
constexpr int rounds = 500, depths = 10;
long checked;

__attribute__((noinline)) void check() {
    uintptr_t walked[most], got[most];
    const uint32_t id = lm_depot_here();
    const size_t count = lm_stack_capture(walked, most);
    if (id == 0 || lm_depot_get(id, got, most, nullptr) != count ||
        std::memcmp(got + 1, walked + 1, (count - 1) * sizeof got[0]) != 0) {
        std::puts("a stack isn't what a walk finds");
        std::exit(1);
    }
    checked++;
}

struct Guard {
    std::string text;
    explicit Guard(int depth) : text(50, static_cast<char>('a' + depth % 26)) {
        check();
    }
    Guard(const Guard &) = delete;
    Guard &operator=(const Guard &) = delete;
    ~Guard() {
        check();
    }
};

int descend(int depth, int choice) {
    Guard guard(depth);
    if (depth == 0) {
        if (choice % 3 == 0)
            throw std::runtime_error(guard.text);
        if (choice % 3 == 1)
            throw choice;
        return 1;
    }
    try {
        const std::function<int()> deeper = [&] { return descend(depth - 1, choice); };
        return deeper() + 1;
    } catch (int number) {
        check();
        if (depth % 4 == 0)
            throw;
        return number;
    }
}

} // namespace

int main() {
    long sum = 0;
    lm_os_start();
    for (int round = 0; round < rounds; round++)
        for (int depth = 1; depth <= depths; depth++)
            try {
                sum += descend(depth + round % 5, depth + round);
            } catch (const std::exception &error) {
                check();
                sum += error.what()[0];
            } catch (int number) {
                check();
                sum += number;
            }
    std::printf("%ld stacks, %ld\n", checked, sum);
    return 0;
}
