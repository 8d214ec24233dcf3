"""The curves that networks are made of, and what can be made of them."""

import numpy as np

from lessons.drawing import BLUE, GREY, INK, ORANGE, figure, legend, style

ACTIVATIONS = {
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "tanh": np.tanh,
    "relu": lambda x: np.maximum(x, 0),
    "softplus": lambda x: np.log1p(np.exp(x)),
    "leaky_relu": lambda x: np.where(x > 0, x, 0.2 * x),
}
SLOPES = {
    "sigmoid": lambda x: ACTIVATIONS["sigmoid"](x) * (1 - ACTIVATIONS["sigmoid"](x)),
    "tanh": lambda x: 1 - np.tanh(x) ** 2,
    "relu": lambda x: (x > 0) * 1.0,
    "softplus": lambda x: ACTIVATIONS["sigmoid"](x),
    "leaky_relu": lambda x: np.where(x > 0, 1.0, 0.2),
}


def activations_and_losses(lesson):
    """Activations and losses: the curves, and their slopes."""
    import keras
    import tensorflow as tf

    lesson.say(
        "Without a bend between them, two layers are one: a line of a line is a line. The bend is "
        "the activation. What counts in training is its slope, which the error is multiplied "
        "with on its way back: that of the sigmoid is 1/4 at most and nearly 0 far out, that of "
        "ReLU is 1 wherever it is on. All curves here are Keras' own."
    )
    x = np.linspace(-4, 4, 401).astype("float32")
    off, rows, curves = {}, [], {}
    for name, formula in ACTIVATIONS.items():
        point = tf.Variable(x)
        with tf.GradientTape() as tape:
            value = keras.activations.get(name)(point)
        slope = tape.gradient(value, point)
        curves[name] = value.numpy(), slope.numpy()
        beside = np.abs(x) > 1e-6  # at 0 ReLU has no slope
        off[name] = max(
            np.abs(curves[name][0] - formula(x)).max(),
            np.abs(curves[name][1] - SLOPES[name](x))[beside].max(),
        )
        at = [float(curves[name][0][np.argmin(np.abs(x - v))]) for v in (-2, 0, 2)]
        rows.append([name, *at, float(curves[name][1].max())])
    lesson.table(["activation", "at -2", "at 0", "at 2", "steepest"], rows)

    p = np.linspace(0.01, 0.99, 99).astype("float32")
    ones = np.ones((99, 1), "float32")
    binary = keras.losses.BinaryCrossentropy(reduction=None)(ones, p[:, None]).numpy()
    squared = keras.losses.MeanSquaredError(reduction=None)(ones, p[:, None]).numpy()
    off["binary cross-entropy"] = np.abs(binary + np.log(p)).max()
    off["squared error"] = np.abs(squared - (1 - p) ** 2).max()
    lesson.say(
        "A loss says how bad an answer is. Where the truth is 1, an answer of 0.01 costs "
        f"{squared[0]:.2f} by squared error and {binary[0]:.2f} by cross-entropy, -log p, which "
        "has no upper limit: being sure and wrong is the worst."
    )
    scores = np.array([[2.0, 1.0, 0.1]], "float32")
    soft = keras.activations.softmax(scores).numpy()[0]
    by_hand = np.exp(scores[0]) / np.exp(scores[0]).sum()
    categorical = float(keras.losses.CategoricalCrossentropy()(np.eye(3)[:1], soft[None]))
    off["softmax"] = np.abs(soft - by_hand).max()
    off["categorical cross-entropy"] = abs(categorical + np.log(by_hand[0]))
    lesson.say(
        "Softmax makes probabilities of any scores: exp of each over the sum. The scores 2, 1 and "
        f"0.1 become {', '.join(f'{v:.3f}' for v in soft)}; if the first class is the truth, the "
        f"categorical cross-entropy is -log {soft[0]:.3f} = {categorical:.3f}."
    )
    worst = max(map(float, off.values()))
    lesson.say(f"No value of Keras is further than {worst:.0e} from its formula.")

    drawn, (left, middle, right) = figure(3, width=4.6)
    style(left, "Activations", "x", "")
    style(middle, "Their slopes", "x", "")
    for (name, (value, slope)), colour in zip(
        curves.items(), (BLUE, ORANGE, INK, "#3a8f5c", "#8a5aa8"), strict=True
    ):
        left.plot(x, value, color=colour, label=name)
        middle.plot(x, slope, color=colour)
    left.set_ylim(-1.5, 3)
    legend(left)
    style(right, "Losses where the truth is 1", "answer", "")
    right.plot(p, binary, color=BLUE, label="cross-entropy")
    right.plot(p, squared, color=ORANGE, label="squared error")
    legend(right)
    lesson.picture(drawn, "Activations, the slopes that training works with, and two losses.")
    lesson.goes_on("tabular_classification.py", "presets choose loss and rate for you")
    return {"off": off, "softmax": soft.tolist(), "categorical": categorical}


def universal_approximation(lesson):
    """Universal approximation: more hidden units, finer shapes."""
    import kerakit as kk

    lesson.say(
        "One hidden layer can follow any continuous surface, if it is wide enough (Cybenko 1989; "
        "Hornik 1991). Here it is f(x1, x2) = sin(pi x1) / (x2^2 + 1), learned from 1000 points "
        "by 4, 16 and 64 hidden units and measured on 500 others."
    )
    rng = np.random.default_rng(0)
    x, x_test = rng.uniform(-1, 1, (1000, 2)), rng.uniform(-1, 1, (500, 2))
    errors, models = {}, {}
    for units in (4, 16, 64):
        errors[units], models[units] = learned(kk, x, surface(x), x_test, surface(x_test), units)
    lesson.table(
        ["hidden units", "parameters", "RMSE on the others"],
        [[u, models[u].count_params(), e] for u, e in errors.items()],
    )
    slopes = np.stack([surface(x), np.cos(np.pi * x[:, 0]) * x[:, 1]], axis=1)
    other = np.stack([surface(x_test), np.cos(np.pi * x_test[:, 0]) * x_test[:, 1]], axis=1)
    both, _ = learned(kk, x, slopes, x_test, other, 64)
    lesson.say(
        "Several outputs share the hidden layer. A network of 64 units that gives f and also "
        f"g(x1, x2) = cos(pi x1) x2 has an RMSE of {both:.3f} over both."
    )
    drawn, axes = figure(4, width=3.6, height=3.8)
    side = np.linspace(-1, 1, 80)
    grid = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    pictures = {"f itself": surface(grid)} | {
        f"{u} units": m.predict(columns(grid), verbose=0, batch_size=6400).ravel()
        for u, m in models.items()
    }
    for axis, (name, values) in zip(axes, pictures.items(), strict=True):
        style(axis, name, "x1", "x2")
        axis.imshow(
            values.reshape(80, 80),
            origin="lower",
            extent=(-1, 1, -1, 1),
            cmap="PuOr",
            vmin=-1,
            vmax=1,
        )
        axis.contour(side, side, values.reshape(80, 80), levels=7, colors=GREY, linewidths=0.7)
    lesson.picture(drawn, "The surface, and what 4, 16 and 64 hidden units make of it.")
    lesson.goes_on("tabular_regression.py", "surfaces over many columns")
    return {"errors": errors, "both": both}


def surface(x):
    return np.sin(np.pi * x[:, 0]) / (x[:, 1] ** 2 + 1)


def columns(x):
    return {name: part.astype("float32") for name, part in zip(("x1", "x2"), x.T, strict=True)}


def learned(kk, x, y, x_test, y_test, units):
    """Train a network of one hidden layer; return its RMSE on other points, and itself."""
    targets = y if y.ndim == 1 else {f"y{i}": part for i, part in enumerate(y.T, 1)}
    tests = y_test if y.ndim == 1 else {f"y{i}": part for i, part in enumerate(y_test.T, 1)}
    data = kk.load_arrays(columns(x), targets, test=(columns(x_test), tests), validation_size=0)
    model = kk.mlp_regressor(data.spec, hidden=(units,), activation="tanh", dropout=0.0, bins=0)
    kk.compile(model, "regression", learning_rate=0.03)
    kk.fit(model, data, epochs=300, batch_size=100, verbose=0)
    answer = np.asarray(model.predict(columns(x_test), verbose=0)).reshape(y_test.shape)
    return float(np.sqrt(np.mean((answer - y_test) ** 2))), model
