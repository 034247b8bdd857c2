# package: python3
# set: slow
# does: compiles the standard library to bytecode with two processes, PYTHONMALLOC=malloc
# needs: python3
# note: PYTHONMALLOC=malloc, so that each object is one block of the heap

prepare() {
    library=$(python3 -c 'import os; print(os.path.dirname(os.__file__))')
    cp -rL "$library" library
    find library -name __pycache__ -prune -exec rm -r {} +
    find library -exec touch -d '2024-01-01 00:00:00Z' {} +
}

run() {
    export PYTHONMALLOC=malloc PYTHONHASHSEED=0
    cp -rp "$IN/library" tmp/library
    python3 -m compileall -q -j 2 --invalidation-mode checked-hash tmp/library
    find tmp/library -name '*.pyc' | wc -l
    python3 - tmp/library <<'PY'
import pathlib, sys, tokenize, symtable
n = names = 0
for p in sorted(pathlib.Path(sys.argv[1]).rglob("*.py"))[:400]:
    with open(p, "rb") as f:
        try:
            n += sum(1 for _ in tokenize.tokenize(f.readline))
            names += len(symtable.symtable(p.read_text(), str(p), "exec").get_identifiers())
        except (SyntaxError, tokenize.TokenError, UnicodeDecodeError):
            pass
print(n, names)
PY
}
