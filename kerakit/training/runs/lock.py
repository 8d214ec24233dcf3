"""One process at a time in a run directory."""

import contextlib
import fcntl

from kerakit.errors import RunError

__all__ = ["locked"]


@contextlib.contextmanager
def locked(folder):
    """Hold the lock of `folder` while the block runs; it ends with the process, too.

    Args:
        folder: `pathlib.Path`, or `None` for no lock.

    Raises:
        RunError: when another process holds it.
    """
    if folder is None:
        yield
        return
    with open(folder / ".lock", "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise RunError(
                f"The run directory {folder} is in use by another process. Wait for it, or use "
                "another name."
            ) from error
        yield
