"""The straight line from a window to its horizon, by ridge regression."""

import numpy as np

__all__ = ["WindowPath"]

# Strengths as parts of the mean eigenvalue of X'X.
STRENGTHS = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1)
MOST_STEPS = 4096  # of a window: its moments take 128 MiB, and the solution minutes beyond
ROWS = 1024  # windows that are held at a time


class WindowPath:
    """The layer `linear.window` of a forecaster: a ridge regression from the window to its horizon.

    Args:
        layers: `LinearPath` of the network.
        runner: `Runner` of a forecast.
    """

    def __init__(self, layers, runner):
        self.layers, self.runner = layers, runner

    def solve(self):
        """Give the layer its weights; return what was found, a str; `None` for long windows.

        Errors count in deviations of the series, as in the loss: a window is weighted by the
        square of its scale. The moments are summed batch by batch, so memory stays flat.
        """
        runner = self.runner
        (layer,), unscale = self.layers.layers, self.layers.unscale
        steps, horizon = layer.kernel.shape
        if steps > MOST_STEPS:
            return None
        channels = len(np.atleast_1d(unscale.scale))
        mean, deviation = (
            np.atleast_1d(v).astype("float64") for v in (unscale.offset, unscale.scale)
        )

        def moments(split):
            gram, cross, total = np.zeros((steps + 1,) * 2), np.zeros((steps + 1, horizon)), 0.0
            rows = 0
            for batch in runner.data.batches(split, ROWS):
                (values, level, scale, *_), target, *_ = runner.prepare(batch, 0, False)
                rows += len(target)
                x = np.asarray(values, "float64")[..., :channels] * np.asarray(scale)
                y = np.asarray(target, "float64").reshape(len(x), horizon, channels)
                y = (y - mean) / deviation - np.asarray(level)
                x, y = (array.transpose(0, 2, 1).reshape(-1, array.shape[1]) for array in (x, y))
                bias = np.broadcast_to(np.asarray(scale), (len(values), 1, channels)).reshape(-1, 1)
                x = np.concatenate([x, bias], axis=1)
                gram, cross, total = gram + x.T @ x, cross + x.T @ y, total + np.sum(y**2)
            return gram, cross, total, max(rows * channels * horizon, 1)

        gram, cross, *_ = moments("train")
        held = moments("validation") if runner.data.spec.sizes.get("validation") else None
        unit = np.trace(gram[:-1, :-1]) / steps
        penalty = np.diag(np.append(np.full(steps, unit), 0.0))
        tried = {}
        for strength in STRENGTHS if held else STRENGTHS[2:3]:
            weights = np.linalg.solve(gram + strength * penalty, cross)
            error = np.nan
            if held:
                error = (
                    np.sum(weights * (held[0] @ weights)) - 2 * np.sum(weights * held[1]) + held[2]
                ) / held[3]
            tried[strength] = error, weights
        best = min(tried, key=lambda strength: tried[strength][0])
        error, weights = tried[best]
        layer.kernel.assign(weights[:-1].astype("float32"))
        layer.bias.assign(weights[-1].astype("float32"))
        told = f", validation mean squared error {error:.4g} in squared deviations" if held else ""
        return f"linear path: ridge regression{told}"
