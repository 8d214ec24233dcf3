"""Files of an evaluation in a run's folder: `metrics.json`, plots and `report.html`."""

from __future__ import annotations

import csv
import math
import os
import pathlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kerakit.errors import RunError
from kerakit.evaluation.plots.figure import png
from kerakit.evaluation.report.page import render
from kerakit.files import read_json, write_bytes, write_json, write_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from kerakit.data.spec import Spec
    from kerakit.evaluation.report.report import Report

__all__ = ["STAGES", "read_history", "update_metrics", "write_run"]

STAGES = ("data", "train", "evaluate", "export", "total")


def write_run(
    run_dir: str | os.PathLike[str],
    report: Report,
    spec: Spec,
    figures: Mapping[str, Figure],
    metrics: Mapping[str, Any],
    details: Mapping[str, Any],
) -> None:
    """Write the plots, then the report, then the metrics; each file whole or not at all.

    Args:
        run_dir: path. Created if it is missing.
        report: `Report`, with `plots` and `path` set.
        spec: `Spec` of the data.
        figures: dict from plot name to `matplotlib.figure.Figure`.
        metrics: dict. The contents of `metrics.json`.
        details: dict. See `evaluate`.
    """
    run_dir = pathlib.Path(run_dir)
    images = {name: png(figure) for name, figure in figures.items()}
    for name, image in images.items():
        write_bytes(report.plots[name], image, durable=False)
    page = render(
        report,
        spec,
        plots=images,
        details=details,
        environment=metrics["environment"],
        metrics=metrics,
    )
    write_text(report.path, page, durable=False)
    write_json(run_dir / "metrics.json", metrics)


def update_metrics(run_dir: str | os.PathLike[str], **fields: Any) -> dict[str, Any]:
    """Update a run's `metrics.json` with values that were not known at the evaluation.

    Args:
        run_dir: path of the run that was evaluated.
        **fields: JSON values. A dict is merged into the existing dict, key by key
            (`seconds={"export": 2.1}`); any other value replaces the existing one.

    Returns:
        dict. The new contents.

    Raises:
        RunError: when there is no readable `metrics.json`.

    Example:

    >>> import tempfile
    >>> run = tempfile.mkdtemp()
    >>> write_json(f"{run}/metrics.json", {"epochs": 3, "seconds": {"train": 1.5}})
    >>> update_metrics(run, seconds={"export": 2.0})["seconds"]
    {'train': 1.5, 'export': 2.0}
    """
    path = pathlib.Path(run_dir) / "metrics.json"
    try:
        metrics = read_json(path)
    except (OSError, ValueError) as error:
        raise RunError(
            f"update_metrics: {path} cannot be read ({str(error)[:200]}). Run "
            "evaluate(..., run_dir=...) first."
        ) from error
    metrics = _merge(metrics, fields)
    write_json(path, metrics)
    return metrics


def read_history(
    history: Any, run_dir: str | os.PathLike[str] | None = None
) -> dict[str, list[float]] | None:
    """Return the history of a training as a dict of lists, or `None` where there is none.

    Args:
        history: `keras.callbacks.History`, dict of lists, or `None`: read from
            `run_dir/history.csv` (header `epoch,loss,val_loss,...`) where it exists.
        run_dir: path or `None`.

    Returns:
        dict from metric name to a list of floats per epoch (NaN where a value is empty or
        not a number), without columns that have no number; or `None`.
    """
    history = getattr(history, "history", history)
    if history is None and run_dir is not None:
        path = pathlib.Path(run_dir) / "history.csv"
        if path.is_file():
            with open(path, newline="", encoding="utf-8") as file:
                rows = list(csv.DictReader(file))
            names = rows[0] if rows else ()
            history = {name: [row[name] for row in rows] for name in names if name}
    if not history:
        return None
    history = {name: [_number(v) for v in values] for name, values in history.items()}
    history = {
        name: values
        for name, values in history.items()
        if name != "epoch" and any(map(math.isfinite, values))
    }
    return history or None


def _merge(old, new):
    merged = dict(old)
    for key, value in new.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merge(merged[key], value) if both else value
    return merged


def _number(value):
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan
