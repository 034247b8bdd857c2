"""One line that says how far a benchmark is."""

import sys
import time


class Progress:
    def __init__(self, wanted, total):
        self.on_terminal = sys.stderr.isatty()
        self.wanted = wanted or self.on_terminal
        self.total, self.done, self.start = total, 0, time.monotonic()

    def step(self, text):
        if self.wanted:
            left = (time.monotonic() - self.start) / self.done * (self.total - self.done) if self.done else None
            line = f"bench: {self.done + 1}/{self.total} {text}" + (f", {left:.0f} s left" if left else "")
            print(f"\r\033[K{line}" if self.on_terminal else line, end="" if self.on_terminal else "\n",
                  file=sys.stderr, flush=True)
        self.done += 1

    def end(self):
        if self.wanted and self.on_terminal:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
