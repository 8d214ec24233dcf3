"""Metrics of forecasts, by hand."""

import numpy as np
import pytest
from evaluation_cases import forecast_data

from kerakit.evaluation.metrics.forecasting import HorizonErrors, naive_scale, training_series


def test_metrics_by_hand():
    """Two channels; errors 1 and 2 in the first, 10 and 30 in the second."""
    errors = HorizonErrors()
    y = np.array([[[0.0, 0.0]], [[0.0, 0.0]]])
    errors.add(y[:1], [[[1.0, 10.0]]])
    errors.add(y[1:], [[[-2.0, 30.0]]])
    found = errors.metrics(variance=(4.0, 100.0), scale=[0.5, 10.0])
    assert found == {
        "mase": pytest.approx((1.5 / 0.5 + 20 / 10) / 2),
        "mse_standardised": pytest.approx((1 / 4 + 4 / 4 + 1 + 9) / 4),
        "mae_standardised": pytest.approx((1 / 2 + 2 / 2 + 1 + 3) / 4),
    }
    each = errors.channel_metrics(["m", "kg"], scale=[0.5, 10.0])
    assert each["m"] == pytest.approx({"rmse": np.sqrt(5 / 2), "mae": 1.5, "mase": 3.0})
    assert each["kg"] == pytest.approx({"rmse": np.sqrt(1000 / 2), "mae": 20.0, "mase": 2.0})
    squares = (1 / 4 + 4 / 4 + 100 / 100 + 900 / 100) / 4
    assert errors.rmse_by_step((4.0, 100.0)) == [pytest.approx(np.sqrt(squares))]


def test_what_is_undefined_is_none():
    errors = HorizonErrors()
    errors.add(np.zeros((1, 2)), np.ones((1, 2)))
    found = errors.metrics()
    assert found["mase"] is None and found["mse_standardised"] is None and found["mae"] == 1
    # A channel without a naive error does not count; one that does not vary has its own unit.
    errors = HorizonErrors()
    errors.add(np.zeros((1, 1, 2)), np.array([[[1.0, 3.0]]]))
    found = errors.metrics(variance=(0.0, 9.0), scale=[0.0, 2.0])
    assert found["mase"] == 1.5 and found["mae_standardised"] == 1.0
    each = errors.channel_metrics(["a", "b"], scale=[0.0, 2.0])
    assert each["a"] == {"rmse": 1.0, "mae": 1.0, "mase": None} and each["b"]["mase"] == 1.5


@pytest.mark.parametrize(
    "series, season, expected",
    [
        ([1, 2, 4, 4], 2, [2.5]),
        ([1, 2, 4, 4], 4, [np.nan]),
        ([1, np.nan, 4, 6], 1, [2.0]),
        ([[0, 0], [1, 5], [3, 5]], 1, [1.5, 2.5]),
    ],
)
def test_scale_of_the_naive_forecast(series, season, expected):
    np.testing.assert_allclose(naive_scale(np.array(series, "float32"), season), expected)


def test_the_training_series_ends_with_the_last_training_target():
    data = forecast_data(np.arange(40.0), window=5, horizon=3)
    np.testing.assert_array_equal(training_series(data), np.arange(24.0))
    data = forecast_data(np.arange(40.0), window=5, horizon=3, stride=6)
    np.testing.assert_array_equal(training_series(data), np.arange(20.0))  # starts 0, 6, 12
