"""A table as it was read: its features, targets and groups, and the location of each row."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from kerakit.checks import shortlist
from kerakit.data.columns.column import Numbers, Texts, read_column
from kerakit.data.names import near_match
from kerakit.errors import DataError

if TYPE_CHECKING:
    from kerakit.data.options import Options

__all__ = ["Source", "read_source"]


@dataclasses.dataclass(frozen=True)
class Source:
    """The rows of one file or of one set of arrays.

    Attributes:
        name: str. The name of the file or of the arrays.
        location: function from a row's index to its location, such as `"wine.csv, line 18"`.
        features, targets: dict from column name to `Numbers` or `Texts`.
        groups: `Texts`, or `None`. The group of each row.
        group_name: str or `None`. The name of the group's column.
        weight: float32 array of shape `(n,)`, or `None`. Sample weights.
    """

    name: str
    location: Callable[[int], str]
    features: dict[str, Numbers | Texts]
    targets: dict[str, Numbers | Texts]
    groups: Texts | None = None
    group_name: str | None = None
    weight: np.ndarray | None = None

    def __len__(self) -> int:
        return len(next(iter(self.targets.values())))


def read_source(
    columns: Mapping[str, Any],
    targets: tuple[str, ...],
    options: Options,
    *,
    name: str,
    location: Callable[[int], str],
    groups: str | None = None,
    typed: bool = True,
    weight: np.ndarray | None = None,
    hint: str = "",
    training: bool = True,
) -> Source:
    """Divide the columns of a table into features, targets and groups, and read them.

    Args:
        columns: dict from column name to values, as `read_column` takes them.
        targets: tuple of strings. The target columns.
        options: `Options`.
        name: str. The name of the table.
        location: function from a row's index to its location.
        groups: str or `None`. The column of the groups. Defaults to `None`.
        typed: bool. `False` for a text file, where strings may be numbers.
        weight: float32 array of shape `(n,)`, or `None`.
        hint: str. A sentence to add to an error about a column.
        training: bool. Whether these are the training rows. They must have every column that
            an option names; other rows may lack columns that are no features.

    Raises:
        DataError: when a named column is absent or named twice, or has values of another
            type than numbers, strings and booleans.
    """
    if not targets:
        raise DataError(f"{name}: no target column was named. Pass target=.")
    wanted = [("target", target) for target in targets]
    wanted += [("groups", groups)] if groups is not None else []
    if training:
        wanted += [("column_types", column) for column in options.column_types]
        wanted += [("exclude", column) for column in options.exclude]
    for parameter, column in wanted:
        if column not in columns:
            raise DataError(
                f"{name}: there is no column {column!r}, which {parameter}= names."
                f"{near_match(column, columns)} The columns are {shortlist(columns)}.{hint}"
            )
    for target in targets:
        if target in (*options.exclude, *options.column_types, groups) or targets.count(target) > 1:
            raise DataError(
                f"{name}: the target {target!r} is also named by exclude=, column_types= or "
                "groups=, or twice by target=. Name it once, as the target; what it means is said "
                "by task=."
            )
    others = {*targets, *options.exclude, groups}
    features = [column for column in columns if column not in others]
    if not features:
        raise DataError(
            f"{name}: no column is left for the features. The target is {shortlist(targets)}."
        )

    def read(column):
        origin = f"{name}, column {column!r}"
        return read_column(columns[column], options.na_values, typed, origin, options.number_format)

    return Source(
        name=name,
        location=location,
        features={column: read(column) for column in features},
        targets={target: read(target) for target in targets},
        groups=None if groups is None else read(groups).texts(),
        group_name=groups,
        weight=weight,
    )
