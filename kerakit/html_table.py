"""Tables as HTML, for reports and notebooks. The content of every cell is escaped."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from typing import Any

__all__ = ["escaped", "html_table"]


def html_table(
    header: Sequence[object],
    rows: Sequence[Sequence[object]],
    *,
    numbers: int = 1,
    row_names: bool = False,
    css_class: str = "",
) -> str:
    """Return a table as an HTML `<table>`.

    Args:
        header: list of str.
        rows: list of lists of values, as wide as the header.
        numbers: int. How many columns, the last ones, hold numbers: their cells have the CSS
            class `number`. Defaults to `1`.
        row_names: bool. Whether the first cell of each row is a header of the row. Defaults to
            `False`.
        css_class: str. The CSS class of the table. Defaults to `""`: none.

    Example:

    >>> html = html_table(["x"], [["a < b"]], numbers=0)
    >>> html.index("<th scope=col>x</th>") < html.index("<td>a &lt; b</td>")
    True
    """
    first = len(header) - numbers

    def line(values, row_header, tag="td", scope=""):
        cells = []
        for column, value in enumerate(values):
            mark = ' class="number"' if column >= first else ""
            named = row_header and column == 0
            opened = "th scope=row" if named else f"{tag}{scope}"
            cells.append(f"<{opened}{mark}>{escaped(value)}</{'th' if named else tag}>")
        return f"<tr>{''.join(cells)}</tr>"

    head = line(header, False, "th", " scope=col")
    body = "".join(line(row, row_names) for row in rows)
    mark = f' class="{escaped(css_class)}"' if css_class else ""
    return f"<table{mark}><thead>{head}</thead><tbody>{body}</tbody></table>"


def escaped(value: Any) -> str:
    """Return a value as escaped text; floats short, containers as JSON, `None` as a dash.

    Example:

    >>> escaped("<b>"), escaped(0.123456789), escaped(None), escaped((1, 2))
    ('&lt;b&gt;', '0.123457', '–', '[1, 2]')
    """
    if isinstance(value, bool):
        value = str(value).lower()
    elif value is None:
        value = "–"
    elif isinstance(value, float):
        value = f"{value:.6g}"
    elif isinstance(value, (dict, list, tuple)):
        value = json.dumps(value, ensure_ascii=False, default=str)
    return html.escape(str(value))
