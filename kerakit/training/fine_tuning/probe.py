"""The linear probe: the best linear classifier of frozen features, exactly."""

import warnings

import numpy as np

from kerakit.builders.contract import is_convex, output_of

__all__ = ["chosen_strength", "fits_probe", "solve_probe"]

# The variance that the weights of scaled features are expected to have: scikit-learn's C, from the
# strongest penalty to the weakest.
STRENGTHS = tuple(10.0 ** (place / 2) for place in range(-6, 2))
FOLDS = 5
FEW = 5_000  # rows up to which the strength is cross-validated
UNCHOSEN = 10.0**-1.5  # the strength for classes of a single row, which cannot be folded
ITERATIONS = 300
# Numbers up to which one thread solves it: more wait for each other, for ten times the CPU time.
SMALL = 10_000_000


def fits_probe(head):
    """Whether a head is linear and unpenalised: a convex problem, which has a solver."""
    return is_convex(head) and output_of(head).kernel_regularizer is None


def chosen_strength(train, held=None, class_weights=None, seed=0):
    """Return the strength with the least log loss on rows that were not fitted, a float.

    Up to `FEW` training rows these are the folds of a cross-validation, of which there are
    more than in a validation split; beyond, the validation rows, or a fifth of the training
    rows where there are none.

    Args:
        train, held: `Table`s of one column of features `(n, width)`; `held` may be `None`.
        class_weights: float array of shape `(classes,)`, or `None`.
        seed: int. Of the folds. Defaults to `0`.
    """
    from sklearn.model_selection import StratifiedKFold

    values, target, weight = _rows(train, class_weights)
    if len(target) > FEW and held is not None:
        splits = [((values, target, weight), _rows(held, None))]
    else:
        folds = min(FOLDS, np.unique(target, return_counts=True)[1].min())
        if folds < 2:
            return UNCHOSEN
        cut = StratifiedKFold(folds, shuffle=True, random_state=seed).split(values, target)
        cut = list(cut)[: 1 if len(target) > FEW else folds]
        splits = [[[part[place] for part in (values, target, weight)] for place in s] for s in cut]
    losses = np.zeros(len(STRENGTHS))
    for fitted, (others, classes, own) in splits:
        for place, (kernel, bias) in enumerate(_path(*fitted, STRENGTHS)):
            losses[place] += _log_loss(others @ kernel + bias, classes, own)
    return STRENGTHS[int(losses.argmin())]


def solve_probe(head, tables, strength, class_weights=None):
    """Set the weights of a linear head to those of a penalised logistic regression.

    It is solved by scikit-learn's L-BFGS on scaled features, and means and scales then go into
    the weights; no rate and no number of epochs is to be chosen. The scale of a feature is the
    square root of its deviation (Pareto scaling: van den Berg et al. 2006,
    doi:10.1186/1471-2164-7-142). Divided by the deviation itself, features that hardly ever
    respond would weigh as much as any other; `tests/benchmarks/fine_tuning_choices.py` compares.

    Args:
        head: `keras.Model` whose only weights are those of `output`.
        tables: list of `Table`s of one column of features `(n, width)`.
        strength: float. scikit-learn's C.
        class_weights: float array of shape `(classes,)`, or `None`.
    """
    parts = zip(*(_rows(table, class_weights) for table in tables), strict=True)
    ((kernel, bias),) = _path(*map(np.concatenate, parts), (strength,))
    output = output_of(head)
    output.kernel.assign(kernel.astype("float32"))
    output.bias.assign(bias.astype("float32"))


def _path(values, target, weight, strengths):
    """Yield kernel and bias for raw features by strength, each begun at the one before."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    mean, scale = values.mean(0, dtype="float64"), _pareto_scale(values)
    values = ((values - mean) / scale).astype("float32")
    model = LogisticRegression(max_iter=ITERATIONS, warm_start=True)
    for strength in strengths:
        model.set_params(C=strength)
        threads = threadpool_limits(1 if values.size <= SMALL else None)
        with threads, warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(values, target, sample_weight=weight)
        kernel = model.coef_.T.astype("float64") / scale[:, None]
        yield kernel, model.intercept_.astype("float64") - mean @ kernel


def _pareto_scale(values):
    """What to divide each column by: the square root of its deviation times the common one.

    So columns that have the same deviation come out with a deviation of 1.
    """
    deviation = values.std(0, dtype="float64")
    alive = deviation > 1e-6 * np.maximum(1, np.abs(values.mean(0, dtype="float64")))
    common = np.sqrt(np.mean(np.square(deviation[alive]))) if alive.any() else 1.0
    return np.sqrt(np.where(alive, deviation, common) * common)


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
