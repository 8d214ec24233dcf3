"""Tagging: predict a tag for each token of a sentence.

Shows: a network that gives a tag for every token of a sentence, those of words it never saw
too; measured beside each word's commonest tag, exported and checked.
Needs: nothing; it makes toy sentences by a small grammar, which show the steps and say nothing
about real English. Your own sentences: --tagged FILE, in CoNLL columns or CoNLL-U.
Measured: see the table in README.md.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from kerakit.workflow import (
    Result,
    RunFlags,
    TaggedFlags,
    Timer,
    command_line,
    finish,
    load_sentences,
    start_run,
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(TaggedFlags, RunFlags):
    """The flags of the recipe."""

    dataset: str = "sentences"
    """A built-in set; sentences is a toy made by a small grammar."""
    epochs: int = 100
    """The most epochs; early stopping may end before."""
    encoder: str = "lstm"
    """lstm, gru, rnn, conv or transformer: what reads the tokens."""
    units: int = 128
    """Width of the encoder, in each direction."""
    layers: int = 1
    """How many cells are stacked."""
    dropout: float = 0.5
    """Share of words hidden, and of units dropped, while training."""


def run(config: Config) -> Result:
    """Train, evaluate and export; return a `Result`."""
    import keras

    import kerakit as kk

    timer = Timer()
    # Raw sentences, one string each, split by the seed; every tag is in the training part.
    data = load_sentences(config)
    timer.mark("data")

    # The same seed gives the same weights.
    keras.utils.set_random_seed(config.seed)
    model = kk.sequence_tagger(
        data.spec,
        encoder=config.encoder,
        units=config.units,
        layers=config.layers,
        dropout=config.dropout,
    )
    preset = config.preset or "sequence_tagging"
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
