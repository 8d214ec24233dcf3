"""Fundamentals: thirteen short lessons, from a straight line to attention.

Shows: least squares and gradient descent, under- and over-fitting, neurons and what they cannot
do, activations and losses, optimisers, regularisation, convolution, recurrence and attention,
generalisation; each with the builders and presets that the recipes for real work use.
Needs: nothing; the data are generated or come with scikit-learn.
Without --example all are run, and runs/fundamentals/index.html is one page of them.
"""

from __future__ import annotations

import dataclasses
import importlib
import pathlib
from collections.abc import Sequence
from typing import Any, Literal

from kerakit.workflow import command_line

# Each example is a function of a module in the folder `lessons`.
EXAMPLES = {
    "linear_regression": "lines",
    "polynomial_regression": "lines",
    "logistic_regression": "neurons",
    "perceptron": "neurons",
    "xor": "neurons",
    "unit_circle": "neurons",
    "activations_and_losses": "curves",
    "universal_approximation": "curves",
    "optimisers": "training",
    "regularisation": "training",
    "convolution": "pictures",
    "recurrence_and_attention": "sequences",
    "generalisation": "training",
}
# Where the lessons are imported from: the installed package, or the folder of this script.
LESSONS = f"{__package__}.lessons" if __package__ else "lessons"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config:
    """The flags of the recipe."""

    example: Literal[tuple(EXAMPLES)] | None = None  # pyright: ignore[reportInvalidTypeForm]
    """One of the examples; by default all."""
    output: pathlib.Path = pathlib.Path("runs/fundamentals")
    """The folder of the pictures, and of the page of all examples."""


def run(config: Config) -> dict[str, Any]:
    """Run one example or all; return a dict from name to the numbers of each."""
    import logging

    import keras

    from kerakit.checks import check
    from kerakit.files import write_bytes

    page = importlib.import_module(f"{LESSONS}.page")
    usable = not config.output.exists() or config.output.is_dir()
    check(usable, "fundamentals", "--output", "a folder or a new name", str(config.output))
    # Many small models after each other are what a lesson needs, and no reason to warn.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    numbers, lessons = {}, []
    config.output.mkdir(parents=True, exist_ok=True)
    for name in [config.example] if config.example else EXAMPLES:
        example = getattr(importlib.import_module(f"{LESSONS}.{EXAMPLES[name]}"), name)
        keras.utils.set_random_seed(0)  # the same numbers every time
        lesson = page.Lesson(example)
        numbers[name] = example(lesson)
        write_bytes(config.output / f"{name}.png", lesson.png)
        lessons.append(lesson)
    if config.example is None:
        print(f"\nAll on one page: {page.write_page(config.output, lessons)}")
    else:
        print(f"\nThe picture: {config.output / f'{config.example}.png'}")
    return numbers


def main(arguments: Sequence[str] | None = None) -> None:
    interrupted = "The pictures so far are in the folder; the page comes last."
    command_line(Config, run, __doc__, arguments, interrupted)


if __name__ == "__main__":
    main()
