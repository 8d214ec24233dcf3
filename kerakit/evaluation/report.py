"""`report.html`: one page that opens with the result and needs nothing but a browser."""

import base64
import html
import json
import struct

from kerakit.evaluation.report_page import PAGE
from kerakit.evaluation.summary import format_number, headline

__all__ = ["render"]

MAX_FEATURES = 200  # rows of the table; a page must stay readable
MAX_CLASSES = 100
_CAPTIONS = {
    "learning_curves": "Loss and metric per epoch",
    "predicted_vs_true": "Predictions over true values",
    "residuals": "Errors: over the prediction, and how they are spread",
    "confusion_matrix": "True classes (rows) and what they were taken for",
    "roc": "Receiver operating characteristic",
    "precision_recall": "Precision and recall",
    "reliability_diagram": "How often the model is right when it is this sure",
}
# A plot takes the whole row from this width over height, or from this width in pixels.
_WIDE_SHAPE, _WIDE_PIXELS = 1.7, 1000


def render(report, spec, *, plots, details=None, environment=None, metrics=None):
    """Return the text of `report.html`.

    Args:
        report: `Report`.
        spec: `Spec` of the data.
        plots: dict from plot name to the bytes of a PNG.
        details: dict or `None`. What is known of the run: `name`, `version`, `preset`,
            `config`, `command`, and what else should be shown.
        environment: dict or `None`. Versions and machine.
        metrics: dict or `None`. The contents of `metrics.json`; seconds and epochs are
            taken from it.

    Returns:
        str. An HTML page that loads nothing and runs no script. Everything that came from
        the user is escaped.
    """
    details, metrics = dict(details or {}), dict(metrics or {})
    title = str(details.get("name") or spec.dataset or spec.task)
    if details.get("version") is not None:
        title += f", version {details['version']}"
    images = "".join(_figure(name, image) for name, image in plots.items())
    return PAGE.substitute(
        title=_text(title),
        headline=_text(headline(report)),
        table=report.table_html(),
        notes="".join(f'<p class="note">{_text(note)}</p>' for note in report.notes),
        plots=f'<h2>Plots</h2><div class="plots">{images}</div>' if images else "",
        data=_data(report, spec),
        training=_training(details, metrics),
        environment=_definitions(environment or {}),
        reproduce=_reproduce(spec, details),
    )


def _data(report, spec):
    target = ", ".join(spec.target.names) + (f" [{spec.target.unit}]" if spec.target.unit else "")
    facts = {"Data set": spec.dataset or None, "Task": spec.task, "Target": target}
    facts |= {f"Rows, {split}": f"{n:,}" for split, n in report.counts.items() if n is not None}
    if spec.target.mean:
        facts["Target's mean"] = ", ".join(map(format_number, spec.target.mean))
        deviations = (variance**0.5 for variance in spec.target.variance)
        facts["Target's deviation"] = ", ".join(map(format_number, deviations))
    parts = [_definitions(facts)]
    if spec.classes:
        counts = spec.class_counts or (None,) * len(spec.classes)
        rows = [[name, n] for name, n in zip(spec.classes, counts, strict=True)]
        parts.append(_table(["Class", "Training rows"], rows, MAX_CLASSES, "classes"))
    columns = ["Feature", "Kind", "Shape", "Mean", "Deviation", "Missing", "Vocabulary"]
    rows = [_feature(feature) for feature in spec.features]
    parts.append(_table(columns, rows, MAX_FEATURES, "features", numbers=4))
    return "".join(parts)


def _feature(feature):
    name = feature.name
    if feature.column and feature.column != name:
        name += f" ({feature.column})"
    scalar = isinstance(feature.mean, (int, float))
    missing = feature.missing if isinstance(feature.missing, int) else sum(feature.missing)
    return [
        name,
        feature.kind,
        " × ".join(str(dim or "any") for dim in feature.shape) or "scalar",
        format_number(feature.mean) if scalar else "–",
        format_number(feature.variance**0.5) if scalar and feature.variance is not None else "–",
        missing,
        len(feature.vocabulary) if feature.vocabulary else "–",
    ]


def _training(details, metrics):
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
    return _definitions(facts) or '<p class="note">Nothing is known of the training.</p>'


def _reproduce(spec, details):
    facts = {"Seed of the split": spec.seed, "SHA-256 of the data": spec.fingerprint or None}
    command = details.get("command")
    text = (
        f"<p>In an environment as above, run:</p><pre>{_text(command)}</pre>"
        if command
        else "<p>Train with the configuration above on the same data; the split and the "
        "training follow from the seed.</p>"
    )
    return text + _definitions(facts)


def _figure(name, image):
    encoded = base64.b64encode(image).decode("ascii")
    caption = _text(_CAPTIONS.get(name, name.replace("_", " ")))
    width, height = struct.unpack(">II", image[16:24])  # of the PNG's header
    wide = ' class="wide"' if width > _WIDE_SHAPE * height or width > _WIDE_PIXELS else ""
    return (
        f'<figure{wide}><img alt="{caption}" width="{width}" height="{height}" '
        f'src="data:image/png;base64,{encoded}">'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def _definitions(facts):
    """A list of terms, without those whose value is unknown."""
    items = "".join(
        f"<div><dt>{_text(_term(key))}</dt><dd>{_text(value)}</dd></div>"
        for key, value in facts.items()
        if value is not None
    )
    return f"<dl>{items}</dl>" if items else ""


def _term(key):
    return str(key).replace("_", " ")


def _table(header, rows, limit, what, numbers=1):
    """A table that scrolls by itself; its last `numbers` columns are aligned right."""
    marks = [""] * (len(header) - numbers) + [' class="number"'] * numbers
    head = "".join(
        f"<th scope=col{mark}>{_text(name)}</th>" for name, mark in zip(header, marks, strict=True)
    )
    body = "".join(
        "<tr>"
        + "".join(f"<td{m}>{_text(v)}</td>" for v, m in zip(row, marks, strict=True))
        + "</tr>"
        for row in rows[:limit]
    )
    more = f'<p class="note">and {len(rows) - limit:,} more {what}</p>' if rows[limit:] else ""
    return (
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>{more}"
    )


def _text(value):
    """`value` as escaped text; floats short, containers as JSON."""
    if isinstance(value, bool) or value is None:
        value = str(value).lower() if value is not None else "–"
    elif isinstance(value, int):
        value = str(value)
    elif isinstance(value, float):
        value = f"{value:.6g}"
    elif isinstance(value, (dict, list, tuple)):
        value = json.dumps(value, ensure_ascii=False, default=str)
    return html.escape(str(value))
