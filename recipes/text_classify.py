"""Text classification: predict a class for each text.

Shows: a network that takes strings as they are and gives the probability of every class: a
linear path over n-grams, solved first, and a network that reads the words in their order;
measured beside two baselines, exported and checked.
Needs: nothing; it makes toy e-mails from templates, which show the steps and say nothing about
real mail. Your own texts: --text FILE, with columns text and label.
Measured: see the table in README.md.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from kerakit.workflow import (
    Result,
    RunFlags,
    TextFlags,
    Timer,
    command_line,
    finish,
    load_texts,
    start_run,
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(TextFlags, RunFlags):
    """The flags of the recipe."""

    dataset: str = "messages"
    """A built-in set (messages is a toy made of templates), or tfds:NAME[/CONFIG]."""
    epochs: int = 20
    """The most epochs; early stopping may end before."""
    encoder: str = "conv"
    """lstm, gru, rnn, conv or transformer: what reads the words in their order."""
    units: int = 64
    """Width of the encoder; lstm, gru and rnn read from both ends, with as many each."""
    layers: int = 1
    """How many cells are stacked."""
    dropout: float = 0.5
    """Share of words and units dropped while training."""
    max_words: int = 256
    """Words that the encoder reads; the n-grams are those of the whole text."""
    balanced: bool = False
    """Weigh every class alike, whatever its number of texts."""


def run(config: Config) -> Result:
    """Train, evaluate and export; return a `Result`."""
    import keras

    import kerakit as kk

    timer = Timer()
    # Raw strings, split by the seed with the classes' shares kept; repeats stay together.
    data = load_texts(config)
    timer.mark("data")

    # The same seed gives the same weights.
    keras.utils.set_random_seed(config.seed)
    model = kk.text_classifier(
        data.spec,
        encoder=config.encoder,
        units=config.units,
        layers=config.layers,
        dropout=config.dropout,
        max_words=config.max_words,
    )
    preset = config.preset or "text_classification"
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
