"""Real programs as workloads: what they are given to do, and one run of one of them with one heap."""

import functools
import glob
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field

import launched
from launched import RunError, clean_environment, last_line

HERE = pathlib.Path(__file__).resolve().parent
CHECKED, INPUTS = HERE / "checked", HERE / "inputs"
sys.path[1:1] = [str(CHECKED), str(INPUTS)]

import generate  # noqa: E402
import large_c  # noqa: E402

FUNCTIONS = ("malloc", "free", "calloc", "realloc")
SQL_ROWS = (120000, 400000)  # of tables.sql, at scale 100
SERVER_TESTS = "set,get,incr,lpush,rpop,sadd,hset,zadd,lrange_100,mset"
PYTHON = "/usr/bin/python3"


@dataclass(frozen=True)
class Program:
    name: str
    command: tuple
    probe: tuple = ("--version",)  # what makes it end at once
    packages: tuple = ()
    needs: tuple = ()  # further programs
    environment: dict = field(default_factory=dict)
    what: str = ""
    threads: int = 1
    server: bool = False  # runs until it is told to end; its time is that of its clients
    links_heap: bool = False  # it is linked with a heap; so the C library's must be preloaded
    result: str = ""  # the file with the result; "": standard output
    in_mean: bool = True  # of the checker's table
    floor: bool = True  # a heap that never frees can run it: it takes less than 2 GiB


def cc1():
    done = subprocess.run(["gcc", "-print-prog-name=cc1"], capture_output=True, text=True, check=False) \
        if shutil.which("gcc") else None
    return done.stdout.strip() if done else "cc1"


def scripts(scratch, scale):
    return [
        Program("sqlite3", ("sqlite3", "-batch", "-init", f"{scratch}/tables.sql", ":memory:", ".quit"),
                probe=("-version",), packages=("sqlite3",), what="a database in memory: rows, indexes, joins"),
        Program("lua", ("lua5.4", str(CHECKED / "words.lua"), str(scale)), probe=("-v",), packages=("lua5.4",),
                what="strings, tables, trees, closures"),
        Program("python3", (PYTHON, str(CHECKED / "objects.py"), str(max(1, 6 * scale // 100))), packages=("python3",),
                environment={"PYTHONMALLOC": "malloc", "PYTHONHASHSEED": "0"}, floor=False,
                what="objects, JSON; each is a block"),
        Program("perl", ("perl", str(INPUTS / "words.pl"), str(scale)), packages=("perl",),
                environment={"PERL_HASH_SEED": "0", "PERL_PERTURB_KEYS": "0"}, what="hashes, strings, expressions"),
        Program("ruby", ("ruby", "--disable-gems", str(INPUTS / "objects.rb"), str(scale)), packages=("ruby",),
                what="objects, hashes, strings"),
    ]


def tools(scratch):
    return [
        Program("gcc", (cc1(), "-quiet", "-fpreprocessed", "-O2", f"{scratch}/large.i", "-o", f"{scratch}/large.s"),
                packages=("gcc",), result=f"{scratch}/large.s", what="cc1 -O2 on a large file"),
        Program("git", ("git", "-C", f"{scratch}/history.git", "-c", "pack.threads=1", "pack-objects", "--all",
                        "--revs", "--stdout", "-q", "--no-reuse-delta", "--no-reuse-object", "--window=30"),
                packages=("git",), what="what git gc does: packs a history anew", floor=False),
        Program("gs", ("gs", "-q", "-dNOPAUSE", "-dBATCH", "-dSAFER", "-sDEVICE=ppmraw", "-r100", "-sOutputFile=-",
                       f"{scratch}/pages.ps"), packages=("ghostscript",), what="draws pages of PostScript"),
        Program("z3", ("z3", f"{scratch}/questions.smt2"), packages=("z3",), what="logic, bit vectors, arithmetic"),
    ]


def server(scratch):
    """Debian's is linked with jemalloc as any program is with a library: preloaded names come before it, so its blocks
    are those of the heap that is preloaded, be it the C library's."""
    return Program("redis", ("redis-server", "--port", "0", "--unixsocket", f"{scratch}/redis", "--save", "",
                             "--dir", str(scratch), "--io-threads", "1", "--enable-debug-command", "yes"),
                   packages=("redis-server", "redis-tools"), needs=("redis-benchmark", "redis-cli"), server=True,
                   links_heap=True, what="a server under the load of redis-benchmark")


def known(scratch, scale=100):
    return [*scripts(scratch, scale), *tools(scratch), server(scratch)]


def missing(program):
    return [name for name in (program.command[0], *program.needs) if not shutil.which(name)]


# ---- Inputs ----

def write(path, parts):
    pathlib.Path(path).write_text("".join(parts), encoding="utf-8", newline="")


def prepare_sqlite3(scratch, scale):
    text = (CHECKED / "tables.sql").read_text(encoding="utf-8")
    for rows in SQL_ROWS:
        text = text.replace(str(rows), str(max(1, rows * scale // 100)))
    write(f"{scratch}/tables.sql", [text])


def prepare_gcc(scratch, scale):
    write(f"{scratch}/large.c", large_c.functions(max(1, 150 * scale // 100)))
    subprocess.run(["gcc", "-E", f"{scratch}/large.c", "-o", f"{scratch}/large.i"], check=True)


def prepare_git(scratch, scale):
    git = ["git", "-C", f"{scratch}/history.git"]
    environment = {**clean_environment(), "GIT_CONFIG_NOSYSTEM": "1", "HOME": str(scratch)}
    subprocess.run(["git", "init", "-q", "--bare", f"{scratch}/history.git"], check=True, env=environment)
    write(f"{scratch}/history", generate.history(max(1, 1500 * scale // 100)))
    with open(f"{scratch}/history", encoding="utf-8") as stream:
        subprocess.run([*git, "fast-import", "--quiet"], stdin=stream, check=True, env=environment)


def prepare_gs(scratch, scale):
    write(f"{scratch}/pages.ps", generate.pages(max(1, 50 * scale // 100)))


def prepare_z3(scratch, scale):
    parts = list(generate.arithmetic(max(1, 30 * scale // 100)))
    write(f"{scratch}/questions.smt2", list(generate.pigeons(8)) + parts)


def prepare_redis(scratch, scale):
    write(f"{scratch}/commands", generate.commands(3000 * scale))


PREPARE = {"sqlite3": prepare_sqlite3, "gcc": prepare_gcc, "git": prepare_git, "gs": prepare_gs, "z3": prepare_z3,
           "redis": prepare_redis}


def prepare(program, scratch, scale):
    if program.name in PREPARE:
        PREPARE[program.name](scratch, scale)


# ---- The server's clients ----

def client(scratch, *command, timeout=300, commands=None):
    try:
        done = subprocess.run([command[0], "-s", f"{scratch}/redis", *command[1:]], capture_output=True, text=True,
                              timeout=timeout, check=False, stdin=commands or subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        raise RunError(f"{command[0]} takes longer than {timeout} s") from None
    return done


def must(done):
    if done.returncode != 0:
        raise RunError(f"{done.args[0]} failed" + last_line(done.stderr))
    return done.stdout


def wait_for_server(scratch):
    for _ in range(1200):
        if client(scratch, "redis-cli", "ping").stdout.strip() == "PONG":
            return
        time.sleep(0.02)
    raise RunError("the server doesn't answer")


def load_server(scratch, requests):
    """Seconds that the clients took."""
    start = time.monotonic()
    must(client(scratch, "redis-benchmark", "-q", "-n", str(requests), "-r", "100000", "-d", "64", "-P", "8",
                "-c", "20", "-t", SERVER_TESTS, timeout=1200))
    return time.monotonic() - start


def fill_server(scratch):
    """Sends commands that are the same each time; the digest of what the server then holds."""
    with open(f"{scratch}/commands", encoding="utf-8") as commands:
        must(client(scratch, "redis-cli", "--pipe", commands=commands))
    return must(client(scratch, "redis-cli", "debug", "digest")).strip()


def resident_kib(scratch):
    for line in must(client(scratch, "redis-cli", "info", "server")).splitlines():
        if line.startswith("process_id:"):
            text = pathlib.Path(f"/proc/{line.split(':')[1].strip()}/status").read_text(encoding="utf-8")
            return int(text.split("VmRSS:")[1].split()[0])
    raise RunError("the server doesn't say its process")


def serve_load(scratch, requests):
    """Load and nothing else."""
    wait_for_server(scratch)
    took = load_server(scratch, requests)
    client(scratch, "redis-cli", "shutdown", "nosave")
    return {"wall_us": took * 1e6}


def serve(scratch, requests):
    """Commands that are the same each time, then load. The final memory is that after it forgot everything."""
    wait_for_server(scratch)
    start = time.monotonic()
    digest = fill_server(scratch)
    load_server(scratch, requests)
    took = time.monotonic() - start
    must(client(scratch, "redis-cli", "flushall"))
    resident = resident_kib(scratch)
    client(scratch, "redis-cli", "shutdown", "nosave")
    return {"wall_us": took * 1e6, "final_rss_kib": resident, "checksum": digest}


# ---- Whose malloc is it ----

def find_libc():
    found = sorted(glob.glob("/lib/*/libc.so.6") + glob.glob("/lib64/libc.so.6"))
    return found[0] if found else None


def preload(program, heap):
    return heap.path or (find_libc() if program.links_heap else None)


def bindings(text):
    """What the loader said that it did: {(function, file it comes from)}."""
    for line in text.splitlines():
        if "normal symbol `" in line and " to " in line:
            function = line.split("normal symbol `")[1].split("'")[0]
            if function in FUNCTIONS:
                yield function, line.split(" to ")[1].split(" [")[0]


def check_bindings(text, right, program):
    """Every library of the program must have got its four functions from the right file. From the program itself means:
    from a stub of it, which leads to where its own calls lead."""
    found = set(bindings(text))
    for function in FUNCTIONS:
        owners = {os.path.realpath(owner) for name, owner in found if name == function} - {os.path.realpath(program)}
        wrong = sorted(owners - {os.path.realpath(right)})
        if wrong or not owners:
            raise RunError(f"{function} was that of {wrong[0] if wrong else 'nobody'}, not of {right}")


@functools.cache
def verify(program_path, probe, library, right):
    """Asks the loader which file each of the functions comes from, in a run that does nothing else."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**clean_environment(), "LD_DEBUG": "bindings", "LD_DEBUG_OUTPUT": f"{folder}/said",
                       "LD_BIND_NOW": "1"}
        if library:
            environment["LD_PRELOAD"] = library
        subprocess.run([program_path, *probe], env=environment, capture_output=True, stdin=subprocess.DEVNULL,
                       timeout=60, check=False)
        text = "".join(file.read_text(errors="replace") for file in pathlib.Path(folder).iterdir())
    check_bindings(text, right, program_path)


# ---- One run ----

def measure(launcher, program, heap, scratch, scale, timeout=0):
    """One run. Returns its figures with the checksum; raises RunError."""
    library = preload(program, heap)
    path = shutil.which(program.command[0])
    verify(path, program.probe, library, heap.path or find_libc())
    environment = {**clean_environment(heap.options), **program.environment}
    meanwhile = functools.partial(serve, scratch, 400 * scale) if program.server else None
    done = launched.run(launcher, library, [path, *program.command[1:]], environment, timeout, meanwhile)
    if not program.server:
        result = pathlib.Path(program.result).read_bytes() if program.result else done.output
        done.figures["checksum"] = hashlib.sha256(result).hexdigest()
        done.figures["final_rss_kib"] = None  # a program that isn't ours doesn't say
    return done.figures
