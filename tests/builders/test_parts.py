"""The first argument of every builder, and the parts of a model put together."""

import keras
import numpy as np
import pandas as pd
import pytest

import kerakit as kk
from kerakit.builders.parts import blended, spec_or_shape

BUILDERS = [getattr(kk, name) for name in kk.builders.__all__ if name != "load_backbone"]


def table():
    rng = np.random.default_rng(0)
    return {"a": rng.normal(size=300), "b": rng.normal(size=300)}


@pytest.mark.parametrize("builder", BUILDERS, ids=lambda builder: builder.__name__)
@pytest.mark.parametrize(
    ("inputs", "got"),
    [
        (table(), "a dict"),
        (pd.DataFrame(table()), "a DataFrame"),
        (np.zeros((30_000, 3)), "a ndarray"),
        (list(range(9_000))[0] / 2, "0.0"),
        ("wine.csv" * 100, "wine.csv"),
        (None, "None"),
        (True, "True"),
    ],
    ids=["dict", "frame", "array", "float", "path", "none", "bool"],
)
def test_something_else_gets_a_short_error(builder, inputs, got):
    with pytest.raises(kk.ArgumentError) as error:
        builder(inputs)
    message = str(error.value)
    assert f"The 'inputs' parameter of {builder.__name__} must be a Data" in message
    assert got in message and "kk.load_arrays" in message and len(message) <= 500


def test_a_data_is_as_good_as_its_spec():
    columns = table()
    data = kk.load_arrays(columns, columns["a"] + 1, task="regression")
    one, two = kk.mlp_regressor(data), kk.mlp_regressor(data.spec)
    assert one.count_params() == two.count_params()
    assert [t.name for t in one.inputs] == [t.name for t in two.inputs] == ["a", "b"]
    assert spec_or_shape("f", data, None) is data.spec


def test_a_plain_shape_is_returned_as_it_is():
    assert spec_or_shape("f", 11, "a width") == 11
    assert spec_or_shape("f", np.int64(11), "a width") == 11
    assert spec_or_shape("f", (None, 3), "a shape") == (None, 3)
    with pytest.raises(kk.ArgumentError, match=r"must be a Data or a Spec. Got \(None,\) instead"):
        spec_or_shape("f", (None,), None)


def test_scores_are_blended_by_their_weights():
    inputs = keras.Input((2,))
    model = keras.Model(inputs, blended(inputs, 10 * inputs, 0.25))
    values = np.array([[1.0, 2.0]], "float32")
    np.testing.assert_allclose(model(values), 0.25 * values + 0.75 * 10 * values, rtol=1e-6)
