"""The linear-chain CRF beside all sequences of a short sentence, one by one."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerakit.builders.sequence.chains.crf import LinearChainCRF
from kerakit.data.tagged.schemes import illegal_tokens

TAGS = {
    "iob1": ("B-X", "B-Y", "I-X", "I-Y", "O"),
    "iob2": ("B-X", "B-Y", "I-X", "I-Y", "O"),
    "iobes": ("B-X", "E-X", "I-X", "O", "S-X", "S-Y"),
}


def made(scheme, rng, spread=1.0):
    layer = LinearChainCRF(TAGS[scheme], scheme)
    layer.build(None)
    for weight in layer.weights:
        weight.assign(rng.normal(0, spread, weight.shape))
    return layer


def every_sequence(layer, scores):
    """`(ids, scores)` of all sequences that the scheme allows, by enumeration."""
    pairs, first, last = (np.asarray(w, "float64") for w in layer.weights)
    found, values = [], []
    for ids in itertools.product(range(len(layer.tags)), repeat=len(scores)):
        if list(illegal_tokens([layer.tags[i] for i in ids], layer.scheme)):
            continue
        found.append(ids)
        values.append(
            first[ids[0]] + last[ids[-1]] + sum(scores[t, i] for t, i in enumerate(ids))
            + sum(pairs[a, b] for a, b in itertools.pairwise(ids))
        )  # fmt: skip
    return np.array(found), np.array(values)


@pytest.mark.parametrize("scheme", TAGS)
@pytest.mark.parametrize("length", [1, 2, 5])
def test_beside_all_sequences(scheme, length):
    rng = np.random.default_rng(length)
    layer, count = made(scheme, rng), len(TAGS[scheme])
    scores = rng.normal(0, 2, (3, 6, count)).astype("float32")
    real = np.tile(np.arange(6) < length, (3, 1)).astype("float32")
    marginal = keras.ops.softmax(layer.log_marginals(scores, real))
    best = np.asarray(layer.best_tags(scores, real))
    answer = keras.ops.softmax(layer([scores, real])).numpy()
    for row in range(3):
        ids, values = every_sequence(layer, scores[row, :length].astype("float64"))
        p = np.exp(values - np.logaddexp.reduce(values))
        expected = [np.bincount(ids[:, t], p, minlength=count) for t in range(length)]
        np.testing.assert_allclose(marginal[row, :length], expected, atol=1e-5)
        assert best[row, :length].tolist() == ids[values.argmax()].tolist()
        assert answer[row, :length].argmax(axis=1).tolist() == ids[values.argmax()].tolist()
        chosen = int(rng.integers(len(ids)))
        target = np.full((1, 6), -1, "int32")
        target[0, :length] = ids[chosen]
        loss = layer.negative_log_likelihood(target, scores[row : row + 1])
        assert float(loss[0]) == pytest.approx(-np.log(p[chosen]), abs=1e-4)


def test_the_gradient_is_expected_minus_observed():
    """Lafferty et al. 2001: the gradient of a score is its marginal probability less 1 if true."""
    rng = np.random.default_rng(0)
    layer = made("iob2", rng)
    scores = tf.Variable(rng.normal(size=(2, 4, 5)).astype("float32"))
    target = tf.constant([[4, 0, 2, 4], [1, 3, -1, -1]])
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer.negative_log_likelihood(target, scores))
    by_score, by_pair = tape.gradient(loss, [scores, layer.transitions.value])
    real = tf.cast(target >= 0, "float32")
    expected = keras.ops.softmax(layer.log_marginals(scores, real)) - tf.one_hot(target, 5)
    np.testing.assert_allclose(by_score, expected * real[..., None], atol=1e-5)
    # Each sentence has as many pairs in the mean as it has pairs; what is forbidden has none.
    assert float(tf.reduce_sum(by_pair)) == pytest.approx(0, abs=1e-5)
    assert float(by_pair[4, 2]) == 0 and np.abs(by_pair).max() > 0.01


@pytest.mark.parametrize("scheme", TAGS)
@pytest.mark.parametrize("spread", [0.0, 1e-3, 30.0])
def test_no_answer_is_illegal(scheme, spread):
    """Scores that are all alike, and those that call for what is forbidden."""
    rng = np.random.default_rng(7)
    layer = made(scheme, rng, spread)
    scores = spread * rng.normal(size=(40, 30, len(TAGS[scheme]))).astype("float32")
    lengths = rng.integers(0, 31, 40)
    lengths[:2] = 1, 30
    real = (np.arange(30) < lengths[:, None]).astype("float32")
    answer = np.asarray(keras.ops.softmax(layer([scores, real])))
    assert np.isfinite(answer).all()
    for row, length in zip(answer, lengths, strict=True):
        tags = [TAGS[scheme][i] for i in row[:length].argmax(axis=1)]
        assert not list(illegal_tokens(tags, scheme))


def test_padding_changes_nothing():
    rng = np.random.default_rng(3)
    layer = made("iobes", rng)
    scores = rng.normal(size=(1, 9, 6)).astype("float32")
    whole = layer([scores[:, :4], np.ones((1, 4), "float32")])
    padded = layer([scores, np.array([[1, 1, 1, 1, 0, 0, 0, 0, 0]], "float32")])
    np.testing.assert_allclose(padded[:, :4], whole, atol=1e-6)


def test_a_long_sentence_keeps_its_digits():
    """After 4,000 steps sums of scores are 1e5, where float32 has no second decimal."""
    layer = made("iob2", np.random.default_rng(1))
    scores = np.random.default_rng(2).normal(20, 3, (1, 4000, 5)).astype("float32")
    marginals = tf.function(layer.log_marginals)
    end = marginals(scores, np.ones((1, 4000), "float32"))[:, -100:-50]
    alone = marginals(scores[:, -200:], np.ones((1, 200), "float32"))[:, 100:150]
    np.testing.assert_allclose(keras.ops.softmax(end), keras.ops.softmax(alone), atol=1e-5)


def test_a_copy_has_the_same_configuration():
    layer = made("iobes", np.random.default_rng(0))
    again = LinearChainCRF.from_config(layer.get_config())
    assert again.tags == list(TAGS["iobes"]) and again.scheme == "iobes"
    assert again.dtype == "float32"
