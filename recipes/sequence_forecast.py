"""Forecasting: predict the next steps of a time series.

Shows: a network that forecasts all steps of the horizon at once. A linear forecast from the
window is fitted first; an LSTM learns to correct it. The model is evaluated beside simple
forecasts, exported and checked.

Needs: nothing. It generates the chaotic Mackey-Glass series and forecasts 84 steps; your own
series: --series FILE --value COLUMN, with --window and --horizon in steps.

Measured: on 917 test windows an RMSE of 0.004; a linear model has 0.109, repeating the last
season 0.328. 89 seconds on two cores.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from kerakit.workflow import (
    Encoder,
    Result,
    SeriesFlags,
    Timer,
    command_line,
    finish_run,
    import_quietly,
    load_series_data,
    show_learning_rate,
    start_run,
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(SeriesFlags):
    """The flags of the recipe."""

    dataset: str = "mackey_glass"
    """Name of a built-in data set."""
    epochs: int = 100
    """Maximum number of epochs. Early stopping may end the training before."""
    encoder: Encoder = "lstm"
    """Network that reads the window: lstm, gru, rnn, conv or transformer."""
    units: int = 64
    """Width of the encoder."""
    layers: int = 1
    """Number of stacked layers of the encoder."""
    dropout: float = 0.0
    """Fraction of units that are dropped in training. Use more for short or noisy series."""


def run(config: Config) -> Result:
    """Train, evaluate and export a model."""
    import kerakit as kk

    timer = Timer()
    # Windows of the raw series, split by time: the training steps lie before the others.
    data = load_series_data(config)
    timer.mark("data")
    import_quietly()  # after the data: an error in a file does not wait for TensorFlow
    import keras

    timer.mark("import")

    # The same seed gives the same initial weights.
    keras.utils.set_random_seed(config.seed)
    model = kk.sequence_forecaster(
        data.spec,
        encoder=config.encoder,
        units=config.units,
        layers=config.layers,
        dropout=config.dropout,
    )
    kk.compile(model, config.preset or "forecasting", learning_rate=config.learning_rate)
    if config.find_learning_rate:
        show_learning_rate(config, model, data)

    # An interrupted run continues; a finished run makes the next version.
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
        return finish_run(config, folder, model, data, history, timer)


def main(arguments: Sequence[str] | None = None) -> None:
    command_line(Config, run, __doc__, arguments)


if __name__ == "__main__":
    main()
