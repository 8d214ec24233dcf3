"""Tabular classification: predict a class for each row of a table.

Shows: lines, networks that correct them, a kernel and boosted trees, with their preprocessing
inside. They give the probability of every class, are trained, evaluated beside three baselines,
exported and checked.

Needs: nothing. It reads scikit-learn's breast cancer set (569 tumours); your own table:
--csv FILE --target COLUMN.

Measured: on 114 test tumours an accuracy of 0.974 and a log loss of 0.060; always the commonest
class has 0.632, gradient boosting 0.965 and 0.123, a logistic regression 0.991 and 0.056. 36
seconds on two cores.
"""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from kerakit.errors import ArgumentError
from kerakit.workflow import (
    Result,
    TableFlags,
    command_for,
    command_line,
    load_table_data,
    run_recipe,
    tensorboard_callbacks,
)

if TYPE_CHECKING:
    import keras

    from kerakit.data import Data


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(TableFlags):
    """The flags of the recipe."""

    dataset: str = "breast_cancer"
    """Name of a built-in data set, or tfds:NAME[/CONFIG]."""
    epochs: int | Literal["auto"] = "auto"
    """Maximum number of epochs; auto: by the number of rows. Early stopping may end the training
    before."""
    hidden: tuple[int, ...] | Literal["auto"] = "auto"
    """Number of units of each hidden layer of one network; auto: by the number of rows, and
    several networks are averaged."""
    dropout: float | Literal["auto"] = "auto"
    """Fraction of units that are dropped in training; auto: each network's own."""
    l2: float = 0.0
    """L2 penalty on the weights."""
    bins: int | Literal["auto"] = "auto"
    """Number of quantile bins of the piecewise linear encoding of numbers; 0 for no encoding;
    auto: by the number of rows."""
    members: int | Literal["auto"] = "auto"
    """Number of networks side by side; 1 for a network alone; auto: by the number of rows."""
    balanced: bool = False
    """Give every class the same weight, whatever its number of rows."""


def load(config: Config) -> Data:
    """Return the data that the flags name."""
    # The data are raw columns, split by the seed; every split has the same fractions of classes.
    data = load_table_data(config)
    if not data.spec.is_classification:
        raise ArgumentError(
            f"{data.spec.target.names[0]!r} is a numeric target: run "
            f"{command_for('tabular-regression')}, or say --task multiclass if its values are "
            "labels."
        )
    return data


def build(config: Config, data: Data) -> keras.Model:
    """Return the compiled model."""
    import keras

    import kerakit as kk

    # The same seed gives the same initial weights.
    keras.utils.set_random_seed(config.seed)
    model = kk.mlp_classifier(
        data,
        hidden=config.hidden,
        dropout=config.dropout,
        l2=config.l2,
        bins=config.bins,
        members=config.members,
    )
    kk.compile(model, config.preset or data.spec.task, learning_rate=config.learning_rate)
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
