"""Simple models that a result must be seen beside: the mean or majority, and a linear one."""

import numpy as np

from kerakit.builders.contract import input_names, preprocess_of
from kerakit.data.data import Data
from kerakit.evaluation.baselines.images import fit_pixels
from kerakit.evaluation.baselines.series import fit_series
from kerakit.evaluation.baselines.texts import fit_texts
from kerakit.evaluation.batches import split_size
from kerakit.evaluation.inputs import arrange
from kerakit.solvers.logistic import fit_logistic, probabilities

__all__ = ["fit_baselines"]

MAX_ROWS = 50_000  # a linear model changes little beyond; fitting costs seconds more
# Rows x columns x classes: 26,000 x 110 of two classes took 0.9 s, of seven classes 8.9 s.
MAX_CELLS = 5_000_000
MAX_CATEGORIES = 100  # one-hot columns of one category; rarer ids share "none of them"
_BATCH = 4096


# What stands for the linear model where a feature is no column of a table.
_OTHER_KINDS = {"image": fit_pixels, "text": fit_texts, "sequence": fit_series}


def fit_baselines(data, model=None):
    """Fit the baselines on the training split and return them as functions.

    A model is worth its cost only where it beats both: a constant answer (`"mean"` of the
    target, or the class frequencies, whose largest is the `"majority"`), and scikit-learn's
    `LinearRegression` (`"linear"`) or `LogisticRegression` (`"logistic"`, C=1) on the same
    columns that the network sees: standardised, categories one-hot encoded. Of images it
    gets few, averaged pixels (see `fit_pixels`), of texts weighted words (`fit_texts`), of
    series as many values of each (`fit_series`). Sample weights are not used.

    Args:
        data: `Data`. Of the training split at most 50,000 rows are used for the linear
            model, drawn with the split's seed; fewer where the inputs are wide.
        model: `keras.Model` or `None`. With a sub-model `preprocess` (or itself of that
            name), raw features in and numbers out, it says how the columns of a table are
            encoded where their statistics do not. Without one these are the numeric
            features, a missing value replaced by the mean.

    Returns:
        `(baselines, notes)`: dict from name to a function of a batch of features (dict
        from name to array of `(n, ...)`) that returns what the model would: `(n,)` or
        `(n, targets)` for numbers, `(n, classes)` probabilities; and a list of sentences
        on how the fit differs from the plain case. The linear model is left out where it
        makes no sense, such as texts beside numbers, or no numeric feature.

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
    baselines, notes = {constant: _constant(data)}, []
    other = next((f.kind for f in spec.features if f.kind in _OTHER_KINDS), None)
    if other is not None:
        predict, note = _OTHER_KINDS[other](data)
        return baselines | ({"logistic": predict} if predict else {}), [note]
    encode = _encoder(spec, _plain_encoding(model, spec))
    if encode is not None:
        rows, target, sampled = _training_rows(data, encode)
        design = _Design(rows, np.random.default_rng(spec.seed), _outputs(spec))
        target = target[design.kept]
        total = split_size(data, "train") or len(target)
        predict, note = _linear(spec, design.train, target)
        notes.extend([note] if note else [])
        if predict is not None:
            name = "logistic" if spec.is_classification else "linear"
            baselines[name] = lambda features: predict(design.transform(encode(features)))
            if sampled or len(target) < total:
                notes.append(
                    f"The {name} baseline was fitted on {len(target):,} of {total:,} training "
                    f"rows, drawn with seed {spec.seed}."
                )
    return baselines, notes


def _plain_encoding(model, spec):
    """The columns as a linear model takes them: no bins or polynomials, which would overfit it.

    A model without a `preprocess`, or data without statistics, gives what it has.
    """
    preprocess = preprocess_of(model)
    known = all(
        feature.kind == "categorical" and feature.vocabulary
        if feature.dtype == "string"
        else feature.kind == "numeric" and feature.mean is not None
        for feature in spec.features
    )
    if preprocess is None or not known:
        return preprocess
    from kerakit.builders.tables.preprocessing import Encoding, tabular_preprocess

    return tabular_preprocess(spec, Encoding(embedding="auto"))[1]


def _constant(data):
    """The constant answer that is best without features: the mean, or the frequencies."""
    spec, table = data.spec, data.table("train")
    labels = spec.is_classification and spec.task != "multilabel"
    known = spec.class_counts if spec.is_classification else spec.target.mean
    if table is None and known:
        answer = np.asarray(known, np.float64)
        total = answer.sum() if labels else split_size(data, "train")
        answer = answer / total if spec.is_classification else np.squeeze(answer)
    else:
        total, count = 0.0, 0
        for target in _targets(data):
            part = (
                np.bincount(target, minlength=len(spec.classes))
                if labels
                else target.sum(0, np.float64)
            )
            total, count = total + part, count + len(target)
        answer = total / count
    return lambda features: np.repeat(answer[None], len(next(iter(features.values()))), axis=0)


def _targets(data):
    """The training targets, batch by batch; of a stream without its features."""
    table = data.table("train")
    if table is not None:
        return [table.target]
    stream = data.train.map(lambda features, target, *weight: target).batch(_BATCH)
    return stream.as_numpy_iterator()


def _outputs(spec):
    return max(1, len(spec.classes)) if spec.task != "binary" else 1


def _encoder(spec, preprocess):
    """A function from a batch of features to a list of 2-D arrays, or `None` without one."""
    names = input_names(preprocess) if preprocess is not None else None
    if names and set(names) <= set(spec.feature_names):

        def encode(features):
            import keras

            outputs = keras.tree.flatten(preprocess(arrange(preprocess, features), training=False))
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


def _training_rows(data, encode):
    """Encoded training rows (a list of arrays), their targets, and whether rows were left."""
    rng, total = np.random.default_rng(data.spec.seed), split_size(data, "train")
    table = data.table("train")
    if table is not None and total > MAX_ROWS:
        table = table.take(np.sort(rng.choice(total, MAX_ROWS, replace=False)))
    if table is not None:
        data, share = Data(table, None, None, data.spec), 1.0
    else:
        share = min(1.0, MAX_ROWS / total) if total else 1.0
    parts, targets, count = [], [], 0
    for batch in data.batches("train", _BATCH):
        target = np.asarray(batch[1])
        chosen = rng.random(len(target)) < share
        parts.append([part[chosen] for part in encode(batch[0])])
        targets.append(target[chosen])
        count += int(chosen.sum())
        if count >= MAX_ROWS:
            break
    rows = [np.concatenate(column)[:MAX_ROWS] for column in zip(*parts, strict=True)]
    return rows, np.concatenate(targets)[:MAX_ROWS], count > MAX_ROWS


class _Design:
    """The matrix of a linear model: one-hot ids and standardised numbers, no NaN."""

    def __init__(self, rows, rng, outputs):
        self.categories = [
            _frequent(column) for part in rows if part.dtype.kind in "iu" for column in part.T
        ]
        width = sum(map(len, self.categories))
        width += sum(part.shape[1] for part in rows if part.dtype.kind not in "iu")
        count = len(rows[0])
        limit = min(count, max(1000, MAX_CELLS // max(1, width * outputs)))
        self.kept = slice(None)
        if limit < count:
            self.kept = np.sort(rng.choice(count, limit, replace=False))
        matrix = self._encode([part[self.kept] for part in rows])
        known = np.isfinite(matrix)
        number = np.maximum(known.sum(axis=0), 1)
        self.mean = np.where(known, matrix, 0).sum(axis=0) / number
        squares = np.where(known, matrix - self.mean, 0) ** 2
        deviation = np.sqrt(squares.sum(axis=0) / number)
        self.scale = np.where(deviation > 0, 1 / np.maximum(deviation, 1e-30), 0.0)
        self.train = self._standardise(matrix)

    def transform(self, rows):
        return self._standardise(self._encode(rows))

    def _encode(self, rows):
        categories, parts = iter(self.categories), []
        for part in rows:
            if part.dtype.kind in "iu":
                parts.extend(column[:, None] == next(categories)[None] for column in part.T)
            else:
                parts.append(part)
        return np.concatenate(parts, axis=1, dtype=np.float64)

    def _standardise(self, matrix):
        return np.nan_to_num((matrix - self.mean) * self.scale, nan=0.0, posinf=0.0, neginf=0.0)


def _frequent(column):
    ids, counts = np.unique(column, return_counts=True)
    return ids[np.argsort(-counts, kind="stable")[:MAX_CATEGORIES]]


def _linear(spec, x, target):
    """Fit the linear model; return its function of a matrix, and a note or `None`."""
    from sklearn.linear_model import LinearRegression

    if not x.shape[1]:
        return None, None
    if spec.task == "regression":
        return LinearRegression().fit(x, target.astype(np.float64)).predict, None
    if spec.task == "multilabel":
        models = [fit_logistic(x, column) for column in target.T]
        return lambda z: np.stack([probabilities(m, z, 2)[:, 1] for m in models], axis=1), None
    model = fit_logistic(x, target)
    if isinstance(model, int):
        return None, "The logistic baseline was left out: its rows hold one class only."
    return lambda z: probabilities(model, z, len(spec.classes)), None
