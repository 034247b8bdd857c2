"""The programs that the checker is measured on, and one run of one of them: plain, under `loam check`, or under
Valgrind."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field

from measure import RunError, describe_status, last_line

HERE = pathlib.Path(__file__).resolve().parent
INPUTS = HERE / "checked"
sys.path.insert(0, str(INPUTS))

import large_c  # noqa: E402

MEASURES = ("wall_us", "cpu_us", "user_us", "system_us", "peak_rss_kib", "faults")
PLAIN, LOAM, VALGRIND = "plain", "loam", "valgrind"


@dataclass(frozen=True)
class Workload:
    name: str
    command: tuple
    needs: tuple = ()  # programs
    environment: dict = field(default_factory=dict)
    server: bool = False  # runs until it is told to end; what is measured is the time of its clients
    in_mean: bool = True


def workloads(scratch):
    """`start` is what every run pays. `clauses` does next to nothing but allocate and free blocks of 16 bytes: it shows
    what one of these costs, and is in no mean."""
    return [
        Workload("start", ("/bin/true",), in_mean=False),
        Workload("sqlite3", ("sqlite3", "-batch", "-init", str(INPUTS / "tables.sql"), ":memory:", ".quit"), ("sqlite3",)),
        Workload("lua", ("lua5.4", str(INPUTS / "words.lua")), ("lua5.4",)),
        Workload("python3", ("/usr/bin/python3", str(INPUTS / "objects.py")), ("/usr/bin/python3",),
                 {"PYTHONMALLOC": "malloc", "PYTHONHASHSEED": "0"}),
        Workload("gcc", ("gcc", "-O2", "-c", f"{scratch}/large.c", "-o", f"{scratch}/large.o"), ("gcc",)),
        Workload("redis", ("redis-server", "--port", "0", "--unixsocket", f"{scratch}/redis", "--save", "",
                           "--dir", str(scratch), "--io-threads", "1", "--enable-debug-command", "yes"),
                 ("redis-server", "redis-benchmark", "redis-cli"), server=True),
        Workload("tiles", (f"{scratch}/tiles",), ("cc",)),
        Workload("clauses", (f"{scratch}/clauses",), ("cc",), in_mean=False),
    ]


def prepare(scratch, functions):
    for name in ("tiles", "clauses"):
        subprocess.run(["cc", "-std=c17", "-O2", "-g", str(INPUTS / f"{name}.c"), "-o", f"{scratch}/{name}"], check=True)
    pathlib.Path(scratch, "large.c").write_text("".join(large_c.functions(functions)), encoding="utf-8")


def missing(workload):
    return [program for program in workload.needs if not shutil.which(program)]


def prefix(how, loam, scratch):
    if how == LOAM:
        return [loam, "check", "--children", "--log-file", f"{scratch}/findings", "--"]
    if how == VALGRIND:
        return ["valgrind", "--trace-children=yes", "--leak-check=full", "--log-file=/dev/null"]
    return []


def environment(workload):
    kept = {name: value for name, value in os.environ.items() if name.startswith("LOAM_")}
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", **kept, **workload.environment}


# ---- The server's clients ----

def client(scratch, *command, timeout=60):
    return subprocess.run([command[0], "-s", f"{scratch}/redis", *command[1:]], capture_output=True, text=True,
                          timeout=timeout, check=False)


def wait_for_server(scratch):
    for _ in range(600):
        if client(scratch, "redis-cli", "ping").stdout.strip() == "PONG":
            return
        time.sleep(0.05)
    raise RunError("the server doesn't answer")


def load_server(scratch, requests):
    """Seconds that the clients took."""
    start = time.monotonic()
    for tests in ("set,get,incr,lpush,rpop,sadd,hset,zadd,lrange_100,mset",):
        done = client(scratch, "redis-benchmark", "-q", "-n", str(requests), "-r", "100000", "-d", "64", "-P", "8",
                      "-c", "20", "-t", tests, timeout=1200)
        if done.returncode != 0:
            raise RunError("redis-benchmark failed" + last_line(done.stderr))
    return time.monotonic() - start


def serve(process, scratch, requests):
    wait_for_server(scratch)
    took = load_server(scratch, requests)
    client(scratch, "redis-cli", "shutdown", "nosave")
    process.wait(timeout=300)
    return took


# ---- One run ----

def findings(scratch):
    """What `loam check` listed at the end."""
    try:
        text = pathlib.Path(scratch, "findings").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return [line for line in text.splitlines() if line.startswith(("error[", "warning["))]


def measure(launcher, workload, how, loam, scratch, requests):
    read_end, write_end = os.pipe()
    pathlib.Path(scratch, "findings").unlink(missing_ok=True)
    command = [launcher, str(write_end), "-"]
    run = [*prefix(how, loam, scratch), *workload.command]
    command += [shutil.which(run[0]) or run[0], *run[1:]]
    took = None
    with open(read_end, encoding="utf-8") as record_file, open(f"{scratch}/err", "w+", encoding="utf-8") as errors:
        try:
            process = subprocess.Popen(command, pass_fds=(write_end,), stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=errors, env=environment(workload))
        finally:
            os.close(write_end)
        try:
            if workload.server:
                took = serve(process, scratch, requests)
            else:
                process.wait()
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        record = record_file.read()
        errors.seek(0)
        said = errors.read()
    if not record:
        raise RunError("not started" + last_line(said))
    figures = json.loads(record)
    status = figures.pop("status")
    if status not in ((0, 98, 99) if how == LOAM else (0,)):
        raise RunError(describe_status(status) + last_line(said))
    if took is not None:
        figures["wall_us"] = took * 1e6
    figures["cpu_us"] = figures["user_us"] + figures["system_us"]
    figures["faults"] = figures["minor_faults"] + figures["major_faults"]
    figures["findings"] = findings(scratch) if how == LOAM else []
    return figures
