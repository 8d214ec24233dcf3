"""The error on examples that training did not see."""
# pyright: reportArgumentType=false
# Keras declares `verbose` as a str, and documents 0.

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from .drawing import BLUE, INK, ORANGE, figure, legend, style
from .page import Lesson

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from kerakit.data import Data


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
