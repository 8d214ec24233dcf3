"""Labels of classes: their texts, their order, and the id of each row's label."""

import dataclasses

import numpy as np

from kerakit.data.columns.column import number_text
from kerakit.data.names import near_match, nearest
from kerakit.errors import DataError

__all__ = ["check_renamed", "class_ids", "group_ids", "label_column", "sorted_labels"]


def check_renamed(mapping, present, name):
    """Refuse a `rename_labels=` that renames what is not there: it would do nothing.

    Args:
        mapping: dict from label to label.
        present: set of the labels of all rows, as they stand in the source.
        name: str. The source.

    Raises:
        DataError: when it names a label that does not occur.
    """
    for label in mapping:
        if label not in present:
            raise DataError(
                f"{name}: there is no class {label!r}, which rename_labels= names."
                f"{near_match(label, present)}"
            )


def label_column(column, mapping=None, numeric=None):
    """Return a target column as `Texts` of labels.

    Where the training labels are all numbers, each number is written one way (`3`, `3.0`
    and `3.00` are the label `"3"`), so that two files agree.

    Args:
        column: `Numbers` or `Texts`.
        mapping: dict from label to label, or `None`. Applied where a label is a key, as
            it stands in the source.
        numeric: bool. Whether the training labels are all numbers. Defaults to `None`:
            these are the training labels, look.
    """
    column = column.texts()
    if mapping:
        values = [mapping.get(value, value) for value in column.values]
        column = dataclasses.replace(column, values=np.array(values, dtype=object))
    if not column.odd.any() if numeric is None else numeric:
        values = [
            value if odd else number_text(number)
            for value, odd, number in zip(column.values, column.odd, column.parsed, strict=True)
        ]
        column = dataclasses.replace(column, values=np.array(values, dtype=object))
    return column


def sorted_labels(column):
    """Return the labels that occur: sorted as numbers where all are, else as texts.

    Example:

    >>> from kerakit.data.columns.column import Numbers
    >>> sorted_labels(Numbers(np.array([10.0, 2.0, 3.0, 2.0])).texts())
    ('2', '3', '10')
    """
    labels = set(column.values[np.unique(column.codes)])
    return tuple(sorted(labels, key=str if column.odd.any() else float))


def class_ids(column, classes, source, name):
    """Return the int32 position in `classes` of each row's label.

    Args:
        column: `Texts` of labels.
        classes: tuple of strings.
        source: `Source` of the rows.
        name: str. The target's column.

    Raises:
        DataError: when a label is not among `classes`.
    """
    known = {label: index for index, label in enumerate(classes)}
    ids = np.array([known.get(value, -1) for value in column.values], np.int32)[column.codes]
    if ids.min() < 0:
        row = int(np.argmax(ids < 0))
        label = column.values[column.codes[row]]
        meant = nearest(label, classes) or classes[0]
        raise DataError(
            f"{source.place(row)}, column {name!r}: the label {label!r} does not occur in the "
            f"training rows, which have {', '.join(map(repr, classes[:10]))}. Correct it, or map "
            f"it with rename_labels={{{label!r}: {meant!r}}}."
        )
    return ids


def group_ids(source):
    """Return an int array with the group of each row, numbers from 0.

    Args:
        source: object with `groups` (`Texts`), `group_name` and `place`, as `Source` has them.

    Raises:
        DataError: when a row has no group.
    """
    missing = source.groups.missing()
    if missing.any():
        raise DataError(
            f"{source.place(int(np.argmax(missing)))}, column {source.group_name!r}: the group is "
            "missing. Fill it in, or remove the row."
        )
    return np.unique(source.groups.strings(), return_inverse=True)[1]
