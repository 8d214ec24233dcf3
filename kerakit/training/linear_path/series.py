"""The linear path of a classifier of series: logistic regression on the values of a series."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerakit.builders.contract import LinearPath
from kerakit.solvers.logistic import fit_weights, mean_log_loss

__all__ = ["SeriesPath"]

# Rows x values x scores that are solved in about 4 s of CPU time; of more rows a sample is drawn.
MAX_SIZE = 80_000_000
CS = (0.1, 1.0, 10.0, 100.0)  # scikit-learn's C: the inverse of the penalty
USUAL_C = 1.0  # where there are too many rows, or too few of a class, to cross-validate
FOLDS = 5


class SeriesPath:
    """The layer `linear.series` of a classifier of series: logistic regression.

    Its `C` has the lowest log loss in a cross-validation of the training rows, of which there
    are more than validation rows.

    Args:
        linear: `LinearPath` of the network.
        runner: `Runner` of series with one label each, whose rows fit in memory.

    Attributes:
        train, validation: tuples `(values, class ids, weights)`; `validation` may be `None`.
        C: float. The chosen inverse of the penalty.
    """

    def __init__(self, linear: LinearPath, runner: Any) -> None:
        (self.layer,) = linear.layers
        self.classes = len(runner.data.spec.classes)
        self.seed = runner.options.seed
        self.train = self._rows(runner.arrays("train"))
        self.validation = self._rows(runner.arrays("validation"))
        self.C = USUAL_C

    def solve(self) -> str:
        """Set the weights that fit the training rows; return a line about them."""
        self.C = self._best_c(*self.train)
        count = self._solve(*self.train)
        values = self.layer.kernel.shape[0]
        return (
            f"linear path: logistic regression on {values:,} values of {count:,} series, "
            f"C = {self.C:g}"
        )

    def solve_again(self) -> bool:
        """Solve on training and validation rows together, with the same `C`; return `True`."""
        pairs = zip(self.train, self.validation, strict=True)
        self._solve(*(None if one is None else np.concatenate([one, two]) for one, two in pairs))
        return True

    def _best_c(self, x, y, weight):
        from sklearn.model_selection import StratifiedKFold

        folds = min(FOLDS, np.bincount(y)[np.unique(y)].min())
        if folds < 2 or len(CS) * FOLDS * x.size * self.layer.units > MAX_SIZE:
            return USUAL_C
        weight = np.ones(len(y)) if weight is None else weight
        losses = dict.fromkeys(CS, 0.0)
        folding = StratifiedKFold(folds, shuffle=True, random_state=self.seed % 2**32)
        for train, test in folding.split(x, y):
            for c in CS:
                weights, bias = fit_weights(x[train], y[train], self.classes, c, weight[train])
                loss = mean_log_loss(x[test] @ weights + bias, y[test], weight[test])
                losses[c] += loss * weight[test].sum()
        return min(losses, key=losses.get)

    def _rows(self, arrays):
        """Tuple `(values, class ids, weights)` of a split."""
        if arrays is None:
            return None
        values = arrays.values[0].numpy()
        steps = self.layer.kernel.shape[0] // values.shape[2]
        values = np.pad(values[:, :steps], [(0, 0), (0, max(steps - values.shape[1], 0)), (0, 0)])
        weight = None if arrays.weight is None else arrays.weight.numpy()
        return values.reshape(len(values), -1), arrays.target.numpy(), weight

    def _solve(self, x, y, weight):
        limit = max(MAX_SIZE // x.shape[1] // self.layer.units, 1)
        rows = np.random.default_rng(self.seed).permutation(len(x))[:limit]
        weight = None if weight is None else weight[rows]
        weights, bias = fit_weights(x[rows], y[rows], self.classes, self.C, weight)
        self.layer.kernel.assign(weights)
        self.layer.bias.assign(bias)
        return len(rows)
