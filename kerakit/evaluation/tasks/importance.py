"""Permutation importance: how much worse a model predicts without what one column says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from kerakit.evaluation.batches import batches, rows_per_batch
from kerakit.evaluation.tasks.predictions import predict_batch
from kerakit.status import telling

if TYPE_CHECKING:
    import keras

    from kerakit.data.data import Data
    from kerakit.data.spec import Spec

    Loss = Callable[[np.ndarray, np.ndarray], float]

__all__ = ["measure_importance"]

MAX_ROWS = 2_000  # test rows; the increase of the loss is then known to some per cent
REPEATS = 5  # shuffles of a column, as in scikit-learn
# Values (rows x columns) that are predicted from in all. With many columns fewer rows are used,
# down to `MIN_ROWS`, then fewer columns are measured. A million values take `mlp_regressor` 0.6
# to 1 s of CPU time. Training on 640 rows of 100 columns for 200 epochs is worth 38 million.
MAX_VALUES = 3_000_000
MIN_ROWS = 200
MAX_COLUMNS = 300  # of a table; with more, nothing is measured
_KINDS = {"numeric", "categorical", "date"}


@telling("Measuring the importance of the columns")
def measure_importance(
    model: keras.Model,
    data: Data,
    y: np.ndarray,
    p: np.ndarray,
    measure: tuple[str, Loss],
    quantiles: Any = None,
) -> tuple[dict[str, Any], list[str]]:
    """Measure how much the loss on test rows increases when one column is shuffled among them.

    The values of a column, raw as the user sees them, are exchanged between rows at random, five
    times, and the model predicts again. At most 2,000 test rows are used (a seeded sample). From
    18 columns on there are fewer rows (666 for 30 columns, 200 for 55), and from 55 columns on
    only the columns are measured whose shuffling changes the predictions of some rows most (30
    of 100 columns, 10 of 300): rows x columns x shuffles x measured columns is at most 3,000,000.

    Args:
        model: `keras.Model`.
        data: `Data`.
        y, p: arrays, first axis `n`. Targets and predictions of all test rows.
        measure: the name of the loss, and a function of targets and predictions.
        quantiles: tuple of floats or `None`. Levels of a quantile regressor.

    Returns:
        `(importance, notes)`: a dict as `Report.importance`, empty for images, texts and
        sequences, for fewer than two test rows and for more than 300 columns; and a list of
        notes, which says so of many columns.

    Reference:
        Breiman: Random Forests, Machine Learning 45, 2001, section 10. Fisher, Rudin & Dominici:
        All Models are Wrong, but Many are Useful, JMLR 20, 2019 (arXiv:1801.01489).
    """
    spec = data.spec
    columns = list(_columns(spec)) if {f.kind for f in spec.features} <= _KINDS else []
    total = len(columns)
    if total > MAX_COLUMNS:
        return {}, [
            f"The importance of the {total:,} columns was not measured: with more than "
            f"{MAX_COLUMNS} it would take long."
        ]
    if not total or len(y) < 2:
        return {}, []
    rng, name, loss = np.random.default_rng(spec.seed), *measure
    count = min(len(y), MAX_ROWS, max(MIN_ROWS, MAX_VALUES // (REPEATS * total**2)))
    measured = max(1, MAX_VALUES // (REPEATS * total * count))
    rows = np.sort(rng.choice(len(y), count, replace=False))
    shuffled = _Shuffled(model, spec, _test_rows(data, rows), quantiles, p.shape[1:])
    y, p = y[rows], p[rows]
    if measured < total:
        few = min(count, MAX_VALUES // total**2)
        shuffled.arrange([rng.permutation(few)])
        changes = [np.abs(shuffled.predict(c)[0] - p[:few]).mean() for c in columns]
        largest = np.argsort(changes, kind="stable")[::-1][:measured]
        columns = [columns[i] for i in sorted(largest)]
    shuffled.arrange([rng.permutation(count) for _ in range(REPEATS)])
    before, found = loss(y, p), []
    for column in columns:
        after = [loss(y, answer) for answer in shuffled.predict(column)]
        increase = np.subtract(after, before)
        if not np.isfinite(increase).all():
            continue  # a model of the user's own that overflows on some shuffled row
        found.append(
            {
                "column": _title(spec, column),
                "increase": float(increase.mean()),
                "std": float(increase.std()),
            }
        )
    if not found:
        return {}, []
    importance = {
        "measure": name,
        "value": float(before),
        "rows": count,
        "repeats": REPEATS,
        "column_count": total,
        "columns": sorted(found, key=lambda one: -one["increase"]),
    }
    return importance, []


def _columns(spec: Spec) -> Iterator[tuple[str, int | None]]:
    """The columns: `(feature, None)`, or `(feature, index)` for each column of an array."""
    for feature in spec.features:
        if feature.shape == ():
            yield feature.name, None
        else:
            yield from ((feature.name, index) for index in range(feature.size))


def _title(spec, column):
    name, index = column
    (feature,) = (one for one in spec.features if one.name == name)
    name = feature.column or name
    return name if index is None else f"{name}[{index}]"


def _test_rows(data, rows):
    """The features of some test rows as arrays; a stream is read batch by batch."""
    table = data.table("test")
    if table is not None:
        return table.take(rows).features
    blocks, start = [], 0
    for features, *_ in batches(data, "test"):
        size = len(next(iter(features.values())))
        chosen = rows[(rows >= start) & (rows < start + size)] - start
        blocks.append({name: np.asarray(column)[chosen] for name, column in features.items()})
        start += size
    return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}


class _Shuffled:
    """A model's predictions of rows in which one column is shuffled."""

    def __init__(self, model, spec, features, quantiles, shape):
        import tensorflow as tf

        self.model, self.spec, self.quantiles, self.shape = model, spec, quantiles, shape
        features = {name: np.asarray(features[name]) for name in spec.feature_names}
        self.features = {name: tf.convert_to_tensor(column) for name, column in features.items()}
        self.size = rows_per_batch(spec)

    def arrange(self, orders):
        """Lay out the rows once for each of `orders`: with their own values, and whose they get."""
        import tensorflow as tf

        self.repeats, rows = len(orders), np.tile(np.arange(len(orders[0])), len(orders))
        others, self.batches = np.concatenate(orders), []
        for start in range(0, len(rows), self.size):
            own, other = (which[start : start + self.size] for which in (rows, others))
            batch = {name: tf.gather(values, own) for name, values in self.features.items()}
            self.batches.append((batch, other))

    def predict(self, column):
        """The predictions with a column shuffled, of shape `(orders, rows, ...)`."""
        import tensorflow as tf

        (name, index), found = column, []
        for batch, other in self.batches:
            moved = tf.gather(self.features[name], other)
            if index is not None:
                shape = moved.shape[1:]
                chosen = np.arange(shape.num_elements()) == index
                moved = tf.where(chosen.reshape(shape), moved, batch[name])
            features = batch | {name: moved}
            found.append(predict_batch(self.model, features, self.spec, self.quantiles))
        return np.concatenate(found).reshape(self.repeats, -1, *self.shape)
