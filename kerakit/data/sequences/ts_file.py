"""Labelled sequences in `.ts` files, the text format of the UCR and UEA archives."""

from __future__ import annotations

import os
import pathlib

import numpy as np

from kerakit.checks import short_repr, shortlist
from kerakit.data.columns.column import number_text
from kerakit.data.files.plain_text import read_bytes
from kerakit.data.sequences.numbers import read_numbers
from kerakit.data.sequences.read import Sequences
from kerakit.errors import DataError
from kerakit.files import fingerprint

__all__ = ["read_ts"]


def read_ts(path: str | os.PathLike[str]) -> Sequences:
    """Read the labelled sequences of a `.ts` file.

    A header of `@` lines and `@data` is followed by one sequence on each line: the values are
    separated by commas, the channels by colons, and the label comes last. `?` or `NaN` stands
    for a missing value [1].

    Args:
        path: str or path.

    Returns:
        `Sequences`.

    Raises:
        DataError: when the file cannot be read, or a line contradicts the header; the message
            has the line, counted from 1.

    Reference: [1] aeon's `.ts` File Format,
    https://www.aeon-toolkit.org/en/stable/api_reference/data_format.html
    """
    content = read_bytes(pathlib.Path(path), "a .ts file of labelled sequences")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")  # older files; only comments are concerned
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1)]
    lines = [(number, line) for number, line in lines if line and not line.startswith("#")]
    tags, data = _header(lines, str(path))
    _check_tags(tags, str(path))
    channels = _channels(tags, data[0], str(path))
    has_numbers = "classlabel" not in tags
    classes = set() if has_numbers else set(map(_canonical, tags["classlabel"][1].split()[1:]))
    length = _whole_number(tags, "serieslength", path)
    if tags.get("equallength", (0, "false"))[1].lower() != "true":
        length = None
    values, labels, line_numbers = [], [], []
    for number, line in data:
        location = f"{path}, line {number}"
        sequence, label = _sequence(line, channels, location)
        if length and len(sequence) != length:
            raise DataError(
                f"{location}: the sequence has {len(sequence)} steps, and the header says that all "
                f"have @seriesLength {length}. Correct the line or the header."
            )
        if classes and _canonical(label) not in classes:
            raise DataError(
                f"{location}: the label is {short_repr(label)}, and the header's @classLabel lists "
                f"{shortlist(sorted(classes))}. Correct the line or the header."
            )
        values.append(sequence)
        labels.append(label)
        line_numbers.append(number)
    return Sequences(
        name=str(path),
        values=values,
        labels=labels,
        location=lambda row: f"{path}, line {line_numbers[row]}",
        digest=fingerprint([content]),
        has_numbers=has_numbers,
    )


def _header(lines, name):
    """`(tags, data)`: dict from tag to `(line, value)`, and the lines after `@data`."""
    tags = {}
    for index, (number, line) in enumerate(lines):
        if not line.startswith("@"):
            raise DataError(
                f"{name}, line {number}: expected the header's @ lines and @data before the first "
                f"sequence, found {line[:40]!r}. Check that this is a .ts file of the UCR or UEA "
                "archive."
            )
        tag, _, value = line[1:].partition(" ")
        if tag.lower() != "data":
            tags[tag.lower()] = (number, value.strip())
            continue
        if index + 1 == len(lines):
            raise DataError(f"{name}, line {number}: no sequences follow @data.")
        return tags, lines[index + 1 :]
    raise DataError(
        f"{name}: there is no @data line. Check that this is a .ts file of the UCR or UEA archive."
    )


def _check_tags(tags, name):
    """Refuse files that do not hold plain sequences with one class label or number each."""
    number, value = tags.get("timestamps", (0, "false"))
    if value.lower() == "true":
        raise DataError(
            f"{name}, line {number}: @timeStamps true: load_sequences cannot read sequences with a "
            "time at each value. Resample them to equal steps, and write them without times."
        )
    if tags.get("targetlabel", (0, ""))[1].lower() == "true" and "classlabel" not in tags:
        return
    number, value = tags.get("classlabel", (0, ""))
    if value.lower().split()[:1] != ["true"]:
        where = f", line {number}: @classLabel {value}" if number else ": no @classLabel true"
        raise DataError(
            f"{name}{where}, and no @targetLabel true: expected sequences with one class label or "
            "one number each. There is nothing to predict."
        )


def _channels(tags, first, name):
    """The number of channels that the header gives, or else the first sequence."""
    if tags.get("univariate", (0, ""))[1].lower() == "true":
        return 1
    for tag in ("dimensions", "dimension"):
        if tag in tags:
            return _whole_number(tags, tag, name)
    number, line = first
    if ":" not in line:
        raise _no_label(f"{name}, line {number}")
    return line.count(":")


def _whole_number(tags, tag, name):
    number, value = tags.get(tag, (0, None))
    if value is None:
        return None
    if not value.isdigit() or not int(value):
        raise DataError(f"{name}, line {number}: @{tag} {value}: expected a whole number from 1.")
    return int(value)


def _sequence(line, channels, location):
    """`(values, label)` of a line: float32 of shape `(steps,)` or `(steps, channels)`."""
    *parts, label = (part.strip() for part in line.split(":"))
    if len(parts) == channels - 1 and "," in label or not label:
        raise _no_label(location)
    if len(parts) != channels:
        raise DataError(
            f"{location}: found {len(parts)} channel(s) before the label, expected {channels}. "
            "Correct the line or the header."
        )
    columns = [_channel(part, index, location) for index, part in enumerate(parts, 1)]
    lengths = [len(column) for column in columns]
    if len(set(lengths)) > 1:
        other = next(i for i, length in enumerate(lengths) if length != lengths[0])
        raise DataError(
            f"{location}: channel {other + 1} has {lengths[other]} values, and channel 1 has "
            f"{lengths[0]}. Expected the same number of values; write a missing value as ?."
        )
    return (columns[0] if channels == 1 else np.stack(columns, axis=1)), label


def _channel(text, channel, location):
    """One channel of a sequence as float64, NaN where a value is missing."""
    if not text:
        raise DataError(f"{location}: channel {channel} is empty. Expected at least one value.")
    return read_numbers(text.split(","), f"{location}, channel {channel}")


def _no_label(location):
    return DataError(f"{location}: no label. Expected a label after the last colon.")


def _canonical(label):
    """A label in one spelling, so that 1 and 1.0 are the same label."""
    try:
        return number_text(float(label))
    except ValueError:
        return label
