#!/usr/bin/env bash
# A program without a mistake that does all that makes a checker's life hard (tests/check/soak): it must come to its
# end, and nothing may be found in it or in any of its children.
#
# ctest-builds: release
# ctest-timeout: 200
# ctest-processors: 2
# ctest-args: 4 1
# ctest-args: 600 2
# ctest-label: soak
# ctest-timeout: 1500
set -euo pipefail

seconds=${1:-4}
seed=${2:-1}
library=$LOAM_BUILD/libloam-check.so
sources=$LOAM_SRC/tests/check/soak
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

[ -e "$library" ] || { echo "no $library here: not tested"; exit 77; }
for number in 1 2 3; do
    g++ -std=gnu++17 -g -O1 -fPIC -shared -DPLUGIN="$number" -o "$scratch/plugin$number.so" "$sources/plugin.cc"
done
g++ -std=gnu++17 -Wall -Wextra -Werror -g -O1 -pthread -o "$scratch/churn" \
    "$sources"/{churn,blocks,modules,processes,interrupts}.cc -ldl

mkdir "$scratch/lines"
cd "$scratch"
status=0
# What hangs leaves its stacks behind before it is ended.
LOAM_OPTIONS=check_to=$scratch/lines LD_PRELOAD=$library ./churn "$scratch" "$seconds" "$seed" >out 2>err &
program=$!
for ((waited = 0; waited < seconds + 120; waited++)); do
    kill -0 "$program" 2>/dev/null || break
    sleep 1
done
if kill -0 "$program" 2>/dev/null; then
    echo "FAILED: it hangs"
    gdb -p "$program" -batch -ex 'thread apply all bt' 2>/dev/null || true
    kill -KILL "$program"
fi
wait "$program" || status=$?
cat out err
if [ "$status" != 0 ]; then
    echo "FAILED: status $status"
    exit 1
fi
found=$(find lines -type f -exec grep -ahE '^(finding|note) ' {} +) || true
if [ -n "$found" ]; then
    echo "FAILED: found in a program without a mistake:"
    echo "$found"
    exit 1
fi
grep -q '^end status=0$' "lines/$program" || { echo "FAILED: the program's lines have no end"; exit 1; }
