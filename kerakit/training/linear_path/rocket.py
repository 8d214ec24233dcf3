"""The weights of features of fixed convolutions: ridge regression, each row left out once."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from threadpoolctl import threadpool_limits

from kerakit.builders.contract import LINEAR_ROCKET, LinearPath, network_of
from kerakit.builders.sequence.encoders.rocket import KERNELS, TAPS, dilation_of
from kerakit.training.linear_path.indicators import ScoredTargets, scored_targets
from kerakit.training.linear_path.mixtures import averaged, kernel_matrices, standardised

__all__ = ["FEW_ERRORS", "RocketPath"]

# Steps that are convolved at a time. More of them would not fit in a processor's cache, and take
# more CPU and memory.
STEPS = 2048
FEW_ROWS = 1024
FEW_BATCHES = 3  # that are computed without a graph
MAX_ROWS = 4096  # that are solved; of more rows a sample is drawn

SHARED = 4  # kernels whose thresholds are quantiles of the same training series
GOLDEN = (np.sqrt(5) - 1) / 2
# The unit of a convolution, within which a step near a threshold counts in part: so much of its
# standard deviation, and so much of the size of what it reads, whose rounding must not count.
OF_DEVIATION, OF_SIZE = 3e-3, 1e-5
# Of rows left out: with fewer, no other classifier is better by a two-sided sign test at 5 %.
FEW_ERRORS = 6


class RocketPath:
    """The layers `linear.rocket.*` of a model of whole series, and the thresholds before them.

    Ridge regression on standardised features. Classes are predicted by their indicators (a
    regularized least-squares classifier: Rifkin, Yeo & Poggio 2003).

    Args:
        linear: `LinearPath` of the network.
        runner: `Runner` of series with one label each, whose rows fit in memory.

    Attributes:
        validation: `Arrays` of the validation rows, or `None`.
        left_out: float array of shape `(rows, scores)`. The scores of each row by weights that were
            not fitted to it.
        errors: int. How many of these rows are labelled wrongly.
    """

    def __init__(self, linear: LinearPath, runner: Any) -> None:
        self.linear, self.runner = linear, runner
        self.validation = runner.arrays("validation")
        self.left_out = np.empty((0, 0))
        self.errors = 0
        rows = sum(len(part) for part in (runner.arrays("train"), self.validation) if part)
        self._keeps = rows <= MAX_ROWS
        self._kept: dict[str, list[np.ndarray]] = {}
        self._functions: dict[str, Any] = {}
        self._splits: tuple[str, ...] = ()

    def solve(self) -> str:
        """Set thresholds and weights by the training rows; return a line about them."""
        self._set_thresholds()
        return self.solve_on("train")

    def solve_again(self) -> bool:
        """Solve on training and validation rows, with the same thresholds; return `True`."""
        self.solve_on("train", "validation")
        return True

    def solve_on(self, *splits: str) -> str:
        """Set the weights by the rows of some splits; return a line about them."""
        if splits != self._splits:
            # For few rows, threads would mostly wait for each other.
            few = self.runner.plan.rows <= FEW_ROWS
            with threadpool_limits(1 if few else None, user_api="blas"):
                self._line, self._splits = self._solve(splits), splits
        return self._line

    def features(
        self, *splits: str
    ) -> tuple[dict[str, Callable[[], np.ndarray]], ScoredTargets, np.ndarray]:
        """Return what is solved: features of rows of some splits, and their targets.

        Returns:
            `(features, targets, rows)`: a dict from each kind of features to a function that
            returns them, an array of shape `(len(rows), width)`; the `ScoredTargets` of all rows;
            and the numbers of the rows that are solved.
        """
        arrays = [self.runner.arrays(split) for split in splits]
        targets = scored_targets(self.runner.data.spec, arrays)
        rows = np.flatnonzero(targets.weight > 0)
        if self._keeps:
            parts, picked = [self._features(split) for split in splits], rows
        else:
            if len(rows) > MAX_ROWS:
                random = np.random.default_rng(self.runner.options.seed)
                rows = np.sort(random.choice(rows, MAX_ROWS, replace=False))
            first, picked = np.cumsum([0, *map(len, arrays)]), np.arange(len(rows))
            own = [rows[(rows >= a) & (rows < b)] - a for a, b in itertools.pairwise(first)]
            parts = [self._read(*pair) for pair in zip(splits, own, strict=True) if len(pair[1])]
        kinds = zip(self._names, zip(*parts, strict=True), strict=True)
        return (
            {name: functools.partial(_joined, kind, picked) for name, kind in kinds},
            targets,
            rows,
        )

    def scores(self, split: str) -> np.ndarray:
        """Return the scores of the rows of a split, an array of shape `(n, scores)`."""
        if self._keeps:
            parts = zip(
                self._features(split), self.linear.standardised, self.linear.layers, strict=True
            )
            products = [
                (part * scale.kernel.numpy() + scale.bias.numpy()) @ layer.kernel.numpy()
                + layer.bias.numpy()
                for part, scale, layer in parts
            ]
            return sum(products[1:], products[0])
        rows = np.arange(len(self.runner.arrays(split)))
        return np.concatenate([part for (part,) in self._computed("scores", split, rows)])

    @property
    def rows_at_a_time(self) -> int:
        """How many rows are convolved together."""
        return max(STEPS // int(self.runner.arrays("train").values[0].shape[1]), 1)

    def _features(self, split):
        """The features of the rows of a split: arrays of shape `(n, width)`."""
        if split not in self._kept:
            self._kept[split] = self._read(split, np.arange(len(self.runner.arrays(split))))
        return self._kept[split]

    def _read(self, split, rows):
        found, start = [], 0
        for batch in self._computed("features", split, rows):
            found = found or [np.empty((len(rows), part.shape[1]), "float32") for part in batch]
            end = start + len(batch[0])
            for whole, part in zip(found, batch, strict=True):
                whole[start:end] = part
            start = end
        return found

    def _computed(self, what, split, rows) -> Iterator[list[np.ndarray]]:
        """Tensors of the network for some rows, a few rows at a time.

        Args:
            what: str. A key of `_tensors`.
        """
        prepare, arrays = self.runner.plan.prepare, self.runner.arrays(split)
        size = self.rows_at_a_time
        compute = self._compute(what, -(-len(rows) // size))
        for start in range(0, len(rows), size):
            batch = arrays.take(tf.constant(rows[start : start + size]))
            values, *_ = batch if prepare is None else prepare(batch, 0, False)
            yield [np.asarray(value) for value in _listed(compute(values))]

    def _compute(self, what, batches):
        """The function from the inputs of the network to tensors of it.

        Its graph is traced once, for batches of any size; few batches take less time without.
        """
        if what not in self._functions:
            network = network_of(self.runner.model)
            model = keras.Model(network.input, self._tensors[what])
            compute = functools.partial(model, training=False)
            if batches <= FEW_BATCHES and what == "taps":
                return compute
            signature = [[tf.TensorSpec(each.shape, each.dtype) for each in network.inputs]]
            self._functions[what] = tf.function(compute, input_signature=signature, autograph=False)
        return self._functions[what]

    @functools.cached_property
    def _tensors(self):
        linear, mask = self.linear, network_of(self.runner.model).inputs[1]
        return {
            "taps": [*(layer.input for layer in linear.thresholds), mask],
            "features": [layer.input for layer in linear.standardised],
            "scores": [linear.total.output],
        }

    def _set_thresholds(self):
        """Set the thresholds to quantiles of what the convolutions find in training rows.

        The levels of the quantiles are a low-discrepancy sequence, as in MiniRocket.
        """
        layers = self.linear.thresholds
        random = np.random.default_rng(self.runner.options.seed)
        rows = random.integers(len(self.runner.arrays("train")), size=-(-KERNELS // SHARED))
        kernels = [layer.kernel.numpy().copy() for layer in layers]
        biases = [np.empty(layer.units, "float32") for layer in layers]
        kernel = 0
        reaches = [(TAPS - 1) // 2 * dilation_of(layer.name) for layer in layers]
        for *taps, there in self._computed("taps", "train", rows):
            for row, steps in enumerate(there.sum(axis=1).astype(int)):
                own = range(kernel, min(kernel + SHARED, KERNELS))
                parts = zip(taps, kernels, biases, reaches, strict=True)
                for values, columns, bias, reach in parts:
                    _set_quantiles(values[row][:steps], columns, bias, own, reach)
                kernel += SHARED
        for layer, columns, bias in zip(layers, kernels, biases, strict=True):
            layer.kernel.assign(columns)
            layer.bias.assign(bias)

    def _solve(self, splits):
        features, targets, rows = self.features(*splits)
        own = targets.take(rows)
        kernels = kernel_matrices(features)
        chosen = averaged(kernels, own, self.runner.options.seed)
        offset = targets.base + sum(
            each.weight * each.gain * (each.fit.intercept - targets.means) for each in chosen
        )
        used = [name for name in self._names if any(name in each.mixture for each in chosen)]
        layers = zip(features, self.linear.standardised, self.linear.layers, strict=True)
        for name, scale, layer in layers:
            part = standardised(features[name]())
            coefficients = sum(
                each.weight * each.gain * each.mixture.get(name, 0.0) * each.fit.coefficients
                for each in chosen
            )
            scale.kernel.assign(part.scale)
            scale.bias.assign(part.shift)
            layer.kernel.assign(part.values.T @ (coefficients / max(part.width, 1)))
            layer.bias.assign(offset if name == used[0] else np.zeros_like(offset))
        left_out = targets.base + sum(
            each.weight * each.gain * (each.fit.left_out - targets.means) for each in chosen
        )
        self.left_out = np.concatenate([self.scores(split) for split in splits]).astype("float64")
        self.left_out[rows] = left_out
        self.errors = targets.errors(self.left_out)
        count = sum(layer.kernel.shape[0] for layer in self._layers(used))
        wrong = "" if targets.head == "linear" else f", {self.errors:,} labelled wrongly"
        return (
            f"linear path: ridge regression on {count:,} features ({', '.join(used)}) of "
            f"{len(rows):,} series, {targets.measure} of series left out "
            f"{own.loss(left_out):.4g}{wrong}"
        )

    @property
    def _names(self):
        return [layer.name.removeprefix(LINEAR_ROCKET) for layer in self.linear.layers]

    def _layers(self, names):
        pairs = zip(self._names, self.linear.layers, strict=True)
        return [layer for name, layer in pairs if name in names]


def _joined(parts, rows):
    """Some rows of parts that are one below the other, copied only where they must be."""
    whole = parts[0] if len(parts) == 1 else np.concatenate(parts)
    return whole if len(rows) == len(whole) else whole[rows]


def _listed(tensors):
    """Keras gives one output as it is."""
    return tensors if isinstance(tensors, (list, tuple)) else [tensors]


def _set_quantiles(taps, columns, bias, kernels: Sequence[int], reach):
    """Set the units of some kernels, and biases that are above 0 as often as the levels say."""
    inside = taps[reach : len(taps) - reach] if len(taps) > 2 * reach else taps
    size, each = np.abs(taps).mean(), len(bias) // KERNELS
    for kernel in kernels:
        own = slice(kernel * each, (kernel + 1) * each)
        read = taps if kernel < KERNELS // 2 else inside
        found = read @ columns[:, own.start]
        unit = OF_DEVIATION * found.std() + OF_SIZE * size * abs(columns[:, own.start]).max()
        unit = unit if unit > 0 else 1.0
        levels = np.arange(own.start + 1, own.stop + 1) * GOLDEN % 1
        columns[:, own] /= unit
        bias[own] = -np.quantile(found, levels) / unit
