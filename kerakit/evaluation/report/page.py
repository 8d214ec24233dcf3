"""`report.html`: one page that opens with the result and needs nothing but a browser."""

import base64
import struct

from kerakit.evaluation.report.html import definitions, table
from kerakit.evaluation.report.report import format_number, headline
from kerakit.evaluation.report.sections import class_tables
from kerakit.evaluation.report.template import PAGE
from kerakit.evaluation.report_examples import examples
from kerakit.evaluation.stages import HEADER, stage_rows
from kerakit.html_table import escaped

__all__ = ["render"]

MAX_FEATURES = 200  # rows of the table; a page must stay readable
MAX_CLASSES = 1000  # in a box that scrolls
_CAPTIONS = {
    "learning_curves": "Loss and metric per epoch",
    "predicted_vs_true": "Predictions over true values",
    "residuals": "Errors: over the prediction, and how they are spread",
    "confusion_matrix": "True classes (rows) and what they were taken for",
    "roc": "Receiver operating characteristic",
    "precision_recall": "Precision and recall",
    "reliability_diagram": "How often the model is right when it is this sure",
    "worst_errors": "The wrong answers the model was surest of; rows of the test split from 0",
    "forecasts": "A few test windows, what came after them, and what was forecast",
    "error_by_horizon": "How the error grows with the steps ahead",
}
_STEPS = ("window", "horizon", "season")
MAX_TARGETS = 8  # whose mean and deviation are told
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
    # Photos are not turned over on a dark page.
    photos = any(feature.kind == "image" for feature in spec.features)
    images = "".join(
        _figure(name, image, photos and name == "worst_errors") for name, image in plots.items()
    )
    return PAGE.substitute(
        title=escaped(title),
        headline=escaped(headline(report)),
        table=report.table_html(),
        notes="".join(f'<p class="note">{escaped(note)}</p>' for note in report.notes),
        plots=f'<h2>Plots</h2><div class="plots">{images}</div>' if images else "",
        classes=class_tables(report, spec) + examples(report),
        data=_data(report, spec),
        training=_stages(report) + _training(details, metrics),
        environment=definitions(environment or {}),
        reproduce=_reproduce(spec, details),
    )


def _data(report, spec):
    target = ", ".join(spec.target.names) + (f" [{spec.target.unit}]" if spec.target.unit else "")
    facts = {"Data set": spec.dataset or None, "Task": spec.task, "Target": target}
    if spec.series:
        facts |= {f"Steps of the {name}": getattr(spec.series, name) for name in _STEPS}
    facts |= {f"Rows, {split}": f"{n:,}" for split, n in report.counts.items() if n is not None}
    if 0 < len(spec.target.mean) <= MAX_TARGETS:
        facts["Target's mean"] = ", ".join(map(format_number, spec.target.mean))
        deviations = (variance**0.5 for variance in spec.target.variance)
        facts["Target's deviation"] = ", ".join(map(format_number, deviations))
    parts = [definitions(facts)]
    if spec.classes and not report.per_class:
        counts = spec.class_counts or (None,) * len(spec.classes)
        rows = [[name, n] for name, n in zip(spec.classes, counts, strict=True)]
        parts.append(table(["Class", "Training rows"], rows, MAX_CLASSES, "classes"))
    columns = ["Feature", "Kind", "Shape", "Mean", "Deviation", "Missing", "Vocabulary"]
    rows = [_feature(feature) for feature in spec.features]
    parts.append(table(columns, rows, MAX_FEATURES, "features", numbers=4))
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


def _stages(report):
    rows = stage_rows(report.stages)
    if not rows:
        return ""
    note = (
        "Each stage began with the best weights so far, and was kept where it lowered the "
        "validation log loss (± the standard error of that); against a solved head, "
        "<code>auto</code> asks for more than two standard errors."
    )
    if any(stage.get("refitted") for stage in report.stages):
        note += (
            " In the end the head was solved once more, on the validation images as well; what "
            "is above was measured before."
        )
    stages = table(HEADER, rows, len(rows), "stages", numbers=len(HEADER) - 1)
    return f'{stages}<p class="note">{note}</p>'


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
    return definitions(facts) or '<p class="note">Nothing is known of the training.</p>'


def _reproduce(spec, details):
    facts = {"Seed of the split": spec.seed, "SHA-256 of the data": spec.fingerprint or None}
    command = details.get("command")
    text = (
        f"<p>In an environment as above, run:</p><pre>{escaped(command)}</pre>"
        if command
        else "<p>Train with the configuration above on the same data; the split and the "
        "training follow from the seed.</p>"
    )
    return text + definitions(facts)


def _figure(name, image, photos):
    encoded = base64.b64encode(image).decode("ascii")
    caption = escaped(_CAPTIONS.get(name, name.replace("_", " ")))
    width, height = struct.unpack(">II", image[16:24])  # of the PNG's header
    wide = width > _WIDE_SHAPE * height or width > _WIDE_PIXELS or photos
    marks = ["wide"] * wide + ["photos"] * photos
    look = f' class="{" ".join(marks)}"' if marks else ""
    return (
        f'<figure{look}><img alt="{caption}" width="{width}" height="{height}" '
        f'src="data:image/png;base64,{encoded}">'
        f"<figcaption>{caption}</figcaption></figure>"
    )
