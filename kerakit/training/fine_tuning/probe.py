"""The linear probe: the best linear classifier of frozen features, solved exactly."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from kerakit.builders.contract import is_convex, output_of
from kerakit.status import telling

if TYPE_CHECKING:
    import keras

    from kerakit.data.data import Table

__all__ = ["chosen_c", "fits_probe", "solve_probe"]

# scikit-learn's C, from the strongest penalty to the weakest: the variance that the weights of
# scaled features are expected to have.
CS = tuple(10.0 ** (exponent / 2) for exponent in range(-6, 2))
FOLDS = 5
MAX_FOLDED_ROWS = 5_000  # up to which C is chosen by cross-validation
USUAL_C = 10.0**-1.5  # for classes of a single row, which cannot be folded
ITERATIONS = 300
# Numbers up to which one thread solves it: several would wait for each other, for ten times the
# CPU time.
ONE_THREAD_SIZE = 10_000_000


def fits_probe(head: keras.Model) -> bool:
    """Return whether a head is linear and unpenalised: a convex problem, which has a solver."""
    return is_convex(head) and output_of(head).kernel_regularizer is None


@telling("Choosing the penalty of the head")
def chosen_c(
    train: Table,
    validation: Table | None = None,
    class_weights: np.ndarray | None = None,
    seed: int = 0,
) -> float:
    """Return the `C` with the lowest log loss on rows that were not fitted.

    Up to `MAX_FOLDED_ROWS` training rows these are the folds of a cross-validation, of which
    there are more than validation rows. Beyond, they are the validation rows, or a fifth of the
    training rows where there are none.

    Args:
        train, validation: `Table`s of one column of features `(n, width)`; `validation` may be
            `None`.
        class_weights: float array of shape `(classes,)`, or `None`.
        seed: int. Seed of the folds. Defaults to `0`.
    """
    from sklearn.model_selection import StratifiedKFold

    values, target, weight = _rows(train, class_weights)
    if len(target) > MAX_FOLDED_ROWS and validation is not None:
        splits = [((values, target, weight), _rows(validation, None))]
    else:
        folds = min(FOLDS, np.unique(target, return_counts=True)[1].min())
        if folds < 2:
            return USUAL_C
        folding = StratifiedKFold(folds, shuffle=True, random_state=seed).split(values, target)
        indices = list(folding)[: 1 if len(target) > MAX_FOLDED_ROWS else folds]
        arrays = values, target, weight
        splits = [[[array[index] for array in arrays] for index in pair] for pair in indices]
    losses = np.zeros(len(CS))
    for fitted, (test_values, test_target, test_weight) in splits:
        for number, (kernel, bias) in enumerate(_path(*fitted, CS)):
            losses[number] += _log_loss(test_values @ kernel + bias, test_target, test_weight)
    return CS[int(losses.argmin())]


@telling("Solving the head")
def solve_probe(
    head: keras.Model,
    tables: Sequence[Table],
    c: float,
    class_weights: np.ndarray | None = None,
) -> None:
    """Set the weights of a linear head to those of a penalised logistic regression.

    It is solved by scikit-learn's L-BFGS on scaled features; means and scales then become part
    of the weights. No learning rate and no number of epochs is to be chosen. The scale of a
    feature is the square root of its standard deviation (Pareto scaling: van den Berg et al.
    2006, doi:10.1186/1471-2164-7-142). Divided by the standard deviation itself, features that
    hardly ever respond would count as much as any other;
    `tests/benchmarks/fine_tuning_choices.py` compares.

    Args:
        head: `keras.Model` whose only weights are those of `output`.
        tables: `Table`s of one column of features `(n, width)`.
        c: float. The inverse of the penalty, as in scikit-learn.
        class_weights: float array of shape `(classes,)`, or `None`.
    """
    rows = zip(*(_rows(table, class_weights) for table in tables), strict=True)
    ((kernel, bias),) = _path(*map(np.concatenate, rows), (c,))
    output = output_of(head)
    output.kernel.assign(kernel.astype("float32"))
    output.bias.assign(bias.astype("float32"))


def _path(values, target, weight, cs) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield kernel and bias for raw features by C, each begun at the solution before."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    mean, scale = values.mean(0, dtype="float64"), _pareto_scale(values)
    values = ((values - mean) / scale).astype("float32")
    model = LogisticRegression(max_iter=ITERATIONS, warm_start=True)
    for c in cs:
        model.set_params(C=c)
        threads = threadpool_limits(1 if values.size <= ONE_THREAD_SIZE else None)
        with threads, warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(values, target, sample_weight=weight)
        kernel = model.coef_.T.astype("float64") / scale[:, None]
        yield kernel, model.intercept_.astype("float64") - mean @ kernel


def _pareto_scale(values):
    """The divisor of each column: the square root of its std times the common std.

    Columns of equal standard deviation are divided by it, and then have a std of 1.
    """
    std = values.std(0, dtype="float64")
    varies = std > 1e-6 * np.maximum(1, np.abs(values.mean(0, dtype="float64")))
    common = np.sqrt(np.mean(np.square(std[varies]))) if varies.any() else 1.0
    return np.sqrt(np.where(varies, std, common) * common)


def _rows(table, class_weights):
    (values,) = table.features.values()
    weight = np.ones(len(table)) if table.weight is None else table.weight
    if class_weights is not None:
        weight = weight * np.asarray(class_weights)[table.target]
    return np.asarray(values), np.asarray(table.target), weight


def _log_loss(scores, target, weight):
    if scores.shape[1] == 1:
        scores = np.concatenate([np.zeros_like(scores), scores], 1)
    scores = scores - scores.max(1, keepdims=True)
    losses = np.log(np.exp(scores).sum(1)) - scores[np.arange(len(target)), target]
    return float(np.average(losses, weights=weight))
