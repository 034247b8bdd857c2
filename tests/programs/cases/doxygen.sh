# package: doxygen
# set: quick
# does: documentation of a generated C project with two threads
# needs: doxygen

prepare() {
    for i in $(seq 25); do
        {
            printf '/** @file\n * File %d. */\n' "$i"
            for j in $(seq 12); do
                printf '/** Structure %d of file %d. */\nstruct s%d_%d { int a; /**< First. */ struct s%d_%d *next; };\n' "$j" "$i" "$i" "$j" "$i" "$j"
                printf '/** Does %d.\n * @param x a value, see f%d_%d()\n * @return nothing much */\nint f%d_%d(struct s%d_%d *x);\n' "$j" "$i" $(((j + 1) % 12 + 1)) "$i" "$j" "$i" "$j"
            done
        } >"file$i.h"
    done
    cat >Doxyfile <<'DOX'
INPUT = .
QUIET = YES
GENERATE_LATEX = NO
HAVE_DOT = NO
NUM_PROC_THREADS = 2
HTML_TIMESTAMP = NO
EXTRACT_ALL = YES
SOURCE_BROWSER = YES
DOX
}

run() {
    cp "$IN"/* .
    doxygen Doxyfile
}
