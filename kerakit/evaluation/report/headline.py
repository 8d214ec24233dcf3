"""The first sentence of a report: the main metric, and how the baselines compare."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from kerakit.data.tasks import TASKS

__all__ = ["format_number", "headline"]

MAX_TARGETS = 4  # that the sentence names one by one
# A class is rare if it has less than this fraction of the rows, and less than half of its even
# share (so none of ten equal classes is rare by chance).
RARE = 0.1
# What is beside the accuracy then.
_BESIDE = {"balanced accuracy": "balanced_accuracy", "average precision": "average_precision"}
_OF_ENTITIES = {"precision": "entity_precision", "recall": "entity_recall"}
# What each built-in baseline does, as part of a sentence.
_BASELINES = {
    "mean": "predicting the mean",
    "majority": "always answering the majority class",
    "seasonal_naive": "repeating the last season",
    "most_frequent_tag": "the most frequent tag of each word",
    "linear": "a linear model",
    "logistic": "a logistic model",
    "gradient_boosting": "gradient boosting",
}


def headline(
    task: str,
    test: Mapping[str, float | None],
    baseline: Mapping[str, Mapping[str, float | None]],
    rows: int | None,
    unit: str | None = None,
    tokens: int | None = None,
    *,
    per_class: Mapping[str, Mapping[str, float | None]] | None = None,
    per_target: Mapping[str, Mapping[str, Any]] | None = None,
    per_series: Mapping[str, Mapping[str, Any]] | None = None,
) -> str:
    """Return the result of an evaluation in one sentence.

    Args:
        task: str. A name in `TASKS`.
        test: dict from metric name to the model's value.
        baseline: dict from the name of a baseline to such a dict.
        rows: int. Number of test rows.
        unit: str or `None`. The target's unit. Defaults to `None`.
        tokens: int or `None`. Number of test tokens of a tagger. Defaults to `None`.
        per_class, per_target, per_series: as in `Report`. Where a class is rare, the sentence has
            more than the accuracy; several targets are named one by one; several series count
            alike, whatever their size. Defaults to `None`.

    Example:

    >>> headline("regression", {"rmse": 2.0}, {"mean": {"rmse": 4.0}}, 9, unit="kg")
    'RMSE 2.000 kg on 9 test rows, 50% below predicting the mean.'
    """
    words = TASKS[task]
    metric, name = words.headline
    relative = not words.is_classification  # an error in a unit says little by itself
    if test.get("entity_f1") is not None:
        metric, name = "entity_f1", "Entity F1"
    counted = _count(rows, f"test {words.row}")
    if tokens is not None:
        counted = f"{_count(tokens, 'token')} of {counted}"
    if per_series and test.get("mase") is not None:
        metric, name, unit = "mase", "MASE", None
        counted = f"{counted} of {len(per_series):,} series"
    elif per_target:
        return _of_targets(per_target, baseline, metric, name, counted)
    rare = _rare_classes(per_class, test) if words.answer == "label" else []
    metrics = {name: metric, **_BESIDE} if rare else {name: metric}
    shown = metrics | (_OF_ENTITIES if metric == "entity_f1" else {})
    values = [f"{name} {format_number(test[metric])}" for name, metric in shown.items()]
    text = f"{_listed(values)}{f' {unit}' if relative and unit else ''} on {counted}"
    comparisons = []
    for key, description in (_BASELINES | _best_own(baseline, metric, relative)).items():
        others = [baseline.get(key, {}).get(metric) for metric in metrics.values()]
        if others[0] is None or test[metric] is None:
            continue
        if relative:
            comparisons.append(_relative(test[metric], others[0], description))
        else:
            comparisons.append(f"{_listed(map(format_number, others))} for {description}")
    if comparisons:
        text += f", {'' if relative else 'against '}{_listed(comparisons)}"
    if rare:
        text += f"; recall {_listed(rare)}"
    return text + "."


def _of_targets(per_target, baseline, metric, name, counted):
    """The sentence about several targets: each by itself, or how many are below the baselines."""
    if len(per_target) <= MAX_TARGETS:
        each = []
        for target, values in per_target.items():
            compared = [
                _relative(values[metric], values["baseline"][key][metric], description)
                for key, description in _BASELINES.items()
                if key in values["baseline"]
            ]
            value = format_number(values[metric])
            each.append(f"{target} {value}{f', {_listed(compared)}' if compared else ''}")
        return f"{name} on {counted}: {'; '.join(each)}."
    total = len(per_target)
    better = []
    for key, description in _BASELINES.items():
        if key in baseline:
            below = sum(v[metric] < v["baseline"][key][metric] for v in per_target.values())
            better.append(f"below {description} for {below} of {total}")
    return f"{name} of {total} targets on {counted}{': ' if better else ''}{_listed(better)}."


def _rare_classes(per_class, test):
    """The recall of the positive class and of the rarest one, where a class is rare."""
    supports = {name: one["support"] for name, one in (per_class or {}).items() if one["support"]}
    total, count = sum(supports.values()), len(per_class or {})
    if not supports or not test.keys() >= set(_BESIDE.values()):
        return []
    rarest = min(supports, key=supports.__getitem__)
    if supports[rarest] / total >= min(RARE, 0.5 / count):
        return []
    shown = [rarest] if count > 2 or list(per_class)[1] == rarest else [list(per_class)[1], rarest]
    found = []
    for name in shown:
        rows = f" ({100 * supports[name] / total:.2g} % of the rows)" if name == rarest else ""
        found.append(f"of {name!r}{rows} {format_number(per_class[name]['recall'])}")
    return found


def _listed(parts):
    *first, last = parts or [""]
    return f"{', '.join(first)} and {last}" if first else last


def format_number(value: float | None) -> str:
    """Return a number with about four significant digits, without an exponent where legible.

    Example:

    >>> [format_number(x) for x in (49950.4, 53.126, 0.81, 0.00012, None)]
    ['49,950', '53.13', '0.8100', '0.00012', '–']
    """
    if value is None:
        return "–"
    size = abs(value)
    if size == 0:
        return "0"
    if size >= 1e9 or size < 1e-4:
        return f"{value:.3g}"
    if size >= 1000:
        return f"{value:,.0f}"
    if size < 1e-3:
        return f"{value:.3g}"
    return f"{value:.{3 - math.floor(math.log10(size)) if size >= 1 else 4}f}"


def _best_own(baseline, metric, lower_is_better):
    """`{name: description}` of the best of the user's baselines, or `{}`."""
    own = {
        name: metrics[metric]
        for name, metrics in baseline.items()
        if name not in _BASELINES and metrics.get(metric) is not None
    }
    if not own:
        return {}
    best = (min if lower_is_better else max)(own, key=own.get)
    return {best: f"'{best}'"}


def _count(number, noun):
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _relative(value, other, description):
    if other == 0 or not math.isfinite(other):
        return f"against {format_number(other)} for {description}"
    change = round(100 * (value / other - 1))
    if change == 0:
        return f"level with {description}"
    return f"{abs(change)}% {'below' if change < 0 else 'above'} {description}"
