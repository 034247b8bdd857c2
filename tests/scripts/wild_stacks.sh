#!/usr/bin/env bash
# The stack is taken at every allocation while libraries come and go, exceptions fly and threads end.
# The libraries take each other's addresses and differ only in the size of a frame, with a build-id and
# without: what was remembered of one must not be believed of the other.
#
# ctest-builds: release clang debug
# ctest-timeout: 120
set -euo pipefail

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
CC=${CC:-cc} CXX=${CXX:-c++}
cd "$scratch"

plugin() {
    local name=$1
    shift
    "$CC" -O2 -shared -fPIC "$@" -o "$name.so" "$LOAM_SRC/tests/wild/stacks_plugin.c"
}

plugin id_small -Wl,--build-id=sha1 -DFRAME=1000
plugin id_large -Wl,--build-id=sha1 -DFRAME=2008
plugin no_id_small -Wl,--build-id=none -DFRAME=1000
plugin no_id_large -Wl,--build-id=none -DFRAME=2008
"$CXX" -std=c++17 -O2 -g -D_GNU_SOURCE -I"$LOAM_SRC/src" -o stacks "$LOAM_SRC/tests/wild/stacks.cc" \
    "$LOAM_BUILD/libloam-prefixed.a" -pthread -ldl
for kind in id no_id; do
    printf '%s: ' "$kind"
    timeout 40 ./stacks 4 "./${kind}_small.so" "./${kind}_large.so"
done

# own SONAME COUNT: of a library with that name, so many frames of its own are in the stack.
own() {
    local name=$1 count=$2 got
    "$CC" -O2 -shared -fPIC -I"$LOAM_SRC/src" -o own.so "$LOAM_SRC/tests/wild/stacks_own.c" \
        "$LOAM_BUILD/libloam-prefixed.a" -Wl,-soname,"$name" -Wl,--exclude-libs,ALL -pthread
    ln -sf own.so "$name"
    "$CC" -O1 -D_GNU_SOURCE -o own "$LOAM_SRC/tests/wild/stacks_own_program.c" ./own.so
    got=$(LD_PRELOAD=./own.so LD_LIBRARY_PATH=. ./own)
    if [ "$got" != "$count" ]; then
        echo "FAILED: $got frames of $name in the stack, not $count"
        exit 1
    fi
}

own libloam.so.0 0
own libother.so.0 2
