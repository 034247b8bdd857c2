"""Runs a program with libloam-check.so preloaded and reads what it writes."""

import pathlib
import re
import tempfile

import builds
import wire
from findings import Finding
from patterns import LEAKS


def check(job, folder, library):
    """(findings, status, what the checker noted)"""
    program = job.program(folder)
    with tempfile.TemporaryDirectory() as scratch:
        said = pathlib.Path(scratch)
        ran = builds.run([str(program)], {"LD_PRELOAD": str(library),
                                          "LOAM_OPTIONS": wire.options_for(said, job.case.options)})
        notes = wire.read_notes(said)
        if ran.stderr:
            notes.append(ran.stderr)
        if not any(said.iterdir()):
            notes.append("the library wrote nothing")
        return wire.read_findings(said, program, job.source(folder).name), ran.status, notes


# ---- Through the command

REPORT = re.compile(r"^(?:error|warning)\[([a-z-]+)\]: (.*)$", re.MULTILINE)
PLACE = re.compile(r"^ *--> *(\S+?):(\d+)(?::\d+)?\b", re.MULTILINE)


def read_reports(text, source_name):
    """Findings out of what people read; only code, line and certainty are told there in a form to rely on."""
    findings = []
    starts = [match.start() for match in REPORT.finditer(text)] + [len(text)]
    for start, end in zip(starts, starts[1:]):
        report = text[start:end]
        place = PLACE.search(report)
        line = int(place[2]) if place and place[1].rpartition("/")[2] == source_name else None
        code, headline = REPORT.match(report).groups()
        findings.append(Finding(code=code, line=line, block_line=line if code in LEAKS else None, text=headline,
                                certainty="later" if "certainty: found later" in report else "exact"))
    return findings


def check_by_command(job, folder, command):
    """The same through `loam check`."""
    with tempfile.TemporaryDirectory() as scratch:
        log = pathlib.Path(scratch) / "log"
        ran = builds.run([command, "check", "--log-file", str(log), "--quiet", "--error-exitcode", "0",
                          *job.case.options, "--", str(job.program(folder))])
        text = log.read_text(errors="replace") if log.exists() else ""
    return read_reports(text, job.source(folder).name), ran.status, [ran.stderr] if ran.stderr else []
