"""A backtest: the test windows of a forecast in groups, in the order of time."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from kerakit.checks import check, check_int, short_repr
from kerakit.data.tasks import TASKS
from kerakit.errors import ArgumentError
from kerakit.evaluation.batches import batches, split_size
from kerakit.evaluation.metrics.several_series import series_ids

if TYPE_CHECKING:
    from kerakit.data.data import Data

__all__ = ["Origins", "check_origins", "find_origins"]


@dataclasses.dataclass(frozen=True)
class Origins:
    """Which group of forecast origins each test window belongs to.

    A forecast origin is the end of a window: the moment at which its forecast is made.

    Attributes:
        groups: int array of shape `(n,)`. The group of each test row, from 0 on.
        count: int. The number of groups.
        begins: tuple of `(first, last)` for each group: the times of the first steps that are
            forecast from its first and its last window, as text; `None` where there are no times.
        spacing: int or `None`. Steps from one origin to the next; `None` where it is unknown.
    """

    groups: np.ndarray
    count: int
    begins: tuple[tuple[str, str] | None, ...]
    spacing: int | None = None


def check_origins(owner: str, origins: Any, data: Data) -> int:
    """Return the number of groups of origins, after a check.

    Args:
        owner: str. The function that the user called, for errors.
        origins: the value received.
        data: `Data`.

    Raises:
        ArgumentError: when it is no whole number from 1 to the number of test windows (of several
            series, of the series with most), or the task is no forecast.
    """
    count = check_int(owner, "origins", origins, minimum=1)
    if TASKS[data.spec.task].answer != "forecast":
        raise ArgumentError(
            f"The 'origins' parameter of {owner} is for forecasts: it groups test windows by time. "
            f"Got the task {short_repr(data.spec.task)}. Leave it out."
        )
    most = max((len(rows) for rows in _rows_by_series(data)), default=0)
    of = "of the longest series" if data.spec.series.id else "in all"
    expected = f"an int in the range [1, {most}], at most the number of test windows {of}"
    check(count <= most, owner, "origins", expected, count)
    return count


def find_origins(data: Data, count: int) -> Origins:
    """Cut the test windows, in the order of time, into groups of equal size.

    The windows of each of several series are cut by themselves. Series that begin and end together
    have the same times in a group.

    Args:
        data: `Data` of a forecast.
        count: int. The number of groups, as `check_origins` returned it.
    """
    parts = _rows_by_series(data)
    groups = np.zeros(sum(map(len, parts)), np.int64)
    for rows in parts:
        groups[rows] = np.arange(len(rows)) * count // len(rows)
    table = data.table("test")
    times = getattr(getattr(table, "target", None), "times", None)
    begins = (None,) * count if times is None else _begins(np.asarray(times), groups, count)
    return Origins(groups, count, begins, _spacing(table, parts))


def _rows_by_series(data):
    """The test rows of each series in the order of time: a list of int arrays."""
    table = data.table("test")
    starts = getattr(getattr(table, "target", None), "starts", None)
    if not data.spec.series.id:
        total = split_size(data, "test")
        if total is None:
            total = sum(len(target) for _, target, *_ in batches(data, "test"))
        return [np.arange(total) if starts is None else np.argsort(starts, kind="stable")]
    if table is None:
        read = [series_ids(features, data.spec) for features, *_ in batches(data, "test")]
        ids = np.concatenate(read) if read else np.zeros(0, object)
    else:
        ids = series_ids(table.features, data.spec)
    order = np.arange(len(ids)) if starts is None else np.argsort(starts, kind="stable")
    _, codes = np.unique(ids.astype(str), return_inverse=True)
    order = order[np.argsort(codes[order], kind="stable")]
    return np.split(order, np.flatnonzero(np.diff(codes[order])) + 1) if len(order) else []


def _begins(times, groups, count):
    """The first and the last time of each group, without the time of day where all are midnight."""
    unit = "us" if (times % 1_000_000).any() else "s" if (times % 60_000_000).any() else "m"
    unit = unit if (times % 86_400_000_000).any() else "D"
    found = []
    for group in range(count):
        of = times[groups == group]
        ends = (
            np.datetime64(int(time), "us").astype(f"datetime64[{unit}]")
            for time in (of.min(), of.max())
        )
        found.append(tuple(str(end).replace("T", " ") for end in ends))
    return tuple(found)


def _spacing(table, parts):
    """The most frequent number of steps from one origin to the next."""
    starts = getattr(getattr(table, "target", None), "starts", None)
    if starts is None:
        return None
    steps = np.concatenate([np.diff(starts[rows]) for rows in parts])
    return int(np.bincount(steps).argmax()) if len(steps) else None
