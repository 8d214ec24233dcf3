"""The step that a convex loss allows, from the rows themselves."""

import numpy as np

__all__ = ["safe_learning_rate"]


def safe_learning_rate(values, kind, outputs, l2=0.0, weight=None):
    """Return one over the largest curvature of a linear model's loss.

    Steps of this length never overshoot (Nesterov 2004, Introductory Lectures on Convex
    Optimization, section 1.2.3). The curvature is that of the second-moment matrix of the
    rows, with a 1 for the bias, times the bound of the loss's second derivative: 2 for a
    squared error, 1/4 for a logistic loss, 1/2 for a softmax.

    Args:
        values: array of shape `(n, width)`. What the last layer takes.
        kind: the `head` of a `Task`: `"linear"`, `"sigmoid"`, `"logistic"` or `"softmax"`.
        outputs: int. Numbers or labels whose errors the loss averages; 1 for one label.
        l2: float. The penalty's factor.
        weight: array of shape `(n,)`, or `None`. Sample weights.

    Example:

    >>> safe_learning_rate(np.array([[1.0], [-1.0]]), "linear", outputs=1)  # moments: identity
    0.5
    """
    values = np.asarray(values, "float64")
    rows = np.concatenate([values, np.ones((len(values), 1))], axis=1)
    weighted = rows if weight is None else rows * np.asarray(weight, "float64")[:, None]
    largest = np.linalg.eigvalsh(weighted.T @ rows / len(rows))[-1]
    bound = {"linear": 2.0, "sigmoid": 0.25, "logistic": 0.25, "softmax": 0.5}[kind] / outputs
    return float(1.0 / (bound * largest + 2.0 * l2))
