"""A column of dates: how it was found, its values, and the statistics of its parts."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from kerakit.checks import short_repr
from kerakit.data.columns.column import Numbers, Texts
from kerakit.data.columns.dates import check_dates, find_dates, numbers_of, read_dates
from kerakit.data.columns.missing import has_usual
from kerakit.data.spec import Feature
from kerakit.data.tables.statistics import describe_feature
from kerakit.errors import DataError

if TYPE_CHECKING:
    from kerakit.data.options import Options
    from kerakit.data.tables.source import Source

__all__ = ["date_kind", "date_values", "describe_column"]


def date_kind(
    name: str, column: Numbers | Texts, source: Source, options: Options
) -> tuple[str | None, list[str]]:
    """Return the kind of a column of dates, and a list of at most one warning.

    The kind is `"date"`, or `"date:"` and the format of the `Feature`. It is `None` where the
    column is none of dates and `column_types=` does not ask for dates.
    """
    asked = options.column_types.get(name)
    if isinstance(column, Numbers) or column.is_date:
        return "date", []
    found = find_dates(_without_markers(column, options), asked == "date")
    if found is None:
        return asked, []
    warnings = []
    if found.doubt:
        order, other = found.format, "day first"
        warnings = [
            f"{source.name}, column {name!r}: no value tells whether the day or the month comes "
            f"first, as in {short_repr(found.doubt)}. The column is read with the month first. To "
            f"say which, pass column_types={{{name!r}: 'date:{other}'}}, or 'date:{order}'."
        ]
    return f"date:{found.format}".rstrip(":"), warnings


def date_values(
    name: str, column: Numbers | Texts, kind: str, source: Source, options: Options
) -> np.ndarray:
    """Return the dates of a column in ISO 8601: an object array of `str`, `""` where missing.

    Raises:
        DataError: when a value is no date.
    """
    if column.values.ndim > 1:
        raise DataError(f"{source.name}: {name!r} holds several numbers a row and can be no date.")
    column = _without_markers(column, options)
    dates, wrong = read_dates(column, kind.removeprefix("date").removeprefix(":"))
    cure = "Correct it, leave the cell empty, or add it to na_values=."
    if name in options.column_types:
        cure = f"column_types= asks for dates there. {cure}"
        if ":" not in options.column_types[name]:
            cure += f" Or say how dates are written: column_types={{{name!r}: 'date:%d/%m/%Y'}}."
    else:
        cure = f"The column is one of dates. {cure} Or pass "
        cure += f"column_types={{{name!r}: 'categorical'}}."
    check_dates(wrong, column, name, source.location, cure)
    return dates.strings()


def describe_column(name: str, values: np.ndarray, column: str, kind: str) -> Feature:
    """Compute the statistics of a column of training values; return them as a `Feature`.

    Args:
        name: str. The input's name.
        values: array as for `describe_feature`; of dates an object array of `str` of shape
            `(n,)`, as `date_values` gives them.
        column: str. The name in the source.
        kind: str. As `infer_kinds` gives it.

    Example:

    >>> dates = np.array(["2024-05-03", "2024-06-03", ""], object)
    >>> feature = describe_column("day", dates, "Day", "date")
    >>> [(part.name, part.mean, part.vocabulary) for part in feature.parts]
    [('days', 15.5, ()), ('month', None, ('5', '6')), ('weekday', None, ('0', '4'))]
    """
    import pyarrow as pa

    if not kind.startswith("date"):
        return describe_feature(name, values, column)
    texts = pa.array(values, pa.string()).dictionary_encode()
    words, codes = texts.dictionary.to_pylist(), texts.indices.to_numpy()
    read = numbers_of(np.array(words, dtype=object))
    known = codes[read.valid[codes]]
    ends = (None, None)
    if len(known):
        moments = read.days + read.seconds / 86400
        ends = tuple(words[int(known[at(moments[known])])] for at in (np.argmin, np.argmax))
    parts = tuple(
        _part(part, every, codes, read.valid)
        for part, every in _numbers(read).items()
        if part == "days" or len(np.unique(every[known])) > 1
    )
    return Feature(
        name,
        kind="date",
        dtype="string",
        column=column,
        minimum=ends[0],
        maximum=ends[1],
        missing=len(values) - len(known),
        format=kind.removeprefix("date").removeprefix(":"),
        parts=parts,
    )


def _numbers(read):
    first = read.days[read.valid].min(initial=2932896)
    days = read.days - first + read.seconds / 86400
    return {
        "days": days,
        "year": read.year,
        "month": read.month,
        "weekday": read.weekday,
        "hour": read.hour,
    }


def _part(name, every, codes, valid):
    if name in ("days", "year"):
        part = describe_feature(name, np.where(valid, every, np.nan)[codes])
        # One number tells whether the date is missing.
        return part if name == "days" else dataclasses.replace(part, missing=0)
    seen = np.unique(every[codes[valid[codes]]])
    words = tuple(str(number) for number in seen)
    return Feature(name, kind="categorical", dtype="int32", column=name, vocabulary=words)


def _without_markers(column, options):
    """The column with `""` for what stands for a missing date in a text file."""
    if isinstance(column, Numbers) or column.typed or not has_usual(options.na_values):
        return column
    return column.without_markers()
