"""Baselines of tables: the mean or the majority class, a linear model and gradient boosting."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

import numpy as np

from kerakit.builders.contract import input_names, preprocess_of
from kerakit.data.data import Data
from kerakit.data.tasks import TASKS
from kerakit.evaluation.baselines.boosting import GRADIENT_BOOSTING, fit_boosting
from kerakit.evaluation.baselines.images import fit_pixels
from kerakit.evaluation.baselines.rows import sample_note, training_rows
from kerakit.evaluation.baselines.series import fit_series
from kerakit.evaluation.baselines.texts import fit_texts
from kerakit.evaluation.batches import split_size
from kerakit.evaluation.inputs import arrange
from kerakit.solvers.logistic import fit_logistic, probabilities
from kerakit.status import telling

if TYPE_CHECKING:
    import keras

    Predict = Callable[[Any], np.ndarray]

__all__ = ["fit_baselines"]

MAX_ROWS = 50_000  # with more rows a linear model changes little, and the fit takes seconds more
# Rows x columns x classes: 26,000 x 110 of two classes took 0.9 s, of seven classes 8.9 s.
MAX_CELLS = 5_000_000
MAX_CATEGORIES = 100  # one-hot columns of one feature; rarer categories have none
_BATCH = 4096

# Functions that fit the linear model where a feature is not a column of a table.
_OTHER_KINDS = {"image": fit_pixels, "text": fit_texts, "sequence": fit_series}


@telling("Fitting the baselines")
def fit_baselines(
    data: Data, model: keras.Model | None = None, without: Collection[str] = ()
) -> tuple[dict[str, Predict], list[str]]:
    """Fit the baselines on the training split.

    A model should beat all of them: a constant (`"mean"` of the target, or the class frequencies,
    whose largest is the `"majority"`), scikit-learn's `LinearRegression` (`"linear"`) or
    `LogisticRegression` (`"logistic"`, C=1) on standardised numbers, one-hot encoded
    categories and the features of dates, and scikit-learn's gradient boosting of trees
    (`"gradient_boosting"`, see `fit_boosting`). For images the linear model gets pixels of small
    images (see `fit_pixels`), for texts TF-IDF (`fit_texts`), for series resampled values
    (`fit_series`). Sample weights are not used.

    Args:
        data: `Data`. The linear model is fitted on a sample of at most 50,000 rows of the
            training split, drawn with the split's seed; fewer where there are many columns.
        model: `keras.Model` or `None`. Where the spec has no statistics, its sub-model
            `preprocess` encodes the columns of a table. Without one only numeric features are
            used, and a missing value is replaced by the mean.
        without: names of baselines that are left out. Defaults to `()`.

    Returns:
        `(baselines, notes)`: a dict from name to a function of a batch of features (dict from
        name to array of shape `(n, ...)`), which returns predictions of shape `(n,)` or
        `(n, targets)`, or probabilities of shape `(n, classes)`; and a list of notes on the fit.
        The linear model is left out where it cannot be fitted, for example where a table has a
        text, or no numeric feature; gradient boosting where there are many columns and classes.

    Reference:
        Pedregosa et al.: Scikit-learn: Machine Learning in Python, JMLR 12, 2011.

    Example:

    >>> from kerakit.data.data import Table
    >>> from kerakit.data.spec import Feature, Spec
    >>> train = Table({"x": np.array([0, 1, 2], "float32")}, np.array([1, 3, 5], "float32"))
    >>> spec = Spec("regression", (Feature("x"),), sizes={"train": 3})
    >>> baselines, notes = fit_baselines(Data(train, None, train, spec))
    >>> baselines["mean"](train.features), baselines["linear"](train.features).round(3)
    (array([3., 3., 3.]), array([1., 3., 5.]))
    """
    spec = data.spec
    constant = "majority" if spec.is_classification else "mean"
    baselines, notes = {constant: lambda: (_constant(data), [])}, []
    other = next((f.kind for f in spec.features if f.kind in _OTHER_KINDS), None)
    if other is not None:
        linear = "logistic" if spec.is_classification else "linear"
        baselines[linear] = lambda: _of_kind(data, other)
    else:
        linear = "logistic" if spec.is_classification else "linear"
        baselines[linear] = lambda: _fit_linear(linear, data, model)
        baselines[GRADIENT_BOOSTING] = lambda: fit_boosting(data)
    fitted = {}
    for name, fit in baselines.items():
        if name not in without:
            predict, found = fit()
            fitted |= {name: predict} if predict else {}
            notes += found
    return fitted, notes


def _of_kind(data, kind):
    predict, note = _OTHER_KINDS[kind](data)
    return predict, [note]


def _fit_linear(name, data, model):
    """The linear model of a table as a function of features, or `None`; and notes on the fit."""
    spec = data.spec
    encode = _encoder(spec, _plain_encoding(model, spec))
    if encode is None:
        return None, []
    rows, target, sampled = training_rows(data, encode, MAX_ROWS)
    design = _Design(rows, np.random.default_rng(spec.seed), _outputs(spec))
    target = target[design.kept]
    total = split_size(data, "train") or len(target)
    predict, note = _linear(spec, design.train, target)
    notes = [note] if note else []
    if predict is None:
        return None, notes
    if sampled or len(target) < total:
        notes.append(sample_note(name, len(target), total, spec.seed))
    return lambda features: predict(design.transform(encode(features))), notes


def _plain_encoding(model, spec):
    """The sub-model that encodes columns for a linear model, without bins and polynomials.

    With hundreds of such columns a linear model would overfit. Where the spec has no
    statistics, or the model no `preprocess`, the `preprocess` of the model is returned.
    """
    preprocess = preprocess_of(model)
    known = all(map(_has_statistics, spec.features))
    if preprocess is None or not known:
        return preprocess
    from kerakit.builders.tables.preprocessing import ColumnOptions, tabular_preprocess

    return tabular_preprocess(spec, ColumnOptions(embedding="auto"))[1]


def _has_statistics(feature):
    if feature.kind == "date":
        return bool(feature.parts)
    if feature.dtype == "string":
        return feature.kind == "categorical" and bool(feature.vocabulary)
    return feature.kind == "numeric" and feature.mean is not None


def _constant(data):
    """The best constant prediction: the mean of the target, or the class frequencies."""
    spec, table = data.spec, data.table("train")
    one_label = TASKS[spec.task].answer == "label"
    known = spec.class_counts if spec.is_classification else spec.target.mean
    if table is None and known:
        answer = np.asarray(known, np.float64)
        total = answer.sum() if one_label else split_size(data, "train")
        answer = answer / total if spec.is_classification else np.squeeze(answer)
    else:
        total, count = 0.0, 0
        for target in _targets(data):
            block = (
                np.bincount(target, minlength=len(spec.classes))
                if one_label
                else target.sum(0, np.float64)
            )
            total, count = total + block, count + len(target)
        answer = total / count
    return lambda features: np.repeat(answer[None], len(next(iter(features.values()))), axis=0)


def _targets(data):
    """The training targets, batch by batch; of a stream without the features."""
    table = data.table("train")
    if table is not None:
        return [table.target]
    stream = data.train.map(lambda features, target, *weight: target).batch(_BATCH)
    return stream.as_numpy_iterator()


def _outputs(spec):
    """The number of columns of weights of the linear model."""
    return TASKS[spec.task].score_count(max(1, len(spec.classes)))


def _encoder(spec, preprocess):
    """A function from a batch of features to a list of 2-D arrays, or `None`."""
    names = input_names(preprocess) if preprocess is not None else None
    if names and set(names) <= set(spec.feature_names):

        def encode(features):
            import keras

            outputs = keras.tree.flatten(preprocess(arrange(preprocess, features), training=False))
            # A sub-model of the user's own may give half floats, which NumPy does not compute with.
            halves = ("float16", "bfloat16")
            outputs = [
                keras.ops.cast(x, "float32")
                if keras.backend.standardize_dtype(x.dtype) in halves
                else x
                for x in outputs
            ]
            outputs = [np.asarray(keras.ops.convert_to_numpy(x)) for x in outputs]
            return [x.reshape(len(x), -1) for x in outputs if x.dtype.kind in "fiub"]

        return encode
    numeric = [feature.name for feature in spec.features if feature.kind == "numeric"]
    if not numeric:
        return None

    def encode_raw(features):
        columns = [np.asarray(features[name], np.float32) for name in numeric]
        return [column.reshape(len(column), -1) for column in columns]

    return encode_raw


class _Design:
    """The matrix of a linear model: one-hot categories and standardised numbers, without NaN."""

    def __init__(self, rows, rng, outputs):
        self.categories = [
            _frequent(column) for block in rows if block.dtype.kind in "iu" for column in block.T
        ]
        width = sum(map(len, self.categories))
        width += sum(block.shape[1] for block in rows if block.dtype.kind not in "iu")
        count = len(rows[0])
        limit = min(count, max(1000, MAX_CELLS // max(1, width * outputs)))
        self.kept = slice(None)
        if limit < count:
            self.kept = np.sort(rng.choice(count, limit, replace=False))
        matrix = self._encode([block[self.kept] for block in rows])
        known = np.isfinite(matrix)
        number = np.maximum(known.sum(axis=0), 1)
        self.mean = np.where(known, matrix, 0).sum(axis=0) / number
        squares = np.where(known, matrix - self.mean, 0) ** 2
        std = np.sqrt(squares.sum(axis=0) / number)
        self.scale = np.where(std > 0, 1 / np.maximum(std, 1e-30), 0.0)
        self.train = self._standardise(matrix)

    def transform(self, rows):
        return self._standardise(self._encode(rows))

    def _encode(self, rows):
        categories, blocks = iter(self.categories), []
        for block in rows:
            if block.dtype.kind in "iu":
                blocks.extend(column[:, None] == next(categories)[None] for column in block.T)
            else:
                blocks.append(block)
        return np.concatenate(blocks, axis=1, dtype=np.float64)

    def _standardise(self, matrix):
        return np.nan_to_num((matrix - self.mean) * self.scale, nan=0.0, posinf=0.0, neginf=0.0)


def _frequent(column):
    ids, counts = np.unique(column, return_counts=True)
    return ids[np.argsort(-counts, kind="stable")[:MAX_CATEGORIES]]


def _linear(spec, x, target):
    """Fit the linear model; return a function of a matrix, and a note or `None`."""
    from sklearn.linear_model import LinearRegression

    if not x.shape[1]:
        return None, None
    answer = TASKS[spec.task].answer
    if answer == "numbers":
        return LinearRegression().fit(x, target.astype(np.float64)).predict, None
    if answer == "labels":
        models = [fit_logistic(x, column) for column in target.T]
        return lambda z: np.stack([probabilities(m, z, 2)[:, 1] for m in models], axis=1), None
    model = fit_logistic(x, target)
    if isinstance(model, int):
        return None, "The logistic baseline was left out: its rows have one class only."
    return lambda z: probabilities(model, z, len(spec.classes)), None
