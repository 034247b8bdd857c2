"""The programs of tests/faults/levels: what their heads say, how they are compiled and run, what happened.

tests/README.md tells what the heads say and the words mean. Used by `run` and `compare` beside this file.
"""

import concurrent.futures
import dataclasses
import hashlib
import os
import pathlib
import re
import resource
import signal
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
LEVELS = HERE / "levels"
FLAGS = ["-O1", "-w", "-fno-builtin", "-D_GNU_SOURCE", "-pthread"]
COMPILERS = {".c": [os.environ.get("CC", "cc")], ".cc": [os.environ.get("CXX", "c++"), "-std=c++17"]}
JOBS = min(2, os.cpu_count() or 1)
TIMEOUT = 10  # seconds, of a program that takes milliseconds
HOWS = ("abort", "trap", "clean")
CANT_BE_TRIED = 77  # as in levels/fault.h


class HeadError(Exception):
    """A line at a program's head that can't be understood."""


@dataclasses.dataclass(frozen=True)
class Duty:
    """From this level on the fault must be caught in one of these ways, with one of these codes."""
    level: int
    hows: tuple
    codes: tuple


@dataclasses.dataclass(frozen=True)
class Combination:
    """A fault and a size: two programs, the faulty one and its mended twin."""
    name: str
    size: str  # "-" where the fault knows none
    fault: str
    duties: tuple
    never: str  # the reason why it can't be caught, if so
    options: str

    @property
    def label(self):
        return self.name if self.size == "-" else f"{self.name} {self.size}"

    def duty_at(self, level):
        due = [duty for duty in self.duties if duty.level <= level]
        return due[-1] if due else None

    def program(self, folder, mended=False):
        size = "" if self.size == "-" else f".{self.size}"
        return folder / f"{self.name}{size}{'.mended' if mended else ''}"


# ---- Heads

def read_duty(text):
    words = text.split()
    if len(words) not in (2, 3) or not words[0].isdigit():
        raise HeadError(f"not LEVEL HOW [CODE]: {text!r}")
    hows = tuple(words[1].split("|"))
    codes = tuple(words[2].split("|")) if len(words) == 3 else ()
    if not set(hows) <= set(HOWS) or ("abort" in hows) != bool(codes):
        raise HeadError(f"not abort with a code, trap or clean: {text!r}")
    return Duty(int(words[0]), hows, codes)


def read_head(source):
    """The combinations of one source file."""
    lines = re.findall(r"^// (fault|size|options)([^:\n]*): *(.*)$", source.read_text(), re.MULTILINE)
    given = {key: text for key, _, text in lines}
    found = []
    for key, sizes, text in lines:
        if key != "size":
            continue
        never = re.fullmatch(r"never \((.+)\)", text)
        duties = () if never else tuple(read_duty(part) for part in text.split(","))
        found += [Combination(source.stem, size, given["fault"], duties, never[1] if never else "",
                              given.get("options", "")) for size in sizes.split()]
    if not found:
        raise HeadError("no size")
    return found


def read_corpus(only=()):
    """All combinations, in the order of names; with `only`, those whose name holds one of these."""
    found = []
    for source in sorted(LEVELS.iterdir()):
        if source.suffix in COMPILERS and (not only or any(part in source.stem for part in only)):
            try:
                found += read_head(source)
            except (HeadError, KeyError) as error:
                raise SystemExit(f"{source}: {error}") from error
    return found


# ---- Compiling

def each(function, things):
    """function(thing) of each, some at once, results in order."""
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        return list(pool.map(function, things))


def compile_one(source, program, defines, headers):
    """Compiles unless the program is there from the same text by the same command."""
    command = COMPILERS[source.suffix] + FLAGS + defines + ["-o", str(program), str(source)]
    text = " ".join(command).encode() + source.read_bytes() + headers
    stamp, mark = program.with_name(program.name + ".stamp"), hashlib.sha256(text).hexdigest()
    if program.exists() and stamp.exists() and stamp.read_text() == mark:
        return
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if result.returncode != 0:
        raise SystemExit(f"{source} can't be compiled:\n{' '.join(command)}\n{result.stdout}")
    stamp.write_text(mark)


def compile_all(combinations, folder):
    folder.mkdir(parents=True, exist_ok=True)
    headers = (LEVELS / "fault.h").read_bytes()
    sources = {source.stem: source for source in LEVELS.iterdir() if source.suffix in COMPILERS}

    def build(job):
        combination, mended = job
        defines = ["-DMENDED"] * mended
        if combination.size != "-":
            defines.append(f"-DSIZE={combination.size}")
        compile_one(sources[combination.name], combination.program(folder, mended), defines, headers)

    each(build, [(combination, mended) for combination in combinations for mended in (False, True)])


# ---- Running

@dataclasses.dataclass(frozen=True)
class Outcome:
    """What became of a run.

    abort     ended by a message and SIGABRT, or as the heap ends programs
    trap      SIGSEGV at the faulty access
    clean     went on, and the mistake had no effect
    said      went on after a message
    crash     SIGSEGV later, in some call: the mistake was obeyed, and the heap fell over it
    no        went on, the mistake was obeyed
    untried   the heap lacks the function, or never gave the placement that is needed
    hang      did not end
    """
    what: str
    message: str  # standard error, normalised
    status: int   # as subprocess has it
    words: tuple  # lines on standard output

    @property
    def went_on(self):
        return "went on" in self.words


def normalise(message, program):
    """Without what differs from run to run: addresses, thread and process numbers, the program's path."""
    message = re.sub(r"0x[0-9a-f]+", "PTR", message.replace(str(program), "PROGRAM"))
    message = re.sub(r"\b(thread|process) [0-9]+", r"\1 N", message)
    return re.sub(r"(process N, |check -- )" + re.escape(pathlib.Path(program).name) + r"\b", r"\1PROGRAM", message)


def classify(status, words, message):
    last = words[-1] if words else ""
    if status in (-signal.SIGABRT, -signal.SIGILL, -signal.SIGTRAP):
        return "abort"
    if status in (-signal.SIGSEGV, -signal.SIGBUS):
        return "trap" if last == "access" else "crash"
    if status == CANT_BE_TRIED and last == "can't be tried":
        return "untried"
    if status != 0:
        return "abort" if message else "crash"
    if message:
        return "said"
    return "clean" if last == "harmless" else "no"


def run_program(program, library, variables=()):
    """Runs it with the library preloaded (None: the C library's heap) and these environment variables."""
    environment = {key: value for key, value in os.environ.items()
                   if key not in ("LD_PRELOAD", "LOAM_OPTIONS", "MALLOC_CHECK_", "GLIBC_TUNABLES")}
    environment.update(variables)
    if library:
        environment["LD_PRELOAD"] = str(library)
    try:
        result = subprocess.run([str(program)], env=environment, capture_output=True, timeout=TIMEOUT, check=False)
    except subprocess.TimeoutExpired:
        return Outcome("hang", "", 0, ())
    message = normalise(result.stderr.decode(errors="replace"), program)
    words = result.stdout.decode(errors="replace").splitlines()
    return Outcome(classify(result.returncode, words, message), message, result.returncode, tuple(words))


def no_core_dumps():
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


# ---- Loam

def loam_options(level, combination=None):
    """The environment that sets the level; None is a library that knows no levels."""
    # Chance has no part in what is judged: no sampled guards, which may catch more, and sooner.
    options = [f"harden={level}:sample=0"] if level is not None else []
    if combination and combination.options:
        options.append(combination.options)
    return {"LOAM_OPTIONS": ":".join(options)}


def loam_levels(library):
    """The levels that the library knows: a library without the option harden is what level 0 will be."""
    if not pathlib.Path(library).exists():
        raise SystemExit(f"there is no {library}: scripts/build release makes it")
    said = run_program("/bin/true", library, loam_options(0)).message
    return [None] if "harden" in said else [0, 1, 2, 3]
