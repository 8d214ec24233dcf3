"""The rows of a split in batches that fit in memory, whatever one row holds."""

import numpy as np

__all__ = ["batches", "rows_per_batch", "split_size"]

MAX_ROWS = 4096  # rows per call: few calls, little memory
# Values of images per call. A first layer of 64 channels makes 64 floats of each pixel:
# 2**19 pixels become 128 MiB, of which two or three are alive at a time.
MAX_IMAGE_VALUES = 2**19
MIN_ROWS = 8


def rows_per_batch(spec):
    """Return how many rows to hold and predict at once: 4,096, or fewer where they are images.

    Example:

    >>> from kerakit.data.spec import Feature, Spec
    >>> small, large = (Feature("image", "image", "uint8", (s, s, 3)) for s in (32, 224))
    >>> [rows_per_batch(Spec("binary", (feature,))) for feature in (small, large, Feature("x"))]
    [170, 8, 4096]
    """
    values = sum(feature.size for feature in spec.features if feature.kind == "image")
    if not values:
        return MAX_ROWS
    return int(np.clip(MAX_IMAGE_VALUES // values, MIN_ROWS, MAX_ROWS))


def batches(data, split, rows=None):
    """Yield a split batch by batch, in order, never holding more than a batch.

    Columns in memory are cut before they become tensors, so that an `np.memmap` stays on
    disk.

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
        yield tf.nest.map_structure(tf.convert_to_tensor, part.elements())


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
