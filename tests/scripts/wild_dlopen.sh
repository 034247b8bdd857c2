#!/usr/bin/env bash
# 1,000 rounds of dlopen and dlclose of a shared library that carries its own copy of Loam, with threads
# that used it and ended, and one that stays: under 1 MiB left, no address space, mapping or key. In the
# ways in which a library may carry it, in a process with the C library's heap and in one that runs on Loam.
#
# ctest-builds: release debug
# ctest-timeout: 300
set -euo pipefail

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
CC=${CC:-cc}
rounds=1000
[ "${LOAM_BUILD_NAME:-release}" = release ] || rounds=200
failed=0
cd "$scratch"

# carry NAME FLAG...: a library with its copy of Loam.
carry() {
    local name=$1
    shift
    "$CC" -O1 -g -shared -fPIC -I"$LOAM_SRC/include" -o "$name.so" "$@" \
        "$LOAM_SRC/tests/wild/plugin.c" "$LOAM_BUILD/libloam.a" -pthread
}

"$CC" -O1 -g -D_GNU_SOURCE -o host "$LOAM_SRC/tests/wild/host.c" -pthread -ldl
carry own_names -Wl,--exclude-libs,ALL
carry malloc_hidden -DPLUGIN_USES_MALLOC -Wl,--exclude-libs,ALL
carry malloc_symbolic -DPLUGIN_USES_MALLOC -Wl,-Bsymbolic

for plugin in own_names malloc_hidden malloc_symbolic; do
    for preload in "" "$LOAM_BUILD/libloam.so"; do
        printf '%s%s: ' "$plugin" "${preload:+, on Loam}"
        env ${preload:+LD_PRELOAD="$preload"} timeout 100 ./host "./$plugin.so" "$rounds" || {
            echo "FAILED: exit status $?"
            failed=1
        }
    done
done
exit "$failed"
