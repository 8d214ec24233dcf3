"""A progress bar for the scoring of a file."""

from __future__ import annotations

import sys
import time
from typing import Literal, TextIO

__all__ = ["ScoreProgress"]

_WIDTH = 30
_SECONDS = 0.1


class ScoreProgress:
    """A bar on a terminal: `[=========>..........]  45 %  120,000 rows`.

    Args:
        verbose: bool, or `"auto"`: on a terminal only.
        stream: text stream. Defaults to `None`: standard error.
    """

    def __init__(self, verbose: bool | Literal["auto"] = "auto", stream: TextIO | None = None):
        self._stream = sys.stderr if stream is None else stream
        self._shown = self._stream.isatty() if verbose == "auto" else bool(verbose)
        self._next = 0.0
        self._last = ""

    def __enter__(self) -> ScoreProgress:
        return self

    def __exit__(self, *error: object) -> None:
        if self._shown and self._last:
            self._stream.write("\n")
            self._stream.flush()

    def show(self, rows: int, fraction: float) -> None:
        """Show how many rows, and which fraction of the file in [0, 1], are done."""
        now = time.monotonic()
        if not self._shown or (now < self._next and fraction < 1):
            return
        self._next = now + _SECONDS
        done = int(_WIDTH * fraction)
        bar = ("=" * done + ">" * (done < _WIDTH)).ljust(_WIDTH, ".")
        self._last = f"\r[{bar}] {fraction:4.0%}  {rows:,} rows"
        self._stream.write(self._last)
        self._stream.flush()
