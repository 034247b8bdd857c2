#!/usr/bin/env bash
# The programs of tests/faults, each of which makes one mistake with the heap: what becomes of them, and the exact
# message, as the lines at their heads and the .expected files beside them say.
#
# ctest-args: policies
# ctest-builds: release debug
# ctest-args: levels
# ctest-builds: release
# ctest-processors: 2
set -euo pipefail

"$LOAM_SRC/tests/faults/test_runner.py"
"$LOAM_SRC/tests/faults/run" --build "$LOAM_BUILD" "$@"
