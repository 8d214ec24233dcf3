"""Labels of classes: their texts, their order, and the id of each row's label."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol

import numpy as np

from kerakit.checks import short_repr, shortlist
from kerakit.data.columns.column import Numbers, Texts, number_text
from kerakit.data.columns.number_format import PLAIN
from kerakit.data.columns.spelling import Spellings, one_spelling, spelling
from kerakit.data.names import near_match, nearest
from kerakit.errors import DataError

__all__ = [
    "case_variants",
    "check_renamed",
    "class_ids",
    "group_ids",
    "label_column",
    "one_hot_labels",
    "sorted_labels",
]


class Rows(Protocol):
    """Rows of a source: `location` says what the user calls the row of an index."""

    @property
    def location(self) -> Callable[[int], str]: ...


class Grouped(Rows, Protocol):
    """Rows of a source that belong to groups."""

    @property
    def groups(self) -> Texts | None: ...
    @property
    def group_name(self) -> str | None: ...


def check_renamed(mapping: Mapping[str, str], present: Collection[str], name: str) -> None:
    """Refuse `rename_labels=` where it names a label that does not occur.

    Args:
        mapping: dict from label to label.
        present: set of the labels of all rows, as the source writes them.
        name: str. The name of the source, for the error.

    Raises:
        DataError: when a key of `mapping` is no label of any row.
    """
    for label in mapping:
        if label not in present:
            raise DataError(
                f"{name}: there is no class {label!r}, which rename_labels= names."
                f"{near_match(label, present)}"
            )


def label_column(
    column: Numbers | Texts,
    mapping: Mapping[str, str] | None = None,
    numeric: bool | None = None,
) -> Texts:
    """Return a target column as `Texts` of labels.

    Where all training labels are numbers, each number has one spelling: `3`, `3.0` and `3.00`
    are the label `"3"`. Of other labels, those that differ only by white space around them, by
    the form of an accent, or by the case of true and false have one `spelling`. So two files with
    different spellings have the same labels.

    Args:
        column: `Numbers` or `Texts`.
        mapping: dict from label to label, or `None`. A label is renamed where the source
            writes it as a key of `mapping`.
        numeric: bool. Whether all training labels are numbers. Defaults to `None`: `column`
            has the training labels, and they are looked at.
    """
    column = column.texts()
    if mapping:
        usual = {spelling(label): other for label, other in mapping.items()} | mapping
        values = [usual.get(value, usual.get(spelling(value), value)) for value in column.values]
        column = dataclasses.replace(column, values=np.array(values, dtype=object))
    if not column.odd.any() if numeric is None else numeric:
        values = [
            value if odd else number_text(number)
            for value, odd, number in zip(column.values, column.odd, column.parsed, strict=True)
        ]
        return dataclasses.replace(column, values=np.array(values, dtype=object), format=PLAIN)
    return one_spelling(column)


def case_variants(column: Texts, name: str) -> str | None:
    """Return a warning about labels that differ only by case, or `None` where none do.

    Args:
        column: `Texts` of labels.
        name: str. The source and the column of the labels, for the warning.

    Example:

    >>> texts = np.array(["yes", "Yes", "no"], object)
    >>> case_variants(Texts(texts, np.array([0, 0, 1, 2]), tuple(texts)), "mail.csv")
    "mail.csv: the labels 'yes' (2 rows) and 'Yes' (1 row) differ only by upper and lower case. \
They are different classes. If they are one class, pass rename_labels={'Yes': 'yes'}."
    """
    counts: collections.Counter[str] = collections.Counter()
    of_values = np.bincount(column.codes, minlength=len(column.values)).tolist()
    for label, count in zip(column.values, of_values, strict=True):
        counts[label] += count  # two of `values` may be one label
    alike: dict[str, list[str]] = {}
    for label, count in counts.most_common():
        if count:
            alike.setdefault(label.casefold(), []).append(label)
    found = [labels for labels in alike.values() if len(labels) > 1]
    if not found:
        return None
    shown = [f"{label!r} ({counts[label]:,} row{'s' * (counts[label] > 1)})" for label in found[0]]
    renamed = {label: labels[0] for labels in found for label in labels[1:]}
    more = f" (and {len(found) - 1:,} more such groups)" if len(found) > 1 else ""
    return (
        f"{name}: the labels {' and '.join(shown)} differ only by upper and lower case{more}. "
        "They are different classes. If they are one class, pass "
        f"rename_labels={short_repr(renamed)}."
    )


def one_hot_labels(flags: np.ndarray, labels: Sequence[str] = ()) -> Texts | None:
    """Return one-hot rows as `Texts` of labels, or `None` where a row has not exactly one 1.

    Args:
        flags: array of numbers or booleans of shape `(n, classes)`.
        labels: sequence of strings, one for each column. Defaults to `()`: `0`, `1`, `2`, ...

    Example:

    >>> one_hot_labels(np.eye(3)[[2, 0]]).strings().tolist()
    ['2', '0']
    """
    if not np.isin(flags, (0, 1)).all() or not (flags.sum(axis=1) == 1).all():
        return None
    labels = tuple(labels) or tuple(map(str, range(flags.shape[1])))
    return Texts(np.array(labels, object), flags.argmax(axis=1), labels)


def sorted_labels(column: Texts) -> tuple[str, ...]:
    """Return the labels that occur, sorted as numbers where all are numbers, else as texts.

    Example:

    >>> from kerakit.data.columns.column import Numbers
    >>> sorted_labels(Numbers(np.array([10.0, 2.0, 3.0, 2.0])).texts())
    ('2', '3', '10')
    """
    labels = set(column.values[np.unique(column.codes)])
    return tuple(sorted(labels, key=str if column.odd.any() else float))


def class_ids(column: Texts, classes: Sequence[str], source: Rows, name: str) -> np.ndarray:
    """Return an int32 array: the index in `classes` of the label of each row.

    Args:
        column: `Texts` of labels.
        classes: tuple of strings.
        source: `Source` of the rows.
        name: str. The target's column.

    Raises:
        DataError: when a label is not among `classes`.
    """
    column = Spellings(classes).respelled(column)
    known = {label: index for index, label in enumerate(classes)}
    ids = np.array([known.get(value, -1) for value in column.values], np.int32)[column.codes]
    if ids.min() < 0:
        row = int(np.argmax(ids < 0))
        label = column.values[column.codes[row]]
        meant = nearest(label, classes) or classes[0]
        raise DataError(
            f"{source.location(row)}, column {name!r}: the label {label!r} does not occur in the "
            f"training rows, which have {shortlist(classes, 10)}. Correct it, or rename it with "
            f"rename_labels={{{label!r}: {meant!r}}}."
        )
    return ids


def group_ids(sources: Mapping[str, Grouped]) -> dict[str, np.ndarray | None]:
    """Return the group of each row of each split, int32 of shape `(n,)`, numbers from 0.

    A group has the same number in every split. A validation or test row without a group is a
    group of its own. A split without a column of groups has `None`.

    Args:
        sources: dict from split, `"train"` among them, to an object with `groups` (`Texts` or
            `None`), `group_name` and `location`, as `Source` has them.

    Raises:
        DataError: when a training row has no group.
    """
    ids: dict[str, np.ndarray | None] = dict.fromkeys(sources)
    train = sources["train"]
    if train.groups is None:
        return ids
    missing = train.groups.missing()
    if missing.any():
        raise DataError(
            f"{train.location(int(np.argmax(missing)))}, column {train.group_name!r}: the group "
            "is missing. Fill it in, or remove the row."
        )
    names, found = np.unique(one_spelling(train.groups).strings(), return_inverse=True)
    ids["train"], count = found.astype(np.int32), len(names)
    known = {spelling(name): number for number, name in enumerate(names)}
    for split, groups in ((split, source.groups) for split, source in sources.items()):
        if split == "train" or groups is None:
            continue
        for name in map(spelling, groups.values):
            if name not in known:
                known[name], count = count, count + 1
        found = np.array([known[spelling(name)] for name in groups.values])[groups.codes]
        missing = groups.missing()
        found[missing] = count + np.arange(missing.sum())
        ids[split], count = found.astype(np.int32), count + int(missing.sum())
    return ids
