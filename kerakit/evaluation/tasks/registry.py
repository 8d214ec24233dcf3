"""Which function measures which task."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from kerakit.evaluation.tasks.classification import measure_label, measure_labels
from kerakit.evaluation.tasks.forecasting import measure_forecast
from kerakit.evaluation.tasks.measured import Measured, MeasureOptions
from kerakit.evaluation.tasks.regression import measure_numbers
from kerakit.evaluation.tasks.tagging import measure_tags

if TYPE_CHECKING:
    import keras

    from kerakit.data.data import Data

    Measure = Callable[[keras.Model, Data, MeasureOptions], Measured]

__all__ = ["MEASURE"]

MEASURE: Mapping[str, Measure] = {
    "numbers": measure_numbers,
    "label": measure_label,
    "labels": measure_labels,
    "forecast": measure_forecast,
    "tags": measure_tags,
}
"""For each kind of answer (`Task.answer`) the function that measures it."""
