"""The exceptions of kerakit.

Every error that kerakit raises on purpose is a `KerakitError`. The command line
maps them to exit codes: a wrong value (`ValueError` among the bases) exits 2,
anything that fails on the way exits 1.
"""

__all__ = [
    "ArgumentError",
    "DataError",
    "ExportError",
    "KerakitError",
    "RunError",
    "TrainingError",
]


class KerakitError(Exception):
    """Base of all errors that kerakit raises on purpose."""


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
