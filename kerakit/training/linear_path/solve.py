"""The linear path beside a network, solved before the first epoch instead of trained in many.

A forecaster's straight line and a classifier's weights of n-grams, or of the values of a series,
are convex problems: ridge and logistic regression find their minimum in seconds. A forecaster's
network then learns what the line leaves. Of labels a regression on many columns leaves next to
nothing in training: there the network trains by itself, and the two are blended in the end.
"""

import numpy as np

from kerakit.builders.contract import linear_path_of
from kerakit.training.linear_path.blend import blend
from kerakit.training.linear_path.forecasts import WindowPath
from kerakit.training.linear_path.series import SeriesPath
from kerakit.training.linear_path.texts import GramPath

__all__ = ["finish_linear_path", "solve_linear_path"]

_PATHS = {"window": WindowPath, "series": SeriesPath, "grams": GramPath}


def solve_linear_path(runner, before=None):
    """Solve and freeze the linear path of a network, if it has one that is still at zero.

    Args:
        runner: `Runner`. Its `path` is the path from now on, where one was solved.
        before: bool or `None`. Of a run that goes on: whether it solved the path. Defaults to
            `None`: the run begins here.

    Returns:
        str, what was found, or `None` where nothing was solved.
    """
    found = linear_path_of(runner.model)
    if found is None or before is False or (found.kind != "window" and not runner.fits):
        return None
    weights = [weight for layer in found.layers for weight in layer.weights]
    if before is None and any(np.any(weight.numpy()) for weight in weights):
        return None  # it was trained: by the user, or an earlier fit
    layers, path = found, _PATHS[found.kind](found, runner)
    found = path.solve()
    if found is None:
        return None
    runner.path, runner.apart = path, layers.blend is not None
    for layer in [*layers.layers, *([layers.blend] if runner.apart else [])]:
        layer.trainable = False
    return found


def finish_linear_path(runner):
    """Blend a solved path with the network that was trained apart from it.

    The path is then solved once more, on the validation rows as well, where there are any: their
    figures in the history are from before.

    Returns:
        str, what was done, or `None` where nothing was.
    """
    if not runner.apart or runner.path.held is None:
        return None
    found = blend(runner)
    runner.path.solve_again()
    return f"{found}; then the linear path was solved once more, on the validation rows as well"
