"""From the flags of a recipe to images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerakit.errors import ArgumentError
from kerakit.workflow.flags import ImageFlags
from kerakit.workflow.flags.values import given_flags, parse_labels
from kerakit.workflow.jobs import command_for

if TYPE_CHECKING:
    from kerakit.data import Data

__all__ = ["load_image_data", "not_images"]


def load_image_data(config: ImageFlags) -> Data:
    """Load the images that the flags name.

    Args:
        config: the flags of a recipe.

    Raises:
        ArgumentError: when flags contradict each other, or the data are no images.
        DataError: when the data cannot be used.
    """
    from kerakit.data import load_builtin, load_images, load_tfds

    given = given_flags(config, ImageFlags, "images", other=("image_size",))
    given.pop("image_size", None)
    side = config.image_size
    size = None if side is None else (side, side)
    if config.images is not None:
        given["rename_labels"] = parse_labels(config.rename_labels)
        return load_images(
            config.images, image_size=size, seed=config.seed, cache_mb=config.cache_mb, **given
        )
    if config.dataset.startswith("tfds:"):
        data = load_tfds(
            config.dataset.removeprefix("tfds:"),
            data_dir=config.data_dir,
            image_size=size,
            seed=config.seed,
            cache_mb=config.cache_mb,
        )
    elif size is not None:
        raise ArgumentError("--image-size goes with --images DIR or --dataset tfds:NAME.")
    else:
        data = load_builtin(config.dataset, seed=config.seed)
    if data.spec.features[0].kind != "image":
        raise not_images(config)
    return data


def not_images(config: ImageFlags) -> ArgumentError:
    """Return the error that `--dataset` names data of another kind."""
    command = command_for("tabular-classification")
    return ArgumentError(f"{config.dataset!r} is no set of images: run {command}.")
