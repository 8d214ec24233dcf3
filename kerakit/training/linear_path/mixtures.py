"""The average over ridge regressions on mixtures of kinds of features."""

from __future__ import annotations

import dataclasses

import numpy as np

from kerakit.solvers.left_out_ridge import LeftOutFit, left_out_fit, left_out_fits
from kerakit.training.linear_path.indicators import ScoredTargets

__all__ = ["SolvedMixture", "Standardised", "averaged", "standardised"]

COLUMNS = 1024  # whose moments are computed at a time
CHOICE_ROWS = 1024  # by which penalties and weights are chosen, at most

# Kinds of features that are tried, with their shares of the kernel. They and the average over them
# were chosen by the log loss and errors of rows left out, on training rows of nine archive sets.
MIXTURES = (
    {"shares": 1.0},
    {"counts": 1.0},
    {"pieces": 1.0},
    {"shares": 0.5, "means": 0.5},
    {"shares": 0.25, "means": 0.25, "counts": 0.5},
    {"shares": 1 / 6, "means": 1 / 6, "counts": 1 / 3, "pieces": 1 / 3},
)
LEAST = 0.01  # weight below which a mixture is left out of the average
PENALTIES = tuple(np.logspace(-4, 3, 15).tolist())  # where a row's kernel with itself is 1
FLAT = 1e-6  # standard deviation below which a feature says nothing


@dataclasses.dataclass(frozen=True)
class SolvedMixture:
    """A mixture of kinds of features, its solution and what that is worth.

    Attributes:
        mixture: dict from kinds of features to their shares of the kernel.
        fit: `LeftOutFit`.
        gain: float. By what the predictions are multiplied.
        loss: float. Of rows left out.
        weight: float. In the average of all mixtures.
    """

    mixture: dict[str, float]
    fit: LeftOutFit
    gain: float
    loss: float
    weight: float = 1.0


@dataclasses.dataclass(frozen=True)
class Standardised:
    """Features with a mean of 0 and a standard deviation of 1; flat ones are 0.

    Attributes:
        values: float32 array of shape `(n, width)`: the features times `scale`, plus `shift`.
        scale, shift: float32 arrays of shape `(width,)`.
        width: int. How many are not flat.
    """

    values: np.ndarray
    scale: np.ndarray
    shift: np.ndarray
    width: int


def standardised(features: np.ndarray) -> Standardised:
    """Standardise features, an array of shape `(n, width)`."""
    parts = [features[:, at : at + COLUMNS] for at in range(0, features.shape[1], COLUMNS)]
    mean = np.concatenate([part.mean(axis=0, dtype="float64") for part in parts])
    std = np.concatenate([part.std(axis=0, dtype="float64") for part in parts])
    varies = std > FLAT * np.maximum(abs(mean), 1.0)
    scale = np.where(varies, 1 / np.where(varies, std, 1.0), 0.0)
    scale, shift = scale.astype("float32"), (-mean * scale).astype("float32")
    values = features * scale
    values += shift
    return Standardised(values, scale, shift, int(varies.sum()))


def averaged(
    kernels: dict[str, np.ndarray], targets: ScoredTargets, seed: int
) -> list[SolvedMixture]:
    """Solve each mixture with the penalty that has the lowest loss of rows left out.

    The weights of the mixtures are the likelihoods of the rows left out (pseudo-BMA: Yao et al.
    2018, doi:10.1214/17-BA1091). Where one mixture is clearly better, it has all the weight.
    """
    count = len(targets.weight)
    rows = np.arange(count)
    if count > CHOICE_ROWS:
        rows = np.sort(np.random.default_rng(seed).choice(count, CHOICE_ROWS, replace=False))
    some, solved = targets.take(rows), []
    for mixture in MIXTURES:
        matrix = _mixed(kernels, mixture, rows)
        fits = left_out_fits(matrix, some.values, some.weight, PENALTIES)
        found = [SolvedMixture(mixture, fit, *some.best_gain(fit.left_out)) for fit in fits]
        solved.append(min(found, key=lambda each: each.loss))
    scale = len(rows) if targets.head != "linear" else len(rows) / 2 / min(s.loss for s in solved)
    lowest = min(each.loss for each in solved)
    weights = [float(np.exp(scale * (lowest - each.loss))) for each in solved]
    weights = [weight if weight > LEAST * sum(weights) else 0.0 for weight in weights]
    chosen = [
        dataclasses.replace(each, weight=weight / sum(weights))
        for each, weight in zip(solved, weights, strict=True)
        if weight
    ]
    if len(rows) == count:
        return chosen
    for number, each in enumerate(chosen):
        matrix = _mixed(kernels, each.mixture, np.arange(count))
        fit = left_out_fit(matrix, targets.values, targets.weight, each.fit.penalty)
        gain, loss = targets.best_gain(fit.left_out)
        chosen[number] = dataclasses.replace(each, fit=fit, gain=gain, loss=loss)
    return chosen


def _mixed(kernels, mixture, rows):
    """The sum of kernels of some rows, each times its share."""
    pairs = np.ix_(rows, rows)
    return sum(share * kernels[name][pairs].astype("float64") for name, share in mixture.items())
