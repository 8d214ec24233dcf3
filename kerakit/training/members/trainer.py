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

__all__ = ["MemberTrainer", "member_trainer"]


class MemberTrainer(Trainer):
    """Trains members on batches of shape `(members, batch, ...)`: rows for each of them.

    It computes what the layers of the network compute, as batched products of matrices, which
    take less time than those of the layers; see `Members`. Loss and metrics are means over the
    rows of all members.

    Attributes:
        parts: `Members` of the network.
        columns_of: function from the inputs of the network to the inputs of its members and of
            their lines.
        answer_of: function from scores of shape `(n, scores)` to answers.
    """

    parts: Members
    columns_of: Callable[..., Any]
    answer_of: Callable[..., Any]

    def call(self, inputs, training=None, mask=None):
        members = self.parts.count
        values, line = (
            ops.reshape(columns, (members, -1, columns.shape[-1]))
            for columns in self.columns_of(inputs)
        )
        for layer in self.parts.layers:
            if isinstance(layer, keras.layers.EinsumDense):
                values = _product(layer, ops.cast(values, layer.compute_dtype))
            else:
                values = layer(values, training=training)
        both = ops.stack([_product(self.parts.line, line), ops.cast(values, "float32")], axis=-1)
        scores = ops.squeeze(self.parts.blend(both), axis=-1)
        return self.answer_of(_flat(scores))

    def train_step(self, data):
        return super().train_step(_rows(data))

    def test_step(self, data):
        """Count the rows of a batch; the last of `data` says which are there, a bool tensor."""
        *data, there = data
        values, target, *weight = self._with_axis(_rows(tuple(data)))
        output = self(values, training=False)
        losses = ops.reshape(self._row_losses(target, output), (-1,))
        losses = ops.reshape(ops.broadcast_to(losses, (ops.size(there),)), there.shape)
        if weight:
            losses *= ops.reshape(weight[0], there.shape)
        self._losses_now.assign_add(ops.sum(ops.where(there, losses, 0.0), axis=1))
        kept = [tf.boolean_mask(each, _flat(there)) for each in (target, output, *weight)]
        loss = self.compute_loss(values, *kept, training=False)
        loss_tracker(self).update_state(loss, sample_weight=ops.shape(kept[0])[0])
        return self.compute_metrics(values, *kept)

    def keep_best(self) -> None:
        """Keep the weights of each member whose own fold has a lower loss than ever before.

        Called after all rows were validated; in graphs too.
        """
        better = self._losses_now < self._lowest_losses
        for weight, best in zip(self._weights_now, self._best_weights, strict=True):
            chosen = ops.reshape(better, (-1,) + (1,) * (len(weight.shape) - 1))
            best.assign(ops.where(chosen, weight, best))
        self._lowest_losses.assign(ops.minimum(self._losses_now, self._lowest_losses))
        self._losses_now.assign(ops.zeros((self.parts.count,)))

    def take_best(self) -> None:
        """Give each member the weights that were best on its own fold."""
        if np.isfinite(self._lowest_losses.numpy()).all():
            for weight, best in zip(self._weights_now, self._best_weights, strict=True):
                weight.assign(best)

    def follow(self, weights: list[keras.Variable]) -> None:
        """Begin to keep the best of these weights, whose first axis is that of the members."""
        loss = keras.losses.get(compile_arguments(self)["loss"])
        self._row_losses = loss.call if isinstance(loss, keras.losses.Loss) else loss
        add = functools.partial(self.add_weight, trainable=False)
        shape, worst = (self.parts.count,), keras.initializers.Constant(np.inf)
        self._losses_now = add(shape, "zeros", name="losses_now")
        self._lowest_losses = add(shape, worst, name="lowest_losses")
        self._weights_now = weights
        self._best_weights = [
            add(weight.shape, "zeros", name=f"best_{number}")
            for number, weight in enumerate(weights)
        ]


def member_trainer(model: keras.Model, labels: bool = False) -> MemberTrainer:
    """Return the model that trains in place of a compiled model with members.

    Args:
        model: `keras.Model`, compiled.
        labels: bool. As in `make_trainer`.
    """
    network, members, output = network_of(model), members_of(model), answer_by_column(model)
    trainer = MemberTrainer(network.input, output, name="trainer")
    columns = [members.layers[0].input, members.line.input]
    # Functions, because Keras would track a model in an attribute as one layer more.
    trainer.columns_of = keras.Model(network.input, columns).__call__
    trainer.answer_of = keras.Model(members.mean.output, output).__call__
    trainer.parts = members
    compile_as(trainer, model, labels)
    trainer.follow([w for layer in members.layers for w in layer.trainable_weights])
    return trainer


def _product(layer, values):
    """What an `EinsumDense` layer of members computes, with the members on the first axis."""
    kernel, bias = (ops.cast(each, values.dtype) for each in (layer.kernel, layer.bias))
    return ops.matmul(values, kernel) + bias[:, None]


def _rows(data):
    """The rows of the members one behind the other."""
    return tf.nest.map_structure(_flat, data)


def _flat(values):
    return ops.reshape(values, (-1, *values.shape[2:]))
