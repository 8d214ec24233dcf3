import numpy as np
import pytest

from kerakit.evaluation.metrics.coverage import interval_metrics, set_metrics
from kerakit.evaluation.metrics.forecasting import HorizonErrors


def test_interval_by_hand():
    result = interval_metrics([1.0, 2.0, 3.0, 4.0], [1, 0, 4, 0], [2, 1, 5, 9])
    assert result == {"coverage": 0.5, "interval_width": pytest.approx((1 + 1 + 1 + 9) / 4)}


def test_set_by_hand():
    inside = [[True, True, False], [False, True, False], [True, False, True]]
    assert set_metrics([0, 0, 2], inside) == {
        "coverage": pytest.approx(2 / 3),
        "set_size": pytest.approx(5 / 3),
    }


def test_intervals_of_forecasts_by_hand():
    """Batches add up; each channel has its own coverage and width."""
    errors, y = HorizonErrors(), np.zeros((2, 2, 2))
    for batch in (slice(0, 1), slice(1, 2)):
        errors.add(y[batch], y[batch] + 1.0)
        low = np.array([[[-1.0, 1.0], [-1.0, 1.0]]])
        errors.add_intervals(y[batch], low, np.array([[[1.0, 4.0], [3.0, 2.0]]]))
    found = errors.channel_metrics(("a", "b"))
    assert {name: of["coverage"] for name, of in found.items()} == {"a": 1.0, "b": 0.0}
    assert {name: of["interval_width"] for name, of in found.items()} == {"a": 3.0, "b": 2.0}
    assert "coverage" not in errors.metrics()  # no mean over channels
    alone = HorizonErrors()
    alone.add(y[..., 0], y[..., 0])
    assert "coverage" not in alone.metrics()
    alone.add_intervals(y[..., 0], y[..., 0] - 1, y[..., 0] + [[1.0, -0.5], [1.0, -0.5]])
    assert alone.metrics()["coverage"] == 0.5
    assert alone.metrics()["interval_width"] == (2.0 + 0.5) / 2
