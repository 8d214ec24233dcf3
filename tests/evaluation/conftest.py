"""Small data sets and models, made by hand as the design describes them."""

import numpy as np
import pytest

from kerakit.data.data import Data, Table
from kerakit.data.spec import Feature, Spec, Target


def make_spec(task, **changes):
    classes = {"binary": ("no", "yes"), "multiclass": ("a", "b", "c"), "multilabel": ("p", "q")}
    values = {
        "task": task,
        "features": (
            Feature("x", mean=0.0, variance=1.0),
            Feature("kind", kind="categorical", dtype="string", vocabulary=("u", "v")),
        ),
        "classes": classes.get(task, ()),
        "dataset": "made-up",
        "seed": 3,
    }
    return Spec(**(values | changes))


def make_target(task, x, kind, targets=1):
    signal = 2 * x + 3 * (kind == "v")
    if task == "regression":
        columns = np.stack([signal * (i + 1) for i in range(targets)], axis=1)
        return (columns if targets > 1 else columns[:, 0]).astype("float32")
    if task == "multilabel":
        return np.stack([signal > 1, x > 0], axis=1).astype("float32")
    return np.digitize(signal, [1.5] if task == "binary" else [0.5, 2.5]).astype("int32")


def make_data(task="regression", targets=1, **changes):
    """`Data` with a number `x` and a category `kind`, 80 training, 20 validation, 40 test."""
    rng = np.random.default_rng(0)

    def table(count):
        x = rng.normal(size=count).astype("float32")
        kind = np.where(rng.random(count) < 0.5, "u", "v").astype(object)
        return Table({"x": x, "kind": kind}, make_target(task, x, kind, targets))

    if targets > 1:
        changes.setdefault("target", Target(tuple(f"t{i}" for i in range(targets))))
    return Data(table(80), table(20), table(40), make_spec(task, **changes))


def make_model(width, activation=None, names=("x", "kind"), as_list=False):
    """`preprocess` (a number and a category id) and `network` in one Functional model."""
    import keras

    keras.utils.set_random_seed(1)
    inputs = {names[0]: keras.Input((), name=names[0])}
    inputs[names[1]] = keras.Input((), name=names[1], dtype="string")
    number = keras.layers.Reshape((1,))(inputs[names[0]])
    lookup = keras.layers.StringLookup(vocabulary=["u", "v"])
    ids = lookup(keras.layers.Reshape((1,))(inputs[names[1]]))
    structure = list(inputs.values()) if as_list else inputs
    preprocess = keras.Model(structure, [number, ids], name="preprocess")
    a, b = keras.Input((1,)), keras.Input((1,), dtype="int64")
    both = keras.layers.Concatenate()([a, keras.layers.Rescaling(1.0)(b)])
    y = keras.layers.Dense(width or 1, activation)(both)
    y = y if width else keras.layers.Reshape(())(y)
    network = keras.Model([a, b], y, name="network")
    return keras.Model(structure, network(preprocess(structure)))


def answering(p, count):
    """A model that answers row `row` with `p[row]`, so that metrics can be worked out by hand."""
    import keras

    p = np.asarray(p, "float32").reshape(count, -1)
    row = keras.Input((), name="row", dtype="int32")
    table = keras.layers.Embedding(count, p.shape[1])
    model = keras.Model({"row": row}, table(row))
    table.set_weights([p])
    return model


def rows_data(task, target, **changes):
    """`Data` whose one feature is the row's number, for `answering`."""
    row = np.arange(len(target)).astype("float32")
    table = Table({"row": row}, np.asarray(target))
    return Data(table, None, table, make_spec(task, features=(Feature("row"),), **changes))


@pytest.fixture
def make():
    """The makers above, for tests that want them by name."""
    import types

    return types.SimpleNamespace(
        spec=make_spec, data=make_data, model=make_model, answering=answering, rows=rows_data
    )
