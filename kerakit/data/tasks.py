"""The tasks: what tells one from another, in one table that every stage reads.

The table holds plain data only. A stage looks its own functions up by a field: the kind of
answer, the head, or the name of the task.
"""

from __future__ import annotations

import dataclasses
import types
from typing import Literal

__all__ = ["INTERVAL", "TASKS", "Task", "tasks_with"]

Answer = Literal["numbers", "label", "labels", "forecast", "tags"]
Head = Literal["linear", "logistic", "softmax", "sigmoid"]

INTERVAL = ("lower", "upper")
"""Outputs that a quantile regressor serves in addition to those of its task."""


@dataclasses.dataclass(frozen=True)
class Task:
    """One task: what a model predicts, and what follows from it in every stage.

    Attributes:
        name: str. The `task` of a `Spec`.
        title: str. The task in words.
        answer: str. What one row is answered with: `"numbers"` (one per target), `"label"`
            (one of several classes), `"labels"` (a yes or no for each class), `"forecast"`
            (numbers for each step of the horizon) or `"tags"` (one class for each token).
        head: str. The last layer of the network: `"linear"`, `"softmax"`, `"sigmoid"`, or
            `"logistic"` (one score s for two classes, answered by softmax([0, s])).
        loss: str. The Keras loss.
        preset: str. The compile preset that is used where none is named.
        metrics: tuple of str. Test metrics that `metrics.json` has for every model; a model
            with quantiles and one with many classes have more. Several targets have those in a
            unit each by itself.
        outputs: tuple of str. Names of the served outputs, in order; see also `INTERVAL`.
        api: str or `None`. The further API of TensorFlow Serving that can carry the answer:
            `"classify"`, or `"regress"` (of one target).
        tabular: bool. Whether the columns of a table can be the target.
        no_table: str. What a model of this task does instead of giving one answer for each
            row of a table, as a clause after "The model"; empty where it gives one.
        row: str. What one row of a split is called.
        scored: str. What the table of classes counts: `row`, or `token`.
        headline: tuple of str. The metric of the report's first sentence, and its name there.
    """

    name: str
    title: str
    answer: Answer
    head: Head
    loss: str
    preset: str
    metrics: tuple[str, ...]
    outputs: tuple[str, ...]
    headline: tuple[str, str]
    api: Literal["classify", "regress"] | None = None
    tabular: bool = False
    no_table: str = ""
    row: str = "row"
    scored: str = "row"

    @property
    def is_classification(self) -> bool:
        """Whether the answer is a label (or labels) rather than a number."""
        return self.answer in ("label", "labels", "tags")

    @property
    def activation(self) -> Literal["linear", "softmax", "sigmoid"]:
        """What turns scores into the answer."""
        return "softmax" if self.head == "logistic" else self.head

    def score_count(self, classes: int) -> int:
        """Return how many scores the head computes for a number of classes.

        Example:

        >>> TASKS["binary"].score_count(2), TASKS["multiclass"].score_count(3)
        (1, 3)
        """
        return 1 if self.head == "logistic" else classes


_CLASSES = (
    "accuracy",
    "balanced_accuracy",
    "f1",
    "auc",
    "average_precision",
    "log_loss",
    "ece",
)
_CROSSENTROPY = "sparse_categorical_crossentropy"

_ENTRIES = (
    Task(
        name="regression",
        title="regression",
        answer="numbers",
        head="linear",
        loss="mean_squared_error",
        preset="regression",
        metrics=("rmse", "mae", "r2"),
        outputs=("prediction",),
        headline=("rmse", "RMSE"),
        api="regress",
        tabular=True,
    ),
    Task(
        name="binary",
        title="binary classification",
        answer="label",
        head="logistic",
        loss=_CROSSENTROPY,
        preset="binary",
        metrics=_CLASSES,
        outputs=("label", "confidence", "probabilities"),
        headline=("accuracy", "Accuracy"),
        api="classify",
        tabular=True,
    ),
    Task(
        name="multiclass",
        title="multiclass classification",
        answer="label",
        head="softmax",
        loss=_CROSSENTROPY,
        preset="multiclass",
        metrics=_CLASSES,
        outputs=("label", "confidence", "probabilities"),
        headline=("accuracy", "Accuracy"),
        api="classify",
        tabular=True,
    ),
    Task(
        name="multilabel",
        title="multilabel classification",
        answer="labels",
        head="sigmoid",
        loss="binary_crossentropy",
        preset="multilabel",
        metrics=_CLASSES,
        outputs=("labels", "probabilities"),
        headline=("f1", "Macro F1"),
        tabular=True,
    ),
    Task(
        name="forecast",
        title="forecasting",
        answer="forecast",
        head="linear",
        loss="mean_squared_error",
        preset="forecasting",
        metrics=("mse", "mae", "rmse", "mase", "mse_standardised", "mae_standardised"),
        outputs=("forecast",),
        headline=("rmse", "RMSE"),
        no_table="makes a forecast of several steps from a window of a series",
        row="window",
        scored="window",
    ),
    Task(
        name="tagging",
        title="sequence tagging",
        answer="tags",
        head="softmax",
        loss=_CROSSENTROPY,
        preset="sequence_tagging",
        metrics=(
            "accuracy",
            "accuracy_known",
            "accuracy_unknown",
            "sentence_accuracy",
            "balanced_accuracy",
            "f1",
            "log_loss",
        ),
        outputs=("labels", "confidence"),
        headline=("accuracy", "Accuracy"),
        no_table="gives each token of a sentence a tag",
        row="sentence",
        scored="token",
    ),
)

TASKS = types.MappingProxyType({task.name: task for task in _ENTRIES})
"""Read-only mapping from name to `Task`."""


def tasks_with(**fields: object) -> tuple[str, ...]:
    """Return the names of the tasks whose fields have these values, in the table's order.

    Args:
        **fields: values of attributes or properties of `Task`.

    Example:

    >>> tasks_with(answer="label"), tasks_with(is_classification=False)
    (('binary', 'multiclass'), ('regression', 'forecast'))
    """
    return tuple(
        task.name
        for task in _ENTRIES
        if all(getattr(task, name) == value for name, value in fields.items())
    )
