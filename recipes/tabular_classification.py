"""Tabular classification: predict a class for each row of a table.

Shows: a multilayer perceptron with preprocessing inside, that gives the probability of
every class, measured beside two baselines, exported and checked.
Needs: nothing; it reads scikit-learn's breast cancer set. Your own table: --csv FILE --target
COLUMN.
Measured: see the table in README.md.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from kerakit.errors import ArgumentError
from kerakit.workflow import (
    Result,
    RunFlags,
    TableFlags,
    Timer,
    command_for,
    command_line,
    finish,
    load_table,
    start_run,
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(TableFlags, RunFlags):
    """The flags of the recipe."""

    dataset: str = "breast_cancer"
    """A built-in set, or tfds:NAME[/CONFIG]."""
    epochs: int = 100
    """The most epochs; early stopping may end before."""
    hidden: tuple[int, ...] = (128, 128)
    """Units of the hidden layers."""
    dropout: float = 0.3
    """Share of units dropped while training."""
    l2: float = 0.0
    """Penalty on squared weights."""
    bins: int = 16
    """Quantile bins of the piecewise linear encoding of numbers; 0 for none."""
    balanced: bool = False
    """Weigh every class alike, whatever its number of rows."""


def run(config: Config) -> Result:
    """Train, evaluate and export; return a `Result`."""
    import keras

    import kerakit as kk

    timer = Timer()
    # Raw columns, split by the seed with the classes' shares kept.
    data = load_table(config)
    if not data.spec.is_classification:
        raise ArgumentError(
            f"{data.spec.target.names[0]!r} is a numeric target: run "
            f"{command_for('tabular-regression')}, or say --task multiclass if its values are "
            "labels."
        )
    timer.mark("data")

    # The same seed gives the same weights.
    keras.utils.set_random_seed(config.seed)
    model = kk.mlp_classifier(
        data.spec,
        hidden=config.hidden,
        dropout=config.dropout,
        l2=config.l2,
        bins=config.bins,
    )
    preset = config.preset or data.spec.task
    kk.compile(model, preset, learning_rate=config.learning_rate)

    # A run that was stopped goes on; a finished one makes the next version.
    with start_run(config) as folder:
        history = kk.fit(
            model,
            data,
            epochs=config.epochs,
            batch_size=config.batch_size,
            class_weight="balanced" if config.balanced else None,
            run_dir=folder.folder,
            precision=config.precision,
            seed=config.seed,
            cache_mb=config.cache_mb,
        )
        timer.mark("train")
        return finish(config, folder, model, data, history, timer)


def main(arguments: Sequence[str] | None = None) -> None:
    command_line(Config, run, __doc__, arguments)


if __name__ == "__main__":
    main()
