"""The linear path of a text classifier: logistic regression on TF-IDF of n-grams."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from kerakit.builders.contract import LinearPath
from kerakit.data.tasks import TASKS
from kerakit.solvers.logistic import fit_each, mean_log_loss
from kerakit.training.linear_path.grams import GramReader, Grams

__all__ = ["GramPath"]

CS = (10.0, 30.0, 100.0, 300.0)  # scikit-learn's C: the inverse of the penalty
# Each class has a regression of its own, "this class or not". The scores of all classes are
# multiplied by a scale, so that their softmax is calibrated.
SCALES = (0.35, 0.5, 0.7, 1.0, 1.4)
USUAL_C, USUAL_SCALE = 30.0, 0.7  # without validation rows; the scale of single scores is 1
# With what the solver makes of it, the count of an n-gram takes 32 bytes. The counts of a block
# take half of the cache, and those of the validation rows, which stay beside them, half of that.
BYTES = 2 * 32
SMALLEST = 1_000_000  # counts; smaller blocks tell too little
MAX_BLOCKS = 4  # that are solved; of more texts a sample is drawn
ROWS = 1024  # whose TF-IDF is computed at a time


class GramPath:
    """The layers `linear.*` of a text classifier: one logistic regression per class.

    Every n-gram counts with its inverse document frequency, `ln((1 + n) / (1 + df)) + 1`, times
    the root of what it tells of the classes. These numbers are divided by their Euclidean length
    in the text, for words and for characters separately: TF-IDF of length 1, where no n-gram is
    repeated. What an n-gram tells of a class is the absolute value of `ln(a / b)`, where `a` is
    `(observed + 1) / (expected + 1)`. Observed is the number of texts of the class that have the
    n-gram. Expected is the number that would have it if it were as frequent in all classes. `b` is
    the same ratio for the other texts. Of several classes, the one with the largest value counts.
    So one telling word among a thousand others has a large weight.

    `C` and the scale have the lowest log loss on the validation rows. Texts with very many
    n-grams are solved in blocks, whose weights are averaged; `C` and the weights of the n-grams
    are those of the first one.

    Args:
        linear: `LinearPath` of the network.
        runner: `Runner` of texts with one label each, or with labels that are 0 or 1.

    Attributes:
        validation: `Grams` of the validation rows, or `None`.
        counts: int. With so many counts of n-grams a block is complete.
        C, scale: floats. The chosen inverse of the penalty and the chosen scale of scores.

    Reference:
        Wang, Manning: Baselines and Bigrams, ACL 2012 (log-count ratios); Mann et al.: Efficient
        Large-Scale Distributed Training of Conditional Maximum Entropy Models, NeurIPS 2009
        (averaged weights).
    """

    def __init__(self, linear: LinearPath, runner: Any) -> None:
        self.layers, self.frequencies = linear.layers, linear.frequencies
        self.reader = GramReader(linear, runner)
        self.counts = int(runner.options.cache_mb * 2**20 / BYTES)  # of a block
        self.validation: Grams | None = None
        single = TASKS[runner.data.spec.task].head != "softmax"
        self.C, self.scale = USUAL_C, 1.0 if single else USUAL_SCALE
        self.blocks = 0

    def solve(self) -> str | None:
        """Set the weights that fit the training rows.

        Returns:
            A line about them, or `None` where the cache is too small for a block.
        """
        if self.counts < SMALLEST:
            return None
        self.validation = next(self.reader.blocks("validation", self.counts // 2), None)
        loss, solutions, rows = None, [], []
        for block in itertools.islice(self.reader.blocks("train", self.counts), MAX_BLOCKS):
            if not solutions:
                self.rarity = self.reader.rarity(block)
                solution, loss = self._best(block)
            else:
                solution = self._fit(self._tfidf(block), block)
            solutions.append(solution)
            rows.append(len(block.rows))
        self.blocks = len(solutions)
        parts = zip(*solutions, strict=True)
        self._assign(*(np.average(part, axis=0, weights=rows) for part in parts))
        line = f"linear path: logistic regression on {np.count_nonzero(self.rarity):,} n-grams"
        if self.blocks > 1:
            line += f", the mean of {self.blocks} on {sum(rows):,} texts in all"
        return line if loss is None else f"{line}, validation log loss {loss:.4g}"

    def solve_again(self) -> bool:
        """Solve on training and validation rows together, with the same `C` and scale.

        Returns:
            Whether they were: texts that are solved in blocks, or a part of them, are not.
        """
        if self.blocks > 1 or not self.reader.is_whole("validation", self.validation):
            return False
        block = next(self.reader.blocks("train", self.counts)).joined(self.validation)
        self.rarity = self.reader.rarity(block)
        self._assign(*self._fit(self._tfidf(block), block))
        return True

    def scores(self, block: Grams) -> np.ndarray:
        """Return the scores of the texts of a block, a float array of shape `(n, scores)`."""
        return self.scale * (self._tfidf(block) @ self.weights + self.bias)

    def _best(self, block):
        """Choose `C` and scale on the validation rows; return the solution and its log loss."""
        x = self._tfidf(block)
        if self.validation is None:
            return self._fit(x, block), None
        validation_x, target = self._tfidf(self.validation), self.validation.target
        best_loss, best, chosen = np.inf, None, None
        for self.C in CS:
            weights, bias = self._fit(x, block)
            scores = validation_x @ weights + bias
            weight = self.validation.weight
            losses = {a: mean_log_loss(a * scores, target, weight) for a in SCALES}
            scale = min(losses, key=losses.get)
            if losses[scale] < best_loss:  # the other weights, one per n-gram and class, go
                best_loss, best, chosen = losses[scale], (weights, bias), (self.C, scale)
        self.C, self.scale = chosen
        return best, best_loss

    def _fit(self, x, block):
        """The weights and biases of the scores, of shapes `(columns, scores)` and `(scores,)`."""
        flags, count = block.target, self.layers[0].output_dim
        if flags.ndim == 1:
            flags = flags[:, None] == (np.arange(count) if count > 1 else 1)
        return fit_each(x, flags > 0, self.C, block.weight)

    def _tfidf(self, block):
        """The counts times the rarities, divided by the length of each text's words or characters.

        It is computed in place, some texts at a time: the counts may take half of the memory.
        """
        import scipy.sparse as sparse

        counts, first = block.counts, self.reader.sizes[0]
        values = self.rarity[counts.indices]
        for start in range(0, len(block.rows), ROWS):
            ends = counts.indptr[start : start + ROWS + 1]
            part = slice(ends[0], ends[-1])
            row = np.repeat(np.arange(len(ends) - 1), np.diff(ends))
            kind = counts.indices[part] >= first
            weights = counts.data[part] * values[part] ** 2
            number = 2 * row + kind
            length = np.sqrt(np.bincount(number, weights, 2 * len(ends) - 2))
            values[part] *= counts.data[part] / np.maximum(length, 1e-6)[number]
        return sparse.csr_matrix((values, counts.indices, counts.indptr), counts.shape)

    def _assign(self, weights, bias):
        self.weights, self.bias = weights, bias
        start = 0
        for layer, frequency in zip(self.layers, self.frequencies, strict=True):
            end = start + layer.input_dim
            kernel = (self.scale * weights[start:end]).astype("float32")
            kernel[0] = self.scale * bias / len(self.layers)  # every text has n-gram 0
            layer.embeddings.assign(kernel)
            frequency.embeddings.assign(self.rarity[start:end, None])
            start = end
