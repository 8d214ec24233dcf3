"""What needs a hidden layer, or better features."""
# pyright: reportArgumentType=false
# Keras declares `verbose` as a str, and documents 0.

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .drawing import INK, ORANGE, VIOLET, Array, figure, style
from .neurons import accuracy_of
from .page import Lesson

if TYPE_CHECKING:
    from matplotlib.axes import Axes

QUIET = {"verbose": 0, "batch_size": 20_000}


def xor(lesson: Lesson) -> dict[str, Any]:
    """XOR: one neuron cannot learn it, one hidden layer can."""
    import kerakit as kk

    lesson.say(
        "Exclusive or (XOR) is true if exactly one of two inputs is true. No straight line has "
        "(0, 1) and (1, 0) on one side and (0, 0) and (1, 1) on the other. So one neuron "
        "classifies at most three of the four points correctly (Minsky and Papert 1969), and "
        "training by cross-entropy makes it predict one half for all of them. A hidden layer bends "
        "the plane before the last neuron draws its line."
    )
    corners = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")
    truth = np.array([0, 1, 1, 0])
    columns = {"a": corners[:, 0], "b": corners[:, 1]}
    data = kk.load_arrays(columns, truth, test=(columns, truth), validation_size=0)
    neuron = kk.logistic_classifier(data.spec)
    kk.compile(neuron, "binary")
    kk.fit(neuron, data, epochs=1, verbose=0)
    network = kk.mlp_classifier(data.spec, hidden=(4,), activation="tanh", dropout=0.0, bins=0)
    kk.compile(network, "adam", learning_rate=0.05)
    kk.fit(network, data, epochs=200, verbose=0)
    models = {"one neuron": neuron, "four hidden neurons": network}
    answers = {name: model.predict(columns, verbose=0)[:, 1] for name, model in models.items()}
    lesson.table(
        ["P(true) of", *(f"({a:.0f}, {b:.0f})" for a, b in corners)],
        [[name, *(f"{value:.3f}" for value in p)] for name, p in answers.items()],
    )

    drawn, axes = figure(2, width=4.4)
    for axis, (name, model) in zip(axes, models.items(), strict=True):
        draw_plane(axis, name, lambda a, b, m=model: m.predict({"a": a, "b": b}, **QUIET), 0.5, 1)
        draw_points(axis, corners, truth)
    lesson.picture(drawn, "P(true) in the plane: violet is above one half, orange is below.")
    lesson.next_job("tabular-classification", "classification with the same network, but wider")
    return {name: p.tolist() for name, p in answers.items()}


def unit_circle(lesson: Lesson) -> dict[str, Any]:
    """The unit circle: the right features make the problem linear."""
    import kerakit as kk

    lesson.say(
        "Is a point inside the circle of radius 1? No straight line separates the inside from the "
        "outside. A network with one hidden layer learns the circle if it sees enough points. But "
        "the question is linear in the squares of the coordinates: x1^2 + x2^2 < 1. With the "
        "squares as features, one neuron learns the circle from thirty points."
    )
    rng = np.random.default_rng(1)
    some, others = rng.uniform(-1.5, 1.5, (1000, 2)), rng.uniform(-1.5, 1.5, (1000, 2))
    plans = {
        "one neuron, 1000 points": (some, coordinates),
        "64 hidden neurons, 1000 points": (some, coordinates),
        "64 hidden neurons, 30 points": (some[:30], coordinates),
        "one neuron on squares, 30 points": (some[:30], squares),
    }
    models, accuracies = {}, {}
    for name, (points, features) in plans.items():
        split = {"test": (features(others), inside(others)), "validation_size": 0}
        data = kk.load_arrays(features(points), inside(points), **split)
        if "hidden" in name:
            hidden = {"hidden": (64,), "activation": "tanh", "dropout": 0.0, "bins": 0}
            model = kk.mlp_classifier(data.spec, **hidden)
            kk.compile(model, "adam", learning_rate=0.01)
        else:
            model = kk.logistic_classifier(data.spec, l2=1e-4)
            kk.compile(model, "binary")
        kk.fit(model, data, epochs=200, batch_size=30, verbose=0)
        p = model.predict(features(others), verbose=0)[:, 1]
        models[name], accuracies[name] = model, accuracy_of(p, inside(others))
    lesson.table(
        ["", "accuracy on 1000 other points"],
        [[name, f"{accuracy:.1%}"] for name, accuracy in accuracies.items()],
    )

    drawn, axes = figure(2, 2, width=3.9, height=3.9)
    turn = np.linspace(0, 2 * np.pi, 100)
    for axis, (name, (points, features)) in zip(axes, plans.items(), strict=True):
        title, model = name.replace(", ", "\n"), models[name]

        def answer(a, b, model=model, features=features):
            return model.predict(features(np.stack([a, b], axis=1)), **QUIET)

        draw_plane(axis, title, answer, 0, 1.5)
        draw_points(axis, points[:30], inside(points[:30]))
        axis.plot(np.cos(turn), np.sin(turn), color=INK, linewidth=1, linestyle=":")
    lesson.picture(
        drawn, "Thirty of the points, the circle (dotted), and the prediction of each model."
    )
    lesson.next_job("tabular-classification", "classification on your own columns")
    return accuracies


def inside(points: Array) -> Array:
    return (np.sum(points**2, axis=1) < 1).astype(int)


def coordinates(points: Array) -> dict[str, Array]:
    return {"x1": points[:, 0], "x2": points[:, 1]}


def squares(points: Array) -> dict[str, Array]:
    return {"s1": points[:, 0] ** 2, "s2": points[:, 1] ** 2}


def draw_plane(
    axis: Axes, title: str, answer: Callable[[Array, Array], Array], middle: float, reach: float
) -> None:
    """Paint the probability of the second class over a square of the plane."""
    low, high = middle - reach, middle + reach
    side = np.linspace(low, high, 120)
    a, b = (values.ravel() for values in np.meshgrid(side, side))
    p = answer(a, b)[:, 1].reshape(120, 120)
    style(axis, title, "", "")
    axis.grid(False)
    axis.set_xticks([low, middle, high])
    axis.set_yticks([low, middle, high])
    extent = {"origin": "lower", "extent": (low, high, low, high)}
    axis.imshow(p, cmap="PuOr", vmin=0, vmax=1, alpha=0.75, **extent)
    if np.ptp(p) > 0.01:  # else the prediction is the same everywhere, and there is no border
        axis.contour(side, side, p, levels=[0.5], colors=INK, linewidths=1.5)


def draw_points(axis: Axes, points: Array, truth: Array) -> None:
    look = {"markeredgecolor": "white", "markersize": 7}
    for value, colour in ((1, VIOLET), (0, ORANGE)):
        axis.plot(*points[truth == value].T, "o", color=colour, **look)
