"""Small data of windows, sentences, texts and series, and toy models that answer them."""

import numpy as np

from kerakit.data.data import Data, Table
from kerakit.data.spec import Feature, Series, Spec, Target
from kerakit.data.storage.windows import Windows

__all__ = [
    "CURVES",
    "IDS",
    "LIGHT",
    "STAGES",
    "TEXTS",
    "forecast_data",
    "naive_forecaster",
    "sentence_data",
    "series_classifier",
    "series_data",
    "tag_answers",
    "text_answers",
    "text_data",
]

# `baselines` of tests that look at something else: boosting takes most of a small report's time.
LIGHT = {"gradient_boosting": None}


def forecast_data(series, window, horizon, season=1, stride=1, unit=None, cuts=(0.6, 0.8)):
    """A series cut by time; the target of a window never crosses a border."""
    series = np.asarray(series, "float32")
    channels = series.shape[1] if series.ndim > 1 else 1
    ends = [0, *(int(cut * len(series)) for cut in cuts), len(series)]
    tables = []
    for split, (begin, end) in enumerate(zip(ends, ends[1:], strict=False)):
        starts = np.arange(max(begin - window, 0), end - window - horizon + 1)
        starts = starts[:: stride if split == 0 else 1]
        tables.append(
            Table(
                {"window": Windows(series, starts, window)},
                Windows(series, starts + window, horizon),
            )
        )
    train = series[: ends[1]].reshape(ends[1], -1).astype("float64")
    mean = tuple(np.nanmean(train, axis=0).tolist())
    variance = tuple(np.nanvar(train, axis=0).tolist())
    one = channels == 1
    feature = Feature(
        "window",
        "sequence",
        shape=(window,) if one else (window, channels),
        mean=mean[0] if one else mean,
        variance=variance[0] if one else variance,
    )
    names = ("value",) if one else tuple(f"c{i}" for i in range(channels))
    spec = Spec(
        "forecast",
        (feature,),
        Target(names, unit, mean, variance),
        series=Series(window, horizon, stride, season),
        sizes=dict(zip(("train", "validation", "test"), map(len, tables), strict=True)),
        dataset="made-up",
    )
    return Data(*tables, spec)


def naive_forecaster(spec, offset=0.0):
    """A model that repeats the last value of the window, plus `offset`."""
    import keras

    (feature,) = spec.features
    window = keras.Input(feature.shape, name="window")
    last = keras.ops.repeat(window[:, -1:], spec.series.horizon, axis=1)
    return keras.Model({"window": window}, keras.layers.Rescaling(1.0, offset)(last))


TAGS = ("DET", "NOUN", "VERB")
SENTENCES = ("The dog runs", "the cat", "a dog sees The cat", "runs")
TAG_IDS = ((0, 1, 2), (0, 1), (0, 1, 2, 0, 1), (2,))


def sentence_table(sentences, ids):
    target = np.full((len(ids), max(map(len, ids))), -1, "int32")
    for row, tags in zip(target, ids, strict=True):
        row[: len(tags)] = tags
    return Table({"tokens": np.array(sentences, object)}, target)


def sentence_data(test=SENTENCES, test_ids=TAG_IDS):
    """Four sentences to train on; the test split is given, by default the same."""
    vocabulary = ("the", "dog", "cat", "runs", "a", "sees")
    feature = Feature("tokens", "text", "string", vocabulary=vocabulary, quantiles=(1, 3, 5))
    counts = np.bincount(np.concatenate(TAG_IDS), minlength=3).tolist()
    spec = Spec("tagging", (feature,), classes=TAGS, class_counts=tuple(counts))
    train = sentence_table(SENTENCES, TAG_IDS)
    return Data(train, train, sentence_table(test, test_ids), spec)


def tag_answers(answers, classes=3):
    """A tagger that gives each known lower-cased word its row of probabilities, others the last.

    Args:
        answers: dict from word to probabilities; `""` is for any other word.
    """
    import keras

    words = [word for word in answers if word]
    text = keras.Input((), dtype="string", name="tokens")
    lookup = keras.layers.TextVectorization(
        standardize="lower", split="whitespace", vocabulary=words
    )
    table = keras.layers.Embedding(len(words) + 2, classes)
    model = keras.Model({"tokens": text}, table(lookup(text)))
    padding = np.full(classes, 1 / classes)
    table.set_weights([np.stack([padding, answers[""], *(answers[w] for w in words)])])
    return model


TEXTS = ["win a prize now", "free prize inside", "see you at home", "home at noon"] * 5
IDS = [1, 1, 0, 0] * 5


def text_data(texts, ids, classes=("ham", "spam"), test=None, test_ids=None):
    def table(texts, ids):
        return Table({"text": np.array(texts, object)}, np.asarray(ids, "int32"))

    train = table(texts, ids)
    tested = train if test is None else table(test, test_ids)
    task = "binary" if len(classes) == 2 else "multiclass"
    feature = Feature("text", "text", "string", quantiles=(1, 5, 9))
    return Data(train, train, tested, Spec(task, (feature,), classes=tuple(classes), seed=1))


def text_answers(word, p):
    """A classifier of two: `p[1]` for texts with a word, `p[0]` for others."""
    import keras

    text = keras.Input((), dtype="string", name="text")
    lookup = keras.layers.TextVectorization(vocabulary=[word], output_mode="multi_hot")
    bias = keras.layers.Dense(2)
    model = keras.Model({"text": text}, bias(lookup(text)[:, 1:]))
    bias.set_weights([np.array([np.subtract(p[1], p[0])], "float32"), np.array(p[0], "float32")])
    return model


def series_data(rows=80, channels=1, seed=0):
    """Rising and falling lines of 5 to 12 steps with noise, padded with NaN; one gap in each."""
    rng = np.random.default_rng(seed)
    ids = np.arange(rows) % 2
    lengths = rng.integers(5, 13, rows)
    series = np.full((rows, 12, channels), np.nan, "float32")
    for row, (label, length) in enumerate(zip(ids, lengths, strict=True)):
        line = np.linspace(-1, 1, length)[:, None] * (1 if label else -1)
        series[row, :length] = line + rng.normal(0, 0.1, (length, channels))
        series[row, 2, 0] = np.nan
    series = series[..., 0] if channels == 1 else series
    half = rows // 2
    tables = [
        Table({"series": series[part]}, ids[part].astype("int32"))
        for part in (slice(0, half), slice(half, None))
    ]
    shape = (None,) if channels == 1 else (None, channels)
    feature = Feature("series", "sequence", shape=shape, quantiles=(5.0, 8.0, 12.0))
    spec = Spec("binary", (feature,), classes=("falls", "rises"), dataset="lines")
    return Data(tables[0], None, tables[1], spec)


def series_classifier(channels=1):
    """Says that a series rises with the probability that its last known value is positive."""
    import keras

    shape = (None,) if channels == 1 else (None, channels)
    series = keras.Input(shape, name="series")
    values = series if channels == 1 else series[..., 0]
    known = keras.ops.logical_not(keras.ops.isnan(values))
    steps = keras.ops.cumsum(keras.ops.cast(known, "int32"), axis=1)
    count = keras.ops.max(steps, axis=1, keepdims=True)
    is_last = keras.ops.logical_and(known, keras.ops.equal(steps, count))
    last = keras.ops.sum(keras.ops.where(is_last, values, 0.0), axis=1)
    rises = keras.ops.sigmoid(10 * last)
    return keras.Model({"series": series}, keras.ops.stack([1 - rises, rises], axis=1))


STAGES = [
    {"stage": "head", "epochs": 1, "val_accuracy": 0.9375, "val_loss": 0.21, "kept": True},
    {"stage": "last_blocks", "epochs": 3, "val_accuracy": 0.95, "val_loss": 0.15, "kept": True},
    {"stage": "full", "epochs": 2, "val_accuracy": None, "val_loss": 0.16, "kept": False},
]
for stage, seconds in zip(STAGES, (7.25, 31.04, 120.0), strict=True):
    stage["cpu_seconds"] = seconds
STAGES[1].update(fall=0.06, standard_error=0.0123)
STAGES[2].update(fall=-0.01, standard_error=None)  # of a single row
CURVES = {
    "loss": [0.3, 0.5, 0.2, 0.1, 0.4, 0.3],
    "val_loss": [0.21, 0.25, 0.2, 0.15, 0.2, 0.16],
    "accuracy": [0.9, 0.85, 0.9, 0.95, 0.9, 0.92],
    "val_accuracy": [0.93, 0.92, 0.93, 0.95, 0.93, 0.94],
    "stage": [1, 2, 2, 2, 3, 3],
}
