import numpy as np
import pytest

from kerakit.trust.intervals import (
    fit_forecast_intervals,
    fit_intervals,
    fit_quantile_intervals,
)


def covered(intervals, y, answers, columns=None):
    found = intervals.of(answers, columns)
    inside = (found[..., 0] <= y.reshape(found.shape[:-1])) & (
        y.reshape(found.shape[:-1]) <= found[..., 2]
    )
    return inside.mean(axis=0), (found[..., 2] - found[..., 0]).mean(axis=0)


def rows(count, seed, spread):
    """Predictions, true values whose errors have the given spread, and three columns."""
    rng = np.random.default_rng(seed)
    columns = rng.normal(size=(count, 3)).astype("float32")
    answers = rng.uniform(0, 10, (count, 1)).astype("float32")
    noise = rng.normal(size=(count, 1)) * spread(answers, columns)
    return answers + noise, answers, columns


def test_few_rows_get_intervals_of_one_width():
    target = np.arange(1.0, 20.0)[:, None]
    found = fit_intervals(target, np.zeros((19, 1)), np.zeros((19, 1)), 0.9, seed=0)
    assert found.spread is None
    assert found.widths.tolist() == [18.0]
    assert found.of(np.array([[5.0]])).tolist() == [[-13.0, 5.0, 23.0]]


def test_errors_of_one_size_get_one_width():
    found = fit_intervals(*rows(2_000, 0, lambda p, x: 1.0), 0.9, seed=0)
    assert found.spread is None
    assert found.widths[0] == pytest.approx(1.645, abs=0.1)  # of a normal distribution


def test_errors_that_grow_with_the_prediction_get_narrower_intervals():
    def spread(answers, columns):
        return 0.2 + 0.3 * answers

    found = fit_intervals(*rows(2_000, 0, spread), 0.9, seed=0)
    assert found.spread is not None and found.spread.columns == 0
    y, answers, columns = rows(20_000, 1, spread)
    plain = fit_intervals(*rows(2_000, 0, spread)[:2], None, 0.9, seed=0)
    plain = type(plain)(np.quantile(np.abs(y - answers), 0.9, axis=0))
    share, width = covered(found, y, answers)
    assert share == pytest.approx(0.9, abs=0.015)
    assert width < 0.87 * covered(plain, y, answers)[1]
    # Narrow and wide rows are covered alike, which one width cannot.
    low = answers[:, 0] < 3
    assert covered(found, y[low], answers[low])[0] == pytest.approx(0.9, abs=0.06)
    assert covered(plain, y[low], answers[low])[0] > 0.98


def test_errors_that_grow_with_a_column_read_the_columns():
    def spread(answers, columns):
        return np.exp(columns[:, 1:2])

    found = fit_intervals(*rows(2_000, 0, spread), 0.9, seed=0)
    assert found.spread.columns == 3
    y, answers, columns = rows(20_000, 1, spread)
    share, width = covered(found, y, answers, columns)
    assert share == pytest.approx(0.9, abs=0.02)
    one_width = 2 * np.quantile(np.abs(y - answers), 0.9)
    # With the true spread 1.645 * 2 * E[exp(z)] = 5.42, of 6.14 for one width.
    assert width < 0.92 * one_width


def test_targets_have_intervals_of_their_own():
    one, other = (rows(500, seed, lambda p, x: 1.0) for seed in (0, 1))
    target = np.concatenate([one[0], 100 * other[0]], axis=1)
    answers = np.concatenate([one[1], 100 * other[1]], axis=1)
    found = fit_intervals(target, answers, None, 0.9, seed=0)
    assert found.widths[1] / found.widths[0] == pytest.approx(100, rel=0.2)
    assert found.of(answers).shape == (500, 2, 3)


def test_constant_predictions_and_columns_and_exact_answers_are_answered():
    target = np.random.default_rng(0).normal(size=(200, 1))
    constant = fit_intervals(target, np.zeros((200, 1)), np.ones((200, 2)), 0.9, seed=0)
    assert constant.spread is None and np.isfinite(constant.widths).all()
    exact = fit_intervals(target, target, np.ones((200, 2)), 0.9, seed=0)
    assert exact.widths.tolist() == [0.0]
    assert np.array_equal(exact.of(target)[:, 0], target[:, 0])


def test_predictions_that_float32_hardly_tells_apart_are_answered_in_float32():
    """Predictions around a million that differ by hundredths: their pieces have a width."""
    target, answers, _ = rows(300, 0, lambda p, x: 0.1 + p)
    answers = (1e6 + answers / 10).astype("float32")
    found = fit_intervals(answers + (target - target.mean()), answers, None, 0.9, seed=0)
    assert found.spread is None or (np.diff(found.spread.knots.astype("float32")) > 0).all()
    assert np.isfinite(found.of(answers)).all()


def test_forecasts_have_a_width_for_each_step_and_channel():
    scale = np.array([[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]])
    errors = np.arange(1.0, 100.0)[:, None, None] * scale
    found = fit_forecast_intervals(errors, np.zeros_like(errors), 0.9)
    np.testing.assert_allclose(found.widths, 90 * scale)
    ends = found.of(np.zeros((2, 3, 2)))
    assert ends.shape == (2, 3, 2, 3) and ends[0, 2, 1].tolist() == [-2700.0, 0.0, 2700.0]


def test_quantiles_are_made_longer_and_shorter_by_hand():
    y = np.arange(1.0, 20.0)
    answers = np.tile([0.0, 5.0, 10.0], (19, 1))
    found = fit_quantile_intervals(y, answers, (0.1, 0.5, 0.9), 0.9)
    # Outside by max(0 - y, y - 10): the 18th of 19 scores is 18 - 10.
    assert float(found.widths) == 8.0 and found.column == 1
    assert found.of(answers)[0].tolist() == [-8.0, 5.0, 18.0]
    wide = np.tile([-100.0, 5.0, 100.0], (19, 1))
    found = fit_quantile_intervals(y, wide, (0.1, 0.5, 0.9), 0.9)
    assert float(found.widths) < 0  # shorter
    ends = found.of(wide)
    assert (ends[:, 0] <= 5).all() and (ends[:, 2] >= 5).all()  # never past the prediction


def test_quantile_intervals_are_those_of_mapie():
    mapie = pytest.importorskip("mapie", reason="pip install 'kerakit[references]'")
    from mapie.regression import ConformalizedQuantileRegressor
    from sklearn.base import BaseEstimator, RegressorMixin

    assert mapie
    rng = np.random.default_rng(0)
    x = rng.uniform(1, 3, (400, 1))
    y = x[:, 0] * (1 + rng.normal(size=400))

    class Line(RegressorMixin, BaseEstimator):
        """A quantile regressor that is fitted already: a multiple of the column."""

        def __init__(self, factor=1.0):
            self.factor = factor

        def fit(self, x, y):
            return self

        def predict(self, x):
            return self.factor * x[:, 0]

        def __sklearn_is_fitted__(self):
            return True

    lines = [Line(-0.3), Line(2.3), Line(1.0)]  # lower, upper, middle
    reference = ConformalizedQuantileRegressor(lines, confidence_level=0.9, prefit=True)
    reference.conformalize(x[:200], y[:200])
    _, ends = reference.predict_interval(x[200:], symmetric_correction=True)
    answers = np.stack([-0.3 * x[:, 0], x[:, 0], 2.3 * x[:, 0]], axis=1)
    found = fit_quantile_intervals(y[:200], answers[:200], (0.05, 0.5, 0.95), 0.9)
    np.testing.assert_allclose(found.of(answers[200:])[:, [0, 2]], ends[:, :, 0], atol=1e-6)


def test_intervals_of_several_series_are_in_proportion_to_their_windows():
    rng = np.random.default_rng(0)
    scales = np.exp(rng.normal(0, 3, (400, 1)))
    answers = rng.normal(size=(400, 2)) * scales
    target = answers + scales * rng.normal(size=(400, 2)) * [1.0, 2.0]
    found = fit_forecast_intervals(target, answers, 0.9, scales)
    assert found.scaled and found.widths == pytest.approx([1.645, 3.29], rel=0.15)
    share, _ = covered(found, target, answers, scales)
    assert share == pytest.approx([0.9, 0.9], abs=0.01)
    small = scales[:, 0] < 0.1
    assert covered(found, target[small], answers[small], scales[small])[0].min() > 0.8


def test_quantiles_of_a_forecast_are_changed_step_by_step():
    """Nineteen windows: at the first step the 18th is 18 outside, at the second 1 inside."""
    count = np.arange(1.0, 20.0)
    target = np.stack([count, np.zeros(19)], axis=1)
    answers = np.stack([np.zeros((19, 2)), np.zeros((19, 2)), np.zeros((19, 2))], axis=-1)
    answers[:, 1] = [-1.0, 0.0, 1.0]
    found = fit_quantile_intervals(target, answers, (0.1, 0.5, 0.9), 0.9)
    assert found.widths.tolist() == [18.0, -1.0] and found.column == 1 and not found.scaled
    ends = found.of(np.array([[[4.0, 5.0, 6.0], [-3.0, 0.0, 2.0]]]))
    assert ends.tolist() == [[[-14.0, 5.0, 24.0], [-2.0, 0.0, 1.0]]]
    # An interval that would end before its forecast ends there.
    assert found.of(np.zeros((1, 2, 3))).tolist() == [[[-18.0, 0.0, 18.0], [0.0, 0.0, 0.0]]]
    scales = np.full((19, 1), 2.0)
    scaled = fit_quantile_intervals(target, answers, (0.1, 0.5, 0.9), 0.9, scales)
    assert scaled.widths.tolist() == [9.0, -0.5] and scaled.scaled
    wide = scaled.of(np.zeros((1, 2, 3)), np.array([[10.0]]))
    assert wide[0, 0].tolist() == [-90.0, 0.0, 90.0]


def test_quantiles_of_channels_cover_each_by_itself():
    rng = np.random.default_rng(0)
    target = rng.normal(size=(4000, 3, 2)) * [1.0, 100.0]
    answers = np.array([-0.5, 0.0, 0.5]) * np.ones((4000, 3, 2, 1))
    found = fit_quantile_intervals(target[:2000], answers[:2000], (0.1, 0.5, 0.9), 0.8)
    ends = found.of(answers[2000:])
    inside = (ends[..., 0] <= target[2000:]) & (target[2000:] <= ends[..., 2])
    np.testing.assert_allclose(inside.mean(axis=0), 0.8, atol=0.04)
    # 80 % of a normal distribution: 1.2816 standard deviations on either side.
    np.testing.assert_allclose(found.widths + 0.5, [[1.2816, 128.16]] * 3, rtol=0.08)
