"""Faster ways to compute recurrent layers while a model trains; its layers stay the same."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Literal

import keras
import tensorflow as tf

from kerakit.data.spec import Spec
from kerakit.keras_compat import layers_of, replaced_call

__all__ = [
    "UNROLLED_STEPS",
    "fusable",
    "recurrent_kernel",
    "recurrent_layers",
    "sequence_lengths",
]

RECURRENT_LAYERS = (keras.layers.LSTM, keras.layers.GRU, keras.layers.SimpleRNN)
UNROLLED_STEPS = 32  # at most; each step is traced by itself, which takes some 40 ms


def recurrent_layers(model: keras.Model) -> list[keras.Layer]:
    """Return the recurrent layers of a model and of the models inside it."""
    return [layer for layer in layers_of(model) if isinstance(layer, RECURRENT_LAYERS)]


def sequence_lengths(spec: Spec, network: keras.Model) -> tuple[bool, int | None, int | None]:
    """Return whether rows are sequences, the steps of a usual one, and the steps of all.

    The steps are those that recurrent layers take, where they are known beforehand: a
    forecaster reads its window in segments.

    Args:
        spec: `Spec` of the rows.
        network: `keras.Model` that reads them.
    """
    for feature in spec.features:
        if feature.kind == "sequence" and feature.shape[0] is not None:
            read = [layer.input.shape[1] for layer in recurrent_layers(network)]
            steps = max(read) if read and None not in read else feature.shape[0]
            return True, steps, steps
        if feature.kind in ("sequence", "text"):
            middle = feature.quantiles[len(feature.quantiles) // 2] if feature.quantiles else 1
            return True, int(middle), None
    return False, None, None


@contextlib.contextmanager
def recurrent_kernel(
    model: keras.Model, kernel: Literal["loop", "fused", "unrolled"]
) -> Iterator[None]:
    """Compute the recurrent layers of a model in another way while the block runs.

    Args:
        model: `keras.Model`.
        kernel: `"loop"`: Keras' loop. `"fused"`: an LSTM is one operation of TensorFlow for all
            steps instead of a loop of many small ones, with the same numbers up to rounding.
            `"unrolled"`: every step is traced by itself.
    """
    layers = recurrent_layers(model)
    fused = [layer for layer in layers if kernel == "fused" and fusable(layer)]
    before = [(layer, layer.unroll) for layer in layers if kernel == "unrolled"]
    try:
        for layer, _ in before:
            layer.unroll = True
        with replaced_call(fused, _fused_call):
            yield
    finally:
        for layer, unroll in before:
            layer.unroll = unroll


def fusable(layer: keras.Layer) -> bool:
    """Return whether TensorFlow's fused LSTM computes the same as a layer."""
    if type(layer) is not keras.layers.LSTM:
        return False
    usual = layer.activation is keras.activations.tanh
    usual = usual and layer.recurrent_activation is keras.activations.sigmoid
    plain = not (layer.go_backwards or layer.stateful or layer.return_state)
    dropped = layer.dropout or layer.recurrent_dropout
    return usual and plain and layer.use_bias and not dropped and layer.compute_dtype == "float32"


def _fused_call(self, sequences, initial_state=None, mask=None, training=False):
    if initial_state is not None or mask is not None:
        return type(self).call(self, sequences, initial_state, mask=mask, training=training)
    steps = tf.transpose(sequences, (1, 0, 2))
    rows, units = tf.shape(sequences)[0], self.units
    kernels = [tf.convert_to_tensor(k) for k in (self.cell.kernel, self.cell.recurrent_kernel)]
    # Not BlockLSTMV2, whose gates are in Keras' order: TensorFlow (2.21) computes its gradient
    # in the order of BlockLSTM, which is wrong.
    zeros, no_peephole = tf.zeros((rows, units)), tf.zeros((units,))
    outputs = tf.raw_ops.BlockLSTM(
        seq_len_max=tf.shape(steps, out_type=tf.int64)[0],
        x=steps,
        cs_prev=zeros,
        h_prev=zeros,
        w=_reordered(tf.concat(kernels, 0)),
        wci=no_peephole,
        wcf=no_peephole,
        wco=no_peephole,
        b=_reordered(tf.convert_to_tensor(self.cell.bias)),
        forget_bias=0.0,  # it is in the bias
        cell_clip=-1.0,  # not clipped
        use_peephole=False,
    )
    states = tf.ensure_shape(outputs.h, (sequences.shape[1], sequences.shape[0], units))
    return tf.transpose(states, (1, 0, 2)) if self.return_sequences else states[-1]


def _reordered(weights):
    """The weights of the gates i, f, c, o, in the order i, c, f, o."""
    i, f, c, o = tf.split(weights, 4, axis=-1)
    return tf.concat([i, c, f, o], -1)
