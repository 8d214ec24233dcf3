"""Gradient boosting of complete trees: each row is asked the same number of questions."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

__all__ = ["OUTPUTS", "BinnedColumns", "Booster", "Link"]

FEWEST_BINS = 8  # of a column that has as many values
FEWEST = 1_000  # rows by which a tree chooses its questions, where there are as many
OUTPUTS = 4  # of those that one tree looks at when it chooses its questions
SMALLEST = 1e-6  # curvature of a class that is nearly sure


class BinnedColumns:
    """Rows whose values are the numbers of bins; most rows of a column may be in one bin.

    Args:
        x: float array of shape `(n, columns)`.
        bins: int in [2, 256]. Bins of a column, at most.
        most: int. Bins of all columns together, about: many columns have fewer each. Defaults to
            `None`, any number.

    Attributes:
        codes: uint8 array of shape `(n, columns)`.
        thresholds: float array of shape `(bins,)`: above which value the next bin of the column
            begins, of all columns one behind the other; infinite for the last bin of a column.
        column: int array of shape `(bins,)`. The column of each bin.
        first: int array of shape `(columns,)`. The first bin of each column.
        usual: int array of shape `(columns,)`. The bin of each column with the most rows.
        density: float. How many values of a row are in other bins, in the mean.
    """

    def __init__(self, x: np.ndarray, bins: int, most: int | None = None) -> None:
        found = [np.unique(values, return_counts=True) for values in x.T]
        sizes = np.array([len(values) for values, _ in found])
        while most is not None and bins > FEWEST_BINS and np.minimum(sizes, bins).sum() > most:
            bins = max(bins // 2, FEWEST_BINS)
        edges = [_edges(values, counts, bins) for values, counts in found]
        counts = np.array([len(each) + 1 for each in edges])
        self.first = np.cumsum(counts) - counts
        self.column = np.repeat(np.arange(len(edges)), counts)
        self.thresholds = np.concatenate([np.append(each, np.inf) for each in edges])
        self.codes = np.empty(x.shape, "uint8")
        for number, each in enumerate(edges):
            self.codes[:, number] = np.searchsorted(each, x[:, number])
        by_column = [np.bincount(codes) for codes in self.codes.T]
        self.usual = self.first + [each.argmax() for each in by_column]
        self.density = len(edges) - sum(each.max() for each in by_column) / len(x)

    def histogram(self, rows: np.ndarray, columns: np.ndarray | None = None) -> _Histogram:
        """Return the `_Histogram` of some rows, and of all or some columns."""
        return _Histogram(self, rows, columns)


def _edges(found, counts, bins):
    """Thresholds between neighbouring values, at most `bins - 1`, with as many rows between."""
    middles = found[:-1] / 2 + found[1:] / 2
    # In float32, a threshold is at the lower of its two values, or between them.
    middles = np.minimum(middles.astype("float32"), np.nextafter(found[1:], found[:-1]))
    if len(middles) < bins:
        return middles
    shares = np.cumsum(counts)[:-1] / counts.sum()
    chosen = np.searchsorted(shares, np.arange(1, bins) / bins)
    return middles[np.unique(np.minimum(chosen, len(middles) - 1))]


class _Histogram:
    """Sums over the rows at each place of a level, by bin.

    The most frequent bin of a column is what the others leave of the sum of all rows.
    """

    def __init__(self, columns, rows, some):
        codes = columns.codes[rows] + columns.first
        self._starts, self._width = columns.first, len(columns.column)
        self._usual, self._column = columns.usual, columns.column
        self._row, column = np.nonzero(codes != self._usual)
        if some is not None:  # the others have one bin, and nothing to ask for
            there = np.isin(column, some)
            self._row, column = self._row[there], column[there]
        self._bin = codes[self._row, column]

    def below(self, place, places, *arrays):
        """Sums at each place up to and with each bin of a column, and of all bins.

        Args:
            place: int array of shape `(n,)`. The place of each row.
            places: int. How many places there are.
            *arrays: float arrays of shape `(n,)`, of which there are sums.

        Returns:
            List of tuples, one for each array, of arrays of shape `(places, bins)` and
            `(places, 1)`.
        """
        cell = place[self._row] * self._width + self._bin
        return [self._below(cell, place, places, values) for values in arrays]

    def _below(self, cell, place, places, values):
        sums = np.bincount(cell, values[self._row], places * self._width)
        sums = sums.reshape(places, self._width)
        total = np.bincount(place, values, places)
        sums[:, self._usual] = total[:, None] - np.add.reduceat(sums, self._starts, axis=1)
        sums = np.cumsum(sums, axis=1)
        before = np.concatenate([np.zeros((places, 1)), sums], axis=1)[:, self._starts]
        return sums - before[:, self._column], total[:, None]


@dataclasses.dataclass(frozen=True)
class Link:
    """How targets, scores and errors belong together.

    Attributes:
        kind: `"linear"`, `"sigmoid"` of each score, or `"softmax"` of all.
        targets: float array of shape `(n, scores)`: numbers, labels, or indicators of classes.
    """

    kind: str
    targets: np.ndarray

    def slopes(self, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return what is missing of the targets, and the curvature of the loss, of each score."""
        if self.kind == "linear":
            return self.targets - scores, np.ones_like(scores)
        if self.kind == "sigmoid":
            answers = 1 / (1 + np.exp(-scores))
        else:
            answers = np.exp(scores - scores.max(axis=1, keepdims=True))
            answers /= answers.sum(axis=1, keepdims=True)
        return self.targets - answers, np.maximum(answers * (1 - answers), SMALLEST)


class Booster:
    """Trees, each of which lowers what the ones before leave (Friedman 2001).

    Answers are Newton's steps from all rows (Chen & Guestrin 2016, arXiv:1603.02754). Trees may be
    symmetric, as those of CatBoost: at each level all branches ask the same question, and questions
    are chosen with random weights of the rows, a Bayesian bootstrap (Prokhorenkova et al. 2018,
    arXiv:1706.09516). That follows few rows less closely.

    Args:
        columns: `BinnedColumns`.
        link: `Link`.
        rows: int array. The rows that are learned from.
        weight: float array of shape `(n,)`.
        base: float array of shape `(scores,)`. The scores before the first tree.
        depth: int. How many questions a tree asks a row.
        symmetric: bool. Whether all branches of a level ask the same question.
        rate: float in (0, 1]. What the answers are multiplied by.
        penalty: float in (0, inf). L2 penalty of the answers.
        most: int. By how many values, at most, a tree chooses its questions; those in the most
            frequent bins do not count. It draws rows, and columns where rows are few.
        seed: seed of NumPy's generators.

    Attributes:
        scores: float array of shape `(n, scores)`: of all rows, learned from or not.
    """

    def __init__(
        self,
        columns: BinnedColumns,
        link: Link,
        rows: np.ndarray,
        weight: np.ndarray,
        base: np.ndarray,
        *,
        depth: int,
        symmetric: bool,
        rate: float,
        penalty: float,
        most: int,
        seed: Any,
    ) -> None:
        self._columns, self._link, self._rows, self._weight = columns, link, rows, weight
        self._depth, self._symmetric = depth, symmetric
        self._rate, self._penalty = rate, penalty
        self._random, width = np.random.default_rng(seed), columns.codes.shape[1]
        density = max(columns.density, 1 / most)
        self._drawn = min(len(rows), max(int(most / density), FEWEST))
        share = most / (self._drawn * density)
        self._columns_drawn = width if share >= 1 else max(int(share * width), 1)
        self.scores = np.tile(base, (len(columns.codes), 1)).astype("float64")
        self._histogram = (
            columns.histogram(rows) if share >= 1 and self._drawn == len(rows) else None
        )

    def grow(self) -> tuple[np.ndarray, np.ndarray]:
        """Add a tree.

        Returns:
            Tuple of the bins that its questions ask for, an int array of shape
            `(2 ** depth - 1,)`, level by level, and of its answers of shape
            `(2 ** depth, scores)`. At place p of a level, a row goes on to place `2 * p`, or to
            `2 * p + 1` where its value is above the bin.
        """
        slope, curve = self._link.slopes(self.scores)
        slope, curve = slope * self._weight[:, None], curve * self._weight[:, None]
        rows, histogram = self._rows, self._histogram
        if histogram is None:
            rows = self._random.choice(rows, self._drawn, replace=False)
            width = self._columns.codes.shape[1]
            some = self._random.permutation(width)[: self._columns_drawn]
            histogram = self._columns.histogram(rows, None if len(some) == width else some)
        outputs = self._random.permutation(slope.shape[1])[:OUTPUTS]
        drawn = self._random.exponential(size=len(rows)) if self._symmetric else 1.0
        pairs = [(slope[rows, k] * drawn, curve[rows, k] * drawn) for k in outputs]
        place, every, asked = np.zeros(len(rows), "int64"), np.zeros(len(slope), "int64"), []
        for level in range(self._depth):
            asked.append(self._best(histogram, place, 1 << level, pairs))
            place = 2 * place + self._above(asked[-1][place], rows)
            every = 2 * every + self._above(asked[-1][every], np.arange(len(every)))
        answers = np.empty((1 << self._depth, slope.shape[1]))
        there = every[self._rows]
        for k in range(slope.shape[1]):
            sums = [
                np.bincount(there, each[self._rows, k], len(answers)) for each in (slope, curve)
            ]
            answers[:, k] = self._rate * sums[0] / (sums[1] + self._penalty)
        self.scores += answers[every]
        return np.concatenate(asked), answers

    def _above(self, questions, rows):
        """Whether the value of each row is above the bin that it is asked for."""
        column = self._columns.column[questions]
        return self._columns.codes[rows, column] > questions - self._columns.first[column]

    def _best(self, histogram, place, places, pairs):
        """The bin of each place of a level whose question lowers the loss most."""
        gain = 0.0
        found = iter(histogram.below(place, places, *(each for pair in pairs for each in pair)))
        for (left, total), (left_curve, total_curve) in zip(found, found, strict=True):
            parts = left**2 / (left_curve + self._penalty)
            right_curve = np.maximum(total_curve - left_curve, 0)
            gain = gain + parts + (total - left) ** 2 / (right_curve + self._penalty)
        if self._symmetric:
            gain = np.broadcast_to(gain.sum(axis=0), gain.shape)
        return np.where(np.isinf(self._columns.thresholds), -np.inf, gain).argmax(axis=1)
