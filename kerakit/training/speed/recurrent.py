"""Faster ways to compute recurrent layers while they train; what is saved stays the same."""

import contextlib

import keras
import tensorflow as tf

from kerakit.keras_compat import layers_of, replaced_call

__all__ = ["UNROLLED_STEPS", "fusable", "recurrent_kernel", "recurrent_layers"]

RECURRENT_LAYERS = (keras.layers.LSTM, keras.layers.GRU, keras.layers.SimpleRNN)
UNROLLED_STEPS = 32  # each is traced by itself, which takes some 40 ms


def recurrent_layers(model):
    """Return the recurrent layers of a model, those of models inside it among them."""
    return [layer for layer in layers_of(model) if isinstance(layer, RECURRENT_LAYERS)]


@contextlib.contextmanager
def recurrent_kernel(model, kernel):
    """Compute the recurrent layers of a model in another way while the block runs.

    Args:
        model: `keras.Model`.
        kernel: `"loop"`, Keras' own; `"fused"`, where an LSTM is one operation of
            TensorFlow for all steps instead of one loop of many small ones (it gives the same
            numbers up to rounding); or `"unrolled"`, every step traced by itself.
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


def fusable(layer):
    """Whether TensorFlow's fused kernel computes what a layer does."""
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
    # Not BlockLSTMV2, which has the gates in Keras' order: TensorFlow (2.21) computes its
    # gradient in the order of this one, and so a wrong one.
    nothing, none = tf.zeros((rows, units)), tf.zeros((units,))
    found = tf.raw_ops.BlockLSTM(
        seq_len_max=tf.shape(steps, out_type=tf.int64)[0],
        x=steps,
        cs_prev=nothing,
        h_prev=nothing,
        w=_reordered(tf.concat(kernels, 0)),
        wci=none,
        wcf=none,
        wco=none,
        b=_reordered(tf.convert_to_tensor(self.cell.bias)),
        forget_bias=0.0,  # it is in the bias
        cell_clip=-1.0,  # not clipped
        use_peephole=False,
    )
    states = tf.ensure_shape(found.h, (sequences.shape[1], sequences.shape[0], units))
    return tf.transpose(states, (1, 0, 2)) if self.return_sequences else states[-1]


def _reordered(weights):
    """Weights of the gates i, f, c, o in the order i, c, f, o."""
    i, f, c, o = tf.split(weights, 4, axis=-1)
    return tf.concat([i, c, f, o], -1)
