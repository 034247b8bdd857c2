#!/usr/bin/env bash
# `loam check` where little is allowed, and of programs that it can't help: as an ordinary user, as process 1 of a
# namespace, with nothing open, under limits; static and setuid programs; handlers of the program's own.
#
# ctest-builds: release debug
# ctest-timeout: 200
set -euo pipefail

sources=$LOAM_SRC/tests/check
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failures=0

[ -e "$LOAM_BUILD/libloam-check.so" ] || { echo "no libloam-check.so here: not tested"; exit 77; }
# Where every user may read it.
chmod 755 "$scratch"
cp "$LOAM_BUILD"/{loam,libloam.so,libloam-check.so} "$scratch"
cd "$scratch"
gcc -std=gnu17 -g -O1 -w -pthread -o processes "$sources/lines/processes.c"
for name in strict handler; do
    gcc -std=gnu17 -g -O1 -w -o "$name" "$sources/worlds/$name.c"
done
ulimit -c 0

fail() {
    echo "FAILED: $*"
    sed 's/^/    /' out
    failures=$((failures + 1))
}

# gives STATUS FINDINGS TEXT COMMAND...
gives() {
    local expected=$1 findings=$2 text=$3 status=0
    shift 3
    timeout -s KILL 60 "$@" >out 2>&1 </dev/null || status=$?
    [ "$status" = "$expected" ] || fail "status $status, not $expected: $*"
    [ "$(grep -c '^error\[' out)" = "$findings" ] || fail "not $findings findings: $*"
    grep -q -e "$text" out || fail "not said: $text: $*"
}

# in_world WORLD...: one mistake is found there.
in_world() {
    gives 99 1 'error\[double-free\]' "$@" ./loam check ./processes plain exit
}

# shell LINE: the same, started by that line of shell.
shell() {
    gives 99 1 'error\[double-free\]' bash -c "$1"
}

in_world env
shell 'exec ./loam check ./processes plain exit <&- >&-'
in_world env TMPDIR=/nonexistent
shell 'ulimit -v 4194304; exec ./loam check ./processes plain exit'
shell 'ulimit -n 16; exec ./loam check ./processes plain exit'
status=0
./loam check ./processes plain exit <&- >&- 2>&- || status=$?
[ "$status" = 99 ] || fail "status $status with nothing open"

if [ "$(id -u)" = 0 ]; then
    in_world setpriv --reuid=65534 --regid=65534 --clear-groups
    cp /bin/true setuid
    chmod 4755 setuid
    gives 125 0 'is setuid or setgid' setpriv --reuid=65534 --regid=65534 --clear-groups ./loam check ./setuid
fi
if unshare --pid --fork true 2>/dev/null; then
    in_world unshare --pid --fork
    in_world unshare --pid --fork --mount-proc
fi

if gcc -std=gnu17 -static -w -pthread -o static "$sources/lines/processes.c" 2>/dev/null; then
    gives 125 0 'statically linked' ./loam check ./static plain exit
fi

# A limit for files ends no program that writes none.
status=0
mkdir lines
(ulimit -f 0; LOAM_OPTIONS=check_to=lines LD_PRELOAD=./libloam-check.so exec ./processes plain exit) || status=$?
[ "$status" = 4 ] || fail "status $status under ulimit -f 0"

# Faults by plan are no mistake; a program that ends by one is told why.
gives 0 0 'nothing to report' ./loam check ./handler jump
gives 99 1 'null-deref' ./loam check ./handler _exit
gives 99 1 'null-deref' ./loam check ./handler raise
gives 99 1 'null-deref' ./loam check ./handler abort

# The heap can't grow without system calls, nor the checker look at the clock: it ends, but it doesn't hang.
status=0
timeout 20 ./loam check ./strict >out 2>&1 || status=$?
[ "$status" != 124 ] || fail "seccomp's strict mode: it hangs"

[ "$failures" = 0 ]
