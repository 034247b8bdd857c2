#!/usr/bin/env bash
# Two copies of Loam in one process: one preloaded, one inside a shared library. Each serves its own; a
# block given to the other one is named as foreign.
#
# ctest-builds: release debug
# ctest-timeout: 300
set -uo pipefail

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
CC=${CC:-cc}
failed=0
cd "$scratch" || exit 1
ulimit -c 0

problem() {
    echo "FAILED: $*"
    failed=1
}

carry() {
    local name=$1
    shift
    "$CC" -O1 -g -shared -fPIC -I"$LOAM_SRC/include" -o "$name.so" "$@" \
        "$LOAM_SRC/tests/wild/plugin.c" "$LOAM_BUILD/libloam.a" -pthread || exit 1
}

# run STATUS PLUGIN CASE [SIZE]
run() {
    local wanted=$1 status=0
    shift
    # The shell's own line about an abort is of no interest.
    { LD_PRELOAD=$LOAM_BUILD/libloam.so ./copies "./$1.so" "${@:2}" >out 2>err || status=$?; } 2>/dev/null
    [ "$status" = "$wanted" ] || {
        problem "$*: status $status instead of $wanted"
        tail -n 5 out err
    }
}

# The report that a foreign block gets, and nothing else.
check_foreign() {
    sed -E -e 's/0x[0-9a-f]+/PTR/g' -e '/^loam:   (thread [0-9]+ of process [0-9]+|more: loam check -- .*)$/d' err >line
    [ "$(cat line)" = "loam: error[foreign-free]: $1(PTR): no block of this heap, and never was" ] ||
        problem "said: $(cat err)"
}

"$CC" -O1 -g -D_GNU_SOURCE -fno-builtin -o copies "$LOAM_SRC/tests/wild/copies.c" -pthread -ldl || exit 1
carry own_names -Wl,--exclude-libs,ALL
carry own_malloc -DPLUGIN_USES_MALLOC -Wl,-Bsymbolic

for plugin in own_names own_malloc; do
    run 0 "$plugin" both
    run 0 "$plugin" live
    for _ in 1 2 3 4 5; do
        run 0 "$plugin" end
    done
    for size in 1 100 5000 60000 1000000; do
        run 134 "$plugin" theirs "$size"
        check_foreign free
        run 134 "$plugin" ours "$size"
        check_foreign free
    done
done
exit "$failed"
