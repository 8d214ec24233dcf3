"""A weight for every value of a series, by logistic regression."""

import numpy as np

from kerakit.solvers.logistic import fit_weights, mean_log_loss

__all__ = ["SeriesPath"]

# Rows x values x scores that are solved in about 4 s of CPU time; of more rows a part is drawn.
MOST = 80_000_000


STRENGTHS = (0.1, 1.0, 10.0, 100.0)  # C of scikit-learn
USUAL = 1.0  # where there are too many rows, or too few of a class, to cross-validate
FOLDS = 5


class SeriesPath:
    """The layer `linear.series` of a classifier of series: a logistic regression.

    Its penalty has the lowest log loss in a cross-validation of the training rows, of which
    there are more than validation rows.

    Args:
        layers: `LinearPath` of the network.
        runner: `Runner` of series with one label each, whose rows fit in memory.
    """

    def __init__(self, layers, runner):
        (self.layer,) = layers.layers
        self.classes = len(runner.data.spec.classes)
        self.seed = runner.seed
        self.train, self.held = (self._rows(runner.arrays(s)) for s in ("train", "validation"))
        self.strength = USUAL

    def solve(self):
        """Give the layer the weights that suit the training rows; return what was found, a str."""
        self.strength = self._best(*self.train)
        count = self._solve(*self.train)
        values = self.layer.kernel.shape[0]
        return (
            f"linear path: logistic regression on {values:,} values of {count:,} series, "
            f"C = {self.strength:g}"
        )

    def solve_again(self):
        """Solve it once more, on the validation rows as well, by the same penalty."""
        pairs = zip(self.train, self.held, strict=True)
        self._solve(*(None if one is None else np.concatenate([one, two]) for one, two in pairs))

    def _best(self, x, y, weight):
        from sklearn.model_selection import StratifiedKFold

        folds = min(FOLDS, np.bincount(y)[np.unique(y)].min())
        if folds < 2 or len(STRENGTHS) * FOLDS * x.size * self.layer.units > MOST:
            return USUAL
        weight = np.ones(len(y)) if weight is None else weight
        losses = dict.fromkeys(STRENGTHS, 0.0)
        parts = StratifiedKFold(folds, shuffle=True, random_state=self.seed % 2**32)
        for train, held in parts.split(x, y):
            for strength in STRENGTHS:
                weights, bias = fit_weights(
                    x[train], y[train], self.classes, strength, weight[train]
                )
                loss = mean_log_loss(x[held] @ weights + bias, y[held], weight[held])
                losses[strength] += loss * weight[held].sum()
        return min(losses, key=losses.get)

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
        weights, bias = fit_weights(x[rows], y[rows], self.classes, self.strength, weight)
        self.layer.kernel.assign(weights)
        self.layer.bias.assign(bias)
        return len(rows)
