"""A table as it was read: which column is what, and where each row came from."""

import dataclasses
from collections.abc import Callable

import numpy as np

from kerakit.data.columns.column import Numbers, Texts, read_column
from kerakit.data.names import near_match
from kerakit.errors import DataError

__all__ = ["Source", "read_source"]


@dataclasses.dataclass(frozen=True)
class Source:
    """The rows of one file or of one set of arrays.

    Attributes:
        name: str. What the user calls it.
        place: function from a row's index to its place, such as `"wine.csv, line 18"`.
        features, targets: dict from column name to `Numbers` or `Texts`.
        groups: `Texts`, or `None`. Which group each row belongs to.
        group_name: str or `None`. The name of the group's column.
        weight: float32 array of shape `(n,)`, or `None`. Sample weights.
    """

    name: str
    place: Callable[[int], str]
    features: dict[str, Numbers | Texts]
    targets: dict[str, Numbers | Texts]
    groups: Texts | None = None
    group_name: str | None = None
    weight: np.ndarray | None = None

    def __len__(self):
        return len(next(iter(self.targets.values())))


def read_source(
    columns,
    targets,
    options,
    *,
    name,
    place,
    groups=None,
    typed=True,
    weight=None,
    hint="",
    training=True,
):
    """Sort the columns of a table into features, targets and group, and read them.

    Args:
        columns: dict from column name to what `read_column` takes.
        targets: tuple of strings. The target columns.
        options: `Options`.
        name: str. What the user calls the table.
        place: function from a row's index to its place.
        groups: str or `None`. The column whose rows stay together. Defaults to `None`.
        typed: bool. `False` for a text file, where strings may be numbers.
        weight: float32 array of shape `(n,)`, or `None`.
        hint: str. A sentence to add when a column is not there.
        training: bool. Whether these are the rows to train on, which must have every column
            that an option names; other rows may lack those that are left out.

    Raises:
        DataError: when a column that was named is absent, named twice over, or of a type
            that a table cannot use.
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
                f"{near_match(column, columns)} The columns are {_listed(columns)}.{hint}"
            )
    for target in targets:
        if target in (*options.exclude, *options.column_types, groups) or targets.count(target) > 1:
            raise DataError(
                f"{name}: the target {target!r} is also named by exclude=, column_types= or "
                "groups=, or twice by target=. Name it once, as the target; what it means is said "
                "by task=."
            )
    aside = {*targets, *options.exclude, groups}
    features = [column for column in columns if column not in aside]
    if not features:
        raise DataError(f"{name}: no column is left for the features. The target is {targets}.")

    def read(column):
        origin = f"{name}, column {column!r}"
        return read_column(columns[column], options.na_values, typed, origin)

    return Source(
        name=name,
        place=place,
        features={column: read(column) for column in features},
        targets={target: read(target) for target in targets},
        groups=None if groups is None else read(groups).texts(),
        group_name=groups,
        weight=weight,
    )


def _listed(columns, most=40):
    listed = ", ".join(map(repr, list(columns)[:most]))
    return listed if len(columns) <= most else f"{listed} and {len(columns) - most} more"
