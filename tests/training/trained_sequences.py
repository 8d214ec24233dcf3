"""Small sequences of every kind, and small models of them, that several tests share."""

import keras
import numpy as np

import kerakit as kk

TAGS = {"the": "DET", "a": "DET", "dog": "NOUN", "cat": "NOUN", "runs": "VERB", "sees": "VERB"}


def tagged():
    """Sentences of 1 to 9 tokens, most of them short."""
    rng = np.random.default_rng(0)
    lengths = np.minimum(rng.geometric(0.4, 60), 9)
    sentences = [rng.choice(list(TAGS), length).tolist() for length in lengths]
    return kk.load_tagged((sentences, [[TAGS[word] for word in words] for words in sentences]))


def tagger(data, dropout=0.0, encoder="rnn", **options):
    """A tagger; `encoder="transformer"` takes twice as long to trace."""
    keras.utils.set_random_seed(0)
    heads = {"heads": 2} if encoder == "transformer" else {}
    model = kk.sequence_tagger(
        data.spec,
        encoder=encoder,
        bidirectional=False,
        units=4,
        embedding=4,
        dropout=dropout,
        **heads,
    )
    kk.compile(model, "sequence_tagging", **options)
    return model


def texts():
    """Texts of 1 to 8 words, with the class "yes" where one is "cat"."""
    rng = np.random.default_rng(0)
    words, rows = np.array(list(TAGS)), []
    for length in rng.integers(1, 9, 60):
        rows.append(" ".join(rng.choice(words, length)))
    return kk.load_text((rows, ["yes" if "cat" in row else "no" for row in rows]))


def reader(data, dropout=0.0, encoder="conv", **options):
    """A text classifier; `encoder="rnn"` takes twice as long to trace."""
    keras.utils.set_random_seed(0)
    model = kk.text_classifier(
        data.spec, encoder=encoder, units=4, embedding=4, dropout=dropout, character_grams=0
    )
    kk.compile(model, "text_classification", **options)
    return model


def windows():
    """A noisy sine, in windows of 8 steps with a horizon of 3."""
    steps = np.arange(150)
    noise = np.random.default_rng(0).normal(0, 0.3, 150)
    return kk.load_series((np.sin(steps / 4) + noise).astype("float32"), window=8, horizon=3)


def forecaster(data, **options):
    keras.utils.set_random_seed(0)
    model = kk.sequence_forecaster(data.spec, encoder="rnn", units=4)
    kk.compile(model, "forecasting", **options)
    return model
