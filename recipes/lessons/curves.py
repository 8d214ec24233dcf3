"""Activations and losses, and the surfaces that a network of them can approximate."""
# pyright: reportArgumentType=false
# Keras declares `verbose` as a str, and documents 0.

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .drawing import BLUE, GREEN, GREY, INK, ORANGE, Array, figure, legend, style
from .page import Lesson

if TYPE_CHECKING:
    import keras
    from matplotlib.figure import Figure


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


# name in Keras: (formula of the value, formula of the slope)
ACTIVATIONS = {
    "sigmoid": (sigmoid, lambda x: sigmoid(x) * (1 - sigmoid(x))),
    "tanh": (np.tanh, lambda x: 1 - np.tanh(x) ** 2),
    "relu": (lambda x: np.maximum(x, 0), lambda x: np.where(x > 0, 1.0, 0.0)),
    "softplus": (lambda x: np.log1p(np.exp(x)), sigmoid),
    "leaky_relu": (lambda x: np.where(x > 0, x, 0.2 * x), lambda x: np.where(x > 0, 1.0, 0.2)),
}


def activations_and_losses(lesson: Lesson) -> dict[str, Any]:
    """Activations and losses: their curves and slopes."""
    import keras

    lesson.say(
        "Two linear layers in a row are one linear layer. A nonlinear function between them, the "
        "activation, makes the network more than a line. Training needs the slope of the "
        "activation, because backpropagation multiplies the error by it. The slope of the sigmoid "
        "is at most 1/4, and nearly 0 for large inputs. The slope of ReLU is 1 for all positive "
        "inputs. The curves here are computed by Keras and compared with their formulas."
    )
    x = np.linspace(-4, 4, 400).astype("float32")  # without 0, where the slope of ReLU jumps
    curves, differences = {}, {}
    for name, (formula, slope_formula) in ACTIVATIONS.items():
        curves[name] = value_and_slope(keras.activations.get(name), x)
        differences[name] = max_difference(curves[name][0], formula(x))
        differences[f"slope of {name}"] = max_difference(curves[name][1], slope_formula(x))
    at = np.array([-2.0, 0.0, 2.0], "float32")
    values = {name: np.asarray(keras.activations.get(name)(at)) for name in ACTIVATIONS}
    lesson.table(
        ["activation", "at -2", "at 0", "at 2", "largest slope"],
        [[name, *values[name], f"{slope.max():.3f}"] for name, (_, slope) in curves.items()],
    )

    p = np.linspace(0.01, 0.99, 99).astype("float32")[:, None]
    truth = np.ones_like(p)
    losses = {
        "cross-entropy": np.asarray(keras.losses.binary_crossentropy(truth, p)),
        "squared error": np.asarray(keras.losses.mean_squared_error(truth, p)),
    }
    differences["binary cross-entropy"] = max_difference(losses["cross-entropy"], -np.log(p[:, 0]))
    differences["squared error"] = max_difference(losses["squared error"], (1 - p[:, 0]) ** 2)
    costs = {name: float(values[0]) for name, values in losses.items()}
    lesson.say(
        "A loss measures how wrong a prediction is. If the truth is 1, a prediction of 0.01 has a "
        f"squared error of {costs['squared error']:.2f} and a cross-entropy, -log p, of "
        f"{costs['cross-entropy']:.2f}. The cross-entropy has no upper limit: a confident error "
        "costs the most."
    )

    scores = np.stack([x, np.ones_like(x), np.full_like(x, 0.1)], axis=1)
    probabilities = np.asarray(keras.activations.softmax(scores))
    by_hand = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    differences["softmax"] = max_difference(probabilities, by_hand)
    first = np.tile(np.eye(3, dtype="float32")[0], (len(x), 1))
    softmax_losses = np.asarray(keras.losses.categorical_crossentropy(first, probabilities))
    differences["categorical cross-entropy"] = max_difference(
        softmax_losses, -np.log(by_hand[:, 0])
    )
    soft = np.asarray(keras.activations.softmax(np.array([[2.0, 1.0, 0.1]], "float32")))
    categorical = float(np.asarray(keras.losses.categorical_crossentropy(first[:1], soft))[0])
    lesson.say(
        "Softmax turns scores into probabilities: each probability is the exponential of the score "
        "divided by the sum of all exponentials. The scores 2, 1 and 0.1 become "
        f"{', '.join(f'{v:.3f}' for v in soft[0])}. If the first class is the truth, the "
        f"categorical cross-entropy is -log {soft[0, 0]:.3f} = {categorical:.3f}."
    )
    largest = max(differences.values())
    lesson.say(f"The values of Keras differ from the formulas by at most {largest:.0e}.")
    lesson.picture(
        draw_curves(x, curves, probabilities, p[:, 0], losses),
        "Activations, their slopes, the softmax of the scores x, 1 and 0.1, and two losses.",
    )
    lesson.next_job("tabular-classification", "the preset chooses the loss of the task")
    return {
        "differences": differences,
        "values": values,
        "steepest": {name: float(slope.max()) for name, (_, slope) in curves.items()},
        "costs": costs,
        "softmax": soft[0].tolist(),
        "categorical": categorical,
    }


def value_and_slope(function: Callable[..., Any], x: Array) -> tuple[Array, Array]:
    """The value of a Keras function at x, and its slope by automatic differentiation."""
    import tensorflow as tf

    point = tf.Variable(x)
    with tf.GradientTape() as tape:
        value = function(point)
    return np.asarray(value), np.asarray(tape.gradient(value, point))


def max_difference(values: Array, others: Array) -> float:
    return float(np.abs(values - others).max())


def draw_curves(
    x: Array,
    curves: dict[str, tuple[Array, Array]],
    probabilities: Array,
    p: Array,
    losses: dict[str, Array],
) -> Figure:
    drawn, (left, right, soft, loss) = figure(2, 2, height=3.4)
    style(left, "Activations", "x", "")
    style(right, "Slopes of the activations", "x", "")
    looks = ((BLUE, "-"), (ORANGE, "-"), (INK, "-"), (GREEN, "-"), ("#a06cc8", "--"))
    for (name, (value, slope)), (colour, line) in zip(curves.items(), looks, strict=True):
        left.plot(x, value, line, color=colour, label=name)
        right.plot(x, slope, line, color=colour)
    left.set_ylim(-1.5, 3)
    style(soft, "Softmax", "the first score, x", "")
    for score, values, colour in zip(
        ("x", "1", "0.1"), probabilities.T, (BLUE, ORANGE, INK), strict=True
    ):
        soft.plot(x, values, color=colour, label=f"probability of the score {score}")
    style(loss, "Losses if the truth is 1", "prediction", "")
    for (name, values), colour in zip(losses.items(), (BLUE, ORANGE), strict=True):
        loss.plot(p, values, color=colour, label=name)
    for axis in (left, soft, loss):
        legend(axis)
    return drawn


def universal_approximation(lesson: Lesson) -> dict[str, Any]:
    """Universal approximation: more hidden units fit finer shapes."""
    lesson.say(
        "One hidden layer can approximate any continuous surface if it has enough units (Cybenko "
        "1989; Hornik 1991). Here networks with 4, 16 and 64 hidden units learn the surface "
        "f(x1, x2) = sin(pi x1) / (x2^2 + 1) from 1000 points. The error is measured on 500 other "
        "points."
    )
    rng = np.random.default_rng(0)
    x, x_test = rng.uniform(-1, 1, (1000, 2)), rng.uniform(-1, 1, (500, 2))
    models = {units: train_network(x, {"f": surface(x)}, units) for units in (4, 16, 64)}
    errors = {
        units: rmse(model.predict(columns(x_test), verbose=0), surface(x_test))
        for units, model in models.items()
    }
    parameters = {units: model.count_params() for units, model in models.items()}
    lesson.table(
        ["hidden units", "parameters", "RMSE on other points"],
        [[units, parameters[units], errors[units]] for units in models],
    )
    both = train_network(x, {"f": surface(x), "g": other_surface(x)}, 64)
    answer = np.asarray(both.predict(columns(x_test), verbose=0))
    several = [rmse(answer[:, 0], surface(x_test)), rmse(answer[:, 1], other_surface(x_test))]
    lesson.say(
        "Several outputs can share a hidden layer. A network of 64 units that predicts f and "
        f"g(x1, x2) = cos(pi x1) x2 has an RMSE of {several[0]:.3f} for f and of {several[1]:.3f} "
        "for g."
    )
    lesson.picture(
        draw_surfaces(models),
        "The surface f, and the errors of the networks with 4, 16 and 64 hidden units.",
    )
    lesson.next_job("tabular-regression", "regression on many columns")
    return {"errors": errors, "parameters": parameters, "several": several}


def surface(x: Array) -> Array:
    return np.sin(np.pi * x[:, 0]) / (x[:, 1] ** 2 + 1)


def other_surface(x: Array) -> Array:
    return np.cos(np.pi * x[:, 0]) * x[:, 1]


def columns(x: Array) -> dict[str, Array]:
    return {"x1": x[:, 0], "x2": x[:, 1]}


def train_network(x: Array, targets: dict[str, Array], units: int) -> keras.Model:
    """A network with one hidden layer, trained on the points x."""
    import kerakit as kk

    data = kk.load_arrays(columns(x), targets, test=(columns(x), targets), validation_size=0)
    plain = {"activation": "tanh", "dropout": 0.0, "bins": 0}
    model = kk.mlp_regressor(data.spec, hidden=(units,), **plain)
    kk.compile(model, "regression", learning_rate=0.03)
    kk.fit(model, data, epochs=300, batch_size=100, verbose=0)
    return model


def rmse(answer: Array, truth: Array) -> float:
    return float(np.sqrt(np.mean((np.asarray(answer).reshape(truth.shape) - truth) ** 2)))


def draw_surfaces(models: dict[int, keras.Model]) -> Figure:
    side = np.linspace(-1, 1, 80)
    grid = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    truth = surface(grid)
    errors = {
        f"{units} units minus f": model.predict(columns(grid), verbose=0, batch_size=6400) - truth
        for units, model in models.items()
    }
    drawn, axes = figure(2, 2, width=4.0, height=4.3)
    square = {"origin": "lower", "extent": (-1, 1, -1, 1), "cmap": "PuOr"}
    for axis, (name, values) in zip(axes, {"f": truth, **errors}.items(), strict=True):
        limit = 1.0 if name == "f" else 0.06
        style(axis, name, "x1", "x2")
        axis.grid(False)
        axis.set_xticks([-1, 0, 1])
        axis.set_yticks([-1, 0, 1])
        image = axis.imshow(values.reshape(80, 80), vmin=-limit, vmax=limit, **square)
        if name == "f":
            levels = np.linspace(-0.9, 0.9, 7)
            axis.contour(side, side, truth.reshape(80, 80), levels, colors=GREY, linewidths=0.7)
        bar = drawn.colorbar(image, ax=axis, shrink=0.8, ticks=[-limit, 0, limit])
        bar.ax.tick_params(labelsize=8)
    return drawn
