/* A shared library that carries a heap of its own: linked with libloam.a, whose names it keeps to
 * itself. With PLUGIN_USES_MALLOC it calls malloc and free, which are then its own copy's, too. */
#include "plugin.h"

#include <string.h>

#ifdef PLUGIN_USES_MALLOC
#include <stdlib.h>
#define NAME(function) function
#else
#include <loam/loam.h>
#define NAME(function) loam_##function
#endif

enum { BLOCKS = 64 };

void *plugin_make(size_t size) {
    void *block = NAME(malloc)(size);
    if (block)
        memset(block, 'p', size);
    return block;
}

void plugin_free(void *block) {
    NAME(free)(block);
}

/* Blocks of all kinds: small ones, medium ones, and a few large ones. */
int plugin_use(void) {
    static const size_t sizes[] = {1,  40, 200, 1000, 5000, 40,    300,    1,
                                   40, 64, 99,  16,   2000, 40000, 100000, 300000};
    char *blocks[BLOCKS];
    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[i] = plugin_make(sizes[i % (sizeof sizes / sizeof sizes[0])]);
        if (!blocks[i])
            return 0;
    }
    for (size_t i = 0; i < BLOCKS; i += 2) {
        blocks[i] = NAME(realloc)(blocks[i], i * 100 + 1);
        if (!blocks[i] || blocks[i][0] != 'p')
            return 0;
    }
    for (size_t i = 0; i < BLOCKS; i++)
        NAME(free)(blocks[i]);
    return 1;
}

/* The last of all destructors: those of this copy of the heap have given everything back. */
__attribute__((destructor(101))) static void free_nothing(void) {
    void *volatile nothing = NULL;
    NAME(free)(nothing);
}
