"""Images of one label each -> `Data`: what `load_images` and `load_tfds` share."""

import dataclasses
from collections.abc import Callable

import numpy as np

from kerakit.data.data import SPLITS, Data
from kerakit.data.images.decoded import decode_splits
from kerakit.data.spec import Spec, Target
from kerakit.errors import DataError

__all__ = ["LeftOut", "image_data"]

_NAMED = 5  # files that a warning names


@dataclasses.dataclass
class LeftOut:
    """Images that cannot be used.

    Attributes:
        name: str. What the images are, for messages.
        count: int. How many images there are in all.
        most: float in `[0.0, 1.0]`. The share that may be left out.
        place: function from a row to what the user calls it.
        problems: dict from row to what is wrong with it.
    """

    name: str
    count: int
    most: float
    place: Callable[[int], str]
    problems: dict[int, str] = dataclasses.field(default_factory=dict)

    def check(self):
        """Raise a `DataError` when more than the share cannot be used."""
        if len(self.problems) > self.most * self.count:
            raise DataError(
                f"{self.sentence()} That is more than max_unreadable={self.most:g} of all. Repair "
                "or remove them, or pass a larger max_unreadable=."
            )

    def sentence(self):
        """Return how many are left out, with the first few named; empty where there are none."""
        if not self.problems:
            return ""
        first = sorted(self.problems)[:_NAMED]
        named = "; ".join(f"{self.place(row)!r}: {self.problems[row]}" for row in first)
        more = len(self.problems) - len(first)
        named += f"; and {more:,} more" if more else ""
        many = len(self.problems)
        return (
            f"{self.name}: {many:,} of {self.count:,} images cannot be read and "
            f"{'is' if many == 1 else 'are'} left out ({named})."
        )


def image_data(pictures, rows, left_out, *, classes, caching, target, seed, dataset):
    """Decode images into `Data`.

    Args:
        pictures: `EncodedImages`.
        rows: dict from split to int array of rows.
        left_out: `LeftOut`. What cannot be decoded is added to it.
        classes: tuple of strings.
        caching: `CacheOptions`.
        target: str. The target's name.
        seed: int. Seed of the split.
        dataset: str. What the user calls the data.

    Returns:
        `Data`.

    Raises:
        DataError: when too many images cannot be read, or none is left of a class or split.
    """
    splits, feature, good = decode_splits(pictures, rows, caching)
    for split, chosen in rows.items():
        for row in np.setdiff1d(chosen, good[split]).tolist():
            left_out.problems[row] = "broken, it cannot be decoded"
    left_out.check()
    counts = np.bincount(pictures.ids[good["train"]], minlength=len(classes))
    if not counts.all():
        raise DataError(
            f"{left_out.name}: of the class {classes[int(np.argmin(counts))]!r} no image that can "
            f"be read is in the training part. {left_out.sentence()} Add images."
        )
    for split, chosen in good.items():
        if not len(chosen):
            raise DataError(f"{left_out.name}: no image of the {split} part can be read.")
    spec = Spec(
        task="binary" if len(classes) == 2 else "multiclass",
        features=(feature,),
        target=Target((target,)),
        classes=classes,
        class_counts=tuple(counts.tolist()),
        sizes={split: len(good.get(split, ())) for split in SPLITS},
        seed=seed,
        fingerprint=pictures.fingerprint,
        dataset=dataset,
    )
    return Data(splits["train"], splits.get("validation"), splits["test"], spec)
