"""How a check fails."""

__all__ = ["Failed", "need", "said"]


class Failed(Exception):
    """A check failed; the text says how."""


def need(ok, otherwise):
    """Fail a check unless `ok`."""
    if not ok:
        raise Failed(otherwise)


def said(error):
    """What an error says in one line.

    TensorFlow's errors begin with where in Python the operation was made; what went wrong
    stands before the operation's name in double brackets.
    """
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    for before, line in zip(lines, lines[1:], strict=False):
        if line.startswith("[[{{node"):
            return before
    return lines[0] if lines else type(error).__name__
