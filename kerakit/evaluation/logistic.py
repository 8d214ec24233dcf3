"""A logistic regression that also copes with one class, for the baselines."""

import warnings

import numpy as np

__all__ = ["fit_logistic", "fit_sparse_logistic", "probabilities"]


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


def fit_sparse_logistic(x, ids, strength):
    """Fit one logistic regression per class, by coordinate descent in the dual.

    Of tens of thousands of sparse columns it takes a tenth of the time of L-BFGS: 5,452
    questions of six classes 0.6 s instead of 8 s, with the same accuracy.

    Args:
        x: sparse matrix of shape `(n, columns)`.
        ids: int array of shape `(n,)`. Class ids, two or more different ones.
        strength: float in `(0, inf)`. scikit-learn's `C`: the larger, the freer.

    Returns:
        A fitted classifier, for `probabilities`.

    Reference:
        Yu, Huang, Lin: Dual Coordinate Descent Methods for Logistic Regression and Maximum
        Entropy Models, Machine Learning 85, 2011.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier

    one = LogisticRegression(C=strength, solver="liblinear", dual=True, random_state=0)
    model = one if len(np.unique(ids)) == 2 else OneVsRestClassifier(one)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(x, ids)


def probabilities(model, x, classes):
    """Return what a fitted model says of rows, also of classes it never saw.

    Args:
        model: What `fit_logistic` or `fit_sparse_logistic` returned.
        x: float array or sparse matrix of shape `(n, columns)`.
        classes: int. How many there are.

    Returns:
        float array of shape `(n, classes)`; 0 for a class without a training row.
    """
    answer = np.zeros((x.shape[0], classes))
    if isinstance(model, int):
        answer[:, model] = 1.0
    else:
        answer[:, model.classes_] = model.predict_proba(x)
    return answer
