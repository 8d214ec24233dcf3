"""The linear path beside a network, solved before the first epoch instead of trained in many.

A forecaster's straight line and a text classifier's weights of n-grams are convex problems:
ridge and logistic regression find their minimum in seconds, with the strength of the penalty
chosen on the validation rows. The network then learns what they leave.
"""

import numpy as np

from kerakit.training.arrays import split_model
from kerakit.training.gram_path import solve_grams
from kerakit.training.window_path import solve_windows

__all__ = ["solve_linear_path"]


def solve_linear_path(runner, before=None):
    """Solve and freeze the linear path of a network, if it has one that is still at zero.

    Args:
        runner: `Runner`. Its `solved` says whether the path is solved from now on.
        before: bool or `None`. Of a run that goes on: whether it solved the path; its weights
            then come from the checkpoint, and it is frozen alone. Defaults to `None`: the run
            begins here.

    Returns:
        str, what was found, or `None` where nothing was solved.
    """
    _, network = split_model(runner.model)
    layers = {layer.name: layer for layer in network.layers}
    names = [name for name in layers if name.partition(".")[0] == "linear"]
    path = [layers[name] for name in names]
    beside = {"unscale"} if "linear" in layers else {"frequency" + n[6:] for n in names}
    if not path or before is False or not layers.keys() >= beside:
        return None  # there is none, or a layer of the user's own has its name
    found = None
    if before is None:
        if any(np.any(weight.numpy()) for layer in path for weight in layer.weights):
            return None  # it was trained: by the user, or an earlier fit
        found = (solve_windows if "linear" in layers else solve_grams)(layers, runner)
        if found is None:
            return None
    for layer in path:
        layer.trainable = False
    runner.solved = True
    return found
