"""The programs that the checker is measured on, and one run of one of them: plain, under `loam check`, or under
Valgrind."""

import functools
import pathlib
import shutil
import subprocess
from dataclasses import replace

import launched
import programs
from launched import clean_environment
from programs import CHECKED, Program, serve_load

MEASURES = ("wall_us", "cpu_us", "user_us", "system_us", "peak_rss_kib", "faults")
PLAIN, LOAM, VALGRIND = "plain", "loam", "valgrind"


def workloads(scratch):
    """`start` is what every run pays. `clauses` does next to nothing but allocate and free blocks of 16 bytes, and
    python3 with PYTHONMALLOC=malloc makes a block of each object: they show what a block costs, and are in no mean."""
    real = {program.name: program for program in programs.known(scratch)}
    gcc = replace(real["gcc"], command=("gcc", "-O2", "-c", f"{scratch}/large.c", "-o", f"{scratch}/large.o"))
    objects = replace(real["python3"], command=real["python3"].command[:-1], name="python3-malloc", in_mean=False)
    python = replace(objects, name="python3", environment={"PYTHONHASHSEED": "0"}, in_mean=True)
    return [
        Program("start", ("/bin/true",), in_mean=False),
        real["sqlite3"], real["lua"], python, gcc, real["redis"],
        Program("tiles", (f"{scratch}/tiles",), needs=("cc",)),
        objects,
        Program("clauses", (f"{scratch}/clauses",), needs=("cc",), in_mean=False),
    ]


def prepare(scratch, functions):
    for name in ("tiles", "clauses"):
        subprocess.run(["cc", "-std=c17", "-O2", "-g", str(CHECKED / f"{name}.c"), "-o", f"{scratch}/{name}"],
                       check=True)
    programs.prepare_sqlite3(scratch, 100)
    programs.write(f"{scratch}/large.c", programs.large_c.functions(functions))


def prefix(how, loam, scratch):
    if how == LOAM:
        return [loam, "check", "--children", "--log-file", f"{scratch}/findings", "--"]
    if how == VALGRIND:
        return ["valgrind", "--trace-children=yes", "--leak-check=full", "--log-file=/dev/null"]
    return []


# ---- One run ----

def findings(scratch):
    """What `loam check` listed at the end."""
    try:
        text = pathlib.Path(scratch, "findings").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return [line for line in text.splitlines() if line.startswith(("error[", "warning["))]


def measure(launcher, workload, how, loam, scratch, requests):
    pathlib.Path(scratch, "findings").unlink(missing_ok=True)
    run = [*prefix(how, loam, scratch), *workload.command]
    meanwhile = functools.partial(serve_load, scratch, requests) if workload.server else None
    done = launched.run(launcher, None, [shutil.which(run[0]) or run[0], *run[1:]],
                        {**clean_environment(), **workload.environment}, meanwhile=meanwhile,
                        allowed=(0, 98, 99) if how == LOAM else (0,))
    return {**done.figures, "findings": findings(scratch) if how == LOAM else []}
