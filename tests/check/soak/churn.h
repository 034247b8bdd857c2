/* The parts of the program `churn`. */
#ifndef TESTS_CHECK_SOAK_CHURN_H
#define TESTS_CHECK_SOAK_CHURN_H

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            std::fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);           \
            std::abort();                                                                          \
        }                                                                                          \
    } while (0)

/* A chain of numbers that only the seed decides. */
struct chance {
    uint64_t state;
    uint32_t next() {
        state = state * 6364136223846793005u + 1442695040888963407u;
        return static_cast<uint32_t>(state >> 33);
    }
    uint32_t below(uint32_t limit) {
        return next() % limit;
    }
};

/* blocks.cc: allocates and frees in all forms, and looks whether all is as it was written. */
void use_blocks(chance &luck);
/* Frees what was left for other threads. */
void empty_shelf();

/* modules.cc: loads modules, uses them, throws through them, unloads them. */
void use_modules(chance &luck, const std::string &folder);

/* processes.cc: children in all forms. */
void use_processes(chance &luck);

/* interrupts.cc: timers whose handlers run on a stack of their own, jumps out of handlers, cancelled threads. */
void start_timers();
void stop_timers();
void use_interrupts(chance &luck);
unsigned long interrupts_seen();

#endif
