"""The exact messages of a program of tests/faults/levels, in the file NAME.expected beside it.

    [size 8, levels 0 1]
    loam: error[double-free]: ...
    [size 8, levels 2 3]
    loam: error[double-free]: ...

One section for each message that differs. `run --write` writes them.
"""

import re

from corpus import LEVELS

HEAD = re.compile(r"\[size (\S+), levels? ([0-9 ]+)\]")


def path_of(name):
    return LEVELS / f"{name}.expected"


def read(name):
    """{(size, level): message}"""
    messages, places = {}, []
    if not path_of(name).exists():
        return messages
    for line in path_of(name).read_text().splitlines(keepends=True):
        head = HEAD.fullmatch(line.strip())
        if head:
            places = [(head[1], int(level)) for level in head[2].split()]
            messages.update(dict.fromkeys(places, ""))
        elif not places:
            raise SystemExit(f"{path_of(name)}: a message without a head: {line!r}")
        for place in [] if head else places:
            messages[place] += line
    return messages


def as_text(messages):
    sections = {}
    for (size, level), message in sorted(messages.items(), key=lambda item: (int(item[0][0].strip("-") or 0), item[0])):
        sections.setdefault((size, message), []).append(str(level))
    return "".join(f"[size {size}, level{'s' * (len(levels) > 1)} {' '.join(levels)}]\n{message}"
                   for (size, message), levels in sections.items())


def write(name, messages):
    """Returns whether the file has changed."""
    path, text = path_of(name), as_text(messages)
    if text == (path.read_text() if path.exists() else ""):
        return False
    if text:
        path.write_text(text)
    else:
        path.unlink()
    return True
