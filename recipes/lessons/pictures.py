"""Convolution: the same small pattern looked for everywhere in a picture."""

import numpy as np

from lessons.drawing import figure

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
FILTER = np.array([[1, 0, 1], [0, 1, 0], [1, 0, 1]])
POOLED = np.array([[1, 2, 3, 1], [1, 1, 1, 1], [2, 3, 1, 6], [8, 1, 4, 5]])
EDGES = {
    "upright edges": np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]),
    "level edges": np.array([[-1, -2, -1], [0, 0, 0], [1, 2, 1]]),
}


def convolution(lesson):
    """Convolution: the same filter everywhere."""
    import keras
    from sklearn.datasets import load_sample_image

    import kerakit as kk

    lesson.say(
        "A filter of 3 x 3 weights is laid on every place of a picture, and what lies under it is "
        "multiplied and added up. Of 7 x 7 ones and zeros, 5 x 5 sums remain:"
    )
    sums = filtered(IMAGE, FILTER).astype(int)
    lesson.table([""] * 5, [[str(v) for v in row] for row in sums])
    lesson.say(
        "Max pooling keeps the largest of every 2 x 2, so that a small shift changes little:"
    )
    layer = keras.layers.MaxPooling2D(2)
    pooled = np.asarray(layer(POOLED[None, :, :, None].astype("float32")))[0, :, :, 0].astype(int)
    lesson.table([""] * 2, [[str(v) for v in row] for row in pooled])

    photo = load_sample_image("china.jpg")[::3, ::3].mean(axis=-1)
    edges = {name: filtered(photo, kernel) for name, kernel in EDGES.items()}
    lesson.say(
        "Weights of both signs find edges: they answer 0 where a picture is plain, and most where "
        "dark meets bright. Before 2012 such filters were made by hand. A network learns its own."
    )
    data = kk.load_builtin("digits")
    model = kk.cnn_classifier(data.spec, arch="lenet")
    kk.compile(model, "image_classification")
    kk.fit(model, data, epochs=10, verbose=0)
    test = data.table("test")
    (name,) = data.spec.feature_names
    pixels = np.asarray(test.features[name])
    right = float(np.mean(model.predict({name: pixels}, verbose=0).argmax(-1) == test.target))
    network = model.get_layer("network")
    layers = [part for part in network.layers if isinstance(part, keras.layers.Conv2D)]
    lesson.say(
        f"kk.cnn_classifier has {right:.1%} of {len(pixels)} handwritten digits right after ten "
        f"epochs. Its {len(layers)} convolutions have "
        f"{', '.join(str(part.filters) for part in layers)} filters, each layer built on what "
        "the one below has found."
    )
    seen = keras.Model(network.input, [part.output for part in layers])
    digit = model.get_layer("preprocess")({name: pixels[:1]})
    maps = [np.asarray(part)[0] for part in seen(digit)]

    drawn, axes = figure(4, 3, width=3.0, height=2.6)
    for axis in axes:
        axis.set_axis_off()
    top, middle, bottom = axes[:4], axes[4:8], axes[8:]
    shown = [("A picture", photo, "gray")] + [(n, np.abs(v), "gray_r") for n, v in edges.items()]
    for axis, (title, values, colours) in zip(top, shown, strict=False):
        axis.imshow(values, cmap=colours)
        axis.set_title(title, fontsize=10, loc="left")
    top[3].imshow(pixels[0, :, :, 0], cmap="gray_r")
    top[3].set_title(f"A {data.spec.classes[int(test.target[0])]}", fontsize=10, loc="left")
    for row, (place, found) in zip((middle, bottom), [(0, maps[0]), (-1, maps[-1])], strict=True):
        strongest = np.argsort(-found.max(axis=(0, 1)))[:4]
        for axis, channel in zip(row, strongest, strict=True):
            axis.imshow(found[:, :, channel], cmap="gray_r")
            layer_number = place + 1 if place >= 0 else len(maps)
            axis.set_title(f"layer {layer_number}, filter {channel + 1}", fontsize=9, loc="left")
    lesson.picture(drawn, "Edges of a photograph; what learned filters see in a digit, by layer.")
    lesson.goes_on("image_cnn.py", "pictures of your own, a folder per class")
    return {"sums": sums, "pooled": pooled, "right": right}


def filtered(picture, kernel):
    """Keras' convolution of a picture of shape (height, width) with a kernel of 3 x 3."""
    from keras import ops

    picture = picture[None, :, :, None].astype("float32")
    return np.asarray(ops.conv(picture, kernel[:, :, None, None].astype("float32")))[0, :, :, 0]
