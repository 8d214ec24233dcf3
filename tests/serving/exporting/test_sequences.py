"""Models of windows, series, texts and tags, through the real export and a fresh process."""

import json
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest
from marks import first
from sequence_cases import SEQUENCE_CASES, WORDS

from kerakit.errors import ArgumentError, ExportError
from kerakit.serving import export, load_served, verify
from kerakit.serving.contract.manifest import read_manifest
from kerakit.serving.contract.versions import MANIFEST
from kerakit.serving.standalone.padding import series_lengths

pytestmark = pytest.mark.export

SIGNATURES = {
    "forecast": {"serving_default"},
    "channels": {"serving_default"},
    "series": {"serving_default", "classify"},
    "multivariate": {"serving_default", "classify"},
    "text": {"serving_default", "classify"},
    "tags": {"serving_default"},
}


def predict(model, table, rows=None):
    import tensorflow as tf

    columns = {name: np.asarray(column[:rows]) for name, column in table.features.items()}
    tensors = {
        name: tf.constant(column.tolist() if column.dtype == object else column)
        for name, column in columns.items()
    }
    return model.predict(tensors, batch_size=len(table), verbose=0)


@pytest.mark.parametrize("case", first(2, SEQUENCE_CASES))
def test_a_fresh_process_answers_as_the_model(case, sequence_exports, one_process):
    report = verify(sequence_exports[case], verbose=False)
    assert report.ok, str(report)
    names = {check.name for check in report.checks}
    assert ("padding" in names) == (case in ("series", "multivariate"))
    assert ("odd texts" in names) == (case in ("text", "tags"))
    manifest = read_manifest(sequence_exports[case])
    assert set(manifest["signatures"]) == SIGNATURES[case]


def test_forecasts_are_served_in_units(sequences, sequence_exports):
    for case in ("forecast", "channels"):
        model, spec, table = sequences[case]
        served = load_served(sequence_exports[case])
        answer = served({name: column[:20] for name, column in table.features.items()})
        assert set(answer) == {"forecast"} and answer["forecast"].dtype == np.float32
        expected = predict(model, table, 20)
        assert answer["forecast"].shape == expected.shape == (20, *table.target.shape[1:])
        np.testing.assert_allclose(answer["forecast"], expected, rtol=1e-5)
    manifest = read_manifest(sequence_exports["channels"])
    outputs = manifest["signatures"]["serving_default"]["outputs"]
    assert outputs == {"forecast": {"dtype": "float32", "shape": [None, 3, 2], "unit": "MW"}}
    # One tolerance per channel, by its deviation.
    absolute = manifest["tolerance"]["forecast"]["absolute"]
    np.testing.assert_allclose(absolute, 1e-5 * np.sqrt(spec.target.variance))
    assert isinstance(
        read_manifest(sequence_exports["forecast"])["tolerance"]["forecast"]["absolute"], float
    )


def test_series_of_unequal_length_are_padded(sequences, sequence_exports):
    for case in ("series", "multivariate"):
        _, spec, table = sequences[case]
        served = load_served(sequence_exports[case])
        column = table.features["series"]
        lengths = series_lengths(column)
        assert lengths.min() < lengths.max()
        whole = served({"series": column})
        rows = [row[:length].tolist() for row, length in zip(column, lengths, strict=True)]
        unequal = served({"series": rows})
        np.testing.assert_allclose(unequal["probabilities"], whole["probabilities"], atol=1e-6)
        assert unequal["label"].tolist() == whole["label"].tolist()
        one = served({"series": rows[:1]})
        np.testing.assert_allclose(one["probabilities"], whole["probabilities"][:1], atol=1e-6)
        assert served({"series": []})["label"].shape == (0,)
        assert np.isfinite(served({"series": [[]]})["confidence"]).all()
        alone = served({"series": rows[0]})  # one row, as it is
        np.testing.assert_array_equal(alone["probabilities"], one["probabilities"])
    gap = served({"series": [[[1, None], [2, 3]], [[1, 2]]]})
    assert np.isfinite(gap["probabilities"]).all()


@pytest.mark.parametrize(
    "values", [3.0, [[1.0], ["x"]], [[1.0], [[1.0]]], np.zeros((2, 3, 1)), "abc"]
)
def test_what_is_no_batch_of_series(values, sequence_exports):
    with pytest.raises(ArgumentError, match="'series'"):
        load_served(sequence_exports["series"])({"series": values})


def test_series_with_another_number_of_channels(sequence_exports):
    with pytest.raises(ArgumentError, match=r"row 1 has the shape \(1, 3\), expected \(steps, 2\)"):
        load_served(sequence_exports["multivariate"])({"series": [[[1, 2]], [[1, 2, 3]]]})


def test_texts_of_every_kind_are_answered(sequences, sequence_exports):
    model, _, table = sequences["text"]
    served = load_served(sequence_exports["text"])
    expected = predict(model, table)
    answer = served({"text": table.features["text"]})
    np.testing.assert_allclose(answer["probabilities"], expected, atol=1e-6)
    odd = served({"text": ["", None, b"\xff\xfe prize", "prize " * 10_000]})
    assert np.isfinite(odd["probabilities"]).all()
    np.testing.assert_array_equal(odd["probabilities"][0], odd["probabilities"][1])


def test_tags_are_as_many_as_tokens(sequences, sequence_exports):
    model, spec, table = sequences["tags"]
    served = load_served(sequence_exports["tags"])
    answer = served({"tokens": ["home", "the free dog runs home", ""]})
    assert answer["labels"].shape == answer["confidence"].shape == (3, 5)
    assert (answer["labels"] != "").sum(axis=1).tolist() == [1, 5, 0]
    np.testing.assert_array_equal(answer["confidence"] > 0, answer["labels"] != "")
    expected = predict(model, table)
    whole = served({"tokens": table.features["tokens"]})
    for row, text in enumerate(table.features["tokens"]):
        count = len(text.split())
        best = expected[row, :count].argmax(axis=-1)
        assert whole["labels"][row, :count].tolist() == [spec.classes[i] for i in best]
        assert set(whole["labels"][row, count:]) <= {""}
        one = served({"tokens": [text]})
        assert one["labels"].shape == (1, count)
        best = expected[row, :count].max(axis=-1)
        np.testing.assert_allclose(one["confidence"][0], best, atol=1e-6)
    for empty in ([""], ["", " \t"], [b""]):
        none = served({"tokens": empty})
        assert none["labels"].shape == none["confidence"].shape == (len(empty), 0)
    # Cut at ASCII white space, as the lookup does; bytes of no text are tokens like others.
    assert served({"tokens": ["the\u00a0dog  runs\t"]})["labels"].shape == (1, 2)
    assert served({"tokens": [b"\xff dog"]})["labels"].shape == (1, 2)
    assert served({"tokens": []})["labels"].shape == (0, 0)


@pytest.mark.parametrize(
    ("case", "spoil", "check"),
    [
        # A label behind the last token, words and means of other data.
        ("tags", lambda m: m["golden"]["outputs"]["labels"][0].__setitem__(-1, "DET"), "golden"),
        ("text", lambda m: m["spec"]["features"][0].update(vocabulary=["a", "b"]), "preprocessing"),
        ("channels", lambda m: m["spec"]["features"][0].update(mean=[20.0, 3.0]), "preprocessing"),
    ],
)
def test_a_changed_export_fails(case, spoil, check, sequence_exports, tmp_path, one_process):
    import shutil

    copy = shutil.copytree(sequence_exports[case], tmp_path / "m" / "1")
    manifest = read_manifest(copy)
    spoil(manifest)
    (copy / MANIFEST).write_text(json.dumps(manifest))
    failed = [one.name for one in verify(copy, verbose=False).checks if not one.ok]
    assert failed and failed[0].startswith(check)


def test_a_classifier_that_sees_its_padding_is_refused(sequences, tmp_path, one_process):
    """The mean over all steps, padding counted as zeros, depends on the rest of the batch."""
    _, spec, table = sequences["series"]
    series = keras.Input((None,), name="series")
    values = keras.ops.where(keras.ops.isnan(series), 0.0, series)
    mean = keras.ops.mean(values, axis=1, keepdims=True)
    answer = keras.layers.Dense(3, "softmax", bias_initializer="normal")(mean)
    model = keras.Model({"series": series}, answer)
    with pytest.raises(ExportError, match="The check 'padding' failed: "):
        export(model, spec, tmp_path / "m", examples=table)
    assert not (tmp_path / "m").exists() or not list((tmp_path / "m").iterdir())


def test_a_text_model_that_fails_without_words_is_refused(sequences, tmp_path, one_process):
    _, spec, table = sequences["text"]
    text = keras.Input((), dtype="string", name="text")
    lookup = keras.layers.TextVectorization(vocabulary=list(WORDS), output_mode="count")
    counts = keras.ops.cast(lookup(text), "float32")
    share = counts / keras.ops.sum(counts, axis=1, keepdims=True)  # 0 / 0 without words
    answer = keras.layers.Dense(2, "softmax", bias_initializer="normal")(share)
    model = keras.Model({"text": text}, answer)
    rows = {"text": ["free prize", "home", "the dog"]}
    with pytest.raises(ExportError, match="'odd texts' failed: .* NaN or infinite"):
        export(model, spec, tmp_path / "m", examples=rows)


def test_a_long_sentence_beside_short_ones_changes_no_answer(sequences, sequence_exports):
    """They go through the model a few at a time, since 9,000 tokens leave room for one row."""
    _, _, table = sequences["tags"]
    served = load_served(sequence_exports["tags"])
    short = table.features["tokens"][:5].tolist()
    long = " ".join(["the free dog runs"] * 2250)
    answer = served({"tokens": [*short[:3], "", long, *short[3:]]})
    assert answer["labels"].shape == answer["confidence"].shape == (7, 9000)
    alone = served({"tokens": short})
    width = alone["labels"].shape[1]
    rows = [0, 1, 2, 5, 6]
    assert answer["labels"][rows, :width].tolist() == alone["labels"].tolist()
    np.testing.assert_allclose(answer["confidence"][rows, :width], alone["confidence"], atol=1e-6)
    assert (answer["labels"][rows, width:] == "").all() and not answer["confidence"][3].any()
    assert (answer["labels"][4] != "").all() and (answer["labels"][3] == "").all()


PEAK = """
import sys, numpy as np, kerakit as kk

def memory(name):
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(name))

data = kk.load_builtin("sentences")
model = kk.sequence_tagger(data)
kk.compile(model)
kk.fit(model, data, epochs=1, verbose=0)
served = kk.load_served(kk.export(model, data, sys.argv[1], verify=False))
long = " ".join(["Internationally", "the", "old-fashioned", "lamp", "sings"] * 2000)
for answer in (served, lambda rows: kk.predict(model, rows, data)):
    answer({"tokens": ["A lamp sings ."]})
    open("/proc/self/clear_refs", "w").write("5")
    before = memory("VmRSS")
    labels = answer({"tokens": [long] + ["A lamp sings ."] * 31})["labels"]
    print(labels.shape, memory("VmHWM") - before, sep=";")
"""


@pytest.mark.slow
@pytest.mark.process
@pytest.mark.skipif(not pathlib.Path("/proc/self/clear_refs").exists(), reason="Linux tells it")
def test_the_memory_of_a_request_grows_with_its_tokens(tmp_path):
    """With all pairs of a token and a character in memory, they would take 10 GiB."""
    ran = subprocess.run(
        [sys.executable, "-c", PEAK, str(tmp_path / "tagger")],
        capture_output=True, text=True, check=True, timeout=300,
    )  # fmt: skip
    for line in ran.stdout.splitlines()[-2:]:
        shape, grown = line.split(";")
        assert shape == "(32, 10000)" and float(grown) < 300
