"""Which rows an export keeps, in whatever form they are given."""

import json

import numpy as np
import pytest
from serving_cases import make_spec, make_table

from kerakit.data.data import Data
from kerakit.data.spec import Feature, Spec
from kerakit.errors import ArgumentError
from kerakit.serving import export
from kerakit.serving.contract.manifest import read_manifest
from kerakit.serving.exporting.examples import example_rows, spec_and_examples, with_example
from kerakit.serving.standalone.padding import series_lengths


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


@pytest.mark.export
def test_the_sample_may_be_a_dataset_or_a_dict(models, exports, tmp_path):
    spec, table = make_spec("regression"), make_table(make_spec("regression"))
    manifest = json.loads((exports["regression"] / "assets.extra" / "kerakit.json").read_text())
    dataset = Data(table, None, table, spec).test
    rows = example_rows(table, spec)
    for sample in (dataset, table.features, dataset.map(lambda features, _: features)):
        for name, column in example_rows(sample, spec).items():
            np.testing.assert_array_equal(column, rows[name])
    path = export(models["regression"], spec, tmp_path / "m", examples=sample, verify=False)
    other = json.loads((path / "assets.extra" / "kerakit.json").read_text())
    assert other["golden"] == manifest["golden"]


@pytest.mark.export
def test_where_every_row_has_gaps_the_example_is_filled_with_means(models, tmp_path):
    spec = make_spec("regression")
    sample = {name: column[:1] for name, column in make_table(spec).features.items()}
    path = export(models["regression"], spec, tmp_path / "m", examples=sample, verify=False)
    manifest = json.loads((path / "assets.extra" / "kerakit.json").read_text())
    example = manifest["signatures"]["serving_default"]["example"]
    assert example["request"]["instances"][0]["acidity"] == 8.0
    # One row, repeated up to sixteen, and the one that was filled.
    assert manifest["golden"]["inputs"]["acidity"] == [None] * 16 + [8.0]
    assert example["response"]["predictions"] == manifest["golden"]["outputs"]["prediction"][16:]


@pytest.mark.export
def test_the_examples_of_data_are_its_test_rows_or_else_others(models, tmp_path):
    spec, table = make_spec("regression"), make_table(make_spec("regression"))
    parts = [table.take(slice(start, start + 8)) for start in (0, 16, 24)]
    none = table.take(slice(0))
    streams = [Data(part, None, part, spec).test for part in (*parts, none)]
    for train, validation, test, kept in [
        (*parts, 24),
        (parts[0], parts[1], none, 16),
        (parts[0], None, none, 0),
        (streams[0], streams[1], streams[2], 24),
        (streams[0], None, streams[3], 0),
    ]:
        data = Data(train, validation, test, spec)
        same, examples = spec_and_examples(data, None)
        column = example_rows(examples, same)["alcohol"]
        np.testing.assert_array_equal(column[:8], table.features["alcohol"][kept : kept + 8])
    path = export(models["regression"], data, tmp_path / "m", verify=False)
    np.testing.assert_allclose(read_manifest(path)["golden"]["inputs"]["alcohol"], column, 1e-6)
    with pytest.raises(ArgumentError, match="'data' parameter of export has no rows"):
        export(models["regression"], Data(none, None, none, spec), tmp_path / "m")
