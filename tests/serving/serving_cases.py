"""Small models of every tabular task, built by hand."""

import keras
import numpy as np

from kerakit.builders.contract import quantile_layer_name
from kerakit.data.data import Table
from kerakit.data.spec import Feature, Spec, Target
from kerakit.files import locked

ROWS = 40
CLASSES = {
    "binary": ("no", "yes"),
    "multiclass": ("", "größer", "数"),
    "multilabel": ("red", "green", "blue"),
}
# One task each, and the variants of regression.
CASES = ("binary", "multiclass", "multilabel", "regression", "targets", "quantiles")
QUANTILES = (0.05, 0.5, 0.95)


def make_spec(case):
    features = (
        Feature("acidity", column="fixed acidity", mean=8.0, variance=4.0, missing=3),
        Feature("alcohol", column="alcohol", mean=10.5, variance=1.0),
        Feature("kind", "categorical", "string", column="kind", vocabulary=("red", "white")),
    )
    if case in CLASSES:
        return Spec(task=case, features=features, classes=CLASSES[case], fingerprint="ab12")
    names = ("quality", "price") if case == "targets" else ("quality",)
    count = len(names)
    target = Target(names, "points", (100.0,) * count, (25.0,) * count)
    return Spec(task="regression", features=features, target=target, seed=7)


def make_table(spec, rows=ROWS):
    random = np.random.default_rng(0)
    features = {
        "acidity": random.normal(8, 2, rows).astype("float32"),
        "alcohol": random.normal(10.5, 1, rows).astype("float32"),
        "kind": random.choice(np.array(["red", "white", "rosé", ""], object), rows),
    }
    features["acidity"][[0, 5]] = np.nan
    return Table(features, np.zeros(rows, "float32"))


def make_inputs(spec):
    return {f.name: keras.Input(f.shape, dtype=f.dtype, name=f.name) for f in spec.features}


def make_preprocess(inputs, spec):
    first, second, kind = spec.features
    numbers = keras.ops.stack([inputs[first.name], inputs[second.name]], axis=-1)
    numbers = keras.layers.Normalization(
        mean=[first.mean, second.mean], variance=[first.variance, second.variance]
    )(numbers)
    gaps = keras.ops.isnan(numbers)
    numbers = keras.ops.where(gaps, 0.0, numbers)
    lookup = keras.layers.StringLookup(vocabulary=list(kind.vocabulary), output_mode="one_hot")
    parts = [numbers, keras.ops.cast(gaps, "float32"), lookup(inputs[kind.name])]
    return keras.Model(inputs, keras.layers.Concatenate()(parts), name="preprocess")


def make_model(case, spec, hidden=None, levels=None):
    """As if trained: answers differ from row to row, and biases are not at their start."""
    keras.utils.set_random_seed(3)
    inputs = make_inputs(spec)
    preprocess = make_preprocess(inputs, spec)
    network_in = keras.Input(preprocess.outputs[0].shape[1:])
    values = keras.layers.Dense(8, "tanh", kernel_initializer="he_normal")(network_in)
    values = keras.layers.Dropout(0.5)(values)
    if hidden is not None:
        values = hidden(values)
    if spec.is_classification:
        last = "sigmoid" if case == "multilabel" else "softmax"
        answer = keras.layers.Dense(len(spec.classes), last, bias_initializer="normal")(values)
    else:
        width = {"targets": 2, "quantiles": 3}.get(case, 1)
        answer = keras.layers.Dense(width, bias_initializer="normal")(values)
        answer = keras.ops.sort(answer, axis=-1) if case == "quantiles" else answer
        answer = keras.layers.Rescaling(5.0, 100.0)(answer)
        answer = keras.layers.Reshape(())(answer) if case == "regression" else answer
        if levels is not None:
            answer = note_quantiles(answer, levels)
    network = keras.Model(network_in, answer, name="network")
    return keras.Model(inputs, network(preprocess(inputs)), name=case)


def note_quantiles(values, levels):
    """As the builders note the levels of a quantile regressor in its last layer."""
    return keras.layers.Identity(name=quantile_layer_name(levels))(values)


def predict(model, features):
    import tensorflow as tf

    tensors = {
        name: tf.constant(column.tolist() if column.dtype == object else column)
        for name, column in features.items()
    }
    return model.predict(tensors, batch_size=16, verbose=0)


def once(path, make):
    """Call `make(path)` unless this or another process has done so; return the path."""
    with locked(path.with_name(f".{path.name}.lock")):
        if not path.exists():
            make(path)
    return path
