"""Reads the patterns of tests/check/patterns and makes the cases of them: a program with one flaw, and its mended twin.

tests/README.md tells how a pattern is written.
"""

import dataclasses
import itertools
import pathlib
import re

HERE = pathlib.Path(__file__).resolve().parent
PATTERNS = HERE / "patterns"
EXAMPLES = HERE.parent.parent / "examples" / "mistakes"
WIRE = HERE.parent.parent / "src" / "base" / "wire.h"
KEYS = ("what", "with", "lang", "code", "also", "size", "first", "inside", "where", "builds", "options")
LEAKS = ("leak", "possible-leak")

VALUE = r'(?:"(?:\\.|[^"\\])*"|[^\s,"]+)'
CHOICE = re.compile(r"@\{(.*?)@\|(.*?)@\}", re.DOTALL)

HEADERS = ["stdio.h", "stdlib.h", "string.h", "unistd.h", "wchar.h"]
USE = """
/* The compiler must not know what becomes of p. */
static inline void use(const volatile void *p) {
    __asm__ volatile("" : : "r"(p) : "memory");
}
"""
SPOIL = """
/* Copies of pointers that functions left behind on the stack are overwritten. */
static void __attribute__((noinline)) spoil_stack(void) {
    volatile long zeros[512];
    for (int i = 0; i < 512; i++)
        zeros[i] = 0;
}
"""


class PatternError(Exception):
    """A pattern that can't be understood."""


@dataclasses.dataclass(frozen=True)
class Case:
    """Two programs, and what must be said of the flawed one. Amounts are None where they aren't judged."""
    name: str
    group: str        # the file that it stands in
    what: str
    suffix: str       # of the source: ".c" or ".cc"
    codes: tuple      # any of these is right
    also: tuple       # these may be told besides
    size: int         # bytes of the block
    first: int        # the first bad byte
    inside: int       # how far into the block the pointer points
    where: str        # what a pointer that is no block's points to
    builds: tuple
    options: tuple    # of `loam check`
    flawed: str
    mended: str

    def source(self, mended):
        return self.mended if mended else self.flawed

    def lines(self, mark):
        """The lines that bear FLAW, BLOCK or FREE."""
        comment = re.compile(r"(?:/\*|//)[A-Z ]*\b" + mark + r"\b")
        return {number for number, line in enumerate(self.flawed.splitlines(), 1) if comment.search(line)}


# ---- Reading

def read_values(text):
    """{name: its values} of `N=8,40 CALL="puts(p)","free(p)"`."""
    values = {}
    for name, listed in re.findall(rf"(\w+)=({VALUE}(?:,{VALUE})*)", text):
        values[name] = [re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
                        for value in re.findall(VALUE, listed)]
    return values


def fill_in(text, values):
    for name, value in sorted(values.items(), key=lambda item: -len(item[0])):
        text = text.replace(f"${name}", value)
    return text


def choose(text, mended):
    """The text with every @{flawed@|mended@} decided."""
    chosen = CHOICE.sub(lambda match: match[2 if mended else 1], text)
    return "".join(f"{line.rstrip()}\n" for line in chosen.splitlines())


def amount(text):
    """The patterns are ours: a number or a sum, len("...") of a text."""
    return None if text is None else int(eval(text, {"__builtins__": {}, "len": len}))  # pylint: disable=eval-used


def as_program(body, suffix):
    includes = "".join(f"#include <{header}>\n" for header in HEADERS)
    helpers = USE * ("use(" in body) + SPOIL * ("spoil_stack(" in body)
    if suffix == ".cc":
        helpers = helpers.replace("(void)", "()")
    return f"{includes}{helpers}\n{body.lstrip()}"


def value_names(values, given):
    """What tells the cases of one pattern apart: the values themselves where they are words."""
    return ["".join("." + (values[name] if re.fullmatch(r"[\w-]+", values[name])
                           else str(given[name].index(values[name]) + 1)) for name in given)]


def read_pattern(group, text):
    """The cases of one pattern: its name, lines of KEY: VALUE, a line ---, the program."""
    head, _, body = text.partition("\n---\n")
    name, *lines = head.splitlines()
    pairs = [line.partition(": ")[::2] for line in lines if line]
    keys = dict(pairs)
    if not set(keys) <= set(KEYS) or len(keys) != len(pairs) or not body or not {"what", "code"} <= set(keys):
        raise PatternError(f"{group}: {name}: keys must be of {', '.join(KEYS)}, each once; what and code are needed")
    suffix = "." + keys.get("lang", "c")
    given = read_values(keys.get("with", ""))
    for chosen in itertools.product(*given.values()):
        values = dict(zip(given, chosen))
        filled = {key: fill_in(text, values) for key, text in keys.items()}
        program = as_program(fill_in(body, values), suffix)
        yield Case(name=f"{group}.{name.strip()}{value_names(values, given)[0]}", group=group, what=filled["what"],
                   suffix=suffix, codes=tuple(filled["code"].split("|")), also=tuple(filled.get("also", "").split()),
                   size=amount(filled.get("size")), first=amount(filled.get("first")),
                   inside=amount(filled.get("inside")), where=filled.get("where", ""),
                   builds=tuple(["gcc-O0"] + [BUILD_NAMES[word] for word in filled.get("builds", "").split()]),
                   options=tuple(filled.get("options", "").split()),
                   flawed=choose(program, False), mended=choose(program, True))


def all_codes():
    """The codes that there are."""
    return re.findall(r'CODE\(LM_CODE_\w+, "([a-z-]+)"', WIRE.read_text())


def read_example(file):
    """A program that begins with its code, and FILE_mended beside it. Its lines bear no marks, and aren't judged;
    what a wrong free leaves behind may be told as well."""
    code = max((code for code in all_codes() if file.stem.startswith(code.replace("-", "_"))), key=len)
    what = re.match(r"(?:/\* | *// )(.*?)(?: \*/)?\n", file.read_text())[1]
    return Case(name=f"examples.{file.stem}", group="examples", what=what, suffix=file.suffix, codes=(code,),
                also=LEAKS + (("uninitialised-read",) if code == "wild-pointer" else ()),
                size=None, first=None, inside=None, where="", builds=("gcc-O0",),
                options=("--dangling",) if code == "dangling-pointer" else (), flawed=file.read_text(),
                mended=file.with_name(f"{file.stem}_mended{file.suffix}").read_text())


def read_examples():
    return [read_example(file) for file in sorted(EXAMPLES.glob("*.c*")) if not file.stem.endswith("_mended")]


BUILD_NAMES = {"O2": "gcc-O2", "clang": "clang-O0", "clang-O2": "clang-O2"}


def read_corpus(only=()):
    """All cases; with `only`, those whose name holds one of these."""
    cases = []
    for file in sorted(PATTERNS.glob("*.txt")):
        for text in re.split(r"^=== ", file.read_text(), flags=re.MULTILINE)[1:]:
            cases += read_pattern(file.stem, text)
    names = [case.name for case in cases]
    for case in cases:
        needs = "BLOCK" if set(case.codes) & set(LEAKS) else "FLAW"
        if names.count(case.name) > 1 or case.flawed == case.mended or not case.lines(needs):
            raise PatternError(f"{case.name}: named twice, no difference, or no line is marked {needs}")
    return [case for case in cases + read_examples() if not only or any(part in case.name for part in only)]
