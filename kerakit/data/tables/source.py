"""A table as it was read: its features, targets and groups, and the location of each row."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from kerakit.checks import shortlist
from kerakit.data.columns.column import Numbers, Texts, read_column
from kerakit.data.names import near_match
from kerakit.data.storage.mapped import take_rows
from kerakit.errors import DataError
from kerakit.warn import warn

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
        unnamed: bool. Whether the targets are the columns of an array, without names of their
            own. Defaults to `False`.
        labels: tuple of strings. The labels of the target in order, where the source has an
            order of them. Defaults to `()`: they are sorted.
    """

    name: str
    location: Callable[[int], str]
    features: dict[str, Numbers | Texts]
    targets: dict[str, Numbers | Texts]
    groups: Texts | None = None
    group_name: str | None = None
    weight: np.ndarray | None = None
    unnamed: bool = False
    labels: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(next(iter(self.targets.values())))

    def take(self, rows: np.ndarray) -> Source:
        """Return the `Source` of the rows at `rows`, an int array of indices."""
        location = self.location
        return dataclasses.replace(
            self,
            location=lambda row: location(int(rows[row])),
            features={name: _take(column, rows) for name, column in self.features.items()},
            targets={name: _take(column, rows) for name, column in self.targets.items()},
            groups=None if self.groups is None else _take(self.groups, rows),
            weight=None if self.weight is None else self.weight[rows],
        )


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
    unnamed: bool = False,
    hint: str = "",
    training: bool = True,
) -> Source:
    """Divide the columns of a table into features, targets and groups, and read them.

    Rows without a target are left out where `drop_missing_target=` says so; a warning counts
    them.

    Args:
        columns: dict from column name to values, as `read_column` takes them.
        targets: tuple of strings. The target columns.
        options: `Options`.
        name: str. The name of the table.
        location: function from a row's index to its location.
        groups: str or `None`. The column of the groups. Defaults to `None`.
        typed: bool. `False` for a text file, where strings may be numbers.
        weight: float32 array of shape `(n,)`, or `None`.
        unnamed: bool. Whether the targets are the columns of an array. Defaults to `False`.
        hint: str. A sentence to add to an error about a column.
        training: bool. Whether these are the training rows. They must have every column that
            an option names; other rows may lack columns that are no features.

    Raises:
        DataError: when a named column is absent or named twice, or has values of another
            type than numbers, strings, booleans and dates.
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

    def feature(column):
        values = read(column)
        kind = options.column_types.get(column, "numeric")
        return _in_float32(values) if training and kind == "numeric" else values

    source = Source(
        name=name,
        location=location,
        features={column: feature(column) for column in features},
        targets={target: _no_dates(target, read(target), name) for target in targets},
        groups=None if groups is None else read(groups).texts(),
        group_name=groups,
        weight=weight,
        unnamed=unnamed,
    )
    return _without_missing_targets(source) if options.drop_missing_target else source


def _without_missing_targets(source):
    """The rows of a source that have all their targets."""
    missing = np.zeros(len(source), bool)
    for column in source.targets.values():
        missing |= column.missing() if column.missing().ndim == 1 else column.missing().any(axis=1)
    if not missing.any():
        return source
    count = int(missing.sum())
    if count == len(source):
        raise DataError(
            f"{source.name}: the target {shortlist(source.targets)} is missing in all "
            f"{count:,} rows. Check the file and the target."
        )
    warn(
        f"{source.name}: {count:,} of {len(source):,} rows have no target and are left out, first "
        f"{source.location(int(np.argmax(missing)))}."
    )
    return source.take(np.flatnonzero(~missing))


def _no_dates(target, column, name):
    if getattr(column, "is_date", False):
        raise DataError(
            f"{name}: the target {target!r} holds dates. Expected numbers or labels. Convert it, "
            "for example to a number of days."
        )
    return column


def _in_float32(column):
    """The column; of numbers as they will be features, in half the memory."""
    if not isinstance(column, Numbers) or column.values.dtype == np.float32:
        return column
    with np.errstate(over="ignore"):
        return dataclasses.replace(column, values=column.values.astype(np.float32))


def _take(column, rows):
    if isinstance(column, Texts):
        return dataclasses.replace(column, codes=column.codes[rows])
    return dataclasses.replace(column, values=take_rows(column.values, rows))
