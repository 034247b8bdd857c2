/* stdio without formats. What is asked for must be there, though the file may give less. */
#include "check/wrap.h"

/* ---- Reading ---------------------------------------------------------------------------------- */

static size_t room(int n) {
    return n > 0 ? (size_t)n : 0;
}

char *lm_wrap_fgets(char *to, int n, FILE *file) {
    lm_wrap_writes("fgets", to, room(n));
    return LM_REAL(fgets)(to, n, file);
}

char *lm_wrap_fgets_unlocked(char *to, int n, FILE *file) {
    lm_wrap_writes("fgets_unlocked", to, room(n));
    return LM_REAL(fgets_unlocked)(to, n, file);
}

char *lm_wrap___fgets_chk(char *to, size_t size, int n, FILE *file) {
    lm_wrap_writes("fgets", to, room(n));
    return LM_REAL(__fgets_chk)(to, size, n, file);
}

char *lm_wrap___fgets_unlocked_chk(char *to, size_t size, int n, FILE *file) {
    lm_wrap_writes("fgets_unlocked", to, room(n));
    return LM_REAL(__fgets_unlocked_chk)(to, size, n, file);
}

wchar_t *lm_wrap_fgetws(wchar_t *to, int n, FILE *file) {
    lm_wrap_writes("fgetws", to, lm_wrap_product(room(n), sizeof(wchar_t)));
    return LM_REAL(fgetws)(to, n, file);
}

wchar_t *lm_wrap___fgetws_chk(wchar_t *to, size_t size, int n, FILE *file) {
    lm_wrap_writes("fgetws", to, lm_wrap_product(room(n), sizeof(wchar_t)));
    return LM_REAL(__fgetws_chk)(to, size, n, file);
}

size_t lm_wrap_fread(void *to, size_t size, size_t count, FILE *file) {
    lm_wrap_writes("fread", to, lm_wrap_product(count, size));
    return LM_REAL(fread)(to, size, count, file);
}

size_t lm_wrap_fread_unlocked(void *to, size_t size, size_t count, FILE *file) {
    lm_wrap_writes("fread_unlocked", to, lm_wrap_product(count, size));
    return LM_REAL(fread_unlocked)(to, size, count, file);
}

size_t lm_wrap___fread_chk(void *to, size_t whole, size_t size, size_t count, FILE *file) {
    lm_wrap_writes("fread", to, lm_wrap_product(count, size));
    return LM_REAL(__fread_chk)(to, whole, size, count, file);
}

size_t lm_wrap___fread_unlocked_chk(void *to, size_t whole, size_t size, size_t count, FILE *file) {
    lm_wrap_writes("fread_unlocked", to, lm_wrap_product(count, size));
    return LM_REAL(__fread_unlocked_chk)(to, whole, size, count, file);
}

/* The line may have any length: only afterwards it is known. */
static char *has_got(char *line) {
    if (line && LM_UNLIKELY(lm_is_watched(line)))
        lm_wrap_writes("gets", line, LM_REAL(strlen)(line) + 1);
    return line;
}

char *lm_wrap_gets(char *to) {
    return has_got(LM_REAL(gets)(to));
}

char *lm_wrap___gets_chk(char *to, size_t size) {
    return has_got(LM_REAL(__gets_chk)(to, size));
}

/* The block that the program brings must be as large as it says. */
LM_INLINE void brings(const char *call, char *const *line, const size_t *size) {
    if (line && size && *line)
        lm_wrap_writes(call, *line, *size);
}

ssize_t lm_wrap_getline(char **line, size_t *size, FILE *file) {
    brings("getline", line, size);
    return LM_REAL(getline)(line, size, file);
}

ssize_t lm_wrap_getdelim(char **line, size_t *size, int end, FILE *file) {
    brings("getdelim", line, size);
    return LM_REAL(getdelim)(line, size, end, file);
}

/* What getline becomes in programs that are compiled with optimisation. */
ssize_t lm_wrap___getdelim(char **line, size_t *size, int end, FILE *file) {
    brings(end == '\n' ? "getline" : "getdelim", line, size);
    return LM_REAL(__getdelim)(line, size, end, file);
}

/* ---- Writing ---------------------------------------------------------------------------------- */

size_t lm_wrap_fwrite(const void *from, size_t size, size_t count, FILE *file) {
    lm_wrap_reads("fwrite", from, lm_wrap_product(count, size));
    return LM_REAL(fwrite)(from, size, count, file);
}

size_t lm_wrap_fwrite_unlocked(const void *from, size_t size, size_t count, FILE *file) {
    lm_wrap_reads("fwrite_unlocked", from, lm_wrap_product(count, size));
    return LM_REAL(fwrite_unlocked)(from, size, count, file);
}

int lm_wrap_fputs(const char *string, FILE *file) {
    lm_wrap_string("fputs", string);
    return LM_REAL(fputs)(string, file);
}

int lm_wrap_fputs_unlocked(const char *string, FILE *file) {
    lm_wrap_string("fputs_unlocked", string);
    return LM_REAL(fputs_unlocked)(string, file);
}

int lm_wrap_fputws(const wchar_t *string, FILE *file) {
    lm_wrap_wide_string("fputws", string);
    return LM_REAL(fputws)(string, file);
}

int lm_wrap_puts(const char *string) {
    lm_wrap_string("puts", string);
    return LM_REAL(puts)(string);
}
