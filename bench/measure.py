"""Heaps and workloads: where they are, one measured run of one with the other, and the facts about the machine."""

import glob
import hashlib
import os
import pathlib
import platform
import subprocess
import sysconfig
import time
from dataclasses import dataclass

import launched
from launched import RunError, clean_environment, describe_status, last_line  # noqa: F401

# Debian's peers: name, file, package.
PEERS = (
    ("mimalloc", "libmimalloc.so.2*", "libmimalloc2.0"),
    ("jemalloc", "libjemalloc.so.2*", "libjemalloc2"),
    ("tcmalloc", "libtcmalloc_minimal.so.4*", "libtcmalloc-minimal4"),
)

SYSTEM = "system"
LOAM = "loam"

# What a run measures, beside what the program says itself.
MEASURES = ("wall_us", "cpu_us", "user_us", "system_us", "peak_rss_kib", "final_rss_kib", "minor_faults",
            "major_faults", "faults")

# Loam; what it is compared with; a heap that never frees, which no real one can be much faster than; and Loam with
# other options.
OWN, PEER, FLOOR, PRICE = "own", "peer", "floor", "price"

# What Loam does at each level, and at the default one without each of its measures: docs/security.md.
PRICES = ("harden=0", "harden=1", "harden=2", "harden=3", "canary=off", "clear=off", "random=off", "zero=off",
          "hide=off", "sample=0", "guards=off")


@dataclass(frozen=True)
class Heap:
    name: str
    path: str | None = None  # None: the C library's, nothing preloaded
    package: str | None = None
    kind: str = PEER
    options: str = ""  # Loam's, beside those of the environment


def prices(path):
    return [Heap(options, path, None, PRICE, options) for options in PRICES]


def library_folders():
    triplet = sysconfig.get_config_var("MULTIARCH") or f"{platform.machine()}-linux-gnu"
    return [f"{root}/{leaf}" for root in ("/usr/lib", "/usr/local/lib", "/lib") for leaf in (triplet, "")]


def find_library(pattern):
    for folder in library_folders():
        found = sorted(glob.glob(os.path.join(folder, pattern)))
        if found:
            return found[0]
    return None


def debian_peers():
    """(peers found, [(name, package) of those missing])"""
    found, missing = [], []
    for name, pattern, package in PEERS:
        path = find_library(pattern)
        if path:
            found.append(Heap(name, path, package))
        else:
            missing.append((name, package))
    return found, missing


def parse_output(text):
    fields = {}
    for line in text.splitlines():
        name, _, value = line.partition(" ")
        fields[name] = value
    return fields


def check_owner(heap, fields):
    """The preloaded library must be the one whose functions the program called, all four of them."""
    for function in ("malloc", "free", "calloc", "realloc"):
        owner = fields.get(f"owner.{function}", "?")
        if heap.path is None:
            right = os.path.basename(owner).startswith(("libc.", "libc-", "ld-musl"))
        else:
            right = os.path.realpath(owner) == os.path.realpath(heap.path)
        if not right:
            raise RunError(f"{function} was that of {owner}, not of {heap.path or 'the C library'}")


def measure(launcher, program, arguments, heap, timeout):
    """One run. Returns its figures with the checksum; raises RunError."""
    done = launched.run(launcher, heap.path, [program, *arguments], clean_environment(heap.options), timeout)
    fields = parse_output(done.output.decode(errors="replace"))
    check_owner(heap, fields)
    for name, value in fields.items():
        if name.endswith("_kib"):
            done.figures[name] = int(value)
    done.figures["checksum"] = fields.get("checksum", "")
    return done.figures


# ---- facts ----

def first_line(path):
    try:
        return pathlib.Path(path).read_text(encoding="utf-8").splitlines()[0]
    except (OSError, IndexError):
        return None


def said_by(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip() or None


def field_of(path, name):
    try:
        for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines():
            field, _, value = line.partition(":")
            if field.strip() == name:
                return value.strip()
    except OSError:
        pass
    return None


def machine_facts():
    return {
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "cores": len(os.sched_getaffinity(0)),
        "cpu": field_of("/proc/cpuinfo", "model name") or platform.machine(),
        "memory": field_of("/proc/meminfo", "MemTotal"),
        "kernel": platform.release(),
        "architecture": platform.machine(),
        "system": (platform.freedesktop_os_release() if os.path.exists("/etc/os-release") else {}).get("PRETTY_NAME"),
        "transparent_huge_pages": first_line("/sys/kernel/mm/transparent_hugepage/enabled"),
        "overcommit_memory": first_line("/proc/sys/vm/overcommit_memory"),
        "load_at_start": list(os.getloadavg()),
        "loam_options": {name: value for name, value in clean_environment().items() if name.startswith("LOAM_")},
    }


def heap_facts(heap):
    if heap.path is None:
        return {"version": os.confstr("CS_GNU_LIBC_VERSION")}
    path = os.path.realpath(heap.path)
    facts = {"path": heap.path, "sha256": hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()}
    if heap.package:
        facts["package"] = heap.package
        facts["version"] = said_by("dpkg-query", "-W", "-f=${Version}", heap.package)
    if heap.name == LOAM:
        top = str(pathlib.Path(__file__).resolve().parent)
        facts["version"] = said_by("git", "-C", top, "describe", "--always", "--dirty", "--tags")
    return facts
