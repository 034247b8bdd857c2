#!/usr/bin/env bash
# `loam explain`: for each code the page of docs/errors, no line wider than a terminal, and programs that compile.
# ctest-builds: release debug
set -uo pipefail
. "$(dirname "$0")/../support/expected.sh"

pages=$LOAM_SRC/docs/errors

codes=$("$loam" explain | sed -n 's/^     //p' | sort)
[ "$codes" = "$(basename -s .md "$pages"/*.md | sort)" ] || problem "the codes aren't those of docs/errors"

# The list has each code below the rule that its page names.
while read -r code rule; do
    grep -qF "Rule ${rule/. / of dynamic memory: }." <<<"$(tr '\n' ' ' <"$pages/$code.md")" || problem "$code isn't against rule $rule"
done < <("$loam" explain | awk '/^[0-9]/ { rule = $0 } /^     / { print $1, rule }')

# bare: words without markup.
bare() {
    sed -E '/^```/d; s/^#+ //; s/^(Wrong|Right|What the report says|How to fix it):$/\1/' | tr -s ' \n' '\n'
}

# What the programs on the pages take for granted. -fpermissive: most are C.
cat >given.h <<'C'
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/mman.h>
struct result { template <class T> result(T) {} };
struct item { int number; };
struct node { struct node *next; } *node;
struct cache { void *entry; } *cache;
char *s, *text;
int *pi;
size_t used, size, count, length;
bool failed;
bool valid(const char *), more();
char next();
C

# compiles CODE TITLE: the program below that title, as the body of a function.
compiles() {
    {
        printf '#include "given.h"\nresult function() {\n'
        awk -v title="## $2" '/^## /{ here = $0 == title } /^```/{ inside = !inside; next } here && inside' "$pages/$1.md"
        echo '}'
    } >program.cc
    [ "$(wc -l <program.cc)" -gt 4 ] || problem "the page of $1 has no program \"$2\""
    g++ -std=c++17 -fsyntax-only -fpermissive -w program.cc || problem "the program \"$2\" of $1 doesn't compile"
}

for code in $codes; do
    "$loam" explain "$code" >page || problem "loam explain $code fails"
    diff <(bare <"$pages/$code.md") <(bare <page) || problem "loam explain $code isn't docs/errors/$code.md"
    ! grep -nE '.{80}' page || problem "loam explain $code has lines wider than 79 columns"
    ! grep -nE '^(#|```)' page || problem "loam explain $code has markup"
    compiles "$code" Wrong
    compiles "$code" Right
done
"$loam" explain no-such-code 2>/dev/null
[ $? = 2 ] || problem "loam explain no-such-code: another status than 2"
finish
