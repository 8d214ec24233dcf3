"""Rows in whatever form a user has them, as batches of the arrays that a model takes."""

from __future__ import annotations

import dataclasses
import itertools
import os
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from kerakit.checks import short_repr, shortlist
from kerakit.data.columns.frames import is_frame
from kerakit.data.columns.spelling import spellings_of
from kerakit.data.data import Data, Table
from kerakit.data.storage.mapped import is_lazy
from kerakit.data.tables.unknown import UnknownValues
from kerakit.errors import ArgumentError
from kerakit.serving.answering.columns import answer_columns
from kerakit.serving.answering.forms import same_length, usual_form
from kerakit.serving.answering.frames import find_columns, frame_like, frame_values
from kerakit.serving.answering.images import is_image_source
from kerakit.serving.answering.series import read_steps
from kerakit.serving.answering.values import column_values
from kerakit.warn import warn

if TYPE_CHECKING:
    from kerakit.data.spec import Spec

__all__ = ["Rows", "read_rows"]

_MAX_COLUMNS = 100_000
_FEW = 8  # so many rows are one batch, however large a row is


@dataclasses.dataclass(frozen=True)
class Rows:
    """Rows to answer.

    Attributes:
        batches: iterator of lists of arrays, one per feature, in the order of the spec.
        give: function from all answers, a dict of arrays, to what the user gets.
    """

    batches: Iterator[list[np.ndarray]]
    give: Callable[[dict[str, np.ndarray]], Any]


def read_rows(rows: Any, spec: Spec, owner: str) -> Rows:
    """Return rows as `Rows`.

    Args:
        rows: a `tf.data.Dataset` or `Table` of a split; a `Data`, for its test split; a
            DataFrame of pandas, polars or pyarrow; a dict from name to column; one row as a dict
            or as a Series of pandas; a list of such dicts; for a forecaster a DataFrame or Series
            whose rows are steps of time; for a model with one feature its values: an array, a list
            of strings, of paths of images or of series.
        spec: `Spec`.
        owner: str. The function that the user called, for errors.

    Raises:
        ArgumentError: when a column is missing, unknown, or of the wrong shape or type.
    """
    if isinstance(rows, Data):
        table = rows.table("test")
        rows = rows.test if table is None else table
    if isinstance(rows, Table):
        return Rows(_of_columns(_labelled(rows.features, spec, owner), spec, owner), _as_it_is)
    if hasattr(rows, "element_spec") and hasattr(rows, "as_numpy_iterator"):
        return Rows(_of_dataset(rows, spec, owner), _as_it_is)
    names = {name for f in spec.features for name in (f.column, f.name) if name}
    rows = usual_form(rows, names)
    steps = read_steps(rows, spec, owner)
    if steps is not None:
        return Rows(iter([steps.columns]), steps.give)
    if is_frame(rows):
        columns = frame_values(rows, spec, owner)
        return Rows(
            _of_columns(columns, spec, owner),
            lambda answer: frame_like(rows, answer_columns(answer, spec)),
        )
    columns = _labelled(_by_name(rows, spec, owner), spec, owner)
    pairs = zip(spec.features, columns, strict=True)
    ones = [label for feature, (label, value) in pairs if _is_one(value, feature)]
    if ones:
        columns = list(same_length(dict(columns), ones).items())
    return Rows(_of_columns(columns, spec, owner), _as_it_is)


def _as_it_is(answer):
    return answer


def _by_name(rows, spec, owner):
    """A dict of columns, or of the values of one row."""
    if isinstance(rows, Mapping):
        return rows if set(map(type, rows)) <= {str} else {str(k): v for k, v in rows.items()}
    if hasattr(rows, "iloc") and hasattr(rows, "items"):  # a Series of pandas
        names = {name for f in spec.features for name in (f.column, f.name) if name}
        few = len(rows) <= _MAX_COLUMNS  # a longer one is a column
        if few and not names.isdisjoint(map(str, rows.index)):
            return {str(name): value for name, value in rows.items() if str(name) in names}
    if rows is None:
        raise ArgumentError(f"{owner} needs rows to answer. Got None instead.")
    first = rows[0] if isinstance(rows, (list, tuple)) and rows else None
    if isinstance(first, Mapping):
        return _of_records(rows, first, owner)
    # What a plain string is depends on the model; a number is no row of anything.
    if len(spec.features) == 1:
        return {spec.feature_names[0]: rows}
    is_path = isinstance(rows, (str, os.PathLike))
    hint = " To score a file, call kk.serving.predict_csv." if is_path else ""
    raise ArgumentError(
        f"{owner} takes a dict of columns: {_words(spec.feature_names)}; or a DataFrame with "
        f"these columns. Got {type(rows).__name__} instead.{hint}"
    )


def _of_records(rows, first, owner):
    for index, row in enumerate(rows):
        if not isinstance(row, Mapping) or row.keys() != first.keys():
            raise ArgumentError(
                f"{owner}: row {index} (counted from 0) must be a dict with the keys of the first "
                f"one, [{shortlist(first, 8)}]. Got {short_repr(row)}."
            )
    return {str(key): [row[key] for row in rows] for key in first}


def _labelled(columns, spec, owner):
    """`(label, values)` of each feature."""
    names = spec.feature_names
    if columns.keys() == set(names):
        return [(name, columns[name]) for name in names]
    found = find_columns(spec, list(columns), owner, "dict")
    unknown = [name for name in columns if name not in found]
    if unknown:
        raise ArgumentError(
            f"{owner}: the model does not know the columns [{shortlist(unknown)}]. It takes "
            f"{_words(names)}."
        )
    return [(name, columns[name]) for name in found]


def _of_columns(columns, spec, owner):
    """Yield batches of columns in memory."""
    if any(is_lazy(values) for _, values in columns):
        yield from _of_lazy(columns, spec, owner)
        return
    arrays = [
        column_values(feature, values, owner, label)
        for feature, (label, values) in zip(spec.features, columns, strict=True)
    ]
    rows = len(arrays[0])
    if any(len(array) != rows for array in arrays):
        lengths = {label: len(a) for (label, _), a in zip(columns, arrays, strict=True)}
        raise ArgumentError(
            f"{owner}: the columns must have one length. Got {short_repr(lengths)} instead."
        )
    if rows > _FEW:
        _warn_of_unknown(columns, arrays, spec, owner)
    size = rows if rows <= _FEW else _batch_size(spec)
    for start in range(0, max(rows, 1), max(size, 1)):
        yield [_slice(array, start, start + size, owner) for array in arrays]


def _warn_of_unknown(columns, arrays, spec, owner):
    for feature, (label, _), array in zip(spec.features, columns, arrays, strict=True):
        if feature.kind == "categorical" and feature.vocabulary:
            unknown = UnknownValues(label, spellings_of(feature))
            unknown.add(array)
            warning = unknown.warning(owner)
            if warning:
                warn(warning)


def _slice(array, start, stop, owner):
    if isinstance(array, np.ndarray):
        return array[start:stop]
    try:
        return array[start:stop]
    except ValueError as error:  # of `ImageFiles`
        raise ArgumentError(f"{owner}: {error}") from error


def _of_lazy(columns, spec, owner):
    """Yield batches of columns in files, or of windows, which are never read as a whole."""
    size, rows = _batch_size(spec), len(columns[0][1])
    for start in range(0, max(rows, 1), size):
        part = [(label, np.asarray(values[start : start + size])) for label, values in columns]
        yield from _of_columns(part, spec, owner)


def _of_dataset(dataset, spec, owner):
    """Yield batches of a `tf.data.Dataset` of rows, or of batches of rows."""
    stated = _features(dataset.element_spec, spec)
    first = spec.features[0]
    batched = first.name in stated and len(stated[first.name].shape) == len(first.shape) + 1
    if batched:
        parts = dataset.as_numpy_iterator()
    elif all(tensor.shape.is_fully_defined() for tensor in stated.values()):
        parts = dataset.batch(_batch_size(spec)).as_numpy_iterator()
    else:
        parts = _gathered(dataset, spec)
    empty = True
    for part in parts:
        empty = False
        columns = _labelled(_features(part, spec), spec, owner)
        yield from _of_columns(columns, spec, owner)
    if empty:
        raise ArgumentError(f"{owner}: the dataset has no rows.")


def _features(element, spec):
    features = element[0] if isinstance(element, tuple) else element
    return features if isinstance(features, dict) else {spec.feature_names[0]: features}


def _gathered(dataset, spec):
    elements = (_features(e, spec) for e in dataset.as_numpy_iterator())
    while part := list(itertools.islice(elements, _batch_size(spec))):
        yield {name: [element[name] for element in part] for name in part[0]}


def _batch_size(spec):
    from kerakit.evaluation.batches import rows_per_batch

    return rows_per_batch(spec)


def _is_one(value, feature):
    """Whether a value is that of one row, rather than a column of such values."""
    if feature.shape == () and type(value) in (list, np.ndarray):
        return getattr(value, "ndim", 1) == 0  # nearly all columns are such
    wanted = tuple(feature.shape)
    sized = hasattr(value, "__len__") and not isinstance(value, (str, bytes))
    if sized and getattr(value, "ndim", 1) and not len(value):
        return False  # no rows
    if feature.kind == "image":
        if is_image_source(value):
            return True
        if isinstance(value, (list, tuple)) and len(value) != wanted[0]:
            return False
        return np.shape(value) in (wanted, wanted[:-1] if wanted[-1:] == (1,) else wanted)
    depth = 0
    while depth <= len(wanted):
        if isinstance(value, (str, bytes)) or not hasattr(value, "__len__"):
            break
        if isinstance(value, np.ndarray) and value.dtype != object:
            depth += value.ndim
            break
        if getattr(value, "ndim", 1) == 0:
            break
        depth += 1
        value = next(iter(value), None)
    return depth == len(wanted)


def _words(names, limit=8):
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(names[:limit])[:150] + more
