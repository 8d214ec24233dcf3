"""Text classification: predict a class for each text.

Shows: a network that takes strings as they are and gives the probability of every class. A
linear model of n-grams is fitted first; a network that reads the words in order is trained
beside it. The model is evaluated beside two baselines, exported and checked.

Needs: nothing. It makes 600 toy e-mails from templates; they show the steps, and say nothing
about real mail. Your own texts: --text FILE, with the columns text and label.

Measured: on 120 test e-mails an accuracy of 0.958 and a log loss of 0.144; a logistic
regression has 0.958 and 0.151. 22 seconds on two cores.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from kerakit.workflow import (
    Encoder,
    Result,
    TextFlags,
    Timer,
    command_line,
    finish_run,
    import_quietly,
    load_text_data,
    show_learning_rate,
    start_run,
)


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
    balanced: bool = False
    """Give every class the same weight, whatever its number of texts."""


def run(config: Config) -> Result:
    """Train, evaluate and export a model."""
    import kerakit as kk

    timer = Timer()
    # Raw strings, split by the seed; every split has the same fractions of classes, and all
    # copies of a text come into the same split.
    data = load_text_data(config)
    timer.mark("data")
    import_quietly()  # after the data: an error in a file does not wait for TensorFlow
    import keras

    timer.mark("import")

    # The same seed gives the same initial weights.
    keras.utils.set_random_seed(config.seed)
    model = kk.text_classifier(
        data.spec,
        encoder=config.encoder,
        units=config.units,
        layers=config.layers,
        dropout=config.dropout,
        max_words=config.max_words,
    )
    kk.compile(model, config.preset or "text_classification", learning_rate=config.learning_rate)
    class_weight = "balanced" if config.balanced else None
    if config.find_learning_rate:
        show_learning_rate(config, model, data, class_weight=class_weight)

    # An interrupted run continues; a finished run makes the next version.
    with start_run(config) as folder:
        history = kk.fit(
            model,
            data,
            epochs=config.epochs,
            batch_size=config.batch_size,
            class_weight=class_weight,
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
