"""The linear path of a text classifier: logistic regression on TF-IDF of n-grams."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerakit.builders.contract import LinearPath
from kerakit.solvers.logistic import fit_one_per_class, mean_log_loss

__all__ = ["GramPath"]

CS = (10.0, 30.0, 100.0, 300.0)  # scikit-learn's C: the inverse of the penalty
# Each class has a regression of its own, "this class or not". The scores of all classes are
# multiplied by a scale, so that their softmax is calibrated.
SCALES = (0.35, 0.5, 0.7, 1.0, 1.4)
USUAL_C, USUAL_SCALE = 30.0, 0.7  # without validation rows; the scale of two classes is 1


class GramPath:
    """The layers `linear.*` of a text classifier: one logistic regression per class.

    Every n-gram counts with its inverse document frequency, `ln((1 + n) / (1 + df)) + 1`,
    divided by the Euclidean length of these numbers in the text, for words and for characters
    separately: TF-IDF of length 1, where no n-gram is repeated. `C` and the scale have the
    lowest log loss on the validation rows.

    Args:
        linear: `LinearPath` of the network.
        runner: `Runner` of texts with one label each, whose rows fit in memory.

    Attributes:
        train, validation: tuples `(counts, class ids, weights)`; `validation` may be `None`.
        C, scale: floats. The chosen inverse of the penalty and the chosen scale of scores.
    """

    def __init__(self, linear: LinearPath, runner: Any) -> None:
        self.layers, self.frequencies = linear.layers, linear.frequencies
        self.classes = len(runner.data.spec.classes)
        self.train = self._rows(runner.arrays("train"))
        self.validation = self._rows(runner.arrays("validation"))
        self.C, self.scale = USUAL_C, 1.0 if self.classes == 2 else USUAL_SCALE

    def solve(self) -> str:
        """Set the weights that fit the training rows; return a line about them."""
        counts, target, weight = self.train
        idf = _idf(counts)
        x, loss = _tfidf(counts, idf), None
        if self.validation is None:
            weights, bias = fit_one_per_class(x, target, self.classes, self.C, weight)
        else:
            weights, bias, loss = self._best(x, target, weight, idf)
        self._assign(idf, weights, bias)
        count = sum(np.count_nonzero(np.bincount(kind.indices)) for kind in counts)
        line = f"linear path: logistic regression on {count:,} n-grams"
        return line if loss is None else f"{line}, validation log loss {loss:.4g}"

    def solve_again(self) -> None:
        """Solve on training and validation rows together, with the same `C` and scale."""
        import scipy.sparse as sparse

        pairs = zip(self.train[0], self.validation[0], strict=True)
        counts = [sparse.vstack(pair).tocsr() for pair in pairs]
        y = np.concatenate([self.train[1], self.validation[1]])
        weight = self.train[2]
        weight = None if weight is None else np.concatenate([weight, self.validation[2]])
        idf = _idf(counts)
        x = _tfidf(counts, idf)
        self._assign(idf, *fit_one_per_class(x, y, self.classes, self.C, weight))

    def _best(self, x, target, weight, idf):
        """Choose `C` and scale on the validation rows; return weights, bias and log loss."""
        validation_x = _tfidf(self.validation[0], idf)
        best_loss, best = np.inf, None
        for c in CS:
            weights, bias = fit_one_per_class(x, target, self.classes, c, weight)
            scores = validation_x @ weights + bias
            losses = {a: mean_log_loss(a * scores, *self.validation[1:]) for a in SCALES}
            scale = min(losses, key=losses.get)
            if losses[scale] < best_loss:  # the other weights, one per n-gram and class, go
                best_loss, best = losses[scale], (weights, bias)
                self.C, self.scale = c, scale
        return *best, best_loss

    def _rows(self, arrays):
        """Tuple `(counts of each kind of n-gram, class ids, weights)` of a split."""
        if arrays is None:
            return None
        counts = [
            _counts(arrays.values[index].numpy(), layer.input_dim)
            for index, layer in enumerate(self.layers, start=1)
        ]
        weight = None if arrays.weight is None else arrays.weight.numpy()
        return counts, arrays.target.numpy(), weight

    def _assign(self, idf, weights, bias):
        start = 0
        for layer, frequency, values in zip(self.layers, self.frequencies, idf, strict=True):
            end = start + len(values)
            kernel = (self.scale * weights[start:end]).astype("float32")
            kernel[0] = self.scale * bias / len(self.layers)  # every text has n-gram 0
            layer.embeddings.assign(kernel)
            frequency.embeddings.assign(values[:, None])
            start = end


def _counts(ids, size):
    """How often each n-gram is in each text: a sparse matrix of shape `(n, size)`."""
    import scipy.sparse as sparse

    row, column = np.nonzero(ids)
    values = np.ones(len(row))
    return sparse.csr_matrix((values, (row, ids[row, column])), shape=(len(ids), size))


def _idf(counts):
    """The inverse document frequencies of each kind of n-gram."""
    idf = []
    for kind in counts:
        documents = np.bincount(kind.indices, minlength=kind.shape[1])
        idf.append(np.log((1 + kind.shape[0]) / (1 + documents)) + 1)
    return idf


def _tfidf(counts, idf):
    """The counts times the inverse document frequencies, divided by the length of each row."""
    import scipy.sparse as sparse

    scaled = []
    for kind, frequencies in zip(counts, idf, strict=True):
        length = np.sqrt(kind @ frequencies**2)
        scaled.append(sparse.diags(1 / np.maximum(length, 1e-6)) @ kind @ sparse.diags(frequencies))
    return sparse.hstack(scaled).tocsr()
