"""Sequences with a number each."""

import numpy as np
import pytest

import kerakit as kk

HEADER = "@problemName heights\n@timeStamps false\n@univariate true\n@targetLabel true\n@data\n"


def pair(count=20):
    rng = np.random.default_rng(0)
    values = [rng.normal(size=rng.integers(5, 9)) for _ in range(count)]
    return values, [float(len(series)) for series in values]


def test_numbers_are_asked_for():
    data = kk.load_sequences(pair(), task="regression", validation_size=0)
    train = data.table("train")
    assert data.spec.task == "regression" and data.spec.classes == ()
    assert train.target.dtype == np.float32
    lengths = np.isfinite(train.features["series"]).sum(axis=1)
    np.testing.assert_array_equal(train.target, lengths)
    assert data.spec.target.mean == pytest.approx((lengths.mean(),))
    assert data.spec.target.variance == pytest.approx((lengths.var(),))


def test_a_ts_file_of_numbers_says_so(tmp_path):
    path = tmp_path / "heights.ts"
    lines = [f"{i},{i + 1},{i + 2}:{i / 2}" for i in range(10)]
    path.write_text(HEADER + "\n".join(lines))
    data = kk.load_sequences(path, validation_size=0, test_size=0.2)
    train = data.table("train")
    np.testing.assert_allclose(train.target, train.features["series"][:, 0] / 2)
    path.write_text(HEADER + "\n".join(f"{i},{i + 1}:{i % 3}" for i in range(12)))
    assert kk.load_sequences(path, task="multiclass").spec.classes == ("0", "1", "2")


def test_a_table_of_steps(tmp_path):
    path = tmp_path / "steps.csv"
    rows = [f"{i},{step},{i * 10}" for i in range(8) for step in range(4)]
    path.write_text("unit,level,life\n" + "\n".join(rows))
    data = kk.load_sequences(path, id="unit", target="life", task="regression")
    assert data.spec.target.names == ("life",) and data.spec.sizes["train"] == 5


@pytest.mark.parametrize(
    ("labels", "match"),
    [
        (["1.5"] * 9 + ["tall"], r"sequence 9 \(counted from 0\): the target is 'tall'; 1 of 10"),
        ([1.0] * 9 + [np.inf], "Expected a finite number"),
        ([1.0] * 9 + [1e30], "number up to 1e\\+18.*pass task='multiclass'"),
        (["1.5"] * 9 + ["?"], "the target is '\\?'"),
        ([2.5] * 10, "all training sequences have the target 2.5"),
    ],
)
def test_targets_that_cannot_be_used(labels, match):
    with pytest.raises(kk.DataError, match=match):
        kk.load_sequences((np.arange(30.0).reshape(10, 3), labels), task="regression")


def test_numbers_are_written_as_in_the_other_columns(tmp_path):
    path = tmp_path / "steps.csv"
    rows = [f"{i};{step},5;{i},25" for i in range(8) for step in range(4)]
    path.write_text("unit;level;life\n" + "\n".join(rows))
    data = kk.load_sequences(path, id="unit", target="life", task="regression", decimal=",")
    found = {*data.table("train").target.tolist(), *data.table("test").target.tolist()}
    assert found <= {i + 0.25 for i in range(8)} and len(found) == 7


def test_an_absurd_target_is_warned_of():
    values, targets = pair(60)
    targets[7] = 1e12
    with pytest.warns(UserWarning, match="the target: a value is 1e.12, and nearly all"):
        kk.load_sequences((values, targets), task="regression", test=pair(), validation_size=0)


def test_options_of_labels_are_refused():
    with pytest.raises(kk.ArgumentError, match="pos_label= is for labels"):
        kk.load_sequences(pair(), task="regression", pos_label="5")
    with pytest.raises(kk.ArgumentError, match="'task'"):
        kk.load_sequences(pair(), task="forecast")


@pytest.mark.training
@pytest.mark.export
def test_numbers_are_predicted_measured_calibrated_and_exported(tmp_path):
    """The target is how often a wave crosses zero, which no fixed step tells."""
    rng = np.random.default_rng(1)
    often = rng.uniform(1, 4, 120)
    steps = np.arange(40) / 40
    waves = np.sin(2 * np.pi * (often[:, None] * steps + rng.uniform(size=(120, 1))))
    data = kk.load_sequences((waves, often), task="regression", seed=3)
    model = kk.sequence_regressor(data)
    kk.compile(model)
    history = kk.fit(model, data, epochs=1, verbose=0)
    assert "mean squared error" in history.solved
    report = kk.evaluate(model, data)
    assert report.test["rmse"] < 0.5 * min(each["rmse"] for each in report.baseline.values())
    assert set(report.baseline) == {"mean", "linear"}
    kk.calibrate(model, data)
    assert 0.7 < kk.evaluate(model, data).test["coverage"] <= 1
    path = kk.export(model, data, tmp_path / "waves")
    answers = kk.load_served(path)(waves[:3].astype("float32"))
    assert set(answers) >= {"prediction", "lower", "upper"}
