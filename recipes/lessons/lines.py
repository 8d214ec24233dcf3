"""Fitting a line, and a curve: least squares, gradient descent, under- and over-fitting."""

import numpy as np

from lessons.drawing import BLUE, GREY, INK, ORANGE, figure, legend, style


def linear_regression(lesson):
    """Linear regression: the closed form and gradient descent."""
    import keras

    import kerakit as kk

    lesson.say(
        "Forty points lie near a line, y = 1 + 2 x and noise. The best line is the one with the "
        "smallest mean squared error. Since that error is a bowl over the two parameters, its "
        "lowest point can be written down: (X'X)^-1 X'y, where X has a column of ones beside x."
    )
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, 40)
    y = 1 + 2 * x + rng.normal(0, 0.3, 40)
    X = np.stack([np.ones_like(x), x], axis=1)
    exact = np.linalg.solve(X.T @ X, X.T @ y)
    lesson.say(f"Closed form: y = {exact[0]:.4f} + {exact[1]:.4f} x.")

    lesson.say(
        "Gradient descent finds the same point without solving anything. The gradient of the "
        "error, 2/n X'(X w - y), points uphill; a step against it, a tenth as long, goes down. "
        "After 200 steps the two agree to a thousandth."
    )
    rows, path = [], descend(X, y, 0.1, 200)
    for step in range(0, 201, 20):
        w = path[step]
        slope = 2 / len(y) * X.T @ (X @ w - y)
        rows.append([step, error(X, y, w), np.linalg.norm(slope), *w])
    lesson.table(["step", "loss", "gradient", "intercept", "slope"], rows)

    lesson.say(
        "The step size decides. A step of 0.01 is still on its way after 200; one of 1.2 is too "
        "long for the steepest side of the bowl and lands higher each time: it diverges."
    )
    ends = {rate: error(X, y, descend(X, y, rate, 200)[-1]) for rate in (0.01, 0.1, 1.2)}
    words = {0.01: "too small", 0.1: "right", 1.2: "too large: it diverges"}
    lesson.table(
        ["step size", "loss after 200", ""], [[r, end, words[r]] for r, end in ends.items()]
    )

    data = kk.load_arrays({"x": x}, y, test=({"x": x}, y), validation_size=0)
    model = kk.linear_regressor(data.spec)
    kk.compile(model, "regression")
    kk.fit(model, data, epochs=200, verbose=0)
    at_zero, at_one = model.predict({"x": np.array([0.0, 1.0], "float32")}, verbose=0)
    lesson.say(
        f"kk.linear_regressor, trained for as long: y = {at_zero:.4f} + {at_one - at_zero:.4f} x."
    )
    keras.backend.clear_session()

    drawn, (left, right) = figure(2)
    style(left, "The line", "x", "y")
    left.plot(x, y, ".", color=GREY)
    ends_of_line = np.array([-1.0, 1.0])
    left.plot(ends_of_line, exact[0] + exact[1] * ends_of_line, color=BLUE)
    style(right, "The cost surface, and the way down", "intercept", "slope")
    a, b = np.meshgrid(np.linspace(-0.5, 2.2, 80), np.linspace(-0.5, 3.2, 80))
    cost = np.mean((a[..., None] + b[..., None] * x - y) ** 2, axis=-1)
    right.contour(
        a, b, cost, levels=np.geomspace(cost.min() * 1.05, cost.max(), 14), colors="#c9ccd1"
    )
    right.plot(path[:, 0], path[:, 1], ".-", color=ORANGE, label="step size 0.1")
    slow = descend(X, y, 0.01, 200)
    right.plot(slow[:, 0], slow[:, 1], color=INK, linewidth=1, label="0.01")
    right.plot(*exact, "x", color=BLUE, markersize=9, label="closed form")
    legend(right)
    lesson.picture(drawn, "Forty points and their line; the error over both parameters.")
    lesson.goes_on("tabular_regression.py", "many columns, of numbers and of words")
    return {
        "exact": exact,
        "descent": path[-1],
        "losses": ends,
        "kerakit": (float(at_zero), float(at_one - at_zero)),
    }


def error(X, y, w):
    """The mean squared error of the parameters w."""
    return np.mean((X @ w - y) ** 2)


def descend(X, y, rate, steps):
    """The parameters after 0, 1, ... steps of gradient descent from (0, 0)."""
    w, path = np.zeros(X.shape[1]), []
    for _ in range(steps + 1):
        path.append(w)
        w = w - rate * 2 / len(y) * X.T @ (X @ w - y)
    return np.array(path)


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
    table = {}
    for degree in range(1, 21):
        w = np.linalg.lstsq(powers(x, degree), y, rcond=None)[0]
        table[degree] = (
            error(powers(x, degree), y, w),
            error(powers(x_test, degree), y_test, w),
        )
    best = min(table, key=lambda degree: table[degree][1])
    names = {1: "under-fitted: both errors are high", best: "the best on the test points"}
    names[20] = "over-fitted: the test error is far above the training error"
    lesson.table(
        ["degree", "training error", "test error", ""],
        [[d, *table[d], names.get(d, "")] for d in sorted({1, 3, best, 10, 15, 20})],
    )

    strength = 1e-3
    X = powers(x, 20)
    tame = ridge(X, y, strength)
    tamed = error(powers(x_test, 20), y_test, tame)
    lesson.say(
        "A penalty tames degree 20: least squares plus a small multiple of the sum of the squared "
        f"weights (ridge regression). Its test error is {tamed:.3f}, and without the penalty "
        f"{table[20][1]:.3g}."
    )
    data = kk.load_arrays({"x": x}, y, test=({"x": x_test}, y_test), validation_size=0)
    model = kk.polynomial_regressor(data.spec, degree=20, l2=strength)
    kk.compile(model, "regression")
    kk.fit(model, data, epochs=3000, verbose=0)
    grid = np.linspace(-1, 1, 200)
    network = model.predict({"x": grid.astype("float32")}, verbose=0)
    same = float(np.max(np.abs(network - kit_ridge(model, x, y, strength, grid))))
    lesson.say(
        "kk.polynomial_regressor(degree=20, l2=0.001) has the same penalty on polynomials that "
        "are orthogonal on the training points; trained by gradient descent it differs from the "
        f"closed form for its own inputs by {same:.1g} at most."
    )

    drawn, (left, right) = figure(2)
    style(left, "Three degrees", "x", "y")
    left.plot(x, y, ".", color=GREY)
    for degree, colour in ((1, INK), (best, BLUE), (20, ORANGE)):
        w = np.linalg.lstsq(powers(x, degree), y, rcond=None)[0]
        left.plot(grid, powers(grid, degree) @ w, color=colour, label=f"degree {degree}")
    left.plot(grid, network, "--", color=BLUE, label="degree 20, penalised")
    left.set_ylim(-1.8, 1.8)
    legend(left)
    style(right, "Error by degree", "degree", "mean squared error")
    degrees = list(table)
    right.semilogy(degrees, [table[d][0] for d in degrees], ".-", color=BLUE, label="training")
    right.semilogy(degrees, [table[d][1] for d in degrees], ".-", color=ORANGE, label="test")
    right.set_xticks(range(2, 21, 2))
    legend(right)
    lesson.picture(drawn, "Polynomials of degree 1, the best and 20; the errors of all degrees.")
    lesson.goes_on("tabular_regression.py", "a network instead of powers")
    return {"errors": table, "best": best, "tamed": tamed, "difference": same}


def points(rng, count):
    """Noisy points of a sine."""
    x = np.sort(rng.uniform(-1, 1, count))
    return x, np.sin(np.pi * x) + rng.normal(0, 0.25, count)


def powers(x, degree):
    """The columns 1, x, x^2, ... as Legendre polynomials: the same curves, safer numbers."""
    return np.polynomial.legendre.legvander(x, degree)


def ridge(X, y, strength):
    """argmin mean (X w - y)^2 + strength |w|^2, the first weight free of the penalty."""
    penalty = strength * len(y) * np.eye(X.shape[1])
    penalty[0, 0] = 0
    return np.linalg.solve(X.T @ X + penalty, X.T @ y)


def kit_ridge(model, x, y, strength, grid):
    """The closed form for what `model` makes of x, in the deviations in which it trains."""
    preprocess = model.get_layer("preprocess")

    def columns(values):
        made = np.asarray(preprocess({"x": values.astype("float32")[:, None]}), "float64")
        return np.concatenate([np.ones((len(values), 1)), made], axis=1)

    mean, deviation = y.mean(), y.std()
    w = ridge(columns(x), (y - mean) / deviation, strength)
    return mean + deviation * columns(grid) @ w
