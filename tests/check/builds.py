"""Compiles the programs of the cases, and runs them."""

import concurrent.futures
import dataclasses
import hashlib
import os
import pathlib
import resource
import subprocess

JOBS = min(2, os.cpu_count() or 1)
TIMEOUT = 60  # seconds, of a program that takes milliseconds, under a slow tool
FLAGS = ["-g", "-w", "-D_GNU_SOURCE", "-pthread"]
STANDARD = {".c": [], ".cc": ["-std=c++17", "-fsized-deallocation"]}
COMPILERS = {"gcc": {".c": "gcc", ".cc": "g++"}, "clang": {".c": "clang", ".cc": "clang++"}}
ASAN = ["-fsanitize=address", "-fno-omit-frame-pointer"]

# Lines for the programs that read their standard input.
INPUT = b"".join(bytes([letter]) * 200 + b"\n" for letter in b"abcdefghijkl")


@dataclasses.dataclass(frozen=True)
class Job:
    """One case compiled in one way."""
    case: object
    build: str    # gcc-O0 ...
    mended: bool
    asan: bool = False

    @property
    def label(self):
        return f"{self.case.name} {self.build}{' mended' if self.mended else ''}"

    def program(self, folder):
        kind = self.build + ("-asan" if self.asan else "")
        return pathlib.Path(folder) / kind / f"{self.case.name}{'.mended' if self.mended else ''}"

    def source(self, folder):
        name = self.case.name + (".mended" if self.mended else "")
        return pathlib.Path(folder) / "sources" / f"{name}{self.case.suffix}"


def jobs_of(cases, builds=None, asan=False):
    return [Job(case, build, mended, asan) for case in cases for build in case.builds
            if builds is None or build in builds for mended in (False, True)]


def each(function, things):
    """function(thing) of each, some at once, results in order."""
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        return list(pool.map(function, things))


def write_source(job, folder):
    source = job.source(folder)
    text = job.case.source(job.mended)
    if not source.exists() or source.read_text() != text:
        source.write_text(text)


def compile_one(job, folder):
    """Compiles unless the program is there from the same text by the same command."""
    source, program = job.source(folder), job.program(folder)
    compiler, level = job.build.split("-")
    command = [COMPILERS[compiler][job.case.suffix], *FLAGS, f"-{level}", *STANDARD[job.case.suffix],
               *(ASAN if job.asan else []), "-o", str(program), str(source)]
    stamp = program.with_name(program.name + ".stamp")
    mark = hashlib.sha256((" ".join(command) + job.case.source(job.mended)).encode()).hexdigest()
    if program.exists() and stamp.exists() and stamp.read_text() == mark:
        return
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if result.returncode != 0:
        raise SystemExit(f"{job.label} can't be compiled:\n{' '.join(command)}\n{result.stdout}")
    stamp.write_text(mark)


def write_sources(jobs, folder):
    (pathlib.Path(folder) / "sources").mkdir(parents=True, exist_ok=True)
    for job in jobs:
        write_source(job, folder)


def compile_all(jobs, folder):
    write_sources(jobs, folder)
    for job in jobs:
        job.program(folder).parent.mkdir(parents=True, exist_ok=True)
    each(lambda job: compile_one(job, folder), jobs)


@dataclasses.dataclass(frozen=True)
class Run:
    status: object  # as subprocess has it; "hang" when it did not end
    stderr: str


def run(command, variables=()):
    """Runs it with INPUT as its standard input; what it prints is thrown away."""
    environment = {key: value for key, value in os.environ.items()
                   if key not in ("LD_PRELOAD", "LOAM_OPTIONS", "MALLOC_CHECK_", "GLIBC_TUNABLES", "ASAN_OPTIONS")}
    environment.update(variables)
    try:
        result = subprocess.run(command, env=environment, input=INPUT, stdout=subprocess.DEVNULL,
                                stderr=subprocess.PIPE, timeout=TIMEOUT, check=False)
    except subprocess.TimeoutExpired:
        return Run("hang", "")
    return Run(result.returncode, result.stderr.decode(errors="replace"))


def no_core_dumps():
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
