"""The linear path beside a network: solved before the first epoch instead of trained.

A forecaster's straight line and a classifier's weights of n-grams, or of the values of a series,
are convex problems: ridge and logistic regression find their minimum in seconds. A forecaster's
network then learns the errors of the line. The errors of a classifier on many columns are close
to zero in training, so its network trains alone, and path and network are blended at the end.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from kerakit.builders.contract import linear_path_of
from kerakit.status import status
from kerakit.training.linear_path.blend import blend
from kerakit.training.linear_path.forecasts import WindowPath
from kerakit.training.linear_path.rocket import FEW_ERRORS, RocketPath
from kerakit.training.linear_path.series import SeriesPath
from kerakit.training.linear_path.tables import TablePath
from kerakit.training.linear_path.texts import GramPath

__all__ = ["finish_linear_path", "solve_linear_path"]

_PATHS = {
    "window": WindowPath,
    "series": SeriesPath,
    "rocket": RocketPath,
    "grams": GramPath,
    "table": TablePath,
}


def solve_linear_path(runner: Any, solved_before: bool | None = None) -> str | None:
    """Solve and freeze the linear path of a network, if it has one that is still at zero.

    Args:
        runner: `Runner`. Its `path` is the path from now on, where one was solved.
        solved_before: bool or `None`. Whether the run that goes on solved its path. Defaults to
            `None`: the run begins here.

    Returns:
        A line about the solution, or `None` where nothing was solved.
    """
    linear = linear_path_of(runner.model)
    if linear is None or solved_before is False:
        return None
    if linear.kind == "rocket":
        return _solve_rocket(linear, runner)
    if linear.kind not in ("window", "grams") and not runner.fits:
        return None
    weights = [weight for layer in linear.layers for weight in layer.weights]
    if solved_before is None and any(np.any(weight.numpy()) for weight in weights):
        return None  # it was trained: by the user, or an earlier fit
    path = _PATHS[linear.kind](linear, runner)
    with status("Solving the linear path"):
        line = path.solve()
    if line is None:
        return None
    runner.path = path
    if linear.blend is not None and linear.kind != "table":
        runner.train_alone(linear)
    blend = linear.blend if runner.trains_alone else None
    for layer in filter(None, [*linear.layers, linear.levels, blend]):
        layer.trainable = False
    return line


def _solve_rocket(linear, runner):
    """Solve the weights of fixed features; decide whether the network beside them trains.

    Whatever they were before, they are solved: nothing else sets them.
    """
    for layer in (*linear.layers, *([] if linear.is_whole else [linear.blend])):
        layer.trainable = False
    if not linear.is_whole:
        runner.train_alone(linear)
    if not runner.fits:
        linear.blend.kernel.assign([[0.0], [1.0]])
        return "linear path: not solved, because the rows are larger than cache_mb"
    path = RocketPath(linear, runner)
    with status("Solving the weights of the features"):
        line = path.solve()
    runner.path = path
    if linear.is_whole:
        return None  # its line comes with the epoch
    if path.errors < FEW_ERRORS:
        linear.blend.kernel.assign([[1.0], [0.0]])
        runner.solve_instead(linear)
        return (
            f"encoder: the fixed features alone, because they label {path.errors} series that "
            "were left out wrongly: too few for a network to be shown to be better"
        )
    return line


def finish_linear_path(runner: Any) -> str | None:
    """Blend a solved path with the network that trained without it.

    The path is then solved once more, on training and validation rows together, where there
    are validation rows. The validation metrics in the history are from before.

    Returns:
        A line about the blend, or `None` where nothing was blended.
    """
    if not runner.trains_alone or runner.path is None or runner.path.validation is None:
        return None
    with status("Blending the linear path and the network"):
        blended = blend(runner)
        runner.blended_loss = blended.loss
        if runner.path.solve_again():
            runner.held_out = blended.answers
    if runner.held_out is None:
        return blended.line
    return (
        f"{blended.line}; then the linear path was solved once more, on the validation rows as well"
    )
