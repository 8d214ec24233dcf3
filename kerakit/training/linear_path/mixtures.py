"""The average over ridge regressions on mixtures of kinds of features."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from kerakit.solvers.left_out_ridge import LeftOutFit, left_out_fit, left_out_fits
from kerakit.training.linear_path.indicators import ScoredTargets

__all__ = [
    "SolvedMixture",
    "Standardised",
    "averaged",
    "kernel_matrices",
    "solved_mixtures",
    "standardised",
    "weighted",
]

COLUMNS = 1024  # whose moments are computed at a time
CHOICE_ROWS = 1024  # by which penalties and weights are chosen, at most

# Kinds of features that are tried, with their shares of the kernel.
# tests/benchmarks/sequence_features.py prints what each is worth, and their average.
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


def kernel_matrices(features: dict[str, Callable[[], np.ndarray]]) -> dict[str, np.ndarray]:
    """Return the kernel of each row with each, for each kind of features.

    One kind is standardised at a time: all together would take twice the memory.

    Args:
        features: dict from kinds to functions that return arrays of shape `(n, width)`.

    Returns:
        dict from kinds to float32 arrays of shape `(n, n)`, whose diagonals have a mean of 1.
    """
    kernels = {}
    for name, read in features.items():
        part = standardised(read())
        kernels[name] = part.values @ part.values.T / max(part.width, 1)
    return kernels


def solved_mixtures(kernels: dict[str, np.ndarray], targets: ScoredTargets) -> list[SolvedMixture]:
    """Solve each mixture with the penalty that has the lowest loss of rows left out."""
    solved = []
    for mixture in MIXTURES:
        fits = left_out_fits(_mixed(kernels, mixture), targets.values, targets.weight, PENALTIES)
        found = [SolvedMixture(mixture, fit, *targets.best_gain(fit.left_out)) for fit in fits]
        solved.append(min(found, key=lambda each: each.loss))
    return solved


def weighted(solved: list[SolvedMixture], targets: ScoredTargets) -> list[SolvedMixture]:
    """Return the mixtures that count in the average, with their weights.

    The weights are the likelihoods of the rows left out (pseudo-BMA: Yao et al. 2018,
    doi:10.1214/17-BA1091). Where one mixture is clearly better, it has all the weight. Numbers
    have normal errors, whose variance is that of the best mixture.
    """
    lowest = min(each.loss for each in solved)
    scale = len(targets.weight) * (0.5 / lowest if targets.head == "linear" else 1.0)
    weights = np.exp(scale * (lowest - np.array([each.loss for each in solved])))
    weights = np.where(weights > LEAST * weights.sum(), weights, 0.0)
    weights = (weights / weights.sum()).tolist()
    pairs = zip(solved, weights, strict=True)
    return [dataclasses.replace(each, weight=weight) for each, weight in pairs if weight]


def averaged(
    kernels: dict[str, np.ndarray], targets: ScoredTargets, seed: int
) -> list[SolvedMixture]:
    """Return the `weighted` mixtures, solved on all rows.

    Of many rows, a sample chooses penalties and weights.
    """
    count = len(targets.weight)
    if count <= CHOICE_ROWS:
        return weighted(solved_mixtures(kernels, targets), targets)
    rows = np.sort(np.random.default_rng(seed).choice(count, CHOICE_ROWS, replace=False))
    some = {name: kernel[np.ix_(rows, rows)] for name, kernel in kernels.items()}
    own = targets.take(rows)
    chosen = weighted(solved_mixtures(some, own), own)
    for number, each in enumerate(chosen):
        matrix = _mixed(kernels, each.mixture)
        fit = left_out_fit(matrix, targets.values, targets.weight, each.fit.penalty)
        gain, loss = targets.best_gain(fit.left_out)
        chosen[number] = dataclasses.replace(each, fit=fit, gain=gain, loss=loss)
    return chosen


def _mixed(kernels, mixture):
    """The sum of kernels, each times its share."""
    return sum(share * kernels[name].astype("float64") for name, share in mixture.items())
