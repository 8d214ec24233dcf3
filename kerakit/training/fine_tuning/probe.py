"""The linear probe: the best linear classifier of frozen features, exactly."""

import warnings

import keras
import numpy as np

__all__ = ["fits_probe", "solve_probe"]

# The variance that the weights of standardised features are expected to have, as in
# scikit-learn's C. Chosen by the log loss of the validation rows; without any, the middle.
STRENGTHS = tuple(10.0 ** (place / 2) for place in range(-6, 2))
WITHOUT_VALIDATION = 10.0**-1.5
ITERATIONS = 300


def fits_probe(head):
    """Whether a head is linear and unpenalised: a convex problem, which has a solver."""
    trained = [layer for layer in head._flatten_layers(include_self=False) if layer.weights]
    trained = [layer for layer in trained if not isinstance(layer, keras.Model)]
    if [layer.name for layer in trained] != ["output"]:
        return False
    return trained[0].kernel_regularizer is None


def solve_probe(head, data, copies=1, class_weights=None):
    """Set the weights of a linear head to those of a penalised logistic regression.

    It is solved by scikit-learn's L-BFGS on standardised features, whose means and
    deviations then go into the weights; no rate and no number of epochs is to be chosen.
    The strength of the penalty is that with the least log loss on the validation rows.

    Args:
        head: `keras.Model` whose only weights are those of `output`.
        data: `Data` of one column of features `(n, width)`.
        copies: int. How often each image is among the training rows. Defaults to `1`.
        class_weights: float array of shape `(classes,)`, or `None`.

    Returns:
        float. The strength, scikit-learn's C.
    """
    train, held = data.table("train"), data.table("validation")
    (values,) = train.features.values()
    values = np.asarray(values)
    mean = values.mean(0, dtype="float64")
    deviation = values.std(0, dtype="float64")
    deviation[deviation < 1e-6 * np.maximum(1, np.abs(mean))] = 1.0
    scaled = ((values - mean) / deviation).astype("float32")
    # Every image counts once, however often it is seen.
    weight = _weights(train, class_weights) / copies
    if held is None:
        strength = WITHOUT_VALIDATION
        _, kernel, bias = next(_path(scaled, train.target, weight, (strength,)))
    else:
        (others,) = held.features.values()
        others = ((np.asarray(others) - mean) / deviation).astype("float32")
        found = []
        for strength, kernel, bias in _path(scaled, train.target, weight, STRENGTHS):
            loss = _log_loss(others @ kernel + bias, held.target, _weights(held, None))
            found.append((loss, strength, kernel, bias))
        _, strength, kernel, bias = min(found, key=lambda entry: entry[0])
    kernel = kernel / deviation[:, None]
    output = next(layer for layer in head._flatten_layers() if layer.name == "output")
    output.kernel.assign(kernel.astype("float32"))
    output.bias.assign((bias - mean @ kernel).astype("float32"))
    return float(strength)


def _path(values, target, weight, strengths):
    """The solutions from the strongest penalty to the weakest, each begun at the last."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(max_iter=ITERATIONS, warm_start=True)
    for strength in strengths:
        model.set_params(C=strength)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(values, target, sample_weight=weight)
        yield strength, model.coef_.T.astype("float64"), model.intercept_.astype("float64")


def _weights(table, class_weights):
    weight = np.ones(len(table)) if table.weight is None else table.weight
    return weight if class_weights is None else weight * np.asarray(class_weights)[table.target]


def _log_loss(scores, target, weight):
    if scores.shape[1] == 1:
        scores = np.concatenate([np.zeros_like(scores), scores], 1)
    scores = scores - scores.max(1, keepdims=True)
    losses = np.log(np.exp(scores).sum(1)) - scores[np.arange(len(target)), target]
    return float(np.average(losses, weights=weight))
