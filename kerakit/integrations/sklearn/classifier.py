"""`KerakitClassifier`: a classification of kerakit as a scikit-learn estimator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.class_weight import compute_class_weight

from kerakit.builders import logistic_classifier, mlp_classifier, perceptron_classifier
from kerakit.integrations.sklearn.estimator import KerakitEstimator
from kerakit.integrations.sklearn.targets import class_ids, label_texts, target_names

__all__ = ["KerakitClassifier"]


class KerakitClassifier(ClassifierMixin, KerakitEstimator):
    """A classification with scikit-learn's methods: one label for each row.

    Labels are numbers, strings or booleans; `predict` gives labels of their type. `X` is as in
    `KerakitRegressor`.

    Args:
        builder: `"mlp"`, `"logistic"`, `"perceptron"`, or a function `(spec, **options) ->
            keras.Model` such as `kerakit.mlp_classifier`, whose model answers the probability of
            each class. Defaults to `"mlp"`.
        class_weight: `None`, `"balanced"`, or a dict from label to weight, as in scikit-learn.
            Defaults to `None`.
        preset, epochs, batch_size, learning_rate, early_stopping, validation_fraction,
            random_state, precision, cache_mb, verbose, **options: as in `KerakitRegressor`. The
            validation rows have the proportions of the classes.

    Attributes:
        classes_: array of the labels, sorted, in the order of the columns of `predict_proba`.
        model_, data_spec_, history_, n_iter_, n_features_in_, feature_names_in_: as in
            `KerakitRegressor`.

    Example:

    >>> X = [[0.0, "red"], [1.0, "red"], [0.0, "blue"], [1.0, "blue"]] * 5
    >>> y = ["stop", "stop", "go", "go"] * 5
    >>> model = KerakitClassifier("logistic", l2=0.001, random_state=0).fit(X, y)
    >>> model.classes_.tolist(), model.predict(X[:3]).tolist()
    (['go', 'stop'], ['stop', 'stop', 'go'])
    """

    builders = {
        "mlp": mlp_classifier,
        "logistic": logistic_classifier,
        "perceptron": perceptron_classifier,
    }

    def __init__(
        self,
        builder: str | Callable[..., keras.Model] = "mlp",
        *,
        preset: Any = None,
        epochs: int = 200,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        early_stopping: bool | int = True,
        validation_fraction: float = 0.1,
        class_weight: str | Mapping[Any, float] | None = None,
        random_state: Any = None,
        precision: str = "auto",
        cache_mb: int = 512,
        verbose: Any = 0,
        **options: Any,
    ) -> None:
        super().__init__(
            builder,
            preset=preset,
            epochs=epochs,
            batch_size=batch_size,
            learning_rate=learning_rate,
            early_stopping=early_stopping,
            validation_fraction=validation_fraction,
            random_state=random_state,
            precision=precision,
            cache_mb=cache_mb,
            verbose=verbose,
            **options,
        )
        self.class_weight = class_weight

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> KerakitClassifier:
        """Train a new model; return the estimator.

        Args:
            X: array-like of shape `(n, features)`, or a DataFrame.
            y: array-like of labels of shape `(n,)`.
            sample_weight: array-like of shape `(n,)` of weights in `[0, inf)`: a row of weight 2
                counts as two rows. Defaults to `None`.

        Raises:
            ValueError: when `X`, `y`, a weight or a parameter cannot be used.
        """
        return self._fit(X, y, sample_weight, self._target)

    def predict(self, X: Any) -> np.ndarray:
        """Return the most probable label of each row: array of shape `(n,)` of the type of `y`.

        Args:
            X: rows of the columns of `fit`.
        """
        ids = self._answers(X).argmax(axis=1)
        return self.classes_[ids]

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return probabilities: float32 of shape `(n, classes)`, columns as in `classes_`.

        Args:
            X: rows of the columns of `fit`.
        """
        return self._answers(X)

    def _target(self, y, used, weight):
        names = target_names(y, 1)
        self.classes_, ids = class_ids(y, used, type(self).__name__)
        texts = label_texts(self.classes_)
        task = "binary" if len(texts) == 2 else "multiclass"
        return task, ids, names, texts, self._class_weights(ids, weight)

    def _class_weights(self, ids, weight):
        """The weight of each row's class, float64 of shape `(n,)`, or `None`."""
        if self.class_weight is None:
            return None
        if isinstance(self.class_weight, str) and self.class_weight == "balanced":
            counts = np.bincount(ids, weights=weight)
            return (counts.sum() / (len(counts) * counts))[ids]
        labels = self.classes_[ids]
        return compute_class_weight(self.class_weight, classes=self.classes_, y=labels)[ids]
