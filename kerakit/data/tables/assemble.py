"""From tables as they were read to `Data`: the steps that all loaders of tables share."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from kerakit.checks import short_repr, shortlist
from kerakit.data.columns.labels import group_ids
from kerakit.data.columns.spelling import spellings_of
from kerakit.data.data import SPLITS, Data, Table
from kerakit.data.names import identifiers
from kerakit.data.spec import Spec, Target
from kerakit.data.split import split_rows
from kerakit.data.storage.mapped import take_rows
from kerakit.data.tables.date_features import describe_column
from kerakit.data.tables.features import feature_arrays, infer_kinds
from kerakit.data.tables.flag_targets import flag_targets
from kerakit.data.tables.statistics import describe_target, far_value_note, is_constant
from kerakit.data.tables.targets import encode_targets
from kerakit.data.tables.unknown import UnknownValues
from kerakit.data.tasks import TASKS
from kerakit.errors import DataError
from kerakit.files import fingerprint
from kerakit.warn import warn

if TYPE_CHECKING:
    from kerakit.data.options import Options
    from kerakit.data.tables.source import Source

__all__ = ["assemble"]


def assemble(
    sources: dict[str, Source], options: Options, *, dataset: str, digest: str | None = None
) -> Data:
    """Split tables, encode their targets, describe their columns, and return `Data`.

    Args:
        sources: dict from `"train"`, and `"validation"` and `"test"` where the user has
            them, to `Source`. An absent split is drawn from the training rows.
        options: `Options`.
        dataset: str. The name of the data.
        digest: str. SHA-256 of the files that were read. Defaults to `None`: the SHA-256 of
            the features and targets.

    Returns:
        `Data` with `Table`s and their `Spec`.

    Raises:
        DataError: when the data cannot be used.
    """
    sources = {split: sources[split] for split in SPLITS if sources.get(split) is not None}
    train = sources["train"]
    for other in sources.values():
        _same_columns(train, other)
    sources, options = flag_targets(sources, options)
    train = sources["train"]
    groups = group_ids(sources)
    inputs = identifiers(train.features, train.name)
    answers = encode_targets(sources, options)
    kinds, notes = infer_kinds(train, options)
    tables = {}
    for (split, source), target in zip(sources.items(), answers.values, strict=True):
        features = feature_arrays(source, kinds, options, train)
        features = {name: features.pop(column) for column, name in inputs.items()}
        tables[split] = Table(features, target, source.weight, groups[split])
    del features
    for source in sources.values():
        source.features.clear()  # the tables have the values; two of a large one fill the memory
    digest = digest or fingerprint(_content(tables))
    tables = _split(tables, train, answers, options)

    features = tuple(
        describe_column(name, tables["train"].features[name], column, kinds[column])
        for column, name in inputs.items()
    )
    target, counts = _describe_answers(tables["train"].target, train, answers, options)
    spec = Spec(
        task=answers.task,
        features=features,
        target=target,
        classes=answers.classes,
        class_counts=counts,
        sizes={split: len(tables.get(split) or ()) for split in SPLITS},
        seed=options.seed,
        fingerprint=digest,
        dataset=dataset,
        na_values=options.na_values,
        decimal=options.decimal,
        thousands=options.thousands,
    )
    notes += _constants(features, train) + _far_values(
        features, tables["train"], answers, train.name
    )
    for split in sources.keys() - {"train"}:
        notes += _unknown(features, tables[split], sources[split].name)
    for note in notes:
        warn(note)
    return Data(tables["train"], tables.get("validation"), tables["test"], spec)


def _same_columns(train, other):
    """Refuse a test or validation table whose columns are not those of the training table."""
    missing = [column for column in train.features if column not in other.features]
    unknown = [column for column in other.features if column not in train.features]
    if missing or unknown:
        differences = [f"lacks {shortlist(missing)}"] if missing else []
        differences += [f"has the unknown {shortlist(unknown)}"] if unknown else []
        raise DataError(
            f"{other.name}: the columns are not those of {train.name}: it "
            f"{' and '.join(differences)}. Give both the same columns, or pass exclude=."
        )
    for column, values in train.features.items():
        shapes = [getattr(c, "values", values).shape[1:] for c in (values, other.features[column])]
        if shapes[0] != shapes[1]:
            raise DataError(
                f"{other.name}: column {column!r} has shape {('n', *shapes[1])}, in {train.name} "
                f"it has {('n', *shapes[0])}. Give both the same shape."
            )


def _split(tables, train, answers, options):
    """Draw the splits that the user did not give; return the tables of all splits."""
    whole = tables["train"]
    rows = split_rows(
        {split: np.arange(len(table)) for split, table in tables.items()},
        options,
        name=train.name,
        classes=whole.target if TASKS[answers.task].answer == "label" else None,
        groups=whole.groups,
    )
    drawn = {split: rows[split] for split in rows if split == "train" or split not in tables}
    features: dict[str, dict] = {split: {} for split in drawn}
    for name in list(whole.features):  # one column after the other is let go: see above
        values = whole.features.pop(name)
        for split, among in drawn.items():
            features[split][name] = take_rows(values, among)
    rest = {split: whole.take(among) for split, among in drawn.items()}
    return tables | {
        split: dataclasses.replace(rest[split], features=features[split]) for split in drawn
    }


def _describe_answers(values, train, answers, options):
    """`Target` and class counts of the training rows."""
    names = tuple(train.targets)
    if TASKS[answers.task].answer == "numbers":
        mean, variance = describe_target(values)
        if min(variance) == 0:
            raise DataError(
                f"{train.name}: the target {names[int(np.argmin(variance))]!r} is constant in the "
                "training rows. Use more rows, another seed=, or a smaller test_size=."
            )
        return Target(names, options.unit, mean, variance), ()
    if TASKS[answers.task].answer == "labels":
        counts = values.sum(axis=0).astype(int)
    else:
        counts = np.bincount(values, minlength=len(answers.classes))
    return Target(names, options.unit), tuple(counts.tolist())


def _constants(features, train):
    """A list of at most one warning that names the constant columns."""
    names = tuple(feature.column for feature in features if is_constant(feature))
    if not names:
        return []
    return [
        f"{train.name}: constant in the training rows: {shortlist(names)}. A model can learn "
        "nothing from a constant column. It is kept as a feature. To leave it out, pass "
        f"exclude={short_repr(names)}."
    ]


def _far_values(features, table, answers, name):
    """A warning about each column and target of which one value is absurdly far from the others."""
    columns = [
        (f"column {feature.column!r}", table.features[feature.name])
        for feature in features
        if feature.kind == "numeric"
    ]
    if TASKS[answers.task].answer == "numbers":
        columns.append(("the target", table.target))
    notes = []
    for words, values in columns:
        notes.append(far_value_note(values, f"{name}: {words}"))
    return list(filter(None, notes))


def _unknown(features, table, name):
    """Warnings about columns of a test or validation table whose categories are mostly new."""
    found = []
    for feature in features:
        if feature.kind == "categorical":
            unknown = UnknownValues(feature.column, spellings_of(feature))
            unknown.add(table.features[feature.name])
            found.append(unknown.warning(name))
    return [warning for warning in found if warning]


def _content(tables):
    """Names and values of all tables, for a fingerprint."""
    for split, table in tables.items():
        for name, values in {**table.features, "": table.target}.items():
            yield f"{split}/{name}/{values.dtype}/{values.shape}/"
            yield "\0".join(values) if values.dtype == object else np.ascontiguousarray(values)
