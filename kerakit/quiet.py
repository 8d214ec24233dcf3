"""Less noise: the notes that TensorFlow prints while it is imported."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator

from kerakit.lazy import around_import

__all__ = ["in_notebook", "note_stream_hidden", "quiet_tensorflow_in_notebooks"]

LOG_LEVEL = "TF_CPP_MIN_LOG_LEVEL"


def in_notebook() -> bool:
    """Return whether the program is the kernel of a notebook, whose output is no terminal."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    # A program that runs notebooks imports ipykernel as well, and has no such shell.
    return getattr(shell, "kernel", None) is not None


@contextlib.contextmanager
def note_stream_hidden() -> Iterator[None]:
    """Hide what is written to standard error inside the block, by any language."""
    sys.stderr.flush()
    error_stream = os.dup(2)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(error_stream, 2)
        os.close(error_stream)


def quiet_tensorflow_in_notebooks() -> None:
    """Hide TensorFlow's notes about processors and drivers in a notebook.

    A notebook shows them as errors below the cell. TensorFlow prints some before its log level
    counts, so that they are hidden while it is imported. Nothing is hidden where the user has
    set `TF_CPP_MIN_LOG_LEVEL`, or has imported TensorFlow before kerakit. Exceptions are raised
    as usual.
    """
    if in_notebook() and LOG_LEVEL not in os.environ and "tensorflow" not in sys.modules:
        os.environ[LOG_LEVEL] = "3"
        around_import("tensorflow", _hidden)


def _hidden(load: Callable[[], None]) -> None:
    with note_stream_hidden():
        load()
