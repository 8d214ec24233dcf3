"""What a saved model knows of its preset, and schedules against the built-in ones of Keras."""

import keras
import numpy as np
import pytest
from marks import first

import kerakit as kk
from kerakit.presets.settings import assumed_settings, settings_of

keras_schedules = keras.optimizers.schedules


@pytest.mark.parametrize("steps", first(2, [3, 40, 1234]))
@pytest.mark.parametrize(
    "schedule",
    [
        kk.CosineSchedule(3e-3, warmup=0.4),
        kk.CosineSchedule(0.2, warmup=0.5, final=0.1),
        kk.StepSchedule(0.1),
        kk.StepSchedule(0.1, at=(0.3, 0.5, 0.9), factor=0.5),
    ],
)
def test_schedules_are_those_of_keras_step_by_step(schedule, steps):
    built_in = schedule.to_keras(steps)
    assert type(built_in).__module__.startswith("keras.")
    rates = [float(built_in(step)) for step in range(steps)]
    np.testing.assert_allclose(rates, schedule.simulate(steps), rtol=1e-4, atol=1e-9)


def test_a_cosine_of_keras_without_warm_up_is_a_step_behind():
    schedule = kk.CosineSchedule(0.5, warmup=0.0, final=0.2)
    built_in = schedule.to_keras(9)
    rates = [float(built_in(step)) for step in range(10)]
    assert rates[0] == 0.5
    np.testing.assert_allclose(rates[1:], schedule.simulate(9), rtol=1e-5)


def test_schedules_that_keras_has_as_a_number_or_not_at_all():
    assert kk.ConstantSchedule(0.5).to_keras(7) == 0.5
    assert kk.StepSchedule(0.5, at=(0.9,)).to_keras(1) == 0.5  # it falls after the last step
    with pytest.raises(kk.ArgumentError, match="Keras has no built-in schedule of this form"):
        kk.OneCycleSchedule(0.1).to_keras(10)


@pytest.mark.many
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"schedule": "constant", "batch_size": 7, "patience": 2},
        {"schedule": kk.StepSchedule(1e-5, at=(0.25, 0.5), factor=0.3), "weight_decay": 0.1},
        {"preset": "momentum", "schedule": "one_cycle", "learning_rate": 0.25},
        {"schedule": keras_schedules.ExponentialDecay(0.1, 100, 0.9)},
        {"preset": kk.Preset(name="my own: é--", patience=4, min_steps=10)},
    ],
    ids=["preset", "constant", "step", "one cycle", "of Keras", "own preset"],
)
def test_a_saved_model_knows_its_settings(options, tmp_path):
    model = kk.mlp_classifier(3, classes=3, hidden=(4,))
    kk.compile(model, **options)
    model.optimizer.build(model.trainable_variables)
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    ours, found = settings_of(model), settings_of(loaded)
    assert found.schedule == ours.schedule
    for name in ("batch_size", "patience", "min_steps"):
        assert getattr(found.preset, name) == getattr(ours.preset, name)
    if "own" not in ours.preset.name:
        assert found.preset.name == ours.preset.name
    assert float(loaded.optimizer.learning_rate) == float(model.optimizer.learning_rate)
    assert assumed_settings(loaded) is None


def test_settings_are_known_where_the_loss_is_scaled(tmp_path):
    """Under the policy `mixed_float16` Keras wraps the optimizer, which has the settings."""
    model = kk.mlp_classifier(3, classes=3, hidden=(4,))
    kk.compile(model, "momentum", schedule="one_cycle")
    model.compile(keras.optimizers.LossScaleOptimizer(model.optimizer), loss=model.loss)
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    assert type(loaded.optimizer).__name__ == "LossScaleOptimizer"
    assert settings_of(loaded).preset.name == "momentum" and assumed_settings(loaded) is None


def test_a_convex_model_is_measured_again(tmp_path):
    model = kk.linear_regressor(3)
    kk.compile(model)
    model.optimizer.build(model.trainable_variables)
    model.save(tmp_path / "m.keras")
    found = settings_of(keras.models.load_model(tmp_path / "m.keras"))
    assert found == settings_of(model) and found.measured


def test_the_settings_of_an_earlier_compile_are_void():
    model = kk.mlp_regressor(3, hidden=(4,))
    kk.compile(model)
    assert settings_of(model).preset.batch_size == 32 and assumed_settings(model) is None
    model.compile(keras.optimizers.Adam(0.25), "mse")
    assert settings_of(model).schedule is None
    assert "batches of 32 rows, a patience of 50 epochs" in assumed_settings(model)
    own = keras.optimizers.SGD(0.1, name="own")
    kk.compile(model, batch_size=9, optimizer=own)
    assert settings_of(model).preset.batch_size == 9 and own.name == "own"


def test_a_schedule_of_your_own_is_named_where_it_is_lost():
    class Sawtooth(kk.CosineSchedule):
        pass

    model = kk.mlp_regressor(3, hidden=(4,))
    kk.compile(model, schedule=Sawtooth(0.1))
    assert settings_of(model).schedule == Sawtooth(0.1)
    model.kerakit_settings = None  # as after loading
    assert settings_of(model).schedule is None
    assert "The schedule Sawtooth was not saved" in assumed_settings(model)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {"learning_rate": keras_schedules.CosineDecay(0.1, 9), "schedule": "step"},
            "'schedule' parameter of compile must be None beside a Keras schedule",
        ),
        (
            {"learning_rate": 0.1, "schedule": keras_schedules.CosineDecay(0.1, 9)},
            "learning_rate or a Keras schedule that has one, not both. Got 0.1 and CosineDecay",
        ),
        (
            {"optimizer": keras.optimizers.SGD(keras_schedules.CosineDecay(0.1, 9), name="mine")},
            "not both. Got 'cosine' and 'mine'",
        ),
        (
            {
                "optimizer": keras.optimizers.SGD(name="mine"),
                "schedule": keras_schedules.CosineDecay(0.1, 9),
            },
            "not both. Got CosineDecay and 'mine'",
        ),
    ],
)
def test_two_schedules_are_refused(options, words):
    options = {"schedule": "cosine", **options}
    with pytest.raises(kk.ArgumentError, match=words):
        kk.compile(kk.mlp_regressor(3, hidden=(4,)), **options)
