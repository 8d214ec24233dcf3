"""Pinball losses and levels, by hand and against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import mean_pinball_loss

from kerakit.evaluation.metrics.quantiles import LevelErrors


def test_by_hand_in_two_batches():
    errors = LevelErrors((0.2, 0.5, 0.9))
    errors.add([[10.0, 10.0]], [[[8.0, 10.0, 11.0], [11.0, 12.0, 15.0]]])
    errors.add([[0.0, 1.0]], [[[0.0, 0.0, 0.0], [0.0, 0.0, 0.5]]])
    # Errors at 0.2: 2, -1, 0, 1; at 0.5: 0, -2, 0, 1; at 0.9: -1, -5, 0, 0.5.
    expected = {
        "0.2": {"pinball": (0.4 + 0.8 + 0.0 + 0.2) / 4, "below": 2 / 4},
        "0.5": {"pinball": (0.0 + 1.0 + 0.0 + 0.5) / 4, "below": 3 / 4},
        "0.9": {"pinball": (0.1 + 0.5 + 0.0 + 0.45) / 4, "below": 3 / 4},
    }
    found = errors.per_level()
    assert list(found) == list(expected)
    for level, values in expected.items():
        assert found[level] == pytest.approx(values)
    losses = [values["pinball"] for values in expected.values()]
    assert errors.mean() == [pytest.approx(np.mean(losses))]


def test_losses_are_those_of_scikit_learn():
    rng = np.random.default_rng(0)
    y, p = rng.normal(size=(30, 4)), rng.normal(size=(30, 4, 3))
    errors = LevelErrors((0.05, 0.5, 0.8))
    for rows in (slice(0, 7), slice(7, 30)):
        errors.add(y[rows], p[rows])
    for place, (level, values) in enumerate(errors.per_level().items()):
        expected = mean_pinball_loss(y.ravel(), p[..., place].ravel(), alpha=float(level))
        assert values["pinball"] == pytest.approx(expected)
        assert values["below"] == np.mean(y <= p[..., place])


def test_channels_have_losses_of_their_own_and_no_mean_over_units():
    rng = np.random.default_rng(0)
    y, p = rng.normal(size=(30, 4, 2)), rng.normal(size=(30, 4, 2, 3))
    errors = LevelErrors((0.1, 0.5, 0.9))
    errors.add(y * [1, 100], p * [[1], [100]], channels=2)
    each = [LevelErrors((0.1, 0.5, 0.9)) for _ in range(2)]
    for channel, one in enumerate(each):
        one.add(y[..., channel], p[..., channel, :])
    first, second = errors.mean()
    assert first == pytest.approx(each[0].mean()[0])
    assert second == pytest.approx(100 * each[1].mean()[0])
    found = errors.per_level()["0.1"]
    assert list(found) == ["below"]
    assert found["below"] == np.mean([one.per_level()["0.1"]["below"] for one in each])
