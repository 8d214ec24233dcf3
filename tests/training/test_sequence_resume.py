"""Runs on sequences that were stopped end as the uninterrupted ones, linear paths included."""

import keras
import numpy as np
import pytest

import kerakit as kk

TAGS = {"the": "DET", "a": "DET", "dog": "NOUN", "cat": "NOUN", "runs": "VERB", "sees": "VERB"}


def tagged():
    """Sentences of 1 to 9 tokens, most of them short."""
    rng = np.random.default_rng(0)
    lengths = np.minimum(rng.geometric(0.4, 60), 9)
    sentences = [rng.choice(list(TAGS), length).tolist() for length in lengths]
    return kk.load_tagged((sentences, [[TAGS[word] for word in words] for words in sentences]))


def tagger(data, dropout=0.0, **options):
    keras.utils.set_random_seed(0)
    model = kk.sequence_tagger(
        data.spec,
        encoder="transformer",
        bidirectional=False,
        units=4,
        heads=2,
        embedding=4,
        dropout=dropout,
    )
    kk.compile(model, "sequence_tagging", **options)
    return model


def texts():
    rng = np.random.default_rng(0)
    words, rows = np.array(list(TAGS)), []
    for length in rng.integers(1, 9, 60):
        rows.append(" ".join(rng.choice(words, length)))
    return kk.load_text((rows, ["yes" if "cat" in row else "no" for row in rows]))


def reader(data, dropout=0.0, **options):
    keras.utils.set_random_seed(0)
    model = kk.text_classifier(
        data.spec, encoder="rnn", units=4, embedding=4, dropout=dropout, character_grams=0
    )
    kk.compile(model, "text_classification", **options)
    return model


def windows():
    steps = np.arange(150)
    noise = np.random.default_rng(0).normal(0, 0.3, 150)
    return kk.load_series((np.sin(steps / 4) + noise).astype("float32"), window=8, horizon=3)


def forecaster(data, **options):
    keras.utils.set_random_seed(0)
    model = kk.sequence_forecaster(data.spec, encoder="rnn", units=4)
    kk.compile(model, "forecasting", **options)
    return model


class Stop(keras.callbacks.Callback):
    """Interrupts a run before an epoch."""

    def __init__(self, *epochs):
        super().__init__()
        self.epochs = set(epochs)  # no JSON value, and so no state that is resumed

    def on_epoch_begin(self, epoch, logs=None):
        if epoch in self.epochs:
            raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("load", "make", "cache_mb"),
    [
        (tagged, tagger, 512),
        pytest.param(tagged, tagger, 0, marks=pytest.mark.slow),
        (texts, reader, 512),
        pytest.param(texts, reader, 0, marks=pytest.mark.slow),
        (windows, forecaster, 512),
    ],
)
def test_a_stopped_run_ends_as_the_uninterrupted_one(load, make, cache_mb, tmp_path):
    """Its linear path is frozen again, and one that was not solved is trained again."""
    data, more = load(), {} if make is forecaster else {"dropout": 0.3}
    options = {"epochs": 3, "verbose": 0, "cache_mb": cache_mb, "batch_size": 16}
    whole, stopped, resumed = (make(data, **more) for _ in range(3))
    full = kk.fit(whole, data, run_dir=tmp_path / "a", callbacks=[Stop()], **options)
    with pytest.raises(KeyboardInterrupt):
        kk.fit(stopped, data, run_dir=tmp_path / "b", callbacks=[Stop(1)], **options)
    rest = kk.fit(resumed, data, run_dir=tmp_path / "b", callbacks=[Stop()], **options)
    assert rest.epoch == full.epoch == [0, 1, 2]
    assert rest.history["val_loss"] == pytest.approx(full.history["val_loss"], rel=1e-6)
    for ours, theirs in zip(resumed.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)
    for model in (whole, resumed):
        layers = model.get_layer("network").layers
        path = [layer for layer in layers if layer.name.startswith("linear")]
        assert bool(path) == (make is not tagger)
        assert all(layer.trainable == (cache_mb == 0) for layer in path)
        assert all(np.any(weight) for layer in path for weight in layer.get_weights())
