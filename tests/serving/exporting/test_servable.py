"""Models that a stock server cannot run, and models that were not trained."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from serving_cases import make_model, make_spec, make_table

from kerakit.data.spec import Feature, Spec, Target
from kerakit.errors import ArgumentError, ExportError
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


@pytest.mark.parametrize(
    ("layer", "error", "message"),
    [
        (Restless, ArgumentError, "at random with the operation RandomStandardNormal .*restless"),
        (Python, ArgumentError, "cannot run the operation PyFunc .*python"),
        (Compiled, ArgumentError, "has XLA switched off"),
        (Branching, ArgumentError, "cannot be traced for the signature 'serving_default'"),
        (lambda: keras.layers.Lambda(abs, name="size"), ArgumentError, "the Lambda layer 'size'"),
        (Table, ExportError, "belongs to no layer"),
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
