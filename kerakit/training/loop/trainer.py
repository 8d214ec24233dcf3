"""The temporary model that trains: the network alone, with the outer model's optimizer."""

from __future__ import annotations

import functools
from typing import Any

import keras

from kerakit.builders.contract import answer_by_column, split_model
from kerakit.keras_compat import compile_arguments, local_gradients, loss_tracker
from kerakit.training.linear_path.blend import network_alone
from kerakit.training.loop.chain import chain_loss
from kerakit.training.loop.fused_adam import fused_adam
from kerakit.training.rows.soft_targets import as_rows, row_loss, row_metrics, wants_rows

__all__ = ["Trainer", "compile_as", "make_trainer"]


class Trainer(keras.Model):
    """Trains on targets that have the shape of the model's output.

    Keras averages a loss over the last axis. A single number per row therefore needs an axis
    of its own, or sample weights would multiply the mean instead of the rows. Class ids become
    one-hot rows where `rows` is set. Tags after the end of a sentence have the weight 0: loss
    and metrics are means over tokens, however much padding a batch has.
    """

    rows = False
    alone: Any = None  # computes the output in training instead, as `(values) -> output`
    tokens: float | None = None  # of a usual batch of tags, where batches have very unequal ones
    chain: Any = None  # the `ChainLoss` of a tagger that chooses the tags of a sentence together

    def call(self, inputs, training=None, mask=None):
        if self.chain is not None:
            return self.chain.scores(inputs, training=training)
        if training and self.alone is not None:
            return self.alone(inputs)
        return super().call(inputs, training=training, mask=mask)

    def train_step(self, data):
        with local_gradients(self.optimizer), fused_adam(self.optimizer):
            return super().train_step(self._with_axis(data))

    def test_step(self, data):
        data = self._with_axis(data)
        if not self._are_tags(data[1]):
            return super().test_step(data)
        values, target, weight = data
        output = self(values, training=False)
        loss = self.compute_loss(values, target, output, weight, training=False)
        tokens = keras.ops.sum(keras.ops.sign(weight))  # Keras would count the sentences
        loss_tracker(self).update_state(loss, sample_weight=tokens)
        return self.compute_metrics(values, target, output, weight, training=False)

    def compute_metrics(self, x, y, y_pred, sample_weight=None, training=True):
        if self.chain is not None:
            y_pred = self.chain.probabilities(sample_weight, y_pred, training)
        return super().compute_metrics(x, y, y_pred, sample_weight)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        loss = self._mean_loss(x, y, y_pred, sample_weight, training)
        if not training or self.tokens is None:
            return loss
        # Every token counts alike, also where a batch has short sentences only.
        return loss * keras.ops.sum(keras.ops.sign(sample_weight)) / self.tokens

    def _mean_loss(self, x, y, y_pred, sample_weight, training):
        if self.chain is not None:
            return self.chain.loss(y, sample_weight, y_pred)
        if self._are_tags(y):  # Keras divides by the number of steps, not of tokens
            mean = keras.ops.mean(sample_weight)
            sample_weight = sample_weight / keras.ops.maximum(mean, 1e-6)
        return super().compute_loss(x, y, y_pred, sample_weight, training=training)

    def _are_tags(self, target):
        return len(self.output_shape) == 3 and len(target.shape) == 2 and "int" in target.dtype.name

    def _with_axis(self, data):
        values, target, *weight = data
        if self._are_tags(target):
            # Keras' metrics take the mean of a row: times the width, it is of tokens again.
            width = keras.ops.cast(keras.ops.shape(target)[1], "float32")
            weight = keras.ops.cast(target >= 0, "float32") * width
            return values, keras.ops.maximum(target, 0), weight
        if self.rows:
            target = as_rows(target, self.output_shape[-1])
        elif len(self.output_shape) == 2 and self.output_shape[-1] == 1:
            target = keras.ops.reshape(target, (-1, 1))
        if weight and len(self.output_shape) == 3 and len(weight[0].shape) == 1:
            # A forecast of several channels has a loss for each step. The weight is of the row.
            weight = [keras.ops.expand_dims(weight[0], -1)]
        return (values, target, *weight)


def make_trainer(
    model: keras.Model,
    labels: bool = False,
    mixes: bool = False,
    alone: bool = False,
    validates_alone: bool = False,
    alone_inputs: Any = None,
) -> keras.Model:
    """Return the model that trains in place of a compiled model.

    The trainer shares the network's layers and the model's optimizer. Its weights and the
    state of its optimizer are therefore in the model, and are saved with it. It has its own
    metrics.

    Args:
        model: `keras.Model`, compiled.
        labels: bool. Whether the targets are class ids. A loss that wants rows then gets
            one-hot rows, in training and validation alike. Defaults to `False`.
        mixes: bool. Whether targets are mixed and must be rows: sparse losses and metrics are
            replaced by their counterparts. Defaults to `False`.
        alone: bool. Whether the network trains without the linear path beside it; it is
            validated with the path. Defaults to `False`.
        validates_alone: bool. Whether it is validated without the path, too. Defaults to `False`.
        alone_inputs: the inputs that it then reads. Defaults to `None`: all of the network.

    Raises:
        ArgumentError: when labels are mixed and the loss has no counterpart.
    """
    preprocess, network = split_model(model)
    output = answer_by_column(network)
    # A model without `preprocess` gets the features by name, however its inputs are arranged.
    inputs = network.input if preprocess else {each.name: each for each in network.inputs}
    if alone and validates_alone:
        network = network_alone(model, alone_inputs)
        trainer = Trainer(network.input, network.output, name="trainer")
    else:
        trainer = Trainer(inputs, output, name="trainer")
    if alone and not validates_alone:
        # A function, because Keras would track a model in an attribute as one layer more.
        trainer.alone = functools.partial(network_alone(model).__call__, training=True)
    trainer.chain = chain_loss(network)
    compile_as(trainer, model, labels, mixes)
    return trainer


def compile_as(
    trainer: Trainer, model: keras.Model, labels: bool = False, mixes: bool = False
) -> None:
    """Compile a trainer as its model is, with the optimizer of the model and metrics of its own.

    Args:
        trainer: `Trainer`.
        model, labels, mixes: as in `make_trainer`.
    """
    output = trainer.output
    given = compile_arguments(model)
    loss = given.get("loss")
    metrics, weighted = _fresh(given.get("metrics")), _fresh(given.get("weighted_metrics"))
    wide = len(getattr(output, "shape", ())) == 2 and output.shape[-1] > 1
    trainer.rows = mixes or (labels and wide and wants_rows(loss))
    if trainer.rows:
        loss, metrics, weighted = row_loss(loss), row_metrics(metrics), row_metrics(weighted)
    trainer.compile(
        optimizer=model.optimizer,
        loss=loss,
        loss_weights=given.get("loss_weights"),
        metrics=metrics,
        weighted_metrics=weighted,
        jit_compile=False,
    )
    if not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)


def _fresh(metrics):
    """Copies of the metrics, so that the metrics of the model keep their state."""
    if not metrics:
        return None
    copies = []
    for metric in metrics:
        is_object = isinstance(metric, keras.metrics.Metric)
        copies.append(type(metric).from_config(metric.get_config()) if is_object else metric)
    return copies
