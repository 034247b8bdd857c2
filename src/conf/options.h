/* Options: key=value:key=value, by the table in options.def.
 *
 * A value with ':' in it is written between single quotes, as in stats_file='/tmp/a:b'; within them
 * two quotes mean one. Items may be empty; of a key that is there twice the last one counts.
 *
 * Called while the heap starts, inside the first malloc of any process: nothing here allocates,
 * locks, touches errno, reads the locale or calls stdio. The functions know no global variables:
 * any thread may call them, with a struct of its own. */
#ifndef LM_CONF_OPTIONS_H
#define LM_CONF_OPTIONS_H

#include "base/once.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What "auto" is in the struct: the heap chooses. */
#define LM_AUTO 0

/* The most bytes a path may have, with its NUL. */
#define LM_OPTION_PATH_MAX 256

/* Room enough for all of lm_options_help. */
#define LM_OPTIONS_HELP_MAX 4096

#define LM_ENUMERATOR(enumerator, name, meaning) enumerator,
#define LM_OPTION_ENUM(key, values, ...)         typedef enum lm_##key{values(LM_ENUMERATOR)} lm_##key;
#include "conf/options.def"
#undef LM_ENUMERATOR

/* The options in force, one member for each row of options.def. */
typedef struct lm_options {
#define LM_OPTION_BOOL(key, ...)   bool key;
#define LM_OPTION_ENUM(key, ...)   lm_##key key;
#define LM_OPTION_BYTES(key, ...)  uint64_t key;
#define LM_OPTION_NUMBER(key, ...) uint64_t key;
#define LM_OPTION_PATH(key, ...)   char key[LM_OPTION_PATH_MAX];
#include "conf/options.def"
} LM_ONCE_ALIGNED lm_options;

/* ---- Setting them --------------------------------------------------------------------------- */

/* Sets every option to its default. */
void lm_options_defaults(lm_options *options);

/* What lm_options_parse calls for each item that it can't use: one sentence in one line, without a
 * prefix such as "loam: " and without a newline; control characters are shown as '?'. */
typedef void lm_options_complain(const char *message, void *context);

/* Sets the options that `text` names and leaves the others as they are; NULL is an empty text.
 * `source` says in complaints where the text came from, such as "LOAM_OPTIONS". With `secure`
 * (AT_SECURE, for a text that came from outside the program) keys that aren't safe in setuid
 * programs are skipped, and nothing is complained about. `complain` may be NULL. */
void lm_options_parse(lm_options *options, const char *text, const char *source, bool secure,
                      lm_options_complain *complain, void *context);

/* The text of LOAM_OPTIONS in an environment array as the kernel passes it, NULL where there is
 * none. `environment` may be NULL. */
const char *lm_options_in_environment(char *const *environment);

/* ---- Asking for them ------------------------------------------------------------------------ */

/* The value in force of `key` as text that lm_options_parse would take (but for the quotes), cut to
 * `size` bytes with its NUL: "1" or "0", a value's name, "auto" or a plain number, a path or "".
 * Returns its whole length without the NUL, like snprintf, or -1 for an unknown key. */
int lm_options_value(const lm_options *options, const char *key, char *buffer, size_t size);

/* Appends the list of all options that help=1 shows; at most LM_OPTIONS_HELP_MAX bytes. */
void lm_options_help(lm_text *text);

/* ---- The table, for those who document it --------------------------------------------------- */

typedef enum lm_option_type {
    LM_TYPE_BOOL,
    LM_TYPE_ENUM,
    LM_TYPE_BYTES,
    LM_TYPE_NUMBER,
    LM_TYPE_PATH
} lm_option_type;

/* A value of an LM_TYPE_ENUM. */
typedef struct lm_option_value {
    const char *name;    /* NULL ends the list */
    const char *meaning; /* what it does, without a full stop */
} lm_option_value;

/* A row of options.def. */
typedef struct lm_option {
    const char *key;
    lm_option_type type;
    bool anywhere;        /* also in setuid programs */
    size_t offset;        /* bytes: of the member in lm_options */
    uint64_t initial;     /* the default; for an enum the index of the value; 0 for a path */
    uint64_t least, most; /* of bytes and numbers, besides auto */
    const lm_option_value *values; /* of an enum, by index; else NULL */
    const char *help;
    const char *description;
} lm_option;

/* The rows in the table's order; a NULL key ends them. */
extern const lm_option lm_options_table[];

/* Appends what may be written after `key=`: "abort|report|ignore", "auto|BYTES", "0|1", "PATH". */
void lm_options_syntax(lm_text *text, const lm_option *option);

/* Appends the default as lm_options_value gives it, or "none" for a path. */
void lm_options_initial(lm_text *text, const lm_option *option);

#endif
