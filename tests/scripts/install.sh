#!/usr/bin/env bash
# `make install` puts everything in its place, and a program can then use Loam in each way the README
# names: -lloam, the archive, everything static, pkg-config, find_package.
#
# ctest-builds: release
set -euo pipefail

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
prefix=$scratch/prefix
CC=${CC:-cc}
failed=0

problem() {
    echo "FAILED: $*"
    failed=1
}

# The version, from the one place that says it.
version=$(sed -n 's/^project(Loam VERSION \([0-9.]*\).*/\1/p' "$LOAM_SRC/CMakeLists.txt")

install_loam() {
    if ! {
        make -s -C "$LOAM_SRC" install PREFIX="$prefix" DESTDIR= &&
            make -s -C "$LOAM_SRC" install PREFIX=/opt/loam DESTDIR="$scratch/stage"
    } >"$scratch/log" 2>&1; then
        tail -n 40 "$scratch/log"
        echo "FAILED: make install"
        exit 1
    fi
}

# Staged or not, it is the same files.
check_files() {
    local file
    for file in bin/loam include/loam/loam.h lib/libloam.a lib/libloam.so lib/libloam.so.0 \
        lib/libloam.so."$version" lib/libloam-check.so share/man/man1/loam.1 share/man/man7/libloam.7 \
        share/doc/Loam/docs/errors.md share/doc/Loam/docs/errors/leak.md share/doc/Loam/examples/mistakes/leak.expected \
        lib/pkgconfig/loam.pc lib/cmake/Loam/LoamConfig.cmake; do
        [ -e "$prefix/$file" ] || problem "$file was not installed"
    done
    diff <(cd "$prefix" && find . | sort) <(cd "$scratch/stage/opt/loam" && find . | sort) ||
        problem "DESTDIR changes what is installed"
    if grep -rlF -e "$LOAM_SRC" -e "$scratch" "$prefix/lib/pkgconfig" "$prefix/lib/cmake"; then
        problem "these files name the folder they were made in"
    fi
}

# Prints the version, and whether malloc and strdup's malloc are Loam's.
write_program() {
    mkdir "$scratch/user"
    cat >"$scratch/user/user.c" <<'END'
#include <loam/loam.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv) {
    char *own = loam_malloc(100);
    char *plain = malloc(100);
    char *inside = strdup(argv[argc - 1]);
    if (own == NULL || plain == NULL || inside == NULL)
        return 1;
    printf("%s %d %d %d\n", loam_version(), loam_owns(own), loam_owns(plain), loam_owns(inside));
    loam_free(own);
    free(plain);
    free(inside);
    return 0;
}
END
    # The same for a program that never says malloc itself.
    cat >"$scratch/user/indirect.c" <<'END'
#include <loam/loam.h>

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv) {
    char *inside = strdup(argv[argc - 1]);
    printf("%d\n", inside != NULL && loam_owns(inside));
    return 0;
}
END
    cat >"$scratch/user/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.16)
project(user C)
find_package(Loam 0.1 REQUIRED)
foreach(way loam static)
    add_executable(user-${way} user.c)
    target_link_libraries(user-${way} Loam::${way})
    add_executable(indirect-${way} indirect.c)
    target_link_libraries(indirect-${way} Loam::${way})
endforeach()
END
}

# expect WHAT OUTPUT PROGRAM [ARG...]
expect() {
    local what=$1 wanted=$2 got status=0
    shift 2
    got=$(LD_LIBRARY_PATH=$prefix/lib "$@" 2>&1) || status=$?
    if [ "$status" -ne 0 ] || [ "$got" != "$wanted" ]; then
        problem "$what: exit status $status, printed: $got (expected: $wanted)"
    else
        echo "ok: $what"
    fi
}

# build_and_run WHAT SOURCE OUTPUT FLAGS...: the flags stand after the source, as linkers want it.
build_and_run() {
    local what=$1 source=$2 wanted=$3
    shift 3
    if ! "$CC" -o "$scratch/program" "$scratch/user/$source" "$@" 2>"$scratch/log"; then
        cat "$scratch/log"
        problem "$what: does not link"
        return
    fi
    expect "$what" "$wanted" "$scratch/program"
}

needs_loam() {
    grep -q 'NEEDED.*libloam\.so\.0' <<<"$(readelf -d "$scratch/program")"
}

by_hand() {
    local paths=(-I"$prefix/include" -L"$prefix/lib")
    build_and_run "-lloam" user.c "$all_ours" "${paths[@]}" -lloam
    needs_loam || problem "-lloam: the program does not name libloam.so.0"
    build_and_run "libloam.a" user.c "$all_ours" "${paths[@]}" "$prefix/lib/libloam.a"
    ! needs_loam || problem "libloam.a: the program names libloam.so.0"
    build_and_run "-static" user.c "$all_ours" -static "${paths[@]}" -lloam
}

by_pkg_config() {
    local flags
    export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
    [ "$(pkg-config --modversion loam)" = "$version" ] || problem "pkg-config: wrong version"
    read -ra flags < <(pkg-config --cflags --libs loam)
    build_and_run "pkg-config" user.c "$all_ours" "${flags[@]}"
    read -ra flags < <(pkg-config --static --cflags --libs loam)
    build_and_run "pkg-config --static" user.c "$all_ours" -static "${flags[@]}"
    build_and_run "pkg-config --static, indirect" indirect.c 1 -static "${flags[@]}"
}

by_find_package() {
    if ! { cmake -S "$scratch/user" -B "$scratch/user-build" -DCMAKE_PREFIX_PATH="$prefix" &&
        cmake --build "$scratch/user-build"; } >"$scratch/log" 2>&1; then
        tail -n 40 "$scratch/log"
        problem "find_package: does not build"
        return
    fi
    expect "find_package, Loam::loam" "$all_ours" "$scratch/user-build/user-loam"
    expect "find_package, Loam::static" "$all_ours" "$scratch/user-build/user-static"
    expect "find_package, Loam::loam, indirect" 1 "$scratch/user-build/indirect-loam"
    expect "find_package, Loam::static, indirect" 1 "$scratch/user-build/indirect-static"
}

installed_command() {
    expect "bin/loam run" hello "$prefix/bin/loam" run -- echo hello
    expect "bin/loam check" hello "$prefix/bin/loam" check --quiet echo hello
    # One that the installed checker has something to say about.
    local status=0
    cc -g -w -o "$scratch/program" "$prefix/share/doc/Loam/examples/mistakes/double_free.c"
    "$prefix/bin/loam" check "$scratch/program" >"$scratch/log" 2>&1 || status=$?
    if [ "$status" -ne 99 ] || ! grep -q '^error\[double-free\]' "$scratch/log"; then
        cat "$scratch/log"
        problem "bin/loam check: exit status $status"
    fi
}

all_ours="$version 1 1 1"
install_loam
check_files
write_program
by_hand
by_pkg_config
by_find_package
installed_command
exit "$failed"
