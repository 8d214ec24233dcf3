"""A version appears in one step, whole, or not at all.

The server takes a folder for a version as soon as its name is an integer, and never
recovers from one that it has seen half-written. So everything is written to a hidden
folder beside the versions, on the same file system, and renamed when it is complete.
"""

import contextlib
import dataclasses
import errno
import os
import pathlib
import re
import secrets
import shutil

from kerakit.errors import ExportError
from kerakit.files import locked
from kerakit.serving.contract.versions import check_model_dir, choose_version

__all__ = ["Publication", "publish"]

_MODEL_LOCK = ".kerakit.lock"
_OWNER_LOCK = ".lock"
_TEMPORARY = re.compile(r"\.tmp-(\d+)-.+")


@dataclasses.dataclass
class Publication:
    """A version in the making.

    Attributes:
        folder: `pathlib.Path`. The temporary folder to write to.
        path: `pathlib.Path` of the version once it is published, `None` before.
    """

    folder: pathlib.Path
    path: pathlib.Path | None = None


@contextlib.contextmanager
def publish(base, version=None, finish=None):
    """Give a folder to write to; it becomes a version of `base` when the block ends well.

    The version's number is chosen at the end, under a lock: of two processes at once, the
    one that is ready first gets the lower number. Temporary folders of processes that
    are gone are removed on the way.

    Args:
        base: path. The model's folder. It is created where it is missing.
        version: int, or `None` for the highest existing number + 1. Defaults to `None`.
        finish: function of `(folder, version)`, or `None`. Called last, when the number is
            certain, to write it down. Defaults to `None`.

    Yields:
        `Publication`.

    Raises:
        ArgumentError: when `base` is a file, or `version` exists or is not the highest.
        ExportError: when the disk is full or cannot be written. Nothing is left behind.
    """
    base = check_model_dir("export", "model_dir", base)
    choose_version(base, version)
    created = [folder for folder in (base, *base.parents) if not folder.exists()]
    publication, owner = None, contextlib.ExitStack()
    try:
        publication = _open(base, owner)
        yield publication
        folder = publication.folder
        _flush(folder)
        with locked(base / _MODEL_LOCK, remove=True):
            number = choose_version(base, version)
            if finish is not None:
                finish(folder, number)
            (folder / _OWNER_LOCK).unlink()
            _sync(folder)
            # A number is one that no child has, so that nothing can be replaced.
            os.rename(folder, base / str(number))
            publication.path = base / str(number)
            _sync(base)
    except OSError as error:
        raise ExportError(_explain(base, error)) from error
    finally:
        if publication is None or publication.path is None:
            if publication is not None:
                shutil.rmtree(publication.folder, ignore_errors=True)
            for folder in created:
                with contextlib.suppress(OSError):
                    folder.rmdir()
        owner.close()


def _open(base, owner):
    """Make a temporary folder; its lock is held until the stack `owner` closes."""
    while True:
        base.mkdir(parents=True, exist_ok=True)
        try:
            with locked(base / _MODEL_LOCK, remove=True):
                _remove_stale(base)
                folder = base / f".tmp-{os.getpid()}-{secrets.token_hex(4)}"
                folder.mkdir()
                try:
                    owner.enter_context(locked(folder / _OWNER_LOCK))
                except OSError:
                    shutil.rmtree(folder, ignore_errors=True)
                    raise
                return Publication(folder)
        except FileNotFoundError:
            continue  # another export failed and took the empty base with it


def _remove_stale(base):
    """Remove the temporary folders of processes that are gone; the lock of `base` is held."""
    for entry in os.scandir(base):
        match = _TEMPORARY.fullmatch(entry.name)
        if match is None or not entry.is_dir(follow_symlinks=False):
            continue
        if not _is_live(pathlib.Path(entry.path), int(match[1])):
            shutil.rmtree(entry.path, ignore_errors=True)


def _is_live(folder, pid):
    """Whether the process that writes `folder` still runs.

    The lock tells, in other containers on the same disk too; it is let go with the
    process, however that ends. A folder without one is judged by the process's number.
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


def _explain(base, error):
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        what = "the disk is full. Free some space and export again"
    elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        what = f"it cannot be written to ({error.strerror}). Choose another folder"
    else:
        what = str(error)
    return f"Nothing was exported to {base}: {what}."
