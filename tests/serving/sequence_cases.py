"""Small models of windows, series, texts and tags, built by hand; as if trained."""

import keras
import numpy as np

from kerakit.data.data import Table
from kerakit.data.spec import Feature, Series, Spec, Target
from kerakit.data.storage.windows import Windows

__all__ = ["SEQUENCE_CASES", "make_case"]

SEQUENCE_CASES = ("forecast", "channels", "series", "multivariate", "text", "tags")
WORDS = ("free", "prize", "home", "the", "dog", "runs", "naïve")


def make_case(case):
    """Return `(model, spec, table)`."""
    keras.utils.set_random_seed(7)
    return _MAKERS[case]()


def joined(inputs, parts, network_in, answer, name):
    """The model *inputs -> preprocess -> network*."""
    preprocess = keras.Model(inputs, parts, name="preprocess")
    network = keras.Model(network_in, answer, name="network")
    return keras.Model(inputs, network(preprocess(inputs)), name=name)


def make_forecast():
    """One channel, no calendar."""
    return _forecaster(1)


def make_channels():
    """Two channels of different units, and the calendar."""
    return _forecaster(2)


def _forecaster(channels):
    rng = np.random.default_rng(0)
    steps, window, horizon = 60, 6, 3
    scale = np.array([2.0, 300.0])[:channels]
    series = (10 * scale + scale * rng.normal(size=(steps, channels))).astype("float32")
    series[3, 0] = np.nan
    mean, variance = (f(series.astype("float64"), axis=0).tolist() for f in (np.nanmean, np.nanvar))
    one, names = channels == 1, ("load", "price")[:channels]
    feature = Feature(
        "window",
        "sequence",
        shape=(window,) if one else (window, channels),
        mean=mean[0] if one else tuple(mean),
        variance=variance[0] if one else tuple(variance),
    )
    features = (feature,) if one else (feature, Feature("time", dtype="int64"))
    spec = Spec(
        "forecast",
        features,
        Target(names, "MW", tuple(mean), tuple(variance)),
        series=Series(window, horizon, season=3, calendar=() if one else ("day",)),
    )
    series = series[:, 0] if one else series
    starts = np.arange(steps - window - horizon + 1)
    columns = {"window": Windows(series, starts, window)}
    inputs = {"window": keras.Input(feature.shape, name="window")}
    layer = keras.layers.Normalization(
        axis=None if one else -1, mean=feature.mean, variance=feature.variance
    )
    values = layer(inputs["window"])
    values = keras.ops.where(keras.ops.isnan(values), 0.0, values)
    values = keras.layers.Reshape((window * channels,))(values)
    if not one:
        columns["time"] = (1_600_000_000 + 3600 * starts).astype("int64")
        inputs["time"] = keras.Input((), dtype="int64", name="time")
        hour = keras.ops.cast(inputs["time"] % 86_400, "float32") / 86_400
        phase = keras.layers.Reshape((1,))(keras.ops.sin(2 * np.pi * hour))
        values = keras.layers.Concatenate()([values, phase])
    taken = keras.Input(values.shape[1:])
    answer = keras.layers.Dense(horizon * channels, bias_initializer="normal")(taken)
    answer = keras.layers.Reshape((horizon,) if one else (horizon, channels))(answer)
    deviation = np.sqrt(variance).tolist()
    answer = keras.layers.Rescaling(
        deviation[0] if one else deviation, mean[0] if one else mean
    )(answer)  # fmt: skip
    model = joined(inputs, values, taken, answer, "forecast")
    return model, spec, Table(columns, Windows(series, starts + window, horizon))


def make_series():
    """One channel, series of 1 to 9 steps."""
    return _series_classifier(1)


def make_multivariate():
    """Two channels, a gap in one of them."""
    return _series_classifier(2)


def _series_classifier(channels):
    rng = np.random.default_rng(1)
    rows, longest = 24, 9
    series = rng.normal(3, 2, (rows, longest, channels)).astype("float32")
    lengths = rng.integers(1, longest + 1, rows)
    lengths[:2] = 4, longest
    series[np.arange(longest) >= lengths[:, None]] = np.nan
    series[:, 1, 0] = np.nan  # a missing value in all rows: the example is one filled in
    series = series[..., 0] if channels == 1 else series
    shape = (None,) if channels == 1 else (None, channels)
    mean, variance = (3.0, 4.0) if channels == 1 else ((3.0,) * 2, (4.0,) * 2)
    feature = Feature(
        "series", "sequence", shape=shape, mean=mean, variance=variance, quantiles=(1.0, 9.0)
    )
    spec = Spec("multiclass", (feature,), classes=("flat", "rising", "größer"))
    inputs = {"series": keras.Input(shape, name="series")}
    values = inputs["series"] if channels > 1 else keras.ops.expand_dims(inputs["series"], -1)
    values = keras.layers.Normalization(mean=[3.0] * channels, variance=[4.0] * channels)(values)
    known = keras.ops.logical_not(keras.ops.isnan(values))
    values = keras.ops.where(known, values, 0.0)
    # A step is there if any step after it has a value.
    some = keras.ops.cast(keras.ops.any(known, axis=-1), "int32")
    mask = keras.ops.flip(keras.ops.cumsum(keras.ops.flip(some, axis=1), axis=1), axis=1) > 0
    taken = [keras.Input((None, channels)), keras.Input((None,), dtype="bool")]
    state = keras.layers.LSTM(5)(taken[0], mask=taken[1])
    answer = keras.layers.Dense(3, "softmax", bias_initializer="normal")(state)
    model = joined(inputs, [values, mask], taken, answer, "series")
    return model, spec, Table({"series": series}, np.zeros(rows, "int32"))


def make_text():
    """Words known and unknown, an empty text among them."""
    texts = ["Free PRIZE!", "", "the dog runs home", "naïve — free, the", "unknown words only"]
    feature = Feature("text", "text", "string", vocabulary=WORDS, quantiles=(0, 2, 4))
    spec = Spec("binary", (feature,), classes=("ham", "spam"))
    inputs = {"text": keras.Input((), dtype="string", name="text")}
    counts = keras.layers.TextVectorization(vocabulary=list(WORDS), output_mode="count")
    taken = keras.Input((len(WORDS) + 1,))
    answer = keras.layers.Dense(2, "softmax", bias_initializer="normal")(taken)
    values = keras.ops.cast(counts(inputs["text"]), "float32")
    model = joined(inputs, values, taken, answer, "text")
    return model, spec, Table({"text": np.array(texts * 4, object)}, np.zeros(20, "int32"))


def make_tags():
    """Sentences of one to five tokens; a recurrent layer that a mask keeps off the padding."""
    sentences = ["The dog runs", "home", "the free dog runs home", "Naïve runs", "x y"]
    feature = Feature("tokens", "text", "string", vocabulary=WORDS, quantiles=(1, 2, 5))
    spec = Spec("tagging", (feature,), classes=("DET", "NOUN", "VERB", "größer"))
    inputs = {"tokens": keras.Input((), dtype="string", name="tokens")}
    lookup = keras.layers.TextVectorization(
        standardize="lower", split="whitespace", vocabulary=list(WORDS)
    )
    taken = keras.Input((None,), dtype="int64")
    values = keras.layers.Embedding(len(WORDS) + 2, 6, embeddings_initializer="normal")(taken)
    values = keras.layers.Bidirectional(keras.layers.LSTM(4, return_sequences=True))(
        values, mask=keras.ops.not_equal(taken, 0)
    )
    answer = keras.layers.Dense(
        4, "softmax", kernel_initializer="normal", bias_initializer="normal"
    )
    model = joined(inputs, lookup(inputs["tokens"]), taken, answer(values), "tags")
    table = Table({"tokens": np.array(sentences * 4, object)}, np.zeros((20, 5), "int32"))
    return model, spec, table


_MAKERS = {
    "forecast": make_forecast,
    "channels": make_channels,
    "series": make_series,
    "multivariate": make_multivariate,
    "text": make_text,
    "tags": make_tags,
}
