"""The features of the frozen layers for every image, computed once."""

from __future__ import annotations

import pathlib
import tempfile
from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf

from kerakit.data.data import Data, Table
from kerakit.data.spec import Feature, Spec
from kerakit.files import fingerprint
from kerakit.status import show_done, status
from kerakit.training.rows.augment import augmentation
from kerakit.training.speed.batch_norm import fused_batch_norm

if TYPE_CHECKING:
    import keras

__all__ = ["FrozenFeatures"]

ROWS = 32  # images at a time: as fast as 64, in half of the memory


class FrozenFeatures:
    """Computes and keeps the features of the frozen layers, as a `Data` of their own.

    Every training image counts `1 + views` times: as it is, and augmented. Validation images
    count once, as they are. Features that do not fit in the budget are kept in files, which
    are removed when the object is closed.

    Args:
        data: `Data` of images.
        augment: str, a key of `LEVELS`.
        views: int. Augmented copies of every training image.
        seed: int. Seed of the augmentation.
        cache_mb: int. MiB of memory that features may take.
    """

    def __init__(self, data: Data, augment: str, views: int, seed: int, cache_mb: float) -> None:
        self.data, self.seed = data, seed
        self.change = augmentation(augment, data.spec)
        self.views = views if self.change is not None else 0
        self.budget = cache_mb * 2**20
        self._folders: list[tempfile.TemporaryDirectory] = []

    def of(self, below: keras.Model) -> Data:
        """Return the output of the model `below` for the images, as `Data`.

        The features are float32 and named `frozen_1`, `frozen_2` and so on.
        """
        shapes = [tuple(tensor.shape[1:]) for tensor in below.outputs]
        run = tf.function(
            lambda images: tf.nest.flatten(below(images, training=False)),
            autograph=False,
            reduce_retracing=True,
        )
        sizes = self.data.spec.sizes
        copies = {"train": 1 + self.views, "validation": 1}
        rows = {split: sizes.get(split, 0) * copies[split] for split in copies}
        bytes_ = 4 * sum(rows.values()) * sum(int(np.prod(shape)) for shape in shapes)
        tables = {}
        with status("Computing the features of the images"), fused_batch_norm(below):
            for split, count in rows.items():
                if count:
                    columns = [self._room(count, shape, bytes_) for shape in shapes]
                    tables[split] = self._table(split, copies[split], run, columns)
        spec = self.data.spec
        features = tuple(
            Feature(f"frozen_{number}", "numeric", "float32", shape)
            for number, shape in enumerate(shapes, 1)
        )
        spec = Spec(
            task=spec.task,
            features=features,
            target=spec.target,
            classes=spec.classes,
            class_counts=spec.class_counts,
            sizes={**rows, "test": 0},
            seed=spec.seed,
            fingerprint=fingerprint([f"{spec.fingerprint} {copies} {self.seed} {shapes}"]),
        )
        return Data(
            tables["train"], tables.get("validation"), tables["train"].take(slice(0, 0)), spec
        )

    @property
    def in_memory(self) -> bool:
        """Whether all features are in memory, none in files."""
        return not self._folders

    def close(self) -> None:
        """Remove the files."""
        for folder in self._folders:
            folder.cleanup()
        self._folders = []

    def _room(self, rows, shape, bytes_):
        """An array to fill: in memory where all of them fit, else in a file."""
        if bytes_ <= self.budget:
            return np.empty((rows, *shape), "float32")
        folder = tempfile.TemporaryDirectory(prefix="kerakit-features-")
        self._folders.append(folder)
        path = pathlib.Path(folder.name) / "features.npy"
        return np.lib.format.open_memmap(path, "w+", "float32", (rows, *shape))

    def _table(self, split, copies, run, columns):
        """Fill the columns: first the images as they are, then the images of each view."""
        targets, weights, start, rows = [], [], 0, len(columns[0])
        for view in range(copies):
            for features, target, *weight in self.data.batches(split, ROWS):
                if view:
                    seed = tf.constant([(self.seed + 1) % 2**63, start], "int64")
                    features, *_ = self.change((features, target), seed)
                values = run(features)
                end = start + len(values[0])
                for column, value in zip(columns, values, strict=True):
                    column[start:end] = value.numpy()
                targets.append(target.numpy())
                weights.extend(tensor.numpy() for tensor in weight)
                start = end
                show_done(start, rows)
        names = [f"frozen_{number}" for number in range(1, len(columns) + 1)]
        weight = np.concatenate(weights) if weights else None
        return Table(dict(zip(names, columns, strict=True)), np.concatenate(targets), weight)
