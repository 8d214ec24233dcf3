"""`KerakitClassifier`: a classification of kerakit as a scikit-learn estimator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.class_weight import compute_class_weight

from kerakit.builders import (
    cnn_classifier,
    logistic_classifier,
    mlp_classifier,
    perceptron_classifier,
    sequence_classifier,
    text_classifier,
)
from kerakit.errors import ArgumentError
from kerakit.integrations.sklearn.estimator import KerakitEstimator
from kerakit.integrations.sklearn.targets import class_ids, flags, label_texts, target_names

__all__ = ["KerakitClassifier"]


class KerakitClassifier(ClassifierMixin, KerakitEstimator):
    """A classification with scikit-learn's methods: one label for each row, or several.

    Labels are numbers, strings or booleans; `predict` gives labels of their type. A `y` of shape
    `(n, labels)` of 0 and 1 says which of several labels each row has. `X` is as in
    `KerakitRegressor`. For the builder `"text"` it is a list, array or Series of n strings, for
    `"cnn"` an array of images `(n, height, width, channels)` of uint8, and for `"sequence"` an
    array `(n, steps)` or `(n, steps, channels)`, or a list of n arrays of unequal lengths.

    Args:
        builder: `"mlp"`, `"logistic"`, `"perceptron"`, `"text"`, `"cnn"`, `"sequence"`, or a
            function `(spec, **options) -> keras.Model` such as `kerakit.mlp_classifier`, whose
            model answers the probability of each class. Defaults to `"mlp"`.
        class_weight: `None`, `"balanced"`, or a dict from label to weight, as in scikit-learn.
            Defaults to `None`.
        preset, epochs, batch_size, learning_rate, early_stopping, validation_fraction,
            random_state, precision, cache_mb, verbose, **options: as in `KerakitRegressor`. The
            validation rows have the proportions of the classes.

    Attributes:
        classes_: array of the labels, sorted, in the order of the columns of `predict_proba`; of
            several labels a row the numbers of the columns of `y`.
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
        "text": text_classifier,
        "cnn": cnn_classifier,
        "sequence": sequence_classifier,
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
            X: array-like of shape `(n, features)`, or a DataFrame; texts, images or sequences for
                a builder that takes them.
            y: array-like of labels of shape `(n,)`, or of 0 and 1 of shape `(n, labels)`.
            sample_weight: array-like of shape `(n,)` of weights in `[0, inf)`: a row of weight 2
                counts as two rows. Defaults to `None`.

        Raises:
            ValueError: when `X`, `y`, a weight or a parameter cannot be used.
        """
        return self._fit(X, y, sample_weight, self._target)

    def predict(self, X: Any) -> np.ndarray:
        """Return the most probable label of each row: array of shape `(n,)` of the type of `y`.

        Of several labels a row, an array of shape `(n, labels)` of the type of `y`: 1 where the
        probability is at least 0.5.

        Args:
            X: rows of the columns of `fit`.
        """
        answers = self._answers(X)
        if self.data_spec_.task == "multilabel":
            return (answers >= 0.5).astype(self._label_type)
        return self.classes_[answers.argmax(axis=1)]

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return probabilities: float32 of shape `(n, classes)`, columns as in `classes_`.

        Of several labels a row, each column has the probability of its label.

        Args:
            X: rows of the columns of `fit`.
        """
        return self._answers(X)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def _more_tags(self):  # scikit-learn 1.5
        return {**super()._more_tags(), "multilabel": True}

    def _target(self, y, used, weight):
        several = flags(y)
        if several is not None:
            return self._several(y, several[used])
        names = target_names(y, 1)
        self.classes_, ids = class_ids(y, used, type(self).__name__)
        texts = label_texts(self.classes_)
        task = "binary" if len(texts) == 2 else "multiclass"
        return task, ids, names, texts, self._class_weights(ids, weight)

    def _several(self, y, values):
        count = values.shape[1]
        if self.class_weight is not None:
            raise ArgumentError(
                f"The 'class_weight' parameter of {type(self).__name__} is for one label a row, "
                f"and y has {count} columns of labels. Pass sample_weight= to fit instead."
            )
        self.classes_, self._label_type = np.arange(count), values.dtype
        names = target_names(y, count)
        return "multilabel", values.astype(np.float32), names, names, None

    def _class_weights(self, ids, weight):
        """The weight of each row's class, float64 of shape `(n,)`, or `None`."""
        if self.class_weight is None:
            return None
        if isinstance(self.class_weight, str) and self.class_weight == "balanced":
            counts = np.bincount(ids, weights=weight)
            return (counts.sum() / (len(counts) * counts))[ids]
        labels = self.classes_[ids]
        return compute_class_weight(self.class_weight, classes=self.classes_, y=labels)[ids]
