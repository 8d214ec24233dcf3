"""What an evaluation leaves in a run's folder: `metrics.json`, plots and `report.html`."""

import csv
import io
import math
import pathlib
import warnings

from kerakit.errors import RunError
from kerakit.evaluation.report.page import render
from kerakit.files import read_json, write_bytes, write_json, write_text

__all__ = ["png", "read_history", "update_metrics", "write_run"]

STAGES = ("data", "train", "evaluate", "export", "total")


def write_run(run_dir, report, spec, figures, metrics, details):
    """Write the plots, the report and, last, the metrics; each whole or not at all.

    Args:
        run_dir: path. Created where it is missing.
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


def update_metrics(run_dir, **fields):
    """Add to a run's `metrics.json` what became known after the evaluation.

    Args:
        run_dir: path of the run that was evaluated.
        **fields: JSON values. A dict is merged into the dict that is there, key by key
            (`seconds={"export": 2.1}`); anything else replaces the value.

    Returns:
        dict. The contents as they are now.

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
            f"{path} cannot be read ({error}). Run evaluate(..., run_dir=...) first."
        ) from error
    metrics = _merge(metrics, fields)
    write_json(path, metrics)
    return metrics


def read_history(history, run_dir=None):
    """Return the history as a dict of lists, or `None` where there is none.

    Args:
        history: `keras.callbacks.History`, dict of lists, or `None`: read from
            `run_dir/history.csv` (header `epoch,loss,val_loss,...`) where it exists.
        run_dir: path or `None`.

    Returns:
        dict from metric name to a list of floats per epoch (NaN where a cell is empty or
        not a number), without columns that hold no number; or `None`.
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


def png(figure):
    """Return a Matplotlib figure as the bytes of a PNG."""
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # A label in a script that the font lacks is drawn as boxes; no reason to stop or warn.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


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
