#!/usr/bin/env bash
# What libloam-check.so tells of small flawed programs, and that its lines survive whatever becomes of a process.
# ctest-builds: release debug test-mode
# ctest-timeout: 120
set -euo pipefail

library=$LOAM_BUILD/libloam-check.so
sources=$LOAM_SRC/tests/check/lines
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failures=0

fail() {
    echo "FAILED: $*"
    failures=$((failures + 1))
}

[ -e "$library" ] || { echo "no $library here: not tested"; exit 77; }
for name in flaws processes; do
    gcc -std=gnu17 -g -O1 -w -pthread -o "$scratch/$name" "$sources/$name.c"
done
cd "$scratch"

# run PROGRAM ARGS...: into out, status and the lines in the folder lines
run() {
    rm -rf lines
    mkdir lines
    status=0
    LOAM_OPTIONS=check_to=lines:exact=off:uninit=off:leaks=0 LD_PRELOAD=$library "$@" >out 2>err || status=$?
    cat lines/* >all 2>/dev/null || true
}

count() {
    grep -c "^$1" all || true
}

# tells NAME KEY=VALUE...: exactly one finding, which has all these
tells() {
    local name=$1 key
    shift
    run ./flaws "$name"
    [ "$(count finding)" = 1 ] || { fail "$name: $(count finding) findings"; return; }
    for key; do
        grep -qE "^finding.* $key( |\$)" all || fail "$name: no $key in: $(grep ^finding all)"
    done
    [ "$status" = 0 ] || fail "$name: status $status"
    [ -s err ] && fail "$name: wrote to standard error: $(cat err)"
    grep -q '^end status=0$' all || fail "$name: no end"
}

# ---- Mistakes ---------------------------------------------------------------------------------

tells overflow_by_one code=heap-overflow certainty=later call=free size=6 first=6 last=6 helper=nul \
    state=live allocated_call=malloc 'dump=f5f5f5f5f5f500' dump_at=0
tells overflow_in_slack code=heap-overflow certainty=later size=33 first=35 last=35
tells overflow_never_freed code=heap-overflow certainty=later size=20 first=20 last=20 state=live
tells overflow_large code=heap-overflow size=200001 first=200001 last=200001
tells underflow code=heap-underflow certainty=later size=6 first=-1 last=-1
tells underflow_aligned code=heap-underflow size=256 first=-20 last=-20 allocated_call=aligned_alloc
tells write_after_free code=use-after-free certainty=later size=100 first=50 last=50 state=freed freed_call=free
tells write_after_realloc code=use-after-free size=100 first=99 last=99 freed_call=realloc
tells double_free code=double-free certainty=exact call=free access=free inside=0 state=freed size=10
tells double_free_after_realloc code=double-free freed_call=realloc 'moved_to=0x[0-9a-f]+'
tells double_free_by_thread code=double-free thread=1 allocated_thread=1 freed_thread=2
tells free_inside code=invalid-free call=free inside=8 size=40 state=live
tells free_stack code=invalid-free where=stack
tells free_static code=invalid-free where=static
tells free_mapped code=foreign-free where=mapped
tells bad_size code=bad-size call=malloc bytes=18446744073709551615
tells bad_product code=bad-size call=calloc quantity=product now_size=8
tells usable_of_freed code=double-free call=malloc_usable_size
tells the_same_often code=double-free
grep -q '^again id=1 count=100$' all || fail "the_same_often: $(grep ^again all)"

# Both stacks of a double free stand above it, with frames in the program.
tells double_free 'stack=[0-9]+' 'allocated=[0-9]+' 'freed=[0-9]+'
[ "$(count stack)" = 3 ] || fail "double_free: $(count stack) stacks"
grep -qE "^module .*path=$scratch/flaws .*build=[0-9a-f]+" all || fail "double_free: no module for the program"

run ./flaws nothing
[ "$(count finding)" = 0 ] || fail "nothing: $(grep ^finding all)"
[ "$(cat out)" = $'nine char 20\n1' ] || fail "nothing: printed $(cat out)"
grep -q '^summary .* live_blocks=[01] ' all || fail "nothing: $(grep ^summary all)"

# ---- Without a directory ----------------------------------------------------------------------

LD_PRELOAD=$library ./flaws double_free >out 2>err
grep -q '^loam: error\[double-free\]: free(0x' err || fail "no text without a directory"
grep -q '^loam: *allocated:' err || fail "no stack in the text"

# ---- Processes --------------------------------------------------------------------------------

# ends HOW STATUS END: with the exit status and, unless END is empty, with such a line
ends() {
    run ./processes plain "$1"
    [ "$status" = "$2" ] || fail "$1: status $status"
    [ "$(count finding)" = 1 ] || fail "$1: $(count finding) findings"
    [ "$(grep '^end' all || true)" = "${3:+end status=$3}" ] || fail "$1: ended by $(grep '^end' all)"
}
ends exit 4 4
ends _exit 5 5
ends _Exit 6 6
ends quick_exit 7 7
ends return 8 8
ends abort 134 ''
ends kill 137 ''

run ./processes close exit
[ "$(count finding)" = 1 ] || fail "close: $(count finding) findings"
[ ! -s other ] || fail "close: wrote into the program's own file"
run ./processes chdir exit
[ "$(count finding)" = 1 ] || fail "chdir: $(count finding) findings"

run ./processes fork exit
[ "$(count finding)" = 3 ] || fail "fork: $(count finding) findings"
[ "$(find lines -type f | wc -l)" = 2 ] || fail "fork: $(ls lines)"
for file in lines/*; do
    while read -r id; do
        grep -q "^stack id=$id " "$file" || fail "fork: no stack $id in $file"
    done < <(grep -oE '(stack|allocated|freed)=[0-9]+' "$file" | sed 's/.*=//' | sort -u)
    grep -q "^process pid=$(basename "$file") " "$file" || fail "fork: no process in $file"
done

run ./processes vfork exit
[ "$(count end)" = 1 ] || fail "vfork: $(grep '^end' all)"
run ./processes exec exit
[ "$(count process)" = 2 ] || fail "exec: $(count process) processes"
[ "$(count finding)" = 2 ] || fail "exec: $(count finding) findings"
[ "$(find lines -type f | wc -l)" = 1 ] || fail "exec: $(ls lines)"
run ./processes thread exit
grep -q '^finding.* thread=2 ' all || fail "thread: $(grep ^finding all)"

# With all descriptors taken, and none beyond 20 allowed.
run bash -c 'ulimit -n 20; exec ./processes plain exit'
[ "$(count finding)" = 1 ] || fail "ulimit -n: $(count finding) findings"

[ "$failures" = 0 ]
