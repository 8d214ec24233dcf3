"""Pieces of `report.html`: lists of terms, and tables in a box that scrolls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kerakit.html_table import escaped, html_table

__all__ = ["definitions", "scrolling"]

TALL = 30  # rows; a longer table scrolls in a box of its own


def definitions(facts: Mapping[str, object]) -> str:
    """Return a dict as an HTML list of terms, without the terms whose value is `None`."""
    items = "".join(
        f"<div><dt>{escaped(str(key).replace('_', ' '))}</dt><dd>{escaped(value)}</dd></div>"
        for key, value in facts.items()
        if value is not None
    )
    return f"<dl>{items}</dl>" if items else ""


def scrolling(
    header: Sequence[str],
    rows: Sequence[Sequence[object]],
    limit: int,
    noun: str,
    numbers: int = 1,
) -> str:
    """Return an HTML table in a box that scrolls.

    Args:
        header, rows, numbers: As in `html_table`.
        limit: int. Number of rows that are shown; the number of the others is written below.
        noun: str. What the rows are, in the plural.
    """
    box = "scroll tall" if len(rows) > TALL else "scroll"
    more = f'<p class="note">and {len(rows) - limit:,} more {noun}</p>' if rows[limit:] else ""
    return f'<div class="{box}">{html_table(header, rows[:limit], numbers=numbers)}</div>{more}'
