"""The target: its task, and its values as numbers, class ids or flags."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from kerakit.checks import check_choice, shortlist
from kerakit.data.columns.column import Numbers
from kerakit.data.columns.labels import (
    case_variants,
    check_renamed,
    class_ids,
    label_column,
    sorted_labels,
)
from kerakit.data.columns.odd_texts import find_odd_texts
from kerakit.data.tables.statistics import LARGEST
from kerakit.data.tasks import TASKS
from kerakit.errors import DataError
from kerakit.warn import warn

if TYPE_CHECKING:
    from kerakit.data.options import Options
    from kerakit.data.tables.source import Source

__all__ = ["Answers", "encode_targets"]


@dataclasses.dataclass(frozen=True)
class Answers:
    """The encoded targets of each source.

    Attributes:
        task: str. `"regression"`, `"binary"`, `"multiclass"` or `"multilabel"`.
        classes: tuple of strings. The labels in order; empty for regression.
        values: list of arrays, one per source: float32 of shape `(n,)` or `(n, targets)`,
            int32 class ids of shape `(n,)`, or float32 flags of shape `(n, classes)`.
    """

    task: str
    classes: tuple[str, ...]
    values: list[np.ndarray]


def encode_targets(sources: Mapping[str, Source], options: Options) -> Answers:
    """Infer the task from the target, and encode the targets of all sources.

    `task=` decides where it is given. Else a numeric target means regression unless it has
    exactly two values, a target of strings means classes, and several targets mean regression.
    (Several targets of 0 and 1 are recognised by `flag_targets` before.)

    Args:
        sources: dict from split to `Source`, in the order of `SPLITS`.
        options: `Options`.

    Returns:
        `Answers`.

    Raises:
        DataError: when a target has missing or infinite values, does not vary, is text
            where numbers are needed, or has a label that is too rare or that the training
            rows do not have.
        ArgumentError: when `pos_label` is not one of two classes.
    """
    for source in sources.values():
        for name, column in source.targets.items():
            _refuse_missing(name, column, source, options)
    train = sources["train"]
    if options.rename_labels:
        columns = [column for source in sources.values() for column in source.targets.values()]
        present = {label for column in columns for label in column.texts().values}
        check_renamed(options.rename_labels, present, train.name)
    task = options.task or _infer_task(train, options)
    answer = TASKS[task].answer
    if len(train.targets) > 1 and answer == "label":
        raise DataError(
            f"{train.name}: task={task!r} takes one target. Got {shortlist(train.targets)}. Pass "
            "task='multilabel' for columns of 0 and 1."
        )
    if answer == "numbers":
        values = [_stack(_numbers, source) for source in sources.values()]
        _refuse_constant(values[0], train)
        return Answers(task, (), values)
    if answer == "labels":
        flags = [
            _stack(lambda *a: _flags(*a, options.rename_labels), source)
            for source in sources.values()
        ]
        _refuse_constant(flags[0], train)
        return Answers(task, tuple(train.targets), [f.reshape(len(f), -1) for f in flags])
    return _encode_classes(sources, task, options)


def _infer_task(train, options):
    if len(train.targets) > 1:
        return "regression"
    (column,) = train.targets.values()
    if not options.rename_labels and _has_three_numbers(column):
        return "regression"
    labels = label_column(column, options.rename_labels)
    distinct = len(set(labels.values[np.unique(labels.codes)]))
    numeric = (isinstance(column, Numbers) or not column.typed) and (
        not labels.odd.any() or getattr(column, "boolean", False)
    )
    if distinct == 2:
        return "binary"
    return "regression" if numeric else "multiclass"


def _has_three_numbers(column):
    """Whether a target is numbers, of which three or more differ: far quicker than its labels."""
    if isinstance(column, Numbers):
        return column.values.ndim == 1 and len(np.unique(column.values)) > 2
    if column.typed or column.odd.any():
        return False
    return len(np.unique(column.parsed[np.unique(column.codes)])) > 2


def _encode_classes(sources, task, options):
    """Answers of a binary or multiclass task: int32 ids of the training rows' labels."""
    train = sources["train"]
    ((name, column),) = train.targets.items()
    labels = label_column(column, options.rename_labels)
    alike = case_variants(labels, f"{train.name}, column {name!r}")
    if alike:
        warn(alike)
    classes = sorted_labels(labels)
    if train.labels:
        stated = dict.fromkeys(options.rename_labels.get(label, label) for label in train.labels)
        classes = tuple(label for label in stated if label in classes)
    numeric = not labels.odd.any()
    if len(classes) < 2:
        raise DataError(
            f"{train.name}: the target {name!r} has one class only, {classes[0]!r}, in all "
            f"{len(train)} rows. A classifier needs two classes. Check the file and the target."
        )
    if task == "binary" and len(classes) > 2:
        raise DataError(
            f"{train.name}: task='binary' takes a target with two classes. Got {len(classes)} in "
            f"{name!r}: {shortlist(classes, 10)}. Pass task='multiclass', or join "
            "classes with rename_labels={'old': 'new'}."
        )
    if options.pos_label is not None:
        check_choice(options.owner, "pos_label", options.pos_label, classes)
        if len(classes) > 2:
            raise DataError(
                f"{train.name}: pos_label= takes a target with two classes. Got {len(classes)}."
            )
        classes = tuple(sorted(classes, key=lambda label: label == options.pos_label))
    values = []
    for source in sources.values():
        other = label_column(source.targets[name], options.rename_labels, numeric)
        values.append(class_ids(other, classes, source, name))
    counts = np.bincount(values[0], minlength=len(classes))
    if options.task is None and len(classes) > 2:
        _warn_of_numbers(name, column, train, fails=counts.min() < 2)
    if counts.min() < 2 and "test" in sources:
        rare = [classes[number] for number in np.flatnonzero(counts < 2)]
        warn(
            f"{train.name}, column {name!r}: one training row only has the class "
            f"{shortlist(rare)}. A model cannot learn it well. To join classes, pass "
            f"rename_labels={{{rare[0]!r}: 'other'}}."
        )
    elif counts.min() < 2:
        rare = int(np.argmin(counts))
        row = int(np.argmax(values[0] == rare))
        raise DataError(
            f"{train.location(row)}, column {name!r}: the class {classes[rare]!r} has one row; two "
            "rows are needed to train and to test. Correct the label, remove the row, or join "
            f"classes with rename_labels={{{classes[rare]!r}: 'other'}}. (For a numeric target, "
            "pass task='regression'.)"
        )
    return Answers(task, classes, values)


def _warn_of_numbers(name, column, train, fails):
    """Say that the labels are numbers with marks, or nearly all numbers."""
    odd = find_odd_texts(column.texts())
    if odd is None:
        return
    told = f"{train.location(odd.row)}, column {name!r}: the target {odd.sentence}"
    if fails:
        raise DataError(f"{told} {odd.cure} (For labels, pass task='multiclass'.)")
    warn(f"{told} The values are read as labels. {odd.cure} For labels, pass task='multiclass'.")


def _refuse_missing(name, column, source, options):
    missing = column.missing()
    if not missing.any():
        return
    row = int(np.argmax(missing))
    written = "" if isinstance(column, Numbers) else column.written[column.codes[row]]
    note = ""
    if written.strip():
        note = f" ({written!r} counts as missing; with na_values=[] only an empty cell does)"
    remedy = "remove these rows"
    if options.drop_missing_target is not None:
        remedy = "leave out these rows with drop_missing_target=True"
    raise DataError(
        f"{source.location(row)}, column {name!r}: the target is missing{note}, as in "
        f"{int(missing.sum())} of {len(source)} rows. Fill it in, or {remedy}."
    )


def _refuse_constant(values, train):
    for name, column in zip(train.targets, values.reshape(len(values), -1).T, strict=True):
        if column.min() == column.max():
            raise DataError(
                f"{train.name}: the target {name!r} is constant: {column[0]:g} in all "
                f"{len(train)} rows. There is nothing to predict. Check the file and the target."
            )


def _numbers(name, column, source):
    """The float32 values of a numeric target."""
    if isinstance(column, Numbers):
        values = column.values
    else:
        wrong = column.odd[column.codes]
        if wrong.any():
            row, odd = int(np.argmax(wrong)), find_odd_texts(column)
            raise DataError(
                f"{source.location(row)}, column {name!r}: the target is "
                f"{column.written[column.codes[row]]!r}, and regression needs a number. "
                f"{'Correct it' if odd is None else odd.cure[:-1]}, or pass task='multiclass' or "
                "task='binary' if these are classes."
            )
        values = column.numbers()
    with np.errstate(over="ignore"):
        values = values.astype(np.float32)
    if (np.abs(values) > LARGEST).any():
        row = int(np.argmax(np.abs(values) > LARGEST))
        raise DataError(
            f"{source.location(row)}, column {name!r}: the target is infinite or beyond float32 "
            f"(above {LARGEST:g} numbers have no squares there). Correct it, or remove the row."
        )
    return values


def _flags(name, column, source, labels):
    """float32 0 or 1 for each row of one column of a multilabel target."""
    if isinstance(column, Numbers):
        values, texts = column.values, column
    else:
        texts = label_column(column, labels)
        values = texts.numbers()
    wrong = (values != 0) & (values != 1)
    if wrong.any():
        row = int(np.argmax(wrong))
        written = texts.texts().strings()[row]
        raise DataError(
            f"{source.location(row)}, column {name!r}: the target is {written!r}, and "
            "task='multilabel' needs 0 or 1. Map other values with "
            "rename_labels={'yes': '1', 'no': '0'}."
        )
    return values.astype(np.float32)


def _stack(read, source):
    """The targets side by side, shape `(n,)` for one and `(n, targets)` for several."""
    values = [read(name, column, source) for name, column in source.targets.items()]
    return values[0] if len(values) == 1 else np.stack(values, axis=1)
