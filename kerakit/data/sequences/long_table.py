"""Labelled sequences in a table with a row for each step."""

from __future__ import annotations

import dataclasses
import os
import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from kerakit.checks import short_repr, shortlist
from kerakit.data.columns.frames import frame_columns, is_frame
from kerakit.data.columns.number_format import PLAIN, NumberFormat
from kerakit.data.names import near_match
from kerakit.data.sequences.read import Sequences
from kerakit.data.series.reading.columns import is_numeric, value_column
from kerakit.data.series.reading.keys import key_column
from kerakit.data.series.times.time_column import read_times
from kerakit.data.table_files.table_file import read_table_file
from kerakit.errors import DataError
from kerakit.files import fingerprint

__all__ = ["LongTable", "read_long_table"]


@dataclasses.dataclass(frozen=True)
class LongTable:
    """How a table of steps is read.

    Attributes:
        id: str. The column that tells which sequence a row belongs to.
        target: str. The column of the labels, one for all rows of a sequence.
        time: str or `None`. The column that orders the rows of a sequence. Defaults to `None`:
            their order in the table.
        value: tuple of strings, or `None`. The columns of the values. Defaults to `None`: all
            other columns of numbers.
        na_values: tuple of strings that stand for missing values, or `None` for the usual.
        format: `NumberFormat` of the numbers in text.
        text: dict of keyword arguments of `read_table_file`.
    """

    id: str
    target: str
    time: str | None = None
    value: tuple[str, ...] | None = None
    na_values: tuple[str, ...] | None = None
    format: NumberFormat = PLAIN
    text: Mapping[str, Any] = dataclasses.field(default_factory=dict)


def read_long_table(
    source: Any, options: LongTable, name: str
) -> tuple[Sequences, tuple[str, ...], list[str]]:
    """Read the sequences of a table that has a row for each step.

    The rows of a sequence need not be together. Sequences are in the order of their first rows.

    Args:
        source: path of a file of CSV, JSON lines or Parquet, or a DataFrame.
        options: `LongTable`.
        name: str. The name of a DataFrame, for errors.

    Returns:
        `(sequences, value, notes)`: `Sequences`, the columns of the values, and a list of at most
        one sentence to warn of.

    Raises:
        DataError: when the table cannot be read, a column is not there, or an id, time, label or
            value is wrong; the message has the row.
    """
    digest = ""
    if is_frame(source):
        columns, typed = frame_columns(source, name), True

        def location(row):
            return f"{name}, row {row} (counted from 0)"
    else:
        read = read_table_file(pathlib.Path(os.fspath(source)), **options.text)
        name, digest, typed = str(source), fingerprint(read.parts()), read.typed
        named = {options.id, options.target, options.time, *(options.value or ())}
        columns, location = read.without_index(named - {None}), read.location
    value, notes = _choose(columns, options, typed, name)
    if not len(next(iter(columns.values()))):
        raise DataError(f"{name}: the table has no rows. Expected one row for each step.")
    ids = _keys(columns, options.id, options, typed, location)
    order, starts = _order(ids, columns, options, typed, location)
    labels = _labels(columns, options, typed, order, starts, location)
    numbers = [
        value_column(columns[c], c, options.na_values, typed, location, format=options.format)
        for c in value
    ]
    array = np.stack(numbers, axis=1)[order]
    array = array[:, 0] if len(value) == 1 else array
    firsts = order[starts]

    def where(row):
        return f"{location(int(firsts[row]))}, {options.id} {short_repr(str(ids[firsts[row]]))}"

    values = np.split(array, starts[1:])
    sequences = Sequences(name, values, labels, where, digest, format=options.format)
    return sequences, value, notes


def _choose(columns, options, typed, name):
    """The columns of the values, and a list of at most one note on those that are not used."""
    asked = {"id": (options.id,), "target": (options.target,), "value": options.value or ()}
    asked["time"] = () if options.time is None else (options.time,)
    for parameter, wanted in asked.items():
        for column in wanted:
            if column not in columns:
                raise DataError(
                    f"{name}: there is no column {column!r}, which {parameter}= names."
                    f"{near_match(column, columns)} The columns are {shortlist(columns)}."
                )
    named = [column for wanted in asked.values() for column in wanted]
    if len(set(named)) < len(named):
        twice = next(column for column in named if named.count(column) > 1)
        raise DataError(
            f"{name}: id=, time=, target= and value= name the column {twice!r} twice. Each must "
            "name a column of its own."
        )
    if options.value is not None:
        return options.value, []
    rest = [column for column in columns if column not in named]
    value = tuple(
        c for c in rest if is_numeric(columns[c], typed, options.na_values, options.format)
    )
    if not value:
        raise DataError(
            f"{name}: no other column than id=, time= and target= has numbers, and a sequence is "
            f"made of numbers. The columns are {shortlist(columns)}."
        )
    unused = [column for column in rest if column not in value]
    note = f"{name}: not used, because they have no numbers: {shortlist(unused)}."
    return value, [note] if unused else []


def _keys(columns, name, options, typed, location):
    """A column as an object array of `str`, none of which is missing."""
    return key_column(
        columns[name], name, options.na_values, typed, location, format=options.format
    )


def _order(ids, columns, options, typed, location):
    """The rows, sequence by sequence in the order of time; and where each sequence starts."""
    _, first, codes = np.unique(ids.astype(str), return_index=True, return_inverse=True)
    number = np.argsort(np.argsort(first))[codes]  # of the sequence, by its first row
    if options.time is None:
        order = np.argsort(number, kind="stable")
    else:
        times = read_times(columns[options.time], typed, options.time, location)
        order = np.lexsort((times.instants, number))
        same = np.diff(number[order]) == 0
        twice = np.flatnonzero(same & (np.diff(times.instants[order]) == 0))
        if len(twice):
            one, other = sorted(int(row) for row in order[twice[0] : twice[0] + 2])
            raise DataError(
                f"{location(other)}: the sequence {short_repr(str(ids[other]))} has the time "
                f"{times.written(other)} twice, here and at {location(one)}. Expected one row for "
                "each step of a sequence."
            )
    starts = np.flatnonzero(np.diff(number[order], prepend=-1))
    return order, starts


def _labels(columns, options, typed, order, starts, location):
    """The label of each sequence, which all of its rows have."""
    labels = _keys(columns, options.target, options, typed, location)
    sorted_labels = labels[order]
    first = np.repeat(sorted_labels[starts], np.diff([*starts, len(order)]))
    other = np.flatnonzero(first != sorted_labels)
    if len(other):
        row = int(order[other[0]])
        raise DataError(
            f"{location(row)}, column {options.target!r}: the label is "
            f"{short_repr(str(labels[row]))}, and the rows of the same sequence before it have "
            f"{short_repr(str(first[other[0]]))}. Expected one label for each sequence."
        )
    return [str(label) for label in sorted_labels[starts]]
