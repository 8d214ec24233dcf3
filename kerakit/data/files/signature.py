"""The kind of a file by its first bytes: workbooks, archives, pages and other files of no text."""

from __future__ import annotations

import codecs
import os
import zipfile

from kerakit.errors import DataError

__all__ = ["HEAD", "is_gzip", "is_parquet", "is_ts_file", "refuse_foreign", "refuse_utf16"]

HEAD = 1 << 12  # bytes from the start of a file that tell its kind

_CSV = "pandas.read_excel(FILE).to_csv('NAME.csv', index=False)"
_WORKBOOK = f"Save the sheet as CSV, for example by {_CSV}."
_ARCHIVE = "Unpack it, and pass a file that it holds."
_FRAME = "Write it as Parquet or CSV, for example by DataFrame.to_parquet."
_PAGE = "The link may lead to a page about the data. Download the data file itself."

# (offset, bytes, noun, what to do)
_KINDS = (
    (0, b"PK\x03\x04", "a ZIP archive", _ARCHIVE),
    (0, b"PK\x05\x06", "an empty ZIP archive", "Pass a file of data."),
    (0, b"\xd0\xcf\x11\xe0", "an Excel workbook of the old format (.xls)", _WORKBOOK),
    (0, b"%PDF", "a PDF document", "Copy its table into a CSV file."),
    (0, b"BZh", "compressed by bzip2", "Unpack it (bunzip2), or compress it by gzip."),
    (0, b"\xfd7zXZ", "compressed by xz", "Unpack it (unxz), or compress it by gzip."),
    (0, b"\x28\xb5\x2f\xfd", "compressed by Zstandard", "Unpack it (unzstd), or use gzip."),
    (0, b"7z\xbc\xaf", "a 7-Zip archive", _ARCHIVE),
    (0, b"Rar!", "a RAR archive", _ARCHIVE),
    (257, b"ustar", "a tar archive", _ARCHIVE),
    (0, b"ARROW1", "a Feather (Arrow) file", _FRAME),
    (0, b"FEA1", "a Feather file", _FRAME),
    (0, b"\x89HDF", "an HDF5 file", _FRAME),
    (0, b"ORC", "an ORC file", _FRAME),
    (0, b"Obj\x01", "an Avro file", _FRAME),
    (0, b"SQLite format 3", "an SQLite data base", "Export its table as CSV."),
    (0, b"\x93NUMPY", "a NumPy array", "Pass numpy.load(FILE) to load_arrays."),
    (0, b"$FL2", "an SPSS file", _FRAME),
    (0, b"<stata_dta>", "a Stata file", _FRAME),
    (0, b"\x89PNG", "a PNG image", "Pass a file of data."),
    (0, b"\xff\xd8\xff", "a JPEG image", "Pass a file of data."),
    (0, b"GIF8", "a GIF image", "Pass a file of data."),
    (0, b"version https://git-lfs", "a pointer of Git LFS", "Run git lfs pull to get the file."),
)
_TAGS = (b"<!doctype html", b"<html", b"<head", b"<body", b"<table")
_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def is_parquet(head: bytes) -> bool:
    """Whether the first bytes are those of a Parquet file."""
    return head.startswith(b"PAR1")


def is_ts_file(source: object) -> bool:
    """Whether a source of data is the path of a `.ts` file of sequences, by its name.

    Example:

    >>> is_ts_file("GunPoint_TRAIN.ts"), is_ts_file("load.csv"), is_ts_file([1, 2])
    (True, False, False)
    """
    return isinstance(source, (str, os.PathLike)) and str(source).lower().endswith(".ts")


def is_gzip(head: bytes) -> bool:
    """Whether the first bytes are those of a gzip file."""
    return head.startswith(b"\x1f\x8b\x08")


def refuse_foreign(head: bytes, path: str | os.PathLike[str], expected: str) -> None:
    """Refuse a file whose first bytes are those of another kind of file.

    Args:
        head: bytes. The first `HEAD` bytes of the file, or all of them.
        path: path of the file.
        expected: str. The expected kind of file, for the error.

    Raises:
        DataError: with the kind of the file and what to do.

    Example:

    >>> refuse_foreign(b"%PDF-1.7 ...", "table.csv", "a file of CSV")
    Traceback (most recent call last):
    ...
    kerakit.errors.DataError: table.csv is a PDF document. Expected a file of CSV. Copy its table \
into a CSV file.
    """
    found = next((kind for kind in _KINDS if head.startswith(kind[1], kind[0])), None)
    if found is not None:
        _, magic, noun, cure = found
        if magic.startswith(b"PK\x03"):
            noun, cure = _inside(head, path)
        raise DataError(f"{path} is {noun}. Expected {expected}. {cure}")
    start = head.removeprefix(codecs.BOM_UTF8).lstrip()[:20].lower()
    if start.startswith(_TAGS):
        raise DataError(f"{path} is an HTML page. Expected {expected}. {_PAGE}")
    if start.startswith(b"<?xml"):
        raise DataError(f"{path} is an XML file. Expected {expected}. Convert it to CSV.")


def refuse_utf16(head: bytes, name: str, encoding: str) -> None:
    """Refuse a text that begins with the mark of UTF-16 where another encoding was said.

    Args:
        head: bytes. The first bytes of the text.
        name: str. The name of the file, for the error.
        encoding: str. The encoding that was said.

    Raises:
        DataError: with the encoding to pass.
    """
    is_other = codecs.lookup(encoding).name not in ("utf-16", "utf-16-le", "utf-16-be", "utf-32")
    if head.startswith(_MARKS) and is_other:
        right = "utf-32" if head.startswith(codecs.BOM_UTF32_LE) else "utf-16"
        raise DataError(
            f"{name}, line 1: the text is not {encoding}, but begins as {right.upper()} does. Pass "
            f"encoding={right!r}."
        )


def _inside(head, path):
    """What a ZIP archive is, and what to do with it."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if not name.endswith("/")]
    except (OSError, zipfile.BadZipFile):
        names = []
    if b"opendocument.spreadsheet" in head:
        return "an OpenDocument spreadsheet (.ods)", _WORKBOOK
    if b"[Content_Types].xml" in head:
        if any(name.startswith("word/") for name in names):
            return "a Word document (.docx)", "Copy its table into a CSV file."
        return "an Excel workbook (.xlsx)", _WORKBOOK
    if names and all(name.endswith(".npy") for name in names):
        return "an archive of NumPy arrays (.npz)", "Pass the arrays to load_arrays."
    cure = f"Unpack it, and pass a file that it holds, such as {names[0]!r}." if names else _ARCHIVE
    return "a ZIP archive", cure
