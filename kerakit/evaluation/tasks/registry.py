"""Which functions measure which task: the one place where tasks are told apart."""

import dataclasses
from collections.abc import Callable

from kerakit.evaluation.inputs import check_output_shape
from kerakit.evaluation.tasks.classification import measure_classes, measure_labels
from kerakit.evaluation.tasks.forecasting import check_forecast_shape, measure_forecast
from kerakit.evaluation.tasks.regression import measure_numbers
from kerakit.evaluation.tasks.tagging import check_tags_shape, measure_tags

__all__ = ["TASKS", "Task"]


@dataclasses.dataclass(frozen=True)
class Task:
    """How one task is measured.

    Attributes:
        measure: function of `(model, data, quantiles, drawn)` that returns `Measured`;
            `drawn` says whether a report with plots will follow.
        check_shape: function of `(shape, spec, quantiles)` that raises `DataError` where a
            model's answers cannot be of that shape.
    """

    measure: Callable
    check_shape: Callable = check_output_shape


TASKS = {
    "regression": Task(measure_numbers),
    "binary": Task(measure_classes),
    "multiclass": Task(measure_classes),
    "multilabel": Task(measure_labels),
    "forecast": Task(measure_forecast, check_forecast_shape),
    "tagging": Task(measure_tags, check_tags_shape),
}
