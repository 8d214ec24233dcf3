"""What the tests of fine-tuning share: images of shapes, and models on small backbones."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import kerakit as kk
from kerakit.data.data import Data, Table
from kerakit.data.spec import Feature, Spec

CLASSES = ("disc", "stripes", "square")


@pytest.fixture
def make_data():
    """Makes `Data` of images of shapes; see `shapes_data`."""
    return shapes_data


@pytest.fixture(scope="session")
def make_model():
    """Makes a model of a tiny backbone; see `tiny_model`."""
    return tiny_model


@pytest.fixture
def make_pretrained():
    """Makes a model of a backbone of the registry; see `registry_model`."""
    return registry_model


@pytest.fixture
def make_stream():
    """Makes streams of `Data`; see `Streamed`."""
    return Streamed


@pytest.fixture(scope="session")
def shapes():
    """90 images of three classes: 60 to train on, 18 to validate on, 12 to test on."""
    return shapes_data()


@pytest.fixture(scope="session")
def all_shapes():
    """90 images of three classes: 78 to train on, none to validate on, 12 to test on."""
    return shapes_data(held=False)


def shapes_data(rows=90, classes=3, held=True, weights=False, side=32):
    """Shapes of any colour and place on a noisy ground, so that some features tell them a bit.

    Two rows of ten validate (with `held`), the last 12 test, the others train.
    """
    rng = np.random.default_rng(0)
    ids = (np.arange(rows) % classes).astype("int32")
    y, x = np.mgrid[:side, :side]
    pixels = rng.integers(0, 120, (rows, side, side, 3))
    for image, number in zip(pixels, ids, strict=True):
        row, column = rng.integers(side // 4, side - side // 4, 2)
        size = rng.integers(side // 6, side // 4)
        disc = (y - row) ** 2 + (x - column) ** 2 < size**2
        square = np.maximum(abs(y - row), abs(x - column)) < size
        image[(disc, square & (y % 4 < 2), square)[number]] += rng.integers(40, 136, 3)
    pixels = pixels.astype("uint8")
    weight = rng.uniform(0.5, 2, rows).astype("float32") if weights else None

    def table(start, end):
        own = None if weight is None else weight[start:end]
        return Table({"image": pixels[start:end]}, ids[start:end], own)

    last = rows - 12
    first = last - rows // 5 if held else last
    spec = Spec(
        task="binary" if classes == 2 else "multiclass",
        features=(Feature("image", "image", "uint8", (side, side, 3)),),
        classes=CLASSES[:classes],
        class_counts=tuple(np.bincount(ids[:first], minlength=classes).tolist()),
        sizes={"train": first, "validation": last - first, "test": rows - last},
        fingerprint=f"shapes {rows} {classes} {side}",
    )
    held_rows = table(first, last) if held else None
    return Data(table(0, first), held_rows, table(last, rows), spec)


def tiny_model(spec, hidden=(), dropout=0.0, l2=0.0, seed=0):
    """uint8 image -> preprocess -> network (backbone, head) -> probabilities.

    The backbone is none of the registry; its first convolution reaches past the second one.
    """
    layers = keras.layers
    keras.utils.set_random_seed(seed)
    shape, classes = spec.features[0].shape, len(spec.classes)
    image = keras.Input(shape, dtype="uint8", name="image")
    scaled = layers.Rescaling(1 / 127.5, -1.0, name="normalize")(image)
    preprocess = keras.Model({"image": image}, scaled, name="preprocess")

    def convolved(values, number, width, side, stride):
        convolution = layers.Conv2D(
            width, side, stride, padding="same", use_bias=False, name=f"convolve_{number}"
        )
        values = layers.BatchNormalization(name=f"scale_{number}")(convolution(values))
        return layers.ReLU(name=f"rectify_{number}")(values)

    pixels = keras.Input(shape)
    first = convolved(pixels, 1, 8, 5, 4)
    second = convolved(first, 2, 8, 5, 1)
    joined = layers.Concatenate(name="join")([first, second])
    backbone = keras.Model(pixels, convolved(joined, 3, 16, 3, 2), name="backbone")
    calibrate(
        backbone, preprocess({"image": shapes_data(side=shape[0]).table("train").features["image"]})
    )

    maps = keras.Input(backbone.output_shape[1:])
    values = layers.GlobalAveragePooling2D(name="average")(maps)
    penalty = keras.regularizers.L2(l2) if l2 else None
    for number, width in enumerate(hidden, 1):
        values = layers.Dense(width, "relu", kernel_regularizer=penalty, name=f"dense_{number}")(
            values
        )
    if dropout:
        values = layers.Dropout(dropout, name="dropout")(values)
    units = 1 if classes == 2 else classes
    values = layers.Dense(units, kernel_regularizer=penalty, name="output")(values)
    if classes == 2:
        zero = layers.Rescaling(0.0, name="negative")(values)
        values = layers.Concatenate(name="scores")([zero, values])
    head = keras.Model(maps, layers.Softmax(name="probabilities")(values), name="head")

    inputs = keras.Input(shape)
    network = keras.Model(inputs, head(backbone(inputs)), name="network")
    return keras.Model({"image": image}, network(preprocess({"image": image})), name="tiny")


def registry_model(data, backbone="MobileNet_0.25", **options):
    """A model of `pretrained_classifier` whose features differ from image to image."""
    keras.utils.set_random_seed(0)
    options = {"dropout": 0.0, **options}
    model = kk.pretrained_classifier(data.spec, backbone=backbone, weights=None, **options)
    trunk = model.get_layer("network").get_layer("backbone")
    images = data.table("train").features["image"][:32]
    calibrate(trunk, model.get_layer("preprocess")({"image": images}))
    return model


def calibrate(trunk, pixels):
    """Give normalisations the statistics of what they normalise, as training would have.

    Random weights let next to nothing through otherwise.
    """
    held = [la for la in trunk.layers if isinstance(la, keras.layers.BatchNormalization)]
    momenta = [layer.momentum for layer in held]
    for layer in held:
        layer.momentum = 0.0
    trunk(pixels, training=True)
    for layer, momentum in zip(held, momenta, strict=True):
        layer.momentum = momentum


class Streamed:
    """The splits of a `Data` as streams of rows; `read` counts the rows that were taken."""

    def __init__(self, data):
        self.read = {"train": 0, "validation": 0, "test": 0}
        streams = [self._stream(data, split) for split in self.read]
        self.data = Data(*streams, data.spec)

    def _stream(self, data, split):
        table = data.table(split)

        def rows():
            for image, target in zip(table.features["image"], table.target, strict=True):
                self.read[split] += 1
                yield {"image": image}, target

        image = tf.TensorSpec(data.spec.features[0].shape, "uint8")
        signature = ({"image": image}, tf.TensorSpec((), "int32"))
        return tf.data.Dataset.from_generator(rows, output_signature=signature)
