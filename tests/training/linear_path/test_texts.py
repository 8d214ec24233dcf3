"""The weights of a text's n-grams are those of scikit-learn, on its own TF-IDF."""

import itertools
import pathlib
import re
import subprocess
import sys

import keras
import numpy as np
import pytest
import scipy.sparse as sparse
import tensorflow as tf
from marks import first
from scipy.special import log_softmax
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

import kerakit as kk
import kerakit.training.linear_path.grams as grams
import kerakit.training.linear_path.texts as texts_module
from kerakit.builders.contract import linear_path_of
from kerakit.training.linear_path.blend import blend
from kerakit.training.linear_path.solve import solve_linear_path
from kerakit.training.linear_path.texts import GramPath
from kerakit.training.options import FitOptions
from kerakit.training.runner import Runner

pytestmark = pytest.mark.filterwarnings("ignore:Liblinear failed to converge")

STRENGTHS = (10.0, 30.0, 100.0, 300.0)  # C
SCALES = (0.35, 0.5, 0.7, 1.0, 1.4)
# Letters of their own: no n-gram of two letters or more is in a text twice.
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
    model = kk.text_classifier(data.spec, encoder="conv", units=2, embedding=2)
    kk.compile(model, "text_classification", **options)
    return model


def telling(present, target, classes):
    """For each n-gram the largest `|ln(a / b)|`, as `GramPath` describes a and b."""
    told = []
    for gram in present.T:
        of_classes = []
        for number in range(classes):
            own, other = gram[target == number], gram[target != number]
            a = (own.sum() + 1) / (gram.mean() * len(own) + 1)
            b = (other.sum() + 1) / (gram.mean() * len(other) + 1)
            of_classes.append(abs(np.log(a / b)))
        told.append(max(of_classes))
    return np.array(told)


class Exact:
    """TF-IDF by scikit-learn, and its regressions of each class against the rest.

    The inverse document frequency is multiplied by the root of what an n-gram tells of a class.

    An n-gram that is in a text twice counts twice, and its weight is added twice; the length
    is the root of the sum of the squares of what is added. Penalty and scale are those that
    suit the validation texts best; `again` is the same on all texts.
    """

    def __init__(self, data, class_weight=None, chosen=None, splits=("train",)):
        self.counters = (
            CountVectorizer(token_pattern=r"\S+", ngram_range=(1, 2)),
            CountVectorizer(analyzer="char", ngram_range=(1, 5), lowercase=False),
        )
        tables = [data.table(split) for split in splits]
        texts = [text for table in tables for text in table.features["text"]]
        target = np.concatenate([table.target for table in tables])
        held, classes = data.table("validation"), len(data.spec.classes)
        self.rarity = [
            TfidfTransformer().fit(c.fit_transform(texts)).idf_
            * np.sqrt(telling(c.transform(texts).toarray() > 0, target, classes))
            for c in self.counters
        ]
        counts = np.bincount(data.table("train").target)
        weigh = counts.sum() / classes / counts if class_weight else np.ones(classes)
        pairs = list(itertools.product(STRENGTHS, SCALES))
        if held is None:
            pairs = [(30.0, 1.0 if classes == 2 else 0.7)]
        self.loss = np.inf
        fits = {}
        for strength, scale in [chosen] if chosen else pairs:
            if strength not in fits:
                fits[strength] = self.fitted(texts, target, classes, strength, weigh)
            found = [scale * part for part in fits[strength]]
            loss = 0.0
            if held is not None:
                answer = np.exp(log_softmax(self.scores(held.features["text"], found), axis=1))
                loss = log_loss(held.target, answer, sample_weight=weigh[held.target])
            if loss < self.loss:
                self.loss, self.found, best = loss, found, (strength, scale)
        if not chosen and held is not None:
            self.again = Exact(data, class_weight, best, ("train", "validation"))

    def fitted(self, texts, target, classes, strength, weigh):
        x = self.tfidf(texts)
        fits = [
            LogisticRegression(C=strength, solver="liblinear", dual=True, random_state=0).fit(
                x, target == number, weigh[target]
            )
            for number in (range(1, 2) if classes == 2 else range(classes))
        ]
        coefficients = np.concatenate([fit.coef_ for fit in fits])
        return coefficients, np.concatenate([fit.intercept_ for fit in fits])

    def tfidf(self, texts):
        parts = []
        for counter, rarity in zip(self.counters, self.rarity, strict=True):
            counts = counter.transform(texts)
            length = np.sqrt(counts @ rarity**2)
            parts.append(sparse.diags(1 / length) @ counts @ sparse.diags(rarity))
        return sparse.hstack(parts).tocsr()

    def scores(self, texts, found=None):
        coefficients, intercepts = self.found if found is None else found
        scores = self.tfidf(texts) @ coefficients.T + intercepts
        return np.hstack([np.zeros_like(scores), scores]) if scores.shape[1] == 1 else scores


def places(model, counter, output):
    """The number that `preprocess` gives each n-gram of a vectorizer, in its order."""
    grams = list(counter.get_feature_names_out())
    sizes = np.array([len(gram) if output == 2 else len(gram.split()) for gram in grams])
    ids = model.get_layer("preprocess")({"text": tf.constant(grams)})[output].numpy()
    found = ids[np.arange(len(grams)), sizes - min(sizes)].tolist()
    assert 0 not in found and len(set(found)) == len(found)
    return found


@pytest.mark.training
@pytest.mark.parametrize("case", first(1, ["multiclass", "balanced", "binary", "no validation"]))
def test_weights_of_n_grams_are_those_of_scikit_learn(case, solve):
    classes = ("a", "b", "c") if case == "multiclass" else ("a", "b")
    data = texts_of(classes, **({"validation_size": 0} if case == "no validation" else {}))
    weight = "balanced" if case == "balanced" else None
    model = classifier(data)
    solve(model, data, finish=True, class_weight=weight)
    exact = Exact(data, weight)
    exact = exact if case == "no validation" else exact.again
    (coefficients, intercepts), start = exact.found, 0
    network, common = model.get_layer("network"), 0.0
    for output, (name, counter) in enumerate(
        zip(("words", "characters"), exact.counters, strict=True)
    ):
        layer, own = network.get_layer(f"linear.{name}"), places(model, counter, output + 1)
        expected = coefficients[:, start : start + len(own)].T
        assert np.abs(expected).max() > 0.3 and not layer.trainable
        found = np.array(layer.embeddings)
        np.testing.assert_allclose(found[own], expected, atol=1e-4)
        common = common + found[0]
        found[[0, *own]] = 0
        assert not np.any(found)
        start += len(own)
    assert start == coefficients.shape[1]
    np.testing.assert_allclose(common, intercepts, atol=1e-4)


@pytest.mark.slow
@pytest.mark.training
@pytest.mark.parametrize(
    "classes", [("a", "b"), pytest.param(("a", "b", "c"), marks=pytest.mark.slow)]
)
def test_the_network_learns_alone_and_is_blended_as_fits_the_validation_rows(classes, capsys):
    data = texts_of(classes, rows=400)
    model, alone = classifier(data), classifier(data)
    history = kk.fit(model, data, epochs=2, verbose=2)
    # Without n-grams: a weight that is not at zero is left as it is, and here it weighs nothing.
    layers = alone.get_layer("network")
    layers.get_layer("linear.words").embeddings.assign_add(
        np.full(layers.get_layer("linear.words").embeddings.shape, 1e-9)
    )
    layers.get_layer("blend").kernel.assign([[0.0], [1.0]])
    for name in ("blend", "linear.words", "linear.characters"):
        layers.get_layer(name).trainable = False
    other = kk.fit(alone, data, epochs=2, verbose=0)
    assert len(other.epoch) == len(history.epoch)
    np.testing.assert_allclose(history.history["loss"], other.history["loss"], rtol=1e-4)
    table, exact = data.table("validation"), Exact(data)
    texts, target = table.features["text"], np.asarray(table.target)

    def loss_of(scores):
        return -log_softmax(scores, axis=1)[np.arange(len(target)), target].sum()

    def answers(model):
        return np.log(model({"text": tf.constant(texts)}, training=False).numpy())

    linear, own = exact.scores(texts), answers(alone)
    found = {
        (i, j): loss_of(i / 10 * linear + j / 10 * own) + ((i - 5) ** 2 + (j - 5) ** 2) / 50
        for i in range(16)
        for j in range(16)
    }
    best = min(found, key=found.get)
    kernel = model.get_layer("network").get_layer("blend").kernel.numpy()
    assert np.abs(kernel[:, 0] * 10 - best).max() <= 1.01  # the two networks are not the same bits
    told = float(re.search(r"validation log loss ([0-9.]+); then", capsys.readouterr().out)[1])
    scores = kernel[0] * linear + kernel[1] * own
    assert told == pytest.approx(loss_of(scores) / len(target), rel=2e-3)
    assert told < 1.01 * exact.loss
    # In the end the path has seen these texts too.
    scores = kernel[0] * exact.again.scores(texts) + kernel[1] * own
    np.testing.assert_allclose(answers(model), log_softmax(scores, axis=1), atol=2e-3)
    assert history.linear_path.endswith("on the validation rows as well")


@pytest.mark.slow
@pytest.mark.training
def test_a_network_that_is_wrong_is_left_out():
    data = texts_of(("a", "b", "c"), rows=2_000)
    model = classifier(data, learning_rate=1e-9)
    model.get_layer("network").get_layer("output").bias.assign([-9.0, 9.0, 0.0])
    kk.fit(model, data, epochs=1, verbose=0)
    kernel = model.get_layer("network").get_layer("blend").kernel.numpy()
    assert kernel[0, 0] >= 0.7 and kernel[1, 0] == 0.0


@pytest.mark.slow
@pytest.mark.training
def test_half_each_without_validation_rows():
    data = texts_of(("a", "b"), validation_size=0)
    model = classifier(data)
    kk.fit(model, data, epochs=1, verbose=0)
    np.testing.assert_allclose(
        model.get_layer("network").get_layer("blend").kernel.numpy(), [[0.5], [0.5]]
    )


@pytest.mark.slow
@pytest.mark.training
def test_the_report_tells_that_the_path_has_seen_the_validation_texts(tmp_path):
    data = texts_of(("a", "b"))
    model = classifier(data)
    history = kk.fit(model, data, epochs=1, verbose=0)
    report = kk.evaluate(model, data, run_dir=tmp_path, history=history)
    assert "on the validation rows as well" in report.path.read_text()


def long_texts(rows, length=1000, vocabulary=2000, seed=0):
    """Texts of random words; the last word alone tells the label."""
    rng = np.random.default_rng(seed)
    texts = [
        " ".join([f"w{n}" for n in rng.integers(vocabulary, size=length)] + [word])
        for _ in range(rows // 2)
        for word in ("good", "bad")
    ]
    return texts, ["pos", "neg"] * (rows // 2)


@pytest.mark.slow
@pytest.mark.training
def test_one_telling_word_at_the_end_of_a_thousand_is_found():
    """The network reads the first 256 words only, and a plain TF-IDF is near chance here."""
    data = kk.load_text(long_texts(300))
    model = kk.text_classifier(data)
    kk.compile(model, "text_classification")
    kk.fit(model, data, epochs=5, verbose=0)
    report = kk.evaluate(model, data)
    assert report.test["accuracy"] >= 0.95
    assert report.baseline["logistic"]["accuracy"] < report.test["accuracy"]


def path_of(data, **options):
    model = classifier(data)
    runner = Runner(model, data, FitOptions(owner="fit", epochs=1, **options))
    return GramPath(linear_path_of(model), runner), model


@pytest.mark.training
@pytest.mark.filterwarnings("ignore:.*texts (have more than one label|are empty)")
def test_texts_of_many_lengths_are_counted_one_by_one(monkeypatch):
    """Chunks and padding do not matter: the counts are those of each text alone."""
    texts = ["a", "Win now, WIN now!", "é ü \U0001f600", "word " * 700, "", "x " * 40, "b c"] * 3
    data = kk.load_text((texts + ["so be it"], ["s", "t"] * 11), test=(["q"], ["s"]))
    monkeypatch.setattr(grams, "CHARACTERS", 64)
    monkeypatch.setattr(grams, "ROWS", 5)
    path, model = path_of(data, seed=1)
    (block,) = path.reader.blocks("train", 10**9)
    column, preprocess = data.table("train").features["text"], model.get_layer("preprocess")
    assert block.rows.tolist() == list(range(len(column))) and path.reader.is_whole("train", block)
    for text, row in zip(column, block.counts.toarray(), strict=True):
        _, *grams_of_text = preprocess({"text": tf.constant([text])})
        expected = np.concatenate(
            [
                np.bincount(ids[0], minlength=2**bits + 1)
                for ids, bits in zip(grams_of_text, (17, 18), strict=True)
            ]
        )
        expected[[0, 2**17 + 1]] = 0  # no n-gram
        np.testing.assert_array_equal(row, expected)


@pytest.mark.training
def test_blocks_are_drawn_at_random_and_their_weights_averaged(monkeypatch):
    data = texts_of(("a", "b"), rows=1200)
    monkeypatch.setattr(texts_module, "SMALLEST", 1)
    monkeypatch.setattr(grams, "ROWS", 64)
    assert path_of(data)[0].counts == 512 * 2**20 // 64  # bytes of the cache for each count
    monkeypatch.setattr(texts_module, "BYTES", 512 * 2**20 / 20_000)
    path, _ = path_of(data)
    blocks = list(path.reader.blocks("train", 20_000))
    assert len(blocks) >= 3
    rows = np.concatenate([block.rows for block in blocks])
    assert np.array_equal(np.sort(rows), np.arange(len(data.table("train"))))
    assert abs(np.corrcoef(rows, np.arange(len(rows)))[0, 1]) < 0.2
    line = path.solve()
    assert f"the mean of {len(blocks)} on {len(rows)} texts" in line
    parts = [path._fit(path._tfidf(block), block) for block in blocks]
    sizes = [len(block.rows) for block in blocks]
    mean = np.average([weights for weights, _ in parts], axis=0, weights=sizes)
    np.testing.assert_allclose(path.weights, mean, atol=1e-9)
    before = path.layers[0].embeddings.numpy()
    assert path.solve_again() is False
    np.testing.assert_array_equal(path.layers[0].embeddings.numpy(), before)


@pytest.mark.training
def test_each_of_several_labels_has_a_regression_of_its_own():
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(WORDS, 4, replace=False)) for _ in range(150)]
    tags = [[word for word in WORDS[:3] if word in text.split()[:3]] for text in texts]
    data = kk.load_text((texts, tags), validation_size=0)
    path, model = path_of(data)
    path.solve()
    (block,) = path.reader.blocks("train", 10**9)
    x, flags = path._tfidf(block), data.table("train").target
    for number, name in enumerate(data.spec.classes):
        exact = LogisticRegression(C=30.0, solver="liblinear", dual=True, random_state=0)
        exact.fit(x, flags[:, number])
        assert name == WORDS[number]
        np.testing.assert_allclose(path.weights[:, number], exact.coef_[0], atol=1e-6)
    # What an n-gram tells is the largest over the labels.
    present = block.counts.toarray() > 0
    seen = np.flatnonzero(present.any(axis=0))
    told = np.max([telling(present[:, seen], flags[:, n], 2) for n in range(3)], axis=0)
    rarity = np.log((1 + len(flags)) / (1 + present[:, seen].sum(axis=0))) + 1
    np.testing.assert_allclose(path.rarity[seen], rarity * np.sqrt(told), atol=1e-6)


@pytest.mark.training
def test_a_small_cache_leaves_the_path_to_the_epochs(solve):
    data = texts_of(("a", "b"))
    model = classifier(data)
    assert solve(model, data, cache_mb=8) is None
    assert model.get_layer("network").get_layer("linear.words").trainable


def in_small_blocks(train, validation, monkeypatch):
    """Data whose larger split is read in blocks."""
    everything = texts_of(("a", "b"), rows=train + validation, validation_size=0)
    columns = [everything.table(split) for split in ("train", "test")]
    words = np.concatenate([table.features["text"] for table in columns]).tolist()
    labels = ["ab"[number] for number in np.concatenate([table.target for table in columns])]
    held = (words[train:], labels[train:])
    monkeypatch.setattr(texts_module, "SMALLEST", 1)
    monkeypatch.setattr(texts_module, "BYTES", 512 * 2**20 / 30_000)
    monkeypatch.setattr(grams, "ROWS", 64)
    return kk.load_text((words[:train], labels[:train]), validation=held, test=held)


@pytest.mark.training
@pytest.mark.parametrize(("train", "validation"), [(1200, 40), (300, 900)])
def test_what_is_not_read_as_a_whole_is_not_solved_again(train, validation, monkeypatch):
    """Training texts in blocks, or a part of the validation texts: only some would count twice."""
    data = in_small_blocks(train, validation, monkeypatch)
    path, _ = path_of(data)
    path.solve()
    assert (path.blocks > 1) == (train == 1200)
    assert path.reader.is_whole("validation", path.validation) == (train == 1200)
    before = path.weights.copy()
    assert path.solve_again() is False
    np.testing.assert_array_equal(path.weights, before)


@pytest.mark.training
def test_a_part_of_the_validation_texts_is_blended(monkeypatch):
    """The log loss that is told is that of these texts, by both paths."""
    data = in_small_blocks(300, 900, monkeypatch)
    model = classifier(data)
    runner = Runner(model, data, FitOptions(owner="fit", epochs=1))
    solve_linear_path(runner)
    told, block = blend(runner), runner.path.validation
    held = data.table("validation")
    assert len(block.rows) < len(held) and np.any(np.diff(block.rows) < 0)
    texts, target = held.features["text"][block.rows], held.target[block.rows]
    answer = model({"text": tf.constant(texts)}, training=False).numpy()
    assert told.loss == pytest.approx(log_loss(target, answer), rel=1e-4)
    np.testing.assert_allclose(told.answers, answer, atol=1e-5)


MANY = """
import random, kerakit as kk

def peak():  # MiB
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))

def fit(rows):
    draw, known = random.Random(0), [f"w{number}" for number in range(3000)]
    labels = ["bad", "good"] * (rows // 2)
    texts = [" ".join([*draw.choices(known, k=30), label]) for label in labels]
    data = kk.load_text((texts, labels))
    model = kk.text_classifier(data, units=2, embedding=2)
    kk.compile(model, "text_classification")
    history = kk.fit(model, data, epochs=1, cache_mb=128, batch_size=512, verbose=0)
    return history.linear_path

fit(1_000)
before = peak()
print(fit(30_000), peak() - before, sep=";")
"""


@pytest.mark.process
@pytest.mark.slow
@pytest.mark.training
@pytest.mark.skipif(not pathlib.Path("/proc/self/status").exists(), reason="Linux tells the peak")
def test_many_texts_train_in_little_memory():
    """The n-grams of 30,000 texts in memory would be 120 MiB, and what is solved of them 600."""
    ran = subprocess.run(
        [sys.executable, "-c", MANY], capture_output=True, text=True, check=True, timeout=300
    )
    line, grown = ran.stdout.strip().splitlines()[-1].rsplit(";", 1)
    assert "the mean of 4" in line and float(grown) < 250
