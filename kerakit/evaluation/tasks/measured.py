"""What measuring one task takes, and what it gives to the report."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras
    import numpy as np
    from matplotlib.figure import Figure

    from kerakit.builders.contract import SetRule

    Predict = Callable[[Mapping[str, Any]], np.ndarray]
    Metric = Callable[[np.ndarray, np.ndarray], float]

__all__ = ["MeasureOptions", "Measured"]


@dataclasses.dataclass(frozen=True)
class MeasureOptions:
    """How a model is measured.

    Attributes:
        quantiles: tuple of floats or `None`. Levels of the numbers on the last axis of the answer:
            of a model of quantiles, or of calibrated intervals.
        levels: tuple of floats or `None`. The levels that a model of quantiles predicts itself.
        own: `keras.Model` or `None`. The model that predicts `levels`, where the answers are
            calibrated.
        origins: int or `None`. How many groups of forecast origins are measured one by one.
        plotted: bool. Whether a report with plots will be written.
        metrics: dict from name to the user's metric, a function of `(y, prediction)`.
        baselines: dict from name to the user's baseline, a function of a batch of features.
        without: names of built-in baselines that are left out.
        sets: `SetRule` of a calibrated classifier, or `None`.
    """

    quantiles: tuple[float, ...] | None = None
    levels: tuple[float, ...] | None = None
    own: keras.Model | None = None
    origins: int | None = None
    plotted: bool = False
    metrics: Mapping[str, Metric] = dataclasses.field(default_factory=dict)
    baselines: Mapping[str, Predict] = dataclasses.field(default_factory=dict)
    without: Collection[str] = ()
    sets: SetRule | None = None


@dataclasses.dataclass(frozen=True)
class Measured:
    """Metrics of a model and its baselines on the test split.

    Attributes:
        test: dict from metric name to float, or to `None` where the metric is undefined.
        baseline: dict from the name of a baseline to such a dict.
        rows: int. Number of test rows.
        draw: function without arguments that returns a dict from plot name to
            `matplotlib.figure.Figure`. Nothing is drawn before it is called.
        notes: list of str. Sentences that explain the numbers.
        fields: dict. Further attributes of `Report` that the task sets.
    """

    test: dict[str, float | None]
    baseline: dict[str, dict[str, float | None]]
    rows: int
    draw: Callable[[], dict[str, Figure]]
    notes: list[str] = dataclasses.field(default_factory=list)
    fields: dict[str, Any] = dataclasses.field(default_factory=dict)
