"""Small data sets and models, made by hand as the design describes them."""

import functools
import pathlib
import sys
import types

import numpy as np
import pytest

# Test modules take helpers from `evaluation_cases` beside them.
sys.path.append(str(pathlib.Path(__file__).parent))

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


@functools.cache
def make_model(width, activation=None, names=("x", "kind"), as_list=False):
    """`preprocess` (a number and a category id) and `network` in one Functional model.

    Tests share the model of the same arguments: they do not change it.
    """
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


def image_spec(shape, classes, train=None, test=None, **changes):
    sizes = {key: n for key, n in (("train", train), ("test", test)) if n is not None}
    values = {
        "task": "binary" if len(classes) == 2 else "multiclass",
        "features": (Feature("image", "image", "uint8", tuple(shape)),),
        "classes": tuple(classes),
        "sizes": sizes,
        "dataset": "pictures",
    }
    return Spec(**(values | changes))


def image_data(train, train_ids, test, test_ids, classes, **changes):
    """`Data` of two in-memory splits of images `(n, H, W, C)` and their class ids."""
    tables = [
        Table({"image": images}, np.asarray(ids, "int32"))
        for images, ids in ((train, train_ids), (test, test_ids))
    ]
    counts = np.bincount(tables[0].target, minlength=len(classes)).tolist()
    spec = image_spec(
        train.shape[1:], classes, len(train), len(test), class_counts=tuple(counts), **changes
    )
    return Data(tables[0], None, tables[1], spec)


@functools.cache
def digits(channels=1, classes=10):
    """scikit-learn's 8x8 digits below `classes`: 60% to train on, the rest to test."""
    from sklearn.datasets import load_digits

    source = load_digits()
    images = np.rint(source.images * 255 / 16).astype("uint8")[..., None].repeat(channels, -1)
    kept = source.target < classes
    images, ids = images[kept], source.target[kept]
    half = int(0.6 * len(ids))
    names = [str(i) for i in range(classes)]
    return image_data(images[:half], ids[:half], images[half:], ids[half:], names)


def small_cnn(shape, classes):
    """`preprocess` (scaling) and `network` (one convolution), as plain Keras."""
    import keras

    keras.utils.set_random_seed(0)
    inputs = keras.Input(shape, name="image", dtype="uint8")
    preprocess = keras.Model(inputs, keras.layers.Rescaling(1 / 255)(inputs), name="preprocess")
    x = pixels = keras.Input(shape)
    x = keras.layers.Conv2D(8, 3, activation="relu")(x)
    x = keras.layers.Flatten()(x)
    x = keras.layers.Dense(classes, "softmax")(x)
    network = keras.Model(pixels, x, name="network")
    return keras.Model(inputs, network(preprocess(inputs)))


@functools.cache
def trained_cnn(channels=1, classes=10):
    """`small_cnn` after two epochs on `digits`."""
    table, model = digits(channels, classes).table("train"), small_cnn((8, 8, channels), classes)
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(table.features["image"], table.target, epochs=2, verbose=0)
    return model


def answering_images(p):
    """A model that answers an image of one value `i` everywhere with `p[i]`."""
    import keras

    p = np.asarray(p, "float32")
    image = keras.Input((2, 2, 1), name="image", dtype="uint8")
    ids = keras.layers.Reshape((4,))(image)
    table = keras.layers.Embedding(len(p), p.shape[1])
    answer = keras.layers.Reshape((p.shape[1],))(
        keras.layers.AveragePooling1D(4)(table(ids))  # four equal answers
    )
    model = keras.Model(image, answer)
    table.set_weights([p])
    return model


def numbered_images(count, shape=(2, 2, 1)):
    """Images of which number `i` has the value `i` everywhere."""
    return np.broadcast_to(np.arange(count).reshape(-1, 1, 1, 1), (count, *shape)).astype("uint8")


@pytest.fixture(scope="session")
def make():
    """The makers above, for tests that want them by name."""
    return types.SimpleNamespace(
        spec=make_spec, data=make_data, model=make_model, answering=answering, rows=rows_data
    )


@pytest.fixture(scope="session")
def pictures():
    """The makers of images and their classifiers."""
    return types.SimpleNamespace(
        spec=image_spec, data=image_data, digits=digits, cnn=small_cnn, trained=trained_cnn,
        answering=answering_images, numbered=numbered_images,
    )  # fmt: skip
