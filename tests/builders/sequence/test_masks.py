"""What stands behind the end of a sequence, or beside it in the batch, changes no answer."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from marks import first

import kerakit as kk
from kerakit.builders.sequence.encoders.masks import (
    attended,
    last_step,
    masked_mean,
    reversed_steps,
)
from kerakit.data.spec import Feature, Spec

pytestmark = pytest.mark.many

# Every encoder; recurrent ones in both directions; with and without attention.
ENCODERS = [
    {"encoder": "lstm"},
    {"encoder": "gru"},
    {"encoder": "rnn"},
    {"encoder": "lstm", "bidirectional": True, "layers": 2},
    {"encoder": "gru", "bidirectional": True, "attention": True},
    {"encoder": "rnn", "attention": True},
    {"encoder": "conv", "layers": 2},
    {"encoder": "conv", "attention": True},
    {"encoder": "transformer", "layers": 2},
    {"encoder": "transformer", "positions": "learned", "attention": True},
]


# Each kind of layer once; its combinations take ten seconds more.
QUICKER = (ENCODERS[0], ENCODERS[4], ENCODERS[7], ENCODERS[8])
CASES = [pytest.param(case, marks=() if case in QUICKER else pytest.mark.slow) for case in ENCODERS]
WITH_TEXTS = [
    pytest.param(case, marks=() if case in QUICKER[::3] else pytest.mark.slow) for case in ENCODERS
]


def named(options):
    return "-".join(f"{value}" if key == "encoder" else key for key, value in options.items())


def randomised(model):
    """The model with weights of which none is zero, so that nothing hides behind a zero."""
    rng = np.random.default_rng(0)
    for weight in model.get_layer("network").weights:
        if weight.dtype == "float32":
            spread = weight.name.endswith("variance") or "frequency" in weight.path
            values = rng.uniform(0.5, 2, weight.shape) if spread else None
            weight.assign(rng.normal(0, 0.4, weight.shape) if values is None else values)
    return model


def close(one, two):
    np.testing.assert_allclose(np.asarray(one), np.asarray(two), atol=1e-5)


@pytest.mark.parametrize("options", CASES, ids=named)
def test_padding_of_series_changes_nothing(options):
    shape, statistics = (None, 2), {"mean": (1.0, -2.0), "variance": (4.0, 1.0), "missing": (1, 0)}
    feature = Feature("series", "sequence", shape=shape, **statistics)
    spec = Spec("multiclass", (feature,), classes=("a", "b", "c"))
    model = randomised(kk.sequence_classifier(spec, units=4, heads=2, **options))

    def answers(series):
        return model({"series": tf.constant(series)}).numpy()

    rng = np.random.default_rng(1)
    series = rng.normal(0, 2, (4, 9, 2)).astype("float32")
    series[1, 5:] = np.nan
    series[2, 1:] = np.nan
    series[3, 4, 0], series[0, 3] = np.nan, np.nan  # missing inside, which is no padding
    before = answers(series)
    assert np.ptp(before, axis=0).max() > 1e-3
    for extra in (1, 8):
        more = np.pad(series, [(0, 0), (0, extra), (0, 0)], constant_values=np.nan)
        close(answers(more), before)
    # Alone, and with nothing behind its own end.
    for row, steps in ((1, 5), (2, 1)):
        close(answers(series[row : row + 1, :steps])[0], before[row])
    nothing = np.full((1, 3, 2), np.nan, "float32")
    close(answers(nothing), answers(np.full((1, 12, 2), np.nan, "float32")))


def test_a_missing_value_inside_is_not_padding():
    model = randomised(kk.sequence_classifier((None,), classes=3, encoder="lstm", units=4))
    whole = np.array([[1, 2, 3, 4]], "float32")
    gap = np.array([[1, np.nan, 3, 4]], "float32")
    mean = np.array([[1, 0, 3, 4]], "float32")
    shorter = np.array([[1, 3, 4]], "float32")
    close(model(gap), model(mean))  # it counts as the mean, which is 0 for a plain shape
    assert np.abs(model(gap).numpy() - model(whole).numpy()).max() > 1e-3
    assert np.abs(model(gap).numpy() - model(shorter).numpy()).max() > 1e-3


KNOWN = {
    "vocabulary": ("the", "cat", "runs", "now"),
    "characters": tuple("thecarunsow "),
}
LONG = "now the unknown cat runs and runs until the cats are home, now and then"


@pytest.mark.parametrize("options", WITH_TEXTS, ids=named)
@pytest.mark.parametrize(
    "words", [pytest.param(256, id="all"), pytest.param(6, id="six words", marks=pytest.mark.slow)]
)
def test_a_long_text_beside_it_changes_no_answer(options, words):
    if words == 6 and options.get("layers") == 2:
        pytest.skip("the same encoder is tried with all words")
    spec = Spec("multiclass", (Feature("text", "text", "string", **KNOWN),), classes=tuple("abc"))
    options = {"units": 4, "heads": 2, "embedding": 4, "max_words": words, **options}
    model = randomised(kk.text_classifier(spec, **options))
    texts = ["the cat runs", "cat", "a", "", "!", "unknown now"]
    together = model({"text": tf.constant([*texts, LONG])}).numpy()
    assert np.ptp(together, axis=0).max() > 1e-3
    # The longest and the empty one alone, the others beside short ones only.
    for part in (slice(0, 1), slice(1, 3), slice(3, 4), slice(4, 6)):
        close(model({"text": tf.constant(texts[part])}), together[part])


def test_words_behind_the_last_that_is_read_reach_the_linear_path_alone():
    spec = Spec("binary", (Feature("text", "text", "string", **KNOWN),), classes=("a", "b"))
    model = randomised(kk.text_classifier(spec, encoder="lstm", units=4, max_words=3))
    network = model.get_layer("network")
    texts = {"text": tf.constant(["the cat runs now", "the cat runs the"])}
    assert np.ptp(model(texts).numpy()[:, 0]) > 1e-4
    for name in ("linear.words", "linear.characters"):
        layer = network.get_layer(name)
        layer.embeddings.assign(np.zeros(layer.embeddings.shape))
    assert np.ptp(model(texts).numpy()[:, 0]) < 1e-6


TAGGERS = [options for options in ENCODERS if "attention" not in options]
TAGGERS.append({"encoder": "transformer", "positions": "learned"})


@pytest.mark.parametrize("options", first(1, TAGGERS), ids=named)
def test_a_longer_sentence_beside_it_changes_no_tag(options):
    spec = Spec("tagging", (Feature("tokens", "text", "string", **KNOWN),), classes=tuple("DNV"))
    options = {"units": 4, "heads": 2, "embedding": 4, "bidirectional": False, **options}
    model = randomised(kk.sequence_tagger(spec, **options))
    sentences = ["The cat runs", "cat", "the  Cat\tnow 12"]
    together = model({"tokens": tf.constant([*sentences, "", LONG])}).numpy()
    assert together.shape == (5, len(LONG.split()), 3)
    assert np.ptp(together[:3, :3], axis=(0, 1)).max() > 1e-3
    for sentence, expected in zip(sentences, together, strict=False):
        alone = model({"tokens": tf.constant([sentence])})
        count = len(sentence.split())
        assert alone.shape == (1, count, 3)
        close(alone[0], expected[:count])
    assert model({"tokens": tf.constant(["", " "])}).shape == (2, 0, 3)


def test_the_parts_by_hand():
    values = np.arange(1, 13, dtype="float32").reshape(2, 3, 2)
    mask = np.array([[1, 1, 0], [0, 0, 0]], "float32")
    close(last_step(values, mask), [[3, 4], [0, 0]])
    close(last_step(values, None), [[5, 6], [11, 12]])
    close(masked_mean(values, mask), [[2, 3], [0, 0]])
    close(masked_mean(values, None), [[3, 4], [9, 10]])
    close(reversed_steps(values, mask)[0], [[3, 4], [1, 2], [5, 6]])
    close(reversed_steps(values, mask)[1], values[1])
    close(reversed_steps(values, None), values[:, ::-1])


def test_attention_is_a_mean_with_the_softmax_of_the_scores():
    inputs, mask = keras.Input((None, 2)), keras.Input((None,))
    model = keras.Model([inputs, mask], attended(inputs, mask, "own"))
    rng = np.random.default_rng(0)
    for weight in model.weights:
        weight.assign(rng.normal(size=weight.shape))
    kernel, offset, direction = (weight.numpy() for weight in model.weights)
    values = rng.normal(size=(2, 4, 2)).astype("float32")
    there = np.array([[1, 1, 1, 0], [0, 0, 0, 0]], "float32")
    scores = (np.tanh(values[0, :3] @ kernel + offset) @ direction)[:, 0]
    weights = np.exp(scores) / np.exp(scores).sum()
    close(model([values, there]), [weights @ values[0, :3], [0, 0]])
