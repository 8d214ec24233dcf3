"""What trains the epochs of a run: from memory where the rows fit, else streamed."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from kerakit.builders.contract import LinearPath, beside_path, members_of, split_model
from kerakit.data.groups import joined_groups
from kerakit.data.tasks import TASKS
from kerakit.errors import ArgumentError, DataError
from kerakit.presets.members import epochs_of_members
from kerakit.presets.settings import settings_of
from kerakit.training.linear_path.rocket import RocketPath
from kerakit.training.loop.epochs import EpochPlan
from kerakit.training.loop.hooks import Hooks
from kerakit.training.loop.in_memory import InMemoryEpochs
from kerakit.training.loop.learning_rate import measured_learning_rate, rates_of_run
from kerakit.training.loop.streamed import StreamedEpochs
from kerakit.training.loop.trainer import make_trainer
from kerakit.training.members.beside import fit_beside
from kerakit.training.members.epochs import MemberEpochs
from kerakit.training.members.trainer import member_trainer
from kerakit.training.rows.arrays import Arrays, LazyRows, preprocessed, size_in_memory
from kerakit.training.rows.augment import augmentation
from kerakit.training.rows.batch_stages import preprocess_stage, trim_stage
from kerakit.training.rows.class_weights import class_weights, weighted
from kerakit.training.rows.folds import (
    fold_of_rows,
    joined,
    member_order,
    rows_of_members,
)
from kerakit.training.rows.raw import by_batch, has_images
from kerakit.training.rows.stream import batches_in_order, streamed_batches
from kerakit.training.rows.tokens import TokenRows, token_lengths
from kerakit.training.solved.epoch import SolvedEpoch
from kerakit.training.solved.head import HeadSolution
from kerakit.training.solved.series import SeriesSolution, scores_trainer
from kerakit.training.solved.solvable import solved_options, solved_part
from kerakit.training.speed.recurrent import sequence_lengths

if TYPE_CHECKING:
    from kerakit.data.data import Data
    from kerakit.training.options import FitOptions

__all__ = ["Runner"]

EPOCHS = 400  # at most, where early stopping decides
# Rows that go through the network at a time where it is not trained. There are too few batches for
# a compiled function to pay, whose tracing takes longer than they do.
ROWS = 16_384
RAW_ROWS = 1024  # of images, sequences and windows, which take more memory in the network


class Runner:
    """Makes the trainer, the rows and the epochs of a run.

    Images and windows of series stay raw until they are in a batch, and images are augmented
    there. Other data go through `preprocess` once. Sequences of different lengths are cut to
    the longest of their batch.

    Args:
        model: `keras.Model`, compiled.
        data: `Data`.
        options: `FitOptions`.

    Attributes:
        solved: `LinearHead` or `LinearPath` of a model that is solved instead of trained, or
            `None`.
        path: the linear path that was solved before the network trains, or `None`.
        trains_alone: bool. Whether the network then trains without that path.
        validates_alone: bool. Whether it is validated without it, too, because the path takes long.
        alone_inputs: the inputs that the network reads without the path, where it trains so.
        blended_loss: float or `None`. The validation loss of network and path together, once they
            are blended.
        held_out: array of shape `(rows, ...)`, or `None`. The answers to rows that the weights
            were fitted to since.
        held_out_splits: tuple of str. The splits of these rows.
    """

    def __init__(self, model: keras.Model, data: Data, options: FitOptions) -> None:
        self.model, self.data = model, data
        self.settings = settings_of(model)
        self.members = members_of(model)
        if options.epochs == "auto":
            epochs = epochs_of_members(data.spec) if self.members else EPOCHS
            options = dataclasses.replace(options, epochs=epochs)
        self.options = options
        self.weights = class_weights(data.spec, options.class_weight, options.owner)
        preprocess, network = split_model(model)
        spec, seed = data.spec, options.seed
        self.images = has_images(spec)
        self.sequences, self.length, self.fixed_length = sequence_lengths(spec, network)
        self.labels = TASKS[spec.task].answer == "label"
        self.tagged = TASKS[spec.task].answer == "tags"
        self.mixes = options.augment == "strong"
        self.preprocess, prepare = preprocess, None
        if by_batch(spec):
            width = network.output_shape[-1] if self.mixes else None
            change = augmentation(options.augment, spec) if self.images else None
            self.preprocess, prepare = None, preprocess_stage(preprocess, change, seed, width)
        elif self.sequences and preprocess is not None:
            prepare = trim_stage
        self.fits = self._fits()
        if self.members:
            self._check_members()
        self.solved = solved_part(self)
        if self.solved is not None:
            self.options = solved_options(options)
        self._prepare = prepare
        self.plan = self._plan(prepare)
        self.path, self.trains_alone, self.validates_alone = None, False, False
        self.alone_inputs: Any = None
        self.blended_loss: float | None = None
        self.held_out: np.ndarray | None = None
        self.held_out_splits = ("train", "validation") if self.members else ("validation",)
        self._arrays: dict[str, Arrays | LazyRows | TokenRows | None] = {}

    def _fits(self):
        size = size_in_memory(self.data, "train", self.preprocess)
        return size <= self.options.cache_mb * 2**20

    def _check_members(self):
        """Refuse rows that members cannot train on."""
        count, sizes = self.members.count, self.data.spec.sizes
        rows = sizes["train"] + sizes.get("validation", 0)
        if not self.fits:
            raise ArgumentError(
                f"{self.options.owner} trains members={count} on rows in memory. The rows are "
                f"larger than cache_mb={self.options.cache_mb:g}. Pass a larger cache_mb=, or "
                "build the model with members=1."
            )
        if rows < 2 * count:
            raise DataError(
                f"{self.data.spec.dataset}: {rows} training and validation rows are too few for "
                f"members={count}, each of which leaves out a fold of them. Expected at least "
                f"{2 * count} rows. Build the model with fewer members=."
            )

    def trainer(self) -> keras.Model:
        """Return the model that trains; see `make_trainer`."""
        if self.members:
            return member_trainer(self.model, self.labels)
        if isinstance(self.solved, LinearPath):
            return scores_trainer(self.model, self.solved, self.labels)
        inputs = self.alone_inputs
        trainer = make_trainer(
            self.model, self.labels, self.mixes, self.trains_alone, self.validates_alone, inputs
        )
        if self.plan.lengths is not None:
            trainer.tokens = float(self.plan.lengths.sum()) / self.plan.steps
        return trainer

    def train_alone(self, linear: LinearPath) -> None:
        """Train the network without its linear path, on rows without what only the path reads."""
        self.trains_alone, self.validates_alone = True, linear.kind != "series"
        preprocess, self.alone_inputs = beside_path(self.model, linear)
        if linear.kind == "grams":
            self.preprocess, self._arrays = preprocess, {}
            self.fits = self._fits()

    def solve_instead(self, linear: LinearPath) -> None:
        """Answer by a path that was solved; its network is not trained."""
        self.solved, self.trains_alone = linear, False
        self.options = solved_options(self.options)
        self.plan = self._plan(self._prepare)

    def arrays(self, split: str) -> Arrays | LazyRows | TokenRows | None:
        """Return the rows of a split as they train, or `None` where there are none."""
        if split not in self._arrays:
            if self.members and split != "test":
                self._arrays["train"] = self._arrays["validation"] = self._joined()
            else:
                self._arrays[split] = self._preprocessed(split)
        return self._arrays[split]

    def _preprocessed(self, split):
        return preprocessed(self.data, split, self.preprocess, self.weights)

    def _joined(self):
        """The training and validation rows as one."""
        parts = [self._preprocessed(split) for split in ("train", "validation")]
        return joined([part for part in parts if part is not None])

    @functools.cached_property
    def fold(self):
        """int array of shape `(n,)`: which member leaves out each row."""
        rows = self.arrays("train")
        return fold_of_rows(
            rows.target.numpy(),
            self.members.count,
            self.plan.seed,
            self.labels,
            joined_groups(self.data),
            None if rows.weight is None else rows.weight.numpy(),
            self.data.spec.dataset,
        )

    def order(self, epoch: int) -> np.ndarray:
        """Return the rows of every batch of an epoch in memory: `(steps, batch)`.

        Of members, each of which has rows of its own, `(steps, members, batch)`.
        """
        plan = self.plan
        if self.members:
            trained = rows_of_members(self.fold, self.members.count)
            return member_order(trained, plan.steps, plan.seed, epoch)
        return plan.order(epoch)

    def first_batches(self, count: int) -> list[tuple[Any, ...]]:
        """Return the first batches of the first epoch, as they are before `prepare`."""
        plan, gather = self.plan, self.data.gatherer("train")
        if gather is None:
            raw = list(self.data.batches("train", plan.batch_size).take(count))
        else:
            order = plan.order(0)
            raw = [gather(tf.constant(order[number % plan.steps])) for number in range(count)]
        batches = []
        for features, target, *weight in raw:
            if self.preprocess is not None:
                features = self.preprocess(features, training=False)
            weight = weighted(target, weight[0] if weight else None, self.weights)
            batches.append((features, target) if weight is None else (features, target, weight))
        return batches

    def batches(self, split: str) -> Iterable[tuple[Any, ...]]:
        """Return the rows of a split in order, as the network takes them, batch by batch."""
        size = RAW_ROWS if self.sequences or by_batch(self.data.spec) else ROWS
        if isinstance(self.path, RocketPath):
            size = self.path.rows_at_a_time
        if self.fits:
            arrays = self.arrays(split)
            starts = range(0, len(arrays), size)
            batches = (arrays.take(tf.range(i, min(i + size, len(arrays)))) for i in starts)
        else:
            batches = batches_in_order(self.data, split, self.preprocess, size, self.weights)
        prepare = self.plan.prepare
        return batches if prepare is None else (prepare(batch, 0, False) for batch in batches)

    def epochs(
        self, trainer: keras.Model, hooks: Hooks, xla: bool = False
    ) -> InMemoryEpochs | StreamedEpochs | SolvedEpoch:
        """Return the callable that trains one epoch.

        Args:
            trainer: the model that `trainer()` returned.
            hooks: `Hooks` of the callbacks.
            xla: bool. Whether XLA compiles a step of images. Defaults to `False`.
        """
        if self.settings.measured and self.fits:  # a solved model trains on with it
            trainer.optimizer.learning_rate = measured_learning_rate(
                trainer,
                self.arrays("train"),
                TASKS[self.data.spec.task],
                self.plan.prepare if self.images else None,
            )
        if isinstance(self.solved, LinearPath):
            return SolvedEpoch(trainer, SeriesSolution(self.path, trainer), self)
        if self.solved is not None:
            return SolvedEpoch(trainer, HeadSolution(self.solved, self), self)
        if not self.fits:
            size = self.plan.batch_size
            batches, validation = streamed_batches(
                self.data,
                self.preprocess,
                size,
                self.plan.seed,
                self.weights,
                validation_batch_size=size if hooks.test_batches or self.tagged else None,
            )
            return StreamedEpochs(trainer, self.plan, batches, validation, hooks, xla)
        train, validation = self.arrays("train"), self.arrays("validation")
        if self.members:
            beside = functools.partial(fit_beside, self)
            return MemberEpochs(trainer, self.plan, train, self.fold, self.order, hooks, beside)
        return InMemoryEpochs(trainer, self.plan, train, validation, hooks, xla)

    def _plan(self, prepare):
        rows, options = self.data.spec.sizes["train"], self.options
        if self.members:
            rows += self.data.spec.sizes.get("validation", 0)
            rows -= rows // self.members.count
        usual = rows if self.solved else self.settings.preset.batch_size_for(rows)
        batch_size = min(options.batch_size or usual, rows)
        steps = options.epochs * math.ceil(rows / batch_size)
        rates = rates_of_run(self.model, self.settings, options, steps)
        lengths = token_lengths(self.data) if self.fits else None
        return EpochPlan(rows, batch_size, options.epochs, options.seed, rates, prepare, lengths)
