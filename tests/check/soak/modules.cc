#include "churn.h"
#include "plugin.h"

#include <cstring>
#include <dlfcn.h>
#include <memory>
#include <stdexcept>
#include <vector>

namespace {

template <typename function> function *symbol(void *module, const char *name) {
    void *found = dlsym(module, name);
    CHECK(found);
    function *made;
    std::memcpy(&made, &found, sizeof made);
    return made;
}

} // namespace

void use_modules(chance &luck, const std::string &folder) {
    std::string path = folder + "/plugin" + std::to_string(1 + luck.below(3)) + ".so";
    void *module = dlopen(path.c_str(), (luck.below(2) ? RTLD_NOW : RTLD_LAZY) | RTLD_LOCAL);
    CHECK(module);
    std::vector<char *> left;
    {
        auto make = symbol<plugin_make_function>(module, "plugin_make");
        std::vector<std::unique_ptr<thing>> things;
        for (uint32_t i = 0, end = luck.below(20); i < end; i++)
            things.emplace_back(make(i + 1));
        for (auto &it : things)
            CHECK(it->weigh() > 0);
        auto block = symbol<plugin_block_function>(module, "plugin_block");
        for (uint32_t i = 0; i < 10; i++)
            left.push_back(block(luck.below(3000) + 1));
        bool caught = false;
        try {
            symbol<plugin_throw_function>(module, "plugin_throw")(static_cast<int>(luck.below(30)));
        } catch (const std::runtime_error &error) {
            caught = std::strlen(error.what()) > 100;
        }
        CHECK(caught);
    }
    CHECK(!dlopen((folder + "/none.so").c_str(), RTLD_NOW));
    CHECK(dlerror());
    dlclose(module);
    for (char *block : left)
        std::free(block);
}
