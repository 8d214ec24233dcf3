"""Rows of texts, sequences and windows, in the forms that people have them."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import tensorflow as tf

from kerakit.errors import ArgumentError
from kerakit.serving import predict

TEXTS = ["Free PRIZE!", "the dog runs home", ""]


@pytest.mark.many
@pytest.mark.parametrize(
    "rows",
    [
        tuple(TEXTS),
        np.array(TEXTS),
        np.array(TEXTS, object),
        ["Free PRIZE!", b"the dog runs home", None],
        pd.Series(["Free PRIZE!", "the dog runs home", None]),
        pl.Series([*TEXTS[:2], None]),
        pa.array([*TEXTS[:2], None]),
        tf.constant(TEXTS),
        {"text": TEXTS},
        tf.data.Dataset.from_tensor_slices(TEXTS),
        tf.data.Dataset.from_tensor_slices(({"text": TEXTS}, [0, 1, 0])).batch(2),
    ],
    ids=lambda rows: type(rows).__name__,
)
def test_texts(sequences, rows):
    model, spec, _ = sequences["text"]
    expected = predict(model, TEXTS, spec)["probabilities"]
    np.testing.assert_allclose(predict(model, rows, spec)["probabilities"], expected, rtol=1e-6)


def test_one_text(sequences):
    model, spec, _ = sequences["text"]
    answer = predict(model, "Free PRIZE!", spec)
    assert answer["label"].shape == (1,)
    assert answer["label"][0] == predict(model, TEXTS, spec)["label"][0]


@pytest.mark.many
def test_tags_of_a_frame_are_lists_as_long_as_their_sentence(sequences):
    model, spec, _ = sequences["tags"]
    sentences = ["The dog runs", "home", ""]
    answer = predict(model, sentences, spec)
    assert answer["labels"].shape == answer["confidence"].shape == (3, 3)
    for frame in (pd.DataFrame({"tokens": sentences}), pl.DataFrame({"tokens": sentences})):
        labels = predict(model, frame, spec)["labels"]
        assert [list(row) for row in labels] == [
            answer["labels"][0].tolist(),
            [answer["labels"][1, 0]],
            [],
        ]


@pytest.mark.many
def test_tags_of_many_sentences_are_as_wide_as_the_longest(sequences, monkeypatch):
    monkeypatch.setattr("kerakit.evaluation.batches.MIN_ROWS", 8)
    monkeypatch.setattr("kerakit.evaluation.batches.MAX_ROWS", 8)
    model, spec, _ = sequences["tags"]
    sentences = ["home"] * 8 + ["The dog runs home"] + ["home"] * 8
    answer = predict(model, sentences, spec)
    assert answer["labels"].shape == (17, 4)
    assert set(answer["labels"][0, 1:]) == {""} and answer["confidence"][0, 3] == 0
    assert "" not in answer["labels"][8]


def test_windows(sequences):
    model, spec, table = sequences["forecast"]
    windows = np.asarray(table.features["window"])[:5]
    expected = predict(model, table, spec)["forecast"][:5]
    for rows in (windows, windows.tolist(), {"window": windows}):
        np.testing.assert_allclose(predict(model, rows, spec)["forecast"], expected, rtol=1e-6)
    frame = predict(model, pd.DataFrame({"window": list(windows)}), spec)
    assert list(frame.columns) == ["forecast_1", "forecast_2", "forecast_3"]
    np.testing.assert_allclose(frame.to_numpy(), expected, rtol=1e-6)
    for one in (windows[0], windows[0].tolist()):
        np.testing.assert_allclose(predict(model, one, spec)["forecast"], expected[:1], rtol=1e-6)
    with pytest.raises(ArgumentError, match=r"\['window'\] are missing.* array of shape \(6,\)"):
        predict(model, {"load": windows[0]}, spec)
    with pytest.raises(ArgumentError, match="column 'window': the value is infinite"):
        predict(model, np.where(windows == windows[0, 0], np.inf, windows), spec)


def test_channels_of_a_frame_have_their_names(sequences):
    model, spec, table = sequences["channels"]
    window, time = np.asarray(table.features["window"])[:2], table.features["time"][:2]
    frame = pl.DataFrame({"window": window.tolist(), "time": time})
    answer = predict(model, frame, spec)
    assert answer.columns == [
        f"forecast_{name}_{n}" for name in ("load", "price") for n in (1, 2, 3)
    ]
    expected = predict(model, {"window": window, "time": time}, spec)["forecast"]
    np.testing.assert_array_equal(answer["forecast_price_2"], expected[:, 1, 1])


@pytest.mark.many
def test_series_of_unequal_lengths(sequences):
    model, spec, _ = sequences["series"]
    series = [[1.0, 2.0], [3.0, 4.0, 5.0], [6.0]]
    expected = predict(model, series, spec)["probabilities"]
    unequal = [np.array(values, "float32") for values in series]
    holder = np.empty(3, object)
    holder[:] = unequal
    rows = tf.data.Dataset.from_generator(
        lambda: iter(unequal), output_signature=tf.TensorSpec([None], "float32")
    )
    for form in (unequal, holder, pl.Series(series), pa.array(series), rows):
        np.testing.assert_allclose(predict(model, form, spec)["probabilities"], expected, rtol=1e-6)
    assert predict(model, series[0], spec)["label"].shape == (1,)


def test_no_rows(sequences, models):
    from serving_cases import make_spec

    model, spec, _ = sequences["text"]
    assert predict(model, [], spec)["probabilities"].shape == (0, 2)
    frame = pd.DataFrame({"acidity": [1.0], "alcohol": [1.0], "kind": ["red"]})[:0]
    answer = predict(models["binary"], frame, make_spec("binary"))
    assert len(answer) == 0 and "label" in answer
    with pytest.raises(ArgumentError, match="the dataset has no rows"):
        predict(model, tf.data.Dataset.from_tensor_slices(TEXTS).take(0), spec)
