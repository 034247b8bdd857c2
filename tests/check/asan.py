"""Runs a program that was built with AddressSanitizer and LeakSanitizer, and reads their report."""

import re

import builds
from findings import Finding

BY_NAME = {"heap-use-after-free": "use-after-free", "attempting double-free": "double-free",
           "attempting free on address which was not malloc()-ed": "foreign-free",
           "alloc-dealloc-mismatch": "mismatched-free", "new-delete-type-mismatch": "size-mismatch",
           "requested allocation size": "bad-size", "calloc parameters overflow": "bad-size",
           "reallocarray parameters overflow": "bad-size"}
FRAME = re.compile(r"^ +#\d+ .* (\S+?):(\d+)(?::\d+)?$", re.MULTILINE)


def first_line(text, source_name):
    """The first frame in the case's own source, of the first stack in the text."""
    stack = re.split(r"\n\s*\n", text)[0]
    for path, line in FRAME.findall(stack):
        if path.rpartition("/")[2] == source_name:
            return int(line)
    return None


def code_of(headline, report):
    if headline.startswith(("heap-buffer-overflow", "unknown-crash")):
        return "heap-underflow" if re.search(r"is located \d+ bytes (to the left of|before)", report) else "heap-overflow"
    if headline.startswith(("SEGV", "BUS")):
        address = re.search(r"unknown address (0x[0-9a-f]+)", report)
        is_null = address and int(address[1], 16) < 4096 and "high value address" not in report
        return "null-deref" if is_null else "wild-pointer"
    for name, code in BY_NAME.items():
        if headline.startswith(name):
            is_inside = code == "foreign-free" and re.search(r"bytes (inside of|to the right of|after) \d+-byte", report)
            return "invalid-free" if is_inside else code
    return headline.split(" ")[0]


def read_report(text, source_name):
    findings = []
    error = re.search(r"ERROR: AddressSanitizer: (.*)", text)
    if error:
        report = text[error.start():]
        line = first_line(report, source_name)
        findings.append(Finding(code=code_of(error[1], report), line=line, text=error[1]))
    for leak in re.finditer(r"^(Direct|Indirect) leak of .*$", text, re.MULTILINE):
        line = first_line(text[leak.start():], source_name)
        findings.append(Finding(code="leak", line=line, block_line=line, text=leak[0]))
    return findings


def check(job, folder):
    """(findings, status). A failed allocation returns NULL where that is what the case is about."""
    null = int("null-deref" in job.case.codes)
    ran = builds.run([str(job.program(folder))],
                     {"ASAN_OPTIONS": f"detect_leaks=1:allocator_may_return_null={null}"})
    return read_report(ran.stderr, job.source(folder).name), ran.status
