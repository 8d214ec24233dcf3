"""Answers as the columns of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kerakit.data.tasks import TASKS

if TYPE_CHECKING:
    import numpy as np

    from kerakit.data.spec import Spec

__all__ = ["LABEL_SEPARATOR", "answer_columns", "in_order"]

LABEL_SEPARATOR = ";"

_ORDER = (
    "prediction",
    "forecast",
    "lower",
    "upper",
    "label",
    "labels",
    "confidence",
    "set",
    "probabilities",
)


def in_order(answer: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return answers in the order in which people read them: the prediction or label first."""
    known = {name: answer[name] for name in _ORDER if name in answer}
    return known | answer


def answer_columns(answer: dict[str, np.ndarray], spec: Spec) -> dict[str, Any]:
    """Return the answers of `Served` as a dict from column name to values.

    Several numbers a row make a column each: `prediction_TARGET`, `probability_CLASS`,
    `forecast_STEP` (`forecast_TARGET_STEP`), counted from 1. The labels of a row, and those of
    its set, are joined by `;`. The labels of tokens, and their confidence, are a list for each row.

    Example:

    >>> import numpy as np
    >>> from kerakit.data.spec import Feature, Spec
    >>> spec = Spec("binary", (Feature("x"),), classes=("no", "yes"))
    >>> columns = answer_columns({"probabilities": np.array([[0.25, 0.75]])}, spec)
    >>> {name: values.tolist() for name, values in columns.items()}
    {'probability_no': [0.25], 'probability_yes': [0.75]}
    """
    if TASKS[spec.task].answer == "tags":
        return _tags(**answer)
    return dict(_flat(in_order(answer), spec))


def _flat(answer, spec):
    for name, values in answer.items():
        if name in ("labels", "set"):
            yield name, [LABEL_SEPARATOR.join(filter(None, row)) for row in values]
        elif values.ndim == 1:
            yield name, values
        elif name == "probabilities":
            for label, column in zip(spec.classes, values.T, strict=True):
                yield f"probability_{label}", column
        elif spec.task == "forecast":
            yield from _steps(name, values, spec)
        else:
            for target, column in zip(spec.target.names, values.T, strict=True):
                yield f"{name}_{target}", column


def _steps(name, values, spec):
    if values.ndim == 2:
        for step, column in enumerate(values.T, 1):
            yield f"{name}_{step}", column
        return
    for target, channel in zip(spec.target.names, values.transpose(2, 1, 0), strict=True):
        for step, column in enumerate(channel, 1):
            yield f"{name}_{target}_{step}", column


def _tags(labels, confidence):
    # Shorter sentences of a batch are padded with the empty label.
    lengths = (labels != "").sum(axis=1).tolist()
    pairs = {"labels": labels, "confidence": confidence}
    return {
        name: [row[:length].tolist() for row, length in zip(values, lengths, strict=True)]
        for name, values in pairs.items()
    }
