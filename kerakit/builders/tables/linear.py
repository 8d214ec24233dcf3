"""Models without a hidden layer: linear, polynomial, perceptron and logistic."""

from kerakit.builders.contract import PERCEPTRON
from kerakit.builders.heads import class_head, class_task, number_head, number_targets
from kerakit.builders.parts import assemble, network_inputs
from kerakit.builders.tables.preprocessing import Encoding, tabular_preprocess
from kerakit.checks import check_float, check_int

__all__ = [
    "linear_regressor",
    "logistic_classifier",
    "perceptron_classifier",
    "polynomial_regressor",
]


def linear_regressor(inputs, *, targets=None, quantiles=None, l2=0.0):
    """Build a linear model of one or several numbers.

    Numeric columns are standardised and categories one-hot encoded inside the model.
    Compiled with the `"regression"` preset it trains on all rows at once with Nesterov's
    momentum and reaches the least-squares fit. Where there is a validation split, `fit`
    keeps the epoch that is best on it instead, unless it is told `early_stopping=False`.

    Args:
        inputs: `Spec`, or the width of a plain array.
        targets: int in [1, inf). How many numbers a plain width predicts; a `Spec` knows.
            Defaults to `None`, which is 1.
        quantiles: sequence of 3, 5, ... levels in (0, 1), in increasing order, to predict
            instead of the mean, the middle one as the prediction; compile with
            `"quantile_regression"`. Defaults to `None`.
        l2: float in [0, inf). The loss gains `l2 * sum(kernel ** 2)`. Defaults to `0.0`.

    Returns:
        `keras.Model`; predictions of shape `(batch,)`, or `(batch, targets)`, or
        `(batch, levels)`, in the targets' own units.

    Raises:
        ArgumentError: when an argument is out of its range, or the task is not regression.

    Example:

    >>> linear_regressor(3).output_shape
    (None,)
    """
    return _regressor("linear_regressor", inputs, targets, quantiles, l2, Encoding())


def polynomial_regressor(inputs, *, degree=2, targets=None, quantiles=None, l2=0.0):
    """Build a polynomial of the numeric columns, with all products up to `degree`.

    The numeric columns are brought to [-1, 1] by the range seen in training and expanded
    to products of Chebyshev polynomials: the same functions as monomials, but so well
    conditioned that gradient descent finds the fit. Categories enter linearly.

    Args:
        inputs: `Spec`, or the width of a plain array (values best in [-1, 1]).
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
    encoding = Encoding(degree=degree)
    return _regressor("polynomial_regressor", inputs, targets, quantiles, l2, encoding)


def perceptron_classifier(inputs, *, classes=None):
    """Build Rosenblatt's perceptron (1958, doi:10.1037/h0042519): one layer of weights.

    Compiled with the `"perceptron"` preset it trains by the perceptron criterion: only
    rows on the wrong side move the weights. The probabilities are the softmax of the
    scores; their order is the perceptron's, their size is not calibrated.

    Args:
        inputs: `Spec` of a classification, or the width of a plain array.
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


def logistic_classifier(inputs, *, classes=None, multilabel=False, l2=0.0):
    """Build a logistic (two classes) or softmax (more) regression.

    Compiled with the `"binary"` or `"multiclass"` preset it trains on all rows at once
    with Nesterov's momentum and reaches the maximum of the penalised likelihood. The
    penalty of scikit-learn's `LogisticRegression(C=C)` on n rows is `l2 = 1 / (2 * n * C)`.
    Where there is a validation split, `fit` keeps the epoch that is best on it instead, unless
    it is told `early_stopping=False`.

    Args:
        inputs: `Spec` of a classification, or the width of a plain array.
        classes: int in [2, inf). Needed with a plain width.
        multilabel: bool. Whether a row can have several labels; with a plain width.
            Defaults to `False`.
        l2: float in [0, inf). The loss gains `l2 * sum(kernel ** 2)`. Defaults to `0.0`.

    Returns:
        `keras.Model`; probabilities of shape `(batch, classes)`.

    Raises:
        ArgumentError: when an argument is out of its range, or the task is no classification.

    Example:

    >>> logistic_classifier(4, classes=3).output_shape
    (None, 3)
    """
    return _classifier("logistic_classifier", inputs, classes, multilabel, l2)


def _regressor(owner, inputs, targets, quantiles, l2, encoding):
    l2 = check_float(owner, "l2", l2, "[0.0, inf)")
    mean, deviation = number_targets(owner, inputs, targets, quantiles)
    by_name, preprocess, _ = tabular_preprocess(inputs, encoding)
    values = network_inputs(preprocess)
    answer = number_head(values[0], mean, deviation, l2, quantiles)
    return assemble(by_name, preprocess, values, answer, owner)


def _classifier(owner, inputs, classes, multilabel, l2):
    l2 = check_float(owner, "l2", l2, "[0.0, inf)")
    task, classes = class_task(owner, inputs, classes, multilabel)
    by_name, preprocess, _ = tabular_preprocess(inputs)
    values = network_inputs(preprocess)
    answer = class_head(values[0], task, classes, l2)
    return assemble(by_name, preprocess, values, answer, owner)
