"""One column as it was read: numbers, or texts that may turn out to be numbers."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kerakit.data.columns.frames import is_text
from kerakit.data.columns.missing import NUMBER_NA_VALUES, has_usual, missing_texts
from kerakit.data.columns.number_format import PLAIN, NumberFormat
from kerakit.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "Encoded",
    "Images",
    "Numbers",
    "Texts",
    "is_date_type",
    "number_text",
    "read_column",
]

_MARKERS = frozenset(NUMBER_NA_VALUES)


@dataclasses.dataclass(frozen=True)
class Numbers:
    """A numeric column.

    Attributes:
        values: float array of shape `(n,)` or `(n, d)`, NaN where a value is missing.
        boolean: bool. Whether the source held true and false. Defaults to `False`.
    """

    values: np.ndarray
    boolean: bool = False

    def __len__(self) -> int:
        return len(self.values)

    def missing(self) -> np.ndarray:
        """Return a bool array of shape `(n,)`: where there is no value."""
        return np.isnan(self.values)

    def texts(self) -> Texts:
        """Return the values as `Texts`: 3.0 is `"3"`, true is `"True"`, missing is `""`."""
        distinct, codes = np.unique(self.values, return_inverse=True)
        if self.boolean:
            written = ["" if np.isnan(value) else str(bool(value)) for value in distinct]
        else:
            written = [number_text(value) for value in distinct]
        return Texts(np.array(written, dtype=object), codes, tuple(written))


@dataclasses.dataclass(frozen=True)
class Images:
    """A column of images.

    Attributes:
        values: uint8 array of shape `(n, height, width, channels)`.
    """

    values: np.ndarray

    def __len__(self) -> int:
        return len(self.values)


@dataclasses.dataclass(frozen=True)
class Texts:
    """A column of strings: its distinct values, and the index of the value of each row.

    Attributes:
        values: object array of `str`, the distinct values; `""` for a missing one.
        codes: int array of shape `(n,)`, indices in `values`.
        written: sequence of strings, how the source wrote each of `values`.
        typed: bool. Whether the source has types, so that these are strings (a DataFrame has
            types, a text file has none). Defaults to `True`.
        format: `NumberFormat` of the texts that are numbers. Defaults to `PLAIN`.
        is_category: bool. Whether the source says that these are categories, as a column of
            pandas' type `category` does. Defaults to `False`.
        is_date: bool. Whether the source says that these are dates. They are written in ISO
            8601. Defaults to `False`.
    """

    values: np.ndarray
    codes: np.ndarray
    written: tuple[str, ...]
    typed: bool = True
    format: NumberFormat = PLAIN
    is_category: bool = False
    is_date: bool = False

    def __len__(self) -> int:
        return len(self.codes)

    def missing(self) -> np.ndarray:
        """Return a bool array of shape `(n,)`: where there is no value."""
        return (self.values == "")[self.codes]

    def strings(self) -> np.ndarray:
        """Return an object array of `str` of shape `(n,)`, `""` where missing."""
        return self.values[self.codes]

    def texts(self) -> Texts:
        """Return the column itself; `Numbers` have the same method."""
        return self

    @functools.cached_property
    def parsed(self) -> np.ndarray:
        """float64 array: each of `values` as a number, NaN where it is missing or text."""
        import pyarrow as pa

        return self.format.parse(pa.array(self.values.tolist(), pa.string()))

    @functools.cached_property
    def odd(self) -> np.ndarray:
        """bool array: which of `values` are neither missing nor a number."""
        words = {"nan", "+nan", "-nan"}
        odd = np.isnan(self.parsed) & (self.values != "")
        for index in np.flatnonzero(odd):
            odd[index] = self.values[index].lower() not in words
        return odd

    def numbers(self) -> np.ndarray:
        """Return float64 array of shape `(n,)`, NaN where a value is missing or text."""
        return self.parsed[self.codes]

    def without_markers(self) -> Texts:
        """Return the column with `""` for each text that stands for a missing number."""
        values = ["" if value in _MARKERS else value for value in self.values]
        return dataclasses.replace(self, values=np.array(values, dtype=object))


@dataclasses.dataclass(frozen=True)
class Encoded:
    """Strings that were given codes while they were read; they are no categories of the source.

    Attributes:
        values: `pyarrow.DictionaryArray` of strings.
    """

    values: Any

    def __len__(self) -> int:
        return len(self.values)


def read_column(
    values: Any,
    na_values: Sequence[str] | None = None,
    typed: bool = True,
    origin: str = "the data",
    format: NumberFormat = PLAIN,
) -> Numbers | Texts | Images:
    """Read a column of any source as `Numbers`, `Texts` or `Images`.

    Args:
        values: `pyarrow.Array` or `ChunkedArray`, a numeric array of shape `(n, d)`, a
            uint8 array of images of shape `(n, height, width, channels)`; or `Numbers` or
            `Encoded`, which a reader of files has made.
        na_values: sequence of strings that stand for a missing value. In a text file they add
            to the usual ones: those of `missing_texts`, and `NUMBER_NA_VALUES` in columns whose
            other cells are numbers. An empty sequence leaves only empty cells. A source with
            types has nulls, and no usual ones. Defaults to `None`.
        typed: bool. Whether the source has types. The strings of a text file lose the white
            space around them, and may be numbers. Defaults to `True`.
        origin: str. The name of the column, for an error.
        format: `NumberFormat` of the numbers in texts. Defaults to `PLAIN`.

    Raises:
        DataError: when the values are neither numbers nor strings nor booleans nor dates.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(values, Numbers):
        return values
    if isinstance(values, np.ndarray) and values.ndim == 4:
        return Images(values)
    if isinstance(values, np.ndarray):
        return Numbers(values.astype(np.float32, copy=False))
    encoded = isinstance(values, Encoded)
    if encoded:
        values = values.values
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    kind = values.type
    if pa.types.is_dictionary(kind):
        words = kind.value_type
        if not is_text(words):
            return read_column(values.cast(words), origin=origin).texts()
    is_category = pa.types.is_dictionary(kind) and not encoded
    if pa.types.is_null(kind):
        values = values.cast(pa.string())
    elif pa.types.is_boolean(kind):
        return Numbers(_floats(values.cast(pa.int8())), boolean=True)
    elif pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return Numbers(_floats(values))
    elif is_date_type(kind):
        return _dates(values)
    if not pa.types.is_dictionary(values.type):
        if not is_text(values.type):
            raise DataError(
                f"{origin} holds values of type {kind}. Expected numbers, strings, booleans or "
                "dates. Convert the column, or leave it out with exclude=."
            )
        if pa.types.is_string_view(values.type):  # which pyarrow does not encode
            values = values.cast(pa.string())
        values = values.dictionary_encode()
    words = values.dictionary.cast(pa.string())
    written = words.to_pylist()
    if not typed:
        words = pc.utf8_trim_whitespace(words)
    usual = has_usual(na_values) and not typed
    missing = pc.is_in(words, pa.array(missing_texts(na_values, typed), pa.string()))
    texts = pc.if_else(missing, "", words)
    codes = pc.fill_null(values.indices, len(texts)).to_numpy(zero_copy_only=False)
    same = texts.equals(values.dictionary)  # a list of strings takes time
    distinct = np.array([*(written if same else texts.to_pylist()), ""], dtype=object)
    column = Texts(distinct, codes, (*written, ""), typed, format, is_category)
    if usual and pc.any(pc.is_in(texts, pa.array(NUMBER_NA_VALUES, pa.string()))).as_py():
        others = column.without_markers()
        if not others.odd.any() and not np.isnan(others.parsed).all():
            return others
    return column


def is_date_type(kind: pa.DataType) -> bool:
    """Whether an Arrow type is one of dates: a date, a timestamp, or a period of pandas."""
    import pyarrow as pa

    return pa.types.is_date(kind) or pa.types.is_timestamp(kind) or _is_period(kind)


def number_text(value: Any) -> str:
    """Return the shortest text of a number: `3` for 3.0, `0.1` for the float32 0.1.

    Example:

    >>> number_text(3.0), number_text(np.float32(0.1)), number_text(float("nan"))
    ('3', '0.1', '')
    """
    value = float(value)
    if np.isnan(value):
        return ""
    if value.is_integer():
        return str(int(value))
    with np.errstate(over="ignore"):
        short = np.float32(value)
    return str(short) if float(short) == value else repr(value)


def _is_period(kind):
    return getattr(kind, "extension_name", "") == "pandas.period"


def _dates(values):
    """Dates and timestamps in ISO 8601, in UTC where they have a zone."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if _is_period(values.type):
        # The start of a period stands for it.
        values = pa.array(values.type.to_pandas_dtype().__from_arrow__(values).to_timestamp())
    if not pa.types.is_timestamp(values.type):
        values = values.cast(pa.date32(), safe=False)
    values = values.dictionary_encode()
    if pa.types.is_timestamp(values.dictionary.type):
        unit, numbers = values.dictionary.type.unit, values.dictionary.cast(pa.int64())
        moments = numbers.to_numpy().astype(f"datetime64[{unit}]").astype("datetime64[s]")
    else:
        numbers = values.dictionary.cast(pa.int32())
        moments = numbers.to_numpy().astype("datetime64[D]")
    if (moments == moments.astype("datetime64[D]")).all():
        moments = moments.astype("datetime64[D]")
    arrow = pa.array(moments).cast(pa.string())
    written = [*pc.replace_substring(arrow, " ", "T").to_pylist(), ""]
    codes = values.indices.fill_null(len(moments)).to_numpy(zero_copy_only=False)
    return Texts(np.array(written, dtype=object), codes, tuple(written), is_date=True)


def _floats(values):
    """Numeric Arrow array to float64 with NaN for null."""
    import pyarrow as pa

    return values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
