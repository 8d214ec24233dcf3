"""Series made from published equations."""

import hashlib

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from kerakit.data.builtin.generated import control_charts, mackey_glass
from kerakit.errors import ArgumentError


def by_scipy(end):
    """The equation solved delay by delay with DOP853, at t = 0, 1, 2, ... below `end`."""
    past, x, values = (lambda t: 0.0), 1.2, []
    for start in range(0, end, 17):

        def slope(t, x, past=past):
            old = float(past(t - 17))
            return 0.2 * old / (1 + old**10) - 0.1 * x

        found = solve_ivp(
            slope,
            (start, start + 17),
            [x],
            "DOP853",
            dense_output=True,
            rtol=1e-12,
            atol=1e-13,
        )
        past, x = (lambda t, sol=found.sol: sol(t)[0]), found.y[0, -1]
        values += [past(start + t) for t in range(17)]
    return np.array(values)


def test_mackey_glass_is_the_solution_of_its_equation():
    series = mackey_glass(170, transient=0)
    # Nothing is produced up to t = 17.
    np.testing.assert_allclose(series[:18], 1.2 * np.exp(-np.arange(18) / 10), rtol=1e-7)
    np.testing.assert_allclose(series, by_scipy(170), atol=2e-6)


def test_mackey_glass_is_the_same_everywhere_and_stays_on_its_attractor():
    series = mackey_glass()
    assert series.shape == (5000,) and 0.2 < series.min() < 0.5 and 1.2 < series.max() < 1.4
    np.testing.assert_array_equal(series[:50], mackey_glass(1050, transient=0)[1000:])
    # Not one bit may differ between machines: chaos would make it all that follows.
    digest = hashlib.sha256(series[:4000].astype("<f8").tobytes()).hexdigest()
    assert digest.startswith("fa67d77351cbcea0")


def test_charts_follow_their_formulas():
    series, labels = control_charts()
    assert series.shape == (600, 60) and labels[99:101] == ["normal", "cyclic"]
    charts = list(dict.fromkeys(labels))
    by_chart = dict(zip(charts, series.reshape(6, 100, 60), strict=True))
    assert by_chart["normal"].min() >= 24 and by_chart["normal"].max() <= 36
    # r is uniform in [-3, 3): the standard deviation of 2 r is 2 sqrt(3).
    assert by_chart["normal"].std() == pytest.approx(2 * np.sqrt(3), rel=0.02)
    assert np.abs(by_chart["cyclic"] - 30).max() <= 21
    t = np.arange(1, 61)
    for chart, sign in (("increasing", 1), ("decreasing", -1)):
        slopes = sign * np.polyfit(t, by_chart[chart].T, 1)[0]
        assert 0.13 < slopes.min() < 0.27 and 0.43 < slopes.max() < 0.57
        ends = sign * (by_chart[chart] - 30) - np.outer(np.ones(100), 0.2 * t)
        assert ends.min() >= -6 and (ends - 0.3 * t).max() <= 6
    for chart, sign in (("upward shift", 1), ("downward shift", -1)):
        moved = sign * (by_chart[chart] - 30)
        assert np.abs(moved[:, :19]).max() <= 6  # t3 is 20 at the least
        assert moved[:, 39:].min() >= 1.5 and moved[:, 39:].max() <= 26  # and 40 at the most
        shifts = moved[:, 40:].mean(axis=1)
        # Means of 20 steps lie within 4 of their standard deviations, 2 sqrt(3 / 20), of
        # 7.5 to 20; and the mean of 100 shifts near 13.75.
        assert 4.4 < shifts.min() < 10 and 18 < shifts.max() < 23.1
        assert shifts.mean() == pytest.approx(13.75, abs=1.2)
    # One and the same seed for the set; another draws others.
    np.testing.assert_array_equal(series, control_charts()[0])
    assert (control_charts(seed=1)[0] != series).all()


def test_the_cycle_has_its_period():
    series, _ = control_charts(per_class=50, seed=3)
    spectrum = np.abs(np.fft.rfft(series[50:100] - 30, 6000, axis=1))
    periods = 6000 / spectrum.argmax(axis=1)
    assert 9.5 < periods.min() < 11 and 14 < periods.max() < 15.8


@pytest.mark.parametrize("make", [mackey_glass, control_charts])
def test_numbers_of_series_are_checked(make):
    with pytest.raises(ArgumentError, match=make.__name__):
        make(0)
