"""Files that are written as a whole or not at all, locked, counted and fingerprinted.

A file is written beside its destination, on the same file system, and renamed in one step
(`rename(2)` replaces atomically). The version folders of runs and of exports are counted here.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import pathlib
import re
import secrets
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

__all__ = [
    "MAXIMUM_VERSION",
    "atomic_path",
    "fingerprint",
    "highest_version",
    "locked",
    "read_json",
    "version_number",
    "versions",
    "write_bytes",
    "write_json",
    "write_text",
]

MAXIMUM_VERSION = 2**63 - 1
# The texts that absl::SimpleAtoi<int64> accepts: ASCII digits, a sign, white space around them.
_INTEGER = re.compile(r"[ \t\n\v\f\r]*([+-]?[0-9]+)[ \t\n\v\f\r]*")


@contextlib.contextmanager
def atomic_path(path: str | os.PathLike[str], durable: bool = True) -> Iterator[pathlib.Path]:
    """Give a path to write to; the file there becomes `path` when the block ends without an error.

    Args:
        path: str or path. The destination. Its folder is created where it is missing.
        durable: bool. Whether the contents are on the disk before the rename, so that
            they survive a power cut as well as a kill. Defaults to `True`.

    Yields:
        `pathlib.Path` of a file beside `path`, with the same suffix. If the block raises an
        error, the file is removed and `path` is not changed.
    """
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.stem}-{secrets.token_hex(4)}{path.suffix}")
    try:  # the name comes before the file, so that Ctrl-C at any moment leaves no file behind
        os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        yield draft
        if durable:
            with open(draft, "rb") as file:
                os.fsync(file.fileno())
        os.chmod(draft, 0o666 & ~_umask())
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def write_bytes(path: str | os.PathLike[str], content: bytes, durable: bool = True) -> None:
    """Write `content` to `path`, whole or not at all."""
    with atomic_path(path, durable) as draft:
        draft.write_bytes(content)


def write_text(path: str | os.PathLike[str], text: str, durable: bool = True) -> None:
    """Write `text` to `path` in UTF-8, whole or not at all."""
    write_bytes(path, text.encode(), durable)


def write_json(path: str | os.PathLike[str], value: Any, durable: bool = True) -> None:
    """Write `value` to `path` as indented JSON, whole or not at all."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n", durable)


def read_json(path: str | os.PathLike[str]) -> Any:
    """Read the JSON value in the file `path`."""
    return json.loads(pathlib.Path(path).read_text(encoding="utf-8"))


@contextlib.contextmanager
def locked(
    path: str | os.PathLike[str],
    blocking: bool = True,
    create: bool = True,
    remove: bool = False,
) -> Iterator[BinaryIO]:
    """Hold the exclusive lock of a file while the block runs.

    The system releases the lock when the process ends, however it ends. Processes in other
    containers see the lock too, if they share the disk.

    Args:
        path: path of the file. Its folder must exist; its content is left as it is.
        blocking: bool. Whether to wait for another process that holds the lock. Defaults to
            `True`.
        create: bool. Whether to create the file where it is missing. Defaults to `True`.
        remove: bool. Whether to remove the file at the end of the block. Defaults to `False`.

    Yields:
        The locked file, open to read and to append (without `create` only to read).

    Raises:
        BlockingIOError: when another process holds the lock and `blocking` is `False`.
        OSError: when the file cannot be opened.
    """
    import fcntl  # POSIX only: what needs no lock can be imported elsewhere, too

    while True:
        with open(path, "ab+" if create else "rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if blocking else fcntl.LOCK_NB))
            if not _is_file_at(path, file):
                # The process that held the lock renamed or removed the file that was opened.
                if not blocking:
                    raise BlockingIOError(f"{os.fspath(path)} was locked by another process")
                continue
            try:
                yield file
            finally:
                if remove:
                    pathlib.Path(path).unlink(missing_ok=True)
            return


def _is_file_at(path, file):
    try:
        return os.path.samestat(os.fstat(file.fileno()), os.stat(path))
    except FileNotFoundError:
        return False


def _umask():
    """The umask of the process. A file is private while it is written, and then as usual."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def fingerprint(parts: Iterable[Any]) -> str:
    """Return the SHA-256 of parts that are hashed as if they were joined, in hexadecimal.

    Args:
        parts: iterable of str (hashed as UTF-8), bytes, arrays in C order (their values, not
            their shape or dtype) and files that are open to read bytes (their content). Put
            separators between parts that could run into each other.

    Example:

    >>> fingerprint(["train", b"/"]) == fingerprint(["train/"])
    True
    >>> fingerprint([])[:8]
    'e3b0c442'
    """
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, str):
            digest.update(part.encode())
        elif hasattr(part, "readinto"):
            hashlib.file_digest(part, lambda: digest)
        else:
            digest.update(part)
    return digest.hexdigest()


def version_number(name: str) -> int | None:
    """Return the version that the server reads from the name of a file or folder, or `None`.

    Example:

    >>> [version_number(name) for name in ("12", "00012", "v12", "12.bak", ".tmp-12", "1e3")]
    [12, 12, None, None, None, None]
    """
    match = _INTEGER.fullmatch(name)
    number = int(match[1]) if match else None
    return (
        number if number is not None and -MAXIMUM_VERSION - 1 <= number <= MAXIMUM_VERSION else None
    )


def versions(base: str | os.PathLike[str]) -> list[int]:
    """Return the sorted version numbers of the folders and files in the folder `base`.

    The server takes a file for a version, too: a file with the name `9` is version 9.
    """
    try:
        names = os.listdir(base)
    except FileNotFoundError:
        return []
    return sorted({n for n in map(version_number, names) if n is not None})


def highest_version(base: str | os.PathLike[str]) -> int:
    """Return the highest version number in `base`, 0 where there is none."""
    return max([0, *versions(base)])
