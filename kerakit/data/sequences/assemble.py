"""Sequences with a label or a number each -> `Data`: what all their sources share."""

from __future__ import annotations

import dataclasses

import numpy as np

from kerakit.checks import check_choice, short_repr, shortlist
from kerakit.data.columns.column import Texts, number_text
from kerakit.data.columns.labels import (
    case_variants,
    check_renamed,
    label_column,
    sorted_labels,
)
from kerakit.data.columns.spelling import Spellings
from kerakit.data.data import SPLITS, Data, Table
from kerakit.data.options import Options
from kerakit.data.sequences.read import Sequences
from kerakit.data.sequences.targets import target_numbers
from kerakit.data.spec import Feature, Spec, Target
from kerakit.data.split import split_rows
from kerakit.data.tables.statistics import (
    describe_feature,
    describe_target,
    distinct_quantiles,
    far_value_note,
)
from kerakit.errors import ArgumentError, DataError
from kerakit.files import fingerprint
from kerakit.warn import warn

__all__ = ["describe_sequences", "sequence_data"]


def sequence_data(
    sources: dict[str, Sequences], options: Options, *, dataset: str, target: str = "label"
) -> tuple[Data, list[str]]:
    """Split, encode and describe sequences with a label or a number each.

    Args:
        sources: dict from `"train"`, and `"validation"` and `"test"` where the user has them,
            to `Sequences`. The splits that are not there are drawn from the training
            sequences, each class in proportion.
        options: `Options`, of which the sizes, `task`, `rename_labels`, `pos_label` and `seed`
            are used.
        dataset: str. Name of the data in reports.
        target: str. Name of the target. Defaults to `"label"`.

    Returns:
        `(data, notes)`: `Data` with one input `series`, and a list of sentences to warn of.

    Raises:
        DataError: when sequences or labels cannot be used.
        ArgumentError: when `pos_label` is not one of the classes.
    """
    train = sources["train"]
    for source in sources.values():
        _check_sequences(train, source)
    numbers = options.task == "regression" or (options.task is None and train.has_numbers)
    targets, classes = (_numbers if numbers else _encode)(sources, options)
    task = "binary" if len(classes) == 2 else "multiclass"
    if not numbers and options.task not in (None, task, "multiclass"):
        raise DataError(
            f"{train.name}: task={options.task!r} does not fit sequences of {len(classes)} "
            f"classes. Leave task= out, or pass task={task!r}."
        )
    rows = split_rows(
        {split: np.arange(len(source)) for split, source in sources.items()},
        options,
        name=train.name,
        classes=None if numbers else targets["train"],
    )
    tables, feature = _tables(sources, rows, targets)
    fitted = tables["train"].target
    far = far_value_note(fitted, f"{train.name}: the target") if numbers else None
    counts = np.bincount(fitted, minlength=len(classes)).tolist() if classes else []
    spec = Spec(
        task="regression" if numbers else options.task or task,
        features=(feature,),
        target=_described_target(target, fitted, train.name) if numbers else Target((target,)),
        classes=classes,
        class_counts=tuple(counts),
        sizes={split: len(tables.get(split) or ()) for split in SPLITS},
        seed=options.seed,
        fingerprint=_fingerprint(sources),
        dataset=dataset,
    )
    data = Data(tables["train"], tables.get("validation"), tables["test"], spec)
    return data, [*_constants(feature, train.name), *filter(None, [far])]


def _numbers(sources, options):
    """`(numbers, classes)`: dict from split to float32 targets, and no classes."""
    for name, given in (("rename_labels", options.rename_labels), ("pos_label", options.pos_label)):
        if given:
            raise ArgumentError(
                f"{options.owner}: {name}= is for labels, and the targets are numbers. Leave it "
                "out, or pass task='multiclass' for labels."
            )
    return {split: target_numbers(source) for split, source in sources.items()}, ()


def _described_target(name, values, source):
    """The `Target` of training numbers."""
    if values.min() == values.max():
        raise DataError(
            f"{source}: all training sequences have the target {values[0]:g}. A model cannot learn "
            "from it. Check the targets."
        )
    return Target((name,), None, *describe_target(values))


def _tables(sources, rows, targets):
    """A dict from split to `Table`, and the `Feature` of the training sequences."""
    tables = {}
    for split, chosen in rows.items():
        origin = split if split in sources else "train"
        values = [sources[origin].values[row] for row in chosen]
        tables[split] = Table({"series": _padded(values)}, targets[origin][chosen])
    return tables, describe_sequences([sources["train"].values[row] for row in rows["train"]])


def _check_sequences(train, source):
    """Refuse sequences without a value, with an infinite value, or with other channels."""
    expected = _channels(train.values[0])
    for row, values in enumerate(source.values):
        if _channels(values) != expected:
            raise DataError(
                f"{source.location(row)}: the sequence has {_channels(values)} channel(s), and the "
                f"first training sequence has {expected}. Give all sequences the same channels."
            )
        if np.isnan(values).all():
            raise DataError(
                f"{source.location(row)}: the sequence is empty, or all its values are missing. "
                "Remove it, or fill in its values."
            )
        with np.errstate(over="ignore"):
            infinite = np.isinf(values.astype(np.float32))
        if infinite.any():
            step = int(np.argwhere(infinite)[0][0])
            raise DataError(
                f"{source.location(row)}: the value of step {step + 1} is infinite or beyond "
                "float32. Correct it, or mark it as missing."
            )


def _channels(values):
    return values.shape[1] if values.ndim == 2 else 1


def _encode(sources, options):
    """`(ids, classes)`: dict from split to int32 ids, and the training labels in order."""
    train = sources["train"]
    columns = {split: _texts(source.labels) for split, source in sources.items()}
    present = {label for column in columns.values() for label in column.values}
    check_renamed(options.rename_labels, present, train.name)
    labels = label_column(columns["train"], options.rename_labels)
    alike = case_variants(labels, train.name)
    if alike:
        warn(alike)
    numeric, classes = not labels.odd.any(), sorted_labels(labels)
    if len(classes) < 2:
        raise DataError(
            f"{train.name}: all {len(train):,} sequences have the label {short_repr(classes[0])}. "
            "A classifier needs two classes."
        )
    if options.pos_label is not None:
        check_choice(options.owner, "pos_label", options.pos_label, classes)
        if len(classes) > 2:
            raise DataError(
                f"{train.name}: pos_label= needs exactly two classes. Got {len(classes)} classes."
            )
        classes = tuple(sorted(classes, key=lambda label: label == options.pos_label))
    class_of = {label: index for index, label in enumerate(classes)}
    ids = {}
    for split, source in sources.items():
        column = label_column(columns[split], options.rename_labels, numeric)
        column = Spellings(classes).respelled(column)
        of_values = np.array([class_of.get(label, -1) for label in column.values], np.int32)
        ids[split] = of_values[column.codes]
        if ids[split].min() < 0:
            row = int(np.argmax(ids[split] < 0))
            raise DataError(
                f"{source.location(row)}: the label {short_repr(source.labels[row])} does not "
                f"occur in the training sequences, which have {shortlist(classes, 10)}. Correct "
                "it, or remove the sequence."
            )
    counts = np.bincount(ids["train"], minlength=len(classes))
    if counts.min() < 2:
        rare = int(np.argmin(counts))
        raise DataError(
            f"{train.location(int(np.argmax(ids['train'] == rare)))}: the class "
            f"{short_repr(classes[rare])} has one sequence. Training and testing need at least two "
            "of each class. Correct the label, or remove the sequence."
        )
    return ids, classes


def _texts(labels):
    distinct, codes = np.unique(np.array(labels, dtype=object), return_inverse=True)
    return Texts(distinct, codes, tuple(distinct), typed=False)


def _padded(values):
    """One float32 array as long as the longest sequence, with NaN after the end of the others."""
    longest = max(len(sequence) for sequence in values)
    padded = np.full((len(values), longest, *values[0].shape[1:]), np.nan, np.float32)
    for row, sequence in enumerate(values):
        padded[row, : len(sequence)] = sequence
    return padded


def _length(sequence):
    """Number of steps up to the last with a value: models treat a NaN after it as padding."""
    present = ~np.isnan(sequence)
    return int(np.flatnonzero(present if present.ndim == 1 else present.any(axis=1))[-1]) + 1


def describe_sequences(values: list[np.ndarray]) -> Feature:
    """Return the `Feature` of training sequences, an input `series`.

    Args:
        values: list of float arrays of shape `(steps,)`, or `(steps, channels)`, of any lengths,
            each with a value that is not missing. NaN after the last value is padding.
    """
    lengths = np.array([_length(sequence) for sequence in values])
    steps = [sequence[:length] for sequence, length in zip(values, lengths, strict=True)]
    steps = np.concatenate(steps).astype(np.float32)
    return dataclasses.replace(
        describe_feature("series", steps),
        kind="sequence",
        shape=(None, *steps.shape[1:]),
        quantiles=distinct_quantiles(lengths),
    )


def _constants(feature, name):
    """A list of at most one warning about constant channels."""
    variance = np.atleast_1d(feature.variance)
    constant = np.flatnonzero(variance == 0)
    if not len(constant):
        return []
    means = np.atleast_1d(feature.mean)
    listed = ", ".join(f"{channel + 1} ({number_text(means[channel])})" for channel in constant)
    return [
        f"{name}: of {len(variance)} channel(s), these are constant in the training sequences: "
        f"{listed}. A model cannot learn from them."
    ]


def _fingerprint(sources):
    digests = [source.digest or _digest(source) for source in sources.values()]
    return digests[0] if len(digests) == 1 else fingerprint(digests)


def _digest(source):
    values = [np.ascontiguousarray(sequence, np.float32) for sequence in source.values]
    shapes = [f"{sequence.shape}" for sequence in source.values]
    pairs = zip(shapes, values, strict=True)
    return fingerprint(["\0".join(source.labels), *(part for pair in pairs for part in pair)])
