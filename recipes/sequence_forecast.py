"""Forecasting: predict the next steps of a time series.

Shows: a network that forecasts all steps of the horizon at once, as a linear path from the
window, solved first, and an LSTM that corrects it; measured beside simple forecasts, exported
and checked.
Needs: nothing; it generates the Mackey-Glass series and forecasts 84 steps of it. Your own
series: --series FILE --value COLUMN, with --window and --horizon in steps.
Measured: see the table in README.md.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from kerakit.workflow import (
    Result,
    RunFlags,
    SeriesFlags,
    Timer,
    command_line,
    finish,
    load_windows,
    start_run,
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(SeriesFlags, RunFlags):
    """The flags of the recipe."""

    dataset: str = "mackey_glass"
    """A built-in set."""
    epochs: int = 100
    """The most epochs; early stopping may end before."""
    encoder: str = "lstm"
    """lstm, gru, rnn, conv or transformer: what reads the window."""
    units: int = 64
    """Width of the encoder."""
    layers: int = 1
    """How many cells are stacked."""
    dropout: float = 0.0
    """Share of units dropped while training; more for short or noisy series."""


def run(config: Config) -> Result:
    """Train, evaluate and export; return a `Result`."""
    import keras

    import kerakit as kk

    timer = Timer()
    # Windows of the raw series, split by time: training lies before validation and test.
    data = load_windows(config)
    timer.mark("data")

    # The same seed gives the same weights.
    keras.utils.set_random_seed(config.seed)
    model = kk.sequence_forecaster(
        data.spec,
        encoder=config.encoder,
        units=config.units,
        layers=config.layers,
        dropout=config.dropout,
    )
    preset = config.preset or "forecasting"
    kk.compile(model, preset, learning_rate=config.learning_rate)

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
