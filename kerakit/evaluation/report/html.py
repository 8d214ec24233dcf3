"""The pieces of `report.html`: escaped text, lists of terms, tables."""

from kerakit.html_table import escaped, html_table

__all__ = ["definitions", "table"]

TALL = 30  # rows; a longer table scrolls in a box of its own


def definitions(facts):
    """Return a dict as an HTML list of terms, without those whose value is `None`."""
    items = "".join(
        f"<div><dt>{escaped(_term(key))}</dt><dd>{escaped(value)}</dd></div>"
        for key, value in facts.items()
        if value is not None
    )
    return f"<dl>{items}</dl>" if items else ""


def _term(key):
    return str(key).replace("_", " ")


def table(header, rows, limit, what, numbers=1):
    """Return an HTML table that scrolls by itself.

    Args:
        header: list of str.
        rows: list of lists of values, as wide as the header.
        limit: int. Rows shown at most; the rest is only counted.
        what: str. What the rows are, in the plural.
        numbers: int. How many columns, the last ones, are aligned right. Defaults to 1.
    """
    scroll = "scroll tall" if len(rows) > TALL else "scroll"
    more = f'<p class="note">and {len(rows) - limit:,} more {what}</p>' if rows[limit:] else ""
    return f'<div class="{scroll}">{html_table(header, rows[:limit], numbers=numbers)}</div>{more}'
