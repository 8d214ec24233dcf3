"""A tagger with a scheme takes tags that are as the scheme has them, and answers no others."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import kerakit as kk
from kerakit.data.data import Data, Table
from kerakit.data.spec import Feature, Spec
from kerakit.data.tagged.schemes import illegal_tokens
from kerakit.errors import ArgumentError
from kerakit.training.options import FitOptions
from kerakit.training.runner import Runner
from kerakit.trust.probabilities import fit_probabilities

CLASSES = ("B-LOC", "B-PER", "I-LOC", "I-PER", "O")
WORDS = ("anna", "smith", "sees", "new", "paris", ".")


def spec(classes=CLASSES):
    known = {"vocabulary": WORDS, "characters": tuple("anspriwe.")}
    feature = Feature("tokens", "text", "string", quantiles=(1, 3, 6), **known)
    return Spec(
        "tagging", (feature,), classes=classes, class_counts=(1,) * len(classes),
        sizes={"train": 3, "validation": 3, "test": 3}, fingerprint="made",
    )  # fmt: skip


def data(*tags):
    """`Data` whose sentences have these ids."""
    rows = [" ".join((WORDS * 2)[: len(row)]) for row in tags]
    target = np.full((len(tags), max(map(len, tags))), -1, "int32")
    for row, ids in zip(target, tags, strict=True):
        row[: len(ids)] = ids
    table = Table({"tokens": np.array(rows, object)}, target)
    return Data(table, table, table, spec())


def small(given, scheme="iob2"):
    keras.utils.set_random_seed(0)
    options = {"units": 3, "embedding": 3, "encoder": "rnn", "bidirectional": False, "dropout": 0.0}
    return kk.sequence_tagger(given, scheme=scheme, **options)


@pytest.mark.parametrize(
    ("classes", "scheme", "says"),
    [
        (CLASSES, "bilou", "scheme"),
        (CLASSES, "iob1", "scheme"),
        (("DET", "NOUN", "O"), "iob2", r"DET.*load_tagged\(..., scheme='iob2'\)"),
        (CLASSES[:4], "iob2", "no tag 'O'"),
        (("B-X", "E-X", "O"), "iob2", "E-X"),
        (("B-X", "L-X", "O"), "iobes", "L-X"),
    ],
)
def test_tags_of_another_scheme_are_refused(classes, scheme, says):
    with pytest.raises(ArgumentError, match=says):
        small(spec(classes), scheme)


def test_sentences_that_the_scheme_forbids_are_refused():
    with pytest.raises(
        ArgumentError, match=r"'I-PER' after 'O' \(sentence 1 of the train split, t"
    ):
        small(data((1, 3, 4), (4, 3, 4)))
    with pytest.raises(ArgumentError, match="'I-LOC' at the start"):
        small(
            data(
                (2, 2),
            )
        )


@pytest.mark.many
def test_no_answer_is_illegal_before_training():
    model = small(spec())
    rng = np.random.default_rng(0)
    for weight in model.trainable_weights:
        weight.assign(rng.normal(0, 2, weight.shape))
    texts = ["", "Anna", " ".join(["New", "Smith", "x", ".", "Paris"] * 40), "sees " * 7]
    answer = kk.predict(model, {"tokens": texts})
    for text, row in zip(texts, answer["labels"], strict=True):
        tags = [tag for tag in row if tag]
        assert len(tags) == len(text.split()) and not list(illegal_tokens(tags, "iob2"))
    assert (answer["labels"] != "O").any()


@pytest.mark.training
def test_the_loss_is_that_of_the_true_sequence_per_token():
    made = data((1, 3, 4, 0, 2, 4), (1, 4), (0, 2, 4, 4))
    model = small(made)
    kk.compile(model, "sequence_tagging", optimizer="sgd", learning_rate=1e-12)
    rng = np.random.default_rng(1)
    for weight in model.trainable_weights:
        weight.assign(rng.normal(0, 0.5, weight.shape))
    network, table = model.get_layer("network"), made.table("train")
    scores = keras.Model(network.input, network.get_layer("output").output)
    values = model.get_layer("preprocess")({"tokens": tf.constant(table.features["tokens"])})
    target = np.pad(table.target, [(0, 0), (0, 1)], constant_values=-1)
    losses = network.get_layer("crf").negative_log_likelihood(target, scores(values))
    expected = float(tf.reduce_sum(losses)) / 12
    history = kk.fit(model, made, epochs=1, batch_size=3, early_stopping=False, verbose=0).history
    assert history["loss"][0] == pytest.approx(expected, rel=1e-5)
    assert history["val_loss"][0] == pytest.approx(expected, rel=1e-5)
    right = (model.predict({"tokens": tf.constant(table.features["tokens"])}, verbose=0)).argmax(-1)
    real = table.target >= 0
    assert history["val_accuracy"][0] == pytest.approx((right == table.target)[real].mean())


@pytest.mark.training
def test_the_transitions_are_trained():
    made = data((1, 3, 4, 0, 2, 4), (1, 4), (0, 2, 4, 4))
    model = small(made)
    kk.compile(model, "sequence_tagging")
    weights = model.get_layer("network").get_layer("crf").weights
    before = [weight.numpy() for weight in weights]
    trainer = Runner(model, made, FitOptions(owner="fit", batch_size=3, epochs=1)).trainer()
    assert len(trainer.trainable_variables) == len(model.trainable_variables)
    kk.fit(model, made, epochs=1, verbose=0)
    for old, weight in zip(
        before, model.get_layer("network").get_layer("crf").weights, strict=True
    ):
        assert np.abs(weight.numpy() - old).max() > 0


@pytest.mark.many
def test_a_saved_model_answers_the_same(tmp_path):
    model = small(spec())
    for weight in model.get_layer("network").get_layer("crf").weights:
        weight.assign(np.random.default_rng(0).normal(size=weight.shape))
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    asked = {"tokens": tf.constant(["Anna Smith sees New Paris .", "", "x"])}
    np.testing.assert_array_equal(again.predict(asked, verbose=0), model.predict(asked, verbose=0))


def test_a_calibration_keeps_the_order():
    """Curves of each class would swap tags; in rows where they win they are left out."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 4000)
    said = np.where(y == 1, rng.beta(3, 2, 4000), rng.beta(2, 3, 4000)) ** 3
    p = np.stack([1 - said, said], axis=1)
    assert fit_probabilities(p, y, False, 0).knots is not None
    ordered = fit_probabilities(p, y, False, 0, ordered=True)
    assert ordered.knots is None
    np.testing.assert_array_equal(ordered.of(p).argmax(axis=1), p.argmax(axis=1))
