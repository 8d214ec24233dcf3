"""The output of the lessons: on the terminal, and on one HTML page."""

from __future__ import annotations

import base64
import html
import inspect
import io
import os
import pathlib
import re
import string
import textwrap
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from kerakit.workflow.jobs import command_for

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Lesson", "write_page"]

_RECIPES = pathlib.Path(__file__).resolve().parents[1]

_PAGE = string.Template("""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Fundamentals</title>
<style>
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 46rem; padding: 2rem 1.25rem 5rem; background: #fff; color: #1d2127;
  font: 17px/1.6 system-ui, "Segoe UI", Roboto, Helvetica, Arial, sans-serif;
}
h1 { font-size: 1.7rem; line-height: 1.25; }
h2 { margin: 3.2rem 0 0.6rem; padding-top: 1.2rem; border-top: 1px solid #dde1e6;
  font-size: 1.3rem; line-height: 1.3; }
nav ol { padding-left: 1.6rem; columns: 2 15rem; column-gap: 3rem; }
a { color: #2468a8; }
.scroll { max-width: 100%; overflow-x: auto; }
table { border-collapse: collapse; margin: 0.8rem 0; font-size: 0.92rem;
  font-variant-numeric: tabular-nums; }
th, td { padding: 0.25rem 0.9rem 0.25rem 0; border-bottom: 1px solid #dde1e6; text-align: right; }
th.words, td.words { text-align: left; }
td.words { min-width: 7rem; }
th { color: #5c6470; font-weight: 600; }
figure { margin: 1rem 0; }
img { display: block; width: 100%; min-width: 40rem; height: auto; }
figcaption, .next { color: #5c6470; font-size: 0.92rem; }
code { font-size: 0.92em; overflow-wrap: anywhere; }
summary { color: #2468a8; cursor: pointer; }
pre { overflow-x: auto; padding: 0.8rem 1rem; background: #f6f7f9; font-size: 0.78rem;
  line-height: 1.5; }
pre code { font-size: inherit; overflow-wrap: normal; }
</style>
</head>
<body>
<h1>From a straight line to a network</h1>
<p>$count short lessons, with the builders and presets that the recipes use.
<code>$command --example NAME</code> runs one lesson. Below each lesson is its code.</p>
<nav><ol>$contents</ol></nav>
$lessons
</body>
</html>
""")


class Lesson:
    """The output of one lesson. It is printed at once, and kept for the page.

    Args:
        example: the function of the lesson. The function's name is the lesson's name, and the
            first line of its docstring is the title.

    Attributes:
        example: the function of the lesson.
        name: the name of the lesson.
        title: the title of the lesson.
        png: the picture of the lesson in PNG format, empty before it is drawn.
    """

    def __init__(self, example: Callable[[Lesson], dict[str, Any]]) -> None:
        self.example, self.name = example, example.__name__
        self.title = (example.__doc__ or "").partition("\n")[0].rstrip(".")
        self.png = b""
        self._html: list[str] = []
        self._next = ("", "")  # a job of `kerakit train`, and its description
        print(f"\n{self.title}\n{'-' * len(self.title)}", flush=True)

    def say(self, text: str) -> None:
        """Add a paragraph. Code in it stands between backticks."""
        print(textwrap.fill(text, 88), flush=True)
        text = re.sub("`(.+?)`", r"<code>\1</code>", html.escape(text, quote=False))
        self._html.append(f"<p>{text}</p>")

    def table(self, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Add a table.

        Args:
            header: the names of the columns.
            rows: the cells of each row, strings or numbers.
        """
        texts = [[_cell(value) for value in row] for row in rows]
        columns = list(zip(header, *texts, strict=True))
        widths = [max(map(len, column)) for column in columns]
        alignments = [">" if any(map(_is_number, column[1:])) else "<" for column in columns]
        for row in [header, *texts]:
            cells = zip(row, alignments, widths, strict=True)
            print("  ".join(f"{cell:{align}{width}}" for cell, align, width in cells).rstrip())
        marks = ["" if align == ">" else ' class="words"' for align in alignments]
        body = "".join(_row("td", row, marks) for row in texts)
        self._html.append(
            f'<div class="scroll"><table><thead>{_row("th", header, marks)}</thead>'
            f"<tbody>{body}</tbody></table></div>"
        )

    def picture(self, figure: Figure, caption: str) -> None:
        """Add the picture of the lesson, a Matplotlib figure, with its caption."""
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png")
        self.png = buffer.getvalue()
        source = base64.b64encode(self.png).decode()
        self._html.append(
            f'<figure><div class="scroll"><img alt="{html.escape(caption)}" '
            f'src="data:image/png;base64,{source}"></div>'
            f"<figcaption>{html.escape(caption, quote=False)}</figcaption></figure>"
        )

    def next_job(self, job: str, description: str) -> None:
        """Name the job of `kerakit train` that does the same with real data."""
        print(f"Next: {command_for(job)}  ({description})", flush=True)
        self._next = job, description

    def section(self, recipes: str) -> str:
        """Return the lesson as HTML.

        Args:
            recipes: the path of the folder of the recipes, relative to the page.
        """
        body = "\n".join(self._html)
        code = html.escape(inspect.getsource(self.example), quote=False)
        job, description = map(html.escape, self._next)
        recipe = f"{job.replace('-', '_')}.py"
        return (
            f'<section id="{self.name}">\n<h2>{html.escape(self.title)}</h2>\n{body}\n'
            f"<details><summary>The code</summary><pre><code>{code}</code></pre></details>\n"
            f'<p class="next">With real data: <a href="{recipes}/{recipe}">recipes/{recipe}</a>, '
            f"{description}.</p>\n</section>"
        )


def write_page(folder: pathlib.Path, lessons: Sequence[Lesson]) -> pathlib.Path:
    """Write the page of all lessons, one self-contained file `index.html`; return its path."""
    from kerakit.files import write_text

    contents = "".join(
        f'<li><a href="#{lesson.name}">{html.escape(lesson.title)}</a></li>' for lesson in lessons
    )
    recipes = html.escape(pathlib.Path(os.path.relpath(_RECIPES, folder)).as_posix())
    sections = "\n".join(lesson.section(recipes) for lesson in lessons)
    path = folder / "index.html"
    command = html.escape(command_for("fundamentals"))
    page = _PAGE.substitute(
        count=len(lessons), command=command, contents=contents, lessons=sections
    )
    write_text(path, page)
    return path


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else f"{value:.4g}"


def _is_number(cell: str) -> bool:
    return cell.lstrip("-")[:1].isdigit() and " " not in cell


def _row(tag: str, cells: Iterable[str], marks: Iterable[str]) -> str:
    pairs = zip(cells, marks, strict=True)
    return "<tr>" + "".join(f"<{tag}{m}>{html.escape(cell)}</{tag}>" for cell, m in pairs) + "</tr>"
