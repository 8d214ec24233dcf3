"""Fitting a line, and a curve: least squares, gradient descent, under- and over-fitting."""

import numpy as np

from .drawing import BLUE, GREY, INK, ORANGE, figure, legend, style


def linear_regression(lesson):
    """Linear regression: the closed form and gradient descent."""
    import kerakit as kk

    lesson.say(
        "Forty points lie near a line, y = 1 + 2 x and noise. The best line is the one with the "
        "smallest mean squared error. That error is a bowl over the two parameters, so its lowest "
        "point can be written down: (X'X)^-1 X'y, where X has a column of ones beside x."
    )
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, 40)
    y = 1 + 2 * x + rng.normal(0, 0.3, 40)
    X = np.stack([np.ones_like(x), x], axis=1)
    exact = np.linalg.solve(X.T @ X, X.T @ y)
    lesson.say(f"Closed form: y = {exact[0]:.4f} + {exact[1]:.4f} x.")

    lesson.say(
        "Gradient descent finds the same point without solving anything. The gradient of the "
        "error, 2/n X'(X w - y), points uphill; each step goes against it, a tenth of its length. "
        "After 200 steps the two agree to a thousandth."
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
        "The step size decides. With 0.01 the way is not finished after 200 steps; with 1.2 each "
        "step overshoots the bottom and lands higher than it started: it diverges."
    )
    words = {0.01: "too small", 0.1: "right", 1.2: "too large: it diverges"}
    losses = {rate: error(X, y, descend(X, y, rate, 200)[-1]) for rate in words}
    lesson.table(
        ["step size", "loss after 200", ""], [[r, losses[r], word] for r, word in words.items()]
    )

    data = kk.load_arrays({"x": x}, y, test=({"x": x}, y), validation_size=0)
    model = kk.linear_regressor(data.spec)
    kk.compile(model, "regression")
    kk.fit(model, data, epochs=200, verbose=0)
    at_zero, at_one = model.predict({"x": np.array([0.0, 1.0], "float32")}, verbose=0)
    lesson.say(
        "The kit's `linear_regressor` is trained by gradient descent too. After 200 steps it says: "
        f"y = {at_zero:.4f} + {at_one - at_zero:.4f} x."
    )

    slow = descend(X, y, 0.01, 200)
    lesson.picture(
        draw_line_and_cost(x, y, exact, {"step size 0.1": path, "step size 0.01": slow}),
        "Forty points and their line; the error over both parameters, with the way down.",
    )
    lesson.goes_on("tabular-regression", "many columns, of numbers and of words")
    return {
        "exact": exact,
        "path": path,
        "losses": losses,
        "kerakit": (float(at_zero), float(at_one - at_zero)),
    }


def error(X, y, w):
    """The mean squared error of the parameters w."""
    return np.mean((X @ w - y) ** 2)


def gradient(X, y, w):
    """How that error changes with w."""
    return 2 / len(y) * X.T @ (X @ w - y)


def descend(X, y, rate, steps):
    """The parameters after 0, 1, ... steps of gradient descent from (0, 0)."""
    path = [np.zeros(X.shape[1])]
    for _ in range(steps):
        path.append(path[-1] - rate * gradient(X, y, path[-1]))
    return np.array(path)


def draw_line_and_cost(x, y, exact, paths):
    drawn, (left, right) = figure(2)
    style(left, "The line", "x", "y")
    left.plot(x, y, ".", color=GREY)
    ends = np.array([-1.0, 1.0])
    left.plot(ends, exact[0] + exact[1] * ends, color=BLUE)
    style(right, "The error, and the way down", "intercept", "slope")
    a, b = np.meshgrid(np.linspace(-0.5, 2.2, 80), np.linspace(-0.5, 3.2, 80))
    cost = np.mean((a[..., None] + b[..., None] * x - y) ** 2, axis=-1)
    levels = np.geomspace(cost.min() * 1.05, cost.max(), 14)
    right.contour(a, b, cost, levels=levels, colors="#c9ccd1")
    for (name, path), colour, dots in zip(paths.items(), (ORANGE, INK), (".", None), strict=True):
        right.plot(path[:, 0], path[:, 1], marker=dots, color=colour, label=name)
    right.plot(*exact, "x", color=BLUE, markersize=9, label="closed form")
    legend(right)
    return drawn


def polynomial_regression(lesson):
    """Polynomial regression: too stiff, right, too free."""
    import kerakit as kk

    lesson.say(
        "Thirty noisy points of a sine train polynomials of degree 1 to 20; two hundred others "
        "test them. The training error can only fall with the degree. The test error falls, "
        "stays, and then grows: the curve begins to follow the noise."
    )
    rng = np.random.default_rng(3)
    x, y = points(rng, 30)
    x_test, y_test = points(rng, 200)
    errors = {}
    for degree in range(1, 21):
        curve = np.polynomial.Legendre.fit(x, y, degree, domain=[-1, 1])
        errors[degree] = [np.mean((curve(a) - b) ** 2) for a, b in ((x, y), (x_test, y_test))]
    best = min(errors, key=lambda degree: errors[degree][1])
    words = {
        1: "under-fitted: both errors are high",
        best: "right: the lowest test error",
        20: "over-fitted: the test error is far above the training error",
    }
    lesson.table(
        ["degree", "training error", "test error", ""],
        [[degree, *pair, words.get(degree, "")] for degree, pair in errors.items()],
    )

    lesson.say(
        "A penalty tames degree 20: the mean squared error plus 0.01 times the sum of the squared "
        "weights (ridge regression). With the powers of x as twenty columns, that is "
        "`linear_regressor(l2=0.01)`, and it has a closed form as well: "
        "(Z'Z + 0.01 n I)^-1 Z'y, where Z has the columns in standard deviations."
    )
    data = kk.load_arrays(powers(x), y, test=(powers(x_test), y_test), validation_size=0)
    model = kk.linear_regressor(data.spec, l2=0.01)
    kk.compile(model, "regression")
    kk.fit(model, data, epochs=2000, verbose=0)
    grid = np.linspace(-1, 1, 200)
    network = model.predict(powers(x_test), verbose=0)
    closed = ridge(x, y, 0.01)
    difference = float(np.abs(network - closed(x_test)).max())
    tamed = float(np.mean((network - y_test) ** 2))
    lesson.table(
        ["degree 20", "test error"],
        [
            ["without penalty", errors[20][1]],
            ["linear_regressor(l2=0.01)", tamed],
            ["ridge regression, closed form", np.mean((closed(x_test) - y_test) ** 2)],
        ],
    )
    lesson.say(
        f"The network and the closed form differ by {difference:.0e} at most. (The builder "
        "`polynomial_regressor` makes such columns itself.)"
    )
    curves = {
        f"degree {d}": np.polynomial.Legendre.fit(x, y, d, domain=[-1, 1])(grid)
        for d in (1, best, 20)
    }
    curves["degree 20, penalised"] = model.predict(powers(grid), verbose=0)
    strengths = np.geomspace(1e-10, 10, 56)
    by_strength = [
        [np.mean((ridge(x, y, s)(a) - b) ** 2) for a, b in ((x, y), (x_test, y_test))]
        for s in strengths
    ]
    lesson.picture(
        draw_polynomials(x, y, grid, curves, errors, strengths, by_strength),
        "Polynomials of degree 1, the best and 20; the errors by degree, and by the penalty.",
    )
    lesson.goes_on("tabular-regression", "where a network takes the place of powers")
    return {"errors": errors, "best": best, "tamed": tamed, "difference": difference}


def points(rng, count):
    """Noisy points of a sine."""
    x = np.sort(rng.uniform(-1, 1, count))
    return x, np.sin(np.pi * x) + rng.normal(0, 0.25, count)


def powers(x):
    """x, x^2, ..., x^20 as the columns x1, x2, ..., x20 of a table."""
    return {f"x{degree}": x**degree for degree in range(1, 21)}


def ridge(x, y, strength):
    """The polynomial of degree 20 with the least mean squared error and penalty."""

    def columns(values):
        return np.stack(list(powers(values).values()), axis=1)

    mean, deviation = columns(x).mean(axis=0), columns(x).std(axis=0)
    Z = (columns(x) - mean) / deviation
    penalty = strength * len(y) * np.eye(20)
    w = np.linalg.solve(Z.T @ Z + penalty, Z.T @ (y - y.mean()))
    return lambda values: y.mean() + (columns(values) - mean) / deviation @ w


def draw_polynomials(x, y, grid, curves, errors, strengths, by_strength):
    drawn, (left, middle, right) = figure(3, width=3.7, height=3.8)
    style(left, "Four curves", "x", "y")
    left.plot(x, y, ".", color=GREY)
    looks = ((INK, "-"), (BLUE, "-"), (ORANGE, "-"), (BLUE, "--"))
    for (name, values), (colour, line) in zip(curves.items(), looks, strict=True):
        left.plot(grid, values, line, color=colour, label=name)
    left.set_ylim(-2.2, 2.2)
    style(middle, "Error by degree", "degree", "mean squared error")
    style(right, "Degree 20: error by penalty", "penalty", "mean squared error")
    for place, (name, colour) in enumerate((("training", BLUE), ("test", ORANGE))):
        values = [pair[place] for pair in errors.values()]
        middle.semilogy(list(errors), values, ".-", color=colour, label=name)
        values = [pair[place] for pair in by_strength]
        right.loglog(strengths, values, color=colour, label=name)
    middle.set_xticks(range(2, 21, 3))
    for axis in (left, middle, right):
        legend(axis)
    return drawn
