"""The flags of a run, which all recipes have, and the types of flags."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Literal

import tyro

__all__ = [
    "AS_TEXT",
    "Encoder",
    "ForecastEncoder",
    "Levels",
    "RunFlags",
    "SeriesEncoder",
    "WordVectors",
]

# Editors and type checkers know the choices. The command line takes any text, so that a wrong
# choice gets the error of the function that checks it: one line, with the nearest choice.
AS_TEXT = tyro.conf.arg(
    constructor=str,
    help_behavior_hint=lambda default: "(default: " + default.strip("[]'") + ")",  # not a list
)
SeriesEncoder = Annotated[
    Literal["auto", "rocket", "conv", "lstm", "gru", "rnn", "transformer"], AS_TEXT
]
Encoder = Annotated[Literal["lstm", "gru", "rnn", "conv", "transformer"], AS_TEXT]
WordVectors = Annotated[Literal["glove"] | None, AS_TEXT]
ForecastEncoder = Annotated[
    Literal["auto", "segment", "lstm", "gru", "rnn", "conv", "transformer"], AS_TEXT
]


def _levels(words):
    """Numbers with commas or spaces between them; what is no number is left for `check_levels`."""
    words = " ".join(words).replace(",", " ").split()
    try:
        return tuple(map(float, words))
    except ValueError:
        return tuple(words)


Levels = Annotated[
    tuple[float, ...] | None,
    tyro.constructors.PrimitiveConstructorSpec(
        nargs="*",
        metavar="LEVELS",
        instance_from_str=_levels,
        is_instance=lambda value: value is None or isinstance(value, tuple),
        str_from_instance=lambda value: list(map(str, value or [None])),
    ),
]
# `--tensorboard` may have a folder behind it; alone it is the empty text.
OptionalFolder = Annotated[
    str | None,
    tyro.constructors.PrimitiveConstructorSpec(
        nargs="*",
        metavar="[DIR]",
        instance_from_str=lambda words: " ".join(words),
        is_instance=lambda value: value is None or isinstance(value, str),
        str_from_instance=lambda value: [] if value == "" else [str(value)],
    ),
]
Precision = Annotated[Literal["auto", "float32", "mixed_bfloat16"], AS_TEXT]


@dataclasses.dataclass(frozen=True, kw_only=True)
class RunFlags:
    """The flags of a run, which all recipes have."""

    name: str | None = None
    """Name of the run and of the served model. Default: the name of the data."""
    out: str = "saved_models"
    """Folder that the model is exported to."""
    runs: str = "runs"
    """Folder that the report and the other files of the run are written to."""
    epochs: int = 100
    """Maximum number of epochs. Early stopping may end the training before."""
    batch_size: int | None = None
    """Number of rows in a training step. Default: the preset's."""
    learning_rate: float | None = None
    """Highest learning rate of the schedule. Default: the preset's."""
    find_learning_rate: bool = False
    """Test learning rates, show a suggestion and its figure, and train nothing."""
    tensorboard: OptionalFolder = None
    """Log for TensorBoard, in this folder. Default folder: tensorboard, in the run's folder."""
    preset: str | None = None
    """Name of a compile preset; `kerakit list presets` shows them. Default: the task's."""
    precision: Precision = "auto"
    """Number format of the training: auto, float32 or mixed_bfloat16."""
    calibrate: bool = True
    """Calibrate the answers: intervals or sets with the true value, and probabilities."""
    coverage: float = 0.9
    """How often intervals and sets have the true value."""
    seed: int = 0
    """Random seed of the split, of the initial weights and of the order of rows."""
    cache_mb: int = 512
    """Memory that the preprocessed data may take, in MiB."""
    resume: bool = True
    """Continue an unfinished run of the same name."""
    dataset: str = ""
    """Name of a built-in data set."""
