"""Series made from published equations, and the built-in sets of sequences."""

import hashlib

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from kerakit.data import list_builtin, load_builtin
from kerakit.data.builtin.generated import control_charts, mackey_glass
from kerakit.errors import ArgumentError, DataError


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
    kinds = list(dict.fromkeys(labels))
    by_kind = dict(zip(kinds, series.reshape(6, 100, 60), strict=True))
    assert by_kind["normal"].min() >= 24 and by_kind["normal"].max() <= 36
    # r is uniform in [-3, 3): the deviation of 2 r is 2 sqrt(3).
    assert by_kind["normal"].std() == pytest.approx(2 * np.sqrt(3), rel=0.02)
    assert np.abs(by_kind["cyclic"] - 30).max() <= 21
    t = np.arange(1, 61)
    for kind, sign in (("increasing", 1), ("decreasing", -1)):
        slopes = sign * np.polyfit(t, by_kind[kind].T, 1)[0]
        assert 0.13 < slopes.min() < 0.27 and 0.43 < slopes.max() < 0.57
        ends = sign * (by_kind[kind] - 30) - np.outer(np.ones(100), 0.2 * t)
        assert ends.min() >= -6 and (ends - 0.3 * t).max() <= 6
    for kind, sign in (("upward shift", 1), ("downward shift", -1)):
        moved = sign * (by_kind[kind] - 30)
        assert np.abs(moved[:, :19]).max() <= 6  # t3 is 20 at the least
        assert moved[:, 39:].min() >= 1.5 and moved[:, 39:].max() <= 26  # and 40 at the most
        shifts = moved[:, 40:].mean(axis=1)
        # Means of 20 steps lie within 4 of their deviations, 2 sqrt(3 / 20), of 7.5 to 20; and
        # the mean of 100 shifts near 13.75.
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


def test_the_registry_knows_what_is_loaded():
    entries = list_builtin()
    for name, task, rows, features in (
        ("mackey_glass", "forecast", 4583, 168),
        ("control_charts", "multiclass", 600, 60),
    ):
        entry, data = entries[name], load_builtin(name)
        assert (entry.task, entry.rows, entry.features) == (task, rows, features)
        assert (data.spec.task, sum(data.spec.sizes.values())) == (task, rows)
        (column,) = data.table("train").features.values()
        assert column.shape[1] == features
        assert data.spec.target.names == (entry.target,) and data.spec.dataset == name


def test_mackey_glass_is_a_forecast_84_steps_ahead():
    data = load_builtin("mackey_glass")
    series = data.spec.series
    assert (series.window, series.horizon, series.season, series.step) == (168, 84, 1, None)
    # 5,000 steps: 1,000 to test on, 800 of the others to validate on.
    assert data.spec.sizes == {"train": 3200 - 251, "validation": 717, "test": 917}
    whole = mackey_glass().astype("float32")
    np.testing.assert_array_equal(np.asarray(data.table("test").target)[-1], whole[-84:])
    np.testing.assert_array_equal(data.table("test").features["window"].series, whole)
    one = load_builtin("mackey_glass", window=20, horizon=1, test_size=500, validation_size=0)
    assert one.spec.sizes == {"train": 4480, "validation": 0, "test": 500}


def test_control_charts_are_sequences_of_six_classes():
    data = load_builtin("control_charts")
    assert data.spec.classes == (
        "cyclic",
        "decreasing",
        "downward shift",
        "increasing",
        "normal",
        "upward shift",
    )
    assert data.spec.class_counts == (64,) * 6
    known = {tuple(row): label for row, label in zip(*control_charts(), strict=True)}
    known = {tuple(np.float32(row)): label for row, label in known.items()}
    table = data.table("test")
    for row, target in zip(table.features["series"], table.target, strict=True):
        assert known[tuple(row)] == data.spec.classes[target]


def test_digits_are_eight_rows_of_eight():
    rows, table = load_builtin("digits", view="rows"), load_builtin("digits", view="table")
    assert (rows.spec.task, rows.spec.classes) == ("multiclass", tuple("0123456789"))
    assert rows.spec.features[0].shape == (None, 8) and rows.spec.target.names == ("digit",)
    for split in ("train", "validation", "test"):
        flat = table.table(split).features["features"]
        np.testing.assert_array_equal(rows.table(split).features["series"], flat.reshape(-1, 8, 8))
        np.testing.assert_array_equal(rows.table(split).target, table.table(split).target)


def test_classes_can_be_joined():
    labels = {kind: "other" for kind in ("cyclic", "normal", "upward shift", "downward shift")}
    joined = load_builtin("control_charts", rename_labels=labels).spec
    assert joined.classes == ("decreasing", "increasing", "other")
    trends = labels | {"increasing": "trend", "decreasing": "trend"}
    for positive, classes in ((None, ("other", "trend")), ("other", ("trend", "other"))):
        spec = load_builtin(
            "control_charts", task="binary", rename_labels=trends, pos_label=positive
        ).spec
        assert (spec.task, spec.classes) == ("binary", classes)


@pytest.mark.parametrize(
    "name, options, error, message",
    [
        ("iris", {"window": 3}, ArgumentError, "'iris': window= of load_builtin go"),
        ("control_charts", {"horizon": 3}, ArgumentError, "horizon= .* a series to forecast"),
        ("mackey_glass", {"window": 0}, ArgumentError, "'window' parameter of load_builtin"),
        ("mackey_glass", {"pos_label": "a"}, ArgumentError, "pos_label= .* classes"),
        ("mackey_glass", {"exclude": "a"}, ArgumentError, "exclude= .* tables"),
        ("mackey_glass", {"task": "regression"}, DataError, "is a series to forecast"),
        ("mackey_glass", {"view": "table"}, DataError, "'mackey_glass' is no table; view='table'"),
        ("control_charts", {"view": "table"}, DataError, "goes with diabetes, iris"),
        (
            "control_charts",
            {"column_types": {"a": "numeric"}},
            ArgumentError,
            "column_types= .* tables",
        ),
        ("control_charts", {"task": "regression"}, DataError, "task='regression' does not fit"),
        ("control_charts", {"task": "binary"}, DataError, "of 6 classes"),
        ("control_charts", {"rename_labels": {"cylic": "x"}}, DataError, "Did you mean 'cyclic'"),
        ("control_charts", {"pos_label": "cylic"}, ArgumentError, "Did you mean 'cyclic'"),
        ("control_charts", {"pos_label": "cyclic"}, DataError, "pos_label= needs exactly two"),
        ("iris", {"view": "rows"}, DataError, "is a table; view='rows' goes with digits, control"),
        ("digits", {"view": "row"}, ArgumentError, "'view' .*Did you mean 'rows'"),
    ],
)
def test_what_a_set_cannot_be_asked_for(name, options, error, message):
    with pytest.raises(error, match=message):
        load_builtin(name, **options)
