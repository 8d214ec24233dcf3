"""An epoch of members: each trains outside of its fold, and is validated on its fold."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from kerakit.training.loop.epochs import Ended, EpochPlan
from kerakit.training.loop.hooks import Hooks
from kerakit.training.loop.in_memory import VALIDATION_ROWS, InMemoryEpochs
from kerakit.training.members.mixture import mix
from kerakit.training.members.solved import SolvedPart
from kerakit.training.members.trainer import MemberTrainer, joined_members
from kerakit.training.rows.arrays import Arrays
from kerakit.training.rows.folds import rows_left_out

__all__ = ["MemberEpochs"]


class MemberEpochs(InMemoryEpochs):
    """As `InMemoryEpochs`, with a batch of rows for each member.

    After each validation, a network whose rows left out never had a lower loss keeps its weights.

    Args:
        trainer: `MemberTrainer`.
        plan: `EpochPlan`. Its rows are those of one member.
        rows: `Arrays`. All training and validation rows.
        fold: int array of shape `(n,)`. The fold of each row.
        order: function from the index of an epoch to the rows of its batches, an int array of
            shape `(steps, members, batch)`.
        hooks: `Hooks` of the callbacks.
        beside: function that solves the parts that stand beside the networks, in the order of
            their weights.
    """

    def __init__(
        self,
        trainer: MemberTrainer,
        plan: EpochPlan,
        rows: Arrays,
        fold: np.ndarray,
        order: Callable[[int], np.ndarray],
        hooks: Hooks,
        beside: Callable[[], dict[str, SolvedPart | None]],
    ) -> None:
        self._order, self._beside = order, beside
        left_out = rows_left_out(fold, trainer.parts.count)
        size = max(min(VALIDATION_ROWS // len(left_out), left_out.shape[1]), 1)
        count = math.ceil(left_out.shape[1] / size)
        padded = np.full((len(left_out), count * size), -1, "int32")
        padded[:, : left_out.shape[1]] = left_out
        self._left_out = tf.constant(padded.reshape(len(left_out), count, size).transpose(1, 0, 2))
        super().__init__(trainer, plan, rows, rows, hooks)
        self.chunks, self.compiled = count, False

    def end(self) -> Ended:
        """Give each network its best weights, and each part its weight in the answer.

        Returns:
            `Ended`, whose answers are in the order of all rows.
        """
        self.trainer.take_best()
        compiled = tf.function(self._scores_left_out, autograph=False)
        # TensorFlow counts no calls of a concrete function, and so warns of no "retracing".
        scores_of, chunks = compiled.get_concrete_function(self._left_out[0]), []
        for rows in self._left_out:
            chunks.append(scores_of(rows).numpy()[:, rows.numpy() >= 0])
        rows = self._left_out.numpy()
        rows = rows[rows >= 0]  # in the order of the scores
        weight = (
            np.ones(len(rows)) if self.train.weight is None else self.train.weight.numpy()[rows]
        )
        scores, target = np.concatenate(chunks, axis=1), self.train.target.numpy()[rows]
        ended = mix(self.trainer, scores, target, weight, self._beside(), rows)
        return dataclasses.replace(ended, answers=ended.answers[np.argsort(rows)])

    def _scores_left_out(self, rows):
        values, *_ = self.train.take(tf.maximum(rows, 0))
        return self.trainer.scores(joined_members(values), training=False, line_too=True)

    def _validation_steps(self):
        for chunk in range(self.chunks):
            yield functools.partial(self._run_test_step, self._left_out[chunk])

    def _one_test_step(self, rows):
        self._test_on(self._rows(rows))
        return self._results()

    def _counted(self, begin, end):
        def body(chunk):
            self._test_on(self._rows(tf.gather(self._left_out, chunk)))
            return (chunk + 1,)

        tf.while_loop(lambda chunk: chunk < end, body, (begin,), parallel_iterations=1)
        logs = self._results()
        last = end == self.chunks
        self._if(last, self.trainer.keep_best, always=self.chunks == 1)
        self._if(last, self._reset, always=self.chunks == 1)
        return logs

    def _rows(self, rows):
        """A batch of rows that members left out, and which of them are there."""
        return *self.train.take(tf.maximum(rows, 0)), rows >= 0
