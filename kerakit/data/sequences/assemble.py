"""Labelled sequences -> `Data`: what `.ts` files and the built-in sets share."""

import dataclasses
import hashlib
from collections.abc import Callable

import numpy as np

from kerakit.checks import check_choice
from kerakit.data.columns.column import Texts, number_text
from kerakit.data.columns.labels import check_renamed, label_column, sorted_labels
from kerakit.data.data import SPLITS, Data, Table
from kerakit.data.spec import Spec, Target
from kerakit.data.split import split_rows
from kerakit.data.tables.statistics import describe_feature
from kerakit.errors import DataError

__all__ = ["Sequences", "sequence_data"]


@dataclasses.dataclass(frozen=True)
class Sequences:
    """Sequences of one label each.

    Attributes:
        name: str. What the user calls them.
        values: list of n float arrays of shape `(steps,)`, or `(steps, channels)`, of any
            lengths; NaN where a value is missing.
        labels: list of n strings.
        place: function from a row to its place, such as `"train.ts, line 18"`.
        digest: str. SHA-256 of what was read. Defaults to `""`: taken from the values.
    """

    name: str
    values: list[np.ndarray]
    labels: list[str]
    place: Callable[[int], str]
    digest: str = ""

    def __len__(self):
        return len(self.values)


def sequence_data(parts, options, *, dataset, target="label"):
    """Split, encode and describe labelled sequences.

    Args:
        parts: dict from `"train"`, and `"validation"` and `"test"` where the user has them,
            to `Sequences`. What is not there is split off the training sequences, class by
            class.
        options: `Options`, of which the sizes, `task`, `rename_labels`, `pos_label` and `seed`
            are used.
        dataset: str. What the user calls the data.
        target: str. Name of the target. Defaults to `"label"`.

    Returns:
        `(data, notes)`: `Data` with one input `series`, and a list of sentences to warn of.

    Raises:
        DataError: when sequences or labels cannot be used.
        ArgumentError: when `pos_label` is no class.
    """
    train = parts["train"]
    for split, part in parts.items():
        _check_sequences(train, part, split)
    ids, classes = _encode(parts, options)
    task = "binary" if len(classes) == 2 else "multiclass"
    if options.task not in (None, task, "multiclass"):
        raise DataError(
            f"{train.name}: task={options.task!r} does not go with sequences of {len(classes)} "
            f"classes. Leave it out, or pass task={task!r}."
        )
    rows = split_rows(
        {split: np.arange(len(part)) for split, part in parts.items()},
        options,
        name=train.name,
        classes=ids["train"],
    )
    tables = {}
    for split, chosen in rows.items():
        whole = split if split in parts else "train"
        values = [parts[whole].values[row] for row in chosen]
        tables[split] = Table({"series": _padded(values)}, ids[whole][chosen])
    feature = _describe([train.values[row] for row in rows["train"]])
    counts = np.bincount(tables["train"].target, minlength=len(classes))
    spec = Spec(
        task=options.task or task,
        features=(feature,),
        target=Target((target,)),
        classes=classes,
        class_counts=tuple(counts.tolist()),
        sizes={split: len(tables.get(split) or ()) for split in SPLITS},
        seed=options.seed,
        fingerprint=_fingerprint(parts),
        dataset=dataset,
    )
    data = Data(tables["train"], tables.get("validation"), tables["test"], spec)
    return data, _constants(feature, train.name)


def _check_sequences(train, part, split):
    """Refuse sequences without a value, with an infinite one, or of other channels."""
    channels = train.values[0].shape[1:]
    for row, values in enumerate(part.values):
        if values.shape[1:] != channels:
            here, there = (shape[0] if shape else 1 for shape in (values.shape[1:], channels))
            raise DataError(
                f"{part.place(row)}: {here} channel(s), and the first training sequence has "
                f"{there}. Give all the same."
            )
        if np.isnan(values).all():
            raise DataError(
                f"{part.place(row)}: the sequence is empty, or all its values are missing. Remove "
                "it, or fill it in."
            )
        with np.errstate(over="ignore"):
            infinite = np.isinf(values.astype(np.float32))
        if infinite.any():
            step = int(np.argwhere(infinite)[0][0])
            raise DataError(
                f"{part.place(row)}: the value of step {step + 1} is infinite or beyond float32. "
                "Correct it, or write it as missing."
            )


def _encode(parts, options):
    """`(ids, classes)`: dict from split to int32 ids, and the training labels in order."""
    train = parts["train"]
    columns = {split: _texts(part.labels) for split, part in parts.items()}
    present = {label for column in columns.values() for label in column.values}
    check_renamed(options.rename_labels, present, train.name)
    labels = label_column(columns["train"], options.rename_labels)
    numeric, classes = not labels.odd.any(), sorted_labels(labels)
    if len(classes) < 2:
        raise DataError(
            f"{train.name}: all {len(train):,} sequences have the label {classes[0]!r}. A "
            "classifier needs two classes."
        )
    if options.pos_label is not None:
        check_choice(options.owner, "pos_label", options.pos_label, classes)
        if len(classes) > 2:
            raise DataError(f"{train.name}: pos_label= takes two classes. Got {len(classes)}.")
        classes = tuple(sorted(classes, key=lambda label: label == options.pos_label))
    known = {label: number for number, label in enumerate(classes)}
    ids = {}
    for split, part in parts.items():
        column = label_column(columns[split], options.rename_labels, numeric)
        ids[split] = np.array([known.get(v, -1) for v in column.values], np.int32)[column.codes]
        if ids[split].min() < 0:
            row = int(np.argmax(ids[split] < 0))
            raise DataError(
                f"{part.place(row)}: the label {part.labels[row]!r} does not occur in the training "
                f"sequences, which have {', '.join(map(repr, classes[:10]))}. Correct it, or "
                "remove the sequence."
            )
    counts = np.bincount(ids["train"], minlength=len(classes))
    if counts.min() < 2:
        rare = int(np.argmin(counts))
        raise DataError(
            f"{train.place(int(np.argmax(ids['train'] == rare)))}: the class {classes[rare]!r} has "
            "one sequence; two are the least to train and to test on. Correct the label, or remove "
            "the sequence."
        )
    return ids, classes


def _texts(labels):
    distinct, codes = np.unique(np.array(labels, dtype=object), return_inverse=True)
    return Texts(distinct, codes, tuple(distinct), typed=False)


def _padded(values):
    """One float32 array as long as the longest sequence, with NaN behind the others."""
    longest = max(len(sequence) for sequence in values)
    padded = np.full((len(values), longest, *values[0].shape[1:]), np.nan, np.float32)
    for row, sequence in enumerate(values):
        padded[row, : len(sequence)] = sequence
    return padded


def _length(sequence):
    """Steps up to the last that has a value: a NaN behind it is padding to a model."""
    there = ~np.isnan(sequence)
    return int(np.flatnonzero(there if there.ndim == 1 else there.any(axis=1))[-1]) + 1


def _describe(values):
    """The `Feature` of the training sequences."""
    lengths = np.array([_length(sequence) for sequence in values])
    steps = [sequence[:length] for sequence, length in zip(values, lengths, strict=True)]
    steps = np.concatenate(steps).astype(np.float32)
    of_steps = describe_feature("series", steps)
    return dataclasses.replace(
        of_steps,
        kind="sequence",
        shape=(None, *steps.shape[1:]),
        quantiles=describe_feature("length", lengths.astype(np.float64)).quantiles,
    )


def _constants(feature, name):
    """A list of at most one warning about channels with one and the same value."""
    variance = np.atleast_1d(feature.variance)
    constant = np.flatnonzero(variance == 0)
    if not len(constant):
        return []
    means = np.atleast_1d(feature.mean)
    listed = ", ".join(f"{channel + 1} ({number_text(means[channel])})" for channel in constant)
    return [
        f"{name}: of {len(variance)} channel(s), constant in the training sequences: {listed}. "
        "Nothing can be learned from that."
    ]


def _fingerprint(parts):
    digests = [part.digest or _digest(part) for part in parts.values()]
    if len(digests) == 1:
        return digests[0]
    return hashlib.sha256("".join(digests).encode()).hexdigest()


def _digest(part):
    digest = hashlib.sha256("\0".join(part.labels).encode())
    for sequence in part.values:
        digest.update(f"{sequence.shape}".encode())
        digest.update(np.ascontiguousarray(sequence, np.float32))
    return digest.hexdigest()
