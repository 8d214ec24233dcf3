"""Image classification: train a convolutional network on labelled images.

Shows: a convolutional network with decoding and normalisation inside. It is trained with
augmented images, evaluated beside two baselines, exported and checked. The server takes JPEG
files as they are.

Needs: nothing. It reads scikit-learn's digits (1,797 images of 8 x 8 pixels); your own images:
--images DIR, with a subfolder for each class.

Measured: on 359 test images an accuracy of 0.994; a logistic regression on the pixels has
0.958. 26 seconds on two cores.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Annotated, Literal

from kerakit.workflow import (
    AS_TEXT,
    ImageFlags,
    Result,
    Timer,
    command_line,
    finish_run,
    import_quietly,
    load_image_data,
    show_learning_rate,
    start_run,
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(ImageFlags):
    """The flags of the recipe."""

    dataset: str = "digits"
    """Name of a built-in data set, or tfds:NAME[/CONFIG], such as tfds:mnist."""
    epochs: int | None = None
    """Maximum number of epochs. Default: 30 for few images, down to 10 for many."""
    arch: Annotated[Literal["lenet", "vgg", "resnet"], AS_TEXT] = "vgg"
    """Architecture: lenet, vgg or resnet."""
    augment: Annotated[Literal["none", "light", "standard", "strong"], AS_TEXT] = "standard"
    """Random changes of the training images: none, light, standard or strong."""


def run(config: Config) -> Result:
    """Train, evaluate and export a model."""
    import kerakit as kk

    timer = Timer()
    # Pixels from 0 to 255, split by the seed; every split has the same fractions of classes.
    data = load_image_data(config)
    timer.mark("data")
    import_quietly()  # after the data: an error in a file does not wait for TensorFlow
    import keras

    timer.mark("import")

    # The same seed gives the same initial weights.
    keras.utils.set_random_seed(config.seed)
    model = kk.cnn_classifier(data.spec, arch=config.arch)
    kk.compile(model, config.preset or "image_classification", learning_rate=config.learning_rate)
    if config.find_learning_rate:
        show_learning_rate(config, model, data, augment=config.augment)

    epochs = epochs_for(data.spec.sizes["train"]) if config.epochs is None else config.epochs
    # An interrupted run continues; a finished run makes the next version.
    with start_run(config) as folder:
        history = kk.fit(
            model,
            data,
            epochs=epochs,
            batch_size=config.batch_size,
            augment=config.augment,
            run_dir=folder.folder,
            precision=config.precision,
            seed=config.seed,
            cache_mb=config.cache_mb,
        )
        timer.mark("train")
        return finish_run(config, folder, model, data, history, timer)


def epochs_for(n_images: int) -> int:
    """Return the number of epochs, from 10 to 30, that shows the network 400,000 images."""
    return min(30, max(10, round(400_000 / n_images)))


def main(arguments: Sequence[str] | None = None) -> None:
    command_line(Config, run, __doc__, arguments)


if __name__ == "__main__":
    main()
