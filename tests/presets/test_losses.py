"""The image preset and smoothed labels: against Keras, by hand, and what is decayed."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import kerakit as kk
from kerakit.builders import cnn_classifier
from kerakit.presets import SmoothedCrossentropy, settings_of
from kerakit.presets.losses import PinballLoss


def random_rows(rows=40, classes=5):
    rng = np.random.default_rng(0)
    predicted = rng.dirichlet(np.ones(classes), rows).astype("f4")
    return rng.integers(0, classes, rows).astype("int32"), predicted


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.5])
@pytest.mark.parametrize("weighted", [False, True])
def test_smoothed_crossentropy_is_that_of_keras_for_ids_and_rows(smoothing, weighted):
    ids, predicted = random_rows()
    rows = np.eye(5, dtype="f4")[ids]
    weight = np.linspace(0, 2, 40).astype("f4") if weighted else None
    expected = keras.losses.CategoricalCrossentropy(label_smoothing=smoothing)
    expected = float(expected(rows, predicted, sample_weight=weight))
    loss = SmoothedCrossentropy(smoothing)
    for target in (ids, ids[:, None], ids.astype("int64"), rows):
        answer = float(loss(target, predicted, sample_weight=weight))
        assert answer == pytest.approx(expected, rel=1e-6)


def test_smoothed_crossentropy_by_hand():
    predicted = np.array([[0.5, 0.3, 0.2], [0.1, 0.8, 0.1]], "f4")
    log = np.log(predicted.astype("f8"))
    # 0.3 smoothed over three classes: 0.8 for the right one, 0.1 for each other.
    first = -(0.8 * log[0, 0] + 0.1 * log[0, 1] + 0.1 * log[0, 2])
    second = -(0.1 * log[1, 0] + 0.1 * log[1, 1] + 0.8 * log[1, 2])
    answer = float(SmoothedCrossentropy(0.3)(np.array([0, 2]), predicted))
    assert answer == pytest.approx((first + second) / 2, rel=1e-6)


def test_mixed_labels_cost_the_mixture_of_what_their_parts_cost():
    ids, predicted = random_rows()
    others = np.roll(ids, 1)
    mixed = 0.3 * np.eye(5)[ids] + 0.7 * np.eye(5)[others]
    loss = SmoothedCrossentropy(0.1)
    expected = 0.3 * float(loss(ids, predicted)) + 0.7 * float(loss(others, predicted))
    assert float(loss(mixed, predicted)) == pytest.approx(expected, rel=1e-5)


def test_a_sure_and_wrong_answer_still_has_a_slope():
    scores = tf.constant([[200.0, 0.0]])
    loss = SmoothedCrossentropy(0.1)

    @tf.function
    def slope():
        with tf.GradientTape() as tape:
            tape.watch(scores)
            value = loss(tf.constant([1]), tf.nn.softmax(scores))
        return tape.gradient(value, scores)

    np.testing.assert_allclose(slope().numpy(), [[0.95, -0.95]], rtol=1e-5)


def test_smoothed_crossentropy_survives_its_configuration_and_checks_its_argument():
    again = SmoothedCrossentropy.from_config(SmoothedCrossentropy(0.25).get_config())
    assert again.label_smoothing == 0.25
    with pytest.raises(kk.ArgumentError, match=r"'label_smoothing'.*\[0.0, 1.0\). Got 1.0"):
        SmoothedCrossentropy(1.0)


@pytest.fixture
def model():
    keras.utils.set_random_seed(0)
    model = cnn_classifier((8, 8, 1), classes=3, arch="resnet", width=4, depth=8)
    kk.compile(model, "image_classification")
    return model


@pytest.mark.slow
@pytest.mark.training
def test_plain_keras_evaluates_and_trains_by_ids(model):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (30, 8, 8, 1), dtype="uint8")
    labels = rng.integers(0, 3, 30).astype("int32")
    logs = model.evaluate(images, labels, verbose=0, return_dict=True)
    predicted = model.predict(images, verbose=0)
    assert logs["accuracy"] == pytest.approx((predicted.argmax(1) == labels).mean())
    expected = -np.log(predicted[np.arange(30), labels]).mean()
    assert logs["loss"] == pytest.approx(expected, rel=1e-4)
    kk.compile(model, "image_classification", loss=SmoothedCrossentropy(0.1))
    logs = model.evaluate(images, labels, verbose=0, return_dict=True)
    smoothed = keras.losses.CategoricalCrossentropy(label_smoothing=0.1)
    assert logs["loss"] == pytest.approx(float(smoothed(np.eye(3)[labels], predicted)), rel=1e-4)
    assert set(model.fit(images, labels, verbose=0).history) == {"loss", "accuracy"}


def decayed_by(model, optimizer, rate):
    """The share of each trained weight that a step without a gradient takes away."""
    variables = model.trainable_variables
    for variable in variables:
        variable.assign(np.ones(variable.shape))
    optimizer.learning_rate = rate
    optimizer.apply([np.zeros(v.shape, "f4") for v in variables], variables)
    return [(v.name, 1 - float(np.asarray(v).mean())) for v in variables]


@pytest.mark.training
def test_only_kernels_are_decayed(model):
    shares = decayed_by(model, model.optimizer, 0.5)
    decay = dict(kk.PRESETS["image_classification"].options)["weight_decay"]
    for name, share in shares:
        assert share == pytest.approx(0.5 * decay if name == "kernel" else 0, rel=1e-3, abs=1e-7)
    assert {name for name, _ in shares} == {"kernel", "bias", "gamma", "beta"}


@pytest.mark.training
def test_an_optimizer_by_name_spares_the_biases_and_an_object_is_left_alone(model):
    kk.compile(model, "sgd", optimizer="adamw")
    shares = dict(decayed_by(model, model.optimizer, 0.5))
    assert shares["kernel"] == pytest.approx(0.5 * 0.004, rel=1e-3) and shares["bias"] == 0
    kk.compile(model, "image_classification", optimizer=keras.optimizers.AdamW(weight_decay=0.004))
    assert dict(decayed_by(model, model.optimizer, 0.5))["gamma"] > 0


def test_the_preset_follows_one_cycle_and_can_be_overridden(model):
    assert isinstance(settings_of(model).schedule, kk.OneCycleSchedule)
    kk.compile(model, "image_classification", learning_rate=0.02, loss="poisson")
    assert model.loss == "poisson" and settings_of(model).schedule.learning_rate == 0.02


def test_the_preset_of_images_refuses_a_model_of_numbers():
    with pytest.raises(kk.ArgumentError, match="softmax output.*linear"):
        kk.compile(kk.mlp_regressor(3), "image_classification")


FORECAST = np.array([[1.0, 4.0], [0.0, 2.0]])  # two windows, two steps
LEVELS = np.array([[[0.0, 2.0], [4.0, 5.0]], [[1.0, 1.0], [1.0, 4.0]]])  # at 0.25 and 0.75


def test_the_pinball_loss_of_a_forecast_by_hand():
    # Window 0 has the errors 1, -1 and 0, -1; window 1 has -1, -1 and 1, -2.
    by_window = np.array([0.25 + 0.25 + 0 + 0.25, 0.75 + 0.25 + 0.25 + 0.5]) / 4
    loss = PinballLoss([0.25, 0.75])
    assert float(loss(FORECAST, LEVELS)) == pytest.approx(by_window.mean())
    assert float(PinballLoss([0.25, 0.75], 2.0)(FORECAST, LEVELS)) == pytest.approx(
        by_window.mean() / 2
    )
    weight = np.array([1.0, 9.0])
    for form in (weight, weight[:, None]):  # of the row, whatever its axis
        assert float(loss(FORECAST, LEVELS, form)) == pytest.approx((by_window * weight).mean())
    rooted = PinballLoss([0.25, 0.75], squared_weights=True)
    expected = (by_window * [1.0, 3.0]).mean()
    assert float(rooted(FORECAST, LEVELS, weight)) == pytest.approx(expected)
    assert float(rooted(FORECAST, LEVELS)) == pytest.approx(by_window.mean())


def test_the_pinball_loss_of_channels_is_in_their_own_scales():
    y = np.stack([FORECAST, 100 * FORECAST], axis=-1)
    p = np.stack([LEVELS, 100 * LEVELS], axis=-2)
    loss = PinballLoss([0.25, 0.75], (1.0, 100.0))
    assert float(loss(y, p)) == pytest.approx(float(PinballLoss([0.25, 0.75])(FORECAST, LEVELS)))
    again = keras.losses.deserialize(keras.losses.serialize(loss))
    assert again.get_config() == loss.get_config() and again.scale == [1.0, 100.0]
    assert float(again(y, p)) == float(loss(y, p))


def test_the_pinball_loss_is_that_of_scikit_learn():
    from sklearn.metrics import mean_pinball_loss

    rng = np.random.default_rng(0)
    y, p = rng.normal(size=(50, 4)), rng.normal(size=(50, 4, 3))
    levels = (0.05, 0.5, 0.8)
    each = [
        mean_pinball_loss(y.ravel(), p[..., place].ravel(), alpha=level)
        for place, level in enumerate(levels)
    ]
    assert float(PinballLoss(levels)(y, p)) == pytest.approx(np.mean(each), rel=1e-5)


def test_a_forecaster_of_quantiles_trains_as_forecasters_do():
    model = kk.sequence_forecaster((8,), horizon=2, units=2, quantiles=(0.1, 0.5, 0.9))
    kk.compile(model, metrics=["mae", keras.metrics.R2Score()])
    preset, like = settings_of(model).preset, kk.PRESETS["forecasting"]
    assert preset.name == "quantile_regression" and isinstance(model.loss, PinballLoss)
    assert (preset.batch_size, preset.patience) == (like.batch_size, like.patience)
    assert model.optimizer.clipnorm == 1.0 and model.loss.squared_weights is False
    kk.compile(model, patience=7)
    assert settings_of(model).preset.patience == 7
    for preset in ("forecasting", "robust_regression"):
        with pytest.raises(kk.ArgumentError, match=r"quantiles= of the builder go together"):
            kk.compile(model, preset)
    plain = kk.sequence_forecaster((8,), horizon=2, units=2)
    with pytest.raises(kk.ArgumentError, match=r"quantiles= of the builder go together"):
        kk.compile(plain, "quantile_regression")


def test_metrics_of_a_forecaster_of_quantiles_are_of_its_middle_level():
    from kerakit.presets.metrics import formed_metrics

    (metric,) = formed_metrics("compile", ["mae"], "forecast", column=1)
    metric.update_state(FORECAST, np.repeat(LEVELS, 2, axis=-1)[..., [0, 2, 3]])
    middle = np.abs(LEVELS[..., 1] - FORECAST).mean()
    assert float(metric.result()) == pytest.approx(middle)
