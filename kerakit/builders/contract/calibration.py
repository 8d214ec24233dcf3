"""How the answers of a model were calibrated, and what they are then. Only NumPy is needed.

A server computes the same from operations of TensorFlow; see `kerakit.builders.answering`.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from kerakit.builders.contract.parts import weights_number
from kerakit.errors import ArgumentError
from kerakit.keras_compat import keep_on, kept_on

if TYPE_CHECKING:
    import keras

__all__ = [
    "Calibration",
    "Intervals",
    "Probabilities",
    "SetRule",
    "Spread",
    "calibration_of",
    "remember_calibration",
]

SMALLEST = 1e-30  # probability whose logarithm is taken
LARGEST = 2.0  # of the logarithm of a spread, up and down
FAR = 3.0  # standard deviations at which a column is clipped, so that a spread stays believable

_KEPT = "calibration"


@dataclasses.dataclass(frozen=True, eq=False)
class Spread:
    """How large the error of a row is expected to be, in proportion to that of a usual one.

    Its logarithm is linear in the columns, as the model reads them, and piecewise linear in the
    prediction; it is clipped to [-2, 2].

    Attributes:
        knots: float array of shape `(targets, pieces + 1)`. Predictions where a piece ends.
        kernel: float array of shape `(targets, pieces + columns)`. The weight of each piece, and
            of each column; without columns the spread depends on the prediction alone.
        bias: float array of shape `(targets,)`.
    """

    knots: np.ndarray
    kernel: np.ndarray
    bias: np.ndarray

    @property
    def columns(self) -> int:
        """How many columns it reads."""
        return self.kernel.shape[1] - (self.knots.shape[1] - 1)

    def of(self, predictions: np.ndarray, columns: np.ndarray | None) -> np.ndarray:
        """Return the spreads of rows, of shape `(n, targets)`.

        Args:
            predictions: array of shape `(n, targets)`.
            columns: array of shape `(n, columns)`, or `None` where it reads none.
        """
        low, high = self.knots[:, :-1], self.knots[:, 1:]
        pieces = np.clip((predictions[:, :, None] - low) / (high - low), 0, 1)
        count = pieces.shape[2]
        log = np.einsum("ntk,tk->nt", pieces, self.kernel[:, :count]) + self.bias
        if self.columns:
            log = log + np.clip(columns, -FAR, FAR) @ self.kernel[:, count:].T
        return np.exp(np.clip(log, -LARGEST, LARGEST))


@dataclasses.dataclass(frozen=True, eq=False)
class Intervals:
    """The intervals around predicted numbers.

    Attributes:
        widths: float array of shape `(targets,)`, or `(horizon,)` or `(horizon, channels)` of a
            forecaster: the half of each interval, in units of `spread`. Of a model of quantiles:
            what is added at either end of its own interval, of the same shape of a forecaster and
            of shape `()` of a regressor; or, of shape `()`, the factor of its two halves.
        spread: `Spread`, or `None` where all intervals are of one width.
        column: int or `None`. The column of a model of quantiles that is its prediction.
        least: float or `None`. The least half of a quantile regressor's own interval that is
            multiplied; `None` where something is added.
        scaled: bool. Whether `widths` are in scales of the window, as those of several series
            are, which differ in size.
    """

    widths: np.ndarray
    spread: Spread | None = None
    column: int | None = None
    least: float | None = None
    scaled: bool = False

    def of(self, answers: np.ndarray, columns: np.ndarray | None = None) -> np.ndarray:
        """Return lower end, prediction and upper end on a last axis of their own.

        Args:
            answers: array that the model answers with, of shape `(n, ...)`.
            columns: array of shape `(n, columns)`, as the network reads them, or `None`; where
                the widths are in scales, these, in the target's unit, of shape
                `(n, 1[, channels])`.

        Returns:
            Array of shape `(n, 3)` of one target, else `(n, targets, 3)`, or of a forecaster
            `(n, horizon[, channels], 3)`.
        """
        if self.column is not None:
            middle = answers[..., self.column]
            if self.least is not None:
                below, above = (
                    np.maximum(half, self.least) * self.widths
                    for half in (middle - answers[:, 0], answers[:, -1] - middle)
                )
                return np.stack([middle - below, middle, middle + above], axis=-1)
            widths = self.widths * columns if self.scaled else self.widths
            low, high = answers[..., 0] - widths, answers[..., -1] + widths
            return np.stack([np.minimum(low, middle), middle, np.maximum(high, middle)], axis=-1)
        if self.widths.size == 1 and self.widths.ndim == 1:
            answers = answers.reshape(len(answers), 1)
        half = np.broadcast_to(self.widths, answers.shape)
        if self.scaled:
            half = half * columns
        if self.spread is not None:
            half = half * self.spread.of(answers, columns)
        found = np.stack([answers - half, answers, answers + half], axis=-1)
        return found[:, 0] if found.shape[1:-1] == (1,) and self.widths.ndim == 1 else found


@dataclasses.dataclass(frozen=True)
class SetRule:
    """Which labels are in the set of a row: RAPS without random numbers.

    A label is in the set where the probabilities of the labels before it, from the most probable
    one on, plus `penalty` for each place after `free`, are at most `threshold`. The most probable
    label is always in it.

    Reference:
        Angelopoulos et al.: Uncertainty Sets for Image Classifiers using Conformal Prediction,
        ICLR 2021 (arXiv:2009.14193), with u = 0.

    Attributes:
        threshold: float.
        penalty: float in [0, inf).
        free: int in [1, inf).

    Example:

    >>> rule = SetRule(threshold=0.8)
    >>> rule.of(np.array([[0.1, 0.7, 0.2], [0.05, 0.9, 0.05]])).tolist()
    [[False, True, True], [False, True, False]]
    """

    threshold: float
    penalty: float = 0.0
    free: int = 1

    def scores(self, probabilities: np.ndarray) -> np.ndarray:
        """Return the score of each label, of shape `(n, classes)`."""
        order = np.argsort(-probabilities, axis=1, kind="stable")
        places = np.argsort(order, axis=1, kind="stable")
        ordered = np.take_along_axis(probabilities, order, axis=1)
        before = np.take_along_axis(np.cumsum(ordered, axis=1) - ordered, places, axis=1)
        return before + self.penalty * np.maximum(places + 1 - self.free, 0)

    def of(self, probabilities: np.ndarray) -> np.ndarray:
        """Return whether each label is in the set, a bool array of shape `(n, classes)`."""
        return self.scores(probabilities) <= max(self.threshold, 0.0)


@dataclasses.dataclass(frozen=True, eq=False)
class Probabilities:
    """How probabilities are calibrated.

    Attributes:
        temperature: float in (0, inf). Scores are divided by it.
        knots: float array of shape `(classes, k)`, or `None`. Where a class has a monotone curve
            instead of the temperature: probabilities at which one of its straight pieces ends.
        values: float array of shape `(classes, k)`, or `None`. The curves at `knots`.
        independent: bool. Whether each class is a yes or no of its own.
        sets: `SetRule`, or `None`.
    """

    temperature: float = 1.0
    knots: np.ndarray | None = None
    values: np.ndarray | None = None
    independent: bool = False
    sets: SetRule | None = None

    def of(self, probabilities: np.ndarray) -> np.ndarray:
        """Return calibrated probabilities of the same shape, `(..., classes)`."""
        p = np.asarray(probabilities, "float64")
        if self.knots is not None and self.values is not None:
            curves = zip(self.knots, self.values, strict=True)
            p = np.stack(
                [np.interp(p[..., c], x, y) for c, (x, y) in enumerate(curves)],
                axis=-1,
            )
            return p if self.independent else p / p.sum(axis=-1, keepdims=True)
        power = 1 / self.temperature
        p = np.maximum(p, SMALLEST) ** power
        others = np.maximum(1 - np.asarray(probabilities, "float64"), SMALLEST) ** power
        return p / (p + others if self.independent else p.sum(axis=-1, keepdims=True))


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Calibration:
    """What `calibrate` found: with it, answers say how sure they are.

    Attributes:
        coverage: float in (0, 1). The share of rows whose interval or set has the true value.
        rows: int. On how many rows, windows or tokens it was found.
        weights: int. The `weights_number` of the model: other weights need another calibration.
        line: str. What was found, in words.
        probabilities: `Probabilities` of a classifier, or `None`.
        intervals: `Intervals` of a regressor or forecaster, or `None`.
    """

    coverage: float
    rows: int
    weights: int
    line: str = ""
    probabilities: Probabilities | None = None
    intervals: Intervals | None = None

    @property
    def levels(self) -> tuple[float, float, float] | None:
        """The levels of lower end, prediction and upper end; `None` of a classifier."""
        if self.intervals is None:
            return None
        tail = (1 - self.coverage) / 2
        return tail, 0.5, 1 - tail

    @property
    def promise(self) -> str:
        """A sentence about intervals or sets, for the report; empty without any."""
        sets = self.probabilities is not None and self.probabilities.sets is not None
        if self.intervals is None and not sets:
            return ""
        what = "set of labels" if sets else "interval"
        return (
            f"The {what} of a row was calibrated to have the true value in "
            f"{100 * self.coverage:g} % of all rows. The coverage is how many of the test rows "
            "it has."
        )

    def __repr__(self) -> str:
        return self.line or f"Calibration for {100 * self.coverage:g} %"

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values, without the parts that are `None`."""
        return _plain(dataclasses.asdict(self))


def _plain(value):
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items() if item is not None}
    return value.tolist() if isinstance(value, np.ndarray) else value


def remember_calibration(model: keras.Model, calibration: Calibration | None) -> None:
    """Keep with a model how it was calibrated, or forget it, for `calibration_of`.

    It lives as long as the model does, in this process. A saved model does not have it.
    """
    keep_on(model, _KEPT, calibration)


def calibration_of(model: keras.Model, owner: str | None = None) -> Calibration | None:
    """Return how a model was calibrated, or `None` where it was not.

    Args:
        model: `keras.Model`.
        owner: str. The function that the user called, for the error. Defaults to `None`: whether
            the weights are those that were calibrated is not checked.

    Raises:
        ArgumentError: when the model has other weights than were calibrated.
    """
    found = kept_on(model, _KEPT)
    if found is not None and owner is not None and found.weights != weights_number(model):
        raise ArgumentError(
            f"The model of {owner} has other weights than it had when it was calibrated, so that "
            "its intervals, sets and probabilities would be wrong. Call kk.calibrate again."
        )
    return found
