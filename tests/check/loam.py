"""Runs a program with libloam-check.so preloaded and reads what it writes."""

import pathlib
import tempfile

import builds
import wire


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
