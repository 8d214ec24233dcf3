"""A weight for every value of a series, by logistic regression."""

import numpy as np

from kerakit.logistic import fit_weights

__all__ = ["SeriesPath"]

# Rows x values x scores that are solved in about 4 s of CPU time; of more rows a part is drawn.
MOST = 80_000_000


class SeriesPath:
    """The layer `linear.series` of a classifier of series: a logistic regression (C = 1).

    Args:
        layers: dict of the network's layers by name.
        runner: `Runner` of series with one label each, whose rows fit in memory.
    """

    def __init__(self, layers, runner):
        self.layer = layers["linear.series"]
        self.classes = len(runner.data.spec.classes)
        self.seed = runner.seed
        self.train, self.held = (self._rows(runner.arrays(s)) for s in ("train", "validation"))

    def solve(self):
        """Give the layer the weights that suit the training rows; return what was found, a str."""
        count = self._solve(*self.train)
        values = self.layer.kernel.shape[0]
        return f"linear path: logistic regression on {values:,} values of {count:,} series"

    def solve_again(self):
        """Solve it once more, on the validation rows as well."""
        pairs = zip(self.train, self.held, strict=True)
        self._solve(*(None if one is None else np.concatenate([one, two]) for one, two in pairs))

    def _rows(self, arrays):
        """Tuple `(values, ids of the classes, weights)` of a split."""
        if arrays is None:
            return None
        values = arrays.values[0].numpy()
        steps = self.layer.kernel.shape[0] // values.shape[2]
        values = np.pad(values[:, :steps], [(0, 0), (0, max(steps - values.shape[1], 0)), (0, 0)])
        weight = None if arrays.weight is None else arrays.weight.numpy()
        return values.reshape(len(values), -1), arrays.target.numpy(), weight

    def _solve(self, x, y, weight):
        most = max(MOST // x.shape[1] // self.layer.units, 1)
        rows = np.random.default_rng(self.seed).permutation(len(x))[:most]
        weight = None if weight is None else weight[rows]
        weights, bias = fit_weights(x[rows], y[rows], self.classes, weight)
        self.layer.kernel.assign(weights)
        self.layer.bias.assign(bias)
        return len(rows)
