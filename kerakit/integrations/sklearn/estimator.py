"""What the regressor and the classifier share: parameters, training, prediction, export."""

from __future__ import annotations

import gc
import itertools
import os
import pathlib
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import keras
import numpy as np
import tensorflow as tf
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from kerakit.evaluation.batches import rows_per_batch
from kerakit.integrations.sklearn.advice import advice_for_estimators
from kerakit.integrations.sklearn.features import frame_or_array, read_features
from kerakit.integrations.sklearn.targets import row_weights
from kerakit.integrations.sklearn.training import (
    Rows,
    build,
    builder_function,
    training_data,
    unknown_options,
)
from kerakit.integrations.sklearn.whole import WholeReader, kind_of_rows, read_whole
from kerakit.presets import compile as compile_model
from kerakit.serving import export
from kerakit.serving.exporting.examples import GOLDEN_ROWS
from kerakit.training import fit

try:
    from sklearn.utils.validation import validate_data
except ImportError:  # scikit-learn 1.5

    def validate_data(estimator, X, y="no_validation", *, reset, skip_check_array):
        return estimator._validate_data(X, y, reset=reset, cast_to_ndarray=False)


__all__ = ["KerakitEstimator"]

ROWS_AT_A_TIME = 16_384  # of a prediction, which bounds the memory

# Models and graphs are circles of objects: only the garbage collector frees them, and with the
# objects of TensorFlow around it runs too rarely. It takes 0.2 s.
_FITS, _COLLECT_EVERY = itertools.count(1), 8


class KerakitEstimator(BaseEstimator):
    """A builder, a preset and `fit` behind scikit-learn's `fit` and `predict`."""

    builders: ClassVar[Mapping[str, Callable[..., keras.Model]]] = {}

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
        random_state: Any = None,
        precision: str = "auto",
        cache_mb: int = 512,
        verbose: Any = 0,
        **options: Any,
    ) -> None:
        self.builder = builder
        self.preset = preset
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.random_state = random_state
        self.precision = precision
        self.cache_mb = cache_mb
        self.verbose = verbose
        self._options = options

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters, those of the builder among them.

        Args:
            deep: bool. As in scikit-learn; kerakit's estimators hold no other estimators.
        """
        return {**super().get_params(deep), **self._options}

    def set_params(self, **params: Any) -> KerakitEstimator:
        """Set parameters, those of the builder among them; return the estimator.

        Raises:
            ValueError: when neither the estimator nor its builder has a parameter.
        """
        own = set(self._get_param_names())
        options = {name: value for name, value in params.items() if name not in own}
        builder = params.get("builder", self.builder)
        builder = self.builders.get(builder) if isinstance(builder, str) else builder
        if callable(builder):
            for name, hint in unknown_options(builder, options).items():
                raise ValueError(
                    f"Invalid parameter {name!r} for estimator {self}.{hint} Valid parameters are "
                    f"those of {type(self).__name__} and of its builder {builder.__name__}."
                )
        super().set_params(**{name: params[name] for name in params if name in own})
        self._options = {**self._options, **options}
        return self

    def export(
        self,
        model_dir: str | os.PathLike[str],
        *,
        version: int | None = None,
        verify: bool = True,
    ) -> pathlib.Path:
        """Export the fitted model for TensorFlow Serving; see `kerakit.export`.

        A classifier answers labels as strings.

        Args:
            model_dir: path of the model's folder.
            version: int, or `None` for the highest existing version + 1. Defaults to `None`.
            verify: bool. Whether a fresh process checks the export. Defaults to `True`.

        Returns:
            `pathlib.Path` of the version's folder, absolute.

        Raises:
            NotFittedError: before `fit`.
            ExportError: when the export does not answer as the model does.
        """
        check_is_fitted(self)
        return export(
            self.model_,
            self.data_spec_,
            model_dir,
            examples=self._examples,
            version=version,
            verify=verify,
        )

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "model_")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        return tags

    def _more_tags(self):  # scikit-learn 1.5
        return {"allow_nan": True, "X_types": ["2darray", "string"]}

    @advice_for_estimators()
    def _fit(self, X, y, sample_weight, read_target):
        """Check the rows, build the model and train it.

        `read_target(y, used, weight)` returns `(task, target, target names, labels, class
        weights)` of the rows that `used` selects.
        A row of weight 0 is left out, as if it were not there.
        """
        owner = type(self).__name__
        if next(_FITS) % _COLLECT_EVERY == 0:
            gc.collect()
        function = builder_function(self.builder, self.builders, owner)
        kind = kind_of_rows(X, function, self.builders, owner)
        if kind is None:
            table = frame_or_array(X)
            validate_data(self, X, y, reset=True, skip_check_array=True)
            reader, features = read_features(table, owner)
        else:
            _forget_columns(self)
            reader, features = read_whole(X, kind, owner)
        check_consistent_length(X, y)
        weight = row_weights(sample_weight, X)
        used = slice(None) if weight is None else np.flatnonzero(weight)
        weight = None if weight is None else weight[used]
        task, target, names, labels, class_weight = read_target(y, used, weight)
        kinds = getattr(reader, "kinds", {})
        rows = Rows(
            task=task,
            columns={name: column for column, name in reader.inputs.items()},
            kinds={reader.inputs[column]: kind for column, kind in kinds.items()},
            features={name: values[used] for name, values in features.items()},
            target=target,
            target_names=names,
            describe=getattr(reader, "describe", None),
            classes=labels,
            weight=weight,
            class_weight=class_weight,
        )
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        data = training_data(rows, owner, self.validation_fraction, seed)
        model = build(function, data.spec, self._options, owner, seed)
        if not model.compiled or self.preset is not None or self.learning_rate is not None:
            compile_model(model, self.preset, learning_rate=self.learning_rate)
        history = fit(
            model,
            data,
            epochs=self.epochs,
            batch_size=self.batch_size,
            early_stopping=self.early_stopping,
            precision=self.precision,
            verbose=self.verbose,
            seed=seed,
            cache_mb=self.cache_mb,
        )
        self.model_, self.data_spec_ = model, data.spec
        self.history_ = history.history
        self.n_iter_ = len(history.epoch)
        self._reader = reader
        self._examples = data.table("train").take(slice(GOLDEN_ROWS)).features
        return self

    @advice_for_estimators()
    def _answers(self, X):
        """What the model answers: array of shape `(n,)` or `(n, width)`."""
        check_is_fitted(self)
        if isinstance(self._reader, WholeReader):
            features, size = self._reader.read(X), rows_per_batch(self.data_spec_)
        else:
            table = frame_or_array(X)
            validate_data(self, X, reset=False, skip_check_array=True)
            features, size = self._reader.read(table), ROWS_AT_A_TIME
        model = self.model_
        by_name = not isinstance(model, keras.Sequential) and isinstance(model.input, dict)
        rows = len(next(iter(features.values())))
        answers = []
        # Called rather than `predict`, which would trace a graph for every model.
        for start in range(0, rows, size):
            part = slice(start, start + size)
            batch = {name: tf.constant(values[part]) for name, values in features.items()}
            single = len(batch) == 1 and not by_name
            batch = next(iter(batch.values())) if single else batch
            answers.append(np.asarray(model(batch, training=False)))
        return np.concatenate(answers)


def _forget_columns(estimator):
    """Remove what an earlier fit knew of columns."""
    for name in ("n_features_in_", "feature_names_in_"):
        vars(estimator).pop(name, None)
