"""`calibrate`, from a trained model to its answers."""

import json
import re

import keras
import numpy as np
import pytest

import kerakit as kk
from kerakit.builders.contract import calibration_of
from kerakit.errors import ArgumentError, DataError
from kerakit.training.held_out import held_out_of

pytestmark = pytest.mark.training


def rows(count=300, seed=0):
    """Errors that grow with `x`, from which the target follows."""
    rng = np.random.default_rng(seed)
    x, group = rng.uniform(0, 4, count), rng.choice(["a", "b"], count)
    y = 3 * x + (group == "a") + rng.normal(size=count) * (0.1 + x)
    return {"x": x.astype("float32"), "group": group}, y


def fitted(data, builder=kk.linear_regressor, epochs=1, run_dir=None, **options):
    keras.utils.set_random_seed(0)
    model = builder(data, **options)
    kk.compile(model)
    kk.fit(model, data, epochs=epochs, run_dir=run_dir, verbose=0)
    return model


@pytest.fixture(scope="module")
def numbers():
    data = kk.load_arrays(*rows(1500))
    return fitted(data), data


@pytest.fixture
def classes():
    features, y = rows(600)
    labels = np.where(y > 8, "high", np.where(y > 3, "middle", "low"))
    data = kk.load_arrays(features, labels)
    return fitted(data, kk.logistic_classifier), data


def test_intervals_by_hand_and_in_the_report(numbers):
    model, data = numbers
    before = model.predict(data.table("test").features, verbose=0)
    found = kk.calibrate(model, data, coverage=0.8)
    assert found.coverage == 0.8 and found.rows == data.spec.sizes["validation"]
    assert "intervals of 80 %" in found.line and str(found) == found.line
    answer = kk.predict(model, data.test)
    assert np.array_equal(answer["prediction"], before.ravel())
    y = data.table("test").target
    inside = (answer["lower"] <= y) & (y <= answer["upper"])
    report = kk.evaluate(model, data, baselines={"gradient_boosting": None}, verbose=0)
    assert report.test["coverage"] == pytest.approx(inside.mean())
    assert report.test["interval_width"] == pytest.approx(
        np.mean(answer["upper"] - answer["lower"]), rel=1e-5
    )
    assert 0.73 < inside.mean() < 0.87
    # The rows of the validation split themselves: exactly as many inside as the place says.
    held = held_out_of(model).answers.reshape(-1, 1)
    table = data.table("validation")
    columns = model.get_layer("preprocess").predict(table.features, verbose=0)
    ends = found.intervals.of(held, columns)
    covered = (ends[:, 0] <= table.target) & (table.target <= ends[:, 2])
    assert covered.mean() == pytest.approx(0.8, abs=0.02)
    small, large = (np.ptp(ends[part][:, [0, 2]], axis=1).mean() for part in _halves(table))
    assert large > 1.7 * small  # errors grow with x


def _halves(table):
    low = table.features["x"] < 2
    return low, ~low


def test_probabilities_and_sets_are_in_the_answers_and_the_report(classes):
    model, data = classes
    raw = model.predict(data.table("test").features, verbose=0)
    found = kk.calibrate(model, data)
    made = found.probabilities
    answer = kk.predict(model, data.test)
    np.testing.assert_allclose(answer["probabilities"], made.of(raw), atol=1e-6)
    y = data.table("test").target
    inside = made.sets.of(made.of(raw))
    report = kk.evaluate(model, data, baselines={"gradient_boosting": None}, verbose=0)
    assert report.test["coverage"] == pytest.approx(inside[np.arange(len(y)), y].mean())
    assert report.test["set_size"] == pytest.approx(inside.sum(axis=1).mean())
    own = -np.log(made.of(raw)[np.arange(len(y)), y]).mean()
    assert report.test["log_loss"] == pytest.approx(own, rel=1e-4)
    assert report.importance["value"] == pytest.approx(own, rel=1e-4)  # of the same answers


def test_fit_makes_a_model_forget_its_calibration(numbers, capsys):
    model, data = numbers
    kk.calibrate(model, data)
    capsys.readouterr()
    kk.fit(model, data, epochs=1, verbose=2)
    assert "calibration: forgotten" in capsys.readouterr().out
    assert calibration_of(model) is None and "lower" not in kk.predict(model, data.test)


def test_a_loaded_model_is_calibrated_by_the_folder_of_its_run(tmp_path):
    data = kk.load_arrays(*rows(60))
    model = fitted(data, kk.mlp_regressor, epochs=2, members=2, run_dir=tmp_path)
    found = kk.calibrate(model, data, run_dir=tmp_path)
    assert found.rows == data.spec.sizes["train"] + data.spec.sizes["validation"]
    assert "left-out rows" in found.line
    written = json.loads((tmp_path / "calibration.json").read_text())
    assert written == found.to_dict()
    loaded = keras.models.load_model(tmp_path / "model.keras")
    with pytest.raises(DataError, match="members with the validation rows.*pass run_dir="):
        kk.calibrate(loaded, data)
    again = kk.calibrate(loaded, data, run_dir=tmp_path)
    assert again.to_dict() == written


def test_several_targets_each_by_itself():
    features, y = rows(400)
    data = kk.load_arrays(features, np.stack([y, 100 * y], axis=1))
    model = fitted(data)
    kk.calibrate(model, data)
    answer, y = kk.predict(model, data.test), data.table("test").target
    inside = (answer["lower"] <= y) & (y <= answer["upper"])
    report = kk.evaluate(model, data, baselines={"gradient_boosting": None}, verbose=0)
    for column, name in enumerate(data.spec.target.names):
        assert report.per_target[name]["coverage"] == pytest.approx(inside[:, column].mean())
    assert "coverage" not in report.test  # no mean over units
    width = [report.per_target[name]["interval_width"] for name in data.spec.target.names]
    assert width[1] == pytest.approx(100 * width[0], rel=1e-3)


def test_quantile_regressors_get_their_own_interval_longer_or_shorter():
    data = kk.load_arrays(*rows(600))
    model = fitted(data, quantiles=(0.3, 0.5, 0.7), epochs=30)
    raw = model.predict(data.table("test").features, verbose=0)
    found = kk.calibrate(model, data, coverage=0.9)
    assert found.intervals.column == 1 and float(found.intervals.widths) > 0
    answer = kk.predict(model, data.test)
    np.testing.assert_allclose(answer["lower"], raw[:, 0] - found.intervals.widths, rtol=1e-5)
    report = kk.evaluate(model, data, baselines={"gradient_boosting": None}, verbose=0)
    assert 0.8 < report.test["coverage"] < 0.98


def test_forecasts_have_intervals_for_each_step():
    steps = np.random.default_rng(0).normal(size=700).cumsum()  # errors grow with the horizon
    data = kk.load_series(steps.astype("float32"), window=6, horizon=4)
    model = fitted(data, kk.sequence_forecaster, encoder="gru", units=2)
    found = kk.calibrate(model, data, coverage=0.8)
    assert found.intervals.widths.shape == (4,)
    assert (np.diff(found.intervals.widths) > 0).all()
    answer = kk.predict(model, data.test)
    np.testing.assert_allclose(
        answer["upper"] - answer["lower"],
        np.broadcast_to(2 * found.intervals.widths, answer["forecast"].shape),
        rtol=1e-4,
    )
    report = kk.evaluate(model, data, verbose=0)
    assert 0.6 < report.test["coverage"] < 0.95
    y = np.asarray([target for _, target, *_ in data.test.as_numpy_iterator()])
    inside = (answer["lower"] <= y) & (y <= answer["upper"])
    assert report.test["coverage"] == pytest.approx(inside.mean())


def test_tags_get_a_temperature():
    rng = np.random.default_rng(0)
    kinds = {"the": "DET", "dog": "NOUN", "runs": "VERB"}
    sentences = [rng.choice(list(kinds), length).tolist() for length in rng.integers(1, 6, 80)]
    data = kk.load_tagged((sentences, [[kinds[word] for word in words] for words in sentences]))
    model = fitted(
        data, kk.sequence_tagger, encoder="rnn", units=2, embedding=2, bidirectional=False
    )
    before = kk.predict(model, data.test)
    found = kk.calibrate(model, data)
    assert found.rows == (data.table("validation").target >= 0).sum()
    assert found.probabilities.sets is None
    after = kk.predict(model, data.test)
    assert (after["labels"] == before["labels"]).all()
    assert (after["confidence"] != before["confidence"]).any()
    kk.evaluate(model, data, verbose=0)


@pytest.mark.parametrize("coverage", [0, 1, 1.5, -0.1, float("nan"), "0.9", None])
def test_a_coverage_outside_of_0_and_1_is_refused(numbers, coverage):
    model, data = numbers
    with pytest.raises(ArgumentError, match="'coverage' parameter of calibrate must be"):
        kk.calibrate(model, data, coverage=coverage)


def test_too_few_rows_say_how_many_there_must_be(numbers):
    data = kk.load_arrays(*rows(40))
    model = fitted(data)
    kk.calibrate(model, data, coverage=0.5)
    with pytest.raises(DataError, match=r"coverage=0\.9 needs at least 9 validation rows .* Got 6"):
        kk.calibrate(model, data)
    assert calibration_of(model).coverage == 0.5  # the one before is left


def test_no_validation_rows_one_class_other_data_and_other_models_are_refused(classes):
    model, data = classes
    features, y = rows(50)
    with pytest.raises(ArgumentError, match="'data' parameter of calibrate must be a Data"):
        kk.calibrate(model, data.spec)
    with pytest.raises(ArgumentError, match="'model' parameter of calibrate must be a keras"):
        kk.calibrate("model", data)
    others = kk.load_arrays(features, np.where(y > 8, "high", np.where(y > 3, "middle", "low")))
    with pytest.raises(DataError, match="trained on other data"):
        kk.calibrate(model, others)
    bare = kk.load_arrays(features, y, validation_size=0)
    model = fitted(bare)
    with pytest.raises(DataError, match="has no validation rows"):
        kk.calibrate(model, bare)


def test_validation_rows_of_one_class_are_refused():
    x, y = np.arange(40.0) % 5, np.array(["no", "yes"] * 20)
    data = kk.Data.from_tables(({"x": x}, y), ({"x": x[::2]}, y[::2]), ({"x": x}, y))
    model = fitted(data, kk.mlp_classifier, members=1, hidden=(2,))
    with pytest.raises(DataError, match="20 validation rows are all of the class 'no'"):
        kk.calibrate(model, data)


def test_another_coverage_changes_the_answers_at_once(numbers):
    model, data = numbers
    widths = []
    for coverage in (0.5, 0.95):
        kk.calibrate(model, data, coverage=coverage)
        answer = kk.predict(model, data.test)
        widths.append(np.mean(answer["upper"] - answer["lower"]))
    assert widths[1] > 2 * widths[0]


@pytest.mark.parametrize("builder", [kk.mlp_regressor, kk.linear_regressor])
def test_weights_that_changed_since_fit_are_refused(builder):
    """They were fitted to the validation rows, and nobody knows what was answered before."""
    data = kk.load_arrays(*rows(60))
    model = fitted(data, builder, **({"members": 2} if builder is kk.mlp_regressor else {}))
    kernel = model.get_layer("network").trainable_weights[0]
    kernel.assign(kernel + 0.1)
    with pytest.raises(DataError, match="with the validation rows as well.*by kk.fit"):
        kk.calibrate(model, data)


def test_a_linear_model_that_descended_is_calibrated_by_its_unseen_validation_rows(tmp_path):
    data = kk.load_arrays(*rows(200))
    model = kk.linear_regressor(data)
    kk.compile(model, "sgd")
    kk.fit(model, data, epochs=3, run_dir=tmp_path, verbose=0)
    assert held_out_of(model) is None
    found = kk.calibrate(model, data)
    assert found.rows == data.spec.sizes["validation"]
    loaded = keras.models.load_model(tmp_path / "model.keras")
    with pytest.raises(DataError, match="pass run_dir="):
        kk.calibrate(loaded, data)
    assert kk.calibrate(loaded, data, run_dir=tmp_path).to_dict() == found.to_dict()


def test_forecasts_of_quantiles_are_changed_for_each_step():
    steps = np.random.default_rng(0).normal(size=700).cumsum()
    data = kk.load_series(steps.astype("float32"), window=6, horizon=4)
    model = fitted(data, kk.sequence_forecaster, encoder="gru", units=2, quantiles=(0.3, 0.5, 0.7))
    rows = {"window": np.asarray(data.table("test").features["window"])}
    raw, y = model.predict(rows, verbose=0), np.asarray(data.table("test").target)
    before = kk.evaluate(model, data, verbose=0)
    inside = (raw[..., 0] <= y) & (y <= raw[..., 2])
    assert before.test["coverage"] == pytest.approx(inside.mean()) and inside.mean() < 0.6
    found = kk.calibrate(model, data, coverage=0.8)
    assert found.intervals.widths.shape == (4,) and (found.intervals.widths > 0).all()
    assert re.search(r"intervals of 80 %, \S+ to \S+ longer at each end, by", found.line)
    answer = kk.predict(model, data.test)
    np.testing.assert_allclose(answer["forecast"], raw[..., 1], rtol=1e-5)
    np.testing.assert_allclose(answer["lower"], raw[..., 0] - found.intervals.widths, atol=1e-3)
    np.testing.assert_allclose(answer["upper"], raw[..., 2] + found.intervals.widths, atol=1e-3)
    report = kk.evaluate(model, data, verbose=0)
    inside = (answer["lower"] <= y) & (y <= answer["upper"])
    assert report.test["coverage"] == pytest.approx(inside.mean()) and 0.6 < inside.mean() < 0.95
    assert list(report.per_level) == ["0.3", "0.5", "0.7"]
    for level, values in before.per_level.items():  # those of the model itself
        assert report.per_level[level] == pytest.approx(values)
    assert report.test["pinball"] == pytest.approx(before.test["pinball"])
    wide = fitted(data, kk.sequence_forecaster, encoder="gru", units=2, quantiles=(0.01, 0.5, 0.99))
    found = kk.calibrate(wide, data, coverage=0.5)
    assert re.search(r"intervals of 50 %, \S+ to \S+ shorter at each end, by", found.line)
    assert (found.intervals.widths < 0).all()
