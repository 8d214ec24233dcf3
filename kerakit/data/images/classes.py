"""The classes of labelled images: their order, and classes that cannot be learned."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from kerakit.checks import check_choice, shortlist
from kerakit.data.columns.column import read_column
from kerakit.data.columns.labels import check_renamed
from kerakit.data.options import Options
from kerakit.errors import DataError

__all__ = ["class_ids", "order_classes", "rename"]


def rename(labels: Iterable[str], options: Options, name: str) -> np.ndarray:
    """Return labels as an object array, renamed by `rename_labels=`.

    Args:
        labels: strings.
        options: `Options`.
        name: str. What the images are, for an error.

    Raises:
        DataError: when `rename_labels=` names a label that no image has.
    """
    labels = list(labels)
    check_renamed(options.rename_labels, set(labels), name)
    return np.array([options.rename_labels.get(label, label) for label in labels], object)


def order_classes(labels: Iterable[str], options: Options, name: str) -> tuple[str, ...]:
    """Return the distinct labels, sorted as numbers where all are numbers, else as texts.

    Example:

    >>> from kerakit.data.options import Options
    >>> order_classes({"10", "9", "07"}, Options("load_images"), "digits")
    ('07', '9', '10')

    Raises:
        DataError: when there are fewer than two, or more where `pos_label=` takes two.
        ArgumentError: when `pos_label` is none of them.
    """
    import pyarrow as pa

    labels = sorted(set(labels))
    column = read_column(pa.array(labels, pa.string()), na_values=(), typed=False)
    classes = tuple(sorted(labels, key=str if column.odd.any() else float))
    if len(classes) < 2:
        found = f"one class only, {classes[0]!r}" if classes else "no class"
        raise DataError(
            f"{name}: the training split has {found}. Expected images of at least two classes, "
            "each in a folder of its own."
        )
    if options.pos_label is None:
        return classes
    check_choice(options.owner, "pos_label", options.pos_label, classes)
    if len(classes) > 2:
        raise DataError(
            f"{name}: pos_label= needs two classes, and the images have {len(classes)}. Leave it "
            "out, or join classes with rename_labels={'old': 'new'}."
        )
    return tuple(sorted(classes, key=lambda label: label == options.pos_label))


def class_ids(
    labels: np.ndarray, rows: dict[str, np.ndarray], classes: tuple[str, ...], name: str
) -> np.ndarray:
    """Return the int32 class id of each label, 0 for a label outside `rows` that is no class.

    Args:
        labels: object array of `str`.
        rows: dict from split to int array.
        classes: tuple of strings.
        name: str. What the images are, for an error.

    Raises:
        DataError: when a split has a class without training images.
    """
    for split, chosen in rows.items():
        unknown = set(labels[chosen]) - set(classes)
        if unknown:
            raise DataError(
                f"{name}: the class {min(unknown)!r} of the {split} split has no training images. "
                f"The training split has the classes {shortlist(classes, 10)}. Add training "
                "images of the class, or remove it."
            )
    id_of = {label: number for number, label in enumerate(classes)}
    return np.array([id_of.get(label, 0) for label in labels], np.int32)
