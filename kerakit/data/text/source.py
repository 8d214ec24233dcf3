"""Texts and their labels as they were read: columns of any source, checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from kerakit.checks import short_repr, shortlist
from kerakit.data.columns.column import Numbers, read_column
from kerakit.data.columns.labels import one_hot_labels
from kerakit.data.columns.values import as_column
from kerakit.data.names import near_match
from kerakit.data.tables.source import Source
from kerakit.errors import DataError
from kerakit.warn import warn

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["cells", "text_source"]

_SHOWN = 40  # characters of a value that an error shows


def text_source(
    columns: Mapping[str, Any],
    text: str,
    label: str,
    *,
    name: str,
    location: Callable[[int], str],
    groups: str | None = None,
    hint: str = "",
    labels_typed: bool = True,
) -> Source:
    """Return the `Source` of texts with one label each, from columns of strings.

    Args:
        columns: dict from column name to what `read_column` takes.
        text, label: strings. The columns of the texts and of their labels.
        name: str. The file's path, or the name of the data, for errors.
        location: function from a row's index to its location (file and line).
        groups: str or `None`. The column whose rows stay together. Defaults to `None`.
        hint: str. A sentence that the error about an absent column ends with.
        labels_typed: bool. `False` for a text file, where labels are stripped of white space.

    Raises:
        DataError: when a column is absent or named twice, or the texts are numbers, are all
            empty, or have NUL characters.
    """
    wanted = {"text": text, "label": label} | ({} if groups is None else {"groups": groups})
    for parameter, column in wanted.items():
        if column not in columns:
            raise DataError(
                f"{name}: there is no column {column!r}, which {parameter}= names."
                f"{near_match(column, columns)} The columns are {shortlist(columns)}.{hint}"
            )
    if len(set(wanted.values())) < len(wanted):
        raise DataError(
            f"{name}: text=, label= and groups= must name different columns. Got {wanted}."
        )

    def read(column, typed):
        if not len(columns[column]):
            raise DataError(f"{name} has no rows. Expected at least two texts.")
        return read_column(columns[column], (), typed, f"{name}, column {column!r}")

    texts = read(text, typed=True)
    _check_texts(texts, text, name, location)
    labels = read(label, labels_typed)
    if isinstance(labels, Numbers) and labels.values.ndim > 1:
        labels = _one_hot(labels.values, label, name)
    return Source(
        name=name,
        location=location,
        features={text: texts},
        targets={label: labels},
        groups=None if groups is None else read(groups, labels_typed).texts(),
        group_name=groups,
    )


def _one_hot(values, label, name):
    """The labels of one-hot rows."""
    labels = one_hot_labels(values)
    if labels is None:
        raise DataError(
            f"{name}: {label!r} has shape {values.shape}. Expected one label for each text, or "
            "rows with exactly one 1."
        )
    warn(
        f"{name}: one-hot labels taken as classes. The labels are {shortlist(labels.written, 5)}. "
        "Pass one label for each text for other names."
    )
    return labels


def cells(values: Any, origin: str) -> pa.Array | pa.ChunkedArray:
    """Return a sequence of str as an Arrow array; NumPy would pad all to the longest.

    Args:
        values: list, array or Series of str, UTF-8 bytes or missing values.
        origin: str. Name of the values, for errors.

    Raises:
        DataError: when a value is none of these, or is not valid UTF-8; the message has its
            row, counted from 0.
    """
    import pyarrow as pa

    if not isinstance(values, (list, tuple, np.ndarray)) or np.ndim(values[:1]) != 1:
        return as_column(values, origin)
    read = []
    for row, value in enumerate(values):
        try:
            if isinstance(value, bytes):
                value = value.decode()
            elif isinstance(value, str):
                value.encode()
        except UnicodeError as error:
            raise DataError(
                f"{origin}, row {row} (counted from 0): {value[:_SHOWN]!r} is not valid "
                "UTF-8. Decode the texts with the encoding that they are in."
            ) from error
        read.append(value)
    if not any(isinstance(value, str) for value in read):
        return as_column(values, origin)
    for row, value in enumerate(read):
        missing = value is None or (isinstance(value, float) and np.isnan(value))
        if not isinstance(value, str) and not missing:
            raise DataError(
                f"{origin}, row {row} (counted from 0): expected a str, found {short_repr(value)} "
                f"({type(value).__name__})."
            )
    return pa.array([value if isinstance(value, str) else None for value in read], pa.string())


def _check_texts(texts, column, name, location):
    if isinstance(texts, Numbers) or not hasattr(texts, "strings"):
        found = f"such as {texts.values.flat[0]:g}" if isinstance(texts, Numbers) else "of pixels"
        _refuse_numbers(name, column, found)
    present = texts.values[np.unique(texts.codes)]
    if not any(map(str.strip, present)):
        raise DataError(f"{name}, column {column!r}: all {len(texts)} texts are empty.")
    # The first text is enough in most cases: to parse all of a million texts takes a while.
    first = next(value for value in present if value.strip())
    if _is_number(first) and all(map(_is_number, present)):
        _refuse_numbers(name, column, f"such as {max(present)!r}")
    nul = np.array(["\0" in value for value in texts.values], bool)
    if nul.any():
        raise DataError(
            f"{location(int(np.argmax(nul[texts.codes])))}, column {column!r}: the text has a NUL "
            "character. Remove it, or decode the text with the encoding that it is in."
        )


def _is_number(text):
    if not text.strip():
        return True
    try:
        float(text)
    except ValueError:
        return False
    return True


def _refuse_numbers(name, column, found):
    raise DataError(
        f"{name}, column {column!r} has numbers, {found}. Expected texts. Name the column of the "
        "texts with text=; tables of numbers are loaded by load_table and load_arrays."
    )
