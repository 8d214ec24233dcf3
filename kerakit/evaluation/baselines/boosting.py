"""The baseline of gradient boosting: scikit-learn's, at its defaults, on the raw columns."""

from __future__ import annotations

import collections
import contextlib
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from kerakit.data.columns.dates import numbers_of
from kerakit.data.data import Data
from kerakit.data.tasks import TASKS
from kerakit.evaluation.baselines.rows import sample_note, training_rows
from kerakit.evaluation.batches import split_size

if TYPE_CHECKING:
    from kerakit.data.spec import Feature

    Predict = Callable[[Mapping[str, Any]], np.ndarray]

__all__ = ["GRADIENT_BOOSTING", "fit_boosting"]

GRADIENT_BOOSTING = "gradient_boosting"

# Rows x columns x classes (or targets, or labels). With one thread 50,000 x 100 took 4.4 s.
MAX_CELLS = 5_000_000
# Trees have a cost for each column and class even where there are few rows: 0.01 s from 400 rows
# on, 0.02 s at 9,000. With more columns x classes than this, and than a fiftieth of the rows
# above it, the fit would take a good part of the time that the network takes.
MAX_COLUMNS = 200
ROWS_PER_COLUMN = 50
MIN_ROWS = 1_000  # of a sample
_MAX_CATEGORIES = 255  # that a column of scikit-learn can have
_STOPS_EARLY_FROM = 10_000  # rows above which scikit-learn splits off a tenth, class by class
_MIN_LEAF = 20  # scikit-learn's default: fewer known values make no split
_PARTS = ("days", "year", "month", "weekday", "hour")
_NUMBERS = ("days", "year")


def fit_boosting(data: Data) -> tuple[Predict | None, list[str]]:
    """Fit `HistGradientBoostingRegressor` or `HistGradientBoostingClassifier` on training rows.

    All parameters have the defaults of scikit-learn, and the seed is that of the split. Numbers
    are passed as they are, with NaN where they are missing. Categories are categories: the 255
    most frequent ones of a column; rarer and unknown ones count as missing, as do empty strings.
    A date is its days, year, month, weekday and hour. Each of several targets and labels has a
    model of its own. It runs in one thread, since on a shared machine several cost many times
    the CPU time.

    Args:
        data: `Data` of numbers, categories and dates.

    Returns:
        `(predict, notes)`: a function of a batch of features (dict from name to array of shape
        `(n, ...)`), which returns predictions of shape `(n,)` or `(n, targets)`, or
        probabilities of shape `(n, classes)`; and a list of notes. The function is `None` for
        rows of one class, and where the number of columns times that of classes (targets,
        labels) is above 200 plus a fiftieth of the training rows. With more than 5,000,000
        rows x columns x classes a sample of the rows is used.

    Reference:
        Ke et al.: LightGBM: A Highly Efficient Gradient Boosting Decision Tree, NeurIPS 2017,
        which scikit-learn's implementation follows.

    Example:

    >>> from kerakit.data.data import Table
    >>> from kerakit.data.spec import Feature, Spec
    >>> x = np.arange(100, dtype="float32")
    >>> train = Table({"x": x}, np.where(x > 50, 7, 2).astype("float32"))
    >>> predict, notes = fit_boosting(Data(train, None, train, Spec("regression", (Feature("x"),))))
    >>> predict({"x": np.float32([10, 90, np.nan])}).round(1)
    array([2., 7., 2.])
    """
    spec = data.spec
    answer, outputs = TASKS[spec.task].answer, _outputs(spec)
    width = outputs * sum(map(_width, spec.features))
    total = split_size(data, "train") or 0
    if width > MAX_COLUMNS + total // ROWS_PER_COLUMN:
        counted = f" x {outputs:,} classes or targets" if outputs > 1 else ""
        return None, [
            f"The {GRADIENT_BOOSTING} baseline was left out: {width // outputs:,} columns{counted} "
            f"on {total:,} training rows would take long."
        ]
    limit = max(MIN_ROWS, MAX_CELLS // max(1, width))
    rows, target, _ = training_rows(data, lambda batch: _raw(batch, spec), limit)
    if answer == "label" and target.min() == target.max():
        return None, [
            f"The {GRADIENT_BOOSTING} baseline was left out: its rows have one class only."
        ]
    columns = [_Column(f, block) for f, block in zip(spec.features, rows, strict=True)]
    kinds = np.concatenate([column.categorical for column in columns])
    x = _matrix(columns, rows)
    # scikit-learn fails where no row that it bins has a value. It bins 200,000 at most.
    x[:, np.isfinite(x).sum(axis=0) < max(_MIN_LEAF, len(x) / 10_000)] = 0.0
    with _one_thread():
        models = [
            _fit(x, one, kinds, spec)
            for one in (target.reshape(len(target), -1).T if answer != "label" else [target])
        ]

    def predict(features):
        x = _matrix(columns, _raw(features, spec))
        with _one_thread():
            return _answer(models, x, spec)

    notes = []
    if len(target) < total:
        notes.append(sample_note(GRADIENT_BOOSTING, len(target), total, spec.seed))
    return predict, notes


@contextlib.contextmanager
def _one_thread():
    """One thread, and no count of the processor's cores by scikit-learn, which starts a process."""
    from threadpoolctl import threadpool_limits

    name = "OMP_NUM_THREADS"
    given = os.environ.get(name)
    os.environ[name] = given or "1"
    try:
        with threadpool_limits(1, user_api="openmp"):
            yield
    finally:
        if given is None:
            del os.environ[name]


def _outputs(spec):
    """How many sets of trees there are: one for each class of several, target or label."""
    if spec.is_classification:
        return TASKS[spec.task].score_count(max(1, len(spec.classes)))
    return len(spec.target.names)


def _width(feature):
    return len(feature.parts or _PARTS) if feature.kind == "date" else feature.size


def _fit(x, target, kinds, spec):
    """A fitted model; for labels of one value the value."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    options = {"categorical_features": kinds, "random_state": spec.seed % 2**32}
    if not spec.is_classification:
        return HistGradientBoostingRegressor(**options).fit(x, target.astype(np.float64))
    target = target.astype(np.int64)
    ids, counts = np.unique(target, return_counts=True)
    if len(ids) == 1:
        return int(ids[0])
    if len(target) > _STOPS_EARLY_FROM and counts.min() < 2:  # no row of it to split off
        options["early_stopping"] = False
    return HistGradientBoostingClassifier(**options).fit(x, target)


def _answer(models, x, spec):
    answer = TASKS[spec.task].answer
    if answer == "numbers":
        p = np.stack([model.predict(x) for model in models], axis=1)
        return p if len(spec.target.names) > 1 else p[:, 0]
    if answer == "labels":
        columns = [
            np.full(len(x), float(model))
            if isinstance(model, int)
            else model.predict_proba(x)[:, 1]
            for model in models
        ]
        return np.stack(columns, axis=1)
    p = np.zeros((len(x), len(spec.classes)))
    p[:, models[0].classes_] = models[0].predict_proba(x)
    return p


def _raw(batch, spec):
    """The columns of a batch as arrays: float32, or object arrays of `str`."""
    found = []
    for feature in spec.features:
        column = np.asarray(batch[feature.name])
        if column.dtype.kind in "SO":
            column = np.array(
                [v.decode(errors="replace") if isinstance(v, bytes) else v for v in column], object
            )
        found.append(column)
    return found


class _Column:
    """How a feature becomes columns of numbers, and which of these are categories."""

    def __init__(self, feature: Feature, values: np.ndarray):
        self.kind = feature.kind
        self.codes, self.parts = {}, ()
        if feature.kind == "date":
            self.parts = tuple(part.name for part in feature.parts) or _PARTS
            self.categorical = [part not in _NUMBERS for part in self.parts]
        elif feature.kind == "categorical":
            counted = collections.Counter(values.tolist())
            counted.pop("", None)  # missing
            frequent = [value for value, _ in counted.most_common(_MAX_CATEGORIES)]
            self.codes = {value: float(code) for code, value in enumerate(frequent)}
            self.categorical = [True]
        else:
            self.categorical = [False] * feature.size

    def encode(self, values: np.ndarray) -> np.ndarray:
        """Return a float array of shape `(n, columns)`, NaN where a value is missing."""
        if self.kind == "date":
            return self._dates(values)
        if self.kind == "categorical":
            found = [self.codes.get(value, np.nan) for value in values.tolist()]
            return np.array(found, np.float64)[:, None]
        x = values.reshape(len(values), -1).astype(np.float64)
        return np.where(np.isfinite(x), x, np.nan)

    def _dates(self, values):
        read = numbers_of(values)
        numbers = {
            "days": read.days + read.seconds / 86_400,
            "year": read.year,
            "month": read.month,
            "weekday": read.weekday,
            "hour": read.hour,
        }
        x = np.stack([np.asarray(numbers[part], np.float64) for part in self.parts], axis=1)
        return np.where(np.asarray(read.valid)[:, None], x, np.nan)


def _matrix(columns, rows):
    blocks = [column.encode(block) for column, block in zip(columns, rows, strict=True)]
    return np.concatenate(blocks, axis=1)
