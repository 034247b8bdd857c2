"""Heaps and workloads: where they are, one measured run of one with the other, and the facts about the machine."""

import glob
import hashlib
import json
import os
import pathlib
import platform
import subprocess
import sysconfig
import time
from dataclasses import dataclass

# Each takes 0.5 to 1.5 seconds with the C library at scale 100.
WORKLOADS = ("small", "prodcons", "larson", "grow", "large", "tree")

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


@dataclass(frozen=True)
class Heap:
    name: str
    path: str | None = None  # None: the C library's, nothing preloaded
    package: str | None = None

    @property
    def is_peer(self):
        return self.name != LOAM


class RunError(Exception):
    """One run of one workload with one heap can't be used; the text says why."""


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


def clean_environment():
    """What runs don't inherit can't distort them: no MALLOC_*, GLIBC_TUNABLES or LD_* of the user's; Loam's options
    stay, since who sets them means to measure them."""
    kept = {name: value for name, value in os.environ.items() if name.startswith("LOAM_")}
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", **kept}


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


def describe_status(status):
    return f"signal {-status}" if status < 0 else f"exit status {status}"


def last_line(text):
    lines = text.strip().splitlines()
    return f": {lines[-1]}" if lines else ""


def measure(launcher, program, arguments, heap, timeout):
    """One run. Returns its figures with the checksum; raises RunError."""
    read_end, write_end = os.pipe()
    with open(read_end, encoding="utf-8") as record_file:
        try:
            command = [launcher, str(write_end), heap.path or "-", program, *arguments]
            done = subprocess.run(command, pass_fds=(write_end,), stdin=subprocess.DEVNULL, env=clean_environment(),
                                  capture_output=True, text=True, errors="replace", timeout=timeout or None,
                                  check=False)
        except subprocess.TimeoutExpired:
            raise RunError(f"stopped: still running after {timeout} s") from None
        finally:
            os.close(write_end)
        record = record_file.read()
    if not record:
        raise RunError("not started" + last_line(done.stderr))
    figures = json.loads(record)
    status = figures.pop("status")
    if status != 0:
        raise RunError(describe_status(status) + last_line(done.stderr))
    fields = parse_output(done.stdout)
    check_owner(heap, fields)
    figures["cpu_us"] = figures["user_us"] + figures["system_us"]
    figures["faults"] = figures["minor_faults"] + figures["major_faults"]
    figures["final_rss_kib"] = int(fields.get("final_rss_kib", 0))
    figures["checksum"] = fields.get("checksum", "")
    return figures


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
