"""One neuron and what it can decide; a hidden layer for what it cannot."""

import numpy as np

from lessons.drawing import BLUE, GREY, INK, ORANGE, figure, legend, style

VIOLET = "#54307e"  # of the map PuOr


def logistic_regression(lesson):
    """Logistic regression: one neuron that says how likely."""
    from sklearn.linear_model import LogisticRegression

    import kerakit as kk

    lesson.say(
        "Two hundred students: hours of work in a week, hours of sleep in a night, and whether "
        "they passed. A neuron adds up its inputs, each times a weight, and squeezes the sum "
        "between 0 and 1 by the logistic function 1 / (1 + exp(-z)): the probability to pass."
    )
    rng = np.random.default_rng(0)
    work, sleep = rng.uniform(0, 20, 200), rng.uniform(3, 10, 200)
    z = 0.5 * (work - 9) + 0.8 * (sleep - 6.5)
    passed = (rng.uniform(size=200) < 1 / (1 + np.exp(-z))).astype(int)
    columns = {"work": work, "sleep": sleep}

    lesson.say(
        "Training lowers the cross-entropy, the mean of -log of the probability given to what "
        "happened. It is a bowl again, so there is one best neuron. kk.logistic_classifier with "
        "the penalty that scikit-learn has by default (C = 1) finds it."
    )
    data = kk.load_arrays(columns, passed, test=(columns, passed), validation_size=0)
    model = kk.logistic_classifier(data.spec, l2=1 / (2 * len(passed)))
    kk.compile(model, "binary")
    history = kk.fit(model, data, epochs=300, verbose=0)
    p = model.predict(inputs(work, sleep), verbose=0)[:, 1]

    X = np.stack([work, sleep], axis=1)
    mean, deviation = X.mean(axis=0), X.std(axis=0)
    other = LogisticRegression(C=1.0).fit((X - mean) / deviation, passed)
    q = other.predict_proba((X - mean) / deviation)[:, 1]
    loss = -np.mean(np.log(np.where(passed == 1, p, 1 - p)))
    right = np.mean((p > 0.5) == passed)
    lesson.table(
        ["", "cross-entropy", "right"],
        [
            ["untrained (one half each)", np.log(2), np.mean(passed == 0)],
            ["kk.logistic_classifier", loss, right],
            [
                "scikit-learn",
                -np.mean(np.log(np.where(passed, q, 1 - q))),
                np.mean((q > 0.5) == passed),
            ],
        ],
    )
    lesson.say(
        f"The two agree: no probability differs by more than {np.abs(p - q).max():.1g}. Where the "
        "sum is 0 the neuron says one half: a straight line between passing and failing."
    )

    drawn, (axis,) = figure(width=6.4, height=4.4)
    style(axis, "Pass or fail", "hours of work", "hours of sleep")
    a, b = np.meshgrid(np.linspace(0, 20, 100), np.linspace(3, 10, 100))
    chance = model.predict(inputs(a.ravel(), b.ravel()), verbose=0)[:, 1].reshape(a.shape)
    lines = axis.contour(a, b, chance, levels=[0.1, 0.5, 0.9], colors=INK, linewidths=[1, 2, 1])
    axis.clabel(lines, fmt="%.1f", fontsize=8)
    for value, colour, name in ((1, BLUE, "passed"), (0, ORANGE, "failed")):
        axis.plot(work[passed == value], sleep[passed == value], ".", color=colour, label=name)
    legend(axis, loc="lower left")
    lesson.picture(drawn, "Where the neuron says 10, 50 and 90 % to pass.")
    lesson.goes_on("tabular_classification.py", "with the same builder for many columns")
    return {
        "difference": float(np.abs(p - q).max()),
        "loss": float(loss),
        "history": history.history["loss"][-1],
        "right": float(right),
    }


def inputs(work, sleep):
    return {"work": np.asarray(work, "float32"), "sleep": np.asarray(sleep, "float32")}


def perceptron(lesson):
    """The perceptron: learning from mistakes only."""
    from sklearn.datasets import load_iris

    import kerakit as kk

    lesson.say(
        "Rosenblatt's rule of 1958: go through the flowers one by one, and where the sign of "
        "w x + b is wrong, add x (or take it away). If any straight line separates the classes, "
        "the rule stops after finitely many mistakes. Iris setosa is told from the other two species by "
        "the length and width of the petals."
    )
    iris = load_iris()
    x, setosa = iris.data[:, 2:], np.where(iris.target == 0, 1, -1)
    lines, mistakes = learn(x, setosa, 5)
    lesson.table(
        ["epoch", "mistakes", "w, length", "w, width", "b"],
        [
            [epoch, wrong, *line]
            for epoch, (wrong, line) in enumerate(zip(mistakes, lines, strict=True), 1)
        ],
    )
    stop = mistakes.index(0) + 1
    lesson.say(f"In epoch {stop} there is no mistake left, and nothing changes any more.")

    virginica = np.where(iris.target == 2, 1, -1)
    both = iris.target > 0
    order = np.random.default_rng(0).permutation(both.sum())
    _, never = learn(x[both][order], virginica[both][order], 100)
    lesson.say(
        "Versicolor and virginica overlap. No line separates them, and the rule never rests: "
        f"after 100 epochs it still makes {never[-1]} mistakes in an epoch, {min(never)} in its "
        "best. A neuron that says how likely (logistic regression) settles in between."
    )

    columns = {"length": x[:, 0], "width": x[:, 1]}
    names = np.where(setosa > 0, "setosa", "other")
    data = kk.load_arrays(
        columns, names, test=(columns, names), validation_size=0, positive="setosa"
    )
    model = kk.perceptron_classifier(data.spec)
    kk.compile(model, "perceptron")
    kk.fit(model, data, epochs=20, verbose=0)
    rows = {name: values.astype("float32") for name, values in columns.items()}
    answer = model.predict(rows, verbose=0).argmax(axis=-1)
    right = float(np.mean(answer == (setosa > 0)))
    lesson.say(f"kk.perceptron_classifier has {right:.0%} of the 150 flowers right.")

    drawn, (left, right_axis) = figure(2)
    style(left, "The line after each epoch", "petal length, cm", "petal width, cm")
    for name, colour, value in (("setosa", BLUE, 1), ("other", ORANGE, -1)):
        left.plot(*x[setosa == value].T, ".", color=colour, label=name)
    grid = np.array([0.5, 7.5])
    for epoch, (a, b, c) in enumerate(lines[:stop], 1):
        last = epoch == stop
        left.plot(
            grid, -(c + a * grid) / b, color=INK if last else GREY, linewidth=2 if last else 1
        )
    left.set_ylim(-0.2, 2.7)
    legend(left, loc="upper left")
    style(right_axis, "Mistakes of an epoch", "epoch", "mistakes")
    right_axis.plot(range(1, 6), mistakes, ".-", color=BLUE, label="setosa: separable")
    right_axis.plot(range(1, 51), never[:50], color=ORANGE, label="virginica: not separable")
    legend(right_axis)
    lesson.picture(drawn, "The separating line moves until no flower is on the wrong side.")
    lesson.goes_on("tabular_classification.py", "classes with words and numbers as columns")
    return {"mistakes": mistakes, "lines": lines, "never": never, "right": right}


def learn(x, y, epochs):
    """Rosenblatt's rule: the parameters after each epoch, and the mistakes in it."""
    w, b, lines, mistakes = np.zeros(x.shape[1]), 0.0, [], []
    for _ in range(epochs):
        wrong = 0
        for row, sign in zip(x, y, strict=True):
            if sign * (w @ row + b) <= 0:
                w, b, wrong = w + sign * row, b + sign, wrong + 1
        lines.append((*w, b))
        mistakes.append(wrong)
    return lines, mistakes


def xor(lesson):
    """XOR: what one neuron cannot, one hidden layer can."""
    import kerakit as kk

    lesson.say(
        "Exclusive or is true where exactly one of two inputs is. No straight line has (0, 1) and "
        "(1, 0) on one side and (0, 0) and (1, 1) on the other, so one neuron gets three of the "
        "four at best (Minsky and Papert 1969). A hidden layer bends the plane first."
    )
    corners = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")
    x = np.tile(corners, (25, 1))
    truth = (x[:, 0] != x[:, 1]).astype(int)
    columns = {"a": x[:, 0], "b": x[:, 1]}
    data = kk.load_arrays(columns, truth, test=(columns, truth), validation_size=0)
    line = kk.logistic_classifier(data.spec)
    kk.compile(line, "binary")
    kk.fit(line, data, epochs=200, verbose=0)
    network = kk.mlp_classifier(data.spec, hidden=(4,), activation="tanh", dropout=0.0, bins=0)
    kk.compile(network, "adam", learning_rate=0.05)
    kk.fit(network, data, epochs=200, batch_size=100, verbose=0)
    rows = {"a": corners[:, 0], "b": corners[:, 1]}
    answers = {"one neuron": line, "four hidden neurons": network}
    answers = {name: m.predict(rows, verbose=0)[:, 1] for name, m in answers.items()}
    lesson.table(
        ["P(true) for", *(f"({a:.0f}, {b:.0f})" for a, b in corners)],
        [[name, *(f"{value:.3f}" for value in p)] for name, p in answers.items()],
    )
    drawn, axes = figure(2)
    for axis, (name, model) in zip(
        axes, {"One neuron": line, "Four hidden neurons": network}.items(), strict=True
    ):
        plane(axis, name, model, ("a", "b"), -0.5, 1.5)
        axis.plot(*corners[[1, 2]].T, "o", color=VIOLET, markeredgecolor="white", markersize=9)
        axis.plot(*corners[[0, 3]].T, "o", color=ORANGE, markeredgecolor="white", markersize=9)
    lesson.picture(drawn, "P(true) over the plane: violet above one half, orange below.")
    lesson.goes_on("tabular_classification.py", "the same network, wider")
    return {name: p.tolist() for name, p in answers.items()}


def unit_circle(lesson):
    """The unit circle: the right features make it linear."""
    import kerakit as kk

    lesson.say(
        "Is a point inside the circle of radius 1? A line through the plane cannot tell. But the "
        "question is linear in the squares: x1^2 + x2^2 < 1. With these two as features thirty "
        "points are enough for one neuron; a network must find the circle from examples."
    )
    rng = np.random.default_rng(1)
    few, many = rng.uniform(-1.5, 1.5, (30, 2)), rng.uniform(-1.5, 1.5, (1000, 2))
    found = {}
    for name, squares, points in (
        ("one neuron on x1, x2", False, few),
        ("one neuron on x1^2, x2^2", True, few),
        ("64 hidden neurons on x1, x2", False, few),
    ):
        data = kk.load_arrays(
            features(points, squares),
            inside(points),
            test=(features(many, squares), inside(many)),
            validation_size=0,
        )
        if "hidden" in name:
            model = kk.mlp_classifier(
                data.spec, hidden=(64,), activation="tanh", dropout=0.0, bins=0
            )
            kk.compile(model, "adam", learning_rate=0.01)
            kk.fit(model, data, epochs=500, batch_size=30, verbose=0)
        else:
            model = kk.logistic_classifier(data.spec, l2=1e-4)
            kk.compile(model, "binary")
            kk.fit(model, data, epochs=500, verbose=0)
        p = model.predict(features(many, squares), verbose=0)[:, 1]
        found[name] = model, float(np.mean((p > 0.5) == inside(many)))
    lesson.table(
        ["", "right, of 1000 others"], [[n, f"{share:.1%}"] for n, (_, share) in found.items()]
    )
    drawn, axes = figure(3, width=4.2, height=4.2)
    for axis, (name, (model, _)) in zip(axes, found.items(), strict=True):
        names = ("s1", "s2") if "^2" in name else ("x1", "x2")
        plane(axis, name.replace("^2", "²"), model, names, -1.5, 1.5)
        for value, colour in ((1, VIOLET), (0, ORANGE)):
            own = few[inside(few) == value]
            axis.plot(*own.T, "o", color=colour, markeredgecolor="white", markersize=6)
        turn = np.linspace(0, 2 * np.pi, 100)
        axis.plot(np.cos(turn), np.sin(turn), color=INK, linewidth=1)
    lesson.picture(drawn, "The thirty points, the circle, and what each model makes of the plane.")
    lesson.goes_on(
        "tabular_classification.py", "columns of your own, squares among them if you like"
    )
    return {name: share for name, (_, share) in found.items()}


def inside(points):
    return (np.sum(points**2, axis=1) < 1).astype(int)


def features(points, squares):
    names = ("s1", "s2") if squares else ("x1", "x2")
    values = points**2 if squares else points
    return {name: column.astype("float32") for name, column in zip(names, values.T, strict=True)}


def plane(axis, title, model, names, low, high):
    """Paint the probability of the second class over a square of the plane."""
    side = np.linspace(low, high, 120)
    a, b = (part.ravel() for part in np.meshgrid(side, side))
    values = [a**2, b**2] if names[0].startswith("s") else [a, b]
    rows = {name: v.astype("float32") for name, v in zip(names, values, strict=True)}
    p = model.predict(rows, verbose=0, batch_size=20_000)[:, 1].reshape(120, 120)
    style(axis, title, "x1", "x2")
    axis.imshow(
        p, origin="lower", extent=(low, high, low, high), cmap="PuOr", vmin=0, vmax=1, alpha=0.75
    )
    axis.contour(side, side, p, levels=[0.5], colors=INK, linewidths=1.5)
