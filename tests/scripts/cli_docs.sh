#!/usr/bin/env bash
# What the documentation says about options is what src/conf/options.def says, and no line of help is
# wider than 80 columns.
set -euo pipefail

"$LOAM_SRC/scripts/gen-docs" --check

for topic in "" run check options; do
    # The topic may be empty: then it is no argument.
    if "$LOAM_BUILD/loam" help ${topic:+"$topic"} | grep -nE '.{81}'; then
        echo "loam help $topic has lines wider than 80 columns"
        exit 1
    fi
done

options=$("$LOAM_BUILD/loam" help options)
for key in on_error keep stats_file; do
    grep -q "^  $key=" <<<"$options" || {
        echo "loam help options doesn't list $key"
        exit 1
    }
done
