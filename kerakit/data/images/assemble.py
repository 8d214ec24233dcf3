"""Images of one label each -> `Data`: what `load_images` and `load_tfds` share."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kerakit.data.data import Data
from kerakit.data.images.classes import class_ids, order_classes, rename
from kerakit.data.images.decoded import EncodedImages, decode_splits
from kerakit.data.images.header import ImageHeader
from kerakit.data.images.options import ImageOptions
from kerakit.data.images.scan import choose_channels, choose_size
from kerakit.data.options import Options
from kerakit.data.spec import Spec, Target
from kerakit.data.split import SPLITS, split_rows
from kerakit.errors import DataError

__all__ = ["LabelledImages", "LeftOut", "image_data"]

_NAMED = 5  # images that a warning names


@dataclasses.dataclass
class LeftOut:
    """Images that cannot be used.

    Attributes:
        name: str. What the images are, for messages.
        count: int. How many images there are in all.
        max_fraction: float in `[0.0, 1.0]`. The fraction that may be left out.
        name_of: function from a row to the name that the user knows the image by.
        problems: dict from row to the reason.
    """

    name: str
    count: int
    max_fraction: float
    name_of: Callable[[int], str]
    problems: dict[int, str] = dataclasses.field(default_factory=dict)

    def check(self) -> None:
        """Raise a `DataError` when more images than allowed cannot be used."""
        if len(self.problems) > self.max_fraction * self.count:
            raise DataError(
                f"{self.sentence()} That is more than max_unreadable={self.max_fraction:g} of all. "
                "Repair or remove them, or pass a larger max_unreadable=."
            )

    def sentence(self) -> str:
        """Return how many are left out, with the first few named; empty where there are none."""
        if not self.problems:
            return ""
        first = sorted(self.problems)[:_NAMED]
        named = "; ".join(f"{self.name_of(row)!r}: {self.problems[row]}" for row in first)
        more = len(self.problems) - len(first)
        named += f"; and {more:,} more" if more else ""
        count = len(self.problems)
        return (
            f"{self.name}: {count:,} of {self.count:,} images cannot be read and "
            f"{'is' if count == 1 else 'are'} left out ({named})."
        )


@dataclasses.dataclass(frozen=True)
class LabelledImages:
    """Images of any source before one is decoded.

    Attributes:
        labels: sequence of str. The label of each image, before it is renamed.
        rows: dict from split to int array: the images whose headers can be read.
        labelled: int array. The training images that make the classes: also those that cannot
            be read, so that an error can name a class without readable images.
        headers: sequence of `ImageHeader`.
        left_out: `LeftOut`. The images that are known to be no images.
        fingerprint: str. SHA-256 of the source.
        encoded: function, as of `EncodedImages`.
        decode: function of `(value, shape)`, as of `EncodedImages` for one shape.
    """

    labels: Sequence[str]
    rows: dict[str, np.ndarray]
    labelled: np.ndarray
    headers: Sequence[ImageHeader]
    left_out: LeftOut
    fingerprint: str
    encoded: Callable[[np.ndarray], Any]
    decode: Callable[[Any, tuple[int, int, int]], Any]


def image_data(
    images: LabelledImages,
    options: Options,
    image_options: ImageOptions,
    *,
    target: str,
    dataset: str,
    mix: bool = False,
) -> Data:
    """Make `Data` of labelled images: find the classes, split, and decode.

    Args:
        images: `LabelledImages`. Images that cannot be decoded are added to its `left_out`.
        options: `Options`.
        image_options: `ImageOptions`.
        target: str. The target's name.
        dataset: str. Name of the data in reports.
        mix: bool. Whether the training images get a seeded random order. Defaults to `False`.

    Returns:
        `Data`.

    Raises:
        DataError: when too many images cannot be read, a split has no image, there are fewer
            than two classes, or a class has too few training images.
        ArgumentError: when `pos_label` is none of the classes.
    """
    left_out = images.left_out
    left_out.check()
    labels = rename(images.labels, options, left_out.name)
    classes = order_classes(labels[images.labelled], options, left_out.name)
    ids = class_ids(labels, images.rows, classes, left_out.name)
    _check_counts(ids[images.rows["train"]], classes, left_out)
    height, width = image_options.image_size or choose_size(images.headers)
    shape = (height, width, image_options.channels or choose_channels(images.headers))
    rows = split_rows(images.rows, options, name=left_out.name, classes=ids)
    if mix:
        rows["train"] = np.random.default_rng((options.seed, 2)).permutation(rows["train"])
    encoded = EncodedImages(
        images.encoded, lambda value: images.decode(value, shape), shape, ids, images.fingerprint
    )
    splits, feature, good = decode_splits(encoded, rows, image_options.caching)
    counts = _check_decoded(left_out, rows, good, ids, classes)
    spec = Spec(
        task="binary" if len(classes) == 2 else "multiclass",
        features=(feature,),
        target=Target((target,)),
        classes=classes,
        class_counts=tuple(counts.tolist()),
        sizes={split: len(good.get(split, ())) for split in SPLITS},
        seed=options.seed,
        fingerprint=images.fingerprint,
        dataset=dataset,
    )
    return Data(splits["train"], splits.get("validation"), splits["test"], spec)


def _check_counts(ids, classes, left_out):
    """Refuse a class with fewer than two training images whose headers can be read."""
    counts = np.bincount(ids, minlength=len(classes))
    if counts.min() >= 2:
        return
    number = int(np.argmin(counts))
    found = "no image" if not counts[number] else "one image"
    sentence = left_out.sentence()
    raise DataError(
        f"{left_out.name}: the class {classes[number]!r} has {found} that can be read in the "
        f"training split. Expected at least two, to train and to test on. "
        f"{sentence + ' ' if sentence else ''}Add images, remove the class, or join classes with "
        "rename_labels={'old': 'new'}."
    )


def _check_decoded(left_out, rows, good, ids, classes):
    """Note what was not decoded; return the training images of each class, at least one."""
    for split, chosen in rows.items():
        for row in np.setdiff1d(chosen, good[split]).tolist():
            left_out.problems[row] = "broken, it cannot be decoded"
    left_out.check()
    counts = np.bincount(ids[good["train"]], minlength=len(classes))
    if not counts.all():
        raise DataError(
            f"{left_out.name}: the training split has no readable image of the class "
            f"{classes[int(np.argmin(counts))]!r}. {left_out.sentence()} Add images."
        )
    for split, chosen in good.items():
        if not len(chosen):
            raise DataError(
                f"{left_out.name}: no image of the {split} split can be read. {left_out.sentence()}"
            )
    return counts
