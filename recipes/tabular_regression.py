"""Tabular regression: predict a number for each row of a table.

Shows: a multilayer perceptron with preprocessing inside, trained, measured beside two
baselines, exported and checked.
Needs: nothing; it reads scikit-learn's diabetes set. Your own table: --csv FILE --target COLUMN.
Measured: see the table in README.md.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from kerakit.workflow import (
    Result,
    RunFlags,
    TableFlags,
    Timer,
    command_line,
    finish,
    load_table,
    start_run,
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(TableFlags, RunFlags):
    """The flags of the recipe."""

    dataset: str = "diabetes"
    """A built-in set, or tfds:NAME[/CONFIG]."""
    epochs: int = 400
    """The most epochs; early stopping may end before."""
    hidden: tuple[int, ...] = (256, 256)
    """Units of the hidden layers."""
    dropout: float = 0.3
    """Share of units dropped while training; more for few or noisy rows."""
    l2: float = 0.0
    """Penalty on squared weights."""
    bins: int = 32
    """Quantile bins of the piecewise linear encoding of numbers; 0 for none."""


def run(config: Config) -> Result:
    """Train, evaluate and export; return a `Result`."""
    import keras

    import kerakit as kk

    timer = Timer()
    # Raw columns, split by the seed; statistics come from the training part alone.
    data = load_table(dataclasses.replace(config, task=config.task or "regression"))
    timer.mark("data")

    # The same seed gives the same weights.
    keras.utils.set_random_seed(config.seed)
    model = kk.mlp_regressor(
        data.spec,
        hidden=config.hidden,
        dropout=config.dropout,
        l2=config.l2,
        bins=config.bins,
    )
    kk.compile(model, config.preset or "regression", learning_rate=config.learning_rate)

    # A run that was stopped goes on; a finished one makes the next version.
    with start_run(config) as folder:
        history = kk.fit(
            model,
            data,
            epochs=config.epochs,
            batch_size=config.batch_size,
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
