#!/usr/bin/env bash
# What libloam.so and libloam.a look like from outside: every entry point and no other name, nothing
# needed but the C library, and the properties the linker was asked for.
#
# ctest-builds: release clang
set -euo pipefail

so=$LOAM_BUILD/libloam.so
archive=$LOAM_BUILD/libloam.a
failed=0

problem() {
    echo "FAILED: $*"
    failed=1
}

c_names=(malloc free calloc realloc reallocarray aligned_alloc posix_memalign memalign valloc pvalloc
    malloc_usable_size malloc_trim malloc_stats malloc_info mallinfo mallinfo2 mallopt
    free_sized free_aligned_sized cfree)

# operator new and delete: w and l of one object, a of arrays; sized (m), aligned, nothrow.
cxx_names() {
    local kind aligned=St11align_val_t nothrow=RKSt9nothrow_t
    for kind in _Znwm _Znam; do
        printf '%s\n' $kind $kind$nothrow $kind$aligned $kind$aligned$nothrow
    done
    for kind in _ZdlPv _ZdaPv; do
        printf '%s\n' $kind ${kind}m $kind$nothrow $kind$aligned ${kind}m$aligned $kind$aligned$nothrow
    done
}

taken_names() {
    printf '%s\n' "${c_names[@]}"
    cxx_names
}

exported() {
    nm -D --defined-only "$so" | awk '{ print $3 }' | sort
}

check_names() {
    comm -23 <(taken_names | sort) <(exported) | while read -r name; do echo "$name is not exported"; done
    comm -13 <(taken_names | sort) <(exported) | grep -v '^loam_' |
        while read -r name; do echo "$name is exported and should not be"; done
    grep -oE '\bloam_[a-z_]+\(' "$LOAM_SRC/include/loam/loam.h" | tr -d '(' | sort -u | comm -23 - <(exported) |
        while read -r name; do echo "$name is in loam.h, but not exported"; done
    # A version on the names would keep them from standing in for the C library's.
    exported | grep @ | while read -r name; do echo "$name has a version"; done
}

# A program links the archive beside its own code: every name has to be ours.
check_archive_names() {
    nm --defined-only --extern-only "$archive" 2>/dev/null | awk 'NF == 3 { print $3 }' | sort -u |
        comm -13 <(taken_names | sort) - | grep -vE '^(loam|lm)_' |
        while read -r name; do echo "libloam.a defines $name, which has no prefix"; done
}

check_properties() {
    local dynamic needed segments
    dynamic=$(readelf -dW "$so")
    grep -q 'SONAME.*\[libloam\.so\.0\]' <<<"$dynamic" || problem "wrong soname"
    grep -qE 'FLAGS_1.*NODELETE' <<<"$dynamic" || problem "not linked with -z nodelete"
    grep -qE 'FLAGS_1.*NOW' <<<"$dynamic" || problem "not linked with -z now"
    grep -q TEXTREL <<<"$dynamic" && problem "has text relocations"
    needed=$(sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' <<<"$dynamic" | grep -vE '^(libc\.so\.6|ld-linux.*)$' || true)
    [ -z "$needed" ] || problem "needs more than the C library: $needed"
    segments=$(readelf -lW "$so")
    grep -q GNU_EH_FRAME <<<"$segments" || problem "no unwind tables: no call stack leads out of it"
    grep -q GNU_RELRO <<<"$segments" || problem "no read-only relocations"
    grep -qE 'GNU_STACK.*RWE' <<<"$segments" && problem "asks for an executable stack"
    return 0
}

while read -r line; do
    problem "$line"
done < <(check_names; check_archive_names)
check_properties
exit "$failed"
