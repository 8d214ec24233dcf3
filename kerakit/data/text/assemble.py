"""From texts as they were read to `Data`: what all loaders of texts share."""

import dataclasses

import numpy as np

from kerakit.data.columns.labels import group_ids, label_column
from kerakit.data.data import SPLITS, Data, Table
from kerakit.data.names import identifiers
from kerakit.data.spec import Spec, Target
from kerakit.data.split import split_rows, units_of
from kerakit.data.tables.targets import encode_targets
from kerakit.data.text.vocabulary import describe_text
from kerakit.errors import DataError
from kerakit.files import fingerprint

__all__ = ["text_data"]

_NAMED = 3  # rows that a warning names


def text_data(sources, options, *, dataset):
    """Split, encode and describe texts of one label each.

    Args:
        sources: dict from `"train"`, and `"validation"` and `"test"` where the user has
            them, to `Source` with one feature and one target. What is not there is split off
            the training rows.
        options: `Options`.
        dataset: str. What the user calls the data.

    Returns:
        `(data, notes)`: `Data`, and a list of sentences to warn with.

    Raises:
        DataError: when the labels cannot be used, or a class has no text to train on.
    """
    sources = {split: sources[split] for split in SPLITS if sources.get(split) is not None}
    train = sources["train"]
    _check_labels(train, options)
    answers = encode_targets(
        list(sources.values()), dataclasses.replace(options, task="multiclass")
    )
    ((column, name),) = identifiers(train.features, train.name).items()
    tables = {
        split: Table({name: source.features[column].strings()}, ids)
        for (split, source), ids in zip(sources.items(), answers.values, strict=True)
    }
    digest = fingerprint(_content(tables, name, answers.classes))
    notes = _contradictions(tables["train"], name, train)
    notes += _known_already(tables, name, sources)
    rows = _split(tables["train"], name, sources, options)
    rows["train"], left_out = _without_empty(rows["train"], tables["train"].features[name], train)
    notes += left_out
    tables |= {split: tables["train"].take(chosen) for split, chosen in rows.items()}
    counts = np.bincount(tables["train"].target, minlength=len(answers.classes))
    if not counts.all():
        raise DataError(
            f"{train.name}: the class {answers.classes[int(np.argmin(counts))]!r} has no text to "
            "train on: its texts are empty, or repeat those of other classes or groups. Add "
            "texts, or join classes with rename_labels={'old': 'new'}."
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


def _check_labels(train, options):
    """Refuse labels that are measured rather than named, or of which one has a single row."""
    ((name, column),) = train.targets.items()
    if column.missing().any():
        return  # which `encode_targets` says
    labels = label_column(column, options.rename_labels)
    distinct, codes = np.unique(labels.strings(), return_inverse=True)
    counts = np.bincount(codes)
    if not labels.odd.any() and len(distinct) > max(20, len(codes) / 2):
        raise DataError(
            f"{train.name}, column {name!r}: the labels are numbers, {len(distinct)} different "
            f"ones in {len(codes)} rows, such as {distinct[0]!r}. Texts are classified; name the "
            "column of their classes with label=."
        )
    if len(counts) > 1 and counts.min() < 2:
        rare = int(np.argmin(counts))
        raise DataError(
            f"{train.place(int(np.argmax(codes == rare)))}, column {name!r}: the class "
            f"{distinct[rare]!r} has one row; two are the least to train and to test on. Correct "
            "the label, remove the row, or join classes with "
            f"rename_labels={{{distinct[rare]!r}: 'other'}}."
        )


def _split(table, name, sources, options):
    """Split off what the user did not give; return the rows of each split of the training table."""
    train, texts = sources["train"], table.features[name]
    repeats = np.unique(texts, return_inverse=True)[1]
    empty = np.array([not text.strip() for text in texts], bool)
    groups = None if train.groups is None else group_ids(train)
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
    """The training rows that have a text, and a list of at most one warning."""
    empty = np.array([not texts[row].strip() for row in rows], bool)
    if not empty.any():
        return rows, []
    gone = rows[empty]
    many = "1 text is" if len(gone) == 1 else f"{len(gone):,} texts are"
    places = "; ".join(train.place(int(row)) for row in gone[:_NAMED])
    more = f"; and {len(gone) - _NAMED:,} more" if len(gone) > _NAMED else ""
    return rows[~empty], [
        f"{train.name}: {many} empty and left out of training ({places}{more}). To validate and "
        "test on, empty texts are rows like others."
    ]


def _contradictions(table, name, train):
    """A list of at most one warning about texts that have several labels."""
    labels, several = {}, {}
    for row, (text, label) in enumerate(zip(table.features[name], table.target, strict=True)):
        if text.strip() and labels.setdefault(text, label) != label:
            several.setdefault(text, row)
    if not several:
        return []
    row = min(several.values())
    many = "1 text has" if len(several) == 1 else f"{len(several):,} texts have"
    return [
        f"{train.name}: {many} more than one label in different rows, first at "
        f"{train.place(row)}. No model can tell these apart; check the labels."
    ]


def _known_already(tables, name, sources):
    """Warnings about test and validation texts that are training texts too."""
    known, notes = set(tables["train"].features[name]) - {""}, []
    for split in tables:
        same = sum(text in known for text in tables[split].features[name])
        if split != "train" and same:
            notes.append(
                f"{sources[split].name}: {same:,} of {len(tables[split]):,} {split} texts are "
                "training texts too, word for word. What is measured on them says little about "
                "new texts."
            )
    return notes


def _content(tables, name, classes):
    """Texts and labels of all splits, for a fingerprint."""
    for split, table in tables.items():
        for text, label in zip(table.features[name], table.target, strict=True):
            yield f"{split}\0{classes[label]}\0{text}\0"
