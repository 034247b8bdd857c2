#!/usr/bin/env bash
# The formats of `loam check` on all of examples/mistakes, mended ones too: the same findings in each; SARIF keeps to
# its schema, and a reader of Valgrind's XML reads ours. With names and arguments that want escaping.
#
# ctest-builds: release
set -euo pipefail

python3 -c "import jsonschema" 2>/dev/null || { echo "python3-jsonschema isn't installed"; exit 77; }
perl -MTest::Valgrind::Parser::XML::Twig -e1 2>/dev/null || { echo "libtest-valgrind-perl isn't installed"; exit 77; }

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
runs=()
for file in "$LOAM_SRC"/examples/mistakes/*.{c,cc}; do
    name=$(basename "$file")
    program=./${name%.*}
    cp "$file" .
    case $name in
    *.cc) g++ -std=c++17 -g -O0 -w -o "$program" "$name" ;;
    *) gcc -g -O0 -w -o "$program" "$name" ;;
    esac
    runs+=("$(sed -n '1s/.*loam check \(--[a-z]*\)[^a-z].*/\1 /p' "$file")$program")
done
odd='./<odd>&"name%,é'
cp heap_overflow.c '<odd>&"name%,é.c'
gcc -g -O0 -w -o "$odd" '<odd>&"name%,é.c'
gcc -O0 -w -s -o ./stripped heap_overflow.c
runs+=("$odd" ./stripped)

"$LOAM_SRC/tests/support/formats.py" "$LOAM_BUILD/loam" "${runs[@]}"
