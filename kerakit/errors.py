"""The exceptions of kerakit.

Every error that kerakit raises on purpose is a `KerakitError`. The command line
maps them to exit codes: a wrong value (`ValueError` among the bases) exits 2,
anything that fails on the way exits 1.
"""

from __future__ import annotations

__all__ = [
    "MAX_MESSAGE",
    "ArgumentError",
    "DataError",
    "ExportError",
    "KerakitError",
    "RunError",
    "TrainingError",
]

# The maximum length of a message, in characters. `kerakit.checks` shortens values and lists of
# names, so few messages are longer. The middle of a longer message is left out.
MAX_MESSAGE = 500
_CUT = " [...] "


class KerakitError(Exception):
    """Base of all errors that kerakit raises on purpose.

    Args:
        message: str. What was received and where, what was expected, and what to do. A message
            of more than 500 characters is cut in the middle: it begins with what is wrong and
            ends with what to do.

    Example:

    >>> str(KerakitError("x" * 600)).count("x")
    493
    """

    def __init__(self, message: object = "") -> None:
        text = str(message)
        if len(text) > MAX_MESSAGE:
            end = (MAX_MESSAGE - len(_CUT)) * 2 // 5
            text = text[: MAX_MESSAGE - len(_CUT) - end] + _CUT + text[-end:]
        super().__init__(text)


class ArgumentError(KerakitError, ValueError):
    """A parameter has a value that it cannot have."""


class DataError(KerakitError, ValueError):
    """The data cannot be used as they are: a file, column, row or label is wrong."""


class RunError(KerakitError, ValueError):
    """A run directory belongs to another model, configuration or process."""


class TrainingError(KerakitError, RuntimeError):
    """Training failed on the way, for example because the loss diverged."""


class ExportError(KerakitError, RuntimeError):
    """An export could not be written, or does not answer as the model did."""
