"""A finding as every tool tells it in the end, and whether the findings about a case are the right ones."""

import dataclasses

from patterns import LEAKS


@dataclasses.dataclass(frozen=True)
class Finding:
    """What a tool says. Lines are those of the case's own source; what it doesn't tell is None."""
    code: str                  # as base/wire.h has it; of another tool what comes nearest
    line: int = None           # the first frame in the user's own source
    block_line: int = None     # where the block was allocated, or where the allocation failed
    free_line: int = None
    size: int = None
    first: int = None
    inside: int = None
    where: str = None
    certainty: str = "exact"
    text: str = ""             # to show to people

    def __str__(self):
        told = [f"{key} {value}" for key, value in dataclasses.asdict(self).items()
                if key not in ("code", "text") and value is not None]
        return f"{self.code}: {', '.join(told)}{'; ' + self.text if self.text else ''}"


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What became of one run.

    exact     the right code at the right line, with the right block
    later     the right code and block, noticed only after the flaw
    wrong     the right code with wrong details
    other     something was found, but nothing of the right code
    missed    nothing was found
    silent    nothing was found in a mended twin, as it must be
    false     something was found in a mended twin
    broken    a mended twin failed, or a program hung
    """
    word: str
    details: str = ""
    extra: str = ""    # what was told besides, and shouldn't be

    @property
    def is_right(self):
        return self.word in ("exact", "later", "silent") and not self.extra


WORDS = ("exact", "later", "wrong", "other", "missed", "silent", "false", "broken")


# Only of these can a checker see the damage without having seen the deed.
NOTICED_LATER = ("heap-overflow", "heap-underflow", "use-after-free")


def is_later(finding):
    return finding.certainty == "later" and finding.code in NOTICED_LATER


def differences(case, finding, loosely=False):
    """What is wrong with a finding of the right code; loosely: only the line counts."""
    wrong = []

    def compare(key, wanted):
        got = getattr(finding, key)
        if wanted and got not in wanted:
            wrong.append(f"{key} is {got}, not {' or '.join(str(one) for one in sorted(wanted))}")

    is_leak = finding.code in LEAKS
    if is_leak:
        compare("block_line", case.lines("BLOCK"))
    elif not is_later(finding):
        compare("line", case.lines("FLAW"))
    if loosely:
        return wrong
    if not is_leak:
        compare("block_line", case.lines("BLOCK"))
    if finding.code in ("use-after-free", "double-free"):
        compare("free_line", case.lines("FREE"))
    for key in ("size", "first", "inside"):
        if getattr(case, key) is not None and not (key == "first" and finding.code == "wild-pointer"):
            compare(key, {getattr(case, key)})
    if case.where:
        compare("where", {case.where})
    return wrong


# What another tool calls a mistake: as good as the code on the left.
AS_GOOD = {"wild-pointer": ("uninitialised-read", "null-deref"), "null-deref": ("wild-pointer",),
           "possible-leak": ("leak",), "foreign-free": ("invalid-free",), "invalid-free": ("foreign-free",)}


def judge(case, findings, loosely=False, as_good=None):
    """The verdict on what was told of the flawed program; as_good: other words that will do."""
    codes = case.codes + tuple(good for code in case.codes for good in (as_good or {}).get(code, ()))
    right = [finding for finding in findings if finding.code in codes]
    extra = "\n".join(str(finding) for finding in findings if finding.code not in case.codes + case.also)
    told = "\n".join(str(finding) for finding in findings)
    for finding in right:
        if not differences(case, finding, loosely):
            return Verdict("later" if is_later(finding) else "exact", told, extra)
    if right:
        return Verdict("wrong", "\n".join(differences(case, right[0], loosely)) + "\n" + told, extra)
    return Verdict("other" if findings else "missed", told)


def judge_mended(findings, status):
    if status == "hang" or (status != 0 and not findings):
        return Verdict("broken", f"status {status}")
    return Verdict("false", "\n".join(str(finding) for finding in findings)) if findings else Verdict("silent")
