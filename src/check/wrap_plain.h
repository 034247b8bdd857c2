/* What the library's own code gets when it calls the C library's memcpy and the like: see wrap.h. */
#ifndef LM_CHECK_WRAP_PLAIN_H
#define LM_CHECK_WRAP_PLAIN_H

#include <stddef.h>
#include <stdio.h>

#include <sys/types.h>

/* The C library's function, when it is known, or else a loop. */
void *lm_plain_memcpy(void *to, const void *from, size_t n);
void *lm_plain_memmove(void *to, const void *from, size_t n);
void *lm_plain_memset(void *at, int byte, size_t n);
int lm_plain_memcmp(const void *a, const void *b, size_t n);
int lm_plain_bcmp(const void *a, const void *b, size_t n);
void *lm_plain_memchr(const void *at, int byte, size_t n);
size_t lm_plain_strlen(const char *string);
size_t lm_plain_strnlen(const char *string, size_t max);
int lm_plain_strcmp(const char *a, const char *b);
int lm_plain_strncmp(const char *a, const char *b, size_t n);
char *lm_plain_strchr(const char *string, int c);
char *lm_plain_strrchr(const char *string, int c);
char *lm_plain_strcpy(char *to, const char *from);

/* The system's calls and stdio, past the wrappers. */
ssize_t lm_plain_read(int fd, void *buffer, size_t n);
ssize_t lm_plain_pread(int fd, void *buffer, size_t n, off_t at);
ssize_t lm_plain_write(int fd, const void *buffer, size_t n);
ssize_t lm_plain_readlink(const char *path, char *buffer, size_t n);
int lm_plain_fputs(const char *string, FILE *file);

/* Makes those loops the real functions, until these are known. Works in a library that isn't relocated. */
void lm_plain_stand_in(void);

#endif
