/* Lines of source files, as far as the files are there. */
#ifndef LM_CLI_SOURCE_H
#define LM_CLI_SOURCE_H

#include <stddef.h>

typedef struct lm_sources lm_sources;

lm_sources *lm_sources_new(void);
void lm_sources_free(lm_sources *sources);

/* A line of a file, counted from 1, without its end; *length says how long it is. NULL: it isn't there. */
const char *lm_sources_line(lm_sources *sources, const char *path, unsigned line, size_t *length);

/* Where in a line what its debug information points at begins and ends, as bytes from the line's start: the
 * call with its arguments, the assignment, the element, or the name. `column` counts from 1; 0 marks the
 * whole statement. */
void lm_source_extent(const char *line, size_t length, unsigned column, size_t *start, size_t *end);

#endif
