"""`publish`: a version appears in one step, whole, or not at all.

The server takes a folder for a version as soon as its name is an integer, and never recovers
from a version that it has seen half-written. So a version is written to a hidden folder beside
the others, on the same file system, and renamed when it is complete.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import os
import pathlib
import re
import secrets
import shutil
from collections.abc import Callable, Iterator

from kerakit.errors import ExportError
from kerakit.files import locked
from kerakit.serving.contract.versions import check_model_dir, choose_version

__all__ = ["Publication", "publish"]

_MODEL_LOCK = ".kerakit.lock"
_OWNER_LOCK = ".lock"
_TEMPORARY = re.compile(r"\.tmp-(\d+)-.+")


@dataclasses.dataclass
class Publication:
    """A version that is being written.

    Attributes:
        folder: `pathlib.Path`. The temporary folder to write to.
        path: `pathlib.Path` of the published version; `None` before.
    """

    folder: pathlib.Path
    path: pathlib.Path | None = None


@contextlib.contextmanager
def publish(
    model_dir: str | os.PathLike[str],
    version: int | None = None,
    finish: Callable[[pathlib.Path, int], None] | None = None,
) -> Iterator[Publication]:
    """Give a folder to write to; it becomes a version of a model when the block ends well.

    The version's number is chosen at the end, under a lock: of two processes at once, the
    one that is ready first gets the lower number. Temporary folders of processes that
    have ended are removed.

    Args:
        model_dir: path. The model's folder. It is created where it is missing.
        version: int, or `None` for the highest existing number + 1. Defaults to `None`.
        finish: function of `(folder, version)`, or `None`. It is called last, when the
            number is certain, to write it down. Defaults to `None`.

    Yields:
        `Publication`.

    Raises:
        ArgumentError: when `model_dir` is a file, or `version` exists or is not the highest.
        ExportError: when the disk is full or cannot be written. Nothing is left behind.
    """
    model_dir = check_model_dir("export", "model_dir", model_dir)
    choose_version(model_dir, version)
    created = [folder for folder in (model_dir, *model_dir.parents) if not folder.exists()]
    publication, owner = None, contextlib.ExitStack()
    try:
        publication = _open(model_dir, owner)
        yield publication
        folder = publication.folder
        _flush(folder)
        with locked(model_dir / _MODEL_LOCK, remove=True):
            number = choose_version(model_dir, version)
            if finish is not None:
                finish(folder, number)
            (folder / _OWNER_LOCK).unlink()
            _sync(folder)
            # No child has this number, so that nothing can be replaced.
            os.rename(folder, model_dir / str(number))
            publication.path = model_dir / str(number)
            _sync(model_dir)
    except OSError as error:
        raise ExportError(_explain(model_dir, error)) from error
    finally:
        if publication is None or publication.path is None:
            if publication is not None:
                shutil.rmtree(publication.folder, ignore_errors=True)
            for folder in created:
                with contextlib.suppress(OSError):
                    folder.rmdir()
        owner.close()


def _open(model_dir, owner):
    """Make a temporary folder; its lock is held until the stack `owner` closes."""
    while True:
        model_dir.mkdir(parents=True, exist_ok=True)
        try:
            with locked(model_dir / _MODEL_LOCK, remove=True):
                _remove_stale(model_dir)
                folder = model_dir / f".tmp-{os.getpid()}-{secrets.token_hex(4)}"
                folder.mkdir()
                try:
                    owner.enter_context(locked(folder / _OWNER_LOCK))
                except OSError:
                    shutil.rmtree(folder, ignore_errors=True)
                    raise
                return Publication(folder)
        except FileNotFoundError:
            continue  # another export failed and removed the empty folder


def _remove_stale(model_dir):
    """Remove the temporary folders of ended processes; the lock of `model_dir` is held."""
    for entry in os.scandir(model_dir):
        match = _TEMPORARY.fullmatch(entry.name)
        if match is None or not entry.is_dir(follow_symlinks=False):
            continue
        if not _is_live(pathlib.Path(entry.path), int(match[1])):
            shutil.rmtree(entry.path, ignore_errors=True)


def _is_live(folder, pid):
    """Whether the process that writes `folder` still runs.

    The process holds a lock, which other containers on the same disk see too, until it ends
    in whatever way. A folder without a lock is judged by the process's number.
    """
    try:
        with locked(folder / _OWNER_LOCK, blocking=False, create=False):
            return False
    except BlockingIOError:
        return True
    except OSError:
        pass
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _flush(folder):
    for parent, _, files in os.walk(folder):
        for name in files:
            _sync(os.path.join(parent, name))
        _sync(parent)


def _sync(path):
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _explain(model_dir, error):
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        reason = "the disk is full. Free some space and export again"
    elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        reason = f"it cannot be written to ({error.strerror}). Choose another folder"
    else:
        reason = str(error)
    return f"export wrote nothing to {model_dir}: {reason}."
