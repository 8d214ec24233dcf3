"""Baseline of images: a logistic regression on the pixels of small images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kerakit.data.tasks import TASKS
from kerakit.evaluation.batches import batches, rows_per_batch, split_size
from kerakit.solvers.logistic import fit_logistic, probabilities

if TYPE_CHECKING:
    from kerakit.data.data import Data

__all__ = ["fit_pixels", "small_size"]

# On MNIST 10,000 rows of 14 x 14 pixels take 1 s of CPU time (47 steps) and give an accuracy of
# 0.915 (5,000 rows: 0.909). The cost grows with rows x pixels x classes, here 20 million.
MAX_ROWS = 10_000
MAX_SIDE = 16
MAX_STEPS = 100
MAX_CELLS = 80_000_000  # about 4 s
MIN_ROWS_PER_CLASS = 10  # with fewer, the result depends too much on the sample
MAX_STREAMED = 2**30  # bytes of decoded images; a core decodes some 100 MB/s of JPEG
_OMITTED = "The logistic baseline was left out: "


def fit_pixels(data: Data) -> tuple[Callable[[Any], np.ndarray] | None, str]:
    """Fit a logistic regression on the pixels of small images, in a few CPU seconds.

    Images are shrunk to at most 16 x 16 pixels (8 x 8 where there are many classes) and scaled
    to [0, 1]. A sample of at most 10,000 training rows is used, drawn with the split's seed;
    fewer where there are many pixels or classes. A streamed split of more than 1 GiB of images
    is not read, since each image must be decoded again.

    Args:
        data: `Data` of labels whose only feature is an image of a fixed shape.

    Returns:
        `(predict, note)`: a function of a batch of features that returns probabilities of
        shape `(n, classes)`, and a note on the fit. `predict` is `None` where the baseline
        was left out; then the note gives the reason.
    """
    spec = data.spec
    image, total = spec.features[0], split_size(data, "train")
    reason = _unsuitable(spec) or _too_large(data, total)
    if reason:
        return None, _OMITTED + reason
    size, rows = _plan(image.shape, len(spec.classes), total)
    if rows < min(total, MIN_ROWS_PER_CLASS * len(spec.classes)):
        classes = f"{len(spec.classes):,} classes"
        return None, f"{_OMITTED}with {classes} it would take more than a few CPU seconds."
    x, ids = _training_rows(data, total, rows, size)
    if not len(ids) or ids.min() == ids.max():
        return None, f"{_OMITTED}its rows have one class only."
    mean = x.mean(axis=0)
    model = fit_logistic(x - mean, ids, MAX_STEPS)

    def predict(features):
        pixels = _pixels(features[image.name], size) - mean
        return probabilities(model, pixels, len(spec.classes))

    of_all = f"{len(ids):,} of {total:,} training rows, drawn with seed {spec.seed}"
    small = f" shrunk to {_words((*size, image.shape[-1]))}" * (size != image.shape[:2])
    return predict, (
        f"The logistic baseline uses the pixels of images of {_words(image.shape)}{small}. "
        "It was fitted on "
        f"{of_all if len(ids) < total else f'all {total:,} training rows'}, in at most "
        f"{MAX_STEPS} steps."
    )


def small_size(shape: Sequence[int], side: int = MAX_SIDE) -> tuple[int, int]:
    """Return the height and width to shrink to: whole blocks of pixels where possible.

    Example:

    >>> small_size((28, 28, 1)), small_size((8, 100, 3)), small_size((224, 224, 3))
    ((14, 14), (8, 15), (16, 16))
    """
    blocks = (-(-length // side) for length in shape[:2])
    return tuple(-(-length // block) for length, block in zip(shape[:2], blocks, strict=True))


def _unsuitable(spec):
    if len(spec.features) > 1:
        return "the data has other features besides the images."
    if TASKS[spec.task].answer != "label":
        return f"it is for one label per image, not for {spec.task}."
    shape = spec.features[0].shape
    if len(shape) != 3 or None in shape:
        return "the images are not of one size."
    return None


def _too_large(data, total):
    """Why a split is too large to read once more, or `None`."""
    if data.table("train") is not None:
        return None
    if total is None:
        return "the number of streamed training rows is unknown."
    size = total * data.spec.features[0].size
    if size > MAX_STREAMED:
        return f"it would read {size / 2**30:.1f} GiB of streamed training images once more."
    return None


def _plan(shape, classes, total):
    """The size to shrink to, and how many rows the bound on the cost allows."""
    for side in (MAX_SIDE, MAX_SIDE // 2):
        size = small_size(shape, side)
        outputs = 1 if classes == 2 else classes
        rows = min(total, MAX_ROWS, MAX_CELLS // (size[0] * size[1] * shape[-1] * outputs))
        if rows >= min(total, MAX_ROWS) // 2:
            break
    return size, rows


def _training_rows(data, total, rows, size):
    """Pixels and class ids of `rows` training rows; the same rows of a table and of a stream."""
    chosen = np.arange(total)
    if rows < total:
        rng = np.random.default_rng(data.spec.seed)
        chosen = np.sort(rng.choice(total, rows, replace=False))
    name, table = data.spec.feature_names[0], data.table("train")
    samples, step = [], rows_per_batch(data.spec)
    if table is not None:
        for start in range(0, len(chosen), step):
            sample = table.take(chosen[start : start + step])
            samples.append((_pixels(sample.features[name], size), sample.target))
    else:
        start = 0
        for features, target, *_ in batches(data, "train"):
            if start > chosen[-1]:
                break
            stop = start + len(target)
            here = chosen[np.searchsorted(chosen, start) : np.searchsorted(chosen, stop)] - start
            if len(here):
                images = np.asarray(features[name])[here]
                samples.append((_pixels(images, size), np.asarray(target)[here]))
            start = stop
    x, ids = zip(*samples, strict=True) if samples else ([np.zeros((0, 1))], [np.zeros(0)])
    return np.concatenate(x), np.concatenate(ids).astype(int)


def _pixels(images, size):
    """Images (n, H, W, C) of 0-255 as float32 rows (n, h * w * C) of 0-1."""
    import tensorflow as tf

    small = tf.image.resize(tf.convert_to_tensor(images), size, method="area").numpy() / 255
    return small.reshape(len(small), -1).astype(np.float32)


def _words(shape):
    return f"{shape[0]} × {shape[1]}" + (f" × {shape[2]}" if shape[2] > 1 else "")
