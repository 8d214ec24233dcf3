"""Load data in memory: NumPy arrays, dicts of columns, DataFrames, and arrays of images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from kerakit.checks import check, naming, short_repr
from kerakit.data.columns.frames import frame_columns, is_frame
from kerakit.data.columns.values import as_column, as_matrix
from kerakit.data.images.arrays import image_tables, looks_like_images
from kerakit.data.options import Options, names
from kerakit.data.tables.assemble import assemble
from kerakit.data.tables.source import read_source
from kerakit.errors import DataError
from kerakit.status import telling

if TYPE_CHECKING:
    from kerakit.data.data import Data

__all__ = ["load_arrays"]

# The key of groups that are an array beside the columns; no column has such a name.
_GROUPS = "groups="


@telling("Preparing the rows")
def load_arrays(
    x: Any,
    y: Any,
    *,
    columns: Sequence[str] | None = None,
    task: Literal["regression", "binary", "multiclass", "multilabel"] | None = None,
    test: Any = None,
    validation: Any = None,
    sample_weight: Any = None,
    test_size: float = 0.2,
    validation_size: float = 0.2,
    groups: Any = None,
    column_types: Mapping[str, str] | None = None,
    na_values: str | Sequence[str] | None = None,
    exclude: str | Sequence[str] = (),
    rename_labels: Mapping[str, str] | None = None,
    pos_label: str | None = None,
    drop_missing_target: bool = False,
    unit: str | None = None,
    seed: int = 0,
    dataset: str = "arrays",
) -> Data:
    """Load arrays, columns, images, or a DataFrame of pandas, polars or pyarrow.

    A plain array of shape `(n, d)` becomes one input named `features`; named columns become
    one input each. A column of numbers is numeric, a column of strings is categorical, and
    true and false are 1 and 0. Missing values are NaN, `None` or the null of the library.

    A plain array of shape `(n, height, width)` or `(n, height, width, channels)`, with 1 or
    3 channels, becomes one input named `image` of uint8. uint8 values are not changed. Floats
    that are all in [0, 1] are multiplied by 255; a warning says so, since clients of the model
    must send 0 to 255. Other numbers must be in [0, 255] and are rounded.

    Args:
        x: array of shape `(n, d)`; dict from name to array of shape `(n,)` or `(n, d)`; a
            DataFrame; or an array of images.
        y: array of shape `(n,)` or `(n, targets)`, a Series, a dict or DataFrame of
            targets; or the name (or a list of names) of columns of `x`.
        columns: sequence of d strings. Names for the columns of a plain array, each of which
            becomes one input. Defaults to `None`.
        test, validation: pairs `(x, y)` of the same form, or `x` alone where `y` names
            columns. Default to `None`: a fraction of the rows is split off.
        sample_weight: array of shape `(n,)` of weights in `[0, inf)`. Defaults to `None`.
        groups: array of shape `(n,)`, or the name of a column of `x`: rows of equal value
            stay in one split, and members of a network (`members=`) leave out whole groups.
            Defaults to `None`.
        task, test_size, validation_size, column_types, exclude, rename_labels, pos_label,
            drop_missing_target, unit, seed: as in `load_csv`. The labels of a one-hot array are
            `0`, `1`, `2`, ..., those of one-hot columns with names are the names.
        na_values: str or sequence of str that stand for missing values, in addition to nulls.
            `NA` and the like are strings as others here, since arrays and frames have nulls.
            Defaults to `None`.
        dataset: str. The name of the data in reports. Defaults to `"arrays"`.

    Returns:
        `Data`.

    Raises:
        DataError: when lengths, shapes, types or values are wrong; the message has the row,
            counted from 0.
        ArgumentError: when a parameter has a value that it cannot have.

    Example:

    >>> x = {"alcohol": np.arange(20.0) % 7, "type": ["red", "white"] * 10}
    >>> data = load_arrays(x, np.arange(20.0), seed=1)
    >>> data.spec.sizes, [feature.kind for feature in data.spec.features]
    ({'train': 13, 'validation': 3, 'test': 4}, ['numeric', 'categorical'])
    """
    owner = "load_arrays"
    options = Options(
        owner=owner,
        task=task,
        test_size=test_size,
        validation_size=validation_size,
        column_types=column_types,
        na_values=na_values,
        exclude=exclude,
        rename_labels=rename_labels,
        pos_label=pos_label,
        drop_missing_target=drop_missing_target,
        unit=unit,
        seed=seed,
    )
    columns = None if columns is None else names(owner, "columns", columns)
    with naming(owner):
        if columns is None and looks_like_images(x):
            (x, y), test, validation = image_tables((x, y), test, validation, dataset)
        named = _names_of_columns(x, y)
        sources = {}
        for split, pair in (("train", (x, y)), ("validation", validation), ("test", test)):
            if pair is None:
                continue
            if named and not isinstance(pair, tuple):
                pair = (pair, y)
            check(isinstance(pair, (tuple, list)) and len(pair) == 2, owner, split, "(x, y)", pair)
            training = split == "train"
            sources[split] = _source(
                *pair,
                options,
                named=named,
                columns=columns,
                groups=groups,
                sample_weight=sample_weight if training else None,
                name=dataset if training else f"{dataset} ({split})",
                training=training,
            )
        return assemble(sources, options, dataset=dataset)


def _source(x, y, options, *, named, columns, groups, sample_weight, name, training):
    """`Source` of one split."""
    table = _features(x, columns, name)
    rows = len(next(iter(table.values())))
    answers = {} if named else _targets(y, table, name)
    group_column, extra = None, {}
    if training:
        group_column, extra = _groups(groups, name)
    elif isinstance(groups, str) and groups in table:
        group_column = groups
    for column, values in {**answers, **extra}.items():
        if len(values) != rows:
            raise DataError(
                f"{name}: x has {rows} rows and {column!r} has {len(values)}. Expected one value "
                "for each row of x."
            )
    return read_source(
        {**table, **answers, **extra},
        named or tuple(answers),
        options,
        name=name,
        location=lambda row: f"{name}, row {row} (counted from 0)",
        groups=group_column,
        weight=_weights(sample_weight, rows, name),
        unnamed=not named and not isinstance(y, Mapping) and not is_frame(y),
        training=training,
    )


def _names_of_columns(x, y):
    """The names of the targets where `y` names columns of `x`; else an empty tuple."""
    if isinstance(y, str):
        return (y,)
    if not isinstance(y, (list, tuple)) or not all(isinstance(name, str) for name in y):
        return ()
    if len(set(y)) < len(y):
        # Labels: each class has at least two rows.
        return ()
    if isinstance(x, Mapping) or is_frame(x):
        known = x.column_names if hasattr(x, "column_names") else getattr(x, "columns", x)
        return tuple(y) if set(y) <= set(known) else ()
    return ()


def _features(x, columns, name):
    """Dict from column name to Arrow array of shape (n,) or float32 array of shape (n, d)."""
    if is_frame(x) or isinstance(x, Mapping):
        if columns is not None:
            raise DataError(f"{name}: the columns of x have names. Leave out columns=.")
        table = frame_columns(x, name) if is_frame(x) else _mapping(x, name)
    else:
        matrix = as_matrix(x, f"{name}: x")
        table = {"features": matrix}
        if columns is not None:
            if len(columns) != matrix.shape[1] or len(set(columns)) < len(columns):
                raise DataError(
                    f"{name}: columns= must give {matrix.shape[1]} different names, one for each "
                    f"column of x. Got {len(columns)}: {short_repr(columns)}."
                )
            table = {
                column: as_column(values, f"{name}, column {column!r}")
                for column, values in zip(columns, matrix.T, strict=True)
            }
    if not table:
        raise DataError(f"{name}: x has no columns.")
    lengths = {column: len(values) for column, values in table.items()}
    first, rows = next(iter(lengths.items()))
    for column, length in lengths.items():
        if length != rows:
            raise DataError(
                f"{name}: column {column!r} has {length} rows and {first!r} has {rows}. Expected "
                "columns of one length."
            )
    if not rows:
        raise DataError(f"{name}: x has no rows. Expected at least two.")
    return table


def _mapping(x, name):
    return {
        str(column): as_column(values, f"{name}, column {column!r}") for column, values in x.items()
    }


def _targets(y, table, name):
    """Dict from target name to column, for a `y` that names no columns of `x`."""
    if is_frame(y):
        answers = frame_columns(y, name)
    elif isinstance(y, Mapping):
        answers = _mapping(y, name)
    else:
        given = getattr(y, "name", None)
        given = given if isinstance(given, str) and given else "target"
        values = as_column(y, f"{name}: y")
        if isinstance(values, np.ndarray):
            matrix = values.T
            answers = {
                f"{given}_{number}": as_column(column, f"{name}: y")
                for number, column in enumerate(matrix, 1)
            }
        else:
            answers = {given: values}
    for column in answers:
        if column in table:
            raise DataError(
                f"{name}: x and y both have a column {column!r}. Take the target out of x, or pass "
                f"y={column!r} if it is that column of x."
            )
    return answers


def _groups(groups, name):
    """`(column name, extra columns)` of the groups of the training rows."""
    if groups is None or isinstance(groups, str):
        return groups, {}
    values = as_column(groups, f"{name}: groups")
    if isinstance(values, np.ndarray):
        raise DataError(f"{name}: groups has shape {values.shape}. Expected (n,).")
    return _GROUPS, {_GROUPS: values}


def _weights(weight, rows, name):
    if weight is None:
        return None
    weight = np.asarray(weight)
    if weight.shape != (rows,) or weight.dtype.kind not in "biuf":
        raise DataError(
            f"{name}: sample_weight has shape {weight.shape} and dtype {weight.dtype}. Expected "
            f"numbers of shape ({rows},), one for each row of x."
        )
    wrong = ~np.isfinite(weight) | (weight < 0)
    if wrong.any() or not weight.sum():
        row = int(np.argmax(wrong))
        raise DataError(
            f"{name}, row {row}: the sample_weight is {weight[row]}. Expected values in [0, inf) "
            "that are not all 0."
        )
    return weight.astype(np.float32)
