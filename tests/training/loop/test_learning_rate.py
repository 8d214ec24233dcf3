"""The learning rate: what a callback sets holds, and a trained model trains on."""

import types

import keras
import numpy as np
import pytest
from marks import first
from training_cases import mlp, weights

import kerakit as kk
from kerakit.presets.settings import settings_of

pytestmark = pytest.mark.training

RATE = 0.003  # of the preset 'regression'


class Rates(keras.callbacks.Callback):
    """Notes the rate at the end of every epoch, and breaks off as epoch `at` begins."""

    def __init__(self, at=None):
        super().__init__()
        self.own = types.SimpleNamespace(at=at, rates=[])  # no state of the run, not resumed

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.own.at:
            raise KeyboardInterrupt

    def on_epoch_end(self, epoch, logs=None):
        self.own.rates.append(rate_of(self.model))


def rate_of(model):
    return float(model.optimizer.learning_rate)


def trained(data, epochs, callbacks=(), model=None, **options):
    """`(model, its rate at the end of each epoch)`, without early stopping."""
    model, noted = model or mlp(data), Rates()
    kk.fit(
        model,
        data,
        epochs=epochs,
        callbacks=[*callbacks, noted],
        **{"verbose": 0, "early_stopping": False, **options},
    )
    return model, noted.own.rates


def ends_of_epochs(schedule, data, epochs):
    """The rate of the last step of every epoch, by the schedule."""
    rates = schedule.simulate(epochs * -(-data.spec.sizes["train"] // 32))
    return rates.reshape(epochs, -1)[:, -1]


def plateau():
    """Halves the rate after every epoch but the first: no loss falls by 100."""
    return keras.callbacks.ReduceLROnPlateau(factor=0.5, patience=1, min_delta=100)


def test_a_scheduler_sets_the_rates_that_train(line_data):
    """Full batches of plain gradient descent, with the callback in Keras' own fit."""
    models, rows = [], line_data.spec.sizes["train"]
    for _ in range(2):
        keras.utils.set_random_seed(3)
        model = kk.mlp_regressor(line_data.spec, hidden=(8,), dropout=0.0)
        kk.compile(model, "sgd", learning_rate=0.1, schedule="cosine")
        models.append(model)
    scheduler = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.7)
    with pytest.warns(UserWarning, match="LearningRateScheduler .* CosineSchedule is not used"):
        trained(line_data, 3, [scheduler], models[0], batch_size=rows)
    table = line_data.table("train")
    models[1].fit(
        table.features, table.target, epochs=3, batch_size=rows, verbose=0, callbacks=[scheduler]
    )
    np.testing.assert_allclose(weights(models[0]), weights(models[1]), rtol=1e-4, atol=1e-5)
    assert rate_of(models[0]) == rate_of(models[1]) == pytest.approx(0.1 * 0.7**3)


@pytest.mark.slow
@pytest.mark.parametrize(
    "cache_mb",
    [pytest.param(512, id="in memory"), pytest.param(0, id="streamed", marks=pytest.mark.slow)],
)
def test_a_reduced_rate_holds_to_the_end(diabetes, cache_mb):
    cosine = ends_of_epochs(kk.CosineSchedule(RATE), diabetes, 5)
    second = cosine[1] / 2
    with pytest.warns(UserWarning, match=rf"in epoch 2 \({second:.3g}\).*schedule='constant'"):
        model, rates = trained(diabetes, 5, [plateau()], cache_mb=cache_mb)
    expected = [cosine[0], second, second / 2, second / 4, second / 8]
    np.testing.assert_allclose(rates, expected, rtol=1e-5)
    assert rate_of(model) == rates[-1]


def test_without_a_schedule_a_reduced_rate_is_that_of_keras(diabetes, recwarn):
    model = mlp(diabetes)
    kk.compile(model, schedule="constant")
    _, rates = trained(diabetes, 4, [plateau()], model)
    np.testing.assert_allclose(rates, [RATE, RATE / 2, RATE / 4, RATE / 8], rtol=1e-6)
    assert not [w for w in recwarn if "learning rate" in str(w.message)]


@pytest.mark.slow
@pytest.mark.parametrize(
    "at",
    [
        pytest.param(1, id="before the callback set it", marks=pytest.mark.slow),
        pytest.param(3, id="after"),
    ],
)
def test_a_stopped_run_with_a_reduced_rate_ends_as_the_uninterrupted_one(diabetes, tmp_path, at):
    whole, _ = trained(diabetes, 5, [plateau()])
    model, run = mlp(diabetes), {"epochs": 5, "early_stopping": False, "verbose": 0}
    with pytest.raises(KeyboardInterrupt):
        kk.fit(model, diabetes, **run, callbacks=[plateau(), Rates(at)], run_dir=tmp_path)
    assert rate_of(model) == pytest.approx(RATE)  # as before, and so it may go on
    for again in (model, mlp(diabetes), model):  # the same process, another one, a finished run
        kk.fit(again, diabetes, **run, callbacks=[plateau(), Rates()], run_dir=tmp_path)
        np.testing.assert_array_equal(weights(again), weights(whole))
        assert rate_of(again) == rate_of(whole)


@pytest.mark.parametrize("hook", first(1, ["on_train_begin", "on_epoch_begin"]))
def test_a_rate_that_a_callback_of_ones_own_sets_holds(diabetes, hook):
    """Also where it is the rate that the optimizer has already."""

    class Own(keras.callbacks.Callback):
        pass

    def assign(self, *_, logs=None):
        self.model.optimizer.learning_rate = RATE

    setattr(Own, hook, assign)
    model, rates = trained(diabetes, 3, [Own()])
    np.testing.assert_allclose(rates, [RATE] * 3)
    assert rate_of(model) == pytest.approx(RATE)


class Steps(keras.callbacks.Callback):
    """Notes the rate of every step, and sets another after step `at`."""

    def __init__(self, at=None):
        super().__init__()
        self.at, self.rates = at, []

    def on_train_batch_end(self, batch, logs=None):
        self.rates.append(rate_of(self.model))
        if len(self.rates) == self.at:
            self.model.optimizer.learning_rate = 0.25


def test_every_step_has_its_rate_until_a_callback_sets_it(diabetes):
    model, steps = mlp(diabetes), Steps(at=13)
    schedule = kk.CosineSchedule(0.01, warmup=0.3)
    kk.compile(model, schedule=schedule)
    trained(diabetes, 2, [steps], model)
    built_in = schedule.to_keras(len(steps.rates))
    expected = [float(built_in(step)) for step in range(13)]
    np.testing.assert_allclose(steps.rates[:13], expected, rtol=1e-5)
    assert set(steps.rates[13:]) == {0.25} and len(steps.rates) > 13
    assert rate_of(model) == 0.25


@pytest.mark.slow
@pytest.mark.parametrize(
    "schedule",
    ["cosine", *(pytest.param(n, marks=pytest.mark.slow) for n in ("one_cycle", "step"))],
)
def test_a_trained_model_trains_on(diabetes, tmp_path, schedule):
    model = mlp(diabetes)
    kk.compile(model, schedule=schedule, optimizer="adamw", weight_decay=0.5, batch_size=32)
    _, first = trained(diabetes, 2, model=model, run_dir=tmp_path)
    assert first[-1] < RATE and rate_of(model) == pytest.approx(RATE)
    loaded = keras.models.load_model(tmp_path / "model.keras")
    _, again = trained(diabetes, 2, model=model)
    assert again == first  # a new schedule
    trained(diabetes, 2, model=loaded)  # biases have no weight decay here either
    np.testing.assert_array_equal(weights(loaded), weights(model))
    loaded = keras.models.load_model(tmp_path / "model.keras")
    table = diabetes.table("train")
    losses = loaded.fit(table.features, table.target, epochs=2, verbose=0).history["loss"]
    assert losses[1] != losses[0] and rate_of(loaded) == pytest.approx(RATE)


@pytest.mark.slow
def test_a_file_of_a_running_schedule_begins_it_anew(diabetes, tmp_path):
    keep = keras.callbacks.ModelCheckpoint(str(tmp_path / "m.keras"))
    trained(diabetes, 2, [keep])
    loaded = keras.models.load_model(tmp_path / "m.keras")
    assert rate_of(loaded) == 0.0  # of the last step
    _, rates = trained(diabetes, 2, model=loaded)
    np.testing.assert_allclose(rates, ends_of_epochs(kk.CosineSchedule(RATE), diabetes, 2))


@pytest.mark.slow
def test_a_rate_that_the_user_sets_is_the_highest_of_the_schedule(diabetes, capsys):
    model = mlp(diabetes)
    model.optimizer.learning_rate = 1e-4
    _, rates = trained(diabetes, 2, model=model, verbose=2)
    expected = ends_of_epochs(kk.CosineSchedule(1e-4), diabetes, 2)
    np.testing.assert_allclose(rates, expected, rtol=1e-5, atol=1e-12)
    assert "learning rate of 0.0001 (compiled: 0.003)" in capsys.readouterr().out
    model.optimizer.learning_rate = 0.0
    with pytest.warns(UserWarning, match="learning rate of the optimizer is 0"):
        trained(diabetes, 1, model=model)


@pytest.mark.slow
def test_a_schedule_of_keras_counts_the_steps_of_all_runs(diabetes, tmp_path):
    steps = -(-diabetes.spec.sizes["train"] // 32)
    decay = keras.optimizers.schedules.CosineDecay(0.01, 4 * steps)
    model = mlp(diabetes)
    kk.compile(model, learning_rate=decay)
    for run in (0, 2):
        _, rates = trained(diabetes, 2, model=model)
        expected = [float(decay((run + epoch) * steps)) for epoch in (1, 2)]
        np.testing.assert_allclose(rates, expected, rtol=1e-6)
    folder = tmp_path / "run"
    for callback in (plateau(), keras.callbacks.LearningRateScheduler(lambda epoch: 0.1)):
        words = f"{type(callback).__name__} of fit sets the learning rate.*schedule='constant'"
        with pytest.raises(kk.ArgumentError, match=words):
            kk.fit(model, diabetes, epochs=1, callbacks=[callback], run_dir=folder)
    assert not folder.exists()


def test_fit_says_what_it_assumes(diabetes, capsys):
    model = mlp(diabetes)
    model.compile("adam", "mean_squared_error")
    trained(diabetes, 1, model=model, verbose=2)
    assert "fit assumes batches of 32 rows, a patience of 50" in capsys.readouterr().out
    assert settings_of(model).schedule is None and rate_of(model) == pytest.approx(0.001)


@pytest.mark.slow
def test_another_rate_is_another_run(diabetes, tmp_path):
    trained(diabetes, 1, run_dir=tmp_path)
    model = mlp(diabetes)
    model.optimizer.learning_rate = 1e-4
    with pytest.raises(kk.RunError, match="learning rate is 0.003, this one's is 0.0001"):
        trained(diabetes, 1, model=model, run_dir=tmp_path)
