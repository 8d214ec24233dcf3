"""Intervals that have the true number with a given probability."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kerakit.builders.contract import Intervals, Spread, prediction_column
from kerakit.builders.contract.calibration import FAR, LARGEST
from kerakit.trust.conformal import conformal_quantile

__all__ = [
    "fit_forecast_intervals",
    "fit_intervals",
    "fit_member_quantile_intervals",
    "fit_quantile_intervals",
]

PIECES = 6  # of the predictions
# A spread is fitted to so many rows at most, and to fewer where rows x columns x columns are more
# than `PRODUCTS`: a second of CPU time. What it is worth stands in docs/benchmarks.md.
FIT_ROWS, PRODUCTS = 20_000, 5e9
PENALTIES = 10.0 ** np.arange(-4, 3)  # on the weights of a spread, per row
LOWEST = 0.1  # quantile of the errors that is added to each before its logarithm is taken
# Mean width of the intervals, in proportion to those of one width, below which a spread is used.
NARROWER = 0.99
LEAST = 0.05  # of a usual half of an interval of quantiles: no half is taken to be smaller
FEW = 50  # rows, below which all intervals are of one width


def fit_intervals(
    target: np.ndarray,
    answers: np.ndarray,
    columns: np.ndarray | None,
    coverage: float,
    seed: int,
) -> Intervals:
    """Return intervals around predictions, each target by itself.

    Errors are divided by a spread before the bound is taken: intervals are narrow where the model
    is usually right. The spread is a ridge regression of the logarithm of the error on the
    prediction, or on prediction and columns, with the penalty of the lowest error in
    leave-one-out cross-validation. Where neither makes intervals narrower, they are of one width.

    Args:
        target, answers: float arrays of shape `(n, targets)`, of rows that had no part in the
            model.
        columns: float array of shape `(n, columns)`, or `None`.
        coverage: float in (0, 1).
        seed: int. Seed of the rows that a spread is fitted to, where there are many.

    Reference:
        Papadopoulos, Gammerman & Vovk: Normalized Nonconformity Measures for Regression Conformal
        Prediction, 2008; Lei et al. 2018 (arXiv:1604.04173), section 5.2.
    """
    errors = np.abs(target - answers).astype("float64")
    widths = conformal_quantile(errors, coverage)
    if len(errors) < FEW:
        return Intervals(widths)
    width = 1 if columns is None else columns.shape[1]
    limit = max(FEW, min(FIT_ROWS, int(PRODUCTS / width**2)))
    rows = np.random.default_rng(seed).permutation(len(errors))[:limit]
    best, lowest = Intervals(widths), NARROWER
    for read in (None, columns) if columns is not None else (None,):
        if columns is not None and read is not None:
            read = np.clip(read, -FAR, FAR)
        found = [
            _fit_spread(errors[:, t], answers[:, t], read, rows) for t in range(errors.shape[1])
        ]
        if any(one is None for one in found):
            continue
        spread = Spread(*(np.stack(part) for part in zip(*(one[0] for one in found), strict=True)))
        held_out = np.stack([one[1] for one in found], axis=1)
        bound = conformal_quantile(errors[rows] / held_out, coverage)
        with np.errstate(divide="ignore", invalid="ignore"):
            narrower = np.nanmean(bound * held_out.mean(axis=0) / widths)
        if narrower < lowest:
            lowest = 0.99 * narrower
            every = spread.of(answers, read)
            every[rows] = held_out  # what the row itself had no part in
            best = Intervals(conformal_quantile(errors / every, coverage), spread)
    return best


def fit_quantile_intervals(
    target: np.ndarray,
    answers: np.ndarray,
    levels: Sequence[float],
    coverage: float,
    scales: np.ndarray | None = None,
) -> Intervals:
    """Return the intervals of a model of quantiles, made longer or shorter until they cover.

    Those of a forecaster are changed for each step ahead and each channel by itself.

    Args:
        target: float array of shape `(n,)`, or `(windows, horizon[, channels])`.
        answers: float array of the same shape with a last axis of levels.
        levels: sequence of floats.
        coverage: float in (0, 1).
        scales: as for `fit_forecast_intervals`.

    Reference:
        Romano, Patterson & Candes: Conformalized Quantile Regression, NeurIPS 2019
        (arXiv:1905.03222).
    """
    outside = np.maximum(answers[..., 0] - target, target - answers[..., -1]).astype("float64")
    scaled, column = scales is not None, prediction_column(levels)
    outside = outside / scales if scales is not None else outside
    return Intervals(conformal_quantile(outside, coverage), column=column, scaled=scaled)


def fit_member_quantile_intervals(
    target: np.ndarray,
    answers: np.ndarray,
    together: np.ndarray,
    levels: Sequence[float],
    coverage: float,
) -> Intervals:
    """Return the intervals of members that predict quantiles, whose halves get one factor.

    The quantiles of one member are further apart than those of all members together, so that its
    own interval tells nothing about theirs. Its prediction does: its distance from the true value
    is measured in halves of the interval of all members.

    Args:
        target: float array of shape `(n,)`.
        answers: float array of shape `(n, levels)`: of each row by the member that left it out.
        together: float array of shape `(n, levels)`: by all members.
        levels: sequence of floats.
        coverage: float in (0, 1).

    Reference:
        CQR-m of Sesia & Candes: A Comparison of Some Conformal Quantile Regression Methods, 2020
        (arXiv:1909.05433).
    """
    column = prediction_column(levels)
    together = together.astype("float64")
    below, above = together[:, column] - together[:, 0], together[:, -1] - together[:, column]
    least = max(LEAST * float((below + above).mean()) / 2, np.finfo("float32").tiny)
    error = target - answers[:, column]
    halves = np.maximum(np.where(error < 0, below, above), least)
    factor = conformal_quantile(np.abs(error) / halves, coverage)
    return Intervals(factor, column=column, least=least)


def fit_forecast_intervals(
    target: np.ndarray, answers: np.ndarray, coverage: float, scales: np.ndarray | None = None
) -> Intervals:
    """Return intervals around forecasts, for each step ahead and each channel.

    Args:
        target, answers: float arrays of shape `(windows, horizon[, channels])`.
        coverage: float in (0, 1).
        scales: float array of shape `(windows, 1[, channels])`, or `None`. What the intervals are
            in proportion to: the scales of windows of several series.
    """
    errors = np.abs(target - answers).astype("float64")
    if scales is None:
        return Intervals(conformal_quantile(errors, coverage))
    return Intervals(conformal_quantile(errors / scales, coverage), scaled=True)


def _fit_spread(errors, predictions, columns, rows):
    """The parts of a `Spread` of one target, and the spreads of `rows` without themselves.

    `None` where all predictions are the same, or all errors are 0.
    """
    errors, predictions = errors[rows], predictions[rows].astype("float64")
    # A server computes in float32: knots are numbers of it.
    knots = np.quantile(predictions, np.linspace(0, 1, PIECES + 1)).astype("float32")
    knots = np.unique(knots).astype("float64")
    if len(knots) < 2:
        return None
    # As many pieces for each target; those that are added are beyond the predictions.
    more = PIECES + 1 - len(knots)
    knots = np.append(knots, knots[-1] + (knots[-1] - knots[0]) * np.arange(1, more + 1))
    low, high = knots[:-1], knots[1:]
    inputs = np.clip((predictions[:, None] - low) / (high - low), 0, 1)
    if columns is not None:
        inputs = np.concatenate([inputs, columns[rows]], axis=1)
    usual = max(np.quantile(errors, LOWEST), 1e-6 * errors.mean())
    if not usual:
        return None
    log = np.log(errors + usual)
    kernel, centre, left_out = _ridge(inputs, log - log.mean())
    spreads = np.exp(np.clip(left_out, -LARGEST, LARGEST))
    return (knots, kernel, -centre @ kernel), spreads


def _ridge(inputs, target):
    """Weights, the means of the inputs, and the fit of each row without itself."""
    count, centre = len(inputs), inputs.mean(axis=0)
    inputs = inputs - centre
    values, vectors = np.linalg.eigh(inputs.T @ inputs)
    turned = inputs @ vectors
    along, best = turned.T @ target, None
    for penalty in PENALTIES:
        inverse = 1 / (np.maximum(values, 0) + penalty * count)
        fit, own = turned @ (inverse * along), (turned**2) @ inverse + 1 / count
        error = (target - fit) / np.maximum(1 - own, 1e-6)
        if best is None or error @ error < best[0]:
            best = error @ error, vectors @ (inverse * along), target - error
    return best[1], centre, best[2]
