"""Small models and data that several tests of training share."""

import keras
import numpy as np

import kerakit as kk
from kerakit.data.data import Data, Table
from kerakit.data.spec import Feature, Spec


def mlp(data, seed=0, preset="regression", **options):
    """A compiled multilayer perceptron with dropout."""
    keras.utils.set_random_seed(seed)
    model = kk.mlp_regressor(data.spec, hidden=(16,), dropout=0.1, **options)
    kk.compile(model, preset)
    return model


def solved(model, data, **options):
    """The history of a model that `fit` solves with the preset of its task."""
    kk.compile(model)
    return kk.fit(model, data, **{"epochs": 100, "verbose": 0, **options})


def fitted_rows(data):
    """The columns of the training and validation rows, their matrix and their target."""
    tables = [t for t in map(data.table, ("train", "validation")) if t is not None]
    columns = {n: np.concatenate([t.features[n] for t in tables]) for n in tables[0].features}
    x = np.column_stack([np.asarray(c, "float64") for c in columns.values()])
    return columns, x, np.concatenate([t.target for t in tables])


def weights(model):
    """All float weights of a model as one vector."""
    return np.concatenate([w.ravel() for w in model.get_weights() if w.dtype.kind == "f"])


def picture_data(rows=600, shape=(12, 12, 3), classes=("cat", "dog", "emu"), memmap=None):
    """100 rows of `rows` validate and 50 test; `memmap` is a folder for the training pixels."""
    rng = np.random.default_rng(0)
    ids = rng.integers(0, len(classes), rows).astype("int32")
    pixels = rng.integers(0, 60, (rows, *shape)).astype("uint8")
    height = shape[0] // len(classes)
    for image, number in zip(pixels, ids, strict=True):
        image[number * height : (number + 1) * height] += 150
    first, second = rows - 150, rows - 50

    def table(part):
        return Table({"image": pixels[part]}, ids[part])

    train = table(slice(0, first))
    if memmap is not None:
        column = np.memmap(memmap / "pixels", "uint8", "w+", shape=(first, *shape))
        column[:] = train.features["image"]
        train = Table({"image": column}, train.target)
    spec = Spec(
        task="binary" if len(classes) == 2 else "multiclass",
        features=(Feature("image", "image", "uint8", shape),),
        classes=tuple(classes),
        class_counts=tuple(np.bincount(ids[:first], minlength=len(classes)).tolist()),
        sizes={"train": first, "validation": 100, "test": 50},
        fingerprint="pictures",
    )
    return Data(train, table(slice(first, second)), table(slice(second, rows)), spec)


def cnn(spec, seed=0, width=8):
    """uint8 image -> preprocess -> network -> probabilities."""
    layers = keras.layers
    keras.utils.set_random_seed(seed)
    shape = spec.features[0].shape
    image = keras.Input(shape, dtype="uint8", name="image")
    scale = layers.Rescaling(1 / 127.5, -1.0)
    preprocess = keras.Model({"image": image}, scale(image), name="preprocess")
    inputs = values = keras.Input(shape)
    values = layers.Conv2D(width, 3, padding="same", use_bias=False)(values)
    values = layers.BatchNormalization()(values)
    values = layers.Activation("relu")(values)
    values = layers.Dropout(0.1)(layers.MaxPooling2D()(values))
    values = layers.Conv2D(width, 3, activation="relu")(values)
    values = layers.GlobalAveragePooling2D()(values) if width > 16 else layers.Flatten()(values)
    answer = layers.Dense(len(spec.classes), "softmax", dtype="float32", name="output")(values)
    network = keras.Model(inputs, answer, name="network")
    return keras.Model({"image": image}, network(preprocess({"image": image})), name="small_cnn")


class Stop(keras.callbacks.Callback):
    """Interrupts a run before an epoch."""

    def __init__(self, *epochs):
        super().__init__()
        self.epochs = set(epochs)  # no JSON value, and so no state that is resumed

    def on_epoch_begin(self, epoch, logs=None):
        if epoch in self.epochs:
            raise KeyboardInterrupt
