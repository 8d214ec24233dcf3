"""The linear path of a forecaster: ridge regression from a window to its horizon."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import numpy as np

from kerakit.builders.contract import (
    LinearPath,
    has_several_series,
    network_of,
    quantiles_of,
)

__all__ = ["WindowPath", "weighted_quantiles"]

ALPHAS = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1)  # fractions of the mean eigenvalue of X'X
USUAL_ALPHA = 1e-4  # without validation rows
# By how much more than the window the covariates are penalised; the last leaves them out.
FACTORS, USUAL_FACTOR = (1.0, 1e2, 1e4, 1e8), 1.0
MAX_STEPS = 4096  # of a window: its moments take 128 MiB, and the solution minutes beyond
ROWS = 1024  # windows that are in memory at a time
# Errors that the quantiles of the line's errors are taken of: of more windows, which overlap, every
# second, third, ... is taken. They are sorted within a second.
MAX_ERRORS = 4_000_000


class WindowPath:
    """A forecaster's layer `linear.window`: ridge regression from a window to its horizon.

    The layer reads the steps of the window, and the covariates behind them. All channels share
    the weights of a `Dense`; of an `EinsumDense` each has its own. A forecaster of quantiles also
    has a layer `linear.levels`: the quantiles of the errors of the line.

    Args:
        linear: `LinearPath` of the network.
        runner: `Runner` of a forecast.
    """

    def __init__(self, linear: LinearPath, runner: Any) -> None:
        (self.layer,), self.unscale = linear.layers, linear.unscale
        self.levels, self.runner = linear.levels, runner

    def solve(self) -> str | None:
        """Set the weights of the layer; return a line about them, or `None` for long windows.

        Errors count in standard deviations of the series, as in the loss: a window is weighted
        by the square of its scale, and by its weight. The moments are summed batch by batch, so
        that memory does not grow with the series. The penalties are those with the lowest error
        on the validation rows.
        """
        import keras

        *_, width, _ = self.layer.kernel.shape
        if width > MAX_STEPS:
            return None
        network = network_of(self.runner.model)
        self.reads = keras.Model(network.inputs, self.layer.input)
        train = self._moments("train")
        has_validation = bool(self.runner.data.spec.sizes.get("validation"))
        validation = self._moments("validation") if has_validation else None
        steps = self.runner.data.spec.series.window
        unit = np.trace(train.gram[:, :-1, :-1], axis1=1, axis2=2)[:, None, None] / width
        best, error = None, np.inf
        factors = FACTORS if width > steps else (USUAL_FACTOR,)
        usual = [(USUAL_ALPHA, USUAL_FACTOR)]
        for alpha, factor in itertools.product(ALPHAS, factors) if has_validation else usual:
            penalty = np.full(width + 1, factor)
            penalty[:steps], penalty[-1] = 1.0, 0.0
            weights = np.linalg.solve(train.gram + alpha * unit * np.diag(penalty), train.cross)
            found = -1.0 if validation is None else validation.error(weights)
            if best is None or found < error:
                best, error = weights, found
        shared = self.layer.kernel.shape.rank == 2
        kernel, bias = (best[0, :-1], best[0, -1]) if shared else (best[:, :-1], best[:, -1])
        self.layer.kernel.assign(kernel.astype("float32"))
        self.layer.bias.assign(bias.astype("float32"))
        line = "linear path: ridge regression"
        if has_validation:
            line += f", validation mean squared error {error:.4g} (standardised)"
        if self.levels is not None:
            self._solve_levels()
            line += "; levels by the quantiles of its errors"
        return line

    def _solve_levels(self):
        """Set what each level adds to the line: this has the lowest pinball loss in training.

        Errors are in scales of their window. As each counts in standard deviations of the series
        in the loss, the weight of a window is its scale, and what the loss makes of its weight.
        """
        import keras

        model, data = self.runner.model, self.runner.data
        network, levels = network_of(model), quantiles_of(model)
        line = keras.Model(network.inputs, self.layer.output)
        horizon, _, channels = self.levels.kernel.shape
        total = data.spec.sizes.get("train", 0) * horizon * channels
        every = max(1, -(-total // MAX_ERRORS))
        errors, weights, before = [], [], 0
        for batch in data.batches("train", ROWS):
            inputs, target, level, scale, root = self._read(batch)
            chosen = slice(-before % every, None, every)
            before += len(target)
            error = (target - level) / scale - np.asarray(line(inputs), "float64")
            errors.append(error[chosen].astype("float32"))
            weight = scale * (root if has_several_series(model) else root**2)
            weights.append(np.broadcast_to(weight, error.shape)[chosen].astype("float32"))
        found = weighted_quantiles(np.concatenate(errors), np.concatenate(weights), levels)
        self.levels.kernel.assign(found.transpose(2, 0, 1).astype("float32"))

    def _read(self, batch):
        """Inputs, standardised targets, level, scale and the root of the weight of a batch.

        Returns:
            Tuple of the network's inputs and float64 arrays of shape `(n, channels, horizon)`,
            `(n, channels, 1)`, the same and `(n, 1, 1)`.
        """
        inputs, target, *weight = self.runner.plan.prepare(batch, 0, False)
        *_, horizon = self.layer.kernel.shape
        scales = self.unscale.offset, self.unscale.scale
        mean, std = (np.atleast_1d(value).astype("float64") for value in scales)
        _, level, scale, *_ = (np.asarray(each, "float64") for each in inputs)
        level, scale = (each.transpose(0, 2, 1) for each in (level, scale))
        y = np.asarray(target, "float64").reshape(len(level), horizon, len(std))
        y = ((y - mean) / std).transpose(0, 2, 1)
        root = np.ones((len(y), 1, 1))
        if weight:
            root = np.sqrt(np.asarray(weight[0], "float64"))[:, None, None]
        return inputs, y, level, scale, root

    def _moments(self, split):
        """The `_Moments` of the windows of a split."""
        *_, width, horizon = self.layer.kernel.shape
        channels = np.size(self.unscale.scale)
        groups = 1 if self.layer.kernel.shape.rank == 2 else channels
        gram = np.zeros((groups, width + 1, width + 1))
        cross, total, count = np.zeros((groups, width + 1, horizon)), 0.0, 0
        for batch in self.runner.data.batches(split, ROWS):
            inputs, y, level, scale, root = self._read(batch)
            x = np.asarray(self.reads(inputs), "float64")
            x = np.concatenate([x, np.ones_like(x[..., :1])], axis=-1) * scale
            x, y = x * root, (y - level) * root
            # Channels that share their weights are rows of one regression.
            x, y = (a.transpose(1, 0, 2).reshape(groups, -1, a.shape[-1]) for a in (x, y))
            across = x.transpose(0, 2, 1)
            gram, cross = gram + across @ x, cross + across @ y
            total, count = total + np.sum(y**2), count + y.size
        return _Moments(gram, cross, total, max(count, 1))


def weighted_quantiles(values: np.ndarray, weights: np.ndarray, levels: Any) -> np.ndarray:
    """Return the numbers with the lowest pinball loss, over the first axis.

    Args:
        values, weights: arrays of shape `(n, ...)`.
        levels: sequence of floats in (0, 1).

    Returns:
        Array of shape `(levels, ...)`: for each level the smallest value such that it and smaller
        values have at least this part of the weights.

    Example:

    >>> values, weights = np.array([3.0, 1.0, 2.0]), np.array([1.0, 1.0, 2.0])
    >>> weighted_quantiles(values, weights, (0.1, 0.5, 0.9)).tolist()
    [1.0, 2.0, 3.0]
    """
    order = np.argsort(values, axis=0)
    values, weights = (np.take_along_axis(each, order, axis=0) for each in (values, weights))
    part = np.cumsum(weights, axis=0, dtype="float64")
    part /= part[-1:]
    found = [np.argmax(part >= level * (1 - 1e-12), axis=0)[None] for level in levels]
    return np.concatenate([np.take_along_axis(values, place, axis=0) for place in found])


@dataclasses.dataclass(frozen=True)
class _Moments:
    """Sums over windows, for each regression of its own.

    Attributes:
        gram: float64 array of shape `(groups, width, width)`: X'X.
        cross: float64 array of shape `(groups, width, horizon)`: X'Y.
        total, count: the sum of Y squared, and how many Y there are.
    """

    gram: np.ndarray
    cross: np.ndarray
    total: float
    count: int

    def error(self, weights):
        """The mean squared error of weights of shape `(groups, width, horizon)`."""
        fitted = np.sum(weights * (self.gram @ weights)) - 2 * np.sum(weights * self.cross)
        return (fitted + self.total) / self.count
