"""Checks of predictions and test targets, with messages that say what was received."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from kerakit.checks import shortlist
from kerakit.data.tasks import TASKS
from kerakit.errors import DataError, KerakitError

if TYPE_CHECKING:
    from kerakit.data.spec import Spec

__all__ = [
    "MODEL",
    "check_predictions",
    "check_shape",
    "check_targets",
    "dataset_name",
]

MODEL = "The model of evaluate"


def check_shape(
    shape: object, spec: Spec, quantiles: Sequence[float] | None = None, source: str = MODEL
) -> None:
    """Check that predictions have the shape that the task needs.

    Args:
        shape: tuple of ints or `None`: the shape of the predictions, `None` for any size.
        spec: `Spec`.
        quantiles: tuple of floats or `None`. Levels of a quantile regressor.
        source: str. What predicts, for the message. Defaults to the model.

    Raises:
        DataError: when the shape does not match the classes, targets, quantiles or horizon.
    """
    if not isinstance(shape, tuple) or any(isinstance(dim, (tuple, dict)) for dim in shape):
        raise DataError(f"{source} must return one tensor. Got several outputs instead.")
    expected, meaning, hint = _expected(spec, quantiles)
    single = expected == (None, 1) and TASKS[spec.task].answer == "numbers" and quantiles is None
    if _matches(shape, expected) or (single and len(shape) == 1):
        return
    if spec.is_classification and shape[1:] == (1,) and len(spec.classes) == 2:
        hint = " End the model in two softmax columns, or (1 - p, p) of one sigmoid."
    raise DataError(
        f"{source} predicts an array of shape {shape}, but {dataset_name(spec)} needs "
        f"{expected}: {meaning}.{hint}"
    )


def _expected(spec, quantiles):
    """`(shape, meaning, hint)`: the shape that is needed, and what its sizes are."""
    answer, names = TASKS[spec.task].answer, spec.target.names
    rebuild = " Build the model from the spec of the data."
    if answer == "tags":
        return (None, None, len(spec.classes)), "a probability for each tag of each token", rebuild
    last = () if quantiles is None else (len(quantiles),)
    if answer == "forecast":
        steps, channels = spec.series.horizon, len(names)
        rebuild = f" Each has the quantiles {quantiles}.{rebuild}" if quantiles else rebuild
        if channels > 1:
            return (None, steps, channels, *last), f"{steps} steps of {channels} channels", rebuild
        return (None, steps, *last), f"{steps} steps", rebuild
    if spec.is_classification:
        return (None, len(spec.classes)), f"one column for each of {shortlist(spec.classes)}", ""
    hint = " For a quantile regressor pass quantiles=."
    if quantiles is not None:
        targets = (len(names),) if len(names) > 1 else ()
        return (None, *targets, *last), f"one column for each quantile of {quantiles}", hint
    return (None, len(names)), f"one value for each of {shortlist(names)}", hint


def _matches(shape, expected):
    """Whether a shape is the expected one; `None` in either is any size."""
    return len(shape) == len(expected) and all(
        None in (have, want) or have == want for have, want in zip(shape, expected, strict=True)
    )


def check_predictions(
    p: np.ndarray, spec: Spec, first_row: int = 0, noun: str = "rows", source: str = MODEL
) -> None:
    """Check that predictions are finite, and probabilities where labels are predicted.

    Args:
        p: array of shape `(n, ...)`.
        spec: `Spec`.
        first_row: int. Row of the test split that `p` begins with. Defaults to 0.
        noun: str. What one of the `n` is, in the plural. Defaults to `"rows"`.
        source: str. What predicts, for the message. Defaults to the model.

    Raises:
        KerakitError: when predictions are NaN or infinite.
        DataError: when the predictions of a classifier are not probabilities.
    """
    bad = ~np.isfinite(p.reshape(len(p), -1)).all(axis=1)
    if bad.any():
        raise KerakitError(
            f"{source} predicts NaN or infinite values for {bad.sum():,} of {len(p):,} test "
            f"{noun} (the first is row {first_row + int(bad.argmax())}). Either training diverged "
            "(lower the learning rate), or missing values reach the network."
        )
    if not spec.is_classification or not p.size:
        return
    # Half precision is exact to 1e-3, and the rounding errors of many columns add up.
    independent = TASKS[spec.task].answer == "labels"
    sums = np.ones(1) if independent else p.sum(axis=1)
    if p.min() < -1e-3 or p.max() > 1 + 1e-3 or np.abs(sums - 1).max() > 2e-2:
        raise DataError(
            f"{source} must predict probabilities in [0, 1]"
            f"{'' if independent else ' that sum to 1'}. Got values from {p.min():.4g} to "
            f"{p.max():.4g}, with sums from {sums.min():.4g} to {sums.max():.4g}. End the "
            "network in a softmax (for several labels in a sigmoid), not in logits."
        )


def check_targets(y: np.ndarray, spec: Spec, first_row: int = 0) -> None:
    """Check that test targets agree with the spec.

    Args:
        y: array of shape `(n, ...)`.
        spec: `Spec`.
        first_row: int. Row of the test split that `y` begins with. Defaults to 0.

    Raises:
        DataError: when a numeric target is missing, or a class id is not in the spec.
    """
    if not np.isfinite(y).all():
        row = int(np.argmin(np.isfinite(y.reshape(len(y), -1)).all(axis=1)))
        raise DataError(
            f"evaluate: in {dataset_name(spec)}, the target of test row {first_row + row} is "
            "missing or infinite. Remove the row or correct the target."
        )
    limit = 2 if TASKS[spec.task].answer == "labels" else len(spec.classes)
    if spec.is_classification and y.size and (y.min() < 0 or y.max() >= limit):
        raise DataError(
            f"evaluate: in {dataset_name(spec)}, class ids of the test split must be in "
            f"[0, {limit}). Got values from {y.min()} to {y.max()} instead."
        )


def dataset_name(spec: Spec) -> str:
    """Return the name of the data set for a message, at most 60 characters long."""
    name = spec.dataset or "the data"
    return name if len(name) <= 60 else f"{name[:20]}...{name[-37:]}"
