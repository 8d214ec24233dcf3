"""Files of plain text: their bytes, and these as characters."""

from __future__ import annotations

import codecs
import gzip
import os
import pathlib
import zlib

from kerakit.data.files.signature import HEAD, is_gzip, refuse_foreign, refuse_utf16
from kerakit.data.names import near_match
from kerakit.errors import DataError

__all__ = [
    "check_file",
    "decode",
    "file_bytes",
    "in_utf8",
    "is_encoding",
    "not_in_encoding",
    "read_bytes",
    "unpacked",
]

_HEAD = 1 << 12  # bytes that tell whether a file is text
_PIECE = 1 << 20  # bytes that are decoded at once


def read_bytes(path: pathlib.Path, expected: str = "a file of text") -> bytes:
    """Return the bytes of a file of text, unpacked where it is a gzip file.

    Args:
        path: `pathlib.Path`.
        expected: str. The expected kind of file, for errors.

    Raises:
        DataError: when there is no such file, or it is a folder, empty or of another kind.
    """
    content = unpacked(file_bytes(path, expected), path)
    if not content.strip():
        raise DataError(f"{path} is empty. Expected {expected}.")
    return content


def file_bytes(path: pathlib.Path, expected: str) -> bytes:
    """Return the bytes of a file as they are on disk.

    Args:
        path: `pathlib.Path`.
        expected: str. The expected kind of file, for errors.

    Raises:
        DataError: when there is no such file, or it is a folder, empty, or of a kind that no
            loader reads, such as a workbook, an archive or an HTML page.
    """
    return _read(path, expected, None)


def check_file(path: pathlib.Path, expected: str) -> bytes:
    """Return the first bytes of a file, or refuse one that cannot be read by them.

    Args:
        path: `pathlib.Path`.
        expected: str. The expected kind of file, for errors.

    Raises:
        DataError: as `file_bytes`.
    """
    return _read(path, expected, HEAD)


def _read(path, expected, size):
    """The first `size` bytes of a file that may be read."""
    if os.path.isdir(path):  # `Path.is_dir` raises an error for a name that is too long
        raise DataError(f"{path} is a folder. Expected {expected}.")
    try:
        with open(path, "rb") as file:
            content = file.read(size)
    except FileNotFoundError:
        names = os.listdir(path.parent) if path.parent.is_dir() else ()
        raise DataError(f"{path}: no such file.{near_match(path.name, names)}") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from error
    if not content:
        raise DataError(f"{path} is empty. Expected {expected}.")
    refuse_foreign(content[:HEAD], path, expected)
    return content


def unpacked(content: bytes, path: pathlib.Path) -> bytes:
    """Return the content of a file, unpacked where it is a gzip file or its name ends in `.gz`.

    Raises:
        DataError: when it is no complete gzip file, or holds a file of another kind.
    """
    if path.suffix.lower() != ".gz" and not is_gzip(content):
        return content
    try:
        inside = gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} is no complete gzip file: {error}.") from error
    refuse_foreign(inside[:HEAD], path, "text inside the gzip file")
    return inside


def decode(content: bytes, name: str, encoding: str) -> str:
    """Return bytes as a `str` without a byte order mark.

    Args:
        content: bytes.
        name: str. The file's name, for errors.
        encoding: str.

    Raises:
        DataError: when they are not in `encoding`, with the line and the byte, or hold NUL
            characters, which no text has.

    Example:

    >>> decode(b"\\xef\\xbb\\xbfcaf\\xc3\\xa9", "menu.txt", "utf-8")
    'café'
    """
    refuse_utf16(content, name, encoding)
    try:
        text = content.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise not_in_encoding(name, line, encoding, error) from error
    at = text.find("\0")
    if at >= 0:
        raise DataError(
            f"{name}, line {text.count(chr(10), 0, at) + 1}: the text holds a NUL character. If "
            "it is in UTF-16, pass encoding='utf-16'; else remove it."
        )
    return text


def in_utf8(content: bytes, name: str, encoding: str) -> bytes:
    """Return bytes in UTF-8 without a byte order mark, without a copy where they are UTF-8.

    Args:
        content: bytes.
        name: str. The file's name, for errors.
        encoding: str. What they are in.

    Raises:
        DataError: when they are not in `encoding`, with the line and the byte.
    """
    refuse_utf16(content, name, encoding)
    is_utf8 = encoding.lower().replace("_", "-") in ("utf-8", "utf8")
    if not (is_utf8 and _is_utf8(content)):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError as error:
            line = content[: error.start].count(b"\n") + 1
            raise not_in_encoding(name, line, encoding, error) from error
        content = content if is_utf8 else text.encode()
    return content.removeprefix(b"\xef\xbb\xbf")


def not_in_encoding(name: str, line: int, encoding: str, error: UnicodeDecodeError) -> DataError:
    """Return the `DataError` about text that is in another encoding, or no text at all."""
    if b"\0" in error.object[:_HEAD]:
        return DataError(
            f"{name} is no text: it holds NUL bytes, and is not {encoding}. Pass a text file, "
            "or the right encoding=."
        )
    return DataError(
        f"{name}, line {line}: the text is not {encoding} (byte "
        f"{error.object[error.start : error.start + 1].hex()}). Pass the right encoding=, for "
        "example encoding='latin-1'."
    )


def is_encoding(name: str) -> bool:
    """Whether Python knows an encoding of characters by this name.

    Example:

    >>> is_encoding("latin-1"), is_encoding("latin-0"), is_encoding("base64")
    (True, False, False)
    """
    try:
        "".encode(name)
    except (LookupError, TypeError, ValueError):
        return False
    return True


def _is_utf8(content):
    """Whether bytes are UTF-8, without a copy of them all."""
    if content.isascii():
        return True
    decoder = codecs.getincrementaldecoder("utf-8")()
    view = memoryview(content)
    try:
        for start in range(0, len(content), _PIECE):
            decoder.decode(view[start : start + _PIECE])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
