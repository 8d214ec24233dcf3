import numpy as np
import pytest
from scipy.special import expit, softmax

from kerakit.evaluation.metrics.metrics import expected_calibration_error
from kerakit.trust.probabilities import fit_probabilities, log_losses


def drawn(scores, seed):
    """Class ids drawn from the softmax of scores."""
    p = softmax(scores, axis=1)
    return (p.cumsum(axis=1) < np.random.default_rng(seed).random((len(p), 1))).sum(axis=1)


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("factor", [0.5, 2.5])
def test_the_temperature_of_too_sure_or_unsure_answers_is_found(classes, factor):
    scores = np.random.default_rng(0).normal(0, 2, (900, classes))
    y, said = drawn(scores, 1), softmax(factor * scores, axis=1)
    made = fit_probabilities(said, y, independent=False, seed=0)
    assert made.knots is None
    assert made.temperature == pytest.approx(factor, rel=0.15)
    # Calibrated by hand: the scores divided by the temperature.
    by_hand = softmax(factor * scores / made.temperature, axis=1)
    np.testing.assert_allclose(made.of(said), by_hand, atol=1e-9)


def test_the_temperature_of_yes_or_no_labels_is_found():
    scores = np.random.default_rng(0).normal(0, 2, (600, 3))
    y = (np.random.default_rng(1).random(scores.shape) < expit(scores)).astype(int)
    made = fit_probabilities(expit(3 * scores), y, independent=True, seed=0)
    assert made.temperature == pytest.approx(3, rel=0.15)
    np.testing.assert_allclose(
        made.of(expit(3 * scores)), expit(3 * scores / made.temperature), atol=1e-9
    )


def test_few_rows_hardly_change_a_temperature():
    p = np.array([[0.9, 0.1]] * 10)
    made = fit_probabilities(p, np.zeros(10, int), independent=False, seed=0)  # all right
    assert 0.6 < made.temperature < 1
    many = fit_probabilities(
        np.repeat(p, 90, axis=0), np.zeros(900, int), independent=False, seed=0
    )
    assert many.temperature < 0.5


def test_answers_that_no_temperature_mends_get_curves():
    """A class that is said to have 0.5 where it has 0.9, and 0.99 where it has 0.95."""
    scores = np.random.default_rng(0).normal(0, 2, (6_000, 2))
    true = softmax(scores, axis=1)
    y, said = drawn(scores, 1), true.copy()
    said[:, 1] = true[:, 1] ** 3
    said[:, 0] = 1 - said[:, 1]
    made = fit_probabilities(said[:3000], y[:3000], independent=False, seed=0)
    assert made.knots is not None and made.values is not None
    assert (np.diff(made.values, axis=1) > 0).all()  # no two probabilities become one
    before, after = (
        expected_calibration_error(p.max(axis=1), p.argmax(axis=1) == y[3000:])
        for p in (said[3000:], made.of(said[3000:]))
    )
    assert after < 0.04 and after < before / 2
    np.testing.assert_allclose(made.of(said).sum(axis=1), 1.0)


def test_honest_answers_get_no_curves():
    scores = np.random.default_rng(0).normal(0, 2, (3_000, 3))
    made = fit_probabilities(softmax(scores, axis=1), drawn(scores, 1), False, seed=0)
    assert made.knots is None and made.temperature == pytest.approx(1, abs=0.08)


def test_log_losses_are_those_of_scikit_learn():
    from sklearn.metrics import log_loss

    scores = np.random.default_rng(0).normal(size=(50, 3))
    p, y = softmax(scores, axis=1), drawn(scores, 1)
    assert log_losses(p, y).mean() == pytest.approx(log_loss(y, p))


def test_probabilities_of_zero_and_one_stay_numbers():
    p = np.array([[1.0, 0.0], [0.0, 1.0]] * 20)
    made = fit_probabilities(p, np.array([0, 1] * 20), independent=False, seed=0)
    assert np.isfinite(made.of(p)).all()
    np.testing.assert_allclose(made.of(p), p, atol=1e-6)
