"""Files that are either the old ones or the new ones, never half of each.

Everything is written beside its destination, on the same file system, and renamed
into place in one step (`rename(2)` replaces atomically).
"""

import contextlib
import json
import os
import pathlib
import tempfile

__all__ = [
    "atomic_path",
    "highest_version",
    "read_json",
    "write_bytes",
    "write_json",
    "write_text",
]


@contextlib.contextmanager
def atomic_path(path, durable=True):
    """Give a path to write to; what was written becomes `path` when the block ends well.

    Args:
        path: The destination. Its folder is created where it is missing.
        durable: bool. Whether the contents reach the disk before the rename, so that
            they survive a power cut as well as a kill. Defaults to `True`.

    Yields:
        `pathlib.Path` of a file beside `path`, with the same suffix. It is removed when
        the block raises; `path` is then untouched.
    """
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    aside = pathlib.Path(name)
    try:
        yield aside
        if durable:
            with open(aside, "rb") as file:
                os.fsync(file.fileno())
        os.chmod(aside, 0o666 & ~_umask())
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)


def write_bytes(path, content, durable=True):
    """Write `content` to `path`, whole or not at all."""
    with atomic_path(path, durable) as aside:
        aside.write_bytes(content)


def write_text(path, text, durable=True):
    """Write `text` to `path` in UTF-8, whole or not at all."""
    write_bytes(path, text.encode(), durable)


def write_json(path, value, durable=True):
    """Write `value` to `path` as indented JSON, whole or not at all."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n", durable)


def read_json(path):
    """Read the JSON value in the file `path`."""
    return json.loads(pathlib.Path(path).read_text(encoding="utf-8"))


def _umask():
    """The process's umask; `mkstemp` makes files private, what users get is not."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def highest_version(folder):
    """Return the highest version in a folder: the integers among its entries' names, or 0.

    Example:

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("2", "10", "10.bak", ".tmp-11"):
    ...         os.mkdir(os.path.join(folder, name))
    ...     highest_version(folder)
    10
    """
    folder = pathlib.Path(folder)
    if not folder.is_dir():
        return 0
    names = [entry.name for entry in folder.iterdir()]
    return max((int(n) for n in names if n.isascii() and n.lstrip("+").isdigit()), default=0)
