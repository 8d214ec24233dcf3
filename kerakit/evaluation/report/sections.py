"""Sections of the report: plots, classes, errors, columns, data, training, how to reproduce."""

from __future__ import annotations

import base64
import struct
from collections.abc import Mapping
from typing import Any

from kerakit.data.spec import Spec
from kerakit.data.summary import FEATURE_HEADER, feature_row
from kerakit.data.tasks import TASKS
from kerakit.evaluation.report.backtest import level_rows, origin_rows, origins_text
from kerakit.evaluation.report.headline import format_number
from kerakit.evaluation.report.html import definitions, scrolling
from kerakit.evaluation.report.importance import importance_rows, importance_text
from kerakit.evaluation.report.report import Report
from kerakit.evaluation.stages import HEADER, stage_rows
from kerakit.html_table import escaped

__all__ = [
    "classes",
    "confident_errors",
    "data",
    "importance",
    "origins",
    "plot",
    "quantiles",
    "reproduce",
    "series",
    "training",
]

MAX_FEATURES = 200  # rows of the table; with more the page is hard to read
MAX_CLASSES = 1000  # some 100 KB of page, in a box that scrolls
MAX_SERIES = 100  # `metrics.json` has all
MAX_COLUMNS = 20  # of the table of importance; `metrics.json` has all
MAX_TARGETS = 8  # with more, the targets' means and standard deviations are left out
# A plot is as wide as the page from this width over height, or from this width in pixels.
_WIDE_SHAPE, _WIDE_PIXELS = 1.7, 1000
_STEPS = ("window", "horizon", "season")
_CAPTIONS = {
    "learning_curves": "Training and validation loss, and one metric, for each epoch",
    "predicted_vs_true": "Predicted values against true values",
    "residuals": "Residuals (predicted minus true) against predictions, and their histogram",
    "confusion_matrix": "Confusion matrix: true classes in rows, predicted classes in columns",
    "roc": "ROC curve: true-positive rate against false-positive rate",
    "precision_recall": "Precision against recall",
    "reliability_diagram": "Reliability diagram: accuracy against confidence",
    "confident_errors": "Confident errors: wrong predictions with the highest confidence. Rows of "
    "the test split are counted from 0",
    "forecasts": "Forecasts of a few test windows with the true values",
    "importance": "Importance of the columns: by how much the loss increases when a column is "
    "shuffled among test rows; the black lines are one standard deviation",
    "error_by_horizon": "RMSE for each step of the horizon",
    "error_by_origin": "Error for each group of forecast origins",
}
_ERRORS = {
    "text": "Text",
    "token": "Token",
    "true": "True class",
    "predicted": "Predicted class",
    "confidence": "Confidence",
    "row": "Test row",
}
_TAG_ERRORS = {"text": "Sentence", "true": "True tag", "predicted": "Predicted tag"}


def plot(name: str, image: bytes, photos: bool = False) -> str:
    """Return a plot as HTML, with the PNG inside and a caption.

    Args:
        name: str. Name of the plot.
        image: bytes of a PNG file.
        photos: bool. Whether the plot shows photos, which are not inverted on a dark page.
    """
    encoded = base64.b64encode(image).decode("ascii")
    caption = escaped(_CAPTIONS.get(name, name.replace("_", " ")))
    width, height = struct.unpack(">II", image[16:24])  # from the PNG's header
    wide = width > _WIDE_SHAPE * height or width > _WIDE_PIXELS or photos
    marks = ["wide"] * wide + ["photos"] * photos
    css = f' class="{" ".join(marks)}"' if marks else ""
    return (
        f'<figure{css}><img alt="{caption}" width="{width}" height="{height}" '
        f'src="data:image/png;base64,{encoded}">'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def classes(report: Report, spec: Spec) -> str:
    """Return the section on classes, empty where a row does not have exactly one label.

    It has a table of precision, recall, F1 and counts of each class, and a table of the
    pairs of classes that are confused most often.
    """
    if not report.per_class:
        return ""
    counts = spec.class_counts or (None,) * len(report.per_class)
    rows = [
        [name, *map(_fraction, (one["precision"], one["recall"], one["f1"])), one["support"], count]
        for (name, one), count in zip(report.per_class.items(), counts, strict=True)
    ]
    row = TASKS[report.task].scored
    header = ["Class", "Precision", "Recall", "F1", f"Test {row}s", f"Training {row}s"]
    each = scrolling(header, rows, MAX_CLASSES, "classes", numbers=5)
    pairs = [
        [pair["true"], pair["predicted"], pair["count"], f"{100 * pair['share']:.1f} %"]
        for pair in report.confused
    ]
    header = ["True class", "Predicted class", f"Test {row}s", "Fraction of true class"]
    confused = (
        scrolling(header, pairs, len(pairs), "pairs", numbers=2)
        if pairs
        else f'<p class="note">No test {row} was misclassified.</p>'
    )
    return _entities(report) + (
        '<h2>Classes</h2><div class="beside">'
        f"<div><h3>Each class</h3>{each}</div>"
        f"<div><h3>Most confused classes</h3>{confused}</div></div>"
    )


def _entities(report):
    """The table of the types of entities, or `""`."""
    rows = [
        [kind or "entity", *map(_fraction, (one["precision"], one["recall"], one["f1"]))]
        + [one["support"]]
        for kind, one in report.per_entity.items()
    ]
    header = ["Type", "Precision", "Recall", "F1", "Test entities"]
    table = scrolling(header, rows, MAX_CLASSES, "types", numbers=4)
    return f"<h2>Entities</h2>{table}" if rows else ""


def confident_errors(report: Report) -> str:
    """Return the section of texts that were misclassified with high confidence, or `""`."""
    if not report.confident_errors:
        return ""
    names = _ERRORS | (_TAG_ERRORS if TASKS[report.task].answer == "tags" else {})
    names = {key: name for key, name in names.items() if key in report.confident_errors[0]}
    rows = [[row[key] for key in names] for row in report.confident_errors]
    shown = scrolling(list(names.values()), rows, len(rows), "errors", numbers=2)
    return f"<h2>Confident errors</h2>{shown}"


def series(report: Report, spec: Spec) -> str:
    """Return the section on several series, or `""`: the worst ones, beside the baselines."""
    if not report.per_series:
        return ""
    metrics = [name for name in next(iter(report.per_series.values())) if name != "baseline"]
    rows = [
        [id, one["windows"], *(format_number(one[name]) for name in metrics if name != "windows")]
        + [format_number(of["mase"]) for of in one["baseline"].values()]
        for id, one in report.per_series.items()
    ]
    names = {"windows": "Test windows", "rmse": "RMSE", "mae": "MAE", "mase": "MASE"}
    header = [spec.series.id_name or "Series", *(names[name] for name in metrics)]
    header += [f"MASE, {name.replace('_', ' ')}" for name in report.baseline]
    table = scrolling(header, rows, MAX_SERIES, "series", numbers=len(header) - 1)
    return f"<h2>Series</h2><p>The series with the largest errors come first.</p>{table}"


def quantiles(report: Report) -> str:
    """Return the section on the quantiles that a model predicts, or `""`."""
    if not report.per_level:
        return ""
    text = (
        "The quantiles of the model itself, before a calibration. The fraction of true values "
        "below a quantile is close to its level where the quantiles hold."
    )
    return _explained("Quantiles", level_rows(report.per_level), "levels", text)


def origins(report: Report) -> str:
    """Return the section on the groups of forecast origins, or `""` without any."""
    if not report.origins:
        return ""
    text = origins_text(report.origins)
    return _explained("Backtest", origin_rows(report.origins), "groups", text)


def _explained(title, rows, noun, text):
    """A section of one table, its header first, and a note on it."""
    header, *rows = rows
    table = scrolling(_titles(header), rows, len(rows), noun, numbers=len(header) - 1)
    return f'<h2>{title}</h2>{table}<p class="note">{escaped(text)}</p>'


def importance(report: Report, image: bytes | None = None) -> str:
    """Return the section on what each column counts, or `""` where that was not measured.

    Args:
        report: `Report`.
        image: bytes of the PNG file of the plot, or `None`.
    """
    if not report.importance:
        return ""
    header, *rows = importance_rows(report.importance, report.unit)
    header = _titles(header)
    table = f"<div>{scrolling(header, rows, MAX_COLUMNS, 'columns', 2)}</div>"
    drawn = f'<div class="drawn">{plot("importance", image)}</div>' if image else ""
    text = escaped(importance_text(report.importance, report.unit))
    return (
        f'<h2>Importance of the columns</h2><div class="beside">{table}{drawn}</div>'
        f'<p class="note">{text}</p>'
    )


def data(report: Report, spec: Spec) -> str:
    """Return the section on the data: sizes, target, classes and a table of the features."""
    target = ", ".join(spec.target.names) + (f" [{spec.target.unit}]" if spec.target.unit else "")
    facts = {"Data set": spec.dataset or None, "Task": spec.task, "Target": target}
    if spec.series:
        facts["Series"] = len(spec.series.ids) or None
        facts |= {f"Steps of the {name}": getattr(spec.series, name) for name in _STEPS}
    facts |= {f"Rows, {split}": f"{n:,}" for split, n in report.counts.items() if n is not None}
    if 0 < len(spec.target.mean) <= MAX_TARGETS:
        facts["Target's mean"] = ", ".join(map(format_number, spec.target.mean))
        stds = (variance**0.5 for variance in spec.target.variance)
        facts["Target's standard deviation"] = ", ".join(map(format_number, stds))
    pieces = [definitions(facts)]
    if spec.classes and not report.per_class:
        counts = spec.class_counts or (None,) * len(spec.classes)
        rows = [[name, n] for name, n in zip(spec.classes, counts, strict=True)]
        pieces.append(scrolling(["Class", "Training rows"], rows, MAX_CLASSES, "classes"))
    rows = [
        [format_number(value) if isinstance(value, float) else value for value in feature_row(each)]
        for each in spec.features
    ]
    pieces.append(scrolling(FEATURE_HEADER, rows, MAX_FEATURES, "features", numbers=4))
    return "".join(pieces)


def training(report: Report, details: Mapping[str, Any], metrics: Mapping[str, Any]) -> str:
    """Return the section on the training: stages of fine-tuning, seconds, configuration."""
    hidden = {"config", "command", "seconds", "cpu_seconds", "epochs", "name", "version"}
    facts = {key: value for key, value in details.items() if key not in hidden}
    facts["epochs"] = metrics.get("epochs")
    for stage, seconds in (metrics.get("seconds") or {}).items():
        facts[f"seconds, {stage}"] = None if seconds is None else format_number(seconds)
    facts["CPU seconds"] = metrics.get("cpu_seconds")
    config = details.get("config")
    if isinstance(config, dict):
        facts |= {f"config: {key}": value for key, value in config.items()}
    elif config is not None:
        facts["config"] = config
    unknown = '<p class="note">No details of the training are recorded.</p>'
    return _stages(report) + (definitions(facts) or unknown)


def _stages(report):
    rows = stage_rows(report.stages)
    if not rows:
        return ""
    note = (
        "Each stage starts with the best weights so far. A stage is kept if it lowers the "
        "validation log loss; the decrease is given with its standard error (±). After a solved "
        "head, <code>auto</code> keeps a stage only if the decrease is more than two standard "
        "errors."
    )
    if any(stage.get("refitted") for stage in report.stages):
        note += (
            " At the end the head was refitted on training plus validation images. The values "
            "above were measured before the refit."
        )
    stages = scrolling(HEADER, rows, len(rows), "stages", numbers=len(HEADER) - 1)
    return f'{stages}<p class="note">{note}</p>'


def reproduce(spec: Spec, details: Mapping[str, Any]) -> str:
    """Return the section on how to reproduce the result: command, seed and fingerprint."""
    facts = {"Seed of the split": spec.seed, "SHA-256 of the data": spec.fingerprint or None}
    command = details.get("command")
    text = (
        f"<p>Run this command in the environment above:</p><pre>{escaped(command)}</pre>"
        if command
        else "<p>Train with the configuration above on the same data. The seed determines the "
        "split and the training.</p>"
    )
    return text + definitions(facts)


def _titles(header):
    """A header whose titles begin with capitals."""
    metrics = {"rmse": "RMSE", "mase": "MASE"}
    words = (title.replace("_", " ").partition(",") for title in header)
    return [
        metrics.get(first, first[0].upper() + first[1:]) + comma + rest
        for first, comma, rest in words
    ]


def _fraction(value):
    return "–" if value is None else f"{value:.3f}"
