"""Runs a program with libloam-check.so preloaded and reads what it writes."""

import json
import pathlib
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

def line_of(frames, source_name):
    """The first line of the user's own source in a stack."""
    for frame in frames or []:
        if frame.get("file", "").rpartition("/")[2] == source_name:
            return frame.get("line")
    return None


def as_findings(told, source_name):
    """A finding of the document that `loam check --format json` writes, and those that are the same again."""
    code = told["code"]
    leak = code in LEAKS
    block = told.get("failed" if code in ("null-deref", "bad-size") else "allocated")
    return [Finding(code=code, certainty=told["certainty"],
                    line=line_of(told.get("allocated" if leak else "stack"), source_name),
                    block_line=line_of(block, source_name), free_line=line_of(told.get("freed"), source_name),
                    size=facts.get("size"), first=facts.get("first"), inside=facts.get("inside"),
                    where=facts.get("where"), text=told["message"])
            for facts in [told] + told.get("same", [])]


def read_document(text, source_name):
    """(findings, notes)"""
    document = json.loads(text)
    return ([finding for told in document["findings"] for finding in as_findings(told, source_name)],
            [note["text"] for note in document["notes"]])


def check_by_command(job, folder, command):
    """The same through `loam check`."""
    with tempfile.TemporaryDirectory() as scratch:
        log = pathlib.Path(scratch) / "log"
        ran = builds.run([command, "check", "--format", "json", "--log-file", str(log), "--error-exitcode", "0",
                          *job.case.options, "--", str(job.program(folder))])
        text = log.read_text(errors="replace") if log.exists() else ""
    findings, notes = read_document(text, job.source(folder).name) if text else ([], ["the command wrote nothing"])
    return findings, ran.status, notes + ([ran.stderr] if ran.stderr else [])
