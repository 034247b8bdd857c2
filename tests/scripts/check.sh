#!/usr/bin/env bash
# The programs of tests/check, each of which makes one mistake with the heap, and their mended twins: what the checker
# says of them.
#
# ctest-timeout: 600
# ctest-builds: release
# ctest-processors: 2
set -euo pipefail

"$LOAM_SRC/tests/check/test_runner.py"
if [ ! -e "$LOAM_BUILD/libloam-check.so" ]; then
    echo "skipped: this build has no libloam-check.so"
    exit 77
fi
"$LOAM_SRC/tests/check/run" --build "$LOAM_BUILD" "$@"
