"""The contents of `metrics.json`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kerakit.evaluation.environment import environment
from kerakit.evaluation.report.report import Report
from kerakit.evaluation.report.run_files import STAGES

if TYPE_CHECKING:
    from kerakit.data.spec import Spec

__all__ = ["metrics_json"]


def metrics_json(
    report: Report,
    spec: Spec,
    history: Mapping[str, Any] | None,
    details: Mapping[str, Any],
    seconds: float,
) -> dict[str, Any]:
    """Return the contents of `metrics.json`; a value that is unknown is `None`.

    Args:
        report: `Report`.
        spec: `Spec` of the data.
        history: dict of lists, or `None`, as `read_history` returns it.
        details: dict. See `evaluate`.
        seconds: float. The wall time of the evaluation.
    """
    given = details.get("seconds") or {}
    epochs = details.get("epochs")
    if epochs is None and history:
        epochs = max(map(len, history.values()))
    return {
        "task": spec.task,
        "dataset": spec.dataset or None,
        "name": details.get("name"),
        "version": details.get("version"),
        "seed": details.get("seed", spec.seed),
        "test": report.test,
        "baseline": report.baseline,
        **({"per_target": report.per_target} if report.per_target else {}),
        **({"per_series": report.per_series} if report.per_series else {}),
        **({"by_horizon": report.by_horizon} if report.by_horizon else {}),
        **({"per_level": report.per_level} if report.per_level else {}),
        **({"origins": report.origins} if report.origins else {}),
        **({"per_class": report.per_class} if report.per_class else {}),
        **({"per_entity": report.per_entity} if report.per_entity else {}),
        **({"confused": list(report.confused)} if report.per_class else {}),
        **({"importance": report.importance} if report.importance else {}),
        "counts": report.counts,
        "seconds": dict.fromkeys(STAGES) | {"evaluate": seconds} | given,
        "cpu_seconds": details.get("cpu_seconds"),
        "epochs": epochs,
        **({"stages": list(report.stages)} if report.stages else {}),
        "environment": environment(),
    }
