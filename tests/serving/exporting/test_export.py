import json
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from serving_cases import (
    CASES,
    QUANTILES,
    make_model,
    make_spec,
    make_table,
    note_quantiles,
    predict,
)

from kerakit.data.spec import Feature, Spec, Target
from kerakit.errors import ArgumentError, ExportError
from kerakit.serving import export, load_served

pytestmark = pytest.mark.export


def served(path, features):
    """What the server would answer, by TensorFlow alone."""
    function = tf.saved_model.load(str(path)).signatures["serving_default"]
    tensors = {name: tf.constant(list(column)) for name, column in features.items()}
    return {name: tensor.numpy() for name, tensor in function(**tensors).items()}


@pytest.mark.parametrize("case", CASES)
def test_the_export_answers_as_the_model(case, models, exports):
    spec, table = make_spec(case), make_table(make_spec(case), 50)
    answer = served(exports[case], table.features)
    expected = predict(models[case], table.features)
    assert exports[case].name == "1"
    assert all(array.dtype in (np.float32, object) for array in answer.values())
    if case in ("binary", "multiclass"):
        assert set(answer) == {"label", "confidence", "probabilities"}
        np.testing.assert_allclose(answer["probabilities"], expected, atol=1e-6)
        labels = [spec.classes[column] for column in expected.argmax(axis=1)]
        assert [label.decode() for label in answer["label"]] == labels
        assert len(set(labels)) > 1
        np.testing.assert_allclose(answer["confidence"], expected.max(axis=1), atol=1e-6)
    elif case == "multilabel":
        assert set(answer) == {"labels", "probabilities"}
        np.testing.assert_allclose(answer["probabilities"], expected, atol=1e-6)
        on = [
            [c if p >= 0.5 else "" for c, p in zip(spec.classes, row, strict=True)]
            for row in expected
        ]
        assert [[label.decode() for label in row] for row in answer["labels"]] == on
    else:
        names = {"prediction", "lower", "upper"} if case == "quantiles" else {"prediction"}
        assert set(answer) == names
        wanted = expected[:, 1] if case == "quantiles" else expected
        assert wanted.shape == ((50, 2) if case == "targets" else (50,))
        np.testing.assert_allclose(answer["prediction"], wanted, atol=5e-5)
        if case == "quantiles":
            np.testing.assert_allclose(answer["lower"], expected[:, 0], atol=5e-5)
            np.testing.assert_allclose(answer["upper"], expected[:, 2], atol=5e-5)


@pytest.mark.parametrize("case", ["multiclass", "regression"])
def test_unseen_categories_and_missing_numbers_answer(case, exports):
    odd = {"acidity": [np.nan, 1e30], "alcohol": [np.nan, -5.0], "kind": ["ünseen", ""]}
    for array in served(exports[case], odd).values():
        assert len(array) == 2
        assert array.dtype == object or np.isfinite(array).all()


def test_the_manifest_says_what_was_exported(exports):
    text = (exports["regression"] / "assets.extra" / "kerakit.json").read_text()
    manifest = json.loads(text, parse_constant=pytest.fail)
    spec = make_spec("regression")
    assert (manifest["format"], manifest["name"], manifest["version"]) == (1, "regression", 1)
    assert Spec.from_dict(manifest["spec"]) == spec
    assert manifest["metrics"] == {"rmse": 0.5, "r2": None}
    assert (manifest["preset"], manifest["seeds"]) == (
        "regression",
        {"split": 7, "training": 11},
    )
    assert manifest["versions"]["keras"] == keras.__version__
    signature = manifest["signatures"]["serving_default"]
    assert signature["inputs"]["kind"] == {"dtype": "string", "shape": [None], "unit": None}
    prediction = {"dtype": "float32", "shape": [None], "unit": "points"}
    assert signature["outputs"] == {"prediction": prediction}
    # Row 0 of the sample has a gap, so row 1 is the example.
    row = {name: column[1] for name, column in make_table(spec).features.items()}
    instances = signature["example"]["request"]["instances"]
    assert instances == [{n: pytest.approx(v) if n != "kind" else v for n, v in row.items()}]
    answer = served(exports["regression"], {name: [value] for name, value in instances[0].items()})
    np.testing.assert_allclose(
        signature["example"]["response"]["predictions"], answer["prediction"], rtol=1e-6
    )
    golden = manifest["golden"]
    assert golden["inputs"]["acidity"][0] is None
    assert [len(column) for column in golden["inputs"].values()] == [32] * 3
    again = {
        name: np.array(column, "float32") if name != "kind" else column
        for name, column in golden["inputs"].items()
    }
    np.testing.assert_allclose(
        served(exports["regression"], again)["prediction"],
        golden["outputs"]["prediction"],
        atol=5e-5,
    )


def test_labels_are_written_one_a_line(exports):
    assert (exports["binary"] / "assets" / "labels.txt").read_text() == "no\nyes\n"
    assert not (exports["regression"] / "assets" / "labels.txt").exists()


def test_a_label_may_hold_a_line_break(models, tmp_path):
    spec = Spec("binary", make_spec("binary").features, classes=("a\nb", "\\n"))
    path = export(models["binary"], spec, tmp_path / "m", examples=make_table(spec), verify=False)
    assert (path / "assets" / "labels.txt").read_text() == "a\\nb\n\\n\n"
    assert set(load_served(path)(make_table(spec).features)["label"]) <= {"a\nb", "\\n"}


@pytest.mark.slow
def test_half_precision_and_recurrent_layers_are_served_in_full(tmp_path, one_process):
    """Answers are float32 and verified; the layer is left as it was."""
    inputs = {"steps": keras.Input((4, 2), name="steps")}
    policy = keras.dtype_policies.DTypePolicy("mixed_bfloat16")
    recurrent = keras.layers.LSTM(4, dtype=policy)
    last = keras.layers.Dense(3, "softmax", bias_initializer="normal", dtype=policy)
    answer = last(recurrent(inputs["steps"]))
    model = keras.Model(inputs, answer)
    spec = Spec("multiclass", (Feature("steps", "sequence", shape=(4, 2)),), classes=tuple("abc"))
    sample = {"steps": np.random.default_rng(0).normal(size=(40, 4, 2)).astype("float32")}
    path = export(model, spec, tmp_path / "m", examples=sample)
    assert recurrent.use_cudnn == "auto"
    answer = served(path, sample)
    assert answer["probabilities"].dtype == np.float32
    np.testing.assert_allclose(answer["probabilities"], model.predict(sample, verbose=0), atol=2e-2)


def test_random_layers_are_off_in_the_served_graph(tmp_path):
    spec = make_spec("regression")
    model = make_model("regression", spec, keras.layers.GaussianNoise(1.0))
    table = make_table(spec)
    path = export(model, spec, tmp_path / "m", examples=table, verify=False)
    answer = served(path, table.features)["prediction"]
    np.testing.assert_allclose(answer, predict(model, table.features), atol=5e-5)


def test_one_plain_input_and_one_column_of_answers(tmp_path):
    last = keras.layers.Dense(1, bias_initializer="normal")
    model = keras.Sequential([keras.Input((3,), name="features"), last])
    spec = Spec("regression", (Feature("features", shape=(3,)),), Target(("y",), None, (0,), (1,)))
    sample = {"features": np.arange(60, dtype="float32").reshape(20, 3)}
    path = export(model, spec, tmp_path / "m", examples=sample, verify=False)
    answer = served(path, sample)["prediction"]
    assert answer.shape == (20,)
    np.testing.assert_allclose(answer, model.predict(sample["features"], verbose=0)[:, 0], 1e-5)


@pytest.mark.process
def test_an_export_that_fails_a_check_is_not_published(models, tmp_path, monkeypatch):
    """The last gate: what was written does not answer as the model did."""
    from kerakit.serving.exporting import postprocess

    honest = postprocess._label
    monkeypatch.setattr(
        postprocess, "_label", lambda p, classes, sets: honest(p, classes[::-1], sets)
    )
    spec = make_spec("binary")
    with pytest.raises(ExportError, match="'golden sample' failed.*label"):
        export(models["binary"], spec, tmp_path / "m", examples=make_table(spec))
    assert not list(tmp_path.iterdir())


def test_quantiles_come_from_the_model_where_a_builder_noted_them(exports, tmp_path):
    spec = make_spec("quantiles")
    with pytest.raises(ArgumentError, match="a value of each of"):
        export(make_model("quantiles", spec), spec, tmp_path / "m", examples=make_table(spec))
    inputs = {"x": keras.Input((), name="x")}
    last = keras.layers.Dense(3, bias_initializer="normal")
    values = last(keras.layers.Reshape((1,))(inputs["x"]))
    model = keras.Model(inputs, note_quantiles(values, QUANTILES))
    spec = Spec("regression", (Feature("x"),), Target(("y",), None, (0.0,), (1.0,)))
    sample = {"x": np.arange(20, dtype="float32")}
    for path in (
        exports["quantiles"],
        export(model, spec, tmp_path / "m", examples=sample, verify=False),
    ):
        manifest = json.loads((path / "assets.extra" / "kerakit.json").read_text())
        assert manifest["quantiles"] == list(QUANTILES)
        assert set(manifest["golden"]["outputs"]) == {"prediction", "lower", "upper"}


@pytest.mark.process
def test_export_prints_nothing_and_importing_it_is_cheap(models, tmp_path, capfd):
    spec = make_spec("targets")
    export(models["targets"], spec, tmp_path / "m", examples=make_table(spec), verify=False)
    written = capfd.readouterr()
    assert written.out == "" and "Assets written" not in written.err
    code = "import sys, kerakit.serving; assert not {'tensorflow', 'keras'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
