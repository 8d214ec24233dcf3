"""Presets and schedules: numbers from hand computation and from scikit-learn."""

import keras
import numpy as np
import pytest
from marks import needs
from sklearn.metrics import mean_pinball_loss

import kerakit as kk
from kerakit.data.spec import Feature, Spec
from kerakit.data.tasks import TASKS
from kerakit.presets.compile import default_preset
from kerakit.presets.losses import PerceptronLoss, PinballLoss, StandardizedLoss
from kerakit.presets.settings import settings_of


def test_every_preset_gives_a_reason_and_a_source():
    assert {"regression", "robust_regression", "quantile_regression", "binary"} <= set(kk.PRESETS)
    assert {"multiclass", "multilabel", "sgd", "momentum", "adam"} <= set(kk.PRESETS)
    for name, preset in kk.PRESETS.items():
        assert preset.name == name and len(preset.reason) > 20 and len(preset.source) > 10
        with pytest.raises(AttributeError):
            preset.loss = "mse"


@pytest.mark.parametrize(
    ("name", "rows", "expected"),
    [
        ("sequence_classification", 1, 1),
        ("sequence_classification", 3, 3),
        ("sequence_classification", 30, 4),
        ("sequence_classification", 50, 5),
        ("sequence_classification", 159, 15),
        ("sequence_classification", 10_000, 16),
        ("regression", 20, 20),
        ("regression", 50, 32),
        ("perceptron", 50, 1),
    ],
)
def test_batches_of_few_series_are_a_tenth_of_them(name, rows, expected):
    assert kk.PRESETS[name].batch_size_for(rows) == expected


def test_schedules_by_hand():
    assert kk.ConstantSchedule(0.5).simulate(2).tolist() == [0.5, 0.5]
    cosine = kk.CosineSchedule(1.0, warmup=0.0, final=0.1).simulate(4)
    expected = [0.1 + 0.9 * (1 + np.cos(np.pi * k / 4)) / 2 for k in (1, 2, 3, 4)]
    np.testing.assert_allclose(cosine, expected)
    steps = kk.StepSchedule(0.1, at=(0.5, 0.75), factor=0.1).simulate(8)
    np.testing.assert_allclose(steps, [0.1] * 4 + [0.01] * 2 + [0.001] * 2)
    one_cycle = kk.OneCycleSchedule(2.0).simulate(1001)
    assert one_cycle[0] == pytest.approx(0.08) and one_cycle[300] == pytest.approx(2.0)
    assert one_cycle[-1] == pytest.approx(0.0002) and one_cycle.argmax() == 300


@pytest.mark.many
@pytest.mark.parametrize("name", ["constant", "cosine", "one_cycle", "step"])
@pytest.mark.parametrize("steps", [1, 2, 1000])
def test_schedules_stay_within_their_rate(name, steps):
    model = kk.mlp_regressor(2)
    kk.compile(model, "regression", schedule=name, learning_rate=0.2)
    rates = settings_of(model).schedule.simulate(steps)
    assert rates.shape == (steps,) and rates.min() >= 0 and rates.max() <= 0.2 + 1e-12


def test_pinball_loss_is_that_of_scikit_learn():
    rng = np.random.default_rng(0)
    y, p = rng.normal(size=50), np.sort(rng.normal(size=(50, 2)), axis=1)
    expected = (
        mean_pinball_loss(y, p[:, 0], alpha=0.1) + mean_pinball_loss(y, p[:, 1], alpha=0.8)
    ) / 2
    assert float(PinballLoss([0.1, 0.8])(y, p)) == pytest.approx(expected, rel=1e-5)
    assert float(PinballLoss([0.1, 0.8], scale=4.0)(y, p)) == pytest.approx(expected / 4, rel=1e-5)


def test_standardized_loss_by_hand():
    y, p = np.array([[0.0, 0.0]], "f4"), np.array([[2.0, 30.0]], "f4")
    assert float(StandardizedLoss([2.0, 10.0])(y, p)) == pytest.approx((1 + 9) / 2)
    assert float(StandardizedLoss([2.0, 10.0], delta=1.0)(y, p)) == pytest.approx((0.5 + 2.5) / 2)


def test_perceptron_loss_counts_only_rows_on_the_wrong_side():
    scores = np.array([[0.0, 3.0], [0.0, -2.0], [0.0, 1.0]])
    p = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    loss = float(PerceptronLoss()(np.array([1, 1, 0]), p.astype("f4")))
    assert loss == pytest.approx((0 + 2 + 1) / 3, rel=1e-5)


@pytest.mark.many
def test_the_loss_counts_in_deviations_of_the_target(line_data):
    model = kk.mlp_regressor(line_data.spec)
    kk.compile(model, "regression")
    table = line_data.table("train")
    loss = model.evaluate(table.features, table.target, verbose=0)[0]
    error = model.predict(table.features, verbose=0) - table.target
    expected = np.mean(error**2) / line_data.spec.target.variance[0]
    assert loss == pytest.approx(expected, rel=1e-4)
    kk.compile(model, "robust_regression")
    z = np.abs(error) / np.sqrt(line_data.spec.target.variance[0])
    huber = np.where(z <= 1.345, z**2 / 2, 1.345 * (z - 1.345 / 2)).mean()
    loss = model.evaluate(table.features, table.target, verbose=0)[0]
    assert loss == pytest.approx(huber, rel=1e-4)


def test_every_value_can_be_overridden():
    model = kk.mlp_regressor(3)
    kk.compile(model, "regression", learning_rate=0.5, loss="mae", metrics=["mse"], schedule="step")
    assert model.loss == "mae"
    assert settings_of(model).schedule == kk.StepSchedule(0.5)
    own = keras.optimizers.RMSprop(0.25)
    kk.compile(model, "regression", optimizer=own)
    assert model.optimizer is own and settings_of(model).schedule is None
    kk.compile(model, "regression", optimizer="adamw")
    assert isinstance(model.optimizer, keras.optimizers.AdamW)
    kk.compile(model, "momentum")
    assert model.optimizer.momentum == 0.9 and model.optimizer.nesterov


@pytest.mark.many
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"preset": "regresion"}, "Did you mean 'regression'"),
        ({"preset": "regression", "learning_rate": 0}, r"'learning_rate'.*\(0.0, inf\). Got 0"),
        ({"preset": "regression", "learning_rate": -1.0}, "Got -1.0"),
        ({"preset": "regression", "schedule": "cosin"}, "Did you mean 'cosine'"),
        ({"preset": "regression", "schedule": 3}, "'schedule'.*Got 3"),
        ({"preset": "regression", "optimizer": "adamm"}, "'optimizer'.*'adamm'"),
        (
            {"preset": "binary"},
            "softmax output. Got the model 'mlp_regressor' with a linear output",
        ),
        ({"preset": "quantile_regression"}, "quantiles= of the builder"),
    ],
)
def test_bad_arguments_are_named(options, words):
    with pytest.raises(kk.ArgumentError, match=words):
        kk.compile(kk.mlp_regressor(3), **options)


def test_a_rate_and_an_optimizer_that_has_one_are_refused():
    with pytest.raises(kk.ArgumentError, match="not both"):
        kk.compile(
            kk.mlp_regressor(3), "adam", learning_rate=0.1, optimizer=keras.optimizers.SGD(0.2)
        )


@pytest.fixture(scope="module")
@needs("many")
def by_preset():
    """A model for each default preset."""
    text = Feature("text", "text", "string", vocabulary=("buy", "now"), characters=("b", "u"))
    words = Spec("binary", (text,), classes=("ham", "spam"))
    tags = Spec("tagging", (text,), classes=("A", "B"))
    small = {"units": 2, "embedding": 2}
    trunk = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Conv2D(2, 3)])
    return {
        "regression": kk.mlp_regressor(3, hidden=(4,)),
        "quantile_regression": kk.mlp_regressor(3, quantiles=(0.1, 0.5, 0.9), hidden=(4,)),
        "binary": kk.mlp_classifier(3, classes=2, hidden=(4,)),
        "multiclass": kk.logistic_classifier(3, classes=3),
        "multilabel": kk.mlp_classifier(3, classes=2, multilabel=True, hidden=(4,)),
        "perceptron": kk.perceptron_classifier(3, classes=2),
        "image_classification": kk.cnn_classifier((28, 28, 1), classes=2),
        "fine_tuning": kk.pretrained_classifier((32, 32, 3), classes=2, backbone=trunk),
        "forecasting": kk.sequence_forecaster((28,), horizon=4, units=2),
        "sequence_classification": kk.sequence_classifier((9,), classes=3, units=2),
        "text_classification": kk.text_classifier(words, **small),
        "sequence_tagging": kk.sequence_tagger(tags, **small),
    }


def test_without_a_preset_a_model_gets_that_of_its_task(by_preset, tmp_path):
    for name, model in by_preset.items():
        assert default_preset(model) == name
        kk.compile(model)
        assert settings_of(model).preset.name == name
    for name in ("perceptron", "sequence_classification", "quantile_regression"):
        by_preset[name].save(tmp_path / f"{name}.keras")
        again = keras.models.load_model(tmp_path / f"{name}.keras", compile=False)
        assert default_preset(again) == name


def test_the_default_preset_is_that_of_the_table_of_tasks(by_preset):
    for task in TASKS.values():
        assert default_preset(by_preset[task.preset]) == task.preset


def test_a_model_of_unknown_task_needs_a_preset():
    class Own(keras.Model):
        def call(self, inputs):
            return inputs

    with pytest.raises(kk.ArgumentError, match="cannot tell the task of the model 'own"):
        kk.compile(Own())


def test_values_of_the_preset_can_be_changed():
    model = kk.mlp_classifier(3, classes=3, hidden=(4,))
    kk.compile(model, batch_size=7, patience=2, weight_decay=0.3, optimizer="adamw")
    preset = settings_of(model).preset
    assert (preset.batch_size_for(1000), preset.patience, preset.name) == (7, 2, "multiclass")
    assert model.optimizer.weight_decay == 0.3
    kk.compile(model, "image_classification", weight_decay=0.0)
    assert model.optimizer.weight_decay == 0.0 and kk.PRESETS["image_classification"].options
    kk.compile(model, "sequence_tagging", weight_decay=0.1)
    assert model.optimizer.weight_decay == 0.1 and model.optimizer.beta_2 == 0.9
    series = kk.sequence_classifier((9,), classes=3, units=2)
    kk.compile(series, batch_size=64)
    assert settings_of(series).preset.batch_size_for(100) == 64  # not a tenth of the rows


def test_a_preset_of_your_own_is_used_as_it_is():
    own = kk.Preset(name="own", optimizer="adamw", options={"weight_decay": 0.2}, patience=3)
    assert own.options == (("weight_decay", 0.2),) and hash(own)
    model = kk.linear_regressor(3)
    kk.compile(model, own)
    assert settings_of(model).preset == own and model.optimizer.weight_decay == 0.2
    assert model.loss == "mean_squared_error"
    kk.compile(model, kk.Preset(name="own", loss="mean_squared_error", learning_rate=0.5))
    assert float(model.optimizer.learning_rate) == 0.5  # not full batches, though it is convex
    kk.compile(model, kk.Preset(name="own", loss="mean_absolute_error"))
    assert model.loss == "mean_absolute_error"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"name": ""}, "'name' parameter of Preset"),
        ({"learning_rate": 0.0}, r"'learning_rate'.*\(0.0, inf\)"),
        ({"batch_size": 0}, r"'batch_size'.*\[1, inf\)"),
        ({"patience": 0}, "'patience'"),
        ({"min_steps": 0}, "'min_steps'"),
        ({"loss": 3}, "'loss'.*Got 3"),
        ({"options": 3}, "'options'.*Got 3"),
    ],
)
def test_a_preset_checks_its_values(values, words):
    with pytest.raises(kk.ArgumentError, match=words):
        kk.Preset(**{"name": "own", **values})


def test_a_preset_with_options_of_another_optimizer_is_named():
    own = kk.Preset(name="own", optimizer="adam", options={"momentum": 0.9})
    with pytest.raises(kk.ArgumentError, match="options, of the preset 'own'"):
        kk.compile(kk.linear_regressor(3), own)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"batch_size": 0}, "'batch_size' parameter of compile"),
        ({"patience": 0}, "'patience' parameter of compile"),
        ({"weight_decay": -1.0}, "'weight_decay' parameter of compile"),
        ({"preset": 3}, "'preset'"),
        ({"weight_decay": 0.1, "optimizer": keras.optimizers.Adam()}, "not both"),
    ],
)
def test_bad_changes_are_named(options, words):
    with pytest.raises(kk.ArgumentError, match=words):
        kk.compile(kk.mlp_regressor(3), **options)


def test_a_schedule_with_a_rate_of_zero_is_refused():
    with pytest.raises(kk.ArgumentError, match="learning_rate"):
        kk.CosineSchedule(0.0)
