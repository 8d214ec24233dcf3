"""What a run's folder holds, as parameters, metrics and files for MLflow."""

from __future__ import annotations

import dataclasses
import math
import pathlib
from collections.abc import Iterator, Mapping
from typing import Any

from kerakit.errors import RunError
from kerakit.files import read_json
from kerakit.integrations.mlflow.names import entries, parameter_value

__all__ = ["RunFiles", "read_run"]

_FILES = ("report.html", "metrics.json", "config.json", "history.csv", "spec.json")
_FOLDER = "plots"


@dataclasses.dataclass(frozen=True)
class RunFiles:
    """What is logged of a run's folder.

    Attributes:
        task: str. The task of the data.
        params: dict from name to text.
        metrics: dict from name to float.
        history: dict from name to a list of floats, one per epoch.
        undefined: list of names of the model's metrics that have no value.
        files: list of `(path, folder among the artifacts or None)`.
    """

    task: str
    params: dict[str, str]
    metrics: dict[str, float]
    history: dict[str, list[float]]
    undefined: list[str]
    files: list[tuple[pathlib.Path, str | None]]


def read_run(run_dir: pathlib.Path) -> RunFiles:
    """Read a run's folder.

    Args:
        run_dir: `pathlib.Path`. The folder that `evaluate(..., run_dir=...)` wrote to.

    Raises:
        RunError: when it holds no readable `metrics.json`.
    """
    from kerakit.evaluation.report.run_files import read_history  # a served model needs no Keras

    path = run_dir / "metrics.json"
    try:
        metrics = read_json(path)
        test, baselines = dict(metrics["test"]), dict(metrics["baseline"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(
            f"log_run: {path} cannot be read as the metrics of an evaluation "
            f"({type(error).__name__}). Pass the folder that was given to evaluate: "
            "kk.evaluate(model, data, run_dir=...)."
        ) from error
    values = entries(_measured(metrics, test, baselines))
    return RunFiles(
        task=str(metrics.get("task")),
        params=_parameters(run_dir, metrics),
        metrics={name: float(v) for name, v in values.items() if _is_number(v)},
        history=entries(((name,), v) for name, v in (read_history(None, run_dir) or {}).items()),
        undefined=[n for n, v in values.items() if n.startswith("test/") and not _is_number(v)],
        files=list(_files(run_dir)),
    )


def _measured(metrics, test, baselines) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, value in test.items():
        yield ("test", name), value
    for baseline, values in baselines.items():
        for name, value in values.items():
            yield ("baseline", baseline, name), value
    for target, values in (metrics.get("per_target") or {}).items():
        for name, value in values.items():
            if name != "baseline":
                yield ("test", "target", target, name), value
    for label, values in (metrics.get("per_class") or {}).items():
        for name, value in values.items():
            yield ("test", "class", label, name), value
    for stage, seconds in (metrics.get("seconds") or {}).items():
        if seconds is not None:  # it was not measured
            yield ("seconds", stage), seconds
    for name in ("epochs", "cpu_seconds"):
        if metrics.get(name) is not None:
            yield (name,), metrics[name]


def _parameters(run_dir, metrics):
    """The flags of a recipe; what training depended on; the numbers of rows."""
    from kerakit.training.runs.checkpoint import recorded_identity

    config = _json(run_dir / "config.json")
    identity = recorded_identity(run_dir / "checkpoint.npz")
    rows = {f"rows {split}": count for split, count in (metrics.get("counts") or {}).items()}
    found: dict[str, Any] = {}
    for source in (
        config,
        {k: v for k, v in identity.items() if k not in ("split", "data", "model")},
        {name: metrics.get(name) for name in ("task", "dataset", "seed")},
        rows,
    ):
        for parts, value in _flat(source):
            found.setdefault(".".join(parts).replace(" ", "_"), value)
    named = entries(((name,), value) for name, value in found.items() if value is not None)
    return {name: parameter_value(value) for name, value in named.items()}


def _flat(value, parts=()):
    if isinstance(value, Mapping):
        if "class_name" in value and "config" in value:  # an object of Keras
            yield parts, value["class_name"]
            value = value["config"] or {}
        for name, inner in value.items():
            yield from _flat(inner, (*parts, str(name)))
    elif parts:
        yield parts, value


def _json(path):
    try:
        values = read_json(path)
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}


def _files(run_dir):
    for name in _FILES:
        if (run_dir / name).is_file():
            yield run_dir / name, None
    for path in sorted((run_dir / _FOLDER).glob("*.png")):
        yield path, _FOLDER


def _is_number(value):
    return isinstance(value, (int, float)) and math.isfinite(value)
