"""The piecewise linear encoding of numbers over bins of their quantiles."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np

from kerakit.data.spec import Feature

__all__ = ["bin_means", "quantile_bins"]

# Layers of `preprocess`; no column can have a name with a dot.
# In float32, a place in a bin has an error of 2**-24 of its edges by its width: at most 2**-6.
NARROWEST = 2.0**-18
BIN, PIECEWISE = "preprocess.bin", "preprocess.piecewise"


def quantile_bins(
    features: Sequence[Feature],
    values: keras.KerasTensor,
    mean: np.ndarray,
    variance: np.ndarray,
    bins: int,
) -> list[keras.KerasTensor]:
    """Piecewise linear encoding of normalised values over quantile bins.

    Component t of a value is 0 below bin t, 1 above it and linear inside. The first bin
    continues below its lower edge and the last one above its upper edge (Gorishniy et al.
    2022, equation 1).

    Args:
        features: numeric `Feature`s.
        values: tensor of shape `(batch, columns)`. Their normalised values.
        mean, variance: float arrays of shape `(columns,)`, by which they were normalised.
        bins: int. Bins of a column, at most.

    Returns:
        List of a tensor of shape `(batch, bins of all columns)`; empty where no column has two
        bins.
    """
    quantiles = []
    for feature in features:
        vector = feature.shape != ()
        quantiles += list(feature.quantiles) if vector else [feature.quantiles]
    scales, offsets, columns = [], [], []
    for column, edges in enumerate(quantiles):
        edges = np.asarray(edges, "float64")
        if len(edges) > bins + 1:
            edges = edges[np.linspace(0, len(edges) - 1, bins + 1).round().astype(int)]
        if len(edges) < 3:
            continue  # one bin is the normalised value itself
        edges = _apart((edges - mean[column]) / np.sqrt(variance[column]))
        width = np.diff(edges)
        scales += (1 / width).tolist()
        offsets += (-edges[:-1] / width).tolist()
        columns += [column] * len(width)
    if not columns:
        return []
    repeated = keras.ops.take(values, columns, axis=-1)
    within = keras.layers.Rescaling(scale=scales, offset=offsets, name=BIN)(repeated)
    return [keras.layers.ReLU(max_value=1.0, name=PIECEWISE)(within)]


def _apart(edges):
    """Edges without those that are too near to the one before them for float32."""
    kept = [edges[0]]
    for edge in edges[1:]:
        if edge - kept[-1] > NARROWEST * max(abs(edge), abs(kept[-1])):
            kept.append(edge)
    return np.array(kept)


def bin_means(preprocess: keras.Model) -> np.ndarray:
    """Return about what each bin that a `preprocess` sub-model gives is in the mean of the rows.

    Quantiles divide the rows evenly: of n bins of a column, bin t (from 0) is 1 above it and
    linear inside, which is `1 - (t + 0.5) / n` in the mean.

    Returns:
        float array of shape `(bins of all columns,)`.
    """
    layers = {layer.name: layer for layer in preprocess.layers}
    if PIECEWISE not in layers:
        return np.zeros(0)
    within = layers[BIN]
    scale, offset = np.array(within.scale), np.array(within.offset)
    lower, upper = -offset / scale, (1 - offset) / scale
    # A bin begins where the one before it ends, but for the first of a column.
    first = np.flatnonzero(np.append(True, lower[1:] < upper[:-1] - 1e-6 * np.abs(upper[:-1])))
    counts = np.diff(np.append(first, len(lower)))
    return np.concatenate([1 - (np.arange(count) + 0.5) / count for count in counts])
