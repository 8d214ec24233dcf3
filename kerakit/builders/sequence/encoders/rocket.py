"""Features of series from thousands of fixed convolutions; only what weighs them is solved."""

from __future__ import annotations

import itertools
import math

import keras
import numpy as np
from keras import ops

from kerakit.builders.contract import (
    FIXED,
    LINEAR_ROCKET,
    ROCKET,
    STANDARDISED,
    THRESHOLDS,
)
from kerakit.builders.parts import in_float32

__all__ = [
    "KERNELS",
    "TAPS",
    "dilation_of",
    "rocket_scores",
]

TAPS = 9
# Weights of MiniRocket: of nine taps, three are 2 and six are -1, in all 84 ways.
KERNELS = 84
THRESHOLDS_PER_KERNEL = 60  # of the series, and again of its changes, over all dilations
GROUPS, COMPETING = 32, 8  # of Hydra, for each dilation, of the series and again of its changes
MAX_CHANNELS = 32  # that the convolutions of one dilation read
PIECES = 16
USUAL_STEPS = 128  # where the builder knows no series
# No answer may hang on the last digit of a float32, so nothing jumps. Rivals share a win if they
# differ by less than the first of these times the distance of all; the win counts less where that
# distance is less than the second, times the mean size of what the taps read: in a flat part of a
# series, rounding would choose the winner.
CLOSE, LEAST_DISTANCE = 1e-1, 1e-5
ROOT_OF = 0.25  # is added before a square root, which is steep at 0
SMALLEST, TINY = 1e-6, 1e-12
SEED = 0x_20C6


@in_float32()
def rocket_scores(
    values: keras.KerasTensor, mask: keras.KerasTensor, steps: int | None, scores: int
) -> keras.KerasTensor:
    """Compute scores of series from what fixed convolutions find in them.

    The convolutions have nine taps, 1, 2, 4, ... steps apart, up to an eighth of the series. They
    read the series and its changes from step to step. Where there are many channels, each kernel
    reads some of them.

    | features | what they are                                                                  |
    |----------|-------------------------------------------------------------------------------|
    | `shares` | how much of the time a convolution is above a threshold (MiniRocket); within  |
    |          | half a unit of it, a step counts in part                                      |
    | `means`  | by how much it then is, in the mean (as in MultiRocket)                       |
    | `counts` | how often each of eight competing kernels is the lowest, and what the highest |
    |          | one adds up to (Hydra); square roots                                          |
    | `pieces` | the means of sixteen parts of the series, in each channel                     |

    The scores are weighted sums of the features. `kk.fit` sets the thresholds to quantiles of the
    convolutions of training series, and their unit to a small part of the deviation. Then it solves
    the weights.

    Args:
        values: tensor of shape `(batch, steps, channels)`, standardised, 0 for padding.
        mask: tensor of shape `(batch, steps)`, 0.0 for padding.
        steps: int. The steps of a usual series; `None` where they are not known.
        scores: int. How many scores a series has.

    Returns:
        Tensor of shape `(batch, scores)`.

    Reference:
        Dempster, Schmidt & Webb 2021 (MiniRocket, arXiv:2012.08791); Tan et al. 2022 (MultiRocket,
        arXiv:2102.00457); Dempster, Schmidt & Webb 2023 (Hydra, arXiv:2203.13652).
    """
    parts = [
        keras.layers.Dense(
            scores, kernel_initializer="zeros", dtype="float32", name=LINEAR_ROCKET + name
        )(_standardised(features, name))
        for name, features in _features(values, mask, steps).items()
    ]
    return keras.layers.Add(dtype="float32", name=ROCKET)(parts)


def _standardised(features, name):
    """Features times one number each, plus another: `fit` makes their means 0.

    Without it, products with the features would be sums of thousands of large terms that cancel
    each other, which float32 does not hold.
    """
    return keras.layers.EinsumDense(
        "bf,f->bf",
        output_shape=features.shape[1:],
        bias_axes="f",
        kernel_initializer="ones",
        trainable=False,
        dtype="float32",
        name=STANDARDISED + name,
    )(features)


def dilation_of(name: str) -> int:
    """Return the dilation of a layer of fixed convolutions, from its name.

    Example:

    >>> dilation_of(THRESHOLDS + "values.4")
    4
    """
    return int(name.rsplit(".", 1)[1])


def _features(values, mask, steps):
    """A dict from the names of features to tensors of shape `(batch, width)`."""
    random = np.random.default_rng(SEED)
    changes = ops.pad(values[:, 1:] - values[:, :-1], [[0, 0], [1, 0], [0, 0]]) * mask[..., None]
    read = {"values": values, "changes": changes}
    features: dict[str, list[keras.KerasTensor]] = {"shares": [], "means": [], "counts": []}
    dilations = _dilations(steps or USUAL_STEPS)
    each = math.ceil(THRESHOLDS_PER_KERNEL / len(dilations))
    counted = {dilation: _counted_steps(mask, dilation) for dilation in dilations}
    for (name, series), dilation in itertools.product(read.items(), dilations):
        series = _some_channels(series, random)
        taps = _taps(series, dilation)
        kernels = _rocket_kernels(series.shape[-1], each, dilation, random)
        over = _convolved(taps, kernels, f"{THRESHOLDS}{name}.{dilation}")
        shares = _mean_over(ops.clip(over + 0.5, 0.0, 1.0), counted[dilation])
        means = _mean_over(ops.relu(over), counted[dilation])
        features["shares"].append(shares)
        features["means"].append(means / ops.maximum(shares, SMALLEST))
        rivals = _convolved(
            taps, _hydra_kernels(series.shape[-1], random), f"{FIXED}{name}.{dilation}", bias=False
        )
        features["counts"].append(_counts(rivals, taps, mask))
    joined = {
        name: ops.concatenate(parts, axis=-1) if len(parts) > 1 else parts[0]
        for name, parts in features.items()
    }
    return {**joined, "pieces": _pieces(values, mask)}


def _dilations(steps):
    """Powers of two: the taps reach over the whole of a series, and no further."""
    return [2**power for power in range(int(math.log2(max((steps - 1) / (TAPS - 1), 1))) + 1)]


def _some_channels(series, random):
    channels = series.shape[-1]
    if channels <= MAX_CHANNELS:
        return series
    chosen = np.sort(random.choice(channels, MAX_CHANNELS, replace=False))
    return ops.take(series, chosen.tolist(), axis=-1)


def _taps(series, dilation):
    """What the taps at each step read: shape `(batch, steps, taps * channels)`.

    The value of the step itself is subtracted. It changes no convolution, because the weights of
    each kernel add up to 0; but the rounding is then that of the differences, not of the level.
    """
    reach = (TAPS - 1) * dilation
    padded = ops.pad(series, [[0, 0], [reach // 2, reach // 2], [0, 0]])
    moved = [padded[:, at : (at - reach or None)] for at in range(0, reach + 1, dilation)]
    return ops.concatenate(moved, axis=-1) - ops.tile(series, (1, 1, TAPS))


def _convolved(taps, kernel, name, bias=True):
    """The products of taps and kernels, which do not train."""
    width = kernel.shape[-1]
    layer = keras.layers.Dense(width, use_bias=bias, trainable=False, dtype="float32", name=name)
    convolved = layer(taps)
    layer.kernel.assign(kernel)
    return convolved


def _counted_steps(mask, dilation):
    """Weights of the steps in a mean: `(batch, 2, steps)`.

    The first are those of all steps of a series; the second of those at which no tap reads beyond
    an end, as far as a series has such steps.
    """
    length = ops.sum(mask, axis=1, keepdims=True)
    step = ops.cumsum(ops.ones_like(mask), axis=1)
    beyond = float(dilation * (TAPS - 1) // 2)
    inside = ops.cast(ops.logical_and(step > beyond, step <= length - beyond), "float32")
    has_any = ops.max(inside, axis=1, keepdims=True)
    both = ops.stack([mask, inside * has_any + mask * (1.0 - has_any)], axis=1)
    return both / ops.maximum(ops.sum(both, axis=-1, keepdims=True), 1.0)


def _mean_over(values, counted):
    """The mean over the steps: of the first half of values over all, of the others inside."""
    both, half = ops.matmul(counted, values), values.shape[-1] // 2
    return ops.concatenate([both[:, 0, :half], both[:, 1, half:]], axis=-1)


def _rocket_kernels(channels, each, dilation, random):
    """Shape `(taps * channels, kernels * each)`: each kernel `each` times, one behind the other.

    From dilation to dilation, every second kernel changes from the first half to the other.
    """
    kernels = np.full((TAPS, KERNELS), -1.0, "float32")
    threes = list(itertools.combinations(range(TAPS), 3))
    first = dilation.bit_length() % 2
    for number, three in enumerate(threes[first::2] + threes[1 - first :: 2]):
        kernels[list(three), number] = 2.0
    read = np.zeros((channels, KERNELS), "float32")
    most = min(channels, TAPS)
    for number in range(KERNELS):
        count = int(2 ** random.uniform(0, np.log2(most + 1)))
        read[random.choice(channels, count, replace=False), number] = 1.0
    whole = (kernels[:, None] * read).reshape(-1, KERNELS)
    return np.repeat(whole, each, axis=1)


def _hydra_kernels(channels, random):
    """Shape `(taps * channels, groups * competing)`; a group reads the same channels."""
    kernels = random.normal(size=(TAPS, GROUPS, COMPETING))
    kernels -= kernels.mean(axis=0)
    kernels /= np.abs(kernels).sum(axis=0)
    read = np.zeros((channels, GROUPS))
    for group in range(GROUPS):
        count = min(max(channels // 2, 1), COMPETING)
        read[random.choice(channels, count, replace=False), group] = 1.0
    whole = kernels[:, None] * read[None, :, :, None]
    return whole.reshape(-1, GROUPS * COMPETING).astype("float32")


def _counts(rivals, taps, mask):
    """Square roots of what the winners of each step add up to: `(batch, 2 * width)`."""
    width = rivals.shape[-1]
    groups = keras.layers.Reshape((-1, GROUPS, COMPETING))(rivals)
    high, low = (extreme(groups, axis=-1, keepdims=True) for extreme in (ops.max, ops.min))
    size = ops.mean(ops.abs(taps), axis=-1, keepdims=True)[..., None]
    distance = high - low
    counts = ops.minimum(distance / (LEAST_DISTANCE * size + TINY), 1.0)
    unit = CLOSE * distance + TINY
    highest = groups * ops.relu(1.0 - (high - groups) / unit) * counts
    lowest = ops.relu(1.0 - (groups - low) / unit) * counts
    flat = keras.layers.Reshape((-1, width))
    sums = [ops.matmul(mask[:, None], flat(each))[:, 0] for each in (highest, lowest)]
    return ops.sqrt(ops.maximum(ops.concatenate(sums, axis=-1), 0.0) + ROOT_OF)


def _pieces(values, mask):
    """Means of parts of equal length (piecewise aggregates: Keogh et al. 2001)."""
    channels = values.shape[-1]
    length = ops.maximum(ops.sum(mask, axis=1), 1.0)[:, None, None] / PIECES
    step = ops.cumsum(ops.ones_like(mask), axis=1)[:, None]  # where each ends: (batch, 1, steps)
    piece = ops.cumsum(ops.repeat(length, PIECES, axis=1), axis=1)  # (batch, pieces, 1)
    within = ops.minimum(step, piece) - ops.maximum(step - 1.0, piece - length)
    pieces = ops.matmul(ops.clip(within, 0.0, 1.0), values) / length
    return keras.layers.Reshape((PIECES * channels,))(pieces)
