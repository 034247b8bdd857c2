"""What is run with each heap: our own programs, as workloads/list.txt names them, and real ones."""

import os
import pathlib
import shlex
import sys
from dataclasses import dataclass

import measure
import programs

LIST = pathlib.Path(__file__).resolve().parent / "workloads" / "list.txt"

# Where there is no list: name, threads, what.
BUILT_IN = (
    ("small", 1, "many objects of many ages"),
    ("prodcons", 2, "one thread allocates, another frees"),
    ("larson", 2, "a server's threads hand their blocks on"),
    ("grow", 1, "buffers that grow by realloc"),
    ("large", 1, "blocks of 256 KiB to 32 MiB, touched and freed"),
    ("tree", 1, "trees and hash tables built and dropped"),
)

# Of a first look: `bench/run --quick`. All of ours, and of the real ones those that end soonest.
QUICK_PROGRAMS = ("sqlite3", "lua", "redis")


@dataclass(frozen=True)
class Made:
    """A program of ours."""
    name: str
    threads: int = 1
    what: str = ""
    arguments: tuple = ()
    floor: bool = True  # a heap that never frees can run it


def parse_list(text):
    """Lines of name, threads, what, arguments, separated by tabs; a further field with "no floor" says that a heap that
    never frees would need too much memory."""
    for line in text.splitlines():
        name, threads, what, *more = [*(field.strip() for field in line.split("\t")), "", ""]
        if not name or name.startswith("#"):
            continue
        arguments = [field for field in more if field.startswith("-")]
        yield Made(name, int(threads) if threads.isdigit() else 1, what, tuple(shlex.split(" ".join(arguments))),
                   not any("no floor" in field.lower() for field in more))


def made():
    if LIST.exists():
        return list(parse_list(LIST.read_text(encoding="utf-8")))
    return [Made(*fields) for fields in BUILT_IN]


def is_real(workload):
    return isinstance(workload, programs.Program)


def known(scratch, scale):
    return [*made(), *programs.known(scratch, scale)]


class Runner:
    """Runs any workload with any heap."""

    def __init__(self, options, scratch):
        self.options, self.scratch = options, scratch

    def path(self, name):
        return os.path.join(self.options.bin, f"loam-bench-{name}")

    def arguments(self, workload):
        arguments = [*workload.arguments, "--scale", str(self.options.scale), "--seed", str(self.options.seed)]
        return arguments + (["--threads", str(self.options.threads)] if self.options.threads else [])

    def prepare(self, workloads):
        """Those that can be run; the others are named with what they lack."""
        ready = []
        for workload in workloads:
            lacking = programs.missing(workload) if is_real(workload) else []
            if lacking:
                print(f"bench: {workload.name} is left out: there is no {', '.join(lacking)}: apt-get install "
                      f"{' '.join(workload.packages)}", file=sys.stderr)
                continue
            if is_real(workload):
                programs.prepare(workload, self.scratch, self.options.scale)
            ready.append(workload)
        return ready

    def measure(self, workload, heap):
        if is_real(workload):
            return programs.measure(self.path("launch"), workload, heap, self.scratch, self.options.scale,
                                    self.options.timeout)
        return measure.measure(self.path("launch"), self.path(workload.name), self.arguments(workload), heap,
                               self.options.timeout)
