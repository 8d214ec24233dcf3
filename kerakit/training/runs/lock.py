"""One process at a time in a run directory."""

from __future__ import annotations

import contextlib
import pathlib
from collections.abc import Iterator

from kerakit.errors import RunError
from kerakit.files import locked

__all__ = ["locked_run"]


@contextlib.contextmanager
def locked_run(folder: pathlib.Path | None) -> Iterator[None]:
    """Hold the lock of a run directory while the block runs.

    Args:
        folder: `pathlib.Path`, or `None` for no lock.

    Raises:
        RunError: when another process holds the lock.
    """
    if folder is None:
        yield
        return
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(locked(folder / ".lock", blocking=False))
        except BlockingIOError as error:
            raise RunError(
                f"The run directory {folder} is in use by another process. Wait for that process, "
                "or use another name."
            ) from error
        yield
