"""Models without a hidden layer: linear, polynomial, perceptron and logistic."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import keras

from kerakit.builders.contract import AUTO_PENALTY, PERCEPTRON
from kerakit.builders.heads import class_head, class_task, number_head, number_targets
from kerakit.builders.parts import assemble, network_inputs, spec_or_shape
from kerakit.builders.search_space import Choice, Range, searched
from kerakit.builders.tables.preprocessing import WIDTH, ColumnOptions, tabular_preprocess
from kerakit.checks import check, check_float, check_int
from kerakit.data.data import Data
from kerakit.data.spec import Spec

__all__ = [
    "linear_regressor",
    "logistic_classifier",
    "perceptron_classifier",
    "polynomial_regressor",
]


def linear_regressor(
    inputs: Data | Spec | int | tuple[int],
    *,
    targets: int | None = None,
    quantiles: Sequence[float] | None = None,
    l2: float | Literal["auto"] = 0.0,
) -> keras.Model:
    """Build a linear regression of one or several numbers.

    Numeric columns are standardised and categories are one-hot encoded inside the model.
    Compiled with its default preset it is solved: `fit` computes the least-squares fit of the
    training and validation rows. Epochs and early stopping have no part in it. Columns that
    depend on others share the weight between them (the solution of minimum norm).

    Args:
        inputs: `Data`, `Spec`, or the width of a plain array.
        targets: int in [1, inf). How many numbers the model predicts. Only with a plain width.
            Defaults to `None`, which is 1.
        quantiles: sequence of 3, 5, ... levels in (0, 1), in increasing order. The model
            predicts these quantiles instead of the mean; the middle one is the prediction.
            Defaults to `None`.
        l2: float in [0, inf), or `"auto"`. The loss gains `l2 * sum(kernel ** 2)`, so that
            scikit-learn's `Ridge(alpha)` on n rows of standardised columns and one target is
            `l2 = alpha / n`. With `"auto"`, `fit` chooses the penalty with the lowest loss on
            the validation rows (in a cross-validation where there are none). Defaults to
            `0.0`.

    Returns:
        `keras.Model`; predictions of shape `(batch,)`, or `(batch, targets)`, or
        `(batch, levels)`, in the targets' own units.

    Raises:
        ArgumentError: when an argument is out of its range, or the task is not regression.

    Example:

    >>> linear_regressor(3).output_shape
    (None,)
    """
    return _regressor("linear_regressor", inputs, targets, quantiles, l2, ColumnOptions())


@searched(degree=Range(1, 3), l2=Choice(0.0, "auto"))
def polynomial_regressor(
    inputs: Data | Spec | int | tuple[int],
    *,
    degree: int = 2,
    targets: int | None = None,
    quantiles: Sequence[float] | None = None,
    l2: float | Literal["auto"] = 0.0,
) -> keras.Model:
    """Build a polynomial regression of the numeric columns, with all products up to `degree`.

    The numeric columns are scaled to [-1, 1] by their range in the training split and expanded
    to products of Chebyshev polynomials. These span the same functions as monomials, and they
    are so well conditioned that float32 can hold the fit. Categories enter linearly. The model
    is solved, as `linear_regressor` is.

    Args:
        inputs: `Data`, `Spec`, or the width of a plain array (with values best in [-1, 1]).
        degree: int in [1, inf). Highest total degree; `comb(width + degree, degree) - 1`
            terms, at most 10,000. Defaults to `2`.
        targets, quantiles, l2: as in `linear_regressor`.

    Returns:
        `keras.Model`, as `linear_regressor` does.

    Raises:
        ArgumentError: when an argument is out of its range, or there are too many terms.

    Example:

    >>> polynomial_regressor(2, degree=3).get_layer("network").count_params()  # 9 terms + bias
    10
    """
    degree = check_int("polynomial_regressor", "degree", degree, minimum=1)
    options = ColumnOptions(degree=degree)
    return _regressor("polynomial_regressor", inputs, targets, quantiles, l2, options)


def perceptron_classifier(
    inputs: Data | Spec | int | tuple[int], *, classes: int | None = None
) -> keras.Model:
    """Build a perceptron classifier (Rosenblatt 1958, doi:10.1037/h0042519).

    Compiled with its default preset it trains by the perceptron criterion: only wrongly
    classified rows change the weights. The probabilities are the softmax of the scores. They
    rank the classes as the perceptron does, but they are not calibrated.

    Args:
        inputs: `Data` or `Spec` of a classification, or the width of a plain array.
        classes: int in [2, inf). Needed with a plain width.

    Returns:
        `keras.Model`; probabilities of shape `(batch, classes)`.

    Raises:
        ArgumentError: when an argument is out of its range, or the task is no classification.

    Example:

    >>> perceptron_classifier(2, classes=2).output_shape
    (None, 2)
    """
    return _classifier(PERCEPTRON, inputs, classes, False, 0.0)


def logistic_classifier(
    inputs: Data | Spec | int | tuple[int],
    *,
    classes: int | None = None,
    multilabel: bool = False,
    l2: float | Literal["auto"] = 0.0,
) -> keras.Model:
    """Build a logistic regression (two classes) or a softmax regression (more classes).

    Compiled with its default preset it is solved: `fit` computes the maximum of the penalised
    likelihood of the training and validation rows by Newton's method. Epochs and early stopping
    have no part in it. The penalty of scikit-learn's `LogisticRegression(C=C)` on n rows is
    `l2 = 1 / (2 * n * C)`. Without a penalty, the likelihood has no maximum where a plane
    separates classes. `fit` then warns, and chooses a penalty as with `l2="auto"`.

    Rows that do not fit in memory (`cache_mb` of `fit`) are trained on by gradient descent.

    Args:
        inputs: `Data` or `Spec` of a classification, or the width of a plain array.
        classes: int in [2, inf). Needed with a plain width.
        multilabel: bool. Whether a row can have several labels. Only with a plain width.
            Defaults to `False`.
        l2: float in [0, inf), or `"auto"`. The loss gains `l2 * sum(kernel ** 2)`. With
            `"auto"`, `fit` chooses the penalty with the lowest loss on the validation rows (in
            a cross-validation where there are none). Defaults to `0.0`.

    Returns:
        `keras.Model`; probabilities of shape `(batch, classes)`.

    Raises:
        ArgumentError: when an argument is out of its range, or the task is no classification.

    Example:

    >>> logistic_classifier(4, classes=3).output_shape
    (None, 3)
    """
    return _classifier("logistic_classifier", inputs, classes, multilabel, l2)


def _regressor(owner, inputs, targets, quantiles, l2, options):
    inputs = spec_or_shape(owner, inputs, WIDTH)
    l2 = _checked_penalty(owner, l2)
    ok = quantiles is None or l2 != "auto"
    check(ok, owner, "l2", "a float with quantiles=, which are trained and not solved", l2)
    mean, std = number_targets(owner, inputs, targets, quantiles)
    by_name, preprocess, _ = tabular_preprocess(inputs, options, owner=owner)
    values = network_inputs(preprocess)
    scored, l2 = _penalised(values[0], l2)
    answer = number_head(scored, mean, std, l2, quantiles)
    return assemble(by_name, preprocess, values, answer, owner, inputs)


def _classifier(owner, inputs, classes, multilabel, l2):
    inputs = spec_or_shape(owner, inputs, WIDTH)
    l2 = _checked_penalty(owner, l2)
    task, classes = class_task(owner, inputs, classes, multilabel)
    by_name, preprocess, _ = tabular_preprocess(inputs, owner=owner)
    values = network_inputs(preprocess)
    scored, l2 = _penalised(values[0], l2)
    answer = class_head(scored, task, classes, l2)
    return assemble(by_name, preprocess, values, answer, owner, inputs)


def _checked_penalty(owner, l2):
    if isinstance(l2, str):
        check(l2 == "auto", owner, "l2", "'auto' or a float in the range [0.0, inf)", l2)
        return l2
    return check_float(owner, "l2", l2, "[0.0, inf)")


def _penalised(values, l2):
    """The values and the penalty of the head; a layer says that the penalty is to be chosen.

    Saving and loading a model keep the names of its layers.
    """
    if l2 != "auto":
        return values, l2
    return keras.layers.Identity(dtype="float32", name=AUTO_PENALTY)(values), 0.0
