"""How networks with members train: values that the presets of their tasks get, by rows."""

from __future__ import annotations

import dataclasses

import keras

from kerakit.builders.contract import members_of, spec_of
from kerakit.builders.tables.sizes import SMALL, rows_of_members
from kerakit.data.spec import Spec
from kerakit.data.tasks import TASKS
from kerakit.presets.preset import Preset

__all__ = ["epochs_of_members", "with_members"]

SMALL_BATCH, BATCH = 64, 256  # rows of a step below `SMALL` rows, and from there on
MOST = 200  # epochs
# A run is stopped after this part of its epochs without a lower loss: of few rows that are numbers,
# of few rows that are classes, and of more rows.
NUMBERS_PART, CLASSES_PART, PART = 5, 6, 4
NUMBERS, CLASSES = 8e-3, 3e-3  # learning rates
RATES = {
    "regression": NUMBERS,
    "robust_regression": NUMBERS,
    "quantile_regression": NUMBERS,
    "binary": CLASSES,
    "multiclass": CLASSES,
    "multilabel": CLASSES,
}


def with_members(preset: Preset, model: keras.Model) -> Preset:
    """Return the preset with the values for a model with members, if the model has any.

    The values were chosen by the loss of rows left out; tests/benchmarks/tabular_choices.py prints
    it for these and others.

    Example:

    >>> from kerakit.builders import mlp_classifier
    >>> from kerakit.presets.table import PRESETS
    >>> model = mlp_classifier(4, classes=2, members=8)
    >>> changed = with_members(PRESETS["binary"], model)
    >>> changed.learning_rate, changed.batch_size, changed.patience
    (0.003, 64, 33)
    """
    if preset.name not in RATES or members_of(model) is None:
        return preset
    spec = spec_of(model)
    rows = rows_of_members(spec)
    small = rows is None or rows < SMALL
    epochs = MOST if spec is None else epochs_of_members(spec)
    part = NUMBERS_PART if RATES[preset.name] == NUMBERS else CLASSES_PART
    return dataclasses.replace(
        preset,
        learning_rate=RATES[preset.name],
        schedule="cosine",
        batch_size=SMALL_BATCH if small else BATCH,
        patience=max(epochs // (part if small else PART), 2),
    )


def epochs_of_members(spec: Spec) -> int:
    """Return how many epochs members train at most: 200 for few rows, and fewer for more.

    640,000 rows of numbers, or 400,000 rows of classes, are trained in all, but at least 20 and 8
    epochs. Classes are learned in fewer epochs than numbers.

    Args:
        spec: `Spec` of the data.
    """
    rows = max(rows_of_members(spec) or 1, 1)
    if TASKS[spec.task].is_classification:
        return max(8, min(MOST, 400_000 // rows))
    return max(20, min(MOST, 640_000 // rows))
