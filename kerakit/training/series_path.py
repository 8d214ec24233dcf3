"""A weight for every value of a series, by logistic regression."""

import numpy as np

from kerakit.logistic import fit_weights

__all__ = ["solve_series"]

# Rows x values x scores that are solved in about 4 s of CPU time; of more rows a part is drawn.
MOST = 80_000_000


def solve_series(layers, runner):
    """Give the layer `linear.series` the weights of a logistic regression (C = 1).

    Args:
        layers: dict of the network's layers by name.
        runner: `Runner` of series with one label each, all of as many steps.

    Returns:
        str, what was found; `None` where the rows do not fit in memory.
    """
    if not runner.fits:
        return None
    train, layer = runner.arrays("train"), layers["linear.series"]
    most = max(MOST // layer.kernel.shape[0] // layer.units, 1)
    rows = np.random.default_rng(runner.seed).permutation(len(train))[:most]
    values = train.values[0].numpy()[rows]
    steps = layer.kernel.shape[0] // values.shape[2]
    x = values[:, :steps].reshape(len(rows), -1)
    weight = None if train.weight is None else train.weight.numpy()[rows]
    classes = len(runner.data.spec.classes)
    weights, bias = fit_weights(x, train.target.numpy()[rows], classes, weight)
    layer.kernel.assign(weights)
    layer.bias.assign(bias)
    return f"linear path: logistic regression on {x.shape[1]:,} values of {len(x):,} series"
