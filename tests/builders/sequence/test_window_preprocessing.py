"""What a forecaster makes of raw windows, by hand, and that rows of a batch do not meet."""

import datetime

import keras
import numpy as np
import pytest
import tensorflow as tf
from marks import first

import kerakit as kk
from kerakit.builders.sequence.window_preprocessing import window_preprocess, window_shape
from kerakit.data.spec import Feature, Series, Spec, Target

pytestmark = pytest.mark.many

GAP = np.nan


def forecast_spec(shape, horizon=3, mean=10.0, variance=4.0, missing=0, calendar=()):
    names = tuple(f"c{location}" for location in range(shape[1] if len(shape) == 2 else 1))
    known = {"mean": mean, "variance": variance, "missing": missing}
    feature = Feature("load", "sequence", shape=shape, **known)
    clock = (Feature("time", "numeric", "int64"),) if calendar else ()
    series = Series(shape[0], horizon, calendar=calendar)
    return Spec("forecast", (feature, *clock), Target(names), series=series)


def preprocessed(spec, windows, **more):
    """The outputs of the sub-model for raw windows, as arrays."""
    _, preprocess = window_preprocess(window_shape("owner", spec, None))
    rows = {"load": np.asarray(windows, "float32"), **more}
    return [output.numpy() for output in preprocess(rows)]


def by_hand(window, mean, deviation):
    """`(values, level, scale)` of one channel of one window, in plain Python."""
    numbers = [(value - mean) / deviation for value in window]
    known = [number for number in numbers if number == number]
    level = known[-1] if known else 0.0
    centre = sum(known) / len(known) if known else 0.0
    variance = sum((number - centre) ** 2 for number in known) / max(len(known), 1)
    scale = (variance + 0.1**2) ** 0.5
    return [(n - level) / scale if n == n else 0.0 for n in numbers], level, scale


def randomised(model):
    rng = np.random.default_rng(0)
    for weight in model.get_layer("network").weights:
        if weight.dtype == "float32":
            values = rng.normal(0, 0.3, weight.shape)
            weight.assign(values**2 + 0.5 if weight.name.endswith("variance") else values)
    return model


def test_one_window_in_numbers():
    # In deviations -1, 0, 1, 2: the last is 2, the variance 5 / 4.
    values, level, scale = preprocessed(forecast_spec((4,)), [[8, 10, 12, 14]])
    assert level.tolist() == [[[2.0]]]
    np.testing.assert_allclose(scale, [[[1.26**0.5]]], rtol=1e-6)
    np.testing.assert_allclose(values[0, :, 0], np.array([-3, -2, -1, 0]) / 1.26**0.5, rtol=1e-6)


WINDOWS = [
    [8, 10, 12, 14, 9, 7],
    [8, GAP, 12, 14, 9, 7],
    [8, 10, 12, 14, GAP, GAP],
    [GAP, GAP, 12, GAP, GAP, GAP],
    [GAP] * 6,
    [11] * 6,
    [np.inf, 10, 12, 14, 9, -np.inf],  # no number either
]


@pytest.mark.parametrize("missing", [0, 1])
def test_windows_with_and_without_gaps_are_those_by_hand(missing):
    values, level, scale = preprocessed(forecast_spec((6,), missing=missing), WINDOWS)
    assert values.shape == (7, 6, 1 + missing) and level.shape == scale.shape == (7, 1, 1)
    for row, window in enumerate(WINDOWS):
        window = [value if np.isfinite(value) else GAP for value in window]
        expected = by_hand(window, 10, 2)
        np.testing.assert_allclose(values[row, :, 0], expected[0], atol=1e-6)
        np.testing.assert_allclose([level[row, 0, 0], scale[row, 0, 0]], expected[1:], atol=1e-6)
        if missing:
            assert values[row, :, 1].tolist() == [float(value != value) for value in window]


def test_channels_have_their_own_gaps_levels_and_marks():
    mean, deviation = (10.0, -3.0, 0.0), (2.0, 1.0, 5.0)
    variance = tuple(number**2 for number in deviation)
    spec = forecast_spec((6, 3), mean=mean, variance=variance, missing=(0, 2, 0))
    windows = np.random.default_rng(0).normal(0, 4, (4, 6, 3))
    windows[0, 2:, 0], windows[1, :, 1], windows[2, 3, 2] = GAP, GAP, GAP
    values, level, scale = preprocessed(spec, windows)
    assert values.shape == (4, 6, 6) and level.shape == scale.shape == (4, 1, 3)
    for row in range(4):
        for location in range(3):
            window = windows[row, :, location]
            expected = by_hand(window.tolist(), mean[location], deviation[location])
            np.testing.assert_allclose(values[row, :, location], expected[0], atol=1e-5)
            np.testing.assert_allclose(level[row, 0, location], expected[1], atol=1e-5)
            np.testing.assert_allclose(scale[row, 0, location], expected[2], atol=1e-5)
            assert values[row, :, 3 + location].tolist() == np.isnan(window).tolist()


def test_a_new_forecaster_repeats_the_last_known_value_or_the_mean():
    model = kk.sequence_forecaster(forecast_spec((6,), missing=1), units=2)
    answer = model({"load": np.array(WINDOWS, "float32")}).numpy()
    last = [7, 7, 14, 12, 10, 11, 9]  # 10 is the mean of the series
    np.testing.assert_allclose(answer, np.repeat(last, 3).reshape(7, 3), rtol=1e-6)


def test_flat_windows_are_not_blown_up():
    ripple = 10 + np.array([0.002, -0.002, 0.002, -0.002, 0.002, 0])  # a thousandth of a deviation
    values, _, scale = preprocessed(forecast_spec((6,)), [[11] * 6, ripple])
    assert scale[0, 0, 0] == pytest.approx(0.1) and not values[0].any()
    assert scale[1, 0, 0] == pytest.approx(0.1, rel=1e-3)
    np.testing.assert_allclose(values[1, :, 0], (ripple - 10) / 2 / 0.1, rtol=2e-3, atol=1e-5)
    # A series that never moves: no division by its deviation of 0.
    model = randomised(kk.sequence_forecaster(forecast_spec((6,), variance=0.0), units=2))
    shifted = model({"load": np.array([[10.0] * 6, [12.0] * 6], "float32")}).numpy()
    assert np.isfinite(shifted).all()
    np.testing.assert_allclose(shifted[1] - shifted[0], 2, rtol=1e-5)


SHAPES = [((8,), 5), ((8, 3), 5), ((8, 3), 3), ((8, 1), 1)]


@pytest.mark.parametrize(
    "options", first(1, [{"segment": 3, "attention": True}, {}, {"encoder": "conv"}]), ids=str
)
@pytest.mark.parametrize(("shape", "horizon"), SHAPES[:2])
def test_a_shifted_or_stretched_series_is_forecast_as_the_old_one(shape, horizon, options):
    channels = len(shape) - 1 and shape[1]
    mean, variance = (np.full(channels, number) if channels else number for number in (1.5, 4.0))
    windows = np.random.default_rng(0).normal(1.5, 2, (4, *shape)).astype("float32")
    windows[1, 2], windows[2, -1] = GAP, GAP

    def forecast(shift, factor, by_spec):
        """Of the series times `factor` plus `shift`, which the spec knows or does not."""
        known = (factor * mean + shift, factor**2 * variance) if by_spec else (mean, variance)
        known = [tuple(number.tolist()) if channels else number for number in known]
        spec = forecast_spec(shape, horizon, *known, missing=1)
        model = randomised(kk.sequence_forecaster(spec, units=4, dropout=0.2, **options))
        return model({"load": (factor * windows + shift).astype("float32")}).numpy()

    plain = forecast(0, 1, False)
    assert plain.std(axis=0).min() > 1e-2
    np.testing.assert_allclose(forecast(64, 1, False), plain + 64, rtol=1e-5)
    np.testing.assert_allclose(forecast(-50, 1, True), plain - 50, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(forecast(7, 30, True), 30 * plain + 7, rtol=1e-4, atol=1e-3)
    # Small units are units: a capacity in farads has a deviation of billionths.
    np.testing.assert_allclose(forecast(0, 1e-9, True) * 1e9, plain, rtol=1e-4, atol=1e-4)


@pytest.mark.slow
@pytest.mark.export
@pytest.mark.filterwarnings("error:The structure of")
@pytest.mark.parametrize(
    ("shape", "horizon"),
    [SHAPES[0], *(pytest.param(*case, marks=pytest.mark.slow) for case in SHAPES[1:])],
)
def test_a_row_is_answered_alike_in_every_batch(shape, horizon, tmp_path):
    """As many rows as steps or channels: an addition must not mistake one axis for another."""
    inputs = forecast_spec(shape, horizon) if len(shape) == 1 else shape
    options = {} if len(shape) == 1 else {"horizon": horizon}
    model = randomised(kk.sequence_forecaster(inputs, units=3, segment=3, **options))
    windows = np.random.default_rng(1).normal(4, 6, (9, *shape)).astype("float32")
    windows[:, -1] += 100 * np.arange(9).reshape(9, *[1] * (len(shape) - 1))  # levels far apart
    rows = (lambda batch: {"load": batch}) if isinstance(inputs, Spec) else (lambda batch: batch)
    alone = np.concatenate([model(rows(windows[row : row + 1])) for row in range(9)])
    assert alone.shape == (9, horizon, *shape[1:])
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    signature = tf.TensorSpec((None, *shape), tf.float32)
    served = tf.function(lambda batch: model(rows(batch)), input_signature=[signature])
    for size in sorted({1, 2, 3, horizon, 8, 9}):
        batch, expected = windows[:size], alone[:size]
        answers = [model(rows(batch)), again(rows(batch)), served(batch)]
        answers += [model.predict(rows(batch), verbose=0), model.predict_on_batch(rows(batch))]
        for answer in answers:
            np.testing.assert_allclose(np.asarray(answer), expected, rtol=1e-4, atol=1e-3)
    small = model.predict(rows(windows), batch_size=horizon, verbose=0)
    np.testing.assert_allclose(small, alone, rtol=1e-4, atol=1e-3)


def test_phases_of_the_calendar_by_hand():
    spec = forecast_spec((2,), calendar=("day", "week", "year"))
    hour, year = 3_600, 31_556_952
    times = [0, 6 * hour, -6 * hour, 42 * hour, 3 * year // 4, 2_000 * year + year // 2]
    phases = preprocessed(spec, np.ones((6, 2)), time=np.array(times, "int64"))[3]
    assert phases.shape == (6, 6) and phases.dtype == np.float32
    for row, time in zip(phases, times, strict=True):
        for location, seconds in enumerate((24 * hour, 168 * hour, year)):
            turn = 2 * np.pi * (time % seconds) / seconds
            expected = [np.sin(turn), np.cos(turn)]
            np.testing.assert_allclose(row[2 * location : 2 * location + 2], expected, atol=2e-6)
    # A quarter of a day, of a week; three quarters of a year; half a year after 2,000 of them.
    np.testing.assert_allclose(phases[:3, :2], [[0, 1], [1, 0], [-1, 0]], atol=1e-6)
    np.testing.assert_allclose(phases[3, 2:4], [1, 0], atol=1e-6)
    np.testing.assert_allclose(phases[4:, 4:], [[-1, 0], [0, -1]], atol=1e-6)


def test_the_clock_moves_the_forecast_by_its_own_cycle_alone():
    model = randomised(kk.sequence_forecaster(forecast_spec((4,), calendar=("day",)), units=2))
    noon = int(datetime.datetime(2024, 7, 1, 12, tzinfo=datetime.UTC).timestamp())
    times = np.array([noon, noon + 86_400, noon + 3_600], "int64")
    answer = model({"load": np.ones((3, 4), "float32"), "time": times}).numpy()
    np.testing.assert_allclose(answer[1], answer[0], atol=1e-6)
    assert np.abs(answer[2] - answer[0]).max() > 1e-3


@pytest.mark.parametrize("channels", [1, 2])
def test_a_forecast_in_segments_by_hand(channels):
    shape = (10, channels) if channels > 1 else (10,)
    options = {"horizon": 3, "encoder": "rnn", "units": 4, "segment": 4}
    model = randomised(kk.sequence_forecaster(shape, **options))
    layers = {layer.name: layer for layer in model.get_layer("network").layers}
    windows = np.random.default_rng(2).normal(0, 2, (2, 10, channels))
    answer = model(windows.reshape(2, *shape).astype("float32")).numpy()
    kernel, recurrent, offset = next(
        layer for layer in layers.values() if isinstance(layer, keras.layers.SimpleRNN)
    ).get_weights()
    for window, found in zip(windows, answer.reshape(2, 3, channels), strict=True):
        parts = [by_hand(window[:, location].tolist(), 0, 1) for location in range(channels)]
        values = np.stack([part[0] for part in parts], axis=1)
        # Cut from the end: steps 7 to 10, 3 to 6, and 1 to 2 after two of zeros.
        segments = [np.concatenate([np.zeros((2, channels)), values[:2]]), values[2:6], values[6:]]
        state, read = np.zeros(4), []
        for segment in segments:
            embed, bias = layers["segments"].get_weights()
            state = np.tanh(np.maximum(segment.ravel() @ embed + bias, 0) @ kernel
                            + state @ recurrent + offset)  # fmt: skip
            read.append(state)
        weights, bias = layers["output"].get_weights()
        correction = (np.concatenate(read) @ weights + bias).reshape(3, channels)
        weights, bias = layers["linear.window"].get_weights()
        line = (values.T @ weights + bias).T
        level, scale = (np.array([part[location] for part in parts]) for location in (1, 2))
        np.testing.assert_allclose(found, level + (line + correction) * scale, atol=1e-5)


@pytest.mark.parametrize("segment", [0, 11, 2.5, True, "two"])
def test_a_bad_segment_is_named(segment):
    words = (
        r"'segment' parameter of sequence_forecaster must be an int in the range \[1, 10\]\. Got "
    )
    with pytest.raises(kk.ArgumentError, match=words + repr(segment)):
        kk.sequence_forecaster((10,), horizon=2, segment=segment)


def several_spec(**more):
    """Two series whose variances are 4 and 400; `store` is the id."""
    feature = Feature("load", "sequence", shape=(4,), mean=10.0, variance=100.0, missing=0)
    id = Feature("store", "categorical", "string", vocabulary=("small", "large"), column="store")
    further = more.pop("features", ())
    series = Series(4, 3, id=("store",), ids=id.vocabulary, variances=((4.0,), (400.0,)), **more)
    return Spec("forecast", (feature, *further, id), Target(("load",)), series=series)


def tensors(rows):
    return {name: tf.constant(values) for name, values in rows.items()}


def test_the_scale_of_several_series_is_between_that_of_the_window_and_of_the_series():
    window = [8.0, 10.0, 12.0, 14.0]  # the variance is 5
    ids = np.array(["small", "large", "new"], object)
    _, preprocess = window_preprocess(window_shape("owner", several_spec(), None))
    rows = {"load": np.array([window] * 3, "float32"), "store": tf.constant(ids)}
    values, level, scale = (output.numpy() for output in preprocess(tensors(rows)))
    # In deviations of all series, which is 10; the mean of all series is not subtracted.
    np.testing.assert_allclose(level[:, 0, 0], [1.4] * 3, rtol=1e-6)
    alone = 5 * 1.01 + (1e-3 * 14) ** 2
    expected = np.sqrt([(5 + 4) / 2, (5 + 400) / 2, alone]) / 10
    np.testing.assert_allclose(scale[:, 0, 0], expected, rtol=1e-5)
    np.testing.assert_allclose(values[0, :, 0], np.array([-6, -4, -2, 0]) / 4.5**0.5, rtol=1e-5)


def test_small_series_beside_large_ones_keep_their_digits():
    spec = several_spec()
    _, preprocess = window_preprocess(window_shape("owner", spec, None))
    rows = np.array([[1.0, 2.0, 4.0, 3.0]], "float32")
    many = {"load": np.concatenate([rows * 1e-6, rows * 1e6]), "store": tf.constant(["a", "b"])}
    values, _, scale = (output.numpy() for output in preprocess(tensors(many)))
    np.testing.assert_allclose(values[0], values[1], rtol=1e-3)
    np.testing.assert_allclose(scale[1] / scale[0], 1e12, rtol=1e-2)


def test_covariates_are_standardised_and_a_missing_one_is_the_mean():
    heat = Feature("covariates", "sequence", shape=(4,), mean=20.0, variance=25.0, missing=0)
    known = {"mean": (0.5, 3.0), "variance": (0.25, 0.0), "missing": (2, 0)}
    future = Feature("future", "sequence", shape=(7, 2), **known)
    kind = Feature("kind", "categorical", "string", vocabulary=("city", "mall"), column="kind")
    spec = several_spec(
        features=(heat, future, kind), covariates=("heat",), future=("a", "b"), static=("kind",)
    )
    shape = window_shape("owner", spec, None)
    assert shape.names == ("values", "level", "window_scale", "covariates", "future", "static")
    _, preprocess = window_preprocess(shape)
    rows = {
        "load": np.ones((2, 4), "float32"),
        "covariates": np.array([[20, 25, GAP, 15], [30, 20, 20, 20]], "float32"),
        "future": np.tile(np.array([1.0, 5.0], "float32"), (2, 7, 1)),
        "kind": tf.constant(["mall", "village"]),
        "store": tf.constant(["small", "large"]),
    }
    rows["future"][0, 2, 0] = GAP
    *_, covariates, ahead, static = (output.numpy() for output in preprocess(tensors(rows)))
    assert covariates[:, :, 0].tolist() == [[0, 1, 0, -1], [2, 0, 0, 0]]
    assert ahead[0, :3].tolist() == [[1, 2, 0, 0], [1, 2, 0, 0], [0, 2, 1, 0]]
    assert static.tolist() == [[0, 1], [0, 0]]  # an unknown kind is neither
