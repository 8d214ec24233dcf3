"""The kind of each feature, and its values as a client would send them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from kerakit.checks import short_repr, shortlist
from kerakit.data.columns.column import Images, Numbers
from kerakit.data.columns.odd_texts import find_odd_texts
from kerakit.data.columns.spelling import Spellings, one_spelling
from kerakit.data.tables.date_features import date_kind, date_values
from kerakit.data.tables.statistics import LARGEST
from kerakit.errors import DataError

if TYPE_CHECKING:
    from kerakit.data.options import Options
    from kerakit.data.tables.source import Source

__all__ = ["feature_arrays", "infer_kinds"]

# Fewer rows do not tell whether a column is an identifier. A few values of an identifier repeat:
# two of the 1,309 passengers of the Titanic have the name of another.
_MIN_ROWS = 20
_MOST_WARNINGS = 5  # about columns of numbers with marks, one column each
_MOSTLY_DIFFERENT = 0.95


def infer_kinds(source: Source, options: Options) -> tuple[dict[str, str], list[str]]:
    """Decide for each feature whether it is `numeric`, `categorical`, `date` or an `image`.

    `column_types=` decides for the columns that it names. Else a column of numbers is numeric, a
    column of strings in a source with types is categorical, and a column of a text file is
    numeric if all its values are numbers. A column of texts is one of dates if nearly all its
    values are dates.

    Args:
        source: `Source`. The training rows, before they are split.
        options: `Options`.

    Returns:
        `(kinds, warnings)`: a dict from column name to kind (of dates as `date_kind` gives it),
        and a list of sentences.
    """
    kinds, odd, doubts, identifiers = {}, [], [], []
    for name, column in source.features.items():
        if isinstance(column, Images):
            if name in options.column_types:
                raise DataError(
                    f"{source.name}: {name!r} holds images; column_types= is for columns."
                )
            kinds[name] = "image"
        elif name in options.column_types:
            kinds[name] = options.column_types[name]
        elif isinstance(column, Numbers):
            kinds[name] = "numeric"
        elif column.is_date:
            kinds[name] = "date"
        elif column.typed and (column.is_category or not _stripped(column).odd.any()):
            kinds[name] = "categorical"  # as the source says, or codes
        else:
            kinds[name] = "text"
        if kinds[name] in ("text", "date"):
            kinds[name], warning = date_kind(name, column, source, options)
            doubts += warning
        if kinds[name] is None:
            kinds[name], warning = _kind_of_texts(name, column, source)
            odd += warning
        if kinds[name] == "categorical" and getattr(column, "values", np.empty(0)).ndim > 1:
            raise DataError(
                f"{source.name}: {name!r} holds several numbers a row and can only be numeric."
            )
        if kinds[name] in ("numeric", "categorical") and _is_identifier(column, kinds[name]):
            identifiers.append(name)
    warnings = odd[:_MOST_WARNINGS]
    if len(odd) > _MOST_WARNINGS:
        warnings[-1] += f" The same holds for {len(odd) - _MOST_WARNINGS:,} more columns."
    warnings += doubts[:_MOST_WARNINGS]
    if identifiers:
        warnings.append(
            f"{source.name}: like an identifier, different in every row or nearly: "
            f"{shortlist(identifiers)}. A model can learn nothing from an identifier. It is kept "
            f"as a feature. To leave it out, pass exclude={short_repr(tuple(identifiers))}."
        )
    return kinds, warnings


def feature_arrays(
    source: Source, kinds: Mapping[str, str], options: Options, train: Source
) -> dict[str, np.ndarray]:
    """Return a dict from column name to the values of the feature.

    Args:
        source: `Source`.
        kinds: dict from column name to kind, of the training rows.
        options: `Options`.
        train: `Source` of the training rows, whose spelling of a category is the one.

    Returns:
        dict of float32 arrays of shape `(n,)` or `(n, d)` with NaN for missing numbers,
        object arrays of `str` of shape `(n,)` with `""` for missing strings, and uint8
        arrays of images. Dates are strings in ISO 8601.

    Raises:
        DataError: when a numeric column has a text or an infinite value, or a column of dates
            something else.
    """
    read = {
        "date": lambda name, column: date_values(name, column, kinds[name], source, options),
        "image": lambda name, column: column.values,
        "numeric": lambda name, column: _numeric(name, column, source, options),
        "categorical": lambda name, column: _categories(column, train.features[name]),
    }
    return {
        name: read[kinds[name].partition(":")[0]](name, column)
        for name, column in source.features.items()
    }


def _categories(column, train):
    """The strings of a categorical feature, each as the training rows spell it."""
    spelled = one_spelling(train.texts())
    if column is not train:
        spelled = Spellings(spelled.values).respelled(column.texts())
    return spelled.strings()


def _kind_of_texts(name, column, source):
    """The kind of a column of a text file, and a list of at most one warning."""
    if not column.odd.any():
        empty = np.isnan(column.parsed).all()
        return ("categorical" if empty else "numeric"), []
    odd = find_odd_texts(column)
    if odd is None:
        return "categorical", []
    cure = "Convert the column to numbers." if column.typed else odd.cure
    return "categorical", [
        f"{source.location(odd.row)}, column {name!r}: {odd.sentence} The column is read as "
        f"categorical. {cure} If the column is categorical, pass "
        f"column_types={{{name!r}: 'categorical'}}."
    ]


def _stripped(column):
    """The column without white space around its texts."""
    values = np.array([value.strip() for value in column.values], dtype=object)
    return dataclasses.replace(column, values=values)


def _numeric(name, column, source, options):
    """float32 values of a numeric feature; text and infinite values are refused."""
    if isinstance(column, Numbers):
        values = column.values
    else:
        wrong = column.odd[column.codes]
        if wrong.any():
            row = int(np.argmax(wrong))
            odd = find_odd_texts(column)
            cure = "Correct it, or add it to na_values=." if odd is None else odd.cure
            asked = (
                "column_types= asks for"
                if name in options.column_types
                else "the training rows have"
            )
            raise DataError(
                f"{source.location(row)}, column {name!r}: {column.written[column.codes[row]]!r} "
                f"is not a number, and {asked} numbers there. {cure} Or pass "
                f"column_types={{{name!r}: 'categorical'}}."
            )
        values = column.numbers()
    with np.errstate(over="ignore"):
        values = values.astype(np.float32, copy=False)
    infinite = np.abs(values) > LARGEST
    if infinite.any():
        at = np.unravel_index(int(np.argmax(infinite)), values.shape)
        within = f" (index {at[1]})" if len(at) > 1 else ""
        raise DataError(
            f"{source.location(int(at[0]))}, column {name!r}{within}: the value is infinite or "
            f"beyond float32 (above {LARGEST:g} numbers have no squares there). Correct it, or "
            "leave it missing (an empty cell, NaN)."
        )
    return values


def _is_identifier(column, kind):
    """Whether a column is like an identifier: 0, 1, 2, ... or another string in each row."""
    count = len(column)
    if count <= _MIN_ROWS or getattr(column, "values", np.empty(0)).ndim > 1:
        return False
    if kind == "numeric":
        values = column.values if isinstance(column, Numbers) else column.numbers()
        return bool(values[0] in (0, 1) and np.array_equal(values, values[0] + np.arange(count)))
    texts = column.texts()
    if len(texts.values) < _MOSTLY_DIFFERENT * count:
        return False
    return len(set(texts.values[texts.codes]) - {""}) >= _MOSTLY_DIFFERENT * count
