/* Names and source lines may be any bytes; JSON and XML take UTF-8 only. */
#ifndef LM_CLI_UTF8_H
#define LM_CLI_UTF8_H

#include <stddef.h>

/* Bytes of the character that the text, which isn't empty, begins with; 0: it is no UTF-8. */
size_t lm_utf8_length(const char *text);

#endif
