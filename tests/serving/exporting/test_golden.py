"""The golden sample: rows, and the answers of the model."""

import dataclasses

import keras
import numpy as np
import pytest

from kerakit.errors import ArgumentError
from kerakit.serving import export
from kerakit.serving.exporting.golden import golden_sample


@pytest.mark.many
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


@pytest.mark.many
def test_models_of_another_shape_are_refused(sequences, tmp_path):
    _, spec, table = sequences["channels"]
    other = dataclasses.replace(spec, series=dataclasses.replace(spec.series, horizon=4))
    with pytest.raises(ArgumentError, match=r"4 steps of \['load', 'price'\], in the shape"):
        export(sequences["channels"][0], other, tmp_path / "m", examples=table)
    model, spec, table = sequences["tags"]
    fewer = dataclasses.replace(spec, classes=spec.classes[:3])
    with pytest.raises(ArgumentError, match="each of 3 classes for each token"):
        export(model, fewer, tmp_path / "m", examples=table)
