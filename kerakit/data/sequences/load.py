"""Labelled sequences, which are classified whole: files, arrays and tables of steps."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from kerakit.checks import check, check_choice, naming
from kerakit.data.columns.frames import is_frame
from kerakit.data.files.signature import is_ts_file
from kerakit.data.options import Options, check_text, names
from kerakit.data.sequences.assemble import sequence_data
from kerakit.data.sequences.long_table import LongTable, read_long_table
from kerakit.data.sequences.pairs import is_pair, read_pair
from kerakit.data.sequences.ts_file import read_ts
from kerakit.data.sequences.tsv_file import read_tsv
from kerakit.errors import ArgumentError
from kerakit.status import telling
from kerakit.warn import warn

if TYPE_CHECKING:
    from kerakit.data.data import Data

__all__ = ["load_sequences"]

_SOURCE = (
    "the path of a .ts or .tsv file, a pair (sequences, labels), or a table with a row for each "
    "step, with id= (load_series loads a series to forecast)"
)


@telling("Reading {}")
def load_sequences(
    source: Any,
    *,
    id: str | None = None,
    time: str | None = None,
    target: str = "label",
    value: str | Sequence[str] | None = None,
    task: Literal["binary", "multiclass", "regression"] | None = None,
    test: Any = None,
    validation: Any = None,
    test_size: float = 0.2,
    validation_size: float = 0.2,
    na_values: str | Sequence[str] | None = None,
    decimal: str = ".",
    thousands: str | None = None,
    separator: str | None = None,
    quote: str | None = '"',
    encoding: str = "utf-8",
    rename_labels: Mapping[str, str] | None = None,
    pos_label: str | None = None,
    seed: int = 0,
    dataset: str | None = None,
) -> Data:
    """Load sequences with a label or a number each, to predict it for whole sequences.

    The sequences have one or several channels, and equal or different lengths. The splits that
    `test=` and `validation=` do not give are drawn at random from `source`, each class in
    proportion. Statistics come from the training sequences only.

    To forecast a series, use `load_series`.

    Args:
        source: one of the following.

            - A `.ts` file (UCR and UEA archives).
            - A `.tsv` file without a header (UCR archive): in each line a label, then the values.
            - A pair `(sequences, labels)`: an array of shape `(n, steps)` or
              `(n, steps, channels)`, or a list of n arrays of shape `(steps,)` or
              `(steps, channels)` of any lengths; and n strings or numbers. NaN is a missing value.
            - With `id=`, a table that has a row for each step: a file of CSV, JSON lines or
              Parquet, or a DataFrame of pandas, polars or pyarrow.
        id: str. The column of a table that tells which sequence a row belongs to. The rows of a
            sequence need not be together. Defaults to `None`: the source is no table.
        time: str. The column of a table by which the rows of a sequence are ordered: dates,
            times or numbers. Steps are taken to be equal. Defaults to `None`: the order of the
            rows.
        target: str. The column of the labels of a table; all rows of a sequence have one label.
            Defaults to `"label"`.
        value: str or sequence of str. The columns of the values of a table, one for each
            channel. Defaults to `None`: all other columns of numbers.
        task: `"regression"` to predict the labels as numbers, `"binary"` or `"multiclass"`.
            Defaults to `None`: classes, but for a `.ts` file with `@targetLabel true`, whose
            header says that its labels are numbers.
        test, validation: sequences of the same kind as `source`, with the same channels and
            labels. Default to `None`: a fraction of `source` is split off.
        test_size: float in `(0.0, 1.0)`. Fraction of the sequences to test on. Defaults to
            `0.2`.
        validation_size: float in `[0.0, 1.0)`. Fraction of the other sequences to validate on;
            0 for none. Defaults to `0.2`.
        na_values, decimal, thousands, separator, quote, encoding: how a table is written in a
            file, as in `load_table`.
        rename_labels: dict from label to label, applied to each label that is a key. Defaults
            to `None`.
        pos_label: str. The positive one of two labels. Defaults to `None`: the second in order.
        seed: int in `[0, inf)`. Seed of the split. Defaults to `0`.
        dataset: str. Name of the data in reports. Defaults to `None`: the file's name, or
            `"sequences"`.

    Returns:
        `Data` of the task `"binary"`, `"multiclass"` or `"regression"`. The input `series` is
        float32 of shape `(steps,)` or `(steps, channels)`; shorter sequences end in NaN. The target
        is an int32 class id, or a float32 number.

    Raises:
        DataError: when a file, value or label cannot be used; the message has the file and the
            line, or the row or sequence, counted from 0.
        ArgumentError: when an argument has a value that it cannot have.

    Example:

    >>> import numpy as np
    >>> rising = [np.arange(steps) for steps in range(3, 13)]
    >>> falling = [-series for series in rising]
    >>> data = load_sequences((rising + falling, ["up"] * 10 + ["down"] * 10))
    >>> data.spec.task, data.spec.sizes, data.spec.classes
    ('binary', {'train': 13, 'validation': 3, 'test': 4}, ('down', 'up'))
    >>> data.table("train").features["series"].shape
    (13, 12)
    """
    owner = "load_sequences"
    check(dataset is None or isinstance(dataset, str), owner, "dataset", "a str or None", dataset)
    for parameter, column in (("id", id), ("time", time), ("target", target)):
        ok = isinstance(column, str) or (column is None and parameter != "target")
        check(ok, owner, parameter, "a str" + " or None" * (parameter != "target"), column)
    if task is not None:
        check_choice(owner, "task", task, ("binary", "multiclass", "regression"))
    options = Options(
        owner,
        test_size=test_size,
        validation_size=validation_size,
        na_values=na_values,
        decimal=decimal,
        thousands=thousands,
        task=task,
        rename_labels=rename_labels,
        pos_label=pos_label,
        seed=seed,
    )
    check_text(owner, separator, quote, encoding)
    value = None if value is None else names(owner, "value", value)
    table = None
    if id is not None:
        text = {"separator": separator, "quote": quote, "encoding": encoding, "decimal": decimal}
        missing = None if options.na_values is None else tuple(options.na_values)
        table = LongTable(id, target, time, value, missing, options.number_format, text)
    elif time is not None or value is not None:
        raise ArgumentError(
            "load_sequences: time= and value= name columns of a table that has a row for each "
            "step. Pass id= with the column that tells which sequence a row belongs to."
        )
    sources: dict[str, Any] = {"train": source, "validation": validation, "test": test}
    sources = {split: one for split, one in sources.items() if one is not None or split == "train"}
    for split, one in sources.items():
        _check_source(one, "source" if split == "train" else split, table, owner)
    name = dataset or (
        pathlib.Path(source).name if isinstance(source, (str, os.PathLike)) else "sequences"
    )
    with naming(owner):
        data, notes = _load(sources, table, options, name, target)
    for note in notes:
        warn(note)
    return data


def _load(sources, table, options, name, target):
    """The `Data` of checked sources, and sentences to warn of."""
    sequences, said = {}, []
    for split, one in sources.items():
        of_split = name if split == "train" else f"{name} ({split})"
        if table is not None:
            sequences[split], value, notes = read_long_table(one, table, of_split)
            said += notes if split == "train" else []
            # Channels are those of the training sequences, in their order.
            table = LongTable(**{**vars(table), "value": value})
        elif is_pair(one):
            sequences[split] = read_pair(one, of_split)
        else:
            sequences[split] = read_ts(one) if is_ts_file(one) else read_tsv(one)
    target = "label" if table is None else target
    data, notes = sequence_data(sequences, options, dataset=name, target=target)
    return data, [*said, *notes]


def _check_source(source, parameter, table, owner):
    is_path = isinstance(source, (str, os.PathLike))
    suffix = pathlib.Path(source).suffix.lower() if is_path else ""
    if table is not None:
        ok = (is_path and suffix != ".ts") or is_frame(source)
        expected = "a file of CSV, JSON lines or Parquet, or a DataFrame, where id= is given"
        check(ok, owner, parameter, expected, source)
        return
    if is_frame(source) or (is_path and suffix not in (".ts", ".tsv")):
        kind = "a DataFrame" if is_frame(source) else repr(os.fspath(source))
        raise ArgumentError(
            f"The '{parameter}' parameter of {owner} must be {_SOURCE}. Got {kind} without id=."
        )
    check(is_path or is_pair(source), owner, parameter, _SOURCE, source)
