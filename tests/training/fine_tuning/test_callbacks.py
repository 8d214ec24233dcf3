"""Callbacks of `fine_tune` see the hooks that `keras.Model.fit` calls for a frozen backbone."""

import keras
import pytest

import kerakit as kk


class Recorder(keras.callbacks.Callback):
    """Writes down every hook with its number and the names in its logs, and stops after two."""

    def __init__(self):
        super().__init__()
        self.seen, self.parts = [], []

    def set_model(self, model):
        super().set_model(model)
        self.parts.append(model)


def _hook(name):
    def hook(self, *arguments, logs=None):
        *number, last = (*arguments, logs) if logs is not None else arguments or (None,)
        self.seen.append((name, *number, sorted(last or {})))
        if name == "on_epoch_end" and number == [1]:
            self.model.stop_training = True

    return hook


for name in dir(keras.callbacks.Callback):
    if name.startswith("on_") and name not in ("on_batch_begin", "on_batch_end"):
        setattr(Recorder, name, _hook(name))


def hidden_head(shapes, make_model):
    model = make_model(shapes.spec, hidden=(4,))
    kk.compile(model, "fine_tuning", learning_rate=0.01)
    return model


@pytest.mark.training
@pytest.mark.slow
def test_every_stage_calls_the_hooks_of_keras(shapes, make_model):
    theirs, ours = Recorder(), Recorder()
    model = hidden_head(shapes, make_model)
    model.get_layer("network").get_layer("backbone").trainable = False
    train, held = shapes.table("train"), shapes.table("validation")
    model.fit(
        train.features,
        train.target,
        validation_data=(held.features, held.target),
        epochs=9,
        batch_size=16,
        callbacks=[theirs],
        verbose=0,
    )
    options = {"batch_size": 16, "early_stopping": False, "views": 0, "verbose": 0}
    history = kk.fine_tune(
        hidden_head(shapes, make_model),
        shapes,
        strategy="full",
        callbacks=ours,
        **options,
    )
    assert [stage["epochs"] for stage in history.stages] == [2, 2]
    assert ours.seen == 2 * theirs.seen  # the head, then the whole network
    assert [part.input_shape[1:] for part in ours.parts] == [(16,), (32, 32, 3)]


@pytest.mark.many
def test_a_callback_that_is_not_called_or_writes_a_part_is_warned_of(shapes, make_model, tmp_path):
    """Before anything is trained: here the options go against the data after that."""
    saver = keras.callbacks.ModelCheckpoint(tmp_path / "best.keras")
    for hidden, strategy, said in (
        ((4,), "head", r"ModelCheckpoint writes the part .* run_dir="),
        ((), "head", "ModelCheckpoint is not called"),
    ):
        model = make_model(shapes.spec, hidden=hidden)
        kk.compile(model, "fine_tuning", schedule=keras.optimizers.schedules.CosineDecay(0.1, 9))
        rate = keras.callbacks.ReduceLROnPlateau()
        with pytest.warns(UserWarning, match=said), pytest.raises(kk.ArgumentError, match="sets"):
            kk.fine_tune(model, shapes, strategy=strategy, callbacks=[saver, rate])
