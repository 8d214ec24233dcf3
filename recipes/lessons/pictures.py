"""Convolution: the same small pattern looked for everywhere in a picture."""

import numpy as np

from .drawing import figure

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
    "upright edges": np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]),
    "level edges": np.array([[-1, -2, -1], [0, 0, 0], [1, 2, 1]]),
}


def convolution(lesson):
    """Convolution: the same filter everywhere."""
    from sklearn.datasets import load_sample_image

    import kerakit as kk

    lesson.say(
        "A filter is a small table of weights. It is laid on every place of a picture, and what "
        "lies under it is multiplied and added up. Here it has ones in the corners and in the "
        "middle, so that it counts how much of an X there is. Of 7 x 7 pixels, 5 x 5 sums remain:"
    )
    sums = filtered(IMAGE, KERNEL).astype(int)
    lesson.table(["picture", "filter", "sums"], side_by_side(IMAGE, KERNEL, sums))
    lesson.say(
        "Max pooling keeps the largest of every 2 x 2, so that a small shift changes little:"
    )
    pooled = max_pooled(NUMBERS).astype(int)
    lesson.table(["numbers", "the largest"], side_by_side(NUMBERS, pooled))

    photo = load_sample_image("china.jpg")[::3, ::3].mean(axis=-1)
    edges = {name: filtered(photo, kernel) for name, kernel in EDGES.items()}
    lesson.say(
        "Weights of both signs find edges: they answer 0 where a picture is plain, and most where "
        "dark meets bright. Such filters were once made by hand. A network learns its own."
    )
    data = kk.load_builtin("digits")
    model = kk.cnn_classifier(data.spec, arch="lenet")
    kk.compile(model, "image_classification")
    kk.fit(model, data, epochs=10, verbose=0)
    test = data.table("test")
    right = float(np.mean(model.predict(test.features, verbose=0).argmax(-1) == test.target))
    (first, second), maps = layers_and_maps(model, {"image": test.features["image"][:1]})
    lesson.say(
        f"`cnn_classifier` has {right:.1%} of {len(test.target)} handwritten digits right after "
        f"ten epochs. Its first layer has {first.filters} filters, which look at the pixels; its "
        f"second has {second.filters}, which look at what the first has found."
    )
    digit = test.features["image"][0, :, :, 0], data.spec.classes[int(test.target[0])]
    kernels = np.asarray(first.kernel)[:, :, 0]
    lesson.picture(
        draw_layers(photo, edges, digit, kernels, maps),
        "Edges of a photograph. A digit, four learned filters of the first layer (violet weights "
        "count for, orange against), what each finds in it, and what four of the second layer do.",
    )
    lesson.goes_on("image-cnn", "pictures of your own, a folder per class")
    return {"sums": sums, "pooled": pooled, "right": right, "maps": [m.shape for m in maps]}


def filtered(picture, kernel):
    """Keras' convolution of a picture of shape (height, width) with a small kernel."""
    from keras import ops

    picture = picture[None, :, :, None].astype("float32")
    return np.asarray(ops.conv(picture, kernel[:, :, None, None].astype("float32")))[0, :, :, 0]


def max_pooled(numbers):
    """The largest of every 2 x 2, by Keras."""
    from keras import ops

    return np.asarray(ops.max_pool(numbers[None, :, :, None].astype("float32"), 2))[0, :, :, 0]


def side_by_side(*tables):
    """Tables of numbers as the rows of one, each in a cell of its own."""
    height = max(map(len, tables))
    return [
        [" ".join(map(str, table[row])) if row < len(table) else "" for table in tables]
        for row in range(height)
    ]


def layers_and_maps(model, rows):
    """The convolutions of a classifier, and what they answer to the first row."""
    import keras

    network = model.get_layer("network")
    layers = [layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D)]
    seen = keras.Model(network.input, [layer.output for layer in layers])
    return layers, [np.asarray(part)[0] for part in seen(model.get_layer("preprocess")(rows))]


def draw_layers(photo, edges, digit, kernels, maps):
    drawn, axes = figure(4, 4, width=2.9, height=2.5)
    for axis in axes:
        axis.set_axis_off()
        axis.set_title("", loc="left", fontsize=10)

    def show(axis, title, values, **colours):
        axis.imshow(values, **colours)
        axis.set_title(title, loc="left", fontsize=10)

    show(axes[0], "A picture", photo, cmap="gray")
    for axis, (name, values) in zip(axes[1:3], edges.items(), strict=True):
        show(axis, name.capitalize(), np.abs(values), cmap="gray_r")
    show(axes[3], f"A handwritten {digit[1]}", digit[0], cmap="gray_r")
    first = np.argsort(-np.ptp(maps[0], axis=(0, 1)))[:4]
    second = np.argsort(-np.ptp(maps[1], axis=(0, 1)))[:4]
    rows = (
        ("Layer 1: filter {}", kernels, first),
        ("Layer 1: what {} finds", maps[0], first),
        ("Layer 2: what {} finds", maps[1], second),
    )
    for start, (title, values, chosen) in zip((4, 8, 12), rows, strict=True):
        for axis, channel in zip(axes[start : start + 4], chosen, strict=True):
            own = values[:, :, channel]
            limit = np.abs(own).max()
            show(axis, title.format(channel + 1), own, cmap="PuOr", vmin=-limit, vmax=limit)
    return drawn
