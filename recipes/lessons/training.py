"""Train a network, and keep it from learning the noise."""
# pyright: reportArgumentType=false
# Keras declares `verbose` as a str, and documents 0.

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from .curves import columns, surface
from .drawing import BLUE, GREEN, GREY, INK, ORANGE, Array, figure, legend, style
from .page import Lesson

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from kerakit.data import Data


def optimisers(lesson: Lesson) -> dict[str, Any]:
    """Optimisers: several ways to the lowest loss."""
    from kerakit.presets import SCHEDULES

    lesson.say(
        "Three optimisers train the same network on the same 1000 noisy points, with the same "
        "initial weights and the same learning rate of 0.01. Stochastic gradient descent (SGD) "
        "follows the gradient. Momentum adds nine tenths of the last step, so that small gradients "
        "of one direction add up. Adam divides the gradient of each parameter by its usual size "
        "(Kingma and Ba 2015)."
    )
    optimisers = {name: losses(name, 0.01) for name in ("sgd", "momentum", "adam")}
    lesson.table(
        ["optimiser", "loss after 1 epoch", "10 epochs", "40 epochs"],
        [[name, loss[0], loss[9], loss[39]] for name, loss in optimisers.items()],
    )

    lesson.say(
        "Each step sees a batch and not all rows. So at the end of the training, large steps jump "
        "around the lowest point. A schedule changes the learning rate during the training: step "
        "and cosine lower it, one_cycle first raises and then lowers it. (Most presets use "
        "cosine.) The table compares schedules for Adam with a highest rate of 0.1, which is far "
        "too large for the end. Jitter is the standard deviation of the loss in the last ten "
        "epochs."
    )
    schedules = {name: losses("adam", 0.1, name) for name in SCHEDULES}
    jitter = {name: float(np.std(loss[-10:])) for name, loss in schedules.items()}
    lesson.table(
        ["schedule", "loss after 10 epochs", "40 epochs", "jitter"],
        [[name, loss[9], loss[39], jitter[name]] for name, loss in schedules.items()],
    )

    lesson.say(
        "A batch is a sample of the rows, and its gradient estimates the gradient of all rows. The "
        "error of the estimate falls with the square root of the batch size: a batch that is 64 "
        "times larger costs 64 times more and has an error that is 8 times smaller."
    )
    sizes = {size: losses("sgd", 0.03, batch_size=size) for size in (8, 64, 512)}
    noise = {size: gradient_noise(size) for size in sizes}
    lesson.table(
        ["batch size", "gradient error", "steps per epoch", "loss after 40 epochs of SGD"],
        [[size, noise[size], -(-1000 // size), loss[39]] for size, loss in sizes.items()],
    )
    lesson.say(
        "Here many inexact steps are better than few exact steps: per epoch, small batches lower "
        "the loss fastest. (But an epoch of small batches takes more time.)"
    )
    lesson.picture(
        draw_descents(optimisers, schedules, sizes),
        "Top: the training loss by optimiser and by batch size. Bottom: the learning rate and the "
        "training loss by schedule.",
    )
    lesson.next_job("tabular-regression", "--preset and --learning-rate choose the optimiser")
    return {
        "optimisers": optimisers,
        "schedules": schedules,
        "jitter": jitter,
        "sizes": sizes,
        "noise": noise,
    }


def noisy_surface(count: int = 1000) -> tuple[Array, Array]:
    """Noisy points of a surface."""
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (count, 2))
    return x, surface(x) + rng.normal(0, 0.2, count)


def losses(
    preset: str, rate: float, schedule: str = "constant", batch_size: int = 64
) -> list[float]:
    """The training loss of a small network after each of 40 epochs."""
    import keras

    import kerakit as kk

    x, y = noisy_surface()
    data = kk.load_arrays(columns(x), y, test=(columns(x), y), validation_size=0)
    keras.utils.set_random_seed(0)  # the same initial weights for all
    model = kk.mlp_regressor(data.spec, hidden=(32,), activation="tanh", dropout=0.0, bins=0)
    kk.compile(model, preset, learning_rate=rate, schedule=schedule)
    return kk.fit(model, data, epochs=40, batch_size=batch_size, verbose=0).history["loss"]


def gradient_noise(size: int) -> float:
    """The error of a batch's gradient, for the line y = w x at w = 0."""
    x, y = noisy_surface()
    rows = -2 * y[:, None] * x  # the gradient of (w x - y)^2 for each row, where w is 0
    batches = np.random.default_rng(0).integers(0, len(y), (4000, size))
    errors = rows[batches].mean(axis=1) - rows.mean(axis=0)
    return float(np.sqrt(np.mean(np.sum(errors**2, axis=1))))


def draw_descents(
    optimisers: dict[str, list[float]],
    schedules: dict[str, list[float]],
    sizes: dict[int, list[float]],
) -> Figure:
    from kerakit.presets import SCHEDULES

    drawn, (by_optimiser, by_size, rates, by_schedule) = figure(2, 2, height=3.4)
    style(by_optimiser, "Three optimisers, rate 0.01", "epoch", "loss")
    style(by_size, "SGD by batch size, rate 0.03", "epoch", "loss")
    style(rates, "Schedules", "step", "learning rate")
    style(by_schedule, "Adam by schedule, the last 20 epochs", "epoch", "loss")
    epochs = np.arange(1, 41)
    for (name, loss), colour in zip(optimisers.items(), (INK, ORANGE, BLUE), strict=True):
        by_optimiser.plot(epochs, loss, color=colour, label=name)
    for (size, loss), colour in zip(sizes.items(), (ORANGE, BLUE, INK), strict=True):
        by_size.plot(epochs, loss, color=colour, label=f"batch size {size}")
    for axis in (by_optimiser, by_size):
        axis.set_ylim(0.1, 0.6)
    for (name, loss), colour in zip(schedules.items(), (GREY, BLUE, ORANGE, GREEN), strict=True):
        rates.plot(SCHEDULES[name](0.1).simulate(640), color=colour, label=name)
        by_schedule.plot(epochs[20:], loss[20:], color=colour, label=name)
    for axis in (by_optimiser, by_size, rates, by_schedule):
        legend(axis)
    return drawn


def regularisation(lesson: Lesson) -> dict[str, Any]:
    """Regularisation: three ways to avoid learning the noise."""
    import keras

    import kerakit as kk

    ones = np.ones((1000, 100), "float32")
    dropped = np.asarray(keras.layers.Dropout(0.5, seed=0)(ones, training=True))
    zeros, mean = float(np.mean(dropped == 0)), float(dropped.mean())
    lesson.say(
        "In training, dropout sets a fraction of the values to 0 and multiplies the other values "
        "so that the mean stays the same on average. `Dropout(0.5)` was applied to 100,000 ones: "
        f"{zeros:.1%} of them became 0, the others became 2, and the mean is {mean:.4f}. In "
        "prediction, dropout does nothing."
    )
    lesson.say(
        "A network with two layers of 64 units is trained for 1500 epochs on twenty noisy points "
        "of a curve. It is flexible enough to pass through all points. Without regularisation it "
        "nearly does, and bends wildly between them. L2 adds a penalty on large weights. Dropout "
        "keeps the network from relying on single units. Early stopping returns to the weights "
        "that were best on twenty validation points."
    )
    rng = np.random.default_rng(4)
    x = rng.uniform(-1, 1, 40)
    y = np.sin(np.pi * x) + rng.normal(0, 0.3, 40)
    train, validation = slice(0, 20), slice(20, 40)
    grid = np.linspace(-1, 1, 200)
    truth = np.sin(np.pi * grid)
    split = {"test": ({"x": grid}, truth), "validation": ({"x": x[validation]}, y[validation])}
    data = kk.load_arrays({"x": x[train]}, y[train], **split)
    ways = {
        "none": {},
        "L2 (0.01)": {"l2": 0.01},
        "dropout (0.3)": {"dropout": 0.3},
        "early stopping": {},
    }
    answers, errors, epochs = {}, {}, {}
    for name, options in ways.items():
        keras.utils.set_random_seed(0)
        patience = 300 if name == "early stopping" else False
        plain = {"activation": "relu", "bins": 0, "dropout": 0.0, **options}
        model = kk.mlp_regressor(data.spec, hidden=(64, 64), **plain)
        kk.compile(model, "adam", learning_rate=0.01)
        history = kk.fit(
            model, data, epochs=1500, batch_size=20, early_stopping=patience, verbose=0
        )
        answers[name] = model.predict({"x": grid}, verbose=0)
        on_training = model.predict({"x": x[train]}, verbose=0)
        residuals = (on_training - y[train], answers[name] - truth)
        errors[name] = [float(np.mean(values**2)) for values in residuals]
        epochs[name] = len(history.epoch)
    lesson.table(
        ["regularisation", "training error", "error to the true curve", "epochs"],
        [[name, *pair, epochs[name]] for name, pair in errors.items()],
    )

    drawn, axes = figure(2, 2, width=4.4, height=3.2)
    for axis, (name, answer) in zip(axes, answers.items(), strict=True):
        style(axis, name, "x", "y")
        axis.plot(x[train], y[train], ".", color=GREY)
        axis.plot(grid, truth, color=INK, linewidth=1)
        axis.plot(grid, answer, color=ORANGE if name == "none" else BLUE)
        axis.set_ylim(-2, 2)
    lesson.picture(
        drawn,
        "The same network without regularisation and with three kinds of it. The thin line is the "
        "true curve.",
    )
    lesson.next_job("tabular-regression", "regression; dropout and early stopping are its default")
    return {"zeros": zeros, "mean": mean, "errors": errors, "epochs": epochs}


def generalisation(lesson: Lesson) -> dict[str, Any]:
    """Generalisation: the error on new examples is the error that counts."""
    import kerakit as kk

    lesson.say(
        "The training error tells how well a network remembers its training rows. A user needs "
        "to know the error on new rows. So some rows are kept out of the training: the validation "
        "rows are used to make choices, and the test rows are used to measure the chosen model. "
        "The table shows the fraction of handwritten digits that a network with 64 hidden units "
        "classifies wrong, by the number of training examples."
    )
    data = kk.load_builtin("digits", view="table", test_size=0.4, validation_size=0.5)
    everything = data.spec.sizes["train"]
    by_examples = {n: error_rates(data, n, 64)[0] for n in (20, 60, 200, everything)}
    lesson.table(
        ["training examples", "training error", "validation error", "test error"],
        [[n, *(f"{e:.1%}" for e in errors)] for n, errors in by_examples.items()],
    )
    lesson.say(
        "The network always remembers all training examples. More examples lower the error on new "
        "digits. The next table shows the error of networks that were trained on 200 examples, by "
        "the number of hidden units:"
    )
    by_units = {units: error_rates(data, 200, units) for units in (1, 4, 16, 64, 256)}
    lesson.table(
        ["hidden units", "parameters", "training error", "validation error", "test error"],
        [
            [units, f"{size:,}", *(f"{e:.1%}" for e in errors)]
            for units, (errors, size) in by_units.items()
        ],
    )
    chosen = min(by_units, key=lambda units: by_units[units][0][1])
    lesson.say(
        "A network with too few units cannot even learn its training examples. The validation "
        f"error is lowest with {chosen} units, so {chosen} units are chosen. The test errors are "
        "shown for this lesson only; the choice does not use them."
    )

    chosen_on, new = coin_tosses(models=1000, rows=100)
    lesson.say(
        "Why should you use a test set only once? Let a thousand models predict by tossing a coin, "
        "and choose the model with the highest accuracy on 100 validation rows. On these rows the "
        f"chosen model has an accuracy of {chosen_on:.0%}; on 100 new rows it has {new:.0%} (means "
        "of 200 trials). A choice makes the result look too good on the rows that it was made "
        "with. So a test set that is used to choose is a validation set."
    )
    sizes = {size: errors for errors, size in by_units.values()}
    lesson.picture(
        draw_errors({"examples": by_examples, "parameters (200 examples)": sizes}),
        "Training, validation and test error by number of examples and by number of parameters.",
    )
    lesson.next_job("tabular-classification", "classification; its report uses the test set once")
    return {
        "by_examples": by_examples,
        "by_parameters": sizes,
        "chosen": chosen,
        "chosen_on": chosen_on,
        "new": new,
    }


def error_rates(data: Data, examples: int, units: int) -> tuple[list[float], int]:
    """Train on the first examples; return the error of each split and the parameter count."""
    import keras

    import kerakit as kk

    train, validation, test = (data.table(split) for split in ("train", "validation", "test"))
    assert train and validation and test  # the digits are in memory
    train = train.take(slice(0, examples))
    spec = dataclasses.replace(data.spec, sizes={**data.spec.sizes, "train": examples})
    subset = kk.Data(train, validation, test, spec)
    keras.utils.set_random_seed(0)
    model = kk.mlp_classifier(subset.spec, hidden=(units,), dropout=0.0, bins=0)
    kk.compile(model, "adam", learning_rate=0.003)
    kk.fit(model, subset, epochs=60, batch_size=min(64, examples), early_stopping=False, verbose=0)
    errors = []
    for table in (train, validation, test):
        predicted = model.predict(table.features, verbose=0).argmax(-1)
        errors.append(float(np.mean(predicted != table.target)))
    return errors, model.count_params()


def coin_tosses(models: int, rows: int, trials: int = 200) -> tuple[float, float]:
    """The accuracy of the best of many coins: on the rows of the choice, and on new rows."""
    rng = np.random.default_rng(0)
    chosen_on = rng.binomial(rows, 0.5, (trials, models)) / rows
    new = rng.binomial(rows, 0.5, (trials, models)) / rows
    best = chosen_on.argmax(axis=1)
    return float(chosen_on.max(axis=1).mean()), float(new[np.arange(trials), best].mean())


def draw_errors(tables: dict[str, dict[int, list[float]]]) -> Figure:
    from matplotlib.ticker import NullLocator, PercentFormatter

    drawn, axes = figure(2)
    for axis, (name, table) in zip(axes, tables.items(), strict=True):
        style(axis, f"By the number of {name}", name.partition(" ")[0], "error")
        names = ("training", "validation", "test")
        for index, (split, colour) in enumerate(zip(names, (BLUE, ORANGE, INK), strict=True)):
            values = [errors[index] for errors in table.values()]
            axis.semilogx(list(table), values, ".-", color=colour, label=split)
        axis.set_xticks(list(table), [f"{count:,}" for count in table])
        axis.xaxis.set_minor_locator(NullLocator())
        axis.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        legend(axis)
    return drawn
