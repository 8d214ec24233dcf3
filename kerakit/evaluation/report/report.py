"""What an evaluation found: the numbers, the sentence that says them, and the table."""

import dataclasses
import html
import math
import pathlib

from kerakit.evaluation.stages import HEADER, stage_rows
from kerakit.html_table import html_table

__all__ = ["Report", "format_number", "headline"]

# What the baselines do, as a reader says it.
_BASELINES = {
    "mean": "predicting the mean",
    "majority": "always answering the majority class",
    "seasonal_naive": "repeating the last season",
    "most_frequent_tag": "the most frequent tag of each word",
    "linear": "a linear model",
    "logistic": "a logistic model",
}
# The metric of the first sentence, its name there, what a test row is, and whether baselines
# are told by how far the model is from them.
_SENTENCES = {
    "regression": ("rmse", "RMSE", "row", True),
    "binary": ("accuracy", "Accuracy", "row", False),
    "multiclass": ("accuracy", "Accuracy", "row", False),
    "multilabel": ("f1", "Macro F1", "row", False),
    "forecast": ("rmse", "RMSE", "window", True),
    "tagging": ("accuracy", "Accuracy", "sentence", False),
}


@dataclasses.dataclass(frozen=True)
class Report:
    """What an evaluation on the test split found.

    Printed, it is a table of the model beside its baselines; in a notebook, the same as
    HTML.

    Attributes:
        task: str. The task of the data's `Spec`.
        test: dict from metric name to float, or `None` where it is undefined.
        baseline: dict from baseline name to such a dict.
        counts: dict from `"train"`, `"validation"` and `"test"` to row counts (`None`
            where unknown).
        plots: dict from plot name to the path of its PNG; empty without a `run_dir`.
        path: `pathlib.Path` of `report.html`, or `None` without a `run_dir`.
        unit: str or `None`. The target's unit.
        notes: tuple of str. What a reader should know about the numbers.
        per_class: dict from class to its `precision`, `recall`, `f1` and `support`, see
            `kerakit.evaluation.metrics.confusion.per_class`; empty unless each row has one label.
        confused: tuple of dicts of `true`, `predicted`, `count` and `share`: the pairs of
            classes that are mixed up most often.
        stages: tuple of dicts, those of `fine_tune`: what each stage of the training came
            to on the validation split. Empty for a model that was trained in one.
        by_horizon: dict from `"model"` and baselines to the RMSE of each step of a forecast,
            a list of floats; empty for other tasks.
        wrong: tuple of dicts. Texts that a classifier got wrong with the most confidence
            (`row`, `text`, `true`, `predicted`, `confidence`), or such tags of a tagger
            (also `token`); only where there is a report to show them in.
        tokens: int or `None`. How many tokens of the test split were tagged.

    Example:

    >>> print(Report("regression", {"rmse": 2.0}, {"mean": {"rmse": 4.0}}, {"test": 9}))
    RMSE 2.000 on 9 test rows, 50% below predicting the mean.
    <BLANKLINE>
            model   mean
    rmse    2.000  4.000
    """

    task: str
    test: dict[str, float | None]
    baseline: dict[str, dict[str, float | None]]
    counts: dict[str, int | None]
    plots: dict[str, pathlib.Path] = dataclasses.field(default_factory=dict)
    path: pathlib.Path | None = None
    unit: str | None = None
    notes: tuple[str, ...] = ()
    per_class: dict[str, dict[str, float | None]] = dataclasses.field(default_factory=dict)
    confused: tuple[dict, ...] = ()
    stages: tuple[dict, ...] = ()
    by_horizon: dict[str, list[float]] = dataclasses.field(default_factory=dict)
    wrong: tuple[dict, ...] = ()
    tokens: int | None = None

    def to_dict(self):
        """Return the report as a dict of JSON values."""
        values = dataclasses.asdict(self)
        values["plots"] = {name: str(path) for name, path in self.plots.items()}
        values["path"] = None if self.path is None else str(self.path)
        for name in ("notes", "confused", "stages", "wrong"):
            values[name] = list(values[name])
        return values

    def rows(self):
        """Return the table: a list of `(metric, [model's value, each baseline's value])`."""
        columns = [self.test, *self.baseline.values()]
        return [(metric, [column.get(metric) for column in columns]) for metric in self.test]

    def __str__(self):
        header = ["", "model", *self.baseline]
        table = [[name, *map(format_number, values)] for name, values in self.rows()]
        lines = [headline(self), "", *_aligned([header, *table])]
        if self.stages:
            lines += ["", *_aligned([HEADER, *stage_rows(self.stages)])]
        lines += ["", *self.notes] if self.notes else []
        lines += ["", f"Report: {self.path}"] if self.path else []
        return "\n".join(lines)

    def _repr_html_(self):
        return f"<p>{html.escape(headline(self))}</p>{self.table_html()}"

    def table_html(self):
        """Return the table of the model beside its baselines as an HTML `<table>`."""
        rows = [[name, *map(format_number, values)] for name, values in self.rows()]
        header = ["", "model", *self.baseline]
        return html_table(
            header, rows, numbers=len(header) - 1, row_names=True, css_class="metrics"
        )


def headline(report):
    """Return the result in one sentence: the main metric, how many rows, against what.

    Args:
        report: `Report`.

    Returns:
        str.
    """
    metric, name, row, relative = _SENTENCES[report.task]
    count = report.counts["test"]
    rows = f"{count:,} test {row}{'s' if count != 1 else ''}"
    if report.tokens is not None:
        rows = f"{report.tokens:,} token{'s' if report.tokens != 1 else ''} of {rows}"
    value, unit = report.test[metric], f" {report.unit}" if relative and report.unit else ""
    text = f"{name} {format_number(value)}{unit} on {rows}"
    against = []
    for baseline, words in _BASELINES.items():
        other = report.baseline.get(baseline, {}).get(metric)
        if other is not None:
            number = f"{format_number(other)} for {words}"
            against.append(_relative(value, other, words) if relative else number)
    if against:
        text += f", {'' if relative else 'against '}{' and '.join(against)}"
    return text + "."


def _aligned(rows):
    """The lines of a table: its first column to the left, the others to the right."""
    first, *others = (max(map(len, column)) + 2 for column in zip(*rows, strict=True))
    return [
        row[0].ljust(first)
        + "".join(cell.rjust(width) for cell, width in zip(row[1:], others, strict=True))
        for row in rows
    ]


def _relative(value, other, words):
    if other == 0 or not math.isfinite(other):
        return f"against {format_number(other)} for {words}"
    change = round(100 * (value / other - 1))
    if change == 0:
        return f"level with {words}"
    return f"{abs(change)}% {'below' if change < 0 else 'above'} {words}"


def format_number(value):
    """Return `value` in about four significant digits, without an exponent where legible.

    Example:

    >>> [format_number(x) for x in (49950.4, 53.126, 0.81, 0.00012, None)]
    ['49,950', '53.13', '0.8100', '0.00012', '–']
    """
    if value is None:
        return "–"
    size = abs(value)
    if size == 0:
        return "0"
    if size >= 1e9 or size < 1e-4:
        return f"{value:.3g}"
    if size >= 1000:
        return f"{value:,.0f}"
    if size < 1e-3:
        return f"{value:.3g}"
    return f"{value:.{3 - math.floor(math.log10(size)) if size >= 1 else 4}f}"
