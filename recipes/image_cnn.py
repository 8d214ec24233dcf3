"""Image classification: train a convolutional network on labelled images.

Shows: a convolutional network with decoding and normalisation inside, augmented while it
trains, measured beside two baselines, exported and checked. The server takes JPEG files as
they are.
Needs: nothing; it reads scikit-learn's digits. Your own pictures: --images DIR, a folder per
class.
Measured: see the table in README.md.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from kerakit.errors import ArgumentError
from kerakit.workflow import (
    ImageFlags,
    Result,
    RunFlags,
    Timer,
    command_for,
    command_line,
    finish,
    load_pictures,
    start_run,
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(ImageFlags, RunFlags):
    """The flags of the recipe."""

    dataset: str = "digits"
    """A built-in set, or tfds:NAME[/CONFIG], such as tfds:mnist."""
    epochs: int | None = None
    """The most epochs; by default 30, and down to 10 where pictures are many."""
    arch: str = "vgg"
    """lenet, vgg or resnet."""
    augment: str = "standard"
    """none, light, standard or strong: how pictures are varied while training."""


def run(config: Config) -> Result:
    """Train, evaluate and export; return a `Result`."""
    import keras

    import kerakit as kk

    timer = Timer()
    # Pixels from 0 to 255, split by the seed with the classes' shares kept.
    data = load_pictures(config)
    if data.spec.features[0].kind != "image":
        command = command_for("tabular-classification")
        raise ArgumentError(f"{config.dataset!r} is no set of images: run {command}.")
    timer.mark("data")

    # The same seed gives the same weights.
    keras.utils.set_random_seed(config.seed)
    model = kk.cnn_classifier(data.spec, arch=config.arch)
    preset = config.preset or "image_classification"
    kk.compile(model, preset, learning_rate=config.learning_rate)

    # A run that was stopped goes on; a finished one makes the next version.
    with start_run(config) as folder:
        history = kk.fit(
            model,
            data,
            epochs=epochs_for(data) if config.epochs is None else config.epochs,
            batch_size=config.batch_size,
            augment=config.augment,
            run_dir=folder.folder,
            precision=config.precision,
            seed=config.seed,
            cache_mb=config.cache_mb,
        )
        timer.mark("train")
        return finish(config, folder, model, data, history, timer)


def epochs_for(data):
    """Return how many epochs show the network some 400,000 pictures, from 10 to 30."""
    return min(30, max(10, round(400_000 / data.spec.sizes["train"])))


def main(arguments: Sequence[str] | None = None) -> None:
    command_line(Config, run, __doc__, arguments)


if __name__ == "__main__":
    main()
