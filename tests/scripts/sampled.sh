#!/usr/bin/env bash
# Sampled guards: a mistake that a program makes 20,000 times (tests/preload/planted.c) is stopped, and named with
# both call stacks: by the handler, in the self-test, and from a core dump.
#
# ctest-args: handler
# ctest-args: selftest
# ctest-args: core
set -euo pipefail

planted=$LOAM_BUILD/tests/preload/planted
library=$LOAM_BUILD/libloam.so
loam=$LOAM_BUILD/loam
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

fail() {
    echo "FAILED: $*"
    cat "$scratch"/err 2>/dev/null || true
    exit 1
}

# planted OPTIONS MISTAKE: sets status, and leaves what was said in $scratch/err. No core dump where it is.
planted() {
    status=0
    (
        ulimit -c 0
        LOAM_OPTIONS=$1 LD_PRELOAD=$library exec "$planted" "$2" >"$scratch/out" 2>"$scratch/err"
    ) 2>/dev/null || status=$?
}

# says FILE PATTERN...
says() {
    local file=$1 pattern
    shift
    for pattern in "$@"; do
        grep -qE "$pattern" "$file" || {
            cp "$file" "$scratch/err" 2>/dev/null || true
            fail "no line has: $pattern"
        }
    done
}

handler() {
    planted sample=1000 use-after-free
    [ "$status" -eq 139 ] || fail "use after free without a handler: status $status instead of 139"
    [ ! -s "$scratch/err" ] || fail "something was said"

    planted sample=1000:guard_handler=1 use-after-free
    [ "$status" -eq 134 ] || fail "use after free with a handler: status $status instead of 134"
    says "$scratch/err" 'error\[use-after-free\]: .*block 0x[0-9a-f]+ of 32 bytes, sampled, byte 0' 'exact' \
        'allocated by thread [1-9]' 'freed by thread [1-9]' 'accessed by thread [1-9]'
    [ "$(grep -c '/planted+0x' "$scratch/err")" -ge 6 ] || fail "the stacks don't lead to the program"

    planted sample=1000:guard_handler=1:on_error=report use-after-free
    [ "$status" -eq 139 ] || fail "with on_error=report: status $status instead of 139"
    says "$scratch/err" 'error\[use-after-free\]'

    planted sample=1000:guard_handler=1 overflow
    [ "$status" -eq 134 ] || fail "overflow: status $status instead of 134"
    says "$scratch/err" 'error\[heap-overflow\]: .*of 32 bytes' 'allocated by thread'

    planted sample=1000:guard_handler=1 underflow
    [ "$status" -eq 134 ] || fail "underflow: status $status instead of 134"
    says "$scratch/err" 'error\[heap-underflow\]'

    planted sample=10:guard_handler=1 none
    [ "$status" -eq 0 ] || fail "without a mistake: status $status"
    [ ! -s "$scratch/err" ] || fail "without a mistake something was said"
    planted sample=0:guard_handler=1 use-after-free
    [ "$status" -eq 0 ] || fail "sample=0 sampled nevertheless: status $status"
}

selftest() {
    "$loam" selftest >"$scratch/out" 2>"$scratch/err" || fail "loam selftest failed"
    says "$scratch/out" '^use-after-free: caught' '^overflow: caught'
    [ "$(wc -l <"$scratch/out")" -eq 2 ] || fail "there are not two lines"
    if LOAM_LIBRARY=/nonexistent "$loam" selftest >/dev/null 2>"$scratch/err"; then
        fail "without a library it was content"
    fi
}

# core_of OPTIONS MISTAKE: the core dump's path, made by the kernel or else by gdb; fails when none can be had.
core_of() {
    cd "$scratch"
    rm -f core core.*
    (
        ulimit -c unlimited
        LOAM_OPTIONS=$1 LD_PRELOAD=$library exec "$planted" "$2" >/dev/null 2>&1
    ) >/dev/null 2>&1 || true
    local found
    found=$(find . -maxdepth 1 -name 'core*' -size +0 | head -1)
    if [ -z "$found" ] && command -v gdb >/dev/null; then
        gdb -batch -ex "set env LD_PRELOAD $library" -ex "set env LOAM_OPTIONS $1" \
            -ex "run $2" -ex "generate-core-file core" "$planted" >/dev/null 2>&1 || true
        found=$(find . -maxdepth 1 -name 'core*' -size +0 | head -1)
    fi
    [ -n "$found" ] && echo "$scratch/$found"
}

core() {
    local file status=0
    file=$(core_of sample=1000 use-after-free) || {
        echo "skipped: no core dump can be had here"
        exit 77
    }
    "$loam" core "$file" >"$scratch/out" 2>"$scratch/err" || fail "loam core failed"
    says "$scratch/out" 'error\[use-after-free\]: access to 0x.* of 32 bytes, sampled' 'allocated by thread [1-9]' \
        'freed by thread [1-9]'
    [ "$(grep -c '/planted+0x' "$scratch/out")" -ge 4 ] || fail "the stacks don't lead to the program"

    # a dump that was cut, or is none, isn't believed
    head -c 3000 "$file" >"$scratch/cut"
    "$loam" core "$scratch/cut" >"$scratch/out" 2>"$scratch/err" || status=$?
    [ "$status" -eq 1 ] || [ "$status" -eq 125 ] || fail "a cut dump: status $status"
    status=0
    "$loam" core "$loam" >"$scratch/out" 2>"$scratch/err" || status=$?
    [ "$status" -eq 125 ] || fail "no dump at all: status $status"
    status=0
    "$loam" core >"$scratch/out" 2>"$scratch/err" || status=$?
    [ "$status" -eq 2 ] || fail "without a file: status $status"
}

"${1:-handler}"
