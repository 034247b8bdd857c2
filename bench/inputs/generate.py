"""Writes the inputs of the real programs, the same at each call: no time, no network, no chance."""


def randoms(seed=1):
    """The generator of Lehmer, which every one of the scripts here has as well."""
    while True:
        seed = seed * 48271 % 2147483647
        yield seed


def history(commits, files=120):
    """A stream for `git fast-import`: files of text that grow and change, a few in each commit."""
    random = randoms()
    lines = {name: [f"line {i} of file {name}, {next(random) % 9973}" for i in range(200)] for name in range(files)}
    for number in range(commits):
        yield (f"commit refs/heads/main\ncommitter Loam <loam@example.org> {1000000000 + number * 60} +0000\n"
               f"data 8\nc{number:06d}\n\n")
        for _ in range(files if number == 0 else 5):
            name = next(random) % files if number else _
            text = lines[name]
            text[next(random) % len(text)] = f"changed in {number}: {next(random)} {next(random)}"
            text.insert(next(random) % len(text), f"added in {number}: {next(random) % 1000003}")
            content = "\n".join(text) + "\n"
            yield f"M 100644 inline dir{name % 7}/file{name}.txt\ndata {len(content)}\n{content}\n"


def pages(count):
    """PostScript: text, curves, shadings, dictionaries and strings of its own."""
    yield "%!PS\n/Times-Roman findfont 11 scalefont setfont\n"
    yield """/store 500 dict def
/fill_store { 0 1 400 { dup 20 string cvs /text exch def
  store text cvn [ text length text dup length string copy ] put } for } bind def
"""
    random = randoms()
    for page in range(count):
        yield "fill_store\n"
        for line in range(50):
            words = " ".join(f"{next(random) % 100000:x}" for _ in range(12))
            yield f"40 {780 - line * 15} moveto ({page}.{line} {words}) show\n"
        for _ in range(300):
            at = [next(random) % 600 for _ in range(6)]
            yield (f"{next(random) % 100 / 100} {next(random) % 100 / 100} 0.5 setrgbcolor newpath "
                   f"{at[0]} {at[1]} moveto {at[2]} {at[3]} {at[4]} {at[5]} 300 400 curveto closepath fill\n")
        yield "0 setgray showpage\n"


def pigeons(holes):
    """SMT: one pigeon more than there are holes, so the answer is no."""
    yield "(set-logic QF_UF)\n"
    for pigeon in range(holes + 1):
        for hole in range(holes):
            yield f"(declare-const p{pigeon}_{hole} Bool)\n"
    for pigeon in range(holes + 1):
        yield "(assert (or " + " ".join(f"p{pigeon}_{hole}" for hole in range(holes)) + "))\n"
    for hole in range(holes):
        for a in range(holes + 1):
            for b in range(a):
                yield f"(assert (not (and p{a}_{hole} p{b}_{hole})))\n"
    yield "(check-sat)\n(reset)\n"


def arithmetic(questions):
    """SMT: bit vectors, arrays and linear arithmetic."""
    random = randoms()
    for number in range(questions):
        yield "(declare-const m (Array Int Int))\n"
        for i in range(40):
            yield f"(declare-const x{i} Int)\n(declare-const b{i} (_ BitVec 16))\n"
        for i in range(39):
            yield (f"(assert (< (+ (* {next(random) % 9 + 1} x{i}) (select m x{i + 1})) "
                   f"(+ x{i + 1} {next(random) % 1000})))\n")
            yield f"(assert (bvult (bvadd b{i} #x{next(random) % 4096:04x}) (bvxor b{i + 1} #x{number % 4096:04x})))\n"
        yield "(assert (distinct " + " ".join(f"x{i}" for i in range(25)) + "))\n(check-sat)\n(reset)\n"


def commands(count):
    """What a client sends to the server: all kinds of values made, changed and removed."""
    random = randoms()
    forms = ("SET k{a} {text}", "APPEND k{a} {b}", "HSET h{c} f{a} {text}", "ZADD z{c} {b} m{a}", "RPUSH l{c} {text}",
             "LPOP l{c}", "DEL k{b}", "SADD s{c} {a}", "INCRBY n{c} {a}", "HDEL h{c} f{b}")
    for i in range(count):
        a, b = next(random) % 40000, next(random) % 40000
        yield forms[i % len(forms)].format(a=a, b=b, c=next(random) % 300, text="v" * (8 + b % 200)) + "\r\n"
