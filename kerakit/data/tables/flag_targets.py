"""Several targets of 0 and 1: one-hot classes, or flags of a multilabel task."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from kerakit.checks import shortlist
from kerakit.data.columns.column import Numbers
from kerakit.data.columns.labels import one_hot_labels
from kerakit.data.tasks import TASKS
from kerakit.errors import DataError
from kerakit.warn import warn

if TYPE_CHECKING:
    from kerakit.data.options import Options
    from kerakit.data.tables.source import Source

__all__ = ["flag_targets"]


def flag_targets(sources: dict[str, Source], options: Options) -> tuple[dict[str, Source], Options]:
    """Recognise several targets of 0 and 1 as classes or as flags.

    Where each training row has exactly one 1 among its targets, the targets are one-hot: they
    become one target whose labels are the names of the columns, or `0`, `1`, `2`, ... for the
    columns of an array. Other targets of 0 and 1 are a multilabel task. `task=` decides where it
    is given. A warning says what was recognised.

    Args:
        sources: dict from split to `Source`, the training rows as `"train"`.
        options: `Options`.

    Returns:
        `(sources, options)`: with one target, or with `task="multilabel"`, where the targets are
        recognised.

    Raises:
        DataError: when a validation or test row of a one-hot target has no 1, or several.
    """
    train = sources["train"]
    answer = None if options.task is None else TASKS[options.task].answer
    if len(train.targets) < 2 or answer not in (None, "label"):
        return sources, options
    flags = _flags(train)
    if flags is None:
        return sources, options
    names = tuple(train.targets)
    if one_hot_labels(flags) is None:
        if answer is not None:
            return sources, options  # the encoding of classes refuses several targets
        warn(
            f"{train.name}: target of 0 and 1 in {len(names)} columns taken as multilabel: a yes "
            f"or no for each of {shortlist(names, 5)}. For numbers pass task='regression'."
        )
        return sources, dataclasses.replace(options, task="multilabel")
    labels = tuple(map(str, range(len(names)))) if train.unnamed else names
    if answer is None:
        warn(
            f"{train.name}: one-hot target taken as classes: each row has one 1 among "
            f"{len(labels)} columns. The labels are {shortlist(labels, 5)}. For flags pass "
            "task='multilabel', for numbers task='regression'."
        )
    name = _common_name(names)
    return {split: _one_target(source, name, labels) for split, source in sources.items()}, options


def _flags(source):
    """Float array `(n, targets)` of targets that are all 0 and 1, else `None`."""
    columns = [
        column.values if isinstance(column, Numbers) else column.numbers()
        for column in source.targets.values()
    ]
    if any(column.ndim > 1 or not np.isin(column, (0, 1)).all() for column in columns):
        return None
    return np.stack(columns, axis=1)


def _one_target(source, name, labels):
    """The source with its one-hot targets as one target of labels."""
    flags = _flags(source)
    column = None if flags is None else one_hot_labels(flags, labels)
    if column is None:
        row = None if flags is None else int(np.argmax(flags.sum(axis=1) != 1))
        where = source.name if row is None else source.location(row)
        found = "other values" if row is None else f"{flags[row].sum():g} of them 1"
        raise DataError(
            f"{where}: the training targets are one-hot, with exactly one 1 in a row, and here are "
            f"{found}. Correct the targets, or pass task='multilabel' or task='regression'."
        )
    return dataclasses.replace(source, targets={name: column}, labels=labels)


def _common_name(names):
    """What the names have in common before an underscore, such as `color` of `color_red`."""
    first = names[0].rpartition("_")[0]
    return first if first and all(name.startswith(f"{first}_") for name in names) else "target"
