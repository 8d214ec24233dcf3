"""Forecasting: predict the next steps of a time series.

Shows: a network that forecasts all steps of the horizon at once. A linear forecast from the
window is fitted first; an LSTM learns to correct it. The model is evaluated beside simple
forecasts, exported and checked.

Needs: nothing. It generates the chaotic Mackey-Glass series and forecasts 84 steps; your own
series: --series FILE --value COLUMN, with --window and --horizon in steps.

Measured: on 917 test windows an RMSE of 0.004; a linear model has 0.109, repeating the last
season 0.328. 42 CPU seconds.
"""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kerakit.workflow import (
    ForecastEncoder,
    Levels,
    Result,
    SeriesFlags,
    command_line,
    load_series_data,
    run_recipe,
    tensorboard_callbacks,
)

if TYPE_CHECKING:
    import keras

    from kerakit.data import Data


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(SeriesFlags):
    """The flags of the recipe."""

    dataset: str = "mackey_glass"
    """Name of a built-in data set."""
    epochs: int = 100
    """Maximum number of epochs. Early stopping may end the training before."""
    encoder: ForecastEncoder = "auto"
    """Network that reads the window: segment, lstm, gru, rnn, conv or transformer. auto is segment
    for several series (--id), lstm for one."""
    units: int = 64
    """Width of the encoder."""
    layers: int = 1
    """Number of stacked layers of the encoder."""
    dropout: float = 0.0
    """Fraction of units that are dropped in training. Use more for short or noisy series."""
    quantiles: Levels = None
    """Levels to forecast instead of the mean, such as 0.1,0.5,0.9; the middle one is the forecast.
    Default: none."""
    origins: int | None = None
    """Number of groups of forecast origins, in the order of time, that the report measures one by
    one. The model is trained once. Default: none."""


def load(config: Config) -> Data:
    """Return the data that the flags name."""
    # Windows of the raw series, split by time: the training steps lie before the others.
    return load_series_data(config)


def build(config: Config, data: Data) -> keras.Model:
    """Return the compiled model."""
    import keras

    import kerakit as kk

    # The same seed gives the same initial weights.
    keras.utils.set_random_seed(config.seed)
    model = kk.sequence_forecaster(
        data,
        encoder=config.encoder,
        units=config.units,
        layers=config.layers,
        dropout=config.dropout,
        quantiles=config.quantiles,
    )
    kk.compile(model, config.preset, learning_rate=config.learning_rate)
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
