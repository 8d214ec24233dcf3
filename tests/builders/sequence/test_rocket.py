"""Fixed convolutions of series: each feature is what its definition says."""

import itertools

import keras
import numpy as np
import pytest

import kerakit as kk
from kerakit.builders.contract import linear_path_of, network_of
from kerakit.builders.sequence.encoders.rocket import (
    CLOSE,
    COMPETING,
    GROUPS,
    KERNELS,
    PIECES,
    dilation_of,
)

pytestmark = pytest.mark.many


def features_of(model):
    """The model from series to the features of each kind."""
    linear = linear_path_of(model)
    network = network_of(model)
    preprocess = model.get_layer("preprocess")
    names = [layer.name.rsplit(".", 1)[1] for layer in linear.layers]
    tensors = dict(zip(names, (layer.input for layer in linear.standardised), strict=True))
    return lambda x: {
        k: np.asarray(v) for k, v in keras.Model(network.input, tensors)(preprocess(x)).items()
    }


@pytest.fixture(scope="module")
def model():
    """A model of series of two channels; its thresholds are drawn by chance."""
    model = kk.sequence_classifier((None, 2), classes=3, encoder="rocket")
    rng = np.random.default_rng(1)
    for layer in linear_path_of(model).thresholds:
        layer.bias.assign(rng.normal(0, 2, layer.bias.shape))
    return model


def convolved(series, kernel, dilation):
    """By loops: `(steps, taps, channels)` of what the taps read, times a kernel, summed."""
    steps, channels = series.shape
    kernel = kernel.reshape(9, channels)
    found = np.zeros(steps)
    for step, tap in itertools.product(range(steps), range(9)):
        at = step + (tap - 4) * dilation
        if 0 <= at < steps:
            found[step] += series[at] @ kernel[tap]
    return found


def test_shares_and_means_are_those_of_their_definition(model):
    series = np.random.default_rng(2).normal(size=(40, 2)).astype("float32")
    found = features_of(model)(series[None])
    changes = np.concatenate([np.zeros((1, 2)), np.diff(series, axis=0)])
    start = 0
    for layer in linear_path_of(model).thresholds:
        read = series if ".values." in layer.name else changes
        dilation, width = dilation_of(layer.name), layer.units
        for column in (0, width // 2 - 1, width // 2, width - 1):
            over = convolved(read, layer.kernel.numpy()[:, column], dilation)
            over = over + layer.bias.numpy()[column]
            if column >= width // 2 and 8 * dilation < 40:  # no tap reads beyond an end
                over = over[4 * dilation : 40 - 4 * dilation]
            share = np.clip(over + 0.5, 0, 1).mean()
            assert found["shares"][0, start + column] == pytest.approx(share, abs=1e-5)
            mean = np.maximum(over, 0).mean() / share if share else 0.0
            assert found["means"][0, start + column] == pytest.approx(mean, abs=1e-4)
        start += width
    assert start == found["shares"].shape[1] == found["means"].shape[1]


def test_the_kernels_are_those_of_minirocket(model):
    for layer in linear_path_of(model).thresholds:
        each = layer.units // KERNELS
        kernels = layer.kernel.numpy()[:, ::each].reshape(9, 2, KERNELS)
        read = abs(kernels).max(axis=0) > 0
        assert read.any(axis=0).all()  # each kernel reads a channel
        shapes = np.stack([kernels[:, read[:, k].argmax(), k] for k in range(KERNELS)])
        assert {tuple(sorted(shape)) for shape in shapes} == {(-1.0,) * 6 + (2.0,) * 3}
        assert len(np.unique(shapes, axis=0)) == KERNELS


def test_counts_are_those_of_the_winners(model):
    series = np.random.default_rng(3).normal(size=(40, 2)).astype("float32")
    found = features_of(model)(series[None])["counts"][0]
    layer = network_of(model).get_layer("fixed.values.2")
    kernels = layer.kernel.numpy()
    assert kernels.reshape(9, 2, -1).sum(axis=0) == pytest.approx(0.0, abs=1e-6)
    all_of = np.stack([convolved(series, kernels[:, k], 2) for k in range(kernels.shape[1])], 1)
    all_of = all_of.reshape(40, GROUPS, COMPETING)
    high, low = all_of.max(-1, keepdims=True), all_of.min(-1, keepdims=True)
    unit = CLOSE * (high - low)
    highest = (all_of * np.clip(1 - (high - all_of) / unit, 0, 1)).sum(axis=0)
    lowest = np.clip(1 - (all_of - low) / unit, 0, 1).sum(axis=0)
    assert (all_of == low).sum() <= lowest.sum() <= 1.5 * (all_of == low).sum()  # few are shared
    start = 2 * GROUPS * COMPETING  # after those of the dilation 1
    expected = np.sqrt(np.maximum(np.stack([highest, lowest]).ravel(), 0) + 0.25)
    np.testing.assert_allclose(found[start : start + len(expected)], expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("steps", [1, 5, 16, 37])
def test_pieces_are_means_of_equal_parts(model, steps):
    series = np.random.default_rng(4).normal(size=(1, steps, 2)).astype("float32")
    found = features_of(model)(series)["pieces"].reshape(PIECES, 2)
    fine = np.repeat(series[0], PIECES, axis=0)  # each step in sixteen
    expected = fine.reshape(PIECES, steps, 2).mean(axis=1)
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("steps", [1, 3, 9, 30])
def test_padding_and_other_series_change_no_feature(model, steps):
    rng = np.random.default_rng(5)
    alone = rng.normal(size=(1, steps, 2)).astype("float32")
    beside = np.full((2, 50, 2), np.nan, "float32")
    beside[0, :steps], beside[1] = alone[0], rng.normal(size=(50, 2))
    one, two = features_of(model)(alone), features_of(model)(beside)
    for name, values in one.items():
        assert np.isfinite(values).all()
        np.testing.assert_allclose(values[0], two[name][0], atol=1e-5, err_msg=name)


def test_flat_series_have_no_winners(model):
    """At a level of 1, only the four steps at each end differ from what is beyond it."""
    flat = np.ones((1, 40, 2), "float32")
    found = features_of(model)(flat)["counts"][0]
    layer = network_of(model).get_layer("fixed.values.1")
    lowest = (found[layer.units : 2 * layer.units] ** 2 - 0.25).reshape(GROUPS, COMPETING)
    wins = lowest.sum(axis=1)
    assert (wins > 7.99).all() and (wins < 16).all()  # of eight steps; a win may be shared


def test_many_channels_are_read_a_part_at_a_time():
    model = kk.sequence_classifier((20, 50), classes=2, encoder="rocket")
    assert {layer.kernel.shape[0] for layer in linear_path_of(model).thresholds} == {9 * 32}


@pytest.mark.parametrize(
    ("option", "value"), [("units", 8), ("layers", 2), ("dropout", 0.1), ("attention", True)]
)
def test_a_solved_encoder_takes_no_options_of_training(option, value):
    with pytest.raises(kk.ArgumentError, match=f"'{option}'.*left out with encoder='rocket'"):
        kk.sequence_classifier((20,), classes=2, encoder="rocket", **{option: value})
