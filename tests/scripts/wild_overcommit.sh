#!/usr/bin/env bash
# With strict overcommit (vm.overcommit_memory=2), in which a process gets only memory that is really there,
# programs run on Loam as always, and what it reserves isn't counted. It is a setting of the whole machine,
# so this is one of the long tests; it lasts for seconds and is put back whatever happens.
#
# ctest-label: soak
# ctest-builds: release
# ctest-processors: 2
set -uo pipefail

setting=/proc/sys/vm/overcommit_memory
before=$(cat $setting)
failed=0

skip() {
    echo "skipped: $*"
    exit 77
}

# meminfo NAME: in KiB
meminfo() {
    awk -v name="$1:" '$1 == name { print $2 }' /proc/meminfo
}

[ "$(id -u)" = 0 ] || skip "only root may set vm.overcommit_memory"
[ $(($(meminfo CommitLimit) - $(meminfo Committed_AS))) -gt 4000000 ] ||
    skip "strict overcommit would leave less than 4 GB to this machine"
trap 'echo "$before" >$setting' EXIT
trap 'exit 1' INT TERM HUP
{ echo 2 >$setting; } 2>/dev/null || {
    trap - EXIT
    skip "vm.overcommit_memory can't be set here"
}
echo "vm.overcommit_memory is 2, was $before"

# run PROGRAM ARGS...
run() {
    local out
    out=$(LD_PRELOAD=$LOAM_BUILD/libloam.so timeout 60 "$LOAM_BUILD/tests/preload/$1" "${@:2}" 2>&1) || {
        echo "FAILED: $*: $out"
        failed=1
    }
}

run limits "300 MiB needed"
run entry_points
run fork_places
run exit_paths
run mappings protect
counted=$(meminfo Committed_AS)
LD_PRELOAD=$LOAM_BUILD/libloam.so sleep 2 &
sleep 1
counted=$(($(meminfo Committed_AS) - counted))
wait
echo "a program that sleeps is counted with $((counted / 1024)) MiB"
[ "$counted" -lt 500000 ] || {
    echo "FAILED: reserved memory is counted"
    failed=1
}
exit "$failed"
