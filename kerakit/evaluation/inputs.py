"""How features reach a model's inputs, and whether model and data fit together."""

import numpy as np

from kerakit.builders.contract import input_names
from kerakit.errors import DataError, KerakitError

__all__ = [
    "arrange",
    "check_output_shape",
    "check_predictions",
    "check_targets",
    "fits",
]


def arrange(model, features):
    """Return `features` in the structure in which `model` takes its inputs.

    Args:
        model: `keras.Model`, with inputs as a dict, a list or a single tensor.
        features: dict from name to array of shape `(n, ...)`.

    Returns:
        A dict, a list or an array.
    """
    structure, names = _structure(model), input_names(model)
    if names is None:
        return features
    if isinstance(structure, dict):
        return {name: features[name] for name in names}
    if len(names) == 1:
        value = features[names[0] if names[0] in features else next(iter(features))]
        return [value] if isinstance(structure, (list, tuple)) else value
    return [features[name] for name in names]


def check_output_shape(shape, spec, quantiles=None):
    """Check that answers of `shape` are what the task needs.

    Args:
        shape: tuple of ints or `None`. `(batch,)` or `(batch, width)`.
        spec: `Spec`.
        quantiles: tuple of floats or `None`. Levels of a quantile regressor.

    Raises:
        DataError: when the width does not match the classes, targets or quantiles.
    """
    if not isinstance(shape, tuple) or any(isinstance(dim, (tuple, dict)) for dim in shape):
        raise DataError("The model must return one tensor. Got several outputs instead.")
    width = shape[1] if len(shape) == 2 else 1 if len(shape) == 1 else None
    if spec.is_classification:
        expected, what = len(spec.classes), f"one column for each of {_list(spec.classes)}"
        fits = len(shape) == 2 and width == expected
    elif quantiles is not None:
        expected, what = len(quantiles), f"one column for each quantile of {quantiles}"
        fits = len(shape) == 2 and width == expected
    else:
        expected, what = len(spec.target.names), f"one for each of {_list(spec.target.names)}"
        fits = width == expected
    if not fits:
        hint = " For a quantile regressor pass quantiles=." if not spec.is_classification else ""
        if spec.is_classification and expected == 2 and width == 1:
            hint = " End the model in two softmax columns, or (1 - p, p) of one sigmoid."
        raise DataError(
            f"The model answers with shape {shape}, but {spec.dataset or 'the data'} needs "
            f"{expected} value(s) per row, {what}.{hint}"
        )


def fits(shape, wanted):
    """Whether a shape is the wanted one; `None` in either is any size.

    Example:

    >>> fits((None, 24), (None, 24)), fits((8, 24), (None, 24, 7))
    (True, False)
    """
    if not isinstance(shape, tuple) or len(shape) != len(wanted):
        return False
    return all(
        None in (have, want) or have == want for have, want in zip(shape, wanted, strict=True)
    )


def check_predictions(p, spec, before=0, what="rows"):
    """Check that predictions are numbers, and probabilities where labels are predicted.

    Args:
        p: array of shape `(n, ...)`.
        spec: `Spec`.
        before: int. Rows of the split before these. Defaults to 0.
        what: str. What a row is. Defaults to `"rows"`.

    Raises:
        KerakitError: when predictions are NaN or infinite.
        DataError: when a classifier's answers are not probabilities.
    """
    bad = ~np.isfinite(p.reshape(len(p), -1)).all(axis=1)
    if bad.any():
        raise KerakitError(
            f"The model's predictions are NaN or infinite for {bad.sum():,} of {len(p):,} test "
            f"{what} (the first is row {before + int(bad.argmax())}). Either training diverged "
            "(lower the learning rate) or missing values reach the network."
        )
    if not spec.is_classification or not p.size:
        return
    # Half precision is exact to 1e-3, and many small columns add up.
    sums = np.ones(1) if spec.task == "multilabel" else p.sum(axis=1)
    if p.min() < -1e-3 or p.max() > 1 + 1e-3 or np.abs(sums - 1).max() > 2e-2:
        raise DataError(
            "A classifier must answer with probabilities in [0, 1]"
            f"{'' if spec.task == 'multilabel' else ' that sum to 1'}. Got values from "
            f"{p.min():.4g} to {p.max():.4g}, sums from {sums.min():.4g} to {sums.max():.4g}. "
            "End the network in softmax (several labels: sigmoid), not in logits."
        )


def check_targets(y, spec, before=0):
    """Check that test targets are what the spec says.

    Args:
        y: array of shape `(n, ...)`.
        spec: `Spec`.
        before: int. Rows of the split before these. Defaults to 0.

    Raises:
        DataError: when a numeric target is missing, or a class id is not in the spec.
    """
    if not np.isfinite(y).all():
        row = int(np.argmin(np.isfinite(y.reshape(len(y), -1)).all(axis=1)))
        raise DataError(f"The target of test row {before + row} is missing or infinite.")
    limit = 2 if spec.task == "multilabel" else len(spec.classes)
    if spec.is_classification and y.size and (y.min() < 0 or y.max() >= limit):
        raise DataError(
            f"Class ids of the test split must be in [0, {limit}). "
            f"Got values from {y.min()} to {y.max()} instead."
        )


def _structure(model):
    try:
        return model.input
    except (AttributeError, ValueError, RuntimeError):
        return None


def _list(names, limit=10):
    names = [repr(str(name)) for name in names]
    return ", ".join(names[:limit]) + (f" and {len(names) - limit} more" if names[limit:] else "")
