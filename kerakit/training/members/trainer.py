"""The temporary model that trains members side by side, each on rows of its own."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from kerakit.builders.contract import Members, answer_by_column, members_of, network_of
from kerakit.keras_compat import compile_arguments, loss_tracker
from kerakit.training.loop.trainer import Trainer, compile_as

__all__ = ["MemberTrainer", "joined_members", "member_trainer"]

# Decoupled weight decay of the kernels of narrow networks (Loshchilov & Hutter 2019,
# arXiv:1711.05101); see docs/benchmarks.md for what was tried.
NARROW_DECAY, STEPS_DECAY = 0.1, 0.01  # the second where they read steps
# Of the classes that wide networks learn (Szegedy et al. 2016, arXiv:1512.00567): they are less
# sure, and differ more from the narrow ones.
WIDE_SMOOTHING = 0.05
SMALLEST = 1e-7  # probability whose logarithm is taken, as in Keras


class MemberTrainer(Trainer):
    """Trains members on batches of shape `(members, batch, ...)`: rows for each of them.

    It computes what the layers of the network compute, as batched products of matrices, which
    take less time than those of the layers; see `Members`. Where members have two networks, each
    trains alone over the line. Loss and metrics are means over the rows of all networks.

    Attributes:
        parts: `Members` of the network.
        columns_of: function from the inputs of the network to the inputs of its members and of
            their lines.
        answer_of: function from scores of shape `(n, scores)` to answers.
        lowest_losses: variable of shape `(networks,)`: the lowest sum of the losses of all rows,
            each by the member that left it out.
    """

    parts: Members
    columns_of: Callable[..., Any]
    answer_of: Callable[..., Any]
    lowest_losses: Any

    def call(self, inputs, training=None, mask=None):
        return self.answer_of(_flat(_flat(self.scores(inputs, training))))

    def scores(self, inputs: Any, training: bool | None = None, line_too: bool = False) -> Any:
        """Return scores of shape `(networks, members, batch, scores)`: line and network.

        Args:
            inputs: the inputs of the network, of `members * batch` rows.
            training: bool. Whether units are dropped.
            line_too: bool. Whether the scores of the line alone are before those of the networks.
        """
        columns, line = (
            ops.reshape(each, (self.parts.count, -1, each.shape[-1]))
            for each in self.columns_of(inputs)
        )
        line = _product(self.parts.line, line)
        added = [line + self._added(network, columns, training) for network in self._networks]
        return ops.stack([line, *added] if line_too else added)

    @property
    def _networks(self):
        return self.parts.networks

    def _added(self, network, values, training):
        """What a network of the members adds to their lines."""
        before = values = values[..., : network.width]
        for layer in network.layers:
            if isinstance(layer, keras.layers.EinsumDense):
                values = before = _product(layer, ops.cast(values, layer.compute_dtype))
            elif isinstance(layer, keras.layers.Multiply):
                values = before * values
            else:
                values = layer(values, training=training)
        return ops.cast(values, "float32")

    def train_step(self, data):
        values, *targets = joined_members(data)
        logs = super().train_step((values, *self._for_networks(targets)))
        for kernel in self._decayed:
            kernel.assign_sub(self.optimizer.learning_rate * self._decay * kernel)
        return logs

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        loss = super().compute_loss(x, y, y_pred, sample_weight, training=training)
        if not (training and self._smooths):
            return loss
        wide = ops.shape(y_pred)[0] // len(self._networks)
        surprises = -ops.log(ops.maximum(y_pred[:wide], SMALLEST))
        own = ops.take_along_axis(surprises, ops.cast(ops.reshape(y[:wide], (-1, 1)), "int32"), 1)
        more = ops.mean(surprises, axis=1) - own[:, 0]
        if sample_weight is not None:
            more *= sample_weight[:wide]
        return loss + WIDE_SMOOTHING * ops.sum(more) / ops.cast(ops.shape(y_pred)[0], "float32")

    def test_step(self, data):
        """Count the rows of a batch; the last of `data` says which are there, a bool tensor."""
        *data, there = data
        values, *targets = joined_members(tuple(data))
        there = ops.stack([there] * len(self._networks))
        values, target, *weight = self._with_axis((values, *self._for_networks(targets)))
        output = self(values, training=False)
        losses = self.row_losses(target, output, *weight)
        losses = ops.where(there, ops.reshape(losses, there.shape), 0.0)
        self._losses_now.assign_add(ops.sum(losses, axis=(1, 2)))
        there = ops.reshape(there, (-1,))
        kept = [tf.boolean_mask(each, there) for each in (target, output, *weight)]
        loss = self.compute_loss(values, *kept, training=False)
        loss_tracker(self).update_state(loss, sample_weight=ops.shape(kept[0])[0])
        return self.compute_metrics(values, *kept)

    def row_losses(self, target: Any, output: Any, weight: Any = None) -> Any:
        """Return the loss of each row of answers, of shape `(n,)`, times its weight."""
        losses = ops.reshape(self._row_losses(target, output), (-1,)) * self._loss_weight
        losses = ops.broadcast_to(losses, (ops.shape(output)[0],))
        return (
            losses if weight is None else losses * ops.cast(ops.reshape(weight, (-1,)), "float32")
        )

    def answered(self, scores: Any, target: Any) -> tuple[Any, Any]:
        """Return targets, as losses take them, and the answers of scores of shape `(n, scores)`."""
        _, target, *_ = self._with_axis((None, ops.convert_to_tensor(target)))
        return target, self.answer_of(ops.cast(scores, "float32"))

    def keep_best(self) -> None:
        """Keep the weights of each network whose rows left out have a lower loss than ever before.

        All members of a network stop at one epoch: the rows that one member leaves out are too few
        to tell its best, and the loss of the best of many epochs would be too low.

        Called after all rows were validated; in graphs too.
        """
        better = self._losses_now < self.lowest_losses
        for number, (now, best) in enumerate(self._pairs):
            for weight, kept in zip(now, best, strict=True):
                kept.assign(ops.where(better[number], weight, kept))
        self.lowest_losses.assign(ops.minimum(self._losses_now, self.lowest_losses))
        self._losses_now.assign(ops.zeros_like(self._losses_now))

    def take_best(self) -> None:
        """Give each network the weights that were best on the rows left out."""
        if np.isfinite(self.lowest_losses.numpy()).all():
            for now, best in self._pairs:
                for weight, kept in zip(now, best, strict=True):
                    weight.assign(kept)

    def follow(self) -> None:
        """Begin to keep the best weights of the networks."""
        given, narrow = compile_arguments(self), any(each.narrow for each in self._networks)
        loss = keras.losses.get(given["loss"])
        self._row_losses = loss.call if isinstance(loss, keras.losses.Loss) else loss
        self._loss_weight = given.get("loss_weights") or 1.0
        add, shape = functools.partial(self.add_weight, trainable=False), (len(self._networks),)
        worst = keras.initializers.Constant(np.inf)
        self._losses_now = add(shape, "zeros", name="losses_now")
        self.lowest_losses = add(shape, worst, name="lowest_losses")
        self._smooths = given["loss"] == "sparse_categorical_crossentropy" and narrow
        self._pairs = []
        for number, network in enumerate(self._networks):
            best = [
                add(weight.shape, "zeros", name=f"best_{number}_{index}")
                for index, weight in enumerate(network.weights)
            ]
            self._pairs.append((network.weights, best))
        self._decay = NARROW_DECAY if self.parts.steps is None else STEPS_DECAY
        self._decayed = [
            layer.kernel
            for network in self._networks
            for layer in network.layers
            if network.narrow and len(getattr(layer, "kernel", np.empty(0)).shape) == 3
        ]

    def _for_networks(self, rows):
        """Targets and weights once for every network, one behind the other."""
        count = len(self._networks)
        return tf.nest.map_structure(lambda each: ops.concatenate([each] * count), tuple(rows))


def member_trainer(model: keras.Model, labels: bool = False) -> MemberTrainer:
    """Return the model that trains in place of a compiled model with members.

    Args:
        model: `keras.Model`, compiled.
        labels: bool. As in `make_trainer`.
    """
    network, members, output = network_of(model), members_of(model), answer_by_column(model)
    trainer = MemberTrainer(network.input, output, name="trainer")
    # Functions, because Keras would track a model in an attribute as one layer more.
    trainer.columns_of = keras.Model(network.input, [members.columns, members.line.input]).__call__
    trainer.answer_of = keras.Model(members.mean.output, output).__call__
    trainer.parts = members
    compile_as(trainer, model, labels)
    trainer.follow()
    return trainer


def _product(layer, values):
    """What an `EinsumDense` layer of members computes, with the members on the first axis."""
    kernel = ops.cast(layer.kernel, values.dtype)
    if len(kernel.shape) == 2:  # a weight for each value
        return values * kernel[:, None]
    return ops.matmul(values, kernel) + ops.cast(layer.bias, values.dtype)[:, None]


def joined_members(data: Any) -> Any:
    """Return arrays of shape `(members, batch, ...)` as ones of shape `(members * batch, ...)`."""
    return tf.nest.map_structure(_flat, data)


def _flat(values):
    return ops.reshape(values, (-1, *values.shape[2:]))
