"""The throwaway model that trains: the network alone, with the outer model's optimizer."""

import contextlib

import keras

from kerakit.training.arrays import split_model

__all__ = ["make_trainer", "precision_of"]


class _Trainer(keras.Model):
    """Trains with targets of the shape of its answer.

    Keras averages a loss over the last axis; a single number per row therefore needs an
    axis of its own, or sample weights would multiply the mean instead of the rows.
    """

    def train_step(self, data):
        return super().train_step(self._with_axis(data))

    def test_step(self, data):
        return super().test_step(self._with_axis(data))

    def _with_axis(self, data):
        values, target, *weight = data
        if len(self.output_shape) == 2 and self.output_shape[-1] == 1:
            target = keras.ops.reshape(target, (-1, 1))
        return (values, target, *weight)


def make_trainer(model):
    """Return `(trainer, preprocess)` for a compiled model.

    The trainer shares the network's layers and the model's optimizer, so that what it
    learns, and the optimizer's state, are in the model and are saved with it. Metrics are
    its own.
    """
    preprocess, network = split_model(model)
    output = network.output
    for layer in network.layers:
        if layer.name == "prediction" and isinstance(layer, keras.layers.Reshape):
            output = layer.input
    trainer = _Trainer(network.input, output, name="trainer")
    given = model._compile_config.config  # the objects themselves, not their descriptions
    trainer.compile(
        optimizer=model.optimizer,
        loss=given.get("loss"),
        loss_weights=given.get("loss_weights"),
        metrics=_fresh(given.get("metrics")),
        weighted_metrics=_fresh(given.get("weighted_metrics")),
        jit_compile=False,
    )
    if not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    return trainer, preprocess


@contextlib.contextmanager
def precision_of(model, precision):
    """Compute the network's layers in `precision` while the block runs, then as before.

    Layers that were built with a float32 policy of their own, as heads are, keep it.
    """
    if precision in ("auto", "float32"):
        yield
        return
    _, network = split_model(model)
    changed = [
        (layer, layer.dtype_policy)
        for layer in network._flatten_layers(include_self=False)
        if layer.trainable_weights and layer.name != "output"
    ]
    try:
        for layer, _ in changed:
            layer.dtype_policy = keras.dtype_policies.get(precision)
        yield
    finally:
        for layer, policy in changed:
            layer.dtype_policy = policy


def _fresh(metrics):
    """Copies of the metrics, so that the model's own keep their state."""
    if not metrics:
        return None
    copies = []
    for metric in metrics:
        is_object = isinstance(metric, keras.metrics.Metric)
        copies.append(type(metric).from_config(metric.get_config()) if is_object else metric)
    return copies
