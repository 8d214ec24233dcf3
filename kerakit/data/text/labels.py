"""Several labels for each text: lists of labels, or labels in one cell."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from kerakit.checks import short_repr, shortlist
from kerakit.data.columns.column import Numbers, number_text
from kerakit.data.columns.frames import is_text
from kerakit.data.columns.labels import check_renamed
from kerakit.data.columns.spelling import spelling
from kerakit.data.names import near_match
from kerakit.data.options import Options
from kerakit.data.tables.source import Source
from kerakit.errors import ArgumentError, DataError

__all__ = ["LabelLists", "as_lists", "flags_of_lists", "label_lists"]


ONE = "one label for each text"


@dataclasses.dataclass(frozen=True)
class LabelLists:
    """A column of labels, any number for each row.

    Attributes:
        values: list of tuples of str, the different labels of each row.
    """

    values: list[tuple[str, ...]]

    def __len__(self) -> int:
        return len(self.values)


def as_lists(values: Any) -> list[Any] | None:
    """Return an array-like of lists of labels as a list of lists, and of anything else `None`.

    Rows of 0 and 1 of one length are no lists of labels, if a row has one of them twice: there is
    a column for each label.

    Example:

    >>> as_lists([("a", "b"), None, {"b"}]), as_lists(["a", "b"]), as_lists([[0, 0, 1], [0, 1, 1]])
    ([['a', 'b'], None, ['b']], None, None)
    """
    if not isinstance(values, (list, tuple)) and getattr(values, "ndim", 1) != 1:
        return None
    kinds = (list, tuple, set, frozenset, np.ndarray)
    if hasattr(values, "__arrow_c_stream__") or not any(isinstance(v, kinds) for v in values):
        return None
    lists = list(map(_as_list, values))
    known = [value for value in lists if isinstance(value, list)]
    numbers = all(type(entry) in (int, float) and entry in (0, 1) for v in known for entry in v)
    same = len(known) == len(lists) and len({len(value) for value in known}) == 1
    if numbers and same and any(len(set(value)) < len(value) for value in known):
        return None
    return lists


def _as_list(value):
    """A collection of labels as a list; another value as it is."""
    if isinstance(value, (set, frozenset)):
        return sorted(value, key=str)
    if isinstance(value, np.ndarray):
        return value.tolist()
    return list(value) if isinstance(value, tuple) else value


def label_lists(
    column: Any, separator: str | None, location: Callable[[int], str], name: str
) -> LabelLists | None:
    """Return the labels of a column of lists or of separated labels; of another column `None`.

    Args:
        column: what `read_column` takes, or a list of lists.
        separator: str or `None`. What stands between the labels of a cell.
        location: function from a row's index to its location.
        name: str. The column's name.

    Raises:
        DataError: when a list is missing, or holds anything but strings and whole numbers.

    Example:

    >>> import pyarrow as pa
    >>> label_lists([["a", "b"], []], None, str, "tags").values
    [('a', 'b'), ()]
    >>> label_lists(pa.array(["a|b", "", "b| b"]), "|", str, "tags").values
    [('a', 'b'), (), ('b',)]
    """
    import pyarrow as pa

    kind = getattr(column, "type", None)
    lists = isinstance(column, list) or (
        kind is not None and (pa.types.is_list(kind) or pa.types.is_large_list(kind))
    )
    if separator is None:
        if not lists:
            return None
        cells = column if isinstance(column, list) else column.to_pylist()
    else:
        if lists or kind is None or not is_text(kind):
            raise DataError(
                f"{location(0)}, column {name!r}: label_separator= is for strings such as "
                f"'a{separator}b'. Got {'lists' if lists else f'values of type {kind}'}. Leave "
                "label_separator= out."
            )
        cells = [(text or "").split(separator) for text in column.to_pylist()]
    return _lists(cells, location, name)


def _lists(cells, location, name):
    rows = []
    for row, cell in enumerate(cells):
        if cell is None:
            raise DataError(
                f"{location(row)}, column {name!r}: the list of labels is missing. Write an empty "
                "list for a text without labels, or remove the row."
            )
        if not isinstance(cell, list):
            raise DataError(
                f"{location(row)}, column {name!r}: expected a list of labels, as in other rows. "
                f"Got {short_repr(cell)}."
            )
        labels = [_label(value, row, location, name) for value in cell]
        rows.append(tuple(dict.fromkeys(filter(None, labels))))
    return LabelLists(rows)


def _label(value, row, location, name):
    if isinstance(value, str):
        return spelling(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value == value:
        return number_text(float(value))
    raise DataError(
        f"{location(row)}, column {name!r}: the list of labels holds {short_repr(value)}. Expected "
        "strings or whole numbers."
    )


def flags_of_lists(
    sources: dict[str, Source], options: Options
) -> tuple[dict[str, Source], Options]:
    """Return sources whose lists of labels are a column of 0 and 1 for each label.

    The labels are those of the training rows, in order. Other sources are returned as they are.

    Args:
        sources: dict from split to `Source`.
        options: `Options`.

    Returns:
        `(sources, options)`, the options without the labels to rename, where these are done.

    Raises:
        ArgumentError: when `pos_label` is given, which only one of two classes can be.
        DataError: when no row has a label, all have the same, or a test or validation row has a
            label that no training row has.
    """
    train = sources["train"]
    kinds = {split: _kind(source) for split, source in sources.items()}
    for split, kind in kinds.items():
        if kind != kinds["train"]:
            raise DataError(
                f"{sources[split].name}: the labels are {kind}, and in {train.name} they are "
                f"{kinds['train']}. Write them alike."
            )
    ((name, lists), *_) = train.targets.items()
    if options.pos_label is not None and kinds["train"] != ONE:
        raise ArgumentError(
            f"The 'pos_label' parameter of {options.owner} is for one of two classes. Got "
            f"{options.pos_label!r} for texts with several labels each."
        )
    if not isinstance(lists, LabelLists):
        return sources, options
    read = {split: source.targets[name].values for split, source in sources.items()}
    renamed = options.rename_labels
    if renamed:
        present = {label for rows in read.values() for labels in rows for label in labels}
        check_renamed(renamed, present, train.name)
        read = {
            split: [tuple(dict.fromkeys(renamed.get(one, one) for one in row)) for row in rows]
            for split, rows in read.items()
        }
    labels = sorted({label for row in read["train"] for label in row}, key=_order)
    if len(labels) < 2:
        raise DataError(
            f"{train.name}, column {name!r}: the lists have {len(labels)} different labels. "
            "Expected two or more. Check which column has the labels."
        )
    columns = {label: number for number, label in enumerate(labels)}
    flagged = {
        split: dataclasses.replace(source, targets=_flags(read[split], columns, source, name))
        for split, source in sources.items()
    }
    return flagged, dataclasses.replace(options, rename_labels=None)


def _kind(source):
    """What the labels of a source are, in words."""
    if len(source.targets) > 1:
        return f"{len(source.targets)} columns of 0 and 1"
    (column,) = source.targets.values()
    return "lists of labels" if isinstance(column, LabelLists) else ONE


def _order(label):
    """Numbers by their value, before other labels."""
    try:
        return 0, float(label), label
    except ValueError:
        return 1, 0.0, label


def _flags(rows, columns, source, name):
    flags = np.zeros((len(rows), len(columns)))
    for row, labels in enumerate(rows):
        for label in labels:
            if label not in columns:
                raise DataError(
                    f"{source.location(row)}, column {name!r}: no training text has the label "
                    f"{label!r}.{near_match(label, columns)} The labels are {shortlist(columns)}. "
                    "Correct it, or join labels with rename_labels={'old': 'new'}."
                )
            flags[row, columns[label]] = 1.0
    return {label: Numbers(flags[:, number]) for label, number in columns.items()}
