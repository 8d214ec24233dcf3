"""Rows of a split in batches that fit in memory, whatever the size of one row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from kerakit.data.tagged.spans import sentence_lengths, spans
from kerakit.data.tasks import TASKS
from kerakit.status import show_done

if TYPE_CHECKING:
    from kerakit.data.data import Data
    from kerakit.data.spec import Spec

__all__ = ["batches", "is_empty", "rows_per_batch", "split_size"]

MAX_ROWS = 4096  # rows per call: few calls, little memory
# Values of images per call. A first layer with 64 channels makes 64 floats of each pixel:
# 2**19 pixels become 128 MiB, and two or three such tensors are in memory at a time.
MAX_IMAGE_VALUES = 2**19
# Numbers of windows and series, or words of texts, per call. A layer makes some hundred
# floats of each: 2**18 of them become 100 MiB.
MAX_STEPS = 2**18
# Of whole series, of each of whose steps fixed convolutions make a thousand floats.
MAX_SERIES_STEPS = 2**13
MIN_ROWS = 8


def rows_per_batch(spec: Spec) -> int:
    """Return the batch size for prediction: 4,096 rows, or fewer where rows are large.

    Example:

    >>> from kerakit.data.spec import Feature, Spec
    >>> small, large = (Feature("image", "image", "uint8", (s, s, 3)) for s in (32, 224))
    >>> [rows_per_batch(Spec("binary", (feature,))) for feature in (small, large, Feature("x"))]
    [170, 8, 4096]
    """
    values = sum(feature.size for feature in spec.features if feature.kind == "image")
    steps = sum(map(_steps, spec.features))
    whole = any(f.kind == "sequence" and None in f.shape for f in spec.features)
    most = MAX_SERIES_STEPS if whole else MAX_STEPS
    rows = min(MAX_IMAGE_VALUES / max(values, 1), most / max(steps, 1))
    return int(np.clip(rows, MIN_ROWS, MAX_ROWS))


def _steps(feature):
    """Numbers of a sequence, or words of a text, in a long row; 0 for other kinds."""
    if feature.kind not in ("sequence", "text"):
        return 0
    free = feature.kind == "text" or None in feature.shape
    longest = feature.quantiles[-1] if free and feature.quantiles else 1
    return int(np.ceil(longest)) * feature.size


def batches(data: Data, split: str, rows: int | None = None) -> Iterator[tuple[Any, ...]]:
    """Yield a split batch by batch, in order, with one batch in memory at a time.

    Columns are sliced before they become tensors, so that an `np.memmap` stays on disk. The
    windows of a series are made for one batch at a time. A batch of tagged sentences ends
    before its padding takes much memory.

    Args:
        data: `Data`.
        split: str. One of `"train"`, `"validation"` and `"test"`.
        rows: int or `None`. Rows per batch. Defaults to `None`: `rows_per_batch(spec)`.

    Yields:
        tuples `(features, target)` or `(features, target, weight)` of tensors.
    """
    import tensorflow as tf

    rows, table = rows or rows_per_batch(data.spec), data.table(split)
    if table is None:
        total = data.spec.sizes.get(split)
        for number, batch in enumerate(data.batches(split, rows)):
            show_done(number * rows, total)
            yield batch
        return
    for part in _parts(table, data.spec, rows):
        show_done(part.start, len(table))
        batch = table.take(part).elements()
        yield tf.nest.map_structure(lambda x: tf.convert_to_tensor(np.asarray(x)), batch)


def _parts(table, spec, rows):
    """The slices of a table that are its batches."""
    whole = [slice(start, start + rows) for start in range(0, len(table), rows)]
    if TASKS[spec.task].answer != "tags":
        return whole
    lengths = sentence_lengths(table.target)
    # One long sentence would make padding of all the others.
    return [
        slice(part.start + span.start, part.start + span.stop)
        for part in whole
        for span in spans(lengths[part])
    ]


def is_empty(data: Data, split: str) -> bool:
    """Whether a split is absent, or is known to have no rows."""
    source = data.table(split)
    source = getattr(data, split) if source is None else source
    return source is None or split_size(data, split) == 0


def split_size(data: Data, split: str) -> int | None:
    """Return the number of rows of a split, or `None` where it is unknown without reading."""
    table = data.table(split)
    if table is not None:
        return len(table)
    if data.spec.sizes.get(split) is not None:
        return data.spec.sizes[split]
    source = getattr(data, split)
    size = -1 if source is None else int(source.cardinality())
    return size if size >= 0 else None
