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
from kerakit.data.text.vocabulary import describe_text
from kerakit.errors import DataError
from kerakit.files import fingerprint

__all__ = ["text_data"]

_NAMED_ROWS = 3  # rows that a warning names


def text_data(
    sources: dict[str, Source], options: Options, *, dataset: str
) -> tuple[Data, list[str]]:
    """Split, encode and describe texts with one label each.

    Args:
        sources: dict from `"train"`, and `"validation"` and `"test"` where the user has
            them, to `Source` with one feature and one target. The splits that are not there
            are drawn from the training rows.
        options: `Options`.
        dataset: str. Name of the data in reports.

    Returns:
        `(data, notes)`: `Data`, and a list of sentences to warn of.

    Raises:
        DataError: when the labels cannot be used, or a class has no text to train on.
    """
    sources = {split: sources[split] for split in SPLITS if sources.get(split) is not None}
    train = sources["train"]
    _check_labels(sources, options)
    answers = encode_targets(sources, dataclasses.replace(options, task="multiclass"))
    ((column, name),) = identifiers(train.features, train.name).items()
    groups = group_ids(sources)
    tables = {
        split: Table({name: source.features[column].strings()}, ids, groups=groups[split])
        for (split, source), ids in zip(sources.items(), answers.values, strict=True)
    }
    digest = _fingerprint(tables, name, answers.classes)
    notes = _contradictions(tables["train"], name, train)
    notes += _leaked(tables, name, sources)
    rows = _split(tables["train"], name, sources, options)
    rows["train"], left_out = _without_empty(rows["train"], tables["train"].features[name], train)
    notes += left_out
    tables |= {split: tables["train"].take(chosen) for split, chosen in rows.items()}
    counts = np.bincount(tables["train"].target, minlength=len(answers.classes))
    if not counts.all():
        raise DataError(
            f"{train.name}: the class {short_repr(answers.classes[int(np.argmin(counts))])} has no "
            "text to train on: its texts are empty, or repeat those of other classes or groups. "
            "Add texts, or join classes with rename_labels={'old': 'new'}."
        )
    feature = describe_text(name, tables["train"].features[name], column, train.name)
    spec = Spec(
        task="binary" if len(answers.classes) == 2 else "multiclass",
        features=(feature,),
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


def _split(table, name, sources, options):
    """Draw the splits that the user did not give; return their rows in the training table."""
    train, texts = sources["train"], table.features[name]
    repeats = np.unique(texts, return_inverse=True)[1]
    empty = np.array([not text.strip() for text in texts], bool)
    groups = table.groups
    units = units_of(repeats, alone=empty, groups=groups)
    rows = split_rows(
        {split: np.arange(len(source)) for split, source in sources.items()},
        options,
        name=train.name,
        classes=table.target,
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


def _contradictions(table, name, train):
    """A list of at most one warning about texts with several labels."""
    labels, several = {}, {}
    for row, (text, label) in enumerate(zip(table.features[name], table.target, strict=True)):
        if text.strip() and labels.setdefault(text, label) != label:
            several.setdefault(text, row)
    if not several:
        return []
    row = min(several.values())
    count = "1 text has" if len(several) == 1 else f"{len(several):,} texts have"
    return [
        f"{train.name}: {count} more than one label in different rows, first at "
        f"{train.location(row)}. A model cannot predict both labels of a text; check the labels."
    ]


def _leaked(tables, name, sources):
    """Warnings about test and validation texts that are training texts, too."""
    known, notes = set(tables["train"].features[name]) - {""}, []
    for split in tables:
        same = sum(text in known for text in tables[split].features[name])
        if split != "train" and same:
            notes.append(
                f"{sources[split].name}: {same:,} of {len(tables[split]):,} {split} texts are also "
                "training texts, word for word. Their metrics say little about new texts."
            )
    return notes


def _fingerprint(tables, name, classes):
    """SHA-256 over the texts and labels of all splits."""
    return fingerprint(
        f"{split}\0{classes[label]}\0{text}\0"
        for split, table in tables.items()
        for text, label in zip(table.features[name], table.target, strict=True)
    )
