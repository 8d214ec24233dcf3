"""Rows of unequal length in one array: padding with NaN, or with empty strings."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["free_inputs", "longest", "padded_to", "series_lengths"]


def free_inputs(manifest: dict[str, Any]) -> list[str]:
    """Return the names of the inputs that take series of any length."""
    inputs = manifest["signatures"]["serving_default"]["inputs"]
    return [
        name
        for name, stated in inputs.items()
        # Batch, steps and perhaps channels; an image of any size has one dimension more.
        if stated["dtype"] == "float32"
        and len(stated["shape"]) in (2, 3)
        and stated["shape"][1] is None
    ]


def series_lengths(column: np.ndarray) -> np.ndarray:
    """Return the length of each series without the padding: an int array of shape `(n,)`.

    Args:
        column: float array of shape `(n, longest)` or `(n, longest, channels)`. A step is
            padding where all channels are NaN, and so is every step after it.
    """
    if not column.shape[1]:
        return np.zeros(len(column), int)
    known = ~np.isnan(column).reshape(*column.shape[:2], -1).all(axis=2)
    return np.where(known.any(axis=1), column.shape[1] - known[:, ::-1].argmax(axis=1), 0)


def longest(column: np.ndarray) -> np.ndarray:
    """Return the series without the steps that are padding in all; one step is left."""
    return column[:, : max(1, int(series_lengths(column).max(initial=0)))]


def padded_to(array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return an array padded to `shape` in every dimension but the first.

    Args:
        array: array of numbers, padded with 0.0, or of `str`, padded with `""`.
        shape: tuple of ints. A dimension that is smaller is left as it is.
    """
    pad_width = [
        (0, 0),
        *((0, max(0, b - a)) for a, b in zip(array.shape[1:], shape[1:], strict=True)),
    ]
    return np.pad(array, pad_width, constant_values="" if array.dtype == object else 0.0)
