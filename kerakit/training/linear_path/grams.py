"""The n-grams of texts, counted block by block: what the linear path of texts is solved on."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from kerakit.builders.contract import LinearPath, split_model
from kerakit.training.rows.class_weights import weighted

if TYPE_CHECKING:
    import scipy.sparse as sparse

__all__ = ["GramReader", "Grams"]

ROWS = 1024  # texts that are read at a time
SAMPLE = 64  # texts by which the counts of all are estimated
CHARACTERS = 2**18  # of these, with their padding, so many go through the graph at a time


@dataclasses.dataclass(frozen=True)
class Grams:
    """The n-grams of the texts of a block.

    Attributes:
        rows: int array of shape `(n,)`. Their numbers in the split.
        counts: float32 sparse matrix of shape `(n, columns)`. How often each n-gram is in each
            text: those of words, then those of characters.
        target: int array of shape `(n,)`, or `(n, labels)` where each label is 0 or 1.
        weight: float array of shape `(n,)`, or `None`.
    """

    rows: np.ndarray
    counts: sparse.csr_matrix
    target: np.ndarray
    weight: np.ndarray | None

    def joined(self, *others: Grams) -> Grams:
        """Return these rows and those of other blocks as one block."""
        import scipy.sparse as sparse

        rows, counts, target, weight = zip(*map(_fields, (self, *others)), strict=True)
        weighted = all(part is not None for part in weight)
        return Grams(
            np.concatenate(rows),
            sparse.vstack(counts, "csr"),
            np.concatenate(target),
            np.concatenate(weight) if weighted else None,
        )


class GramReader:
    """Counts the n-grams of the texts of a split.

    Args:
        linear: `LinearPath` of a classifier of texts.
        runner: `Runner` of its data.
    """

    def __init__(self, linear: LinearPath, runner: Any) -> None:
        self.data, self.class_weights = runner.data, runner.weights
        self.seed = runner.options.seed
        preprocess, _ = split_model(runner.model)
        self.read = keras.Model(preprocess.input, preprocess.outputs[1:])
        self.sizes = [layer.input_dim for layer in linear.layers]

    def blocks(self, split: str, size: int) -> Iterator[Grams]:
        """Yield the texts of a split, block by block.

        Most data are one block, with its rows in their order. Several blocks are drawn at random;
        those of a stream are not.

        Args:
            split: str.
            size: int. With so many counts a block is complete.
        """
        parts, count = [], 0
        for rows, features, target, weight in self._batches(split, size):
            weight = weighted(target, weight, self.class_weights)
            weight = None if weight is None else weight.numpy()
            parts.append(Grams(rows, self._counts(features), target.numpy(), weight))
            count += parts[-1].counts.nnz
            if count >= size:
                yield _taken(parts)
                count = 0
        if parts:
            yield _taken(parts)

    def is_whole(self, split: str, block: Grams) -> bool:
        """Whether a block has all rows of a split."""
        return len(block.rows) == self.data.spec.sizes.get(split)

    def rarity(self, block: Grams) -> np.ndarray:
        """Return the weight of each n-gram, a float array of shape `(columns,)`; see `GramPath`.

        N-grams that are in no text have the weight 0.
        """
        flags, columns = block.target, block.counts.shape[1]
        if flags.ndim == 1:
            classes = len(self.data.spec.classes)
            flags = flags[:, None] == np.arange(classes if classes > 2 else 1)
        number = np.repeat(np.arange(len(flags)), np.diff(block.counts.indptr))
        documents = np.bincount(block.counts.indices, minlength=columns)
        telling = np.zeros(columns)
        for flag in flags.T > 0:
            own = np.bincount(block.counts.indices[flag[number]], minlength=columns)
            share = flag.mean()
            ratio = np.log((own + 1) / (share * documents + 1))
            ratio -= np.log((documents - own + 1) / ((1 - share) * documents + 1))
            telling = np.maximum(telling, np.abs(ratio))
        rarity = np.log((1 + len(flags)) / (1 + documents)) + 1
        return np.where(documents > 0, rarity * np.sqrt(telling), 0.0)

    def _batches(self, split, size):
        """The rows of a split, some at a time, with their numbers."""
        gather = self.data.gatherer(split)
        if gather is None:
            start = 0
            for features, target, *weight in self.data.batches(split, ROWS) or ():
                rows = np.arange(start, start + len(target))
                start += len(rows)
                yield rows, features, target, weight[0] if weight else None
            return
        table = self.data.table(split)
        order = np.arange(len(table))
        if self._estimated(table, gather) > size:
            np.random.default_rng(self.seed).shuffle(order)
        for start in range(0, len(order), ROWS):
            rows = order[start : start + ROWS]
            features, target, *weight = gather(tf.constant(rows))
            yield rows, features, target, weight[0] if weight else None

    def _estimated(self, table, gather):
        """About how many counts the rows of a table have, judged by some of them."""
        lengths = sum(
            np.fromiter(map(len, column), np.int64, len(table))
            for column in table.features.values()
        )
        rows = np.linspace(0, len(table) - 1, min(len(table), SAMPLE)).astype(int)
        counts = self._counts(gather(tf.constant(rows))[0]).nnz
        return counts * lengths.sum() / max(lengths[rows].sum(), 1)

    def _counts(self, features):
        """The n-grams of a few texts; texts of like lengths go through the graph together."""
        import scipy.sparse as sparse

        length = sum(tf.strings.length(text) for text in features.values()).numpy()
        order, parts = np.argsort(length, kind="stable"), []
        start = 0
        while start < len(order):
            padded = np.arange(1, len(order) - start + 1) * length[order[start:]]
            end = start + max(1, int(np.searchsorted(padded, CHARACTERS, "right")))
            chosen = order[start:end]
            ids = self.read({name: tf.gather(text, chosen) for name, text in features.items()})
            kinds = map(_counted, keras.tree.flatten(ids), self.sizes)
            parts.append(sparse.hstack(list(kinds), "csr"))
            start = end
        return sparse.vstack(parts, "csr")[np.argsort(order)]


def _counted(ids, size):
    """How often each n-gram is in each text: a sparse matrix of shape `(n, size)`."""
    import scipy.sparse as sparse

    ids = ids.numpy()
    row, column = np.nonzero(ids)
    values = np.ones(len(row), "float32")
    return sparse.csr_matrix((values, (row, ids[row, column])), shape=(len(ids), size))


def _taken(parts):
    """One block of several, which are freed."""
    block = parts[0].joined(*parts[1:])
    parts.clear()
    return block


def _fields(grams):
    return grams.rows, grams.counts, grams.target, grams.weight
