/* What the program of this folder loads while it runs. */
#ifndef TESTS_CHECK_SOAK_PLUGIN_H
#define TESTS_CHECK_SOAK_PLUGIN_H

#include <cstddef>

struct thing {
    virtual ~thing() = default;
    virtual size_t weigh() const = 0;
};

extern "C" {
/* A thing whose code lies in the module: it must be gone before the module is. */
typedef thing *plugin_make_function(size_t size);
/* Throws std::runtime_error from `depth` frames further down, each of which has something to destroy. */
typedef void plugin_throw_function(int depth);
/* A block that anybody may free, also when the module is gone. */
typedef char *plugin_block_function(size_t size);
}

#endif
