"""Padding costs nothing and changes nothing; sequences of all kinds train alike everywhere."""

import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from marks import first
from trained_sequences import forecaster, reader, tagged, tagger, texts, windows

import kerakit as kk
from kerakit.data.data import Data, Table
from kerakit.data.spec import Feature, Spec
from kerakit.training.options import FitOptions
from kerakit.training.rows.batch_stages import trim_stage
from kerakit.training.rows.tokens import TokenRows, token_rows, tokens_in_memory
from kerakit.training.runner import Runner


def series():
    """Series of 3 to 12 steps, padded with NaN, with a class that is the sign of their mean."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=(60, 12, 2)).astype("float32")
    target = (values[:, :3].mean((1, 2)) > 0).astype("int32")
    for row, length in zip(values, rng.integers(3, 13, 60), strict=True):
        row[length:] = np.nan
    feature = Feature(
        "series", "sequence", "float32", (None, 2), mean=(0.0, 0.0), variance=(1.0, 1.0),
        quantiles=(3.0, 7.0, 12.0),
    )  # fmt: skip
    spec = Spec(
        "binary", (feature,), classes=("down", "up"), class_counts=(20, 20), fingerprint="made",
        sizes={"train": 40, "validation": 10, "test": 10},
    )  # fmt: skip
    cuts = (slice(0, 40), slice(40, 50), slice(50, 60))
    return Data(*(Table({"series": values[cut]}, target[cut]) for cut in cuts), spec)


def classifier(data, encoder="conv", **options):
    keras.utils.set_random_seed(0)
    model = kk.sequence_classifier(data.spec, encoder=encoder, units=4)
    kk.compile(model, "sequence_classification", **options)
    return model


def by_hand(model, table):
    """Mean of -log p of the tags and share of right ones, over the tokens."""
    answers = model({"tokens": tf.constant(table.features["tokens"])}, training=False).numpy()
    losses, right = [], []
    for answer, target in zip(answers, table.target, strict=True):
        for p, tag in zip(answer, target[target >= 0], strict=False):
            losses.append(-np.log(p[tag]))
            right.append(np.argmax(p) == tag)
    assert len(losses) == np.sum(table.target >= 0)
    return np.mean(losses), np.mean(right)


@pytest.mark.slow
@pytest.mark.training
@pytest.mark.parametrize(
    ("batch_size", "cache_mb"),
    [(3, 512), *(pytest.param(*way, marks=pytest.mark.slow) for way in ((3, 0), (100, 512)))],
)
def test_loss_and_accuracy_are_means_over_tokens(batch_size, cache_mb):
    data = tagged()
    # Nothing moves: the numbers of training are those of one set of weights.
    model = tagger(data, optimizer="sgd", learning_rate=1e-12)
    rng = np.random.default_rng(3)  # about half of the tags are right
    for weight in model.trainable_weights:
        weight.assign(rng.normal(0, 0.7, weight.shape))
    before, accuracy = by_hand(model, data.table("train"))
    options = {"epochs": 1, "verbose": 0, "early_stopping": False}
    history = kk.fit(model, data, batch_size=batch_size, cache_mb=cache_mb, **options).history
    loss, held_accuracy = by_hand(model, data.table("validation"))
    assert 0.3 < held_accuracy < 1 and 0.3 < accuracy < 1
    assert history["val_loss"][0] == pytest.approx(loss, rel=1e-5)
    assert history["val_accuracy"][0] == pytest.approx(held_accuracy, rel=1e-5)
    if batch_size == 100:  # the mean of the losses of several batches is none over tokens
        assert history["loss"][0] == pytest.approx(before, rel=1e-5)
    if batch_size == 100 or cache_mb == 0:  # else some rows are seen twice
        assert history["accuracy"][0] == pytest.approx(accuracy, rel=1e-5)


def test_what_is_cut_by_hand():
    words = tf.constant([[5, 6, 0, 0], [7, 0, 0, 0]])
    affixes, tags = tf.ones((2, 4, 8), tf.int32), tf.constant([[1, 0, -1, -1], [2, -1, -1, -1]])
    weight = tf.ones(2)
    values, target, kept = trim_stage(([words, affixes], tags, weight), 0, True)
    assert values[0].numpy().tolist() == [[5, 6], [7, 0]] and values[1].shape == (2, 2, 8)
    assert target.numpy().tolist() == [[1, 0], [2, -1]] and kept is weight
    # N-grams are more than words: each is cut to its own longest. Labels are left alone.
    grams = tf.constant([[1, 0, 3, 0, 0], [2, 0, 0, 0, 0]])
    values, target = trim_stage(((words, grams), tf.constant([0, 1])), 0, True)
    assert values[1].numpy().tolist() == [[1, 0, 3], [2, 0, 0]] and target.shape == (2,)
    values, numbers = trim_stage((words, tf.ones((2, 4))), 0, True)
    assert values.shape == (2, 2) and numbers.shape == (2, 4)
    nothing, target = trim_stage((tf.zeros((2, 4)), tf.fill((2, 4), -1)), 0, True)
    assert nothing.shape == target.shape == (2, 1)
    assert trim_stage((affixes, tags), 0, True)[1] is tags


def test_long_sentences_are_cut_by_hand():
    ids = tf.constant([[*range(1, 521)], [7] + [0] * 519])
    tags = tf.where(ids > 0, ids % 3, -1)
    (words, affixes), found = trim_stage(([ids, tf.repeat(ids[..., None], 2, 2)], tags), 0, True)
    first = list(range(1, 521))
    assert words.numpy().tolist() == [
        first[:256], first[256:512], first[512:] + [0] * 248, [7] + [0] * 255
    ]  # fmt: skip
    assert affixes[..., 1].numpy().tolist() == words.numpy().tolist()
    np.testing.assert_array_equal(found, tf.where(words > 0, words % 3, -1))


def test_rows_of_tokens_are_the_padded_rows():
    data = tagged()
    table, preprocess = data.table("train"), tagger(data).get_layer("preprocess")
    rows = token_rows(table, preprocess)
    assert len(rows) == len(table) and rows.weight is None
    texts = table.features["tokens"]
    chosen = [3, 0, 3, len(rows) - 1]
    values, target = rows.take(tf.constant(chosen))
    for mine, theirs in zip(
        values, preprocess({"tokens": tf.constant(texts[chosen])}), strict=True
    ):
        assert mine.dtype == theirs.dtype
        np.testing.assert_array_equal(mine, theirs)
    longest = max(len(texts[row].split()) for row in chosen)
    np.testing.assert_array_equal(target, table.target[chosen][:, :longest])
    count = sum(len(text.split()) for text in texts)
    assert rows.target.shape[0] == count + 1
    assert tokens_in_memory(table, preprocess) == count * (4 + 8 * 4 + 4 * 4 + 4)


KINDS = {
    "tags": (tagged, lambda data, **options: tagger(data, encoder="transformer", **options)),
    "texts": (texts, lambda data, **options: reader(data, encoder="rnn", **options)),
    "convolution": (series, classifier),
    "lstm": (series, lambda data, **options: classifier(data, "lstm", **options)),
}


# Texts are traced sooner with a small encoder; the larger ones and tags are among the slow tests.
SMALL = {"texts of small": (texts, reader), "forecast": (windows, forecaster)}
SLOW = dict.fromkeys(("tags", "texts", "lstm", "convolution"), pytest.mark.slow)


def padded(batch):
    """The batch with padding up to 15 steps, where it is of tags: these come without."""
    values, target = batch
    if target.shape.rank < 2:
        return batch
    missing = 15 - target.shape[1]
    values = [
        tf.pad(one, [[0, 0], [0, missing], *[[0, 0]] * (one.shape.rank - 2)]) for one in values
    ]
    return values, tf.pad(target, [[0, 0], [0, missing]], constant_values=-1)


def lengths(rows):
    """The steps of each row: of ids those that are not 0, of series those of the mask."""
    if isinstance(rows, TokenRows):
        return np.diff(rows.starts)
    steps = next(part for part in rows.values if part.shape.rank == 2)
    return np.count_nonzero(steps, axis=1)


def floats(model):
    return [weight for weight in model.get_weights() if weight.dtype.kind == "f"]


@pytest.mark.training
@pytest.mark.parametrize("kind", first(1, KINDS))
def test_a_step_on_a_batch_that_was_cut_is_that_on_the_whole(kind):
    load, make = KINDS[kind]
    data, found = load(), []
    for trim in (False, True):
        model = make(data, optimizer="sgd", learning_rate=0.5)
        runner = Runner(model, data, FitOptions(owner="fit", batch_size=8, epochs=1))
        rows = runner.arrays("train")
        shorter = [row for row, length in enumerate(lengths(rows)) if length < max(lengths(rows))]
        batch = padded(rows.take(tf.constant(shorter[:8])))
        if trim:
            assert runner.plan.prepare is trim_stage
            whole, batch = batch, trim_stage(batch, 0, True)
            assert batch[0][0].shape[1] < whole[0][0].shape[1]
        before = floats(model)
        logs = runner.trainer().train_step(batch)
        found.append((float(logs["loss"]), floats(model)))
    (loss, expected), (cut_loss, cut) = found
    assert cut_loss == pytest.approx(loss, rel=1e-5)
    assert max(np.abs(a - b).max() for a, b in zip(before, cut, strict=True)) > 1e-3
    for ours, theirs in zip(cut, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)


@pytest.mark.training
@pytest.mark.parametrize(
    "kind", [*(pytest.param(kind, marks=SLOW.get(kind, ())) for kind in KINDS), *first(1, SMALL)]
)
def test_memory_and_stream_train_the_same(kind):
    """On all rows at once the order does not matter."""
    load, make = {**KINDS, **SMALL}[kind]
    data, found = load(), []
    for cache_mb in (512, 0):
        model = make(data, optimizer="sgd", learning_rate=0.1)
        if kind.startswith(
            "texts"
        ):  # what is not at zero is not solved, which takes rows in memory
            for layer in model.get_layer("network").layers:
                if layer.name.startswith("linear"):
                    layer.embeddings.assign(layer.embeddings + 0.01)
        options = {"epochs": 3, "batch_size": 1000, "verbose": 0, "early_stopping": False}
        history = kk.fit(model, data, cache_mb=cache_mb, **options)
        found.append((history.history, floats(model)))
    for name, values in found[0][0].items():
        assert values == pytest.approx(found[1][0][name], rel=1e-4)
    assert found[0][0]["loss"][2] < found[0][0]["loss"][0]
    for memory, stream in zip(found[0][1], found[1][1], strict=True):
        np.testing.assert_allclose(stream, memory, atol=1e-5)


LONG = """
import gc, keras, numpy as np, kerakit as kk

def peak():  # MiB; what getrusage says begins with the memory of the parent process
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))

def fit(steps):
    values = np.sin(np.arange(steps) / 50).astype("float32")
    values += np.random.default_rng(0).normal(0, 0.1, steps).astype("float32")
    data = kk.load_series(values, window=2000, horizon=2)
    model = kk.sequence_forecaster(data.spec, encoder="rnn", units=2, segment=1000)
    kk.compile(model, "forecasting")
    kk.fit(model, data, epochs=1, batch_size=1024, verbose=0)
    return data.spec.sizes["train"]

for _ in range(2):  # a compiled program goes with the garbage, 50 MiB a piece
    fit(16_000)
    gc.collect()
before = peak()
print(fit(60_000), peak() - before)
"""


@pytest.mark.process
@pytest.mark.slow
@pytest.mark.skipif(not pathlib.Path("/proc/self/status").exists(), reason="Linux tells the peak")
def test_windows_of_a_long_series_are_never_all_in_memory():
    """36,000 windows of 2,000 steps would be 280 MiB."""
    ran = subprocess.run(
        [sys.executable, "-c", LONG], capture_output=True, text=True, check=True, timeout=300
    )
    rows, grown = ran.stdout.split()[-2:]
    assert int(rows) > 36_000 and float(grown) < 110


@pytest.mark.training
def test_a_token_counts_alike_in_batches_of_short_and_of_long_sentences():
    data = tagged()
    model = tagger(data, optimizer="sgd", learning_rate=1e-12)
    runner = Runner(model, data, FitOptions(owner="fit", batch_size=8, epochs=1))
    table = data.table("train")
    count = np.sum(table.target >= 0, axis=1)
    trainer, rows = runner.trainer(), runner.arrays("train")
    for chosen in (np.argsort(count)[:8], np.argsort(count)[-8:]):
        features = {"tokens": tf.constant(table.features["tokens"][chosen])}
        target = table.target[chosen]
        p = model(features).numpy()[:, : target.shape[1]]
        real = target[:, : p.shape[1]] >= 0
        losses = -np.log(np.take_along_axis(p, np.maximum(target, 0)[:, : p.shape[1], None], 2))
        for metric in trainer.metrics:
            metric.reset_state()
        loss = float(trainer.train_step(rows.take(tf.constant(chosen)))["loss"])
        usual = count.sum() / runner.plan.steps
        assert loss == pytest.approx(losses[..., 0][real].sum() / usual, rel=1e-4)
