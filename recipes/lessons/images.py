"""Convolution: a small filter is applied at every position of an image."""
# pyright: reportArgumentType=false
# Keras declares `verbose` as a str, and documents 0.

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .drawing import Array, figure
from .page import Lesson

if TYPE_CHECKING:
    import keras
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

IMAGE = np.array(
    [
        [0, 1, 1, 1, 0, 0, 0],
        [0, 0, 1, 1, 1, 0, 0],
        [0, 0, 0, 1, 1, 1, 0],
        [0, 0, 0, 1, 1, 0, 0],
        [0, 0, 1, 1, 0, 0, 0],
        [0, 1, 1, 0, 0, 0, 0],
        [1, 1, 0, 0, 0, 0, 0],
    ]
)
KERNEL = np.array([[1, 0, 1], [0, 1, 0], [1, 0, 1]])
NUMBERS = np.array([[1, 2, 3, 1], [1, 1, 1, 1], [2, 3, 1, 6], [8, 1, 4, 5]])
EDGES = {
    "vertical edges": np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]),
    "horizontal edges": np.array([[-1, -2, -1], [0, 0, 0], [1, 2, 1]]),
}


def convolution(lesson: Lesson) -> dict[str, Any]:
    """Convolution: the same filter at every position."""
    from sklearn.datasets import load_sample_image

    import kerakit as kk

    lesson.say(
        "A filter is a small table of weights. At every position of an image, the pixels under "
        "the filter are multiplied by its weights and added up. The filter here has ones in the "
        "corners and in the middle, so the sum is large where the image has an X. An image of "
        "7 x 7 pixels gives 5 x 5 sums:"
    )
    sums = convolve(IMAGE, KERNEL).astype(int)
    lesson.table(["image", "filter", "sums"], side_by_side(IMAGE, KERNEL, sums))
    lesson.say(
        "Max pooling keeps the largest number of every 2 x 2 block. A small shift of the image "
        "then changes little:"
    )
    pooled = max_pool(NUMBERS).astype(int)
    lesson.table(["numbers", "largest numbers"], side_by_side(NUMBERS, pooled))

    photo = load_sample_image("china.jpg")[::3, ::3].mean(axis=-1)
    edges = {name: convolve(photo, kernel) for name, kernel in EDGES.items()}
    lesson.say(
        "A filter with positive and negative weights finds edges: its sum is 0 where the image is "
        "uniform, and largest where dark pixels meet bright pixels. Engineers once designed such "
        "filters by hand. A network learns its own filters."
    )
    data = kk.load_builtin("digits")
    model = kk.cnn_classifier(data.spec, arch="lenet")
    kk.compile(model, "image_classification")
    kk.fit(model, data, epochs=10, verbose=0)
    test = data.table("test")
    assert test is not None  # the digits are in memory
    predicted = model.predict(test.features, verbose=0).argmax(-1)
    accuracy = float(np.mean(predicted == test.target))
    (first, second), maps = layers_and_maps(model, {"image": test.features["image"][:1]})
    lesson.say(
        f"After ten epochs `cnn_classifier` has an accuracy of {accuracy:.1%} on "
        f"{len(test.target)} handwritten digits. Its first layer has {first.filters} filters, "
        f"which read the pixels. Its second layer has {second.filters} filters, which read the "
        "sums of the first layer."
    )
    digit = test.features["image"][0, :, :, 0], data.spec.classes[int(test.target[0])]
    kernels = np.asarray(first.kernel)[:, :, 0]
    lesson.picture(
        draw_layers(photo, edges, digit, kernels, maps),
        "First row: a photo, its edges, and a digit. Second row: four learned filters of the first "
        "layer (violet weights are positive, orange weights negative). Third row: the sums of "
        "these filters for the digit. Fourth row: the sums of four filters of the second layer.",
    )
    lesson.next_job("image-cnn", "classification of your own images")
    return {"sums": sums, "pooled": pooled, "accuracy": accuracy, "maps": [m.shape for m in maps]}


def convolve(image: Array, kernel: Array) -> Array:
    """Keras' convolution of an image of shape (height, width) with a small kernel."""
    from keras import ops

    image = image[None, :, :, None].astype("float32")
    return np.asarray(ops.conv(image, kernel[:, :, None, None].astype("float32")))[0, :, :, 0]


def max_pool(numbers: Array) -> Array:
    """The largest number of every 2 x 2 block, by Keras."""
    from keras import ops

    return np.asarray(ops.max_pool(numbers[None, :, :, None].astype("float32"), 2))[0, :, :, 0]


def side_by_side(*tables: Array) -> list[list[str]]:
    """Rows of one table that shows several tables of numbers, one in each column."""
    height = max(map(len, tables))
    return [
        [" ".join(map(str, table[row])) if row < len(table) else "" for table in tables]
        for row in range(height)
    ]


def layers_and_maps(
    model: keras.Model, rows: dict[str, Array]
) -> tuple[list[keras.layers.Conv2D], list[Array]]:
    """The convolutional layers of a classifier, and their outputs for the first row."""
    import keras

    network = model.get_layer("network")
    layers = [layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D)]
    outputs = keras.Model(network.input, [layer.output for layer in layers])
    return layers, [np.asarray(maps)[0] for maps in outputs(model.get_layer("preprocess")(rows))]


def draw_layers(
    photo: Array,
    edges: dict[str, Array],
    digit: tuple[Array, str],
    kernels: Array,
    maps: list[Array],
) -> Figure:
    drawn, axes = figure(4, 4, width=2.9, height=2.5)
    for axis in axes:
        axis.set_axis_off()
        axis.set_title("", loc="left", fontsize=10)

    def show(axis: Axes, title: str, values: Array, **colours: Any) -> None:
        axis.imshow(values, **colours)
        axis.set_title(title, loc="left", fontsize=10)

    show(axes[0], "A photo", photo, cmap="gray")
    for axis, (name, values) in zip(axes[1:3], edges.items(), strict=True):
        show(axis, name.capitalize(), np.abs(values), cmap="gray_r")
    show(axes[3], f"A handwritten {digit[1]}", digit[0], cmap="gray_r")
    first = np.argsort(-np.ptp(maps[0], axis=(0, 1)))[:4]
    second = np.argsort(-np.ptp(maps[1], axis=(0, 1)))[:4]
    rows = (
        ("Layer 1: filter {}", kernels, first),
        ("Layer 1: sums of filter {}", maps[0], first),
        ("Layer 2: sums of filter {}", maps[1], second),
    )
    for start, (title, values, chosen) in zip((4, 8, 12), rows, strict=True):
        for axis, channel in zip(axes[start : start + 4], chosen, strict=True):
            pixels = values[:, :, channel]
            limit = np.abs(pixels).max()
            show(axis, title.format(channel + 1), pixels, cmap="PuOr", vmin=-limit, vmax=limit)
    return drawn
