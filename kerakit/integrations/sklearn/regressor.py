"""`KerakitRegressor`: a regression of kerakit as a scikit-learn estimator."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import RegressorMixin

from kerakit.builders import linear_regressor, mlp_regressor, polynomial_regressor
from kerakit.builders.contract import quantiles_of
from kerakit.integrations.sklearn.estimator import KerakitEstimator
from kerakit.integrations.sklearn.targets import numbers, target_names

__all__ = ["KerakitRegressor"]


class KerakitRegressor(RegressorMixin, KerakitEstimator):
    """A regression with scikit-learn's methods: one number for each row, or several.

    `X` is an array of numbers of shape `(n, features)`, or a DataFrame (pandas, polars, Arrow)
    whose columns hold numbers, booleans, strings or categories. Values may be missing. Numbers
    are standardised and strings are encoded inside the model.

    Args:
        builder: `"mlp"`, `"linear"`, `"polynomial"`, or a function `(spec, **options) ->
            keras.Model` such as `kerakit.mlp_regressor`. A model that the function compiled is
            trained as it is. Defaults to `"mlp"`.
        preset: str or `Preset`, as in `kerakit.compile`. Defaults to `None`: that of the task.
        epochs: int in [1, inf). The most epochs. Defaults to `200`.
        batch_size, learning_rate: as in `kerakit.fit` and `kerakit.compile`. Default to `None`:
            the preset's.
        early_stopping: bool or int, as in `kerakit.fit`. Defaults to `True`.
        validation_fraction: float in [0, 1). Fraction of the rows that is not trained on, for
            early stopping; 0 for none. Defaults to `0.1`.
        random_state: int, `numpy.random.RandomState` or `None`. An int gives the same model in
            every fit. Defaults to `None`.
        precision, cache_mb: as in `kerakit.fit`.
        verbose: `"auto"`, 0, 1 or 2, as in `kerakit.fit`. Defaults to `0`.
        **options: parameters of the builder, such as `hidden=(64, 64)`. They are parameters of
            the estimator too: `GridSearchCV(estimator, {"hidden": [(64,), (128, 64)]})`.

    Attributes:
        model_: the trained `keras.Model`; it takes a dict of raw columns.
        data_spec_: `Spec` of the training rows.
        history_: dict from metric to its value in each epoch.
        n_iter_: int. The epochs that were trained.
        n_features_in_, feature_names_in_: as in scikit-learn.

    Example:

    >>> from sklearn.datasets import load_diabetes
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = KerakitRegressor("linear", random_state=0).fit(X, y)
    >>> model.predict(X).shape
    (442,)
    """

    builders = {
        "mlp": mlp_regressor,
        "linear": linear_regressor,
        "polynomial": polynomial_regressor,
    }

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> KerakitRegressor:
        """Train a new model; return the estimator.

        Args:
            X: array-like of shape `(n, features)`, or a DataFrame.
            y: array-like of numbers of shape `(n,)` or `(n, targets)`.
            sample_weight: array-like of shape `(n,)` of weights in `[0, inf)`: a row of weight 2
                counts as two rows. Defaults to `None`.

        Raises:
            ValueError: when `X`, `y`, a weight or a parameter cannot be used.
        """
        return self._fit(X, y, sample_weight, _target)

    def predict(self, X: Any) -> np.ndarray:
        """Return predictions: float32 of shape `(n,)` or `(n, targets)`, in the units of `y`.

        A model of quantiles predicts its middle one.

        Args:
            X: rows of the columns of `fit`.
        """
        answers = self._answers(X)
        levels = quantiles_of(self.model_)
        if levels is not None:
            return answers[:, len(levels) // 2]
        single = answers.ndim > 1 and len(self.data_spec_.target.names) == 1
        return answers.reshape(len(answers)) if single else answers

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def _more_tags(self):  # scikit-learn 1.5
        return {"multioutput": True}


def _target(y, used, weight):
    values = numbers(y)[used]
    return "regression", values, target_names(y, values[0].size), (), None
