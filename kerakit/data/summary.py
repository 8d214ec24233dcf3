"""A few lines about data for a terminal, and small tables of the same for a notebook."""

from __future__ import annotations

import math
from typing import Any

from kerakit.checks import shortlist
from kerakit.html_table import escaped, html_table

__all__ = ["FEATURE_HEADER", "feature_row", "summary_html", "summary_text"]

FEATURE_HEADER = ("Feature", "Kind", "Shape", "Mean", "Std", "Missing", "Vocabulary")

_MAX_ROWS = 50  # of a table in a notebook


def summary_text(title: str, spec: Any) -> str:
    """Return task, rows per split, features with their kind, target and classes, in a few lines.

    Args:
        title: str. The class that is described: `"Data"` or `"Spec"`.
        spec: `Spec`.
    """
    lines = [_headline(title, spec)]
    if spec.sizes:
        lines.append(
            f"rows: {', '.join(f'{split} {size:,}' for split, size in spec.sizes.items())}"
        )
    for kind in dict.fromkeys(feature.kind for feature in spec.features):
        features = [feature for feature in spec.features if feature.kind == kind]
        named = _listed([_feature_text(feature) for feature in features])
        plural = "s" if len(features) > 1 else ""
        lines.append(f"{len(features):,} {kind} feature{plural}: {named}")
    lines.append(
        f"target: {_listed([_target_text(spec, i) for i in range(len(spec.target.names))])}"
    )
    if spec.classes:
        lines.append(f"{len(spec.classes):,} classes: {shortlist(spec.classes, 12)}")
    if spec.series is not None:
        lines.append(f"series: {_series_text(spec)}")
    return "\n  ".join(lines)


def summary_html(title: str, spec: Any) -> str:
    """Return the same as `summary_text` as HTML, with the statistics of the features.

    Args:
        title: str. The class that is described: `"Data"` or `"Spec"`.
        spec: `Spec`.
    """
    parts = [f"<p><b>{escaped(_headline(title, spec))}</b></p>"]
    if spec.sizes:
        parts.append(html_table(["Split", "Rows"], [list(item) for item in spec.sizes.items()]))
    rows = [feature_row(feature) for feature in spec.features]
    parts += _cut_table(FEATURE_HEADER, rows, "features", 4)
    rows = [
        [name, spec.target.unit, *_moments(spec, index)]
        for index, name in enumerate(spec.target.names)
    ]
    parts += _cut_table(["Target", "Unit", "Mean", "Std"], rows, "targets", 2)
    if spec.classes:
        counts = spec.class_counts or (None,) * len(spec.classes)
        rows = [list(pair) for pair in zip(spec.classes, counts, strict=True)]
        parts += _cut_table(["Class", "Training rows"], rows, "classes", 1)
    if spec.series is not None:
        parts.append(f"<p>series: {escaped(_series_text(spec))}</p>")
    return f"<div>{''.join(parts)}</div>"


def feature_row(feature: Any) -> list[Any]:
    """Return one row of the table of features: a value for each of `FEATURE_HEADER`.

    Mean and standard deviation are floats, or `None` for a feature without numbers or with
    several.
    """
    scalar = isinstance(feature.mean, (int, float)) and feature.variance is not None
    renamed = feature.column and feature.column != feature.name
    return [
        f"{feature.name} ({feature.column})" if renamed else feature.name,
        feature.kind,
        _shape_text(feature),
        float(feature.mean) if scalar else None,
        math.sqrt(feature.variance) if scalar else None,
        feature.missing if isinstance(feature.missing, int) else sum(feature.missing),
        len(feature.vocabulary) or None,
    ]


def _shape_text(feature):
    return " × ".join(str(size or "any") for size in feature.shape) or "scalar"


def _headline(title, spec):
    name = f" {spec.dataset!r}" if spec.dataset else ""
    return f"{title}{name}: {spec.task}"


def _feature_text(feature):
    text = feature.name
    if feature.shape:
        text += f" {_shape_text(feature)}"
    if feature.kind == "date" and feature.minimum:
        text += f" ({feature.minimum} to {feature.maximum})"
    if feature.vocabulary:
        unit = "words" if feature.kind == "text" else "values"
        text += f" ({len(feature.vocabulary):,} {unit})"
    return text


def _target_text(spec, index):
    mean, std = _moments(spec, index)
    text = spec.target.names[index] + (f" in {spec.target.unit}" if spec.target.unit else "")
    return text if mean is None else f"{text} (mean {mean}, std {std})"


def _series_text(spec):
    series = spec.series
    several = f"{len(series.ids):,} by {series.id_name}, " if series.id else ""
    text = f"{several}a window of {series.window:,} steps forecasts {series.horizon:,} steps"
    if series.season > 1:
        text += f", the season has {series.season:,} steps"
    return text


def _moments(spec, index):
    """The mean and the standard deviation of a target as texts, or `None` for classes."""
    if not spec.target.mean:
        return None, None
    return f"{spec.target.mean[index]:.4g}", f"{math.sqrt(spec.target.variance[index]):.4g}"


def _listed(texts, limit=8):
    more = len(texts) - limit
    return ", ".join(texts[:limit]) + (f" and {more:,} more" if more > 0 else "")


def _cut_table(header, rows, noun, numbers):
    """A table of at most 50 rows, and a line that says how many more there are."""
    more = len(rows) - _MAX_ROWS
    found = [html_table(header, rows[:_MAX_ROWS], numbers=numbers)]
    return found + ([f"<p>and {more:,} more {noun}</p>"] if more > 0 else [])
