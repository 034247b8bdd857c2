#!/usr/bin/env bash
# `loam check`: reports to the letter, at 80 and 200 columns, without debug information; what it refuses;
# statuses; where reports go.
#
# The programs of tests/cli write what the checker would write of them. cli_check.sh --write writes their
# reports anew: look at the difference as at code.
# ctest-builds: release debug
set -uo pipefail

. "$(dirname "$0")/../support/expected.sh"
expected=$LOAM_SRC/tests/cli

# ---- Reports to the letter. The lines and columns are those that gcc 12 writes.

cp "$LOAM_SRC"/tests/cli/*.[ch] .
for file in [!t]*.c; do
    name=${file%.c}
    gcc -g -O0 -no-pie -fno-pie -w -o "$name" "$file" || problem "$file can't be compiled"
    "./$name" >"$name.wire"
    COLUMNS=80 "$loam" check --read "$name.wire" 2>out
    same "$expected/$name.expected" out
    # No line is longer than the terminal, unless a single word is.
    awk -v name="$name" 'length > 80 && /[^ ] [^ ]/ { print name ": too long: " $0; bad = 1 } END { exit bad }' out ||
        problem "lines are too long"
done
for name in overflow_strcpy double_free leak; do
    COLUMNS=200 "$loam" check --read "$name.wire" 2>out
    same "$expected/$name.wide.expected" out
done
for name in overflow_strcpy after_free; do
    strip "$name"
    COLUMNS=80 "$loam" check --read "$name.wire" 2>out
    sed -E 's/\+0x[0-9a-f]+/+ADDRESS/g' out >out.fixed && mv out.fixed out
    same "$expected/$name.stripped.expected" out
done
COLUMNS=80 "$loam" check --color=always --read uninitialised.wire 2>out
same "$expected/uninitialised.colour.expected" out
COLUMNS=80 NO_COLOR=1 "$loam" check --read uninitialised.wire 2>out
! grep -q $'\033' out || problem "colour although NO_COLOR is set"

# ---- Broken records: whatever was whole before is told.

head -c -40 overflow_loop.wire >cut.wire
head -n 8 overflow_strcpy.wire | sed 's/code=heap-overflow/code=of-the-future later=1/' >future.wire
printf 'loam-check version=99\nprocess pid=1 program=/x\n' >other.wire
printf 'finding id=1 code=leak\n\n=\nstack\nmodule id=x\n' >empty.wire
for name in cut future other empty; do
    "$loam" check --read "$name.wire" >/dev/null 2>err || [ $? -lt 100 ] || problem "$name.wire: $(cat err)"
done

# ---- The command itself.

# try STATUS COMMAND...: runs it, keeps its output in the files out and err.
try() {
    local wanted=$1 status=0
    shift
    "$@" >out 2>err </dev/null || status=$?
    [ "$status" = "$wanted" ] || {
        problem "status $status instead of $wanted: $*"
        cat err
    }
}

cat >program.c <<'C'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "";
    char *p = malloc(8);
    puts("output");
    free(p);
    if (strcmp(what, "double") == 0)
        free(p);
    if (strcmp(what, "kill") == 0) {
        free(p);
        fflush(stdout);
        raise(SIGKILL);
    }
    return strcmp(what, "status") == 0 ? 7 : 0;
}
C
gcc -g -w -o program program.c
gcc -static -w -o static program.c

try 2 "$loam" check
try 2 "$loam" check --colour ./program
try 2 "$loam" check --error-exitcode=256 ./program
try 2 "$loam" check --format=html ./program
try 2 "$loam" check --options nonsense=1 ./program
try 127 "$loam" check ./missing
try 126 "$loam" check /
try 125 "$loam" check ./static
try 125 "$loam" check --log-file /nowhere/at/all ./program
try 125 "$loam" check --read missing.wire
try 0 "$loam" check --help

if [ -f "$LOAM_BUILD/libloam-check.so" ]; then
    try 0 "$loam" check ./program
    [ "$(cat out)" = output ] || problem "the program's output is touched"
    grep -q '^loam: nothing to report' err || problem "no word of a good end"
    try 0 "$loam" check --quiet ./program
    [ ! -s err ] || problem "--quiet said: $(cat err)"
    try 7 "$loam" check ./program status
    try 99 "$loam" check ./program double
    grep -q 'error\[double-free\]' err || problem "a double free isn't told"
    try 3 "$loam" check --error-exitcode=3 ./program double
    try 0 "$loam" check --error-exitcode 0 ./program double
    try 99 "$loam" check --log-file log ./program double
    [ ! -s err ] || problem "with --log-file standard error has: $(cat err)"
    grep -q 'program.c:11' log || problem "the log has no line of the source"
    try 99 "$loam" check ./program kill
    grep -q 'error\[double-free\]' err || problem "a killed program's finding is lost"
    grep -q 'killed by signal 9' err || problem "no word of the signal"
    mkdir -p own
    TMPDIR=$scratch/own try 0 "$loam" check --quiet ./program
    [ -z "$(ls own)" ] || problem "left behind: $(ls own)"
fi

finish
