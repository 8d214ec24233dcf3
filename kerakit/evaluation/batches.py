"""The rows of a split in batches that fit in memory, whatever one row holds."""

import numpy as np

__all__ = ["batches", "is_empty", "rows_per_batch", "split_size"]

MAX_ROWS = 4096  # rows per call: few calls, little memory
# Values of images per call. A first layer of 64 channels makes 64 floats of each pixel:
# 2**19 pixels become 128 MiB, of which two or three are alive at a time.
MAX_IMAGE_VALUES = 2**19
# Numbers of windows and series, or words of texts, per call: a layer makes some hundred
# floats of each, 2**18 of them 100 MiB.
MAX_STEPS = 2**18
MIN_ROWS = 8


def rows_per_batch(spec):
    """Return how many rows to hold and predict at once: 4,096, or fewer where they are large.

    Example:

    >>> from kerakit.data.spec import Feature, Spec
    >>> small, large = (Feature("image", "image", "uint8", (s, s, 3)) for s in (32, 224))
    >>> [rows_per_batch(Spec("binary", (feature,))) for feature in (small, large, Feature("x"))]
    [170, 8, 4096]
    """
    values = sum(feature.size for feature in spec.features if feature.kind == "image")
    steps = sum(map(_steps, spec.features))
    rows = min(MAX_IMAGE_VALUES / max(values, 1), MAX_STEPS / max(steps, 1))
    return int(np.clip(rows, MIN_ROWS, MAX_ROWS))


def _steps(feature):
    """The numbers of a sequence, or the words of a text, in a long row; 0 of other kinds."""
    if feature.kind not in ("sequence", "text"):
        return 0
    free = feature.kind == "text" or None in feature.shape
    longest = feature.quantiles[-1] if free and feature.quantiles else 1
    return int(np.ceil(longest)) * feature.size


def batches(data, split, rows=None):
    """Yield a split batch by batch, in order, never holding more than a batch.

    Columns in memory are cut before they become tensors, so that an `np.memmap` stays on
    disk, and windows are cut out of their series a batch at a time.

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
        yield from data.batches(split, rows)
        return
    for start in range(0, len(table), rows):
        part = table.take(slice(start, start + rows))
        yield tf.nest.map_structure(lambda x: tf.convert_to_tensor(np.asarray(x)), part.elements())


def is_empty(data, split):
    """Whether a split is absent, or known to have no rows."""
    source = data.table(split)
    source = getattr(data, split) if source is None else source
    return source is None or split_size(data, split) == 0


def split_size(data, split):
    """Return how many rows a split has, or `None` where only reading it would tell."""
    table = data.table(split)
    if table is not None:
        return len(table)
    if data.spec.sizes.get(split) is not None:
        return data.spec.sizes[split]
    source = getattr(data, split)
    size = -1 if source is None else int(source.cardinality())
    return size if size >= 0 else None
