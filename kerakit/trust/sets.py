"""Sets of labels that have the true one with a given probability."""

from __future__ import annotations

import numpy as np

from kerakit.builders.contract import SetRule
from kerakit.trust.conformal import conformal_quantile

__all__ = ["fit_sets"]

# From so many rows on, a third of them chooses penalty and free places by the size of the sets,
# and the others choose the threshold.
CHOOSING_ROWS = 1_000
PENALTIES, FREE = (0.0, 0.001, 0.01, 0.1, 0.3), (1, 2, 5)
FEW_CLASSES = 3  # up to which there is nothing to leave out


def fit_sets(p: np.ndarray, y: np.ndarray, coverage: float, seed: int) -> SetRule:
    """Return the rule of the smallest sets that have the true label of new rows so often.

    Args:
        p: float array of shape `(n, classes)`. Calibrated probabilities of rows that had no part
            in the model.
        y: int array of shape `(n,)`.
        coverage: float in (0, 1).
        seed: int. Seed of the rows that choose the penalty.

    Reference:
        Angelopoulos et al. 2021 (arXiv:2009.14193). Without random numbers, so that a row has one
        answer: sets cover at least as often as with them.
    """
    rule, rest = SetRule(0.0), np.ones(len(y), bool)
    if p.shape[1] > FEW_CLASSES and len(y) >= CHOOSING_ROWS:
        chosen = np.random.default_rng(seed).permutation(len(y)) % 3 == 0
        rules = [SetRule(0.0, penalty, free) for penalty in PENALTIES for free in FREE]
        sizes = [_with_threshold(r, p[chosen], y[chosen], coverage)[1] for r in rules]
        rule, rest = rules[int(np.argmin(sizes))], ~chosen
    return _with_threshold(rule, p[rest], y[rest], coverage)[0]


def _with_threshold(rule, p, y, coverage):
    """The rule with the threshold that covers, and the mean size of its sets."""
    scores = rule.scores(p)
    threshold = float(conformal_quantile(scores[np.arange(len(y)), y], coverage))
    found = SetRule(threshold, rule.penalty, rule.free)
    return found, float((scores <= threshold).sum(axis=1).mean())
