"""Models of windows, series, texts and tags, through the real export and a fresh process."""

import dataclasses
import importlib.resources
import json

import jsonschema
import keras
import numpy as np
import pytest
from sequence_cases import SEQUENCE_CASES, WORDS, make_case

from kerakit.data.spec import Feature, Spec
from kerakit.errors import ArgumentError, ExportError
from kerakit.serving import export, load_served, verify
from kerakit.serving.contract.manifest import read_manifest
from kerakit.serving.contract.rows import stacked
from kerakit.serving.contract.versions import MANIFEST
from kerakit.serving.exporting.examples import example_rows, with_example
from kerakit.serving.exporting.golden import golden_sample
from kerakit.serving.standalone.padding import longest, padded_to, series_lengths

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


@pytest.mark.parametrize("case", SEQUENCE_CASES)
def test_a_fresh_process_answers_as_the_model(case, sequence_exports):
    report = verify(sequence_exports[case], verbose=False)
    assert report.ok, str(report)
    names = {check.name for check in report.checks}
    assert ("padding" in names) == (case in ("series", "multivariate"))
    assert ("odd texts" in names) == (case in ("text", "tags"))
    manifest = read_manifest(sequence_exports[case])
    assert set(manifest["signatures"]) == SIGNATURES[case]


@pytest.mark.parametrize("case", SEQUENCE_CASES)
def test_every_manifest_fits_the_schema(case, sequence_exports):
    folder = importlib.resources.files("kerakit.serving.contract")
    schema = json.loads(folder.joinpath("manifest.schema.json").read_text())
    text = (sequence_exports[case] / MANIFEST).read_text()
    manifest = json.loads(text, parse_constant=pytest.fail)
    jsonschema.validate(manifest, schema)
    for signature in manifest["signatures"].values():
        assert "null" not in json.dumps(signature["example"])  # it can be posted as it stands


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
    gap = served({"series": [[[1, None], [2, 3]], [[1, 2]]]})
    assert np.isfinite(gap["probabilities"]).all()


@pytest.mark.parametrize(
    "values", [3.0, [1.0, 2.0], [[1.0], ["x"]], [[1.0], [[1.0]]], np.zeros((2, 3, 1)), "abc"]
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


def test_the_example_of_tags_is_a_row_alone(sequence_exports):
    example = read_manifest(sequence_exports["tags"])["signatures"]["serving_default"]["example"]
    (sent,), (came,) = example["request"]["instances"], example["response"]["predictions"]
    assert sent == {"tokens": "The dog runs"} and len(came["labels"]) == 3
    assert all(came["labels"]) and len(came["confidence"]) == 3


@pytest.mark.parametrize(
    ("case", "spoil", "check"),
    [
        # A label behind the last token, words and means of other data.
        ("tags", lambda m: m["golden"]["outputs"]["labels"][0].__setitem__(-1, "DET"), "golden"),
        ("text", lambda m: m["spec"]["features"][0].update(vocabulary=["a", "b"]), "preprocessing"),
        ("channels", lambda m: m["spec"]["features"][0].update(mean=[20.0, 3.0]), "preprocessing"),
    ],
)
def test_a_changed_export_fails(case, spoil, check, sequence_exports, tmp_path):
    import shutil

    copy = shutil.copytree(sequence_exports[case], tmp_path / "m" / "1")
    manifest = read_manifest(copy)
    spoil(manifest)
    (copy / MANIFEST).write_text(json.dumps(manifest))
    failed = [one.name for one in verify(copy, verbose=False).checks if not one.ok]
    assert failed and failed[0].startswith(check)


def test_a_classifier_that_sees_its_padding_is_refused(sequences, tmp_path):
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


def test_a_text_model_that_fails_without_words_is_refused(sequences, tmp_path):
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


def test_models_of_another_shape_are_refused(sequences, tmp_path):
    _, spec, table = sequences["channels"]
    other = dataclasses.replace(spec, series=dataclasses.replace(spec.series, horizon=4))
    with pytest.raises(ArgumentError, match=r"4 steps of \['load', 'price'\], in the shape"):
        export(sequences["channels"][0], other, tmp_path / "m", examples=table)
    model, spec, table = sequences["tags"]
    fewer = dataclasses.replace(spec, classes=spec.classes[:3])
    with pytest.raises(ArgumentError, match="each of 3 classes for each token"):
        export(model, fewer, tmp_path / "m", examples=table)


def test_constants_of_texts_and_series(sequences, tmp_path):
    from kerakit.serving.exporting.constants import preprocess_constants

    found = {case: preprocess_constants(*sequences[case][:2]) for case in SEQUENCE_CASES}
    assert found["text"]["vocabularies"] == ["text"] and found["tags"]["vocabularies"] == ["tokens"]
    assert len(found["channels"]["normalisation"][0]["mean"]) == 2
    assert found["series"]["normalisation"] == [{"mean": [3.0], "variance": [4.0]}]
    model, spec, _ = sequences["text"]

    def stated(**changes):
        feature = dataclasses.replace(spec.features[0], **changes)
        return dataclasses.replace(spec, features=(feature,))

    # The most frequent words only, or a lookup of something else, is a choice.
    assert preprocess_constants(model, stated(vocabulary=(*WORDS, "more")))["vocabularies"]
    for other in ({"vocabulary": ("x",)}, {"vocabulary": (), "characters": tuple("abc")}):
        assert preprocess_constants(model, stated(**other))["vocabularies"] == []
    # As many words, but others: it was built for other data.
    with pytest.raises(ArgumentError, match="does not know the words.*other data"):
        preprocess_constants(model, stated(vocabulary=tuple("abcdefg")))
    with pytest.raises(ArgumentError, match="does not know the characters"):
        preprocess_constants(model, stated(vocabulary=("x",), characters=tuple("abcdefg")))
    channels, spec, _ = sequences["channels"]
    feature = dataclasses.replace(spec.features[0], mean=(20.0, 5.0))
    with pytest.raises(ArgumentError, match="built for other data"):
        preprocess_constants(channels, dataclasses.replace(spec, features=(feature,)))


def test_the_words_in_the_graph_may_be_the_most_frequent_ones(tmp_path):
    model, spec, table = make_case("text")
    feature = dataclasses.replace(spec.features[0], vocabulary=(*WORDS, "rare"))
    path = export(
        model, dataclasses.replace(spec, features=(feature,)), tmp_path / "m", examples=table
    )
    report = verify(path, verbose=False)
    assert any("1 vocabularies" in check.detail for check in report.checks)


def test_rows_of_series_are_stacked():
    one = Feature("x", "sequence", shape=(None,))
    two = Feature("x", "sequence", shape=(None, 2))
    nan = np.nan
    np.testing.assert_array_equal(stacked([[1, 2], [], [3]], one), [[1, 2], [nan] * 2, [3, nan]])
    np.testing.assert_array_equal(stacked([[[1, 2]], []], two), [[[1, 2]], [[nan, nan]]])
    assert stacked([], two).shape == (0, 1, 2) and stacked(np.zeros((3, 0)), one).shape == (3, 1)


def test_the_end_of_a_series():
    nan = np.nan
    column = np.float32([[1, nan, 2, nan, nan], [nan] * 5, [1, nan, nan, nan, nan]])
    assert series_lengths(column).tolist() == [3, 0, 1]
    assert longest(column).shape == (3, 3) and longest(column[1:2]).shape == (1, 1)
    two = np.stack([column, column[::-1]], axis=-1)
    assert series_lengths(two).tolist() == [3, 0, 3]
    assert series_lengths(np.zeros((2, 0))).tolist() == [0, 0]
    padded = padded_to(np.array([["a"]], object), (9, 3))
    assert padded.tolist() == [["a", "", ""]]
    assert padded_to(np.ones((1, 2, 3)), (4, 3, 2)).tolist() == [[[1] * 3] * 2 + [[0] * 3]]


def test_the_example_row_of_series():
    nan = np.nan
    spec = Spec(
        "binary", (Feature("x", "sequence", shape=(None, 2), mean=(5.0, 7.0)),), classes=("a", "b")
    )
    gaps = np.float32([[[1, 2], [nan, 3], [4, 4]], [[1, nan], [nan, nan], [nan, nan]]])
    inputs, row = with_example({"x": gaps}, spec)  # the second has one gap too, but is first
    assert row == 2 and len(inputs["x"]) == 3
    np.testing.assert_array_equal(inputs["x"][2], [[1, 2], [5, 3], [4, 4]])
    padded = np.float32([[[1, 2], [nan, 3], [4, 4]], [[1, 6], [nan, nan], [nan, nan]]])
    same, row = with_example({"x": padded}, spec)
    assert row == 1 and same["x"] is padded


def test_samples_in_any_form(sequences):
    import tensorflow as tf

    _, spec, table = sequences["series"]
    column = table.features["series"]
    lengths = series_lengths(column)
    rows = [row[:length] for row, length in zip(column, lengths, strict=True)]
    dataset = tf.data.Dataset.from_generator(
        lambda: (({"series": row}, 0) for row in rows),
        output_signature=({"series": tf.TensorSpec([None])}, tf.TensorSpec([], "int32")),
    )
    wider = np.pad(column, ((0, 0), (0, 50)), constant_values=np.nan)
    expected = example_rows(table, spec)["series"]
    assert expected.shape == (24, 9)
    for sample in (dataset, {"series": rows}, {"series": wider}):
        np.testing.assert_array_equal(example_rows(sample, spec)["series"], expected)
    _, spec, table = sequences["channels"]
    window = example_rows(table, spec)["window"]
    assert window.shape == (32, 6, 2)
    np.testing.assert_array_equal(window, np.asarray(table.features["window"])[:32])
    with pytest.raises(ArgumentError, match="must hold series in 'series'"):
        example_rows({"series": [[1.0], [[2.0]]]}, sequences["series"][1])


def test_a_tie_of_two_tags_is_not_in_the_golden_sample(sequences):
    """Two classes with one probability: which of the two is answered is chance."""
    _, spec, _ = sequences["tags"]
    text = keras.Input((), dtype="string", name="tokens")
    lookup = keras.layers.TextVectorization(standardize="lower", vocabulary=["tie", "clear"])
    table = keras.layers.Embedding(4, 4)
    model = keras.Model({"tokens": text}, table(lookup(text)))
    clear = [0.7, 0.1, 0.1, 0.1]
    table.set_weights([np.float32([[0.25] * 4, clear, [0.4, 0.4, 0.1, 0.1], clear])])
    rows = {"tokens": np.array(["clear tie clear", "", "clear clear", "x"] * 4, object)}
    golden = golden_sample(model, spec, rows)
    assert set(golden.inputs["tokens"]) == {"", "clear clear", "x"}
    assert golden.outputs["labels"].shape == (16, 2)
    assert golden.inputs["tokens"][golden.example] != ""
