# shellcheck shell=bash
# Sourced by the scripts beside it: where the tree is, how to say something, how to build a preset.

LOAM_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
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

# build_preset PRESET [TARGET...]: configures where nothing is configured yet, and builds. Two at once
# in the same folder would break each other's files, so the second waits.
build_preset() {
    local preset=$1 dir
    shift
    dir=$(build_dir "$preset")
    mkdir -p "$dir"
    (
        flock 9
        configure_preset "$preset" "$dir"
        cmake --build "$dir" --parallel "$JOBS" ${1:+--target "$@"} -- --quiet |
            { grep -v '^ninja: no work to do' || true; }
    ) 9>"$dir/.lock"
}

# Later changes of CMakeLists.txt are ninja's business, but not those of a preset.
configure_preset() {
    local preset=$1 dir=$2
    if [ ! -f "$dir/build.ninja" ] || [ "$LOAM_ROOT/CMakePresets.json" -nt "$dir/build.ninja" ]; then
        (cd "$LOAM_ROOT" && cmake --preset "$preset" --log-level=WARNING) >"$dir/configure.log" 2>&1 || {
            cat "$dir/configure.log" >&2
            return 1
        }
    fi
}
