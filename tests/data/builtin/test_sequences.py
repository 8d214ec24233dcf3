"""The built-in sets that are no tables."""

import numpy as np
import pytest

from kerakit.data import list_builtin, load_builtin
from kerakit.data.builtin.generated import control_charts, mackey_glass


def test_the_registry_says_how_many_rows_and_steps_there_are():
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


@pytest.mark.many
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
    labels = {chart: "other" for chart in ("cyclic", "normal", "upward shift", "downward shift")}
    joined = load_builtin("control_charts", rename_labels=labels).spec
    assert joined.classes == ("decreasing", "increasing", "other")
    trends = labels | {"increasing": "trend", "decreasing": "trend"}
    for positive, classes in ((None, ("other", "trend")), ("other", ("trend", "other"))):
        spec = load_builtin(
            "control_charts", task="binary", rename_labels=trends, pos_label=positive
        ).spec
        assert (spec.task, spec.classes) == ("binary", classes)
