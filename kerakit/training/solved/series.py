"""The solution of a model of series whose features are fixed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from kerakit.builders.contract import LinearPath, answer_by_column, network_of
from kerakit.status import status
from kerakit.training.linear_path.rocket import RocketPath
from kerakit.training.loop.trainer import Trainer, compile_as

__all__ = ["SeriesSolution", "scores_trainer"]


class SeriesSolution:
    """A `RocketPath` that answers alone.

    Args:
        path: `RocketPath`.
        trainer: what `scores_trainer` returned.
    """

    held_out_splits = ("train", "validation")

    def __init__(self, path: RocketPath, trainer: Trainer) -> None:
        self.path, self.trainer = path, trainer
        self.line = ""

    def solve(self, *splits: str) -> None:
        """Set the weights by the rows of some splits."""
        with status("Solving the weights of the features"):
            self.line = self.path.solve_on(*splits)

    @property
    def held_out(self) -> np.ndarray:
        """The answers to all rows, each by weights that were not fitted to it."""
        answers = self.trainer(tf.constant(self.path.left_out.astype("float32"))).numpy()
        return answers.reshape(len(answers), *network_of(self.path.runner.model).output_shape[1:])

    def batches(self, split: str) -> Iterator[tuple[Any, ...]]:
        """Yield the scores, targets and weights of a split."""
        rows = self.path.runner.arrays(split)
        weight = () if rows.weight is None else (rows.weight,)
        yield (tf.constant(self.path.scores(split).astype("float32")), rows.target, *weight)


def scores_trainer(model: keras.Model, linear: LinearPath, labels: bool) -> Trainer:
    """Return the model that makes logs of the scores of a `RocketPath`.

    Args:
        model: `keras.Model`, compiled.
        linear: `LinearPath` of the model.
        labels: bool. As in `make_trainer`.
    """
    network = network_of(model)
    if linear.blend is None:
        scores, answer = linear.total.output, answer_by_column(network)
    else:
        scores = keras.Input(linear.total.output.shape[1:])
        after = keras.Model(linear.blend.output, answer_by_column(network))
        answer = after(ops.expand_dims(scores, -1))
    trainer = Trainer(scores, answer, name="trainer")
    compile_as(trainer, model, labels)
    return trainer
