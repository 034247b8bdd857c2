# shellcheck shell=bash
# Sourced by the scripts beside it: where the tree is, how to say something, how to build a preset.

LOAM_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# What a build takes; the libraries are those of src/cli/requires.txt.
# shellcheck disable=SC2034
LOAM_BUILD_PACKAGES=(gcc g++ libc6-dev cmake ninja-build pkg-config libdw-dev libelf-dev libiberty-dev)

JOBS=${JOBS:-$(nproc)}
[ -n "$JOBS" ] || JOBS=$(nproc)

# make's own job server and flags are none of ninja's or a nested make's business.
unset MAKEFLAGS MFLAGS MAKELEVEL

say() {
    printf 'loam: %s\n' "$*"
}

die() {
    printf 'loam: %s\n' "$*" >&2
    exit 1
}

# build_dir PRESET: where that preset builds.
build_dir() {
    case $1 in
    release) printf '%s/build' "$LOAM_ROOT" ;;
    *) printf '%s/build-%s' "$LOAM_ROOT" "$1" ;;
    esac
}

# build_preset PRESET [TARGET...]: configures if need be, and builds.
build_preset() {
    local preset=$1 dir
    shift
    dir=$(build_dir "$preset")
    configure_preset "$preset" || return 1 # said here, since set -e is off in what an "if" calls
    (
        flock 9
        cmake --build "$dir" --parallel "$JOBS" ${1:+--target "$@"} -- --quiet 2>&1 |
            { grep -vE '^ninja: no work to do|^-- ' || true; }
    ) 9>"$dir/.lock"
}

# configure_preset PRESET: later changes of CMakeLists.txt are ninja's business, but not those of a preset,
# nor packages that were missing and have come since. Two builds at once in the same folder would break
# each other's files, so the second waits.
configure_preset() {
    local preset=$1 dir stamp
    dir=$(build_dir "$preset")
    stamp=$dir/.configured
    mkdir -p "$dir"
    (
        flock 9
        if [ -f "$stamp" ] && [ ! "$LOAM_ROOT/CMakePresets.json" -nt "$stamp" ] &&
            [ ! /var/lib/dpkg/status -nt "$stamp" ]; then
            return 0
        fi
        rm -f "$stamp"
        if ! (cd "$LOAM_ROOT" && cmake --preset "$preset") >"$dir/configure.log" 2>&1; then
            tail -n 40 "$dir/configure.log" >&2
            return 1
        fi
        touch "$stamp"
    ) 9>"$dir/.lock"
}

# run_ctest PRESET ARGS...: at fixed addresses where that is allowed: with many random bits in them, as
# newer kernels have, the thread sanitizer of this clang finds no room for its shadow.
run_ctest() {
    local preset=$1 fixed=()
    shift
    if [ "$preset" = tsan ] && setarch -R true 2>/dev/null; then
        fixed=(setarch -R)
    fi
    ${fixed[@]+"${fixed[@]}"} ctest --test-dir "$(build_dir "$preset")" -j "$JOBS" --output-on-failure "$@"
}

# run_programs SET: Debian's programs with and without Loam, after installing those that are missing.
run_programs() {
    local run=$LOAM_ROOT/tests/programs/run missing copy
    mapfile -t missing < <("$run" --set "$1" --missing | tr -s '[:space:]' '\n' | grep .)
    "$LOAM_ROOT/scripts/need" "running Debian's programs on Loam" ${missing[@]+"${missing[@]}"} || return 1
    # A copy: this takes minutes, in which somebody may build.
    copy=$(build_dir release)/programs
    mkdir -p "$copy"
    cp "$(build_dir release)/libloam.so" "$copy"
    "$run" --lib "$copy/libloam.so" --set "$1" --require 40 --jobs "$JOBS"
}
