"""Runs a program under Valgrind's memcheck and reads its XML."""

import pathlib
import re
import tempfile
import xml.etree.ElementTree as tree

import builds
from findings import Finding

COMMAND = ["valgrind", "--quiet", "--leak-check=full", "--show-leak-kinds=definite,possible", "--xml=yes"]
BY_KIND = {"MismatchedFree": "mismatched-free", "UninitCondition": "uninitialised-read",
           "UninitValue": "uninitialised-read", "SyscallParam": "uninitialised-read", "FishyValue": "bad-size",
           "Leak_DefinitelyLost": "leak", "Leak_IndirectlyLost": "leak", "Leak_PossiblyLost": "possible-leak"}
AROUND = re.compile(r"is ([\d,]+) bytes (after|before|inside) (?:a|an unallocated) block of size ([\d,]+) (alloc'd|free'd|client-defined)")


def line_of(stack, source_name):
    """The first frame in the case's own source."""
    if stack is not None:
        for frame in stack.iter("frame"):
            if frame.findtext("file") == source_name:
                return int(frame.findtext("line"))
    return None


def code_of(kind, what, help_text):
    around = AROUND.search(help_text)
    if kind == "InvalidFree":
        if around and around[4] == "free'd":
            return "double-free"
        return "invalid-free" if around else "foreign-free"
    if kind == "SyscallParam" and "uninitialised" not in what:
        kind = "InvalidRead"
    if kind in ("InvalidRead", "InvalidWrite", "InvalidJump"):
        if around and around[4] == "free'd":
            return "use-after-free"
        if around:
            return "heap-underflow" if around[2] == "before" else "heap-overflow"
        address = re.search(r"Address 0x([0-9a-f]+)", help_text, re.IGNORECASE)
        return "null-deref" if address and int(address[1], 16) < 4096 else "wild-pointer"
    return BY_KIND.get(kind, kind)


def as_finding(error, source_name):
    what = error.findtext("what") or error.findtext("xwhat/text") or ""
    stacks = error.findall("stack")
    help_text = " ".join(element.text or "" for element in error.iter("auxwhat"))
    code = code_of(error.findtext("kind"), what, help_text)
    line = line_of(stacks[0] if stacks else None, source_name)
    return Finding(code=code, line=line, block_line=line if "leak" in code else None, text=f"{what}; {help_text}")


def whole_document(text):
    """Up to the first document's end, which a program that forks or dies may leave out or write twice."""
    end = "</valgrindoutput>"
    if end in text:
        return text[:text.index(end) + len(end)]
    last = "</error>"
    return text[:text.rindex(last) + len(last)] + end if last in text else ""


def check(job, folder):
    """(findings, status)"""
    with tempfile.TemporaryDirectory() as scratch:
        log = pathlib.Path(scratch) / "log"
        ran = builds.run(COMMAND + [f"--xml-file={log}", str(job.program(folder))])
        text = log.read_text(errors="replace") if log.exists() else ""
    text = whole_document(text)
    name = job.source(folder).name
    errors = tree.fromstring(text).iter("error") if text else []
    return [as_finding(error, name) for error in errors], ran.status
