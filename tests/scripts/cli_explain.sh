#!/usr/bin/env bash
# `loam explain`: a page for each code, no line wider than a terminal, and programs that compile.
# ctest-builds: release debug
set -uo pipefail

loam=$LOAM_BUILD/loam
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
failed=0

codes=$("$loam" explain | sed -n 's/^     //p')
[ "$(printf '%s\n' "$codes" | wc -l)" = 15 ] || failed=1

# compiles CODE TITLE: the part of its page, as the body of a function.
compiles() {
    {
        cat <<'C'
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/mman.h>
struct any { template <class T> operator T *() const; };
any any_block(size_t count, size_t size = 1);
#define malloc(size) any_block(size)
#define calloc(count, size) any_block(count, size)
char *current;
void function(char *text, int *list, size_t count, char *start, char *end, int file) {
C
        sed -n "/^$2:/,/^[A-Z].*:\$/p" page | sed -n 's/^    //p'
        echo '}'
    } >program.cc
    g++ -std=c++17 -fsyntax-only -w program.cc || {
        echo "FAILED: the $2 program of $1 doesn't compile"
        failed=1
    }
}

for code in $codes; do
    "$loam" explain "$code" >page || failed=1
    if grep -nE '.{80}' page; then
        echo "FAILED: loam explain $code has lines wider than 79 columns"
        failed=1
    fi
    compiles "$code" Wrong
    compiles "$code" Right
done
"$loam" explain no-such-code 2>/dev/null
[ $? = 2 ] || failed=1
exit "$failed"
