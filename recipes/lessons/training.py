"""Train a network, and keep it from learning the noise."""
# pyright: reportArgumentType=false
# Keras declares `verbose` as a str, and documents 0.

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .curves import columns, surface
from .drawing import BLUE, GREEN, GREY, INK, ORANGE, Array, figure, legend, style
from .page import Lesson

if TYPE_CHECKING:
    from matplotlib.figure import Figure


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
