"""Fundamentals: thirteen short lessons, from a straight line to attention.

Shows: least squares and gradient descent, underfitting and overfitting, neurons and what they
cannot learn, activations and losses, optimisers, regularisation, convolution, recurrence and
attention, generalisation. Each lesson uses the builders and presets of the other recipes.

Needs: nothing. The data are generated or come with scikit-learn. --example NAME runs one lesson.
Without it all lessons run, and runs/fundamentals/index.html shows them on one page.

Measured: about two minutes on two cores.
"""

from __future__ import annotations

import dataclasses
import importlib
import pathlib
from collections.abc import Sequence
from typing import Any, Literal

from kerakit.workflow import command_line, import_quietly

# The lessons, and the module in the folder `lessons` that each is a function of.
EXAMPLES = {
    "linear_regression": "lines",
    "polynomial_regression": "lines",
    "logistic_regression": "neurons",
    "perceptron": "neurons",
    "xor": "hidden_layers",
    "unit_circle": "hidden_layers",
    "activations_and_losses": "curves",
    "universal_approximation": "curves",
    "optimisers": "training",
    "regularisation": "training",
    "convolution": "images",
    "recurrence_and_attention": "sequences",
    "generalisation": "generalisation",
}
# Where the lessons are imported from: the installed package, or the folder of this script.
LESSONS = f"{__package__}.lessons" if __package__ else "lessons"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config:
    """The flags of the recipe."""

    example: Literal[tuple(EXAMPLES)] | None = None  # pyright: ignore[reportInvalidTypeForm]
    """One lesson to run. Default: all lessons."""
    output: pathlib.Path = pathlib.Path("runs/fundamentals")
    """Folder that the pictures and the page of all lessons are written to."""


def run(config: Config) -> dict[str, Any]:
    """Run one lesson or all; return the numbers of each, by its name."""
    import logging

    import_quietly()
    import keras

    from kerakit.checks import check
    from kerakit.files import write_bytes

    page = importlib.import_module(f"{LESSONS}.page")
    usable = not config.output.exists() or config.output.is_dir()
    check(usable, "fundamentals", "--output", "a folder or a new name", str(config.output))
    # TensorFlow warns about many small models in one process, which the lessons need.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    numbers, lessons = {}, []
    config.output.mkdir(parents=True, exist_ok=True)
    for name in [config.example] if config.example else EXAMPLES:
        example = getattr(importlib.import_module(f"{LESSONS}.{EXAMPLES[name]}"), name)
        keras.utils.set_random_seed(0)  # the same numbers in every run
        lesson = page.Lesson(example)
        numbers[name] = example(lesson)
        write_bytes(config.output / f"{name}.png", lesson.png)
        lessons.append(lesson)
    if config.example is None:
        print(f"\nAll lessons on one page: {page.write_page(config.output, lessons)}")
    else:
        print(f"\nThe picture of the lesson: {config.output / f'{config.example}.png'}")
    return numbers


def main(arguments: Sequence[str] | None = None) -> None:
    interrupted = "The pictures of the finished lessons are in the folder; the page comes last."
    command_line(Config, run, __doc__, arguments, interrupted)


if __name__ == "__main__":
    main()
