"""`Report`: what an evaluation found, as numbers, as text and as HTML for a notebook."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Sequence
from typing import Any

from kerakit.evaluation.report.backtest import level_rows, origin_rows, origins_text
from kerakit.evaluation.report.headline import format_number, headline
from kerakit.evaluation.report.importance import importance_rows, importance_text
from kerakit.evaluation.stages import HEADER, stage_rows
from kerakit.html_table import escaped, html_table

__all__ = ["Report", "metrics_table", "target_rows", "targets_table"]

MAX_COLUMNS = 10  # of the table of importance on a terminal; the page has more
MAX_GROUPS = 24  # of forecast origins, likewise


@dataclasses.dataclass(frozen=True, repr=False)
class Report:
    """The result of `evaluate`: metrics of the model and the baselines on the test split.

    `print(report)` shows a table with a column for the model and one for each baseline. A
    notebook shows the same table as HTML.

    Attributes:
        task: str. The task of the data's `Spec`.
        test: dict from metric name to float, or to `None` where the metric is undefined.
        baseline: dict from the name of a baseline to such a dict.
        counts: dict from `"train"`, `"validation"` and `"test"` to the number of rows (`None`
            where it is unknown).
        plots: dict from plot name to the path of its PNG file; empty without a `run_dir`.
        path: `pathlib.Path` of `report.html`, or `None` without a `run_dir`.
        unit: str or `None`. The target's unit.
        notes: tuple of str. Sentences that explain the numbers.
        per_class: dict from class to its `precision`, `recall`, `f1` and `support`, see
            `kerakit.evaluation.metrics.confusion.per_class`. Empty where a row does not have
            exactly one label.
        per_entity: dict from the type of an entity to its `precision`, `recall`, `f1` and
            `support`, see `kerakit.evaluation.metrics.entities`. Empty where tags are not those of
            entities.
        scheme: str or `None`. The scheme of such tags in the training split: `"iob1"`, `"iob2"` or
            `"iobes"`.
        per_target: dict from the name of a target to its `rmse`, `mae` and `r2` (`mase` of a
            forecast), and to `baseline`, a dict from the name of a baseline to the same three.
            Empty where there is one target.
        per_series: dict from the id of a test series to its number of `windows`, its `rmse`,
            `mae` (of one channel) and `mase`, and to `baseline`, a dict from the name of a
            baseline to the same; the series with the largest `mase` first. Empty where there is
            one series.
        confused: tuple of dicts with `true`, `predicted`, `count` and `share` (fraction of the
            true class): the pairs of classes that are confused most often.
        stages: tuple of dicts. The stages of `fine_tune`, with their validation metrics. Empty
            for a model that was trained by `fit`.
        by_horizon: dict from `"model"` and the baselines' names to a list of floats, the RMSE
            of each step of a forecast, of several channels in units of their standard
            deviations. Empty for other tasks.
        per_level: dict from a level of a model of quantiles, as text, to its `pinball` loss in the
            unit of the target (not of several channels) and to `below`, the fraction of true
            values that are not above the quantile. They are those of the model itself, before a
            calibration. Empty for other models.
        origins: dict with the test windows of a forecast in groups, in the order of time. Its
            `groups` are dicts with `windows` (how many), `first` and `last` (the times of the
            first steps that its first and its last window forecast; `None` without times),
            `model` (metrics as in `test`), `baseline` (as in `baseline`) and `skill` (1 less the
            error in proportion to that of each baseline); `mean` and `std` have the same three
            over the groups, with the standard deviation of a sample. `metric` is the error of the
            skill (`"rmse"`; `"mase"` of several channels or series), `count` the number of
            groups, and `spacing` the steps from one window to the next. Empty without `origins=`.
        confident_errors: tuple of dicts. Texts that a classifier misclassified with the highest
            confidence (`row`, `text`, `true`, `predicted`, `confidence`), or tokens with wrong
            tags (also `token`). Empty without a `run_dir`.
        tokens: int or `None`. The number of test tokens of a tagger.
        importance: dict with what the columns of a table count (permutation importance). Its
            `columns` are dicts with `column`, `increase` (how much the loss increases when
            the column is shuffled among test rows, the mean of the shuffles) and `std` (their
            standard deviation), the most important one first. `measure` is the loss (`"rmse"`;
            `"rmse_standardised"` of several targets, each in standard deviations;
            `"log_loss"`), `value` the loss without shuffling on the `rows` test rows that were
            used, `repeats` the number of shuffles, and `column_count` the number of all
            columns. Empty for images, texts and sequences.

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
    confused: tuple[dict[str, Any], ...] = ()
    stages: tuple[dict[str, Any], ...] = ()
    by_horizon: dict[str, list[float]] = dataclasses.field(default_factory=dict)
    confident_errors: tuple[dict[str, Any], ...] = ()
    tokens: int | None = None
    per_target: dict[str, dict[str, Any]] = dataclasses.field(default_factory=dict)
    importance: dict[str, Any] = dataclasses.field(default_factory=dict)
    per_series: dict[str, dict[str, Any]] = dataclasses.field(default_factory=dict)
    per_level: dict[str, dict[str, float]] = dataclasses.field(default_factory=dict)
    origins: dict[str, Any] = dataclasses.field(default_factory=dict)
    per_entity: dict[str, dict[str, float]] = dataclasses.field(default_factory=dict)
    scheme: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the report as a dict of JSON values."""
        values = dataclasses.asdict(self)
        values["plots"] = {name: str(path) for name, path in self.plots.items()}
        values["path"] = None if self.path is None else str(self.path)
        for name in ("notes", "confused", "stages", "confident_errors"):
            values[name] = list(values[name])
        return values

    def rows(self) -> list[tuple[str, list[float | None]]]:
        """Return the table: a list of `(metric, [value of the model, of each baseline])`."""
        columns = [self.test, *self.baseline.values()]
        return [(metric, [column.get(metric) for column in columns]) for metric in self.test]

    def __str__(self) -> str:
        header = ["", "model", *self.baseline]
        cells = [[name, *map(format_number, values)] for name, values in self.rows()]
        lines = [self.headline(), ""]
        if self.per_target:
            lines += [*_aligned(target_rows(self)), ""]
        lines += _aligned([header, *cells])
        if self.per_level:
            lines += ["", *_aligned(level_rows(self.per_level))]
        if self.origins:
            rows = origin_rows(self.origins, MAX_GROUPS)
            lines += ["", *_aligned(rows), "", origins_text(self.origins)]
        if self.stages:
            lines += ["", *_aligned([HEADER, *stage_rows(self.stages)])]
        if self.importance:
            rows = importance_rows(self.importance, self.unit)[: 1 + MAX_COLUMNS]
            more = len(self.importance["columns"]) - MAX_COLUMNS
            lines += ["", *_aligned(rows)]
            lines += [f"and {more:,} more columns"] if more > 0 else []
            lines += ["", importance_text(self.importance, self.unit)]
        lines += ["", *self.notes] if self.notes else []
        lines += ["", f"Report: {self.path}"] if self.path else []
        return "\n".join(lines)

    def __repr__(self) -> str:
        lines = [f"Report of {self.task}: {self.headline()}"]
        for name, metrics in {"model": self.test, **self.baseline}.items():
            values = (f"{metric} {format_number(value)}" for metric, value in metrics.items())
            lines.append(f"  {name}: {', '.join(values)}")
        return "\n".join(lines + ([f"  report: {self.path}"] if self.path else []))

    def _repr_html_(self) -> str:
        notes = [importance_text(self.importance, self.unit)] if self.importance else []
        notes += [origins_text(self.origins)] if self.origins else []
        notes += [*self.notes, *([f"Report: {self.path}"] if self.path else [])]
        tables = targets_table(self) + metrics_table(self) + _importance_table(self)
        tables += _numbers_table(level_rows(self.per_level)) if self.per_level else ""
        tables += _numbers_table(origin_rows(self.origins, MAX_GROUPS)) if self.origins else ""
        return f"<p><strong>{escaped(self.headline())}</strong></p>{tables}" + "".join(
            f"<p><small>{escaped(note)}</small></p>" for note in notes
        )

    def headline(self) -> str:
        """Return the result in one sentence: the main metric, and how baselines compare."""
        return headline(
            self.task,
            self.test,
            self.baseline,
            self.counts["test"],
            self.unit,
            self.tokens,
            per_class=self.per_class,
            per_target=self.per_target,
            per_series=self.per_series,
        )


def metrics_table(report: Report) -> str:
    """Return the table of metrics as HTML: a column for the model and one for each baseline."""
    header = ["", "model", *report.baseline]
    rows = [[name, *map(format_number, values)] for name, values in report.rows()]
    return html_table(header, rows, numbers=len(header) - 1, row_names=True, css_class="metrics")


def target_rows(report: Report) -> list[list[str]]:
    """Return the table of several targets, its header first; each metric beside the baselines'."""
    baselines = [f"rmse, {name}" for name in report.baseline]
    metrics = [name for name in next(iter(report.per_target.values())) if name != "baseline"]
    rows = [["target", *metrics, *baselines]]
    for target, values in report.per_target.items():
        own = [values[name] for name in metrics]
        others = [values["baseline"][name]["rmse"] for name in report.baseline]
        rows.append([target, *map(format_number, own + others)])
    return rows


def targets_table(report: Report) -> str:
    """Return the table of several targets as HTML, empty where there is one target."""
    if not report.per_target:
        return ""
    header, *rows = target_rows(report)
    return html_table(header, rows, numbers=len(header) - 1, row_names=True, css_class="metrics")


def _numbers_table(rows: list[list[str]]) -> str:
    header, *rows = rows
    return html_table(header, rows, numbers=len(header) - 1, row_names=True)


def _importance_table(report: Report) -> str:
    if not report.importance:
        return ""
    header, *rows = importance_rows(report.importance, report.unit)
    return html_table(header, rows[:MAX_COLUMNS], numbers=2, row_names=True)


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a table: the first column aligned left, the others right."""
    first, *others = (max(map(len, column)) + 2 for column in zip(*rows, strict=True))
    return [
        row[0].ljust(first)
        + "".join(cell.rjust(width) for cell, width in zip(row[1:], others, strict=True))
        for row in rows
    ]
