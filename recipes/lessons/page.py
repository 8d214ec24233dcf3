"""What a lesson says, on the terminal and on a page of its own making."""

import base64
import html
import inspect
import io
import os
import pathlib
import re
import string
import textwrap

from kerakit.workflow.jobs import command_for

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
<p>$count small examples with the builders and presets of the recipes for real work. Each one
can be run by itself, by <code>$command --example NAME</code>, and its code
is shown below it.</p>
<nav><ol>$contents</ol></nav>
$lessons
</body>
</html>
""")


class Lesson:
    """Collects what an example says; prints it at once.

    Args:
        example: function of a lesson. Its name is that of the lesson, and the first line of its
            docstring the title.

    Attributes:
        png: the one picture, bytes, or `None` before it is drawn.
    """

    def __init__(self, example):
        self.example, self.name = example, example.__name__
        self.png = self._job = None
        self.title = example.__doc__.splitlines()[0].rstrip(".")
        self._parts = []
        print(f"\n{self.title}\n{'-' * len(self.title)}", flush=True)

    def say(self, text):
        """A paragraph, in which code stands between backticks."""
        print(textwrap.fill(text, 88), flush=True)
        text = re.sub("`(.+?)`", r"<code>\1</code>", html.escape(text, quote=False))
        self._parts.append(f"<p>{text}</p>")

    def table(self, header, rows):
        """A table: a sequence of names, and rows of as many strings or numbers."""
        rows = [[_cell(value) for value in row] for row in rows]
        columns = list(zip(header, *rows, strict=True))
        widths = [max(map(len, column)) for column in columns]
        sides = [">" if any(map(_is_number, column[1:])) else "<" for column in columns]
        for row in [header, *rows]:
            cells = zip(row, sides, widths, strict=True)
            print("  ".join(f"{cell:{side}{width}}" for cell, side, width in cells).rstrip())
        marks = ["" if side == ">" else ' class="words"' for side in sides]
        body = "".join(_row("td", row, marks) for row in rows)
        self._parts.append(
            f'<div class="scroll"><table><thead>{_row("th", header, marks)}</thead>'
            f"<tbody>{body}</tbody></table></div>"
        )

    def picture(self, figure, caption):
        """The picture of the example, a Matplotlib figure, and what is to be seen in it."""
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png")
        self.png = buffer.getvalue()
        source = base64.b64encode(self.png).decode()
        self._parts.append(
            f'<figure><div class="scroll"><img alt="{html.escape(caption)}" '
            f'src="data:image/png;base64,{source}"></div>'
            f"<figcaption>{html.escape(caption, quote=False)}</figcaption></figure>"
        )

    def goes_on(self, job, what):
        """The job of `kerakit train` for real work that this leads to."""
        print(f"Next: {command_for(job)}  ({what})", flush=True)
        self._job = job, what

    def section(self, recipes):
        """The lesson as HTML; `recipes` is the way from the page to the folder of the recipes."""
        body = "\n".join(self._parts)
        code = html.escape(inspect.getsource(self.example), quote=False)
        job, what = map(html.escape, self._job)
        recipe = f"{job.replace('-', '_')}.py"
        return (
            f'<section id="{self.name}">\n<h2>{html.escape(self.title)}</h2>\n{body}\n'
            f"<details><summary>The code</summary><pre><code>{code}</code></pre></details>\n"
            f'<p class="next">For real work: <a href="{recipes}/{recipe}">recipes/{recipe}</a>, '
            f"{what}.</p>\n</section>"
        )


def write_page(folder, lessons):
    """Write `index.html`, all of it in one file, from a list of `Lesson`; return its path."""
    from kerakit.files import write_text

    contents = "".join(
        f'<li><a href="#{lesson.name}">{html.escape(lesson.title)}</a></li>' for lesson in lessons
    )
    recipes = html.escape(pathlib.Path(os.path.relpath(_RECIPES, folder)).as_posix())
    sections = "\n".join(lesson.section(recipes) for lesson in lessons)
    path = pathlib.Path(folder) / "index.html"
    command = html.escape(command_for("fundamentals"))
    page = _PAGE.substitute(
        count=len(lessons), command=command, contents=contents, lessons=sections
    )
    write_text(path, page)
    return path


def _cell(value):
    return value if isinstance(value, str) else f"{value:.4g}"


def _is_number(cell):
    return cell.lstrip("-")[:1].isdigit() and " " not in cell


def _row(tag, cells, marks):
    cells = zip(cells, marks, strict=True)
    return "<tr>" + "".join(f"<{tag}{m}>{html.escape(cell)}</{tag}>" for cell, m in cells) + "</tr>"
