"""The header of a delimited text: its names, and fields too many or too few in it."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

from kerakit.checks import shortlist

__all__ = ["Header", "read_header"]

# The names that `pandas.read_csv` gives to columns without one. `DataFrame.to_csv` writes them.
_UNNAMED = re.compile(r"(Unnamed: \d+)?")


@dataclasses.dataclass(frozen=True)
class Header:
    """The names of the columns, and how the header differs from the rows.

    Attributes:
        names: list of strings. One name for each field of a row.
        unnamed: tuple of strings. The columns of `names` to which the file gives no name.
        is_ragged: bool. Whether the header has more or fewer fields than the rows.
        extra: int. How many fields at the end of each row have no field in the header.
        has_index: bool. Whether the rows begin with a field that the header lacks: the names of
            the rows, as R writes them.
        notes: tuple of strings. Sentences to warn of.
    """

    names: list[str]
    unnamed: tuple[str, ...] = ()
    is_ragged: bool = False
    extra: int = 0
    has_index: bool = False
    notes: tuple[str, ...] = ()


def read_header(cells: Sequence[str], rows: Sequence[Sequence[str]], where: str) -> Header:
    """Return the `Header` of a text without `columns=`.

    As `pandas.read_csv` does, two equal names become `a` and `a.1`. Fields at the end of the
    header, or of all rows, that are empty are separators too many.

    Args:
        cells: sequence of strings. The fields of the first row, without white space around them.
        rows: sequence of sequences of strings. The first rows below it.
        where: str. The file and the line, for warnings.

    Example:

    >>> header = read_header(["a", "a", "y", ""], [["1", "2", "3"]], "table.csv, line 1")
    >>> header.names, header.is_ragged, header.notes[-1]
    (['a', 'a.1', 'y'], True, 'table.csv, line 1: an empty name too many at the end of the \
header. It is left out.')
    """
    widths = {len(row) for row in rows}
    width = widths.pop() if len(widths) == 1 else len(cells)
    more, notes, extra, has_index = width - len(cells), [], 0, False
    is_ragged = True
    if more < 0 and not any(cells[width:]):
        cells = cells[:width]
        notes.append(
            f"{where}: {_count(-more, 'name')} too many at the end of the header. "
            f"{'They are' if more < -1 else 'It is'} left out."
        )
    elif more > 0 and not any(cell.strip() for row in rows for cell in row[len(cells) :]):
        cells, extra = [*cells, *[""] * more], more
        notes.append(
            f"{where}: the rows end with {_count(more, 'field')} more than the header has. "
            f"{'They are' if more > 1 else 'It is'} left out."
        )
    elif more == 1 and len(cells) > 1 and len({row[0] for row in rows}) == len(rows):
        cells, has_index = ["", *cells], True
        notes.append(
            f"{where}: the rows have a field more than the header. The first field of each row is "
            "read as the name of the row, and is no column."
        )
    else:
        is_ragged = False
    names, renamed = _distinct([name or f"column_{n}" for n, name in enumerate(cells, 1)])
    if renamed:
        notes.insert(
            0,
            f"{where}: several columns have one name. As in pandas, the later ones are read as "
            f"{shortlist(renamed, 5)}. Use these names, or correct the header.",
        )
    unnamed = [name for name, cell in zip(names, cells, strict=True) if _UNNAMED.fullmatch(cell)]
    return Header(names, tuple(unnamed), is_ragged, extra, has_index, tuple(notes))


def _count(number, noun):
    return f"an empty {noun}" if number == 1 else f"{number} empty {noun}s"


def _distinct(names):
    """Names that differ, and those of them that are new."""
    taken, found, renamed = set(names), [], []
    for name in names:
        new, number = name, 0
        while new in found or (number and new in taken):
            number += 1
            new = f"{name}.{number}"
        found.append(new)
        if new != name:
            renamed.append(new)
    return found, renamed
