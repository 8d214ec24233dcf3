"""Texts and their labels as they were read: columns of any source, checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kerakit.checks import short_repr, shortlist
from kerakit.data.columns.column import Numbers, read_column
from kerakit.data.columns.labels import one_hot_labels
from kerakit.data.columns.values import as_column
from kerakit.data.names import near_match
from kerakit.data.tables.source import Source
from kerakit.data.text.labels import label_lists
from kerakit.errors import DataError
from kerakit.warn import warn

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["cells", "text_source"]

_SHOWN = 40  # characters of a value that an error shows


def text_source(
    columns: Mapping[str, Any],
    text: Sequence[str],
    label: Sequence[str],
    *,
    name: str,
    location: Callable[[int], str],
    groups: str | None = None,
    hint: str = "",
    labels_typed: bool = True,
    label_separator: str | None = None,
) -> Source:
    """Return the `Source` of texts and their labels, from columns of strings.

    Its targets are one column of labels, `LabelLists`, or a column of 0 and 1 for each label.

    Args:
        columns: dict from column name to what `read_column` takes, or for labels to a list of
            lists.
        text, label: tuples of strings. The columns of the texts, whose parts are read one after
            the other, and of their labels; several columns of labels are 0 or 1.
        name: str. The file's path, or the name of the data, for errors.
        location: function from a row's index to its location (file and line).
        groups: str or `None`. The column whose rows stay together. Defaults to `None`.
        hint: str. A sentence that the error about an absent column ends with.
        labels_typed: bool. `False` for a text file, where labels are stripped of white space.
        label_separator: str or `None`. What stands between the labels of a cell.

    Raises:
        DataError: when a column is absent or named twice, or the texts are numbers, are all
            empty, or have NUL characters.
    """
    wanted = [("text", column) for column in text] + [("label", column) for column in label]
    wanted += [] if groups is None else [("groups", groups)]
    for parameter, column in wanted:
        if column not in columns:
            raise DataError(
                f"{name}: there is no column {column!r}, which {parameter}= names."
                f"{near_match(column, columns)} The columns are {shortlist(columns)}.{hint}"
            )
    if len({column for _, column in wanted}) < len(wanted):
        given = {"text": text, "label": label} | ({} if groups is None else {"groups": (groups,)})
        given = {key: value if len(value) > 1 else value[0] for key, value in given.items()}
        raise DataError(
            f"{name}: text=, label= and groups= must name different columns. Got {given}."
        )

    def read(column, typed):
        if not len(columns[column]):
            raise DataError(f"{name} has no rows. Expected at least two texts.")
        return read_column(columns[column], (), typed, f"{name}, column {column!r}")

    texts = {column: read(column, typed=True) for column in text}
    for column, values in texts.items():
        _check_texts(values, column, name, location)
    lists = None
    if len(label) == 1:
        lists = label_lists(columns[label[0]], label_separator, location, label[0])
    if lists is not None:
        targets = {label[0]: lists}
    else:
        targets = {column: read(column, labels_typed) for column in label}
        first = targets[label[0]]
        if len(label) == 1 and isinstance(first, Numbers) and first.values.ndim > 1:
            targets = _of_matrix(first.values, label[0], name)
    return Source(
        name=name,
        location=location,
        features=texts,
        targets=targets,
        groups=None if groups is None else read(groups, labels_typed).texts(),
        group_name=groups,
    )


def _of_matrix(values, label, name):
    """The targets of rows of 0 and 1: one label, where each row has exactly one 1."""
    labels = one_hot_labels(values)
    if labels is None:
        if not np.isin(values, (0, 1)).all() or (values == values[0]).all(axis=0).any():
            raise DataError(
                f"{name}: {label!r} has shape {values.shape}. Expected one label for each text, or "
                "columns of 0 and 1, each with both of them."
            )
        warn(
            f"{name}: {label!r} of 0 and 1 in {values.shape[1]} columns taken as several labels: a "
            "yes or no for each column. Pass lists of labels for other names."
        )
        return {str(number): Numbers(column) for number, column in enumerate(values.T)}
    warn(
        f"{name}: one-hot labels taken as classes. The labels are {shortlist(labels.written, 5)}. "
        "Pass one label for each text for other names."
    )
    return {label: labels}


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
