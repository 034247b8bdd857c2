"""One program, started by the launcher: what it used, what it wrote, or why the run can't be used."""

import json
import os
import signal
import subprocess
import tempfile
from dataclasses import dataclass


class RunError(Exception):
    """One run of one workload with one heap can't be used; the text says why."""


@dataclass
class Done:
    figures: dict  # times in microseconds, memory in KiB, page faults
    output: bytes
    errors: str


def describe_status(status):
    return f"signal {-status}" if status < 0 else f"exit status {status}"


def last_line(text):
    lines = text.strip().splitlines()
    return f": {lines[-1]}" if lines else ""


def clean_environment(options=""):
    """What runs don't inherit can't distort them: no MALLOC_*, GLIBC_TUNABLES or LD_* of the user's; Loam's options
    stay, since who sets them means to measure them, and `options` are added to them."""
    kept = {name: value for name, value in os.environ.items() if name.startswith("LOAM_")}
    if options:
        kept["LOAM_OPTIONS"] = ":".join(filter(None, (kept.get("LOAM_OPTIONS"), options)))
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", **kept}


def stop(process):
    """The launcher and all that it started: they are one group."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def figures_of(record, said, allowed):
    if not record:
        raise RunError("not started" + last_line(said))
    figures = json.loads(record)
    status = figures.pop("status")
    if status not in allowed:
        raise RunError(describe_status(status) + last_line(said))
    figures["cpu_us"] = figures["user_us"] + figures["system_us"]
    figures["faults"] = figures["minor_faults"] + figures["major_faults"]
    return figures


def run(launcher, library, command, environment, timeout=0, meanwhile=None, allowed=(0,)):
    """Runs the command with the library preloaded (None: nothing). `meanwhile` is called while it runs; what it returns
    goes into the figures. Raises RunError."""
    read_end, write_end = os.pipe()
    with open(read_end, encoding="utf-8") as record_file, tempfile.TemporaryFile() as output, \
            tempfile.TemporaryFile() as errors:
        try:
            process = subprocess.Popen([launcher, str(write_end), library or "-", *command], pass_fds=(write_end,),
                                       stdin=subprocess.DEVNULL, stdout=output, stderr=errors, env=environment,
                                       start_new_session=True)
        finally:
            os.close(write_end)
        try:
            seen = meanwhile() if meanwhile else {}
            process.wait(timeout=timeout or None)
        except subprocess.TimeoutExpired:
            raise RunError(f"stopped: still running after {timeout} s") from None
        finally:
            stop(process)
        texts = []
        for file in (output, errors):
            file.seek(0)
            texts.append(file.read())
        said = texts[1].decode(errors="replace")
        figures = {**figures_of(record_file.read(), said, allowed), **seen}
    return Done(figures, texts[0], said)
