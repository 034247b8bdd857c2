/* Call stacks with names: each function that a stack leads through, those that were inlined too, and whose
 * code it is. */
#ifndef LM_CLI_ROUTE_H
#define LM_CLI_ROUTE_H

#include "cli/check_log.h"
#include "cli/symbol.h"

#include <limits.h>

typedef enum lm_owner {
    LM_OWNER_PROGRAM, /* the user's own: the program, and libraries that aren't the system's */
    LM_OWNER_LIBRARY, /* a library that is installed in the system */
    LM_OWNER_RUNTIME  /* the C library, C++'s, the loader, and what their headers bring */
} lm_owner;

typedef struct lm_place {
    const char *function; /* NULL: not known */
    const char *path;     /* of the source file, to open it; NULL: not known */
    const char *
        file; /* the same for a reader: seen from the working folder, or from where it was compiled */
    unsigned line, column;
    const char *module_path; /* NULL: in no module */
    const char *module;      /* its last part */
    uint64_t address;        /* in the module */
    bool inlined;
    lm_owner owner;
} lm_place;

/* Innermost first. */
typedef struct lm_route {
    lm_place *places;
    size_t count;
    size_t blame; /* the first of the user's own; where there is none, the best that there is */
} lm_route;

typedef struct lm_router {
    lm_symbols *symbols;
    char folder[PATH_MAX + 1]; /* the working folder, ending in '/'; "": not known */
} lm_router;

bool lm_router_init(lm_router *router);
void lm_router_free(lm_router *router);

/* The route of a stack, which may be NULL. The program is the user's own, wherever it lies. */
lm_route lm_router_find(lm_router *router, const lm_wire_stack *stack,
                        const lm_wire_program *program);

/* The place of a single address that is no code: only `module` and what is known of it. */
void lm_route_free(lm_route *route);

/* The place to blame; NULL: the route is empty. */
const lm_place *lm_route_blamed(const lm_route *route);

/* How a place is written: "bugs.c:5:64" or "libfoo.so+0x1234"; `column` where that is wanted too. */
enum { LM_PLACE_SIZE = 512 };
char *lm_place_text(char buffer[LM_PLACE_SIZE], const lm_place *place, bool column);

#endif
