"""Calibrated probabilities: one temperature, or a monotone curve for each class."""

from __future__ import annotations

import numpy as np

from kerakit.builders.contract import Probabilities

__all__ = ["fit_probabilities", "log_losses"]

HIGHEST = np.log(10.0)  # of the logarithm of a temperature, up and down
# The prior of that logarithm is a normal distribution around 0: thirty rows hardly change the
# temperature, and a few hundred outweigh it.
PRIOR_STD = 0.5
# Curves need rows, and their gain must be more than chance explains, in rows without a part in it.
CURVE_ROWS, CURVE_CLASSES, ROWS_OF_CLASS = 1_000, 20, 50
FOLDS, ERRORS = 5, 1.5
PIECES, DECIMALS = 32, 3  # of a curve, and of the probabilities at which its pieces end
SLOPE = 0.01  # share of the probability itself in a curve, so that no two become equal
SMALLEST = 1e-15


def fit_probabilities(
    p: np.ndarray, y: np.ndarray, independent: bool, seed: int, *, ordered: bool = False
) -> Probabilities:
    """Return how probabilities are calibrated, by rows that had no part in the model.

    The temperature has the highest posterior probability under a prior around 1. From 1,000 rows
    on, curves by isotonic regression, one for each class against the others, take its place where
    their log loss in cross-validation is lower by more than chance explains.

    Args:
        p: float array of shape `(n, classes)`. Probabilities.
        y: int array of shape `(n,)`, or 0 or 1 of shape `(n, classes)`.
        independent: bool. Whether each class is a yes or no of its own.
        seed: int. Seed of the folds.
        ordered: bool. Whether the class with the highest probability must stay the same. Then
            there are no curves, of each class its own. Defaults to `False`.

    Reference:
        Guo et al.: On Calibration of Modern Neural Networks, ICML 2017 (arXiv:1706.04599);
        Zadrozny & Elkan: Transforming Classifier Scores into Accurate Multiclass Probability
        Estimates, KDD 2002.
    """
    cooled = _cooled(p, y, independent)
    counts = y.sum(axis=0) if independent else np.bincount(y, minlength=p.shape[1])
    few = len(y) < CURVE_ROWS or p.shape[1] > CURVE_CLASSES or counts.min() < ROWS_OF_CLASS
    if ordered or few or (independent and (len(y) - counts).min() < ROWS_OF_CLASS):
        return cooled
    fold = np.random.default_rng(seed).permutation(len(y)) % FOLDS
    gains = np.empty(len(y))
    for number in range(FOLDS):
        out = fold == number
        rest = p[~out], y[~out], independent
        losses = [log_losses(fit(*rest).of(p[out]), y[out]) for fit in (_cooled, _curves)]
        gains[out] = losses[0] - losses[1]
    error = gains.std() / np.sqrt(len(gains))
    return _curves(p, y, independent) if gains.mean() > ERRORS * error else cooled


def log_losses(p: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the log loss of each row, of shape `(n,)`; of several labels their mean.

    Args:
        p: float array of shape `(n, classes)`.
        y: int array of shape `(n,)`, or 0 or 1 of shape `(n, classes)`.
    """
    if y.ndim == 2:
        return -np.log(np.maximum(np.where(y == 1, p, 1 - p), SMALLEST)).mean(axis=1)
    return -np.log(np.maximum(p[np.arange(len(y)), y], SMALLEST))


def _cooled(p, y, independent):
    from scipy.optimize import minimize_scalar

    def posterior(log):
        losses = log_losses(Probabilities(np.exp(log), independent=independent).of(p), y)
        return losses.sum() + (log / PRIOR_STD) ** 2 / 2

    best = minimize_scalar(posterior, bounds=(-HIGHEST, HIGHEST), method="bounded")
    return Probabilities(float(np.exp(best.x)), independent=independent)


def _curves(p, y, independent):
    from sklearn.isotonic import IsotonicRegression

    knots, values = [], []
    for number, column in enumerate(np.asarray(p, "float64").T):
        true = y[:, number] if independent else y == number
        fitted = IsotonicRegression(out_of_bounds="clip").fit(column, true)
        at = np.quantile(column, np.linspace(0, 1, PIECES - 1))
        # A server computes in float32, where knots must not be one.
        at = np.unique(np.concatenate([[0.0], at.round(DECIMALS), [1.0]]))
        at = np.interp(np.linspace(0, len(at) - 1, PIECES + 1), np.arange(len(at)), at)
        curve = np.clip(fitted.predict(at), 1 / (len(y) + 2), 1 - 1 / (len(y) + 2))
        knots.append(at)
        values.append((1 - SLOPE) * curve + SLOPE * at)
    return Probabilities(knots=np.array(knots), values=np.array(values), independent=independent)
