"""The linear path of a forecaster: ridge regression from a window to its horizon."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerakit.builders.contract import LinearPath

__all__ = ["WindowPath"]

ALPHAS = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1)  # fractions of the mean eigenvalue of X'X
USUAL_ALPHA = 1e-4  # without validation rows
MAX_STEPS = 4096  # of a window: its moments take 128 MiB, and the solution minutes beyond
ROWS = 1024  # windows that are in memory at a time


class WindowPath:
    """A forecaster's layer `linear.window`: ridge regression from a window to its horizon.

    Args:
        linear: `LinearPath` of the network.
        runner: `Runner` of a forecast.
    """

    def __init__(self, linear: LinearPath, runner: Any) -> None:
        (self.layer,), self.unscale = linear.layers, linear.unscale
        self.runner = runner

    def solve(self) -> str | None:
        """Set the weights of the layer; return a line about them, or `None` for long windows.

        Errors count in standard deviations of the series, as in the loss: a window is weighted
        by the square of its scale. The moments are summed batch by batch, so that memory does
        not grow with the series.
        """
        steps, _ = self.layer.kernel.shape
        if steps > MAX_STEPS:
            return None
        gram, cross, *_ = self._moments("train")
        has_validation = bool(self.runner.data.spec.sizes.get("validation"))
        validation = self._moments("validation") if has_validation else None
        unit = np.trace(gram[:-1, :-1]) / steps
        penalty = np.diag(np.append(np.full(steps, unit), 0.0))
        candidates = {}
        for alpha in ALPHAS if has_validation else (USUAL_ALPHA,):
            weights = np.linalg.solve(gram + alpha * penalty, cross)
            error = np.nan if validation is None else _mean_squared_error(weights, *validation)
            candidates[alpha] = error, weights
        best = min(candidates, key=lambda alpha: candidates[alpha][0])
        error, weights = candidates[best]
        self.layer.kernel.assign(weights[:-1].astype("float32"))
        self.layer.bias.assign(weights[-1].astype("float32"))
        line = "linear path: ridge regression"
        if has_validation:
            line += f", validation mean squared error {error:.4g} (standardised)"
        return line

    def _moments(self, split):
        """`(X'X, X'Y, sum of Y squared, number of Y)` of the windows of a split."""
        steps, horizon = self.layer.kernel.shape
        scales = self.unscale.offset, self.unscale.scale
        mean, std = (np.atleast_1d(value).astype("float64") for value in scales)
        channels = len(std)
        gram, cross, total = np.zeros((steps + 1,) * 2), np.zeros((steps + 1, horizon)), 0.0
        rows = 0
        for batch in self.runner.data.batches(split, ROWS):
            (values, level, scale, *_), target, *_ = self.runner.plan.prepare(batch, 0, False)
            rows += len(target)
            x = np.asarray(values, "float64")[..., :channels] * np.asarray(scale)
            y = np.asarray(target, "float64").reshape(len(x), horizon, channels)
            y = (y - mean) / std - np.asarray(level)
            x, y = (array.transpose(0, 2, 1).reshape(-1, array.shape[1]) for array in (x, y))
            bias = np.broadcast_to(np.asarray(scale), (len(values), 1, channels)).reshape(-1, 1)
            x = np.concatenate([x, bias], axis=1)
            gram, cross, total = gram + x.T @ x, cross + x.T @ y, total + np.sum(y**2)
        return gram, cross, total, max(rows * channels * horizon, 1)


def _mean_squared_error(weights, gram, cross, total, count):
    return (np.sum(weights * (gram @ weights)) - 2 * np.sum(weights * cross) + total) / count
