"""The first sentence of a report: the main metric, and how the baselines compare."""

from __future__ import annotations

import math
from collections.abc import Mapping

from kerakit.data.tasks import TASKS

__all__ = ["format_number", "headline"]

# What each built-in baseline does, as part of a sentence.
_BASELINES = {
    "mean": "predicting the mean",
    "majority": "always answering the majority class",
    "seasonal_naive": "repeating the last season",
    "most_frequent_tag": "the most frequent tag of each word",
    "linear": "a linear model",
    "logistic": "a logistic model",
}


def headline(
    task: str,
    test: Mapping[str, float | None],
    baseline: Mapping[str, Mapping[str, float | None]],
    rows: int | None,
    unit: str | None = None,
    tokens: int | None = None,
) -> str:
    """Return the result of an evaluation in one sentence.

    Args:
        task: str. A name in `TASKS`.
        test: dict from metric name to the model's value.
        baseline: dict from the name of a baseline to such a dict.
        rows: int. Number of test rows.
        unit: str or `None`. The target's unit. Defaults to `None`.
        tokens: int or `None`. Number of test tokens of a tagger. Defaults to `None`.

    Example:

    >>> headline("regression", {"rmse": 2.0}, {"mean": {"rmse": 4.0}}, 9, unit="kg")
    'RMSE 2.000 kg on 9 test rows, 50% below predicting the mean.'
    """
    words = TASKS[task]
    metric, name = words.headline
    relative = not words.is_classification  # an error in a unit says little by itself
    counted = _count(rows, f"test {words.row}")
    if tokens is not None:
        counted = f"{_count(tokens, 'token')} of {counted}"
    value = test[metric]
    text = f"{name} {format_number(value)}"
    text += f" {unit} on {counted}" if relative and unit else f" on {counted}"
    comparisons = []
    for key, description in (_BASELINES | _best_own(baseline, metric, relative)).items():
        other = baseline.get(key, {}).get(metric)
        if other is None or value is None:
            continue
        if relative:
            comparisons.append(_relative(value, other, description))
        else:
            comparisons.append(f"{format_number(other)} for {description}")
    if comparisons:
        *first, last = comparisons
        listed = f"{', '.join(first)} and {last}" if first else last
        text += f", {'' if relative else 'against '}{listed}"
    return text + "."


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
