"""Sequence classification: predict a class for each sequence of numbers.

Shows: a network that gives the probability of every class of a whole series, of any length;
measured beside two baselines, exported and checked.
Needs: nothing; it generates control charts of six patterns. Your own series: --ts FILE, as
those of the UCR and UEA archives.
Measured: see the table in README.md.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from kerakit.workflow import (
    Result,
    RunFlags,
    SequenceFlags,
    Timer,
    command_line,
    finish,
    load_labelled,
    start_run,
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(SequenceFlags, RunFlags):
    """The flags of the recipe."""

    dataset: str = "control_charts"
    """A built-in set: control_charts, or digits, read row by row."""
    epochs: int = 100
    """The most epochs; early stopping may end before."""
    encoder: str = "conv"
    """conv, lstm, gru, rnn or transformer: what reads the series."""
    units: int | None = None
    """Width of the encoder; by default 128 for conv, else 64."""
    layers: int = 1
    """How many cells are stacked."""
    bidirectional: bool = False
    """Read from the end as well: lstm, gru and rnn."""
    dropout: float = 0.0
    """Share of units dropped while training."""
    balanced: bool = False
    """Weigh every class alike, whatever its number of series."""


def run(config: Config) -> Result:
    """Train, evaluate and export; return a `Result`."""
    import keras

    import kerakit as kk

    timer = Timer()
    # Raw series, split by the seed with the classes' shares kept; short ones end in NaN.
    data = load_labelled(config)
    timer.mark("data")

    # The same seed gives the same weights.
    keras.utils.set_random_seed(config.seed)
    model = kk.sequence_classifier(
        data.spec,
        encoder=config.encoder,
        units=config.units,
        layers=config.layers,
        bidirectional=config.bidirectional,
        dropout=config.dropout,
    )
    preset = config.preset or "sequence_classification"
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
