#!/usr/bin/env bash
# libloam.so exports exactly the names of src/abi/exports.map, and in a program that runs on it every
# reference to one of them, from the program and from all its libraries, leads to it.
#
# ctest-builds: release clang
set -euo pipefail

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
so=$LOAM_BUILD/libloam.so
failed=0

problem() {
    echo "FAILED: $*"
    failed=1
}

sed -n '/global:/,/local:/s/^ *\([A-Za-z_0-9]*\);$/\1/p' "$LOAM_SRC/src/abi/exports.map" | sort >"$scratch/map"
nm -D --defined-only "$so" | awk '{ print $3 }' | sort >"$scratch/library"
diff "$scratch/map" "$scratch/library" >"$scratch/difference" || {
    problem "exports.map (<) and libloam.so (>) differ:"
    cat "$scratch/difference"
}

if readelf -dW "$so" | grep -E 'NEEDED.*(stdc\+\+|gcc_s|unwind)'; then
    problem "a C program would need a C++ library"
fi

# bindings PROGRAM...: which names the linker bound to which file, of those that the library exports.
bindings() {
    LD_BIND_NOW=1 LD_DEBUG=bindings LD_DEBUG_OUTPUT="$scratch/bound" LD_PRELOAD=$so "$@" >/dev/null 2>&1 || problem "$* fails"
    sed -n "s/.*binding file \(.*\) \[[0-9]*\] to \(.*\) \[[0-9]*\]: normal symbol \`\([^']*\)'.*/\3 \2 \1/p" \
        "$scratch"/bound.* | sort -u >"$scratch/bindings"
    rm -f "$scratch"/bound.*
    join "$scratch/map" "$scratch/bindings" >"$scratch/ours"
}

# check_bindings NAME...: all lead to the library, and these names are among them.
check_bindings() {
    local name
    # Loam itself asks the C++ library for a form that catches what a new-handler throws.
    if grep -vF " $so " "$scratch/ours" | grep -v "RKSt9nothrow_t [^ ]*libstdc++[^ ]* $so\$"; then
        problem "these are served by somebody else (name, by whom, for whom)"
    fi
    for name; do
        grep -q "^$name " "$scratch/ours" || problem "nothing was bound to $name"
    done
}

preload=$LOAM_BUILD/tests/preload
bindings "$preload/entry_points"
check_bindings malloc free calloc realloc reallocarray aligned_alloc posix_memalign memalign valloc pvalloc \
    malloc_usable_size malloc_trim malloc_stats malloc_info mallinfo2 mallopt free_sized free_aligned_sized cfree
bindings "$preload/operators"
check_bindings _Znwm _Znam _ZdlPv _ZdaPv _ZdlPvm _ZdaPvm _ZnwmSt11align_val_t _ZdlPvSt11align_val_t \
    _ZnwmRKSt9nothrow_t _ZnamSt11align_val_tRKSt9nothrow_t _ZdaPvmSt11align_val_t malloc free
echo "$(wc -l <"$scratch/map") names"
exit "$failed"
