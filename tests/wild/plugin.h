/* What tests/wild/plugin.c offers to its host, by dlsym. */
#ifndef WILD_PLUGIN_H
#define WILD_PLUGIN_H

#include <stddef.h>

__attribute__((visibility("default"))) void *plugin_make(size_t size);
__attribute__((visibility("default"))) void plugin_free(void *block);
__attribute__((visibility("default"))) int plugin_use(void); /* 1 when all went well */

typedef void *plugin_make_function(size_t size);
typedef void plugin_free_function(void *block);
typedef int plugin_use_function(void);

#endif
