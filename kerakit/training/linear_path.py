"""The linear path beside a network, solved before the first epoch instead of trained in many.

A forecaster's straight line and a classifier's weights of n-grams, or of the values of a series,
are convex problems: ridge and logistic regression find their minimum in seconds. A forecaster's
network then learns what the line leaves. Of labels a regression on many columns leaves next to
nothing in training: there the network trains by itself, and the two are blended in the end.
"""

import numpy as np

from kerakit.training.arrays import split_model
from kerakit.training.gram_path import solve_grams
from kerakit.training.series_path import solve_series
from kerakit.training.window_path import solve_windows

__all__ = ["solve_linear_path"]


def solve_linear_path(runner, before=None):
    """Solve and freeze the linear path of a network, if it has one that is still at zero.

    Args:
        runner: `Runner`. Its `solved` says whether the path is solved from now on, and its
            `apart` whether the network trains without it.
        before: bool or `None`. Of a run that goes on: whether it solved the path; its weights
            then come from the checkpoint, and it is frozen alone. Defaults to `None`: the run
            begins here.

    Returns:
        str, what was found, or `None` where nothing was solved.
    """
    _, network = split_model(runner.model)
    layers = {layer.name: layer for layer in network.layers}
    path = [layer for name, layer in layers.items() if name.partition(".")[0] == "linear"]
    solve, needed = _way(layers)
    if not path or before is False or not layers.keys() >= needed:
        return None  # there is none, or a layer of the user's own has its name
    found = None
    if before is None:
        if any(np.any(weight.numpy()) for layer in path for weight in layer.weights):
            return None  # it was trained: by the user, or an earlier fit
        found = solve(layers, runner)
        if found is None:
            return None
    runner.solved, runner.apart = True, "blend" in layers
    for layer in [*path, *([layers["blend"]] if runner.apart else [])]:
        layer.trainable = False
    return found


def _way(layers):
    """What solves the path in these layers, and the names of those that it needs."""
    if "linear" in layers:
        return solve_windows, {"unscale"}
    if "linear.series" in layers:
        return solve_series, {"blend", "output"}
    frequencies = {"frequency" + name[6:] for name in layers if name.startswith("linear.")}
    return solve_grams, frequencies | {"blend", "output"}
