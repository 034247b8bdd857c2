"""Whether what became of a program is what its head and its .expected file ask for."""

import difflib
import re
import signal

SHOWN_MAX = 40  # problems that are shown in full


class Problems:
    """What was wrong, said as it is found; too much of it is only counted."""

    def __init__(self):
        self.count = 0

    def add(self, text, details=""):
        self.count += 1
        if self.count <= SHOWN_MAX:
            print(f"FAILED: {text}")
            print("".join(f"    {line}\n" for line in details.splitlines()), end="")


def difference(wanted, got, name="message"):
    lines = difflib.unified_diff(wanted.splitlines(), got.splitlines(), f"{name}, expected", f"{name}, got",
                                 n=1, lineterm="")
    return "\n".join(lines)


def is_caught_as(duty, outcome):
    """Whether an outcome is of the kind and code that the duty allows; the whole message is another question."""
    if outcome.what not in duty.hows:
        return False
    if outcome.what != "abort":
        return not outcome.message
    code = re.match(r"loam: error\[([a-z-]+)\]: ", outcome.message)
    return outcome.status == -signal.SIGABRT and bool(code) and code[1] in duty.codes


def describe(outcome):
    return outcome.what + (f" (status {outcome.status})\n{outcome.message}" if outcome.message else "")


def judge(combination, level, outcome, messages, problems):
    duty = combination.duty_at(level)
    if duty is None:
        return
    where = f"{combination.label}, level {level}"
    if not is_caught_as(duty, outcome):
        problems.add(f"{where}: must be {' or '.join(duty.hows)} {'|'.join(duty.codes)}, is", describe(outcome))
    elif outcome.what == "abort":
        wanted = messages.get((combination.size, level))
        if wanted is None:
            problems.add(f"{where}: this message is in no .expected file (--write writes it)", outcome.message)
        elif wanted != outcome.message:
            problems.add(f"{where}: another message", difference(wanted, outcome.message))


def judge_mended(combination, level, outcome, problems):
    """The twin ends well and says nothing; whether it could be tried does not matter."""
    if outcome.what not in ("clean", "no", "untried"):
        problems.add(f"{combination.label}, mended, level {level}: must run to its end", describe(outcome))
