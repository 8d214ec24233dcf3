"""A logistic regression that also copes with one class, for the baselines."""

import warnings

import numpy as np

__all__ = ["fit_logistic", "probabilities"]


def fit_logistic(x, ids, max_iter=1000):
    """Fit scikit-learn's `LogisticRegression` (C=1).

    Args:
        x: float array of shape `(n, columns)`.
        ids: array of shape `(n,)`. Class ids.
        max_iter: int in `[1, inf)`. Steps of L-BFGS at most. Defaults to 1000.

    Returns:
        The fitted `LogisticRegression`, or the id where there is only one to predict.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    ids = ids.astype(int)
    if ids.min() == ids.max():
        return int(ids[0])
    with warnings.catch_warnings():  # a baseline that is a hair short of its optimum will do
        warnings.simplefilter("ignore", ConvergenceWarning)
        return LogisticRegression(C=1.0, max_iter=max_iter).fit(x, ids)


def probabilities(model, x, classes):
    """Return what a model of `fit_logistic` says of rows, also of classes it never saw.

    Args:
        model: What `fit_logistic` returned.
        x: float array of shape `(n, columns)`.
        classes: int. How many there are.

    Returns:
        float array of shape `(n, classes)`; 0 for a class without a training row.
    """
    answer = np.zeros((len(x), classes))
    if isinstance(model, int):
        answer[:, model] = 1.0
    else:
        answer[:, model.classes_] = model.predict_proba(x)
    return answer
