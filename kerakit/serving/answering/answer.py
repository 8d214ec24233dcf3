"""Answers to rows in whatever form, by a function of the arrays of one batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from kerakit.checks import short_repr
from kerakit.errors import ArgumentError
from kerakit.serving.answering.columns import in_order
from kerakit.serving.answering.rows import read_rows

if TYPE_CHECKING:
    from kerakit.data.spec import Spec

__all__ = ["answer_rows", "plain"]


def answer_rows(
    rows: Any,
    spec: Spec,
    owner: str,
    answer: Callable[[list[np.ndarray]], dict[str, np.ndarray]],
) -> Any:
    """Answer rows batch by batch, and return the answers in the form of the rows.

    Args:
        rows, spec, owner: as for `read_rows`.
        answer: function from the columns of a batch, in the order of `spec.features`, to a dict
            of arrays.

    Returns:
        A frame for a frame, else a dict from output name to array.

    Raises:
        ArgumentError: when the rows do not fit the spec.
    """
    read = read_rows(rows, spec, owner)
    parts = []
    for columns in read.batches:
        try:
            parts.append(answer(columns) if len(columns[0]) else _of_no_rows(answer, spec))
        except ValueError:
            _check_unicode(columns, spec, owner)
            raise
    return read.give(in_order(_joined(parts)))


def _of_no_rows(answer, spec):
    """Answers without a row, whose shapes are known from those of one row."""
    one = [
        np.full((1, *(size or 1 for size in f.shape)), "" if f.dtype == "string" else 0, _type(f))
        for f in spec.features
    ]
    return {name: array[:0] for name, array in answer(one).items()}


def _type(feature):
    return object if feature.dtype == "string" else feature.dtype


def plain(array: np.ndarray) -> np.ndarray:
    """Return what TensorFlow gives as an array, its strings as `str`."""
    if array.dtype != object:
        return array
    return np.array([value.decode() for value in array.ravel()], object).reshape(array.shape)


def _joined(parts):
    if len(parts) == 1:
        return parts[0]
    return {name: _concatenated([part[name] for part in parts]) for name in parts[0]}


def _concatenated(arrays):
    """Arrays one below the other; those of tags are as wide as the longest sentence."""
    if arrays[0].ndim == 2 and len({array.shape[1] for array in arrays}) > 1:
        width = max(array.shape[1] for array in arrays)
        empty = "" if arrays[0].dtype == object else 0
        arrays = [
            np.pad(a, [(0, 0), (0, width - a.shape[1])], constant_values=empty) for a in arrays
        ]
    return np.concatenate(arrays)


def _check_unicode(columns, spec, owner):
    """Refuse half of a surrogate pair: a `str` that no request can carry."""
    for feature, column in zip(spec.features, columns, strict=True):
        for row, value in enumerate(column.ravel() if feature.dtype == "string" else ()):
            try:
                _ = value if isinstance(value, bytes) else value.encode()
            except UnicodeEncodeError as error:
                raise ArgumentError(
                    f"{owner}: row {row} (counted from 0), column {feature.name!r}: "
                    f"{short_repr(value)} is not Unicode text."
                ) from error
