"""The weights of a text's n-grams are those of scikit-learn, on its own TF-IDF."""

import keras
import numpy as np
import pytest
import scipy.sparse as sparse
import tensorflow as tf
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

import kerakit as kk

STRENGTHS = (3.0, 10.0, 30.0, 100.0)  # C
# Letters of their own: no n-gram of a text, be it of words or characters, is in it twice.
WORDS = ("abc", "def", "ghi", "jkl", "mno", "pqr", "stu", "vwx")


def texts_of(classes, validation_size=0.25, rows=160):
    """A text of some words; its class is that of the first ones, and often another."""
    rng = np.random.default_rng(0)
    texts, labels = [], []
    while len(texts) < rows:
        words = rng.choice(len(WORDS), rng.integers(3, 6), replace=False)
        if " ".join(WORDS[word] for word in words) in texts:
            continue
        texts.append(" ".join(WORDS[word] for word in words))
        wrong = rng.random() < 0.3
        labels.append(classes[rng.integers(len(classes)) if wrong else min(words) % len(classes)])
    return kk.load_text((texts, labels), test_size=20 / 160, validation_size=validation_size)


def classifier(data, **options):
    keras.utils.set_random_seed(0)
    model = kk.text_classifier(data.spec, cell="rnn", units=2, embedding=2)
    kk.compile(model, "text_classification", **options)
    return model


def best_regression(data, class_weight=None):
    """The vectorizers of words and characters, a function to their TF-IDF, and the regression."""
    counters = (
        CountVectorizer(token_pattern=r"\S+", ngram_range=(1, 2)),
        CountVectorizer(analyzer="char", ngram_range=(3, 5)),
    )
    train, held = data.table("train"), data.table("validation")
    scalers = [TfidfTransformer().fit(c.fit_transform(train.features["text"])) for c in counters]

    def tfidf(texts):
        parts = zip(counters, scalers, strict=True)
        return sparse.hstack([scaler.transform(c.transform(texts)) for c, scaler in parts]).tocsr()

    x, found = tfidf(train.features["text"]), []
    for strength in STRENGTHS if held is not None else (10.0,):
        model = LogisticRegression(C=strength, class_weight=class_weight, tol=1e-3, max_iter=500)
        model.fit(x, train.target)
        loss = np.nan
        if held is not None:
            counts = np.bincount(train.target)
            weight = (counts.sum() / len(counts) / counts)[held.target] if class_weight else None
            answer = model.predict_proba(tfidf(held.features["text"]))
            loss = log_loss(held.target, answer, sample_weight=weight)
        found.append((loss, model))
    return counters, tfidf, min(found, key=lambda each: each[0])[1]


def places(model, counter, output):
    """The number that `preprocess` gives each n-gram of a vectorizer, in its order."""
    grams = list(counter.get_feature_names_out())
    sizes = np.array([len(gram) if output == 2 else len(gram.split()) for gram in grams])
    ids = model.get_layer("preprocess")({"text": tf.constant(grams)})[output].numpy()
    found = ids[np.arange(len(grams)), sizes - min(sizes)].tolist()
    assert 0 not in found and len(set(found)) == len(found)
    return found


@pytest.mark.parametrize("case", ["binary", "multiclass", "balanced", "no validation"])
def test_weights_of_n_grams_are_those_of_scikit_learn(case):
    classes = ("a", "b", "c") if case == "multiclass" else ("a", "b")
    data = texts_of(classes, **({"validation_size": 0} if case == "no validation" else {}))
    weight = "balanced" if case == "balanced" else None
    model = classifier(data)
    kk.fit(model, data, epochs=1, verbose=0, class_weight=weight)
    counters, _, exact = best_regression(data, weight)
    start, network = 0, model.get_layer("network")
    for output, (name, counter) in enumerate(zip(("words", "characters"), counters, strict=True)):
        layer, own = network.get_layer(f"linear.{name}"), places(model, counter, output + 1)
        expected = exact.coef_[:, start : start + len(own)].T
        assert np.abs(expected).max() > 0.3 and not layer.trainable
        found = np.array(layer.embeddings)
        np.testing.assert_allclose(found[own], expected, atol=1e-4)
        found[own] = 0
        assert not np.any(found)
        start += len(own)
    assert start == exact.coef_.shape[1]


def test_a_text_classifier_that_only_gets_worse_is_the_regression():
    data = texts_of(("a", "b", "c"))
    model = classifier(data, learning_rate=3.0)
    history = kk.fit(model, data, epochs=2, verbose=0)
    _, tfidf, exact = best_regression(data)
    table = data.table("validation")
    expected = exact.predict_proba(tfidf(table.features["text"]))
    answer = model.predict({"text": tf.constant(table.features["text"])}, verbose=0)
    np.testing.assert_allclose(answer, expected, atol=1e-4)
    assert min(history.history["val_loss"]) > log_loss(table.target, expected)
