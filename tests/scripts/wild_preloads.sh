#!/usr/bin/env bash
# Other preloaded libraries beside Loam, before it and behind it: one that counts and calls on to the next
# malloc, as many tools do, one that allocates in its constructor, its destructor and its handlers of fork,
# and one that takes mmap and munmap. The program behaves as without them.
#
# ctest-builds: release debug
set -uo pipefail

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
CC=${CC:-cc}
failed=0
cd "$scratch" || exit 1

for library in counting busy mapping; do
    "$CC" -O1 -g -shared -fPIC -fno-builtin -D_GNU_SOURCE -o $library.so \
        "$LOAM_SRC/tests/wild/$library.c" -ldl -pthread || exit 1
done
"$CC" -O1 -g -D_GNU_SOURCE -fno-builtin -o program "$LOAM_SRC/tests/wild/program.c" -pthread || exit 1

./program >wanted || {
    echo "FAILED: the program itself"
    exit 1
}

loam=$LOAM_BUILD/libloam.so
for preload in "counting $loam" "$loam counting" "busy $loam" "$loam busy" "mapping $loam" "$loam mapping" \
    "counting busy mapping $loam" "mapping $loam busy counting"; do
    libraries=
    for library in $preload; do
        [ -f "$library.so" ] && library=$scratch/$library.so
        libraries=$libraries${libraries:+:}$library
    done
    status=0
    LD_PRELOAD=$libraries timeout 30 ./program >out 2>err || status=$?
    if [ "$status" != 0 ] || ! cmp -s wanted out || grep -v '^counting: ' err; then
        echo "FAILED: $preload: status $status"
        tail -n 5 out err
        failed=1
    fi
    sed -n "s,^counting: ,${preload//"$loam"/loam}: ,p" err
done
exit "$failed"
