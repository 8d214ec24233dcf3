"""The classes of labelled images: their order, and refusing what cannot be learned."""

import numpy as np

from kerakit.checks import check_choice
from kerakit.data.columns.column import read_column
from kerakit.data.columns.labels import check_renamed
from kerakit.errors import DataError

__all__ = ["check_counts", "class_ids", "order_classes", "rename"]


def rename(labels, options, name):
    """Return labels as an object array, renamed by `rename_labels=`.

    Raises:
        DataError: when `rename_labels=` names a label that is not there.
    """
    check_renamed(options.rename_labels, set(labels), name)
    return np.array([options.rename_labels.get(label, label) for label in labels], object)


def order_classes(labels, options, name):
    """Return the distinct labels as a tuple: as numbers where all are numbers, else as texts.

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
        held = f"one class only, {classes[0]!r}" if classes else "no class"
        raise DataError(
            f"{name}: the training part has {held}. Expected images of at least two classes, "
            "each in a folder of its own."
        )
    if options.pos_label is None:
        return classes
    check_choice(options.owner, "pos_label", options.pos_label, classes)
    if len(classes) > 2:
        raise DataError(f"{name}: pos_label= takes two classes. Got {len(classes)}.")
    return tuple(sorted(classes, key=lambda label: label == options.pos_label))


def class_ids(labels, rows, classes, name):
    """Return the int32 class id of each label; those outside `rows` may be of no class.

    Args:
        labels: object array of `str`.
        rows: dict from split to int array.
        classes: tuple of strings.
        name: str. What the images are, for an error.

    Raises:
        DataError: when a split has a class that the training part has not.
    """
    for split, chosen in rows.items():
        unknown = set(labels[chosen]) - set(classes)
        if unknown:
            raise DataError(
                f"{name}: the class {min(unknown)!r} of the {split} part has no training images. "
                f"The training part has {', '.join(map(repr, classes[:10]))}."
            )
    place = {label: number for number, label in enumerate(classes)}
    return np.array([place.get(label, 0) for label in labels], np.int32)


def check_counts(ids, classes, left_out):
    """Refuse a class with fewer than two training images."""
    counts = np.bincount(ids, minlength=len(classes))
    if counts.min() >= 2:
        return
    number = int(np.argmin(counts))
    many = "no image" if not counts[number] else "one image"
    raise DataError(
        f"{left_out.name}: the class {classes[number]!r} has {many} that can be read in the "
        f"training part; two are the least to train and to test on. {left_out.sentence()} Add "
        "images, remove the class, or join classes with rename_labels={'old': 'new'}.".replace(
            "  ", " "
        )
    )
