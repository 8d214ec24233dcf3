"""Baselines that the user defines: scikit-learn estimators, and functions of a batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from kerakit.checks import check, short_repr
from kerakit.data.tasks import TASKS
from kerakit.errors import ArgumentError, DataError
from kerakit.evaluation.batches import batches
from kerakit.evaluation.checks import check_predictions, check_shape
from kerakit.status import telling

if TYPE_CHECKING:
    from kerakit.data.data import Data
    from kerakit.data.spec import Spec

    Predict = Callable[[Mapping[str, Any]], np.ndarray]

__all__ = ["check_baselines", "fit_custom"]

BUILT_IN = (
    "mean",
    "majority",
    "linear",
    "logistic",
    "gradient_boosting",
    "seasonal_naive",
    "most_frequent_tag",
)


def check_baselines(baselines: Any, spec: Spec) -> tuple[dict[str, Any], frozenset[str]]:
    """Check the `baselines` parameter of `evaluate`.

    Returns:
        `(baselines, without)`: a dict of the user's baselines, and the names of the built-in
        ones that the user leaves out by `None`.

    Raises:
        ArgumentError: when it is not a dict from new names to estimators or functions.
    """
    baselines, without = {} if baselines is None else baselines, set()
    expected = "a dict from name to a scikit-learn estimator or a function of a batch of features"
    check(isinstance(baselines, Mapping), "evaluate", "baselines", expected, baselines)
    for name, baseline in baselines.items():
        check(isinstance(name, str) and name.strip(), "evaluate", "baselines", expected, baselines)
        if name in BUILT_IN and baseline is None:
            without.add(name)
            continue
        if name in ("model", *BUILT_IN):
            raise ArgumentError(
                f"The 'baselines' parameter of evaluate has the name {name!r}, which is the name "
                "of a built-in column of the report. Choose another name, or pass None to leave a "
                "built-in baseline out."
            )
        owner = f"baselines[{short_repr(name)}]"
        if not _is_estimator(baseline):
            expected = "an estimator with fit and predict, or a function of a batch of features"
            check(callable(baseline), "evaluate", owner, expected, baseline)
            continue
        answer = TASKS[spec.task].answer
        if answer not in ("numbers", "forecast", "label"):
            raise ArgumentError(
                f"The {owner} parameter of evaluate is an estimator, which can be a baseline of "
                f"regression, forecasting and classification with one label. The task is "
                f"{spec.task!r}: pass a function of a batch of features that returns an array of "
                "probabilities."
            )
        if answer == "label" and not hasattr(baseline, "predict_proba"):
            raise ArgumentError(
                f"The {owner} parameter of evaluate must have predict_proba, since classifiers are "
                f"compared by their probabilities. Got {short_repr(baseline)} instead. "
                "sklearn.calibration.CalibratedClassifierCV adds it to any classifier."
            )
    return {name: one for name, one in baselines.items() if name not in without}, frozenset(without)


@telling("Fitting the given baselines")
def fit_custom(baselines: Mapping[str, Any], data: Data) -> dict[str, Predict]:
    """Fit the user's estimators on the training split; return all baselines as functions.

    Args:
        baselines: dict from name to estimator or function, checked by `check_baselines`.
        data: `Data`.

    Returns:
        dict from name to a function of a batch of features (dict from name to an array of
        shape `(n, ...)`) that returns predictions in the shape of the model's.

    Raises:
        ArgumentError: when fitting or predicting raises an error.
        DataError: when predictions have another shape than those of the model.
    """
    estimators = {name: one for name, one in baselines.items() if _is_estimator(one)}
    columns = _training_columns(data) if estimators else None
    fitted = {}
    for name, baseline in baselines.items():
        predict = _fit(name, baseline, columns, data.spec) if name in estimators else baseline
        fitted[name] = _checked(name, predict, data.spec)
    return fitted


def _is_estimator(baseline):
    return hasattr(baseline, "fit") and hasattr(baseline, "predict")


def _checked(name, predict, spec):
    """The function of a baseline, with its features as arrays and its predictions checked."""
    source = f"The baseline {short_repr(name)} of evaluate"

    def predict_batch(features):
        features = {key: _array(column) for key, column in features.items()}
        with _Named(source):
            p = np.asarray(predict(features))
        if p.dtype.kind not in "fiub":
            raise DataError(
                f"{source} must predict numbers. Got an array of type {p.dtype} and shape "
                f"{p.shape} instead."
            )
        count = len(next(iter(features.values())))
        if p.shape[:1] != (count,):
            raise DataError(
                f"{source} predicts an array of shape {p.shape} for a batch of {count} rows. "
                f"Expected {count} predictions."
            )
        check_shape((None, *p.shape[1:]), spec, source=source)
        p = p.astype(np.float64)
        if p.ndim == 2 and p.shape[1] == 1 and TASKS[spec.task].answer == "numbers":
            p = p[:, 0]
        if TASKS[spec.task].answer != "tags":  # tokens are checked without the padding
            check_predictions(p, spec, source=source)
        return p

    return predict_batch


def _fit(name, estimator, columns, spec):
    """A function of features from an estimator that is cloned and fitted."""
    from sklearn.base import clone

    x, y = columns
    answer, shape = TASKS[spec.task].answer, y.shape[1:]
    with _Named(f"The baseline {short_repr(name)} of evaluate"):
        model = clone(estimator).fit(x, y.reshape(len(y), -1) if y.ndim > 2 else y)

    def predict(features):
        x = _design(features, spec)
        if answer != "label":
            return np.reshape(model.predict(x), (-1, *shape))
        p = np.zeros((len(x), len(spec.classes)))
        p[:, np.asarray(model.classes_, int)] = model.predict_proba(x)
        return p

    return predict


class _Named:
    """Turn an error of the user's code into an `ArgumentError` that names the baseline."""

    def __init__(self, source):
        self.source = source

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        if isinstance(error, Exception):
            raise ArgumentError(
                f"{self.source} raised {kind.__name__}: {str(error)[:300]}"
            ) from error


def _training_columns(data):
    """The training split as scikit-learn takes it: `(x, y)`."""
    x, y = [], []
    for features, target, *_ in batches(data, "train"):
        x.append({name: _array(column) for name, column in features.items()})
        y.append(np.asarray(target))
    names = data.spec.feature_names
    features = {name: np.concatenate([batch[name] for batch in x]) for name in names}
    return _design(features, data.spec), np.concatenate(y)


def _design(features, spec):
    """Features as scikit-learn takes them: texts, a matrix of numbers, or a data frame."""
    names = spec.feature_names
    if len(names) == 1:
        column = features[names[0]]
        return column if column.dtype == object else column.reshape(len(column), -1)
    columns = {name: features[name] for name in names}
    if all(column.ndim == 1 and column.dtype != object for column in columns.values()):
        return np.stack(list(columns.values()), axis=1)
    try:
        import pandas
    except ModuleNotFoundError as error:
        raise ArgumentError(
            "An estimator in the 'baselines' parameter of evaluate gets columns of numbers and "
            "strings as a pandas.DataFrame, and pandas is not installed. Run pip install pandas, "
            "or pass a function of a batch of features."
        ) from error
    return pandas.DataFrame({name: list(c) if c.ndim > 1 else c for name, c in columns.items()})


def _array(column):
    """A column of a batch as a NumPy array; strings as `str`."""
    column = np.asarray(column)
    if column.dtype.kind not in "SO":
        return column
    texts = [v.decode(errors="replace") if isinstance(v, bytes) else v for v in column.ravel()]
    array = np.empty(column.size, object)
    array[:] = texts
    return array.reshape(column.shape)
