"""Sequence classification: predict a class, or a number, for each series.

Shows: a model that gives the probability of every class of a sequence, of any length. It is
solved or trained, evaluated beside two baselines, exported and checked.

Needs: nothing. It generates 600 control charts of six patterns; your own sequences: --ts FILE,
as in the UCR and UEA archives, or --ts FILE --id COLUMN of a table with a row for each step.

Measured: on 120 test charts an accuracy of 0.983; a logistic regression has 0.975. 24 seconds on
one core.
"""

from __future__ import annotations

import dataclasses
import functools
import pathlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kerakit.workflow import (
    Result,
    SequenceFlags,
    SeriesEncoder,
    command_line,
    load_sequence_data,
    run_recipe,
    tensorboard_callbacks,
)

if TYPE_CHECKING:
    import keras

    from kerakit.data import Data


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(SequenceFlags):
    """The flags of the recipe."""

    dataset: str = "control_charts"
    """Name of a built-in data set: control_charts, or digits, whose pixel rows are the steps."""
    epochs: int = 100
    """Maximum number of epochs. Early stopping may end the training before."""
    encoder: SeriesEncoder = "auto"
    """What reads the sequence: rocket (fixed convolutions, solved in seconds), conv, lstm, gru, rnn
    or transformer; auto: rocket, and conv beside it where that can be better."""
    units: int | None = None
    """Width of a trained encoder. Default: 128 for conv, 64 for the others."""
    layers: int = 1
    """Number of stacked layers of the encoder."""
    bidirectional: bool = False
    """Read the sequence from its end as well (lstm, gru and rnn)."""
    dropout: float = 0.0
    """Fraction of units that are dropped in training."""
    balanced: bool = False
    """Give every class the same weight, whatever its number of sequences."""


def load(config: Config) -> Data:
    """Return the data that the flags name."""
    # Raw sequences, split by the seed; every split has the same fractions of classes. Short
    # sequences are padded with NaN at the end.
    return load_sequence_data(config)


def build(config: Config, data: Data) -> keras.Model:
    """Return the compiled model."""
    import keras

    import kerakit as kk

    # The same seed gives the same initial weights.
    keras.utils.set_random_seed(config.seed)
    numbers = data.spec.task == "regression"
    if numbers:
        encoder = "rocket" if config.encoder == "auto" else config.encoder
        make = functools.partial(kk.sequence_regressor, encoder=encoder)
    else:
        make = functools.partial(kk.sequence_classifier, encoder=config.encoder)
    model = make(
        data,
        units=config.units,
        layers=config.layers,
        bidirectional=config.bidirectional,
        dropout=config.dropout,
    )
    preset = config.preset or ("regression" if numbers else "sequence_classification")
    kk.compile(model, preset, learning_rate=config.learning_rate)
    return model


def train(
    config: Config, model: keras.Model, data: Data, run_dir: pathlib.Path, verbose: Any = "auto"
) -> keras.callbacks.History:
    """Train the model. An interrupted run in the same folder continues."""
    import kerakit as kk

    return kk.fit(
        model,
        data,
        epochs=config.epochs,
        batch_size=config.batch_size,
        class_weight="balanced" if config.balanced else None,
        run_dir=run_dir,
        precision=config.precision,
        seed=config.seed,
        cache_mb=config.cache_mb,
        callbacks=tensorboard_callbacks(config, run_dir),
        verbose=verbose,
    )


def run(config: Config) -> Result:
    """Train, evaluate and export a model. An interrupted run continues."""
    return run_recipe(config, load, build, train)


def main(arguments: Sequence[str] | None = None) -> None:
    command_line(Config, run, __doc__, arguments)


if __name__ == "__main__":
    main()
