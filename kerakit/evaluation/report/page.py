"""`report.html`: one page that opens with the result and loads nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kerakit.data.spec import Spec
from kerakit.evaluation.report import sections
from kerakit.evaluation.report.html import definitions
from kerakit.evaluation.report.report import Report, metrics_table, targets_table
from kerakit.evaluation.report.template import PAGE
from kerakit.html_table import escaped

__all__ = ["render"]


def render(
    report: Report,
    spec: Spec,
    *,
    plots: Mapping[str, bytes],
    details: Mapping[str, Any] | None = None,
    environment: Mapping[str, Any] | None = None,
    metrics: Mapping[str, Any] | None = None,
) -> str:
    """Return the text of `report.html`.

    Args:
        report: `Report`.
        spec: `Spec` of the data.
        plots: dict from plot name to the bytes of a PNG file.
        details: dict or `None`. Facts about the run: `name`, `version`, `preset`, `config`,
            `command`, and any others that should be shown.
        environment: dict or `None`. Versions of packages, and the machine.
        metrics: dict or `None`. The contents of `metrics.json`, for the seconds and epochs.

    Returns:
        str. An HTML page that loads nothing and runs no script. All text that came from the
        user is escaped.
    """
    details, metrics = dict(details or {}), dict(metrics or {})
    title = str(details.get("name") or spec.dataset or spec.task)
    if details.get("version") is not None:
        title += f", version {details['version']}"
    has_images = any(feature.kind == "image" for feature in spec.features)
    images = "".join(
        sections.plot(name, image, photos=has_images and name == "confident_errors")
        for name, image in plots.items()
        if name != "importance"  # it stands beside its table
    )
    return PAGE.substitute(
        title=escaped(title),
        headline=escaped(report.headline()),
        table=targets_table(report) + metrics_table(report),
        notes="".join(f'<p class="note">{escaped(note)}</p>' for note in report.notes),
        plots=f'<h2>Plots</h2><div class="plots">{images}</div>' if images else "",
        classes=sections.origins(report)
        + sections.quantiles(report)
        + sections.classes(report, spec)
        + sections.confident_errors(report)
        + sections.series(report, spec),
        importance=sections.importance(report, plots.get("importance")),
        data=sections.data(report, spec),
        training=sections.training(report, details, metrics),
        environment=definitions(environment or {}),
        reproduce=sections.reproduce(spec, details),
    )
