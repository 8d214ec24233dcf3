import concurrent.futures

import keras
import numpy as np
import pytest
from serving_cases import make_spec, make_table, predict

from kerakit.data.spec import Feature, Spec, Target
from kerakit.errors import ArgumentError
from kerakit.serving import export, load_served


@pytest.fixture(scope="module")
def regression(exports):
    return load_served(exports["regression"])


@pytest.mark.many
def test_served_answers_as_the_model(exports, models):
    served = load_served(exports["multiclass"].parent)
    features = make_table(make_spec("multiclass")).features
    answer = served(features)
    expected = predict(models["multiclass"], features)
    np.testing.assert_allclose(answer["probabilities"], expected, atol=1e-6)
    assert answer["label"].tolist() == [served.spec.classes[i] for i in expected.argmax(axis=1)]
    assert served.path == exports["multiclass"]
    assert "größer" in answer["label"].tolist()


def test_served_takes_lists_integers_and_missing_values(regression):
    plain = {"acidity": [np.nan, 7.0], "alcohol": [9.0, 9.0], "kind": ["", "red"]}
    loose = {"kind": [None, "red"], "acidity": [None, 7], "alcohol": np.array([9, 9], "int64")}
    np.testing.assert_array_equal(regression(plain)["prediction"], regression(loose)["prediction"])


@pytest.mark.many
@pytest.mark.parametrize(
    "case", ["regression", pytest.param("multilabel", marks=pytest.mark.export)]
)
def test_served_is_the_signature_to_the_last_bit(exports, case):
    import tensorflow as tf

    served = load_served(exports[case])
    signature = tf.saved_model.load(str(exports[case])).signatures["serving_default"]
    features = make_table(make_spec(case)).features
    expected = signature(**{name: tf.constant(values) for name, values in features.items()})
    answer = served(features)
    assert answer.keys() == expected.keys()
    for name, values in answer.items():
        assert values.tolist() == [
            [v.decode() for v in row] if name == "labels" else row
            for row in expected[name].numpy().tolist()
        ]


@pytest.mark.many
def test_served_can_be_called_from_threads(exports):
    served = load_served(exports["multiclass"])
    features = make_table(make_spec("multiclass")).features
    rows = [{name: values[i : i + 1] for name, values in features.items()} for i in range(40)]
    alone = [served(row) for row in rows]
    assert len({tuple(answer["probabilities"][0]) for answer in alone}) > 30
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        together = list(pool.map(served, rows * 25))
    for answer, expected in zip(together, alone * 25, strict=True):
        np.testing.assert_array_equal(answer["probabilities"], expected["probabilities"])
        assert answer["label"].tolist() == expected["label"].tolist()


@pytest.mark.export
def test_served_takes_arrays(tmp_path):
    inputs = {
        "pixels": keras.Input((2, 2), name="pixels"),
        "count": keras.Input((), dtype="int32", name="count"),
    }
    flat = keras.layers.Flatten()(inputs["pixels"])
    total = keras.ops.sum(flat, axis=-1) + keras.ops.cast(inputs["count"], "float32")
    model = keras.Model(inputs, total)
    features = (Feature("count", dtype="int32"), Feature("pixels", shape=(2, 2)))
    spec = Spec("regression", features, Target(("y",), None, (0.0,), (1.0,)))
    rows = {"pixels": np.arange(12.0).reshape(3, 2, 2), "count": np.array([0, 10, 20])}
    served = load_served(export(model, spec, tmp_path / "sums", examples=rows, verify=False))
    assert served(rows)["prediction"].tolist() == [6.0, 32.0, 58.0]
    assert served({"pixels": [[[1, 2], [3, None]]], "count": [4]})["prediction"].shape == (1,)
    assert served({"pixels": np.zeros((0, 2, 2)), "count": []})["prediction"].shape == (0,)
    for wrong in (np.zeros((1, 4)), np.zeros((1, 2, 3)), np.zeros(1)):
        with pytest.raises(ArgumentError, match="'pixels' must have the shape"):
            served({"pixels": wrong, "count": [1]})
    with pytest.raises(ArgumentError, match="one length"):
        served({"pixels": np.zeros((2, 2, 2)), "count": [1]})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": None}, r"\['kind'\] are missing"),
        ({"ash": [1.0]}, r"does not know the columns \['ash'\]"),
        ({"acidity": ["sour"]}, "row 0 .*, column 'acidity': 'sour' is not a number"),
        ({"acidity": {7.0}}, "'acidity' must have the shape"),
        ({"acidity": [[7.0]]}, "'acidity' must have the shape"),
        ({"acidity": [7.0, 8.0]}, "one length"),
        ({"acidity": [np.inf]}, "row 0 .*, column 'acidity': the value is infinite"),
        ({"kind": [object()]}, "'kind': expected a text, a number"),
        ({"kind": ["\ud800"]}, "row 0 .*, column 'kind': .*not Unicode text"),
    ],
)
def test_served_refuses_what_does_not_fit(regression, change, message):
    columns = {"acidity": [7.0], "alcohol": [9.0], "kind": ["red"], **change}
    columns = {name: column for name, column in columns.items() if column is not None}
    with pytest.raises(ArgumentError, match=message):
        regression(columns)


def test_served_refuses_what_is_no_table_or_no_export(regression, tmp_path):
    with pytest.raises(ArgumentError, match="dict of columns: acidity, alcohol, kind"):
        regression([[7.0, 9.0, "red"]])
    with pytest.raises(ArgumentError, match="not an export"):
        load_served(tmp_path)


def test_served_shows_its_signatures(regression, exports):
    assert repr(regression).splitlines() == [
        f"Served({str(exports['regression'])!r})",
        "  inputs: acidity float32 (n,), alcohol float32 (n,), kind string (n,)",
        "  outputs: prediction float32 (n,)",
        "  signatures: serving_default, regress",
    ]
