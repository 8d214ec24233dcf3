"""The pieces of `report.html`: escaped text, lists of terms, tables."""

import html
import json

__all__ = ["definitions", "escaped", "table"]

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
    marks = [""] * (len(header) - numbers) + [' class="number"'] * numbers
    head = "".join(
        f"<th scope=col{mark}>{escaped(name)}</th>"
        for name, mark in zip(header, marks, strict=True)
    )
    body = "".join(
        "<tr>"
        + "".join(f"<td{m}>{escaped(v)}</td>" for v, m in zip(row, marks, strict=True))
        + "</tr>"
        for row in rows[:limit]
    )
    scroll = "scroll tall" if len(rows) > TALL else "scroll"
    more = f'<p class="note">and {len(rows) - limit:,} more {what}</p>' if rows[limit:] else ""
    return (
        f'<div class="{scroll}"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>{more}"
    )


def escaped(value):
    """Return `value` as escaped text; floats short, containers as JSON."""
    if isinstance(value, bool) or value is None:
        value = str(value).lower() if value is not None else "–"
    elif isinstance(value, int):
        value = str(value)
    elif isinstance(value, float):
        value = f"{value:.6g}"
    elif isinstance(value, (dict, list, tuple)):
        value = json.dumps(value, ensure_ascii=False, default=str)
    return html.escape(str(value))
