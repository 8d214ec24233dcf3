"""Texts -> `Data`: what all loaders of texts share."""

from __future__ import annotations

import dataclasses

import numpy as np

from kerakit.checks import short_repr
from kerakit.data.columns.labels import group_ids, label_column
from kerakit.data.data import SPLITS, Data, Table
from kerakit.data.names import identifiers
from kerakit.data.options import Options
from kerakit.data.spec import Spec, Target
from kerakit.data.split import split_rows, units_of
from kerakit.data.tables.source import Source
from kerakit.data.tables.targets import encode_targets
from kerakit.data.text.labels import flags_of_lists
from kerakit.data.text.vocabulary import describe_texts, joined_texts
from kerakit.errors import DataError
from kerakit.files import fingerprint

__all__ = ["text_data"]

_NAMED_ROWS = 3  # rows that a warning names


def text_data(
    sources: dict[str, Source], options: Options, *, dataset: str
) -> tuple[Data, list[str]]:
    """Split, encode and describe texts with one label each, or with several.

    Args:
        sources: dict from `"train"`, and `"validation"` and `"test"` where the user has
            them, to `Source` of texts. The splits that are not there are drawn from the training
            rows.
        options: `Options`.
        dataset: str. Name of the data in reports.

    Returns:
        `(data, notes)`: `Data`, and a list of sentences to warn of.

    Raises:
        DataError: when the labels cannot be used, or a class has no text to train on.
    """
    sources = {split: sources[split] for split in SPLITS if sources.get(split) is not None}
    sources, options = flags_of_lists(sources, options)
    train = sources["train"]
    several = len(train.targets) > 1
    if not several:
        _check_labels(sources, options)
    task = "multilabel" if several else "multiclass"
    answers = encode_targets(sources, dataclasses.replace(options, task=task))
    names = identifiers(train.features, train.name)
    groups = group_ids(sources)
    tables = {
        split: Table(
            {name: source.features[column].strings() for column, name in names.items()},
            values,
            groups=groups[split],
        )
        for (split, source), values in zip(sources.items(), answers.values, strict=True)
    }
    texts = {split: joined_texts(table.features, names.values()) for split, table in tables.items()}
    labels = {split: _labels(table.target, answers.classes) for split, table in tables.items()}
    digest = _fingerprint(texts, labels)
    notes = _contradictions(texts["train"], labels["train"], train)
    notes += _leaked(texts, sources)
    rows = _split(tables["train"], texts["train"], several, sources, options)
    rows["train"], left_out = _without_empty(rows["train"], texts["train"], train)
    notes += left_out
    features = describe_texts(names, tables["train"].features, rows["train"], train.name)
    tables |= {split: tables["train"].take(chosen) for split, chosen in rows.items()}
    counts = _counts(tables["train"].target, len(answers.classes))
    if not counts.all():
        raise DataError(
            f"{train.name}: the class {short_repr(answers.classes[int(np.argmin(counts))])} has no "
            "text to train on: its texts are empty, in other splits, or repeat those of other "
            "classes or groups. Add texts, or join classes with rename_labels={'old': 'new'}."
        )
    spec = Spec(
        task=task if several or len(answers.classes) > 2 else "binary",
        features=features,
        target=Target(tuple(train.targets)),
        classes=answers.classes,
        class_counts=tuple(counts.tolist()),
        sizes={split: len(tables.get(split) or ()) for split in SPLITS},
        seed=options.seed,
        fingerprint=digest,
        dataset=dataset,
        na_values=(),
    )
    return Data(tables["train"], tables.get("validation"), tables["test"], spec), notes


def _labels(target, classes):
    """The label of each row, a str; of several labels all that are on."""
    if target.ndim == 1:
        return [classes[number] for number in target]
    return [
        "\n".join(name for name, on in zip(classes, row, strict=True) if on)
        for row in target.tolist()
    ]


def _counts(target, classes):
    """How many rows each class has."""
    if target.ndim > 1:
        return target.sum(axis=0).astype(int)
    return np.bincount(target, minlength=classes)


def _check_labels(sources, options):
    """Refuse labels that look like measured numbers, and one row of a label to train and test."""
    train = sources["train"]
    ((name, column),) = train.targets.items()
    if column.missing().any():
        return  # `encode_targets` refuses missing labels
    labels = label_column(column, options.rename_labels)
    distinct, codes = np.unique(labels.strings(), return_inverse=True)
    counts = np.bincount(codes)
    if not labels.odd.any() and len(distinct) > max(20, len(codes) / 2):
        raise DataError(
            f"{train.name}, column {name!r}: the labels are numbers, {len(distinct)} different "
            f"ones in {len(codes)} rows, such as {distinct[0]!r}. Expected classes; name their "
            "column with label=."
        )
    if len(counts) > 1 and counts.min() < 2 and "test" not in sources:
        rare = int(np.argmin(counts))
        raise DataError(
            f"{train.location(int(np.argmax(codes == rare)))}, column {name!r}: the class "
            f"{short_repr(distinct[rare])} has one row. Training and testing need at least two "
            "rows of each class. Correct the label, remove the row, or join classes with "
            f"rename_labels={{{short_repr(distinct[rare])}: 'other'}}."
        )


def _split(table, texts, several, sources, options):
    """Draw the splits that the user did not give; return their rows in the training table."""
    train = sources["train"]
    repeats = np.unique(texts, return_inverse=True)[1]
    empty = np.array([not text.strip() for text in texts], bool)
    groups = table.groups
    units = units_of(repeats, alone=empty, groups=groups)
    rows = split_rows(
        {split: np.arange(len(source)) for split, source in sources.items()},
        options,
        name=train.name,
        classes=None if several else table.target,
        units=units if groups is None else None,
        groups=units if groups is not None else None,
    )
    return {split: rows[split] for split in rows if split == "train" or split not in sources}


def _without_empty(rows, texts, train):
    """The training rows with a text, and a list of at most one warning."""
    empty = np.array([not texts[row].strip() for row in rows], bool)
    if not empty.any():
        return rows, []
    left_out = rows[empty]
    count = "1 text is" if len(left_out) == 1 else f"{len(left_out):,} texts are"
    places = "; ".join(train.location(int(row)) for row in left_out[:_NAMED_ROWS])
    more = f"; and {len(left_out) - _NAMED_ROWS:,} more" if len(left_out) > _NAMED_ROWS else ""
    return rows[~empty], [
        f"{train.name}: {count} empty and left out of training ({places}{more}). Validation and "
        "test keep empty texts."
    ]


def _contradictions(texts, labels, train):
    """A list of at most one warning about texts with other labels in other rows."""
    first, several = {}, {}
    for row, (text, label) in enumerate(zip(texts, labels, strict=True)):
        if text.strip() and first.setdefault(text, label) != label:
            several.setdefault(text, row)
    if not several:
        return []
    row = min(several.values())
    count = "1 text has" if len(several) == 1 else f"{len(several):,} texts have"
    return [
        f"{train.name}: {count} more than one label in different rows, first at "
        f"{train.location(row)}. A model cannot predict both labels of a text; check the labels."
    ]


def _leaked(texts, sources):
    """Warnings about test and validation texts that are training texts, too."""
    known, notes = set(texts["train"]) - {""}, []
    for split, among in texts.items():
        same = sum(text in known for text in among)
        if split != "train" and same:
            notes.append(
                f"{sources[split].name}: {same:,} of {len(among):,} {split} texts are also "
                "training texts, word for word. Their metrics say little about new texts."
            )
    return notes


def _fingerprint(texts, labels):
    """SHA-256 over the texts and labels of all splits."""
    return fingerprint(
        f"{split}\0{label}\0{text}\0"
        for split in texts
        for text, label in zip(texts[split], labels[split], strict=True)
    )
