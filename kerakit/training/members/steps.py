"""The steps that members read: the thresholds of boosted trees that are worth most."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerakit.data.tasks import TASKS
from kerakit.status import status
from kerakit.training.linear_path.tables import rows_of

__all__ = ["grow_steps"]

# Stochastic gradient boosting by squared errors (Friedman 2002, doi:10.1016/S0167-9473(01)00065-2;
# Bühlmann & Yu 2003, doi:10.1198/016214503000125, of classes). A tree takes some rows, and some of
# many columns and outputs: 100 trees take about 2 CPU seconds, at most 5.
TREES, LEAVES, RATE = 100, 24, 0.1
ROWS, COLUMNS, OUTPUTS = 6_000, 16, 4  # of a tree, at most
VALUES = 4_000_000  # of all rows together, columns or outputs: so many rows at most are drawn
LEAF = 20  # rows, at least
NOTHING = 1e-8  # of the variance of the target: a split that lowers less is one of rounding errors
EDGES = 255  # thresholds of a column, at most: as in scikit-learn's histograms
SEED = 0x_57E9
# In float32, `x / (b - a)` has an error of 2**-24 of its size: below 2**-10 for such widths.
NARROWEST, NARROWEST_AT_ZERO = 2.0**-13, 1e-6


def grow_steps(runner: Any) -> str | None:
    """Set the steps of the columns of a network with members, where all are still at zero.

    Boosted trees are grown on the training and validation rows. The steps of a column are the
    thresholds whose splits lowered the squared error most, in all trees together. The trees are
    not kept.

    Args:
        runner: `Runner`.

    Returns:
        A line about the steps, or `None` where there are none to set.
    """
    layer = None if runner.members is None else runner.members.steps
    if layer is None or any(np.any(weight.numpy()) for weight in layer.weights):
        return None
    with status("Looking for the steps of the columns"):
        rows = runner.arrays("train")
        x, target = rows_of(runner, runner.members.line.input), rows.target.numpy()
        weight = np.ones(len(x)) if rows.weight is None else rows.weight.numpy()
        there, random = np.flatnonzero(weight > 0), np.random.default_rng((runner.plan.seed, SEED))
        columns, count = layer.kernel.shape
        gaps = [_gaps(values) for values in x[there].T]
        classes = TASKS[runner.data.spec.task].answer == "label"
        outputs = len(np.unique(target)) if classes else target[0].size
        most = VALUES // max(outputs, x.shape[1])
        if len(there) > most:
            there = random.choice(there, most, replace=False)
        target = _outputs(target[there], classes)
        gains = _gains(x[there], gaps, target, weight[there], random)[:columns]
        kernel, bias = np.zeros((2, columns, count))
        for column, (lower, upper) in enumerate(gaps[:columns]):
            chosen = _best(gains[column], count if len(lower) > 1 else 0)
            slope, offset = _ramps(lower[chosen], upper[chosen])
            kernel[column, : len(chosen)], bias[column, : len(chosen)] = slope, offset
        layer.kernel.assign(kernel)
        layer.bias.assign(bias)
    found = np.count_nonzero(kernel)
    if not found:
        return f"steps: none, since {TREES} boosted trees have no threshold in a numeric column"
    where = np.count_nonzero(kernel.any(axis=1))
    return f"steps: {found:,} thresholds of {where:,} columns, from {TREES} boosted trees"


def _outputs(target, classes):
    """What the trees predict, an array of shape `(n, outputs)`; a class is 0 or 1 for each row."""
    target = target.reshape(len(target), -1).astype("float64")
    if classes:
        ids = np.unique(target)
        target = (target == ids[len(ids) == 2 :]).astype("float64")
    target = target - target.mean(axis=0)
    scale = target.std(axis=0)
    return target[:, scale > 0] / scale[scale > 0]


def _gaps(values):
    """The neighbouring distinct values between which a column can be divided, lower and upper."""
    values = np.unique(values).astype("float64")
    if len(values) > EDGES + 1:
        first = np.linspace(0, len(values) - 2, EDGES).round().astype(int)
        return values[first], values[first + 1]
    return values[:-1], values[1:]


def _gains(x, gaps, target, weight, random):
    """How much each gap of a column lowered the squared error: shape `(columns, EDGES)`."""
    from sklearn.tree import DecisionTreeRegressor

    gains, predicted = np.zeros((x.shape[1], EDGES)), np.zeros_like(target)
    codes = np.empty_like(x)  # how many gaps a value is above
    for column, (_, upper) in enumerate(gaps):
        codes[:, column] = np.searchsorted(upper, x[:, column], "right")
    for number in range(TREES if target.size else 0):
        rows = random.choice(len(x), min(ROWS, len(x)), replace=False)
        outputs = random.permutation(target.shape[1])[:OUTPUTS]
        tree = DecisionTreeRegressor(
            max_leaf_nodes=LEAVES,
            min_samples_leaf=LEAF,
            max_features=min(COLUMNS, x.shape[1]),
            min_impurity_decrease=NOTHING,
            random_state=number,
        )
        part = np.ix_(rows, outputs)
        tree.fit(codes[rows], target[part] - predicted[part], sample_weight=weight[rows])
        predicted[:, outputs] += RATE * tree.predict(codes).reshape(len(x), -1)
        _add_gains(gains, tree.tree_)
    return gains


def _add_gains(gains, tree):
    parents = np.flatnonzero(tree.children_left >= 0)
    error = tree.impurity * tree.weighted_n_node_samples
    lowered = error[parents] - error[tree.children_left[parents]]
    lowered -= error[tree.children_right[parents]]
    edge = np.floor(tree.threshold[parents]).astype(int)  # between the codes `edge` and `edge + 1`
    np.add.at(gains, (tree.feature[parents], edge), lowered)


def _best(gains, count):
    """Which gaps have the most gain, at most `count`, in the order of the values."""
    order = np.argsort(-gains, kind="stable")[:count]
    return np.sort(order[gains[order] > 0])


def _ramps(lower, upper):
    """The slope and the offset of the ramps from 0 at `lower` to 1 at `upper`."""
    width = np.maximum(upper - lower, NARROWEST * np.maximum(abs(lower), abs(upper)))
    width = np.maximum(width, NARROWEST_AT_ZERO)
    begin = (lower + upper - width) / 2
    return 1 / width, -begin / width
