"""Losses of predicted indicators, and what they are multiplied by."""

import numpy as np
import pytest
from sklearn.metrics import log_loss

from kerakit.training.linear_path.indicators import GAINS, ScoredTargets


def targets(head, values, weight=None):
    values = np.asarray(values, "float64")
    weight = np.ones(len(values)) if weight is None else np.asarray(weight, "float64")
    return ScoredTargets(head, values, weight, np.average(values, axis=0, weights=weight))


def test_losses_are_those_of_scikit_learn():
    rng = np.random.default_rng(0)
    scores, weight = rng.normal(size=(20, 3)), rng.uniform(0.5, 2, 20)
    ids = np.arange(20) % 3
    p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    three = targets("softmax", np.eye(3)[ids], weight)
    assert three.loss(scores) == pytest.approx(log_loss(ids, p, sample_weight=weight))
    assert three.errors(scores) == (p.argmax(axis=1) != ids).sum()
    two = targets("logistic", (ids == 1)[:, None], weight)
    q = 1 / (1 + np.exp(-scores[:, 0]))
    assert two.loss(scores[:, :1]) == pytest.approx(log_loss(ids == 1, q, sample_weight=weight))
    assert two.errors(scores[:, :1]) == ((q > 0.5) != (ids == 1)).sum()
    numbers = targets("linear", scores, weight)
    assert numbers.loss(scores + 2.0) == pytest.approx(4.0) and numbers.errors(scores + 2.0) == 0


def test_rows_that_are_all_right_do_not_make_certain():
    """By hand: of 8 rows, a tenth is taken to be wrong; the best probability is 9/10."""
    ids = np.array([0, 1] * 4)
    found = targets("softmax", np.eye(2)[ids])
    losses = [
        found.cautious_loss((2 * np.eye(2)[ids] - 1) * s) for s in np.log([8.0, 9.0, 10.0]) / 2
    ]
    assert losses[1] < min(losses[0], losses[2])
    assert losses[1] == pytest.approx(-0.9 * np.log(0.9) - 0.1 * np.log(0.1))


def test_the_score_of_two_classes_has_twice_the_gain():
    rng = np.random.default_rng(1)
    ids = np.arange(40) % 2
    predicted = np.clip(ids + rng.normal(0, 0.4, 40), 0, 1)
    one = targets("logistic", ids[:, None]).best_gain(predicted[:, None])
    both = targets("softmax", np.eye(2)[ids]).best_gain(np.stack([1 - predicted, predicted], 1))
    assert both[0] in GAINS and one == pytest.approx((2 * both[0], both[1]))
