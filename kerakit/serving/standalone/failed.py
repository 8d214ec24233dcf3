"""`Failed`: the error of a check that fails."""

from __future__ import annotations

__all__ = ["Failed", "need", "reason_of"]


class Failed(Exception):
    """A check failed. The message names the fault."""


def need(ok: object, fault: str) -> None:
    """Raise `Failed` with the message `fault` unless `ok`."""
    if not ok:
        raise Failed(fault)


def reason_of(error: BaseException) -> str:
    """Return the reason of an error in one line.

    An error of TensorFlow begins with the line of Python that made the operation. The reason
    stands before the operation's name in double brackets.
    """
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    for before, line in zip(lines, lines[1:], strict=False):
        if line.startswith("[[{{node"):
            return before
    return lines[0] if lines else type(error).__name__
