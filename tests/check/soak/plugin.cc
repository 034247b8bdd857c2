/* A module: things, exceptions and blocks. Compiled several times, each with another PLUGIN. */
#include "plugin.h"

#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

/* Made when the module is loaded, destroyed when it goes. */
std::map<std::string, std::string> names{{"first", std::string(100, 'a')},
                                         {"second", std::string(PLUGIN * 50, 'b')}};

thread_local std::string last = "a name that is too long to lie in the string itself";

struct heavy : thing {
    explicit heavy(size_t size) : parts(size, std::string(PLUGIN * 20, 'x')) {}
    size_t weigh() const override {
        size_t sum = 0;
        for (auto &part : parts)
            sum += part.size();
        return sum;
    }
    std::vector<std::string> parts;
};

} // namespace

extern "C" thing *plugin_make(size_t size) {
    last = std::to_string(size) + std::string(40, '.');
    return new heavy(size);
}

extern "C" void plugin_throw(int depth) {
    std::unique_ptr<int[]> held(new int[static_cast<size_t>(depth) + PLUGIN]());
    if (depth == 0)
        throw std::runtime_error(names.at("first") + " was thrown");
    plugin_throw(depth - 1);
    held[0] = 1;
}

extern "C" char *plugin_block(size_t size) {
    auto block = static_cast<char *>(std::malloc(size));
    if (block)
        std::memset(block, PLUGIN, size);
    return block;
}
