"""What is refused before anything is written: arguments, models and layers."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from serving_cases import make_model, make_spec, make_table

from kerakit.data.data import Data
from kerakit.data.spec import Feature, Spec, Target
from kerakit.errors import ArgumentError, DataError, ExportError
from kerakit.serving import export


class Restless(keras.layers.Layer):
    """Adds noise whatever `training` says."""

    def call(self, inputs):
        return inputs + 1e-3 * tf.random.normal(tf.shape(inputs))


class Python(keras.layers.Layer):
    def call(self, inputs):
        return tf.ensure_shape(tf.numpy_function(np.abs, [inputs], tf.float32), inputs.shape)


class Compiled(keras.layers.Layer):
    @tf.function(jit_compile=True)
    def double(self, inputs):
        return 2.0 * inputs

    def call(self, inputs):
        return self.double(inputs)


class Branching(keras.layers.Layer):
    """Asks a tensor in Python, which works row by row and in no graph."""

    def compute_output_spec(self, inputs):
        return keras.KerasTensor(inputs.shape, inputs.dtype)

    def call(self, inputs):
        return inputs if float(inputs[0, 0]) > 0 else -inputs


class Table(keras.layers.Layer):
    """Looks up in a table that hangs on nothing."""

    def __init__(self):
        super().__init__()
        entries = tf.lookup.KeyValueTensorInitializer([0, 1], [0.0, 1.0])
        self.find = tf.lookup.StaticHashTable(entries, -1.0).lookup

    def call(self, inputs):
        if isinstance(inputs, keras.KerasTensor):
            return inputs
        return inputs + self.find(tf.cast(inputs > 0, tf.int32))


@pytest.mark.many
@pytest.mark.parametrize(
    ("layer", "error", "message"),
    [
        (Restless, ArgumentError, "at random with the operation RandomStandardNormal .*restless"),
        (Python, ArgumentError, "cannot run the operation PyFunc .*python"),
        (Compiled, ArgumentError, "has XLA switched off"),
        (Branching, ArgumentError, "cannot be traced for the signature 'serving_default'"),
        (lambda: keras.layers.Lambda(abs, name="size"), ArgumentError, "the Lambda layer 'size'"),
        pytest.param(Table, ExportError, "belongs to no layer", marks=pytest.mark.export),
    ],
)
def test_a_layer_that_cannot_be_served_is_refused(layer, error, message, tmp_path):
    spec = make_spec("regression")
    model = make_model("regression", spec, layer())
    model.run_eagerly = True
    with pytest.raises(error, match=message):
        export(model, spec, tmp_path / "m", examples=make_table(spec))
    assert not list(tmp_path.iterdir())


@pytest.mark.training
def test_a_model_that_was_not_trained_is_refused(tmp_path):
    spec, base = make_spec("regression"), tmp_path / "m"
    inputs = {"acidity": keras.Input((), name="acidity")}
    row = keras.layers.Reshape((1,))(inputs["acidity"])
    hidden = keras.layers.Dense(3, bias_initializer="normal")(row)
    model = keras.Model(inputs, keras.layers.Dense(1, name="answer")(hidden))
    spec = Spec("regression", (Feature("acidity"),), Target(("y",), None, (0.0,), (1.0,)))
    sample = {"acidity": np.arange(20, dtype="float32")}
    with pytest.raises(ArgumentError, match="has not been trained: the bias of its layer 'answer'"):
        export(model, spec, base, examples=sample)
    with pytest.raises(ArgumentError, match="never called"):
        export(keras.Sequential([keras.layers.Dense(1)]), spec, base, examples=sample)
    assert not list(tmp_path.iterdir())
    model.compile("sgd", "mse")
    model.fit(sample, sample["acidity"][:, None], epochs=1, verbose=0)
    export(model, spec, base, examples=sample, verify=False)


@pytest.mark.many
def test_what_does_not_fit_is_refused_and_nothing_written(models, tmp_path):
    spec, table = make_spec("regression"), make_table(make_spec("regression"))
    model, base = models["regression"], tmp_path / "m"
    features = table.features
    other = Spec("regression", (*spec.features, Feature("ash")), spec.target)
    shifted = Spec(
        "regression",
        (Feature("acidity", mean=9.0, variance=4.0), *spec.features[1:]),
        spec.target,
    )
    widened = Spec(
        "regression",
        (Feature("acidity", mean=8.0, variance=5.0), *spec.features[1:]),
        spec.target,
    )
    reworded = Spec(
        "regression",
        (*spec.features[:2], Feature("kind", "categorical", "string", vocabulary=("x",))),
        spec.target,
    )
    infinite = {**features, "alcohol": np.full(len(table), np.inf, "float32")}
    batched = Data(table, None, table, spec).test.batch(4)
    binary = make_spec("binary")
    for arguments, message in [
        ({"model": "model.keras"}, "a keras.Model"),
        ({"data": {}}, "a Data or a Spec"),
        ({"examples": None}, "'examples' parameter of export is required with a Spec"),
        ({"data": other}, "the data has 'ash', which the model does not take"),
        ({"data": shifted}, "normalises with a mean of 8, where the spec says 9"),
        ({"data": widened}, "normalises with a variance of 4, where the spec says 5"),
        ({"data": reworded}, "does not know the categories"),
        ({"data": binary}, r"probability of each of 2 classes.*\(batch, \)"),
        ({"model": make_model("regression", spec, levels=(0.1, 0.5, 0.9))}, "the quantiles"),
        ({"model": make_model("regression", spec, levels=(0.1, 0.9))}, "3, 5, ... levels"),
        ({"model": models["targets"]}, "a value of each of"),
        ({"examples": []}, "data.test"),
        ({"examples": {}}, "They lack"),
        ({"examples": {**features, "ash": features["acidity"]}}, "does not know"),
        ({"examples": table.take(slice(0))}, "no rows"),
        ({"examples": Data(table, None, table.take(slice(0)), spec).test}, "no rows"),
        ({"examples": batched}, "Unbatch"),
        ({"examples": infinite}, "infinite value in 'alcohol'"),
        ({"examples": {**features, "alcohol": features["kind"]}}, "numbers in 'alcohol'"),
        ({"model_dir": __file__}, "is a file"),
        ({"model_dir": tmp_path / "a:b"}, "can reach"),
        ({"version": 0}, "version"),
    ]:
        call = {"model": model, "data": spec, "model_dir": base, "examples": table, **arguments}
        error = DataError if arguments.get("data") is other else ArgumentError
        with pytest.raises(error, match=message):
            export(**call)
    assert not list(tmp_path.iterdir())


@pytest.mark.many
def test_a_model_without_numbers_is_not_exported(tmp_path):
    spec = make_spec("regression")
    model = make_model("regression", spec)
    model.set_weights([np.full_like(w, np.nan) for w in model.get_weights()])
    with pytest.raises(ExportError, match="NaN or infinite numbers to row 0"):
        export(model, spec, tmp_path / "m", examples=make_table(spec), verify=False)
    assert not list(tmp_path.iterdir())
