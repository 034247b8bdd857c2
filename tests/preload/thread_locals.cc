// C++: destructors of thread_local and static objects allocate and free, in threads and at the end.
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

std::atomic<int> destroyed{0};

void use_heap() {
    std::map<int, std::string> words;
    for (int i = 0; i < 300; i++)
        words[i * 7919 % 1000] = std::string(static_cast<size_t>(i) * 20, 'w');
    std::vector<int> numbers;
    for (int i = 0; i < 50000; i++)
        numbers.push_back(i);
}

struct uses_heap_at_end {
    std::vector<std::string> held;
    ~uses_heap_at_end() {
        use_heap();
        held.clear();
        use_heap();
        destroyed++;
    }
};

thread_local uses_heap_at_end first;
thread_local std::unique_ptr<uses_heap_at_end> second;

// Made before main, destroyed after it.
struct whole_program {
    std::string text = std::string(1000, 'x');
    whole_program() {
        use_heap();
    }
    ~whole_program() {
        use_heap();
        text += text;
        std::puts("static destructor");
    }
} program;

void work(int n) {
    for (int i = 0; i < n % 17 + 1; i++)
        first.held.emplace_back(static_cast<size_t>(i) * 100, 'f');
    second = std::make_unique<uses_heap_at_end>();
    second->held.emplace_back(100000, 's');
    use_heap();
}

// An exception on its way through frames with objects, in every thread.
int throw_and_catch(int depth) {
    std::string held(static_cast<size_t>(depth) * 100, 'h');
    if (depth == 0)
        throw std::vector<int>(1000, 7);
    try {
        return throw_and_catch(depth - 1);
    } catch (std::vector<int> &thrown) {
        if (depth < 10)
            throw;
        return thrown[999];
    }
}

} // namespace

int main() {
    const int rounds = 25, at_once = 4;
    for (int round = 0; round < rounds; round++) {
        std::vector<std::thread> threads;
        for (int i = 0; i < at_once; i++)
            threads.emplace_back([=] {
                work(round * at_once + i);
                if (throw_and_catch(20) != 7)
                    std::abort();
            });
        for (auto &thread : threads)
            thread.join();
    }
    std::printf("%d destroyed\n", destroyed.load());
    work(1);
    return 0;
}
