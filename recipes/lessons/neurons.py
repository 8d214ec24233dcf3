"""What one neuron can decide."""
# pyright: reportArgumentType=false
# Keras declares `verbose` as a str, and documents 0.

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .drawing import BLUE, INK, ORANGE, Array, figure, legend, style
from .page import Lesson

if TYPE_CHECKING:
    import keras
    from matplotlib.figure import Figure


def logistic_regression(lesson: Lesson) -> dict[str, Any]:
    """Logistic regression: one neuron that predicts a probability."""
    from sklearn.linear_model import LogisticRegression

    import kerakit as kk

    lesson.say(
        "The data are two hundred students: their hours of work in a week, their hours of sleep "
        "in a night, and whether they passed. A neuron multiplies each input by a weight and adds "
        "the products. The logistic function 1 / (1 + exp(-z)) maps the sum to a number between 0 "
        "and 1: the probability that the student passes."
    )
    rng = np.random.default_rng(0)
    work, sleep = rng.uniform(0, 20, 200), rng.uniform(3, 10, 200)
    z = 0.5 * (work - 9) + 0.8 * (sleep - 6.5)
    passed = (rng.uniform(size=200) < 1 / (1 + np.exp(-z))).astype(int)

    lesson.say(
        "Training minimises the cross-entropy: the mean of -log p, where p is the probability that "
        "the neuron gave to the true outcome. The cross-entropy again has the shape of a bowl, so "
        "there is one best neuron. With scikit-learn's default penalty (C = 1), "
        "`logistic_classifier` and scikit-learn find the same neuron."
    )
    columns = {"work": work, "sleep": sleep}
    data = kk.load_arrays(columns, passed, test=(columns, passed), validation_size=0)
    model = kk.logistic_classifier(data.spec, l2=1 / (2 * len(passed)))
    kk.compile(model, "binary")
    kk.fit(model, data, epochs=1, verbose=0)
    p = model.predict(columns, verbose=0)[:, 1]

    X = np.stack([work, sleep], axis=1)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    q = LogisticRegression(C=1.0).fit(X, passed).predict_proba(X)[:, 1]
    answers = {"always one half": np.full(200, 0.5), "logistic_classifier": p, "scikit-learn": q}
    measured = {
        name: (cross_entropy(answer, passed), accuracy_of(answer, passed))
        for name, answer in answers.items()
    }
    lesson.table(
        ["", "cross-entropy", "accuracy"], [[name, *pair] for name, pair in measured.items()]
    )
    difference = float(np.abs(p - q).max())
    lesson.say(
        f"The probabilities of the two differ by at most {difference:.1g}. Where the sum is 0, the "
        "neuron predicts one half. These points form a straight line between passing and failing."
    )
    lesson.picture(
        draw_decision(model, work, sleep, passed),
        "The lines on which the neuron predicts a probability of 10, 50 and 90 % to pass.",
    )
    lesson.next_job("tabular-classification", "classification; its linear baseline is this neuron")
    return {"difference": difference, "measured": measured}


def cross_entropy(p: Array, truth: Array) -> float:
    """The mean of -log of the probability that was given to the true class."""
    return float(-np.mean(np.log(np.where(truth == 1, p, 1 - p))))


def accuracy_of(p: Array, truth: Array) -> float:
    """The fraction of the probabilities that are on the correct side of one half."""
    return float(np.mean((p > 0.5) == truth))


def draw_decision(model: keras.Model, work: Array, sleep: Array, passed: Array) -> Figure:
    drawn, (axis,) = figure(width=6.4, height=4.4)
    style(axis, "Pass or fail", "hours of work", "hours of sleep")
    a, b = np.meshgrid(np.linspace(0, 20, 100), np.linspace(3, 10, 100))
    chance = model.predict({"work": a.ravel(), "sleep": b.ravel()}, verbose=0)[:, 1]
    levels = {"levels": [0.1, 0.5, 0.9], "colors": INK, "linewidths": [1, 2, 1]}
    axis.clabel(axis.contour(a, b, chance.reshape(a.shape), **levels), fmt="%.1f", fontsize=8)
    for value, colour, name in ((1, BLUE, "passed"), (0, ORANGE, "failed")):
        axis.plot(work[passed == value], sleep[passed == value], ".", color=colour, label=name)
    legend(axis, loc="lower left")
    return drawn


def perceptron(lesson: Lesson) -> dict[str, Any]:
    """The perceptron: learn only from mistakes."""
    from sklearn.datasets import load_iris

    import kerakit as kk

    lesson.say(
        "Rosenblatt's rule of 1958 looks at one flower after the other. Where the sign of w x + b "
        "is wrong, the rule adds 0.1 x to w, or subtracts it. If a straight line separates the "
        "classes, the rule makes a finite number of mistakes and then stops changing. Here the "
        "rule separates Iris setosa from two other species by the length and the width of the "
        "petals. Its first guess is wrong: long and narrow petals."
    )
    sizes, species = map(np.asarray, load_iris(return_X_y=True))
    order = np.random.default_rng(0).permutation(150)
    x, species = sizes[order, 2:], species[order]
    setosa = np.where(species == 0, 1, -1)
    lines, mistakes = train_perceptron(x, setosa, epochs=8, start=(1.0, -1.0, 0.0))
    lesson.table(
        ["epoch", "mistakes", "w of length", "w of width", "b"],
        [[epoch, wrong, *lines[epoch - 1]] for epoch, wrong in enumerate(mistakes, 1)],
    )
    stop = mistakes.index(0) + 1
    lesson.say(f"In epoch {stop} there is no mistake left, and the parameters change no more.")

    both = species > 0
    virginica = np.where(species[both] == 2, 1, -1)
    _, never = train_perceptron(x[both], virginica, epochs=200, start=(0.0, 0.0, 0.0))
    lesson.say(
        "The species versicolor and virginica overlap. No straight line separates them, and the "
        f"rule never stops: the best of 200 epochs has {min(never)} mistakes, the last epoch has "
        f"{never[-1]}. A neuron that predicts a probability (logistic regression) converges even "
        "there."
    )

    columns = {"length": x[:, 0], "width": x[:, 1]}
    names = np.where(setosa > 0, "setosa", "other")
    split = {"test": (columns, names), "validation_size": 0, "pos_label": "setosa"}
    data = kk.load_arrays(columns, names, **split)
    model = kk.perceptron_classifier(data.spec)
    kk.compile(model, "perceptron")
    kk.fit(model, data, epochs=20, verbose=0)
    answer = model.predict(columns, verbose=0).argmax(axis=-1)
    accuracy = float(np.mean(answer == (setosa > 0)))
    lesson.say(
        "`perceptron_classifier` learns by the same rule. Its accuracy for setosa is "
        f"{accuracy:.0%}."
    )
    lesson.picture(
        draw_perceptron(x, setosa, lines[:stop], mistakes, never),
        "Left: the line after each epoch; later lines are darker. Right: the mistakes in each "
        "epoch, for two classes that a line separates and for two classes that overlap.",
    )
    lesson.next_job("tabular-classification", "classification on columns of numbers and categories")
    return {"lines": lines, "mistakes": mistakes, "never": never, "accuracy": accuracy}


def train_perceptron(
    x: Array, y: Array, epochs: int, start: tuple[float, float, float], rate: float = 0.1
) -> tuple[list[tuple[float, ...]], list[int]]:
    """Rosenblatt's rule: the parameters after each epoch, and the number of mistakes in it."""
    *w, b = start
    w, lines, mistakes = np.array(w), [], []
    for _ in range(epochs):
        wrong = 0
        for row, sign in zip(x, y, strict=True):
            if sign * (w @ row + b) <= 0:
                w, b, wrong = w + rate * sign * row, b + rate * sign, wrong + 1
        lines.append((*w, b))
        mistakes.append(wrong)
    return lines, mistakes


def draw_perceptron(
    x: Array,
    setosa: Array,
    lines: list[tuple[float, ...]],
    mistakes: list[int],
    never: list[int],
) -> Figure:
    drawn, (left, right) = figure(2)
    style(left, "The line after each epoch", "petal length, cm", "petal width, cm")
    for name, colour, value in (("setosa", BLUE, 1), ("other", ORANGE, -1)):
        left.plot(*x[setosa == value].T, ".", color=colour, label=name)
    ends = np.array([0.5, 7.5])
    for epoch, (a, b, c) in enumerate(lines, 1):
        last = epoch == len(lines)
        shade = {"color": INK, "alpha": 1 if last else 0.1 + 0.6 * epoch / len(lines)}
        left.plot(ends, -(c + a * ends) / b, linewidth=2 if last else 1, **shade)
    left.set_ylim(-0.2, 2.7)
    legend(left, loc="upper left")
    style(right, "Mistakes in each epoch", "epoch", "mistakes")
    right.plot(range(1, len(mistakes) + 1), mistakes, ".-", color=BLUE, label="setosa: separable")
    shown = never[:100]
    right.plot(range(1, 101), shown, color=ORANGE, label="virginica: not separable")
    right.set_ylim(0, None)
    legend(right)
    return drawn
