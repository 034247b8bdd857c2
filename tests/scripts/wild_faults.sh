#!/usr/bin/env bash
# Each program of tests/faults makes one mistake with the heap. On standard error it must get exactly what its
# .expected file holds (addresses are PTR there), and end or go on as the option on_error says.
#
# ctest-builds: release debug
set -uo pipefail

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
CC=${CC:-cc}
failed=0
count=0
cd "$scratch" || exit 1
ulimit -c 0

problem() {
    echo "FAILED: $*"
    failed=1
}

# run POLICY STATUS: the program, its standard error with addresses as PTR.
run() {
    local status=0
    { LOAM_OPTIONS=on_error=$1 LD_PRELOAD=$LOAM_BUILD/libloam.so timeout 20 ./program >out 2>err || status=$?; } 2>/dev/null
    sed -E 's/0x[0-9a-f]+/PTR/g' err >said
    [ "$status" = "$2" ] || problem "$name, on_error=$1: exit status $status instead of $2"
}

# says FILE POLICY
says() {
    diff "$1" said >difference || {
        problem "$name, on_error=$2: standard error (< wanted, > got):"
        cat difference
    }
}

for source in "$LOAM_SRC"/tests/faults/*.c; do
    name=$(basename "$source" .c)
    cp "${source%.c}.expected" wanted
    "$CC" -O1 -w -fno-builtin -D_GNU_SOURCE -o program "$source" -pthread || {
        problem "$name can't be compiled"
        continue
    }
    run abort 134
    says wanted abort
    [ -s out ] && problem "$name went on"
    run report 0
    says wanted report
    grep -qx 'went on' out || problem "$name, on_error=report: did not go on"
    run ignore 0
    says /dev/null ignore
    grep -qx 'went on' out || problem "$name, on_error=ignore: did not go on"
    count=$((count + 1))
done
echo "$count mistakes"
exit "$failed"
