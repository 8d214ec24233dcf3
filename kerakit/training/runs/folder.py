"""Run folders: `runs/<name>/<version>/`, reserved when a run starts and found again to resume.

A run and its export bear the same number, so that a served version leads back to how it
was trained.
"""

import contextlib
import os
import pathlib
import re
import shutil

from kerakit.errors import ArgumentError, KerakitError, RunError
from kerakit.files import highest_version, locked, read_json, write_json

__all__ = ["Run", "open_run"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


class Run:
    """One run's folder and number.

    Attributes:
        name: str.
        version: int.
        folder: `pathlib.Path`, `runs/<name>/<version>`.
        resumed: bool. Whether the run was begun before.
    """

    def __init__(self, folder, resumed):
        self.folder = folder
        self.resumed = resumed

    @property
    def name(self):
        return self.folder.parent.name

    @property
    def version(self):
        return int(self.folder.name)

    def export_version(self, base):
        """Return the number to export to `base` as.

        It is the run's own, unless another run of the name has exported as high a number in
        the meantime; then it is the next that is free in both places.
        """
        taken = highest_version(base)
        if self.version > taken:
            return self.version
        return max(taken, highest_version(self.folder.parent)) + 1

    def follow(self, version):
        """Rename the folder to the number that the export got."""
        target = self.folder.with_name(str(version))
        if version != self.version and not target.exists():
            os.rename(self.folder, target)
            self.folder = target


@contextlib.contextmanager
def open_run(name, config, runs="runs", out="saved_models", resume=True):
    """Reserve the next version of a run, or find the unfinished one of the same configuration.

    Nothing is left of a run that is refused before it trained.

    Args:
        name: str. Letters, digits, `_`, `.` and `-`; it becomes the served model's name.
        config: dict of JSON values. What makes a run this run.
        runs, out: paths of the folders of all runs and of all exports.
        resume: bool. Whether to go on with an unfinished run. Defaults to `True`.

    Yields:
        `Run`, locked against other processes until the block ends.

    Raises:
        ArgumentError: when the name or a path cannot be used.
        RunError: when the unfinished run of the name has another configuration.
    """
    if not _NAME.fullmatch(name):
        raise ArgumentError(
            "The 'name' of a run must consist of letters, digits, '_', '.' and '-'. "
            f"Got {name!r} instead."
        )
    home, base = pathlib.Path(runs, name), pathlib.Path(out, name)
    for path in (pathlib.Path(runs), home, pathlib.Path(out), base):
        if path.exists() and not path.is_dir():
            raise ArgumentError(f"{str(path)!r} must be a folder, and is a file. Choose another.")
    with _reserved(home, base, config, resume) as run:
        try:
            yield run
        except KerakitError as error:
            if isinstance(error, ValueError) and not (run.folder / "checkpoint.npz").exists():
                shutil.rmtree(run.folder, ignore_errors=True)
                with contextlib.suppress(OSError):
                    (home / ".lock").unlink()
                    home.rmdir()
                    home.parent.rmdir()
            raise


@contextlib.contextmanager
def _reserved(home, base, config, resume):
    home.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        with locked(home / ".lock"):
            folder = home / str(highest_version(home))
            resumed = False
            if resume and folder.exists() and not _finished(folder):
                resumed = _lock(folder, stack)
                if resumed and (folder / "checkpoint.npz").exists():
                    _check_same(folder, config)
                elif resumed:  # it ended before its first epoch did: nothing to be lost
                    write_json(folder / "config.json", config)
            if not resumed:
                version = max(highest_version(home), highest_version(base)) + 1
                folder = home / str(version)
                folder.mkdir()
                _lock(folder, stack)
                write_json(folder / "config.json", config)
        yield Run(folder, resumed)


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
        before = read_json(folder / "config.json")
    except (OSError, ValueError):
        before = {}
    different = [key for key in {**before, **config} if before.get(key) != config.get(key)]
    if different:
        words = ", ".join(f"{k} was {before.get(k)!r}, is {config.get(k)!r}" for k in different)
        raise RunError(
            f"The unfinished run {folder} has another configuration: {words}. Take another --name, "
            "the same configuration to go on, or --no-resume to begin the next version."
        )
