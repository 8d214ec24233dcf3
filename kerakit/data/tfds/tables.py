"""Tables of TensorFlow Datasets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from kerakit.checks import short_repr
from kerakit.data.data import Data
from kerakit.data.options import Options
from kerakit.data.split import SPLITS
from kerakit.data.tables.assemble import assemble
from kerakit.data.tables.source import read_source
from kerakit.errors import DataError

__all__ = ["load_table_set"]


def load_table_set(
    builder: Any,
    name: str,
    inputs: Sequence[str],
    targets: Sequence[str],
    options: Options,
    groups: str | None,
) -> Data:
    """Load a prepared TFDS set that is a table.

    Args:
        builder: TFDS builder of a prepared set.
        name: str. The set's name as the user gave it.
        inputs: sequence of str. The features that become columns; empty for all.
        targets: sequence of str. The columns to predict.
        options: `Options`.
        groups: str or `None`. The column of groups.

    Returns:
        `Data`.

    Raises:
        DataError: when a feature is no column of a table, or the data cannot be used.
    """
    _refuse_other_shapes(builder, options.exclude, targets)
    if "train" not in builder.info.splits:
        raise DataError(f"{name}: the set has no split 'train', only {list(builder.info.splits)}.")
    sources = {}
    for split in SPLITS:
        if split not in builder.info.splits:
            continue
        columns = {
            column: values
            for (outer, column), values in _read_split(builder, split).items()
            if not inputs or outer in inputs or column in (*targets, groups)
        }
        sources[split] = read_source(
            columns,
            targets,
            options,
            name=f"{name} ({split})",
            location=_location(f"{name} ({split})"),
            groups=groups if split == "train" or groups in columns else None,
            training=split == "train",
        )
    return assemble(sources, options, dataset=f"tfds:{name}")


def _refuse_other_shapes(builder, exclude, targets):
    """Refuse a set that is no table before its rows, which may be images, are read."""
    for _, column, feature in _features(builder.info):
        shape = feature.shape
        good = isinstance(shape, tuple) and len(shape) <= 1 and None not in shape
        if column not in exclude and not good:
            raise DataError(
                f"{builder.name}: the feature {column!r} is {short_repr(feature)}, which is not a "
                f"column of a table. Pass exclude={column!r} to load the other features."
            )
        if column in targets and shape != ():
            raise DataError(
                f"{builder.name}: the target {column!r} has shape {shape}. Expected one value "
                "per row, of shape ()."
            )


def _features(info: Any) -> Iterator[tuple[str, str, Any]]:
    """Yield `(top-level name, column name, feature)`; a nested dict is flattened once."""
    for outer, feature in info.features.items():
        if hasattr(feature, "items"):
            for column, inner in feature.items():
                yield outer, column, inner
        else:
            yield outer, outer, feature


def _read_split(builder, split):
    """Dict from (top-level name, column name) to Arrow array or array of shape (n, d)."""
    import tensorflow_datasets as tfds

    rows = tfds.as_numpy(builder.as_dataset(split=split, batch_size=-1))
    columns = {}
    for outer, column, feature in _features(builder.info):
        values = rows[outer][column] if isinstance(rows[outer], dict) else rows[outer]
        columns[outer, column] = _column(values, feature)
    return columns


def _column(values, feature):
    import pyarrow as pa

    if hasattr(feature, "int2str"):
        # TFDS writes an unknown label as -1.
        words = [*feature.names, ""]
        indices = np.where(values < 0, len(words) - 1, values)
        return pa.array(words, pa.string()).take(pa.array(indices))
    if values.dtype == object:
        return pa.array([value.decode("utf-8", "replace") for value in values], pa.string())
    return pa.array(values) if values.ndim == 1 else values


def _location(name: str) -> Callable[[int], str]:
    return lambda row: f"{name}, row {row} (counted from 0)"
