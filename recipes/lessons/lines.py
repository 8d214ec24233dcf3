"""Fit a line and a curve: least squares, gradient descent, underfitting and overfitting."""
# pyright: reportArgumentType=false
# Keras declares `verbose` as a str, and documents 0.

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .drawing import BLUE, GREY, INK, ORANGE, Array, figure, legend, style
from .page import Lesson

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def linear_regression(lesson: Lesson) -> dict[str, Any]:
    """Linear regression: the closed form and gradient descent."""
    import kerakit as kk

    lesson.say(
        "The data are forty points of the line y = 1 + 2 x, with noise. The best line has the "
        "smallest mean squared error. As a function of the two parameters the error has the shape "
        "of a bowl. A formula gives its lowest point: (X'X)^-1 X'y, where X has a column of ones "
        "and the column x."
    )
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, 40)
    y = 1 + 2 * x + rng.normal(0, 0.3, 40)
    X = np.stack([np.ones_like(x), x], axis=1)
    exact = np.linalg.solve(X.T @ X, X.T @ y)
    lesson.say(f"Closed form: y = {exact[0]:.4f} + {exact[1]:.4f} x.")

    lesson.say(
        "Gradient descent finds the same point in many small steps. The gradient of the error, "
        "2/n X'(X w - y), points uphill. Each step subtracts the gradient times the step size, "
        "here 0.1. After 200 steps the parameters differ from the closed form by less than 0.001."
    )
    path = descend(X, y, 0.1, 200)
    lesson.table(
        ["step", "loss", "gradient", "intercept", "slope"],
        [
            [
                step,
                f"{error(X, y, path[step]):.4f}",
                f"{np.linalg.norm(gradient(X, y, path[step])):.1e}",
                *(f"{value:.4f}" for value in path[step]),
            ]
            for step in range(0, 201, 20)
        ],
    )

    lesson.say(
        "The step size matters. With 0.01, 200 steps do not reach the lowest point. With 1.2, each "
        "step jumps over the lowest point and ends higher than it started: the loss diverges."
    )
    verdicts = {0.01: "too small", 0.1: "right", 1.2: "too large: the loss diverges"}
    losses = {rate: error(X, y, descend(X, y, rate, 200)[-1]) for rate in verdicts}
    lesson.table(
        ["step size", "loss after 200 steps", ""],
        [[rate, losses[rate], verdict] for rate, verdict in verdicts.items()],
    )

    data = kk.load_arrays({"x": x}, y, test=({"x": x}, y), validation_size=0)
    model = kk.linear_regressor(data.spec)
    kk.compile(model, "regression")
    kk.fit(model, data, epochs=1, verbose=0)
    at_zero, at_one = model.predict({"x": np.array([0.0, 1.0], "float32")}, verbose=0)
    lesson.say(
        "kerakit's `linear_regressor` needs no steps: `fit` solves it by the closed form. It is "
        f"y = {at_zero:.4f} + {at_one - at_zero:.4f} x. (Compiled with the preset `sgd` it "
        "descends step by step.)"
    )

    slow = descend(X, y, 0.01, 200)
    lesson.picture(
        draw_line_and_cost(x, y, exact, {"step size 0.1": path, "step size 0.01": slow}),
        "Left: forty points and the best line. Right: the error as a function of the two "
        "parameters, and the steps of gradient descent.",
    )
    lesson.next_job("tabular-regression", "regression on many columns, numbers and categories")
    return {
        "exact": exact,
        "path": path,
        "losses": losses,
        "kerakit": (float(at_zero), float(at_one - at_zero)),
    }


def error(X: Array, y: Array, w: Array) -> float:
    """The mean squared error of the parameters w."""
    return float(np.mean((X @ w - y) ** 2))


def gradient(X: Array, y: Array, w: Array) -> Array:
    """The gradient of the mean squared error with respect to w."""
    return 2 / len(y) * X.T @ (X @ w - y)


def descend(X: Array, y: Array, rate: float, steps: int) -> Array:
    """The parameters after 0, 1, ... steps of gradient descent from (0, 0)."""
    path = [np.zeros(X.shape[1])]
    for _ in range(steps):
        path.append(path[-1] - rate * gradient(X, y, path[-1]))
    return np.array(path)


def draw_line_and_cost(x: Array, y: Array, exact: Array, paths: dict[str, Array]) -> Figure:
    drawn, (left, right) = figure(2)
    style(left, "The line", "x", "y")
    left.plot(x, y, ".", color=GREY)
    ends = np.array([-1.0, 1.0])
    left.plot(ends, exact[0] + exact[1] * ends, color=BLUE)
    style(right, "The error, and gradient descent", "intercept", "slope")
    a, b = np.meshgrid(np.linspace(-0.5, 2.2, 80), np.linspace(-0.5, 3.2, 80))
    cost = np.mean((a[..., None] + b[..., None] * x - y) ** 2, axis=-1)
    levels = np.geomspace(cost.min() * 1.05, cost.max(), 14)
    right.contour(a, b, cost, levels=levels, colors="#c9ccd1")
    for (name, path), colour, dots in zip(paths.items(), (ORANGE, INK), (".", None), strict=True):
        right.plot(path[:, 0], path[:, 1], marker=dots, color=colour, label=name)
    right.plot(*exact, "x", color=BLUE, markersize=9, label="closed form")
    legend(right)
    return drawn


def polynomial_regression(lesson: Lesson) -> dict[str, Any]:
    """Polynomial regression: underfitting and overfitting."""
    import kerakit as kk

    lesson.say(
        "Polynomials of degree 1 to 20 are fitted to thirty noisy points of a sine, and tested on "
        "two hundred other points. The training error can only fall with the degree. The test "
        "error falls, stays the same, and then grows, because the curve begins to follow the "
        "noise."
    )
    rng = np.random.default_rng(3)
    x, y = points(rng, 30)
    x_test, y_test = points(rng, 200)
    errors = {}
    for degree in range(1, 21):
        curve = np.polynomial.Legendre.fit(x, y, degree, domain=[-1, 1])
        errors[degree] = [np.mean((curve(a) - b) ** 2) for a, b in ((x, y), (x_test, y_test))]
    best = min(errors, key=lambda degree: errors[degree][1])
    verdicts = {
        1: "underfitting: both errors are high",
        best: "right: the lowest test error",
        20: "overfitting: the test error is far above the training error",
    }
    lesson.table(
        ["degree", "training error", "test error", ""],
        [[degree, *pair, verdicts.get(degree, "")] for degree, pair in errors.items()],
    )

    lesson.say(
        "A penalty keeps the curve of degree 20 smooth. Ridge regression minimises the mean "
        "squared error plus 0.01 times the sum of the squared weights. With the powers of x as "
        "twenty columns this is `linear_regressor(l2=0.01)`. Ridge regression also has a closed "
        "form: (Z'Z + 0.01 n I)^-1 Z'y, where Z holds the standardised columns."
    )
    data = kk.load_arrays(powers(x), y, test=(powers(x_test), y_test), validation_size=0)
    model = kk.linear_regressor(data.spec, l2=0.01)
    kk.compile(model, "regression")
    kk.fit(model, data, epochs=1, verbose=0)
    grid = np.linspace(-1, 1, 200)
    network = model.predict(powers(x_test), verbose=0)
    closed = ridge(x, y, 0.01)
    difference = float(np.abs(network - closed(x_test)).max())
    penalised = float(np.mean((network - y_test) ** 2))
    lesson.table(
        ["degree 20", "test error"],
        [
            ["without penalty", errors[20][1]],
            ["linear_regressor(l2=0.01)", penalised],
            ["ridge regression, closed form", np.mean((closed(x_test) - y_test) ** 2)],
        ],
    )
    lesson.say(
        f"The answers of the two differ by at most {difference:.0e}. (The builder "
        "`polynomial_regressor` computes the powers itself.)"
    )
    curves = {
        f"degree {d}": np.polynomial.Legendre.fit(x, y, d, domain=[-1, 1])(grid)
        for d in (1, best, 20)
    }
    curves["degree 20, penalised"] = model.predict(powers(grid), verbose=0)
    penalties = np.geomspace(1e-10, 10, 56)
    by_penalty = [
        [np.mean((ridge(x, y, p)(a) - b) ** 2) for a, b in ((x, y), (x_test, y_test))]
        for p in penalties
    ]
    lesson.picture(
        draw_polynomials(x, y, grid, curves, errors, penalties, by_penalty),
        "Left: polynomials of degree 1, of the best degree, and of degree 20 without and with a "
        "penalty. Middle: the errors by degree. Right: the errors by penalty.",
    )
    lesson.next_job("tabular-regression", "regression with a network instead of powers")
    return {"errors": errors, "best": best, "penalised": penalised, "difference": difference}


def points(rng: np.random.Generator, count: int) -> tuple[Array, Array]:
    """Noisy points of a sine."""
    x = np.sort(rng.uniform(-1, 1, count))
    return x, np.sin(np.pi * x) + rng.normal(0, 0.25, count)


def powers(x: Array) -> dict[str, Array]:
    """x, x^2, ..., x^20 as the columns x1, x2, ..., x20 of a table."""
    return {f"x{degree}": x**degree for degree in range(1, 21)}


def ridge(x: Array, y: Array, alpha: float) -> Callable[[Array], Array]:
    """The polynomial of degree 20 that minimises the mean squared error plus the penalty."""

    def columns(values: Array) -> Array:
        return np.stack(list(powers(values).values()), axis=1)

    mean, std = columns(x).mean(axis=0), columns(x).std(axis=0)
    Z = (columns(x) - mean) / std
    penalty = alpha * len(y) * np.eye(20)
    w = np.linalg.solve(Z.T @ Z + penalty, Z.T @ (y - y.mean()))
    return lambda values: y.mean() + (columns(values) - mean) / std @ w


def draw_polynomials(
    x: Array,
    y: Array,
    grid: Array,
    curves: dict[str, Array],
    errors: dict[int, list[float]],
    penalties: Array,
    by_penalty: list[list[float]],
) -> Figure:
    drawn, (left, middle, right) = figure(3, width=3.7, height=3.8)
    style(left, "Four curves", "x", "y")
    left.plot(x, y, ".", color=GREY)
    looks = ((INK, "-"), (BLUE, "-"), (ORANGE, "-"), (BLUE, "--"))
    for (name, values), (colour, line) in zip(curves.items(), looks, strict=True):
        left.plot(grid, values, line, color=colour, label=name)
    left.set_ylim(-2.2, 2.2)
    style(middle, "Error by degree", "degree", "mean squared error")
    style(right, "Degree 20: error by penalty", "penalty", "mean squared error")
    for index, (name, colour) in enumerate((("training", BLUE), ("test", ORANGE))):
        values = [pair[index] for pair in errors.values()]
        middle.semilogy(list(errors), values, ".-", color=colour, label=name)
        values = [pair[index] for pair in by_penalty]
        right.loglog(penalties, values, color=colour, label=name)
    middle.set_xticks(range(2, 21, 3))
    for axis in (left, middle, right):
        legend(axis)
    return drawn
