"""Run folders: `runs/<name>/<version>/`, reserved when a run starts and found again to resume.

A run and its export have the same version number, so that a served version leads back to the
run that trained it.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import re
import reprlib
import shutil
from collections.abc import Iterator
from typing import Any

from kerakit.errors import ArgumentError, KerakitError, RunError
from kerakit.files import highest_version, locked, read_json, write_json

__all__ = ["Run", "open_run"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
MAX_DIFFERENCES = 3  # that an error lists


class Run:
    """The folder and the version number of a run.

    Attributes:
        name: str.
        version: int.
        folder: `pathlib.Path`, `runs/<name>/<version>`.
        resumed: bool. Whether the run was begun before.
    """

    def __init__(self, folder: pathlib.Path, resumed: bool) -> None:
        self.folder = folder
        self.resumed = resumed

    @property
    def name(self) -> str:
        """The name of the run."""
        return self.folder.parent.name

    @property
    def version(self) -> int:
        """The version number of the run."""
        return int(self.folder.name)

    def export_version(self, model_dir: str | os.PathLike[str]) -> int:
        """Return the version number for the export of this run.

        It is the number of the run, unless another run of the name has exported this number or
        a higher one in the meantime. Then it is the next number that is free in both places.

        Args:
            model_dir: path of the folder of all exports of the name.
        """
        taken = highest_version(model_dir)
        if self.version > taken:
            return self.version
        return max(taken, highest_version(self.folder.parent)) + 1

    def follow(self, version: int) -> None:
        """Rename the folder to the version number of the export."""
        target = self.folder.with_name(str(version))
        if version != self.version and not target.exists():
            os.rename(self.folder, target)
            self.folder = target


@contextlib.contextmanager
def open_run(
    name: str,
    config: dict[str, Any],
    runs: str | os.PathLike[str] = "runs",
    out: str | os.PathLike[str] = "saved_models",
    resume: bool = True,
) -> Iterator[Run]:
    """Reserve a run folder with the next version number, or find an unfinished run to resume.

    An unfinished run is found if its configuration is the same. Nothing is left of a run that
    is refused before it trained.

    Args:
        name: str of letters, digits, `_`, `.` and `-`. It becomes the served model's name.
        config: dict of JSON values. The configuration that tells this run from others.
        runs: path of the folder of all runs. Defaults to `"runs"`.
        out: path of the folder of all exports. Defaults to `"saved_models"`.
        resume: bool. Whether to go on with an unfinished run. Defaults to `True`.

    Yields:
        `Run`, locked against other processes until the block ends.

    Raises:
        ArgumentError: when the name or a path cannot be used.
        RunError: when the unfinished run of the name has another configuration.
    """
    if not _NAME.fullmatch(name):
        raise ArgumentError(
            "The 'name' parameter of open_run must consist of letters, digits, '_', '.' and '-'. "
            f"Got {reprlib.repr(name)} instead."
        )
    home, model_dir = pathlib.Path(runs, name), pathlib.Path(out, name)
    for path in (pathlib.Path(runs), home, pathlib.Path(out), model_dir):
        if path.exists() and not path.is_dir():
            raise ArgumentError(
                f"The path {str(path)!r} of open_run must be a folder, not a file. Choose another."
            )
    with _reserved(home, model_dir, config, resume) as run:
        try:
            yield run
        except KerakitError as error:
            if isinstance(error, ValueError) and not _has_begun(run.folder):
                shutil.rmtree(run.folder, ignore_errors=True)
                with contextlib.suppress(OSError):
                    (home / ".lock").unlink()
                    home.rmdir()
                    home.parent.rmdir()
            raise


@contextlib.contextmanager
def _reserved(home, model_dir, config, resume):
    home.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        with locked(home / ".lock"):
            folder = home / str(highest_version(home))
            resumed = False
            if resume and folder.exists() and not _finished(folder):
                resumed = _lock(folder, stack)
                if resumed and _has_begun(folder):
                    _check_same(folder, config)
                elif resumed:  # the run ended before its first epoch did: nothing is lost
                    write_json(folder / "config.json", config)
            if not resumed:
                version = max(highest_version(home), highest_version(model_dir)) + 1
                folder = home / str(version)
                folder.mkdir()
                _lock(folder, stack)
                write_json(folder / "config.json", config)
        yield Run(folder, resumed)


def _has_begun(folder):
    """Whether an epoch of a run, or of a search in it, was finished."""
    return any(True for _ in folder.glob("checkpoint.npz")) or any(
        True for _ in folder.glob("search/trial_*/checkpoint.npz")
    )


def _lock(folder, stack):
    """Lock a run's folder until the stack closes; `False` where a process holds it."""
    try:
        stack.enter_context(locked(folder / ".running", blocking=False))
    except BlockingIOError:
        return False
    return True


def _finished(folder):
    try:
        return read_json(folder / "metrics.json")["seconds"]["total"] is not None
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _check_same(folder, config):
    try:
        earlier = read_json(folder / "config.json")
    except (OSError, ValueError):
        earlier = {}
    different = [key for key in {**earlier, **config} if earlier.get(key) != config.get(key)]
    if different:
        words = ", ".join(
            f"{key} was {reprlib.repr(earlier.get(key))}, is {reprlib.repr(config.get(key))}"
            for key in different[:MAX_DIFFERENCES]
        )
        more = len(different) - MAX_DIFFERENCES
        words += f" and {more} more" if more > 0 else ""
        raise RunError(
            f"The unfinished run {folder} has another configuration: {words}. Take another --name, "
            "the same configuration to go on, or --no-resume to begin the next version."
        )
