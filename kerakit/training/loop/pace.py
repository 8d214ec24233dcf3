"""`Pace`: how many steps a compiled call takes, so that it returns about once a second."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["CALL_SECONDS", "Pace"]

# A bar that moves every second is seen to move, and Ctrl-C, which Python notices between calls,
# answers at once. A call costs about 0.2 ms beside its steps, which is nothing in a second.
CALL_SECONDS = 0.75
SLACK = 1.5  # the last call of an epoch may take so many times as long, instead of one call more


class Pace:
    """Counts the steps of the next call by the time that the last one took.

    Args:
        compiled: bool. Whether the function was called before. The first call traces and
            compiles it, and tells nothing about its steps. Defaults to `False`.

    Attributes:
        seconds: float or `None`. The time of a step; `None` where it is unknown.

    Example:

    >>> pace = Pace(compiled=True)
    >>> pace.steps(1000)  # as nothing is known, a single one
    1
    >>> pace.seconds = 0.01
    >>> pace.steps(1000), pace.steps(100)
    (75, 100)
    """

    def __init__(self, compiled: bool = False) -> None:
        self.compiled, self.seconds = compiled, None

    def steps(self, left: int) -> int:
        """Return how many of the steps that are left the next call takes."""
        if self.seconds is None:
            return 1
        count = max(1, int(CALL_SECONDS / self.seconds))
        return left if left <= SLACK * count else count

    def is_long(self, steps: int) -> bool:
        """Return whether a call of so many steps takes longer than a call should, or may do so."""
        return self.seconds is None or self.seconds * steps > SLACK * CALL_SECONDS

    def timed(self, call: Callable[[int, int], dict[str, float]], begin: int, end: int):
        """Return `call(begin, end)`, which takes the steps from `begin` up to `end`."""
        start = time.perf_counter()
        logs = call(begin, end)
        if self.compiled:
            self.seconds = (time.perf_counter() - start) / (end - begin)
        self.compiled = True
        return logs
