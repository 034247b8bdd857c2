/* A program without a mistake that does all that makes a checker's life hard: threads that come and go, blocks that
 * go from one to another, exceptions, modules, children, signals.
 * Usage: churn FOLDER-OF-MODULES SECONDS [SEED]. tests/scripts/check_soak.sh runs it. */
#include "churn.h"

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

namespace {

std::atomic<unsigned long> allocations, modules, processes, interrupts;

void work(uint64_t seed, const std::string &folder, std::chrono::steady_clock::time_point end) {
    chance luck{seed};
    while (std::chrono::steady_clock::now() < end) {
        for (int i = 0; i < 50; i++) {
            use_blocks(luck);
            allocations++;
        }
        switch (luck.below(8)) {
        case 0:
        case 1:
        case 2:
            use_modules(luck, folder);
            modules++;
            break;
        case 3:
            use_processes(luck);
            processes++;
            break;
        case 4:
        case 5:
            use_interrupts(luck);
            interrupts++;
            break;
        default:
            /* Threads end in the midst of it all, and others take their places. */
            std::thread([&luck] {
                chance own{luck.next()};
                use_blocks(own);
            }).join();
        }
    }
}

} // namespace

int main(int argc, char **argv) {
    if (argc < 3)
        return 2;
    std::string folder = argv[1];
    auto end = std::chrono::steady_clock::now() + std::chrono::seconds(std::stol(argv[2]));
    uint64_t seed = argc > 3 ? std::stoull(argv[3]) : 1;

    start_timers();
    std::vector<std::thread> threads;
    for (uint64_t i = 0; i < 4; i++)
        threads.emplace_back(work, seed * 4 + i, folder, end);
    for (auto &thread : threads)
        thread.join();
    stop_timers();
    empty_shelf();
    std::printf("%lu rounds with blocks, %lu with modules, %lu with processes, %lu with "
                "interrupts; %lu signals\n",
                allocations.load(), modules.load(), processes.load(), interrupts.load(),
                interrupts_seen());
}
