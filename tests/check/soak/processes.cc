#include "churn.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <spawn.h>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace {

void wait_for(pid_t child, int expected) {
    int status = 0;
    CHECK(child > 0);
    while (waitpid(child, &status, 0) != child)
        CHECK(errno == EINTR);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == expected);
}

/* The child uses the heap, starts threads and forks again. */
void fork_child(chance &luck, int depth) {
    uint32_t way = luck.below(3), seed = luck.next();
    pid_t child = fork();
    if (child == 0) {
        chance own{seed};
        for (int i = 0; i < 20; i++)
            use_blocks(own);
        if (own.below(2))
            std::thread([&own] { use_blocks(own); }).join();
        if (depth > 0)
            fork_child(own, depth - 1);
        /* What the parent's other threads held is nobody's here; only `_exit` says nothing of it. */
        if (way == 0)
            quick_exit(7);
        _exit(7);
    }
    wait_for(child, 7);
}

char *const true_arguments[] = {const_cast<char *>("true"), nullptr};

void vfork_child() {
    pid_t child = vfork();
    if (child == 0) {
        execv("/bin/true", true_arguments);
        _exit(127);
    }
    wait_for(child, 0);
}

void failed_vfork_child() {
    pid_t child = vfork();
    if (child == 0) {
        execv("/bin/no such program", true_arguments);
        _exit(127);
    }
    wait_for(child, 127);
}

void spawned_child() {
    pid_t child = 0;
    CHECK(posix_spawn(&child, "/bin/true", nullptr, nullptr, true_arguments, environ) == 0);
    wait_for(child, 0);
}

void piped_child() {
    FILE *pipe = popen("echo a line; exit 3", "r");
    CHECK(pipe);
    char *line = nullptr;
    size_t room = 0;
    ssize_t got;
    while ((got = getline(&line, &room, pipe)) < 0 && errno == EINTR)
        clearerr(pipe);
    CHECK(got == 7 && std::strcmp(line, "a line\n") == 0);
    std::free(line);
    int status = pclose(pipe);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 3);
}

} // namespace

void use_processes(chance &luck) {
    switch (luck.below(8)) {
    case 0:
        vfork_child();
        break;
    case 1:
        spawned_child();
        break;
    case 2:
        CHECK(std::system("exit 5") == 5 << 8);
        break;
    case 3:
        piped_child();
        break;
    case 4:
        failed_vfork_child();
        break;
    default:
        fork_child(luck, static_cast<int>(luck.below(3)));
    }
}
