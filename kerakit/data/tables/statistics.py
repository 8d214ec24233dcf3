"""Statistics of the training rows, which become constants of the models."""

from __future__ import annotations

import collections
from typing import Any

import numpy as np

from kerakit.data.images.statistics import PixelCounts, describe_image
from kerakit.data.spec import Feature

__all__ = [
    "LARGEST",
    "describe_feature",
    "describe_target",
    "distinct_quantiles",
    "far_value_note",
    "is_constant",
]

LARGEST = 1e18
"""The largest number: the square of one that is twenty times as large is none of float32."""

# A distance that is warned of, in ranges of nearly all values. Of the real tables that the
# benchmarks read none has such a value, and the tails of a Cauchy distribution have not.
FAR = 1e5

# 64 intervals of equal counts: enough for a monotone map or bins of a column, and 65
# numbers a column in the spec.
_QUANTILES = np.linspace(0.0, 1.0, 65)


def describe_feature(name: str, values: np.ndarray, column: str = "") -> Feature:
    """Compute the statistics of a column of training values; return them as a `Feature`.

    Args:
        name: str. The input's name.
        values: float array of shape `(n,)` or `(n, d)` with NaN for missing, object array
            of `str` of shape `(n,)` with `""` for missing, or uint8 array of images of shape
            `(n, height, width, channels)`.
        column: str. The name in the source. Defaults to `name`.

    Returns:
        `Feature` with mean, variance (the population's), minimum, maximum, missing count
        and, for numbers, up to 65 distinct quantiles (where values repeat, other values take the
        places of repeated quantiles), each a tuple of d for shape `(d,)`; with
        the vocabulary, most frequent first, for strings; with mean, variance, minimum and
        maximum of each channel, over all pixels, for images. The statistics of a column
        without any value are 0, and it has no quantiles.

    Example:

    >>> describe_feature("type", np.array(["red", "white", "white"], object)).vocabulary
    ('white', 'red')
    >>> describe_feature("alcohol", np.array([9.0, 11.0, np.nan])).mean
    10.0
    """
    column = column or name
    if values.ndim == 4:
        counts = PixelCounts(values.shape[-1])
        counts.add(values)
        return describe_image(name, values.shape[1:], counts, column)
    if values.dtype == object:
        counts = collections.Counter(values.tolist())
        ranked = sorted(counts, key=lambda word: (-counts[word], word))
        return Feature(
            name,
            kind="categorical",
            dtype="string",
            column=column,
            missing=counts.get("", 0),
            vocabulary=tuple(ranked),
        )
    if values.ndim == 1:
        return Feature(name, column=column, **_describe_numbers(values))
    each = [_describe_numbers(values[:, index]) for index in range(values.shape[1])]
    together: dict[str, Any] = {key: tuple(one[key] for one in each) for key in each[0]}
    return Feature(name, column=column, shape=values.shape[1:], **together)


def describe_target(values: np.ndarray) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return `(mean, variance)`, tuples with one float for each numeric target.

    Args:
        values: float array of shape `(n,)` or `(n, targets)`.
    """
    values = values.reshape(len(values), -1).astype(np.float64)
    return tuple(values.mean(axis=0).tolist()), tuple(values.var(axis=0).tolist())


def distinct_quantiles(values: np.ndarray) -> tuple[float, ...]:
    """Return up to 65 distinct quantiles of numbers, the first the minimum, the last the maximum.

    Args:
        values: array of shape `(n,)`, without missing values.

    Example:

    >>> distinct_quantiles(np.array([3, 3, 3, 5]))[0]
    3.0
    """
    return tuple(np.unique(_quantiles(np.sort(values))).tolist())


def far_value_note(values: np.ndarray, what: str) -> str | None:
    """Return a warning if one value is absurdly far from the others, or `None`.

    Args:
        values: float array of shape `(n,)` or `(n, columns)`, NaN for missing.
        what: str. The source and the column, such as `"wine.csv: the target"`.
    """
    found = next(filter(None, map(_far_value, values.reshape(len(values), -1).T)), None)
    if found is None:
        return None
    far, low, high = found
    return (
        f"{what}: a value is {far:.6g}, and nearly all others are in [{low:.6g}, {high:.6g}]. It "
        "hides their differences from a line and from a mean. If it stands for a missing value, "
        "leave it missing (an empty cell, NaN), or remove the row."
    )


def _far_value(values):
    """The value that is absurdly far, and the range of nearly all others, or `None`."""
    known = values[~np.isnan(values)].astype("float64")
    few = len(known) // 50 + 1
    if len(known) <= 4 * few:
        return None
    low, high = np.partition(known, (few, -1 - few))[[few, -1 - few]]
    far = known[np.argmax(np.maximum(low - known, known - high))]
    return (far, low, high) if max(low - far, far - high) > FAR * (high - low) > 0 else None


def is_constant(feature: Feature) -> bool:
    """Whether a scalar feature has the same value in all training rows."""
    if feature.kind == "date":
        return is_constant(feature.parts[0])
    if feature.kind == "categorical":
        return len(feature.vocabulary) < 2
    return feature.shape == () and (
        not feature.quantiles or (len(feature.quantiles) == 1 and not feature.missing)
    )


def _describe_numbers(values) -> dict[str, Any]:
    """The statistics of one column of numbers, as keyword arguments of `Feature`."""
    known = values[~np.isnan(values)]
    statistics = {"missing": len(values) - len(known), "quantiles": ()}
    if not len(known):
        return statistics | dict.fromkeys(("mean", "variance", "minimum", "maximum"), 0.0)
    ranked, exact = np.sort(known), known.astype(np.float64)
    return statistics | {
        "mean": float(exact.mean()),
        "variance": float(exact.var()),
        "minimum": float(ranked[0]),
        "maximum": float(ranked[-1]),
        "quantiles": _bin_edges(ranked),
    }


def _bin_edges(ranked):
    """The quantiles of sorted values, and more of the values where quantiles repeat.

    Where one value is most of a column, as 0 often is, quantiles hardly tell the others apart.
    Evenly chosen values, in their order, take the places that repeated quantiles leave.
    """
    found = np.unique(_quantiles(ranked))
    free = len(_QUANTILES) - len(found)
    others = np.setdiff1d(ranked.astype(np.float64), found)
    count = min(free, len(others))
    chosen = np.linspace(0, len(others) - 1, count).round().astype(int)
    return tuple(np.union1d(found, others[chosen]).tolist())


def _quantiles(ranked):
    """What `numpy.quantile` gives for sorted values; it would sort ten times as long."""
    index = (len(ranked) - 1) * _QUANTILES
    below = np.floor(index).astype(int)
    above = np.minimum(below + 1, len(ranked) - 1)
    low, high, part = ranked[below].astype(np.float64), ranked[above], index - below
    difference = high - low
    near_low, near_high = low + difference * part, high - difference * (1 - part)
    return np.where(part < 0.5, near_low, near_high)
